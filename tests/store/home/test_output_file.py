"""Files that are written where a person says."""

from __future__ import annotations

import os
import select
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.process_limits import umask
from ttp.domain.errors import Busy, NotFound, TtpError, UsageError
from ttp.store.home.files import OwnFiles
from ttp.store.home.output_file import write

NONE = OwnFiles(())


@pytest.fixture
def own(tmp_path: Path) -> OwnFiles:
    """A home with a config file, media on another disk, and a config file elsewhere."""
    home, media = tmp_path / "home", tmp_path / "big" / "media"
    home.mkdir()
    media.mkdir(parents=True)
    (media / "picture").write_text("a picture")
    (home / "media").symlink_to(media)
    (home / "config.toml").write_text("a = 1")
    (tmp_path / "elsewhere.toml").write_text("b = 1")
    return OwnFiles((home,), (tmp_path / "elsewhere.toml",))


def contents(folder: Path) -> dict[str, str]:
    return {str(path): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    "name",
    [
        "home",
        "home/new.csv",
        "home/config.toml",
        "home/sub/new.csv",
        "home/media/new.csv",
        "big/media/new.csv",
        "home/../home/new.csv",
        "there/new.csv",
        "there/../elsewhere.toml",
        "link.csv",
        "dangling.csv",
        "hard.csv",
        "hard-picture.csv",
        "hard-elsewhere.csv",
    ],
)
def test_nothing_is_written_to_what_is_ttps_own_by_whatever_name(tmp_path: Path, own: OwnFiles, name: str) -> None:
    (tmp_path / "there").symlink_to(tmp_path / "home")
    (tmp_path / "link.csv").symlink_to(tmp_path / "home" / "config.toml")
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "home" / "fresh.toml")
    os.link(tmp_path / "home" / "config.toml", tmp_path / "hard.csv")
    os.link(tmp_path / "big" / "media" / "picture", tmp_path / "hard-picture.csv")
    os.link(tmp_path / "elsewhere.toml", tmp_path / "hard-elsewhere.csv")
    before = contents(tmp_path)
    with pytest.raises(UsageError):
        write(tmp_path / name, ["text"], own, over=True)
    assert contents(tmp_path) == before


def test_a_folder_that_is_not_there_yet_is_ttps_own_too(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        write(tmp_path / "home" / "new.csv", ["text"], OwnFiles((tmp_path / "home",)), over=True)


def test_beside_ttps_folders_everything_may_be_written(tmp_path: Path, own: OwnFiles) -> None:
    for name in ("home.csv", "homes", "elsewhere.toml.csv", "big/new.csv"):
        write(tmp_path / name, ["text"], own, over=False)
        assert (tmp_path / name).read_text() == "text"
    os.link(tmp_path / "home.csv", tmp_path / "two-names.csv")
    write(tmp_path / "two-names.csv", ["more"], own, over=True)
    assert (tmp_path / "two-names.csv").read_text() == "more"


def test_the_word_that_was_typed_comes_with_another_one(tmp_path: Path, own: OwnFiles) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "home" / "config.toml")
    with pytest.raises(UsageError) as refused:
        write(tmp_path / "link.csv", [], own, over=True, typed="~/link.csv")
    (hint,) = refused.value.hints
    assert hint.replaces == ("~/link.csv", hint.way)
    assert not own.own(Path(str(hint.way)))


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path, link = tmp_path / "a.csv", tmp_path / "link.csv"
    path.write_text("old, and longer")
    path.chmod(0o640)
    link.symlink_to(path)
    inode = path.stat().st_ino
    write(link, ["n", "ew"], NONE, over=True)
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode), link.is_symlink()) == ("new", 0o640, True)
    assert path.stat().st_ino != inode
    assert sorted(tmp_path.iterdir()) == [path, link]


def test_a_file_that_is_there_stays_where_nothing_else_is_said_or_the_rest_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")

    def fails() -> Iterator[str]:
        yield "half"
        raise Busy("the store")

    with pytest.raises(UsageError):
        write(path, ["new"], NONE, over=False)
    with pytest.raises(Busy):
        write(path, fails(), NONE, over=True)
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])


def test_a_new_file_has_the_mode_of_new_files(tmp_path: Path) -> None:
    with umask(0o027):
        write(tmp_path / "a.csv", ["new"], NONE, over=False)
    assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("x" * 256, UsageError),
        ("a.csv/b.csv", UsageError),
        (".", UsageError),
        ("loop", UsageError),
        ("nul\0", UsageError),
        ("no/a.csv", NotFound),
    ],
)
def test_what_cannot_be_written_is_an_error_of_its_kind(tmp_path: Path, name: str, kind: type[TtpError]) -> None:
    (tmp_path / "a.csv").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(kind):
        write(tmp_path / name, ["text"], NONE, over=True)


def test_a_name_of_255_bytes_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    for text in ("old", "new"):
        write(path, [text], NONE, over=True)
        assert path.read_text() == text


def test_a_named_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe, got = tmp_path / "pipe", list[str]()
    os.mkfifo(pipe)
    with pytest.raises(UsageError):
        write(pipe, ["nobody reads"], NONE, over=False)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reader, True)

    def read() -> None:
        select.select([reader], [], [], 60)  # before the writer has opened it there is nothing but its end
        with os.fdopen(reader) as file:
            got.append(file.read())

    thread = threading.Thread(target=read)
    text = ["x" * 1000] * 200  # more than a pipe holds
    threading.Thread(target=write, args=(pipe, text, NONE), kwargs={"over": False}).start()
    thread.start()
    thread.join(60)
    assert got == ["".join(text)]
    assert pipe.is_fifo()


def test_a_stream_of_this_process_goes_on_where_it_is(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w+") as file:
        file.write("before ")
        file.flush()
        (tmp_path / "link").symlink_to(f"/dev/fd/{file.fileno()}")
        write(Path(f"/dev/fd/{file.fileno()}"), ["text"], NONE, over=False)
        write(tmp_path / "link", [", more"], NONE, over=False)
        file.seek(0)
        assert file.read() == "before text, more"
    assert (tmp_path / "log").read_text() == "before text, more"


def test_the_null_device_takes_everything() -> None:
    write(Path(os.devnull), ["text"], NONE, over=False)
    assert not stat.S_ISREG(Path(os.devnull).stat().st_mode)
