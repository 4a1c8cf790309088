"""Public URLs for local media: of the user's folder, and of a program of the user's."""

from __future__ import annotations

import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.last_words import last_words
from tests.platforms.stubs import media
from tests.rows import each
from tests.settings import Config
from ttp.domain.action import action
from ttp.domain.config import Value
from ttp.platforms.client import MediaFile
from ttp.platforms.instagram.facts import PLATFORM as INSTAGRAM
from ttp.platforms.media_host import availability as troubles
from ttp.platforms.media_host import host as host_module
from ttp.platforms.media_host.availability import NoPublicUrl, is_usable, media_host_problem
from ttp.platforms.media_host.host import MediaHost

REHEARSAL: dict[str, Value] = {"platforms.instagram.base_url": "http://127.0.0.1:8700"}


@pytest.fixture
def file(tmp_path: Path) -> MediaFile:
    return media(tmp_path / "launch.jpg", b"jpeg bytes", "image/jpeg")


def folder(path: Path) -> MediaHost:
    settings: dict[str, Value] = {
        "media_host.kind": "folder",
        "media_host.path": str(path),
        "media_host.base_url": "https://cdn.example/m/",
    }
    return MediaHost(Config(settings), loopback=INSTAGRAM.is_local(Config(settings)))


def program(code: str, **settings: Value) -> MediaHost:
    """A media host whose program is a line of Python; the file's path is its last argument."""
    line = f"import os, sys; path = sys.argv[-1]; {code}"
    values = {"media_host.kind": "command", "media_host.command": (sys.executable, "-c", line, "--public"), **settings}
    return MediaHost(Config(values), loopback=INSTAGRAM.is_local(Config(values)))


def refused(host: MediaHost, file: MediaFile) -> NoPublicUrl:
    with pytest.raises(NoPublicUrl) as caught:
        host.url(file)
    return caught.value


def test_a_file_is_copied_under_a_name_that_cannot_be_guessed_and_stays(tmp_path: Path, file: MediaFile) -> None:
    served = tmp_path / "served"
    served.mkdir()
    url = folder(served).url(file)
    assert url == f"https://cdn.example/m/{file.item.sha256}.jpg"
    (copy,) = served.iterdir()
    assert copy.read_bytes() == b"jpeg bytes"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o644
    before = copy.stat().st_mtime_ns
    assert folder(served).url(file) == url
    assert copy.stat().st_mtime_ns == before


def test_a_copy_of_another_size_is_replaced(tmp_path: Path, file: MediaFile) -> None:
    served = tmp_path / "served"
    served.mkdir()
    (served / f"{file.item.sha256}.jpg").write_bytes(b"jp")
    folder(served).url(file)
    assert (served / f"{file.item.sha256}.jpg").read_bytes() == b"jpeg bytes"


def test_a_folder_that_is_not_there_is_named_and_leaves_nothing_behind(tmp_path: Path, file: MediaFile) -> None:
    assert "launch.jpg" in refused(folder(tmp_path / "missing"), file).message
    served = tmp_path / "served"
    served.mkdir()
    file.path.unlink()
    refused(folder(served), file)
    assert list(served.iterdir()) == []


def test_an_item_that_has_a_url_keeps_it_if_the_platform_can_reach_it(file: MediaFile) -> None:
    def at(url: str) -> MediaFile:
        return replace(file, item=replace(file.item, url=url))

    nowhere, rehearsal = (MediaHost(Config(one), loopback=bool(one)) for one in ({}, REHEARSAL))
    assert nowhere.url(at("https://a.example/v.jpg")) == "https://a.example/v.jpg"
    assert rehearsal.url(at("http://127.0.0.1/v.jpg")) == "http://127.0.0.1/v.jpg"
    assert "needs a public URL" in refused(nowhere, at("http://127.0.0.1/v.jpg")).message


@each(
    ("url", "here", "elsewhere"),
    [
        ("https://a.example/v.jpg?x=1", True, True),
        ("http://127.0.0.1:8700/v.jpg", True, False),
        ("http://a.example/v.jpg", False, False),
        ("https://me@a.example/v.jpg", False, False),
        ("https://a.example/v w.jpg", False, False),
        ("https://a.example/\u00e9.jpg", False, False),
        ("https://[::1/v.jpg", False, False),
        ("https:///v.jpg", False, False),
        ("https://a.example/" + "v" * 2_048, False, False),
    ],
)
def test_a_platform_gets_https_or_this_machine_while_it_is_here_itself(url: str, here: bool, elsewhere: bool) -> None:
    assert is_usable(url, loopback=True) is here
    assert is_usable(url, loopback=False) is elsewhere


def test_without_a_media_host_the_setting_is_named(file: MediaFile, monkeypatch: pytest.MonkeyPatch) -> None:
    why = refused(MediaHost(Config()), file)
    assert "launch.jpg" in why.message
    assert why.hint == action("help", "media-host")
    bucket = Config({"media_host.kind": "s3", "media_host.s3.url": "s3://bucket"})
    assert media_host_problem(bucket) is None
    monkeypatch.setattr(troubles, "s3_is_installed", lambda: False)
    lack = media_host_problem(bucket)
    assert lack is not None
    assert lack.hint == "pip install 'ttp-cli[s3]'"


# command


def test_a_program_gets_the_files_path_with_its_suffix_and_prints_the_url(file: MediaFile) -> None:
    code = "assert open(path, 'rb').read() == b'jpeg bytes' and '--public' in sys.argv and not sys.stdin.read();"
    url = program(f"{code} print('https://cdn.example/' + os.path.basename(path))").url(file)
    assert url == f"https://cdn.example/{file.item.sha256}.jpg"


def test_a_program_has_the_umask_of_whoever_runs_ttp(file: MediaFile) -> None:
    import os

    before = os.umask(0o027)
    try:
        assert program("print(f'https://cdn.example/{os.umask(0):o}')").url(file) == "https://cdn.example/27"
    finally:
        os.umask(before)


@pytest.mark.parametrize(
    ("code", "why", "passing"),
    [
        ("print('done')", "must print one https URL for launch.jpg, but printed done", False),
        ("pass", "must print one https URL for launch.jpg, but printed nothing", False),
        ("print('https://a.example/1 https://a.example/2')", "printed https://a.example/1 https", False),
        ("print('http://a.example/v.jpg')", "printed http://a.example/v.jpg", False),
        ("print('http://127.0.0.1/v.jpg')", "printed http://127.0.0.1/v.jpg", False),
        ("print('\\x1b[2J')", "printed \\u001b[2J", False),
        ("sys.exit('no room\\x07')", "media_host.command ended with 1 for launch.jpg: no room\\u0007", True),
        ("os._exit(3)", "media_host.command ended with 3 for launch.jpg: no error output", True),
    ],
)
def test_a_failing_program_or_unusable_url_is_reported(file: MediaFile, code: str, why: str, passing: bool) -> None:
    error = refused(program(code), file)
    assert why in error.message
    assert error.passing is passing


def test_in_a_rehearsal_a_program_may_print_an_address_on_this_machine(file: MediaFile) -> None:
    assert program("print('http://127.0.0.1/v.jpg')", **REHEARSAL).url(file) == "http://127.0.0.1/v.jpg"


def test_a_program_that_cannot_be_started_is_named(file: MediaFile) -> None:
    settings: dict[str, Value] = {"media_host.kind": "command", "media_host.command": ("/nowhere/put",)}
    error = refused(MediaHost(Config(settings), loopback=INSTAGRAM.is_local(Config(settings))), file)
    assert all(named in error.message for named in ("media_host.command", "/nowhere/put"))


def test_a_program_that_never_ends_is_ended_with_all_that_it_started(
    tmp_path: Path, file: MediaFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_module, "LONGEST_S", 0.5)
    with last_words(tmp_path) as left:
        error = refused(program(f"import subprocess; subprocess.run([sys.executable, '-c', {left.program!r}])"), file)
        assert left.read() == b""
    assert all(named in error.message for named in ("media_host.command", "0.5 s"))
    assert error.passing
