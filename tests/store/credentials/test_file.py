"""The credentials file: whole or not at all, for its owner only, and never seen anywhere else."""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from tests.clock import START
from tests.store.process_limits import umask
from ttp.domain.account import Credentials
from ttp.domain.errors import Busy, Damaged
from ttp.store.credentials import BrokenEntry, CredentialsFile
from ttp.store.home import locks

FULL = Credentials("s3cret-a", "api.x.com", "s3cret-r", START + timedelta(days=60), "12", "app", "s3cret-c")


@pytest.fixture
def file(tmp_path: Path) -> CredentialsFile:
    return CredentialsFile(tmp_path / "the home")


def test_nothing_is_made_by_asking(file: CredentialsFile) -> None:
    assert file.get("x/me") is None
    assert not file.path.parent.exists()


def test_every_file_is_its_owners_alone_whatever_the_umask(file: CredentialsFile) -> None:
    with umask(0):
        file.put("x/me", FULL)
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    assert {path.name for path in file.path.parent.iterdir()} >= {"credentials.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in file.path.parent.iterdir()} == {0o600}


def test_a_file_that_others_can_read_is_refused_with_the_command_that_closes_it(file: CredentialsFile) -> None:
    file.put("x/me", FULL)
    file.path.chmod(0o640)
    with pytest.raises(Busy, match="640") as caught:
        file.get("x/me")
    assert shlex.split(str(caught.value.hints[0].way)) == ["chmod", "600", str(file.path)]
    with pytest.raises(Busy, match="640"):
        file.put("x/me", FULL)


def test_a_write_that_breaks_off_leaves_the_old_file(file: CredentialsFile, monkeypatch: pytest.MonkeyPatch) -> None:
    file.put("x/me", FULL)
    before = file.path.read_bytes()

    def no_room(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", no_room)
        with pytest.raises(Busy) as caught:
            file.put("x/other", FULL)
    assert shlex.split(str(caught.value.hints[0].way))[:2] == ["df", "-h"]
    assert file.path.read_bytes() == before
    file.put("x/other", FULL)
    assert file.get("x/other") == FULL


def test_the_file_is_on_disk_before_it_takes_the_place_of_the_old_one(
    file: CredentialsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.put("x/me", FULL)
    seen: list[str] = []
    replace, fsync = Path.replace, os.fsync

    def noting_fsync(descriptor: int) -> None:
        seen.append("fsync")
        fsync(descriptor)

    def noting_replace(path: Path, target: Path) -> Path:
        seen.append("rename")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(Path, "replace", noting_replace)
    file.put("x/other", FULL)
    assert seen[:2] == ["fsync", "rename"]


PUTTING = """
import sys, pathlib
from ttp.domain.account import Credentials
from ttp.store.credentials import CredentialsFile
file = CredentialsFile(pathlib.Path(sys.argv[1]))
sys.stdin.read(1)
for number in range(20):
    file.put(f"x/{sys.argv[2]}{number}", Credentials(f"{sys.argv[2]}-{number}"))
"""


def test_two_processes_that_write_at_once_lose_nothing(file: CredentialsFile) -> None:
    command = [sys.executable, "-c", PUTTING, str(file.path.parent)]
    both = [subprocess.Popen([*command, name], stdin=subprocess.PIPE) for name in ("a", "b")]
    for process in both:
        process.communicate(b"go")
    assert [process.returncode for process in both] == [0, 0]
    for number in range(20):
        for name in ("a", "b"):
            assert file.get(f"x/{name}{number}") == Credentials(f"{name}-{number}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "{}",
        "7",
        '{"accounts": 7}',
        '{"accounts": "s3cret"}',
        "[" * 100_000,
        "\ufeff{}",
    ],
    ids=range(9),
)
def test_a_damaged_file_is_told_with_a_way_out_and_without_a_secret(file: CredentialsFile, text: str) -> None:
    file.path.parent.mkdir(mode=0o700)
    file.path.touch(0o600)
    file.path.write_text(text)
    with pytest.raises(Damaged) as caught:
        file.get("x/me")
    assert shlex.split(str(caught.value.hints[0].way)) == ["mv", str(file.path), f"{file.path}.damaged"]
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(caught.value)
    assert file.path.read_text() == text


def test_an_entry_that_cannot_be_read_stays_as_it_is_and_the_others_work(file: CredentialsFile) -> None:
    file.put("x/me", FULL)
    data = json.loads(file.path.read_text())
    data["accounts"]["x/broken"] = ["s3cret"]
    file.path.write_text(json.dumps(data))
    with pytest.raises(BrokenEntry, match=r"\bx/broken\b.*credentials\.json"):
        file.get("x/broken")
    assert file.get("x/me") == FULL
    file.put("x/other", FULL)
    assert json.loads(file.path.read_text())["accounts"]["x/broken"] == ["s3cret"]
    file.put("x/broken", FULL)
    assert file.get("x/broken") == FULL


def test_bytes_that_are_no_text_are_damage_too(file: CredentialsFile) -> None:
    file.path.parent.mkdir(mode=0o700)
    file.path.touch(0o600)
    file.path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Damaged):
        file.get("x/me")
    with pytest.raises(Damaged):
        file.put("x/me", FULL)
    with pytest.raises(Damaged):
        file.remove("x/me")
    assert file.path.read_bytes() == b"\xff\xfe\x00"


def test_a_folder_in_its_place_is_told_and_is_no_traceback(file: CredentialsFile) -> None:
    file.path.mkdir(mode=0o700, parents=True)
    file.path.parent.chmod(0o700)
    with pytest.raises(Busy, match=r"credentials\.json"):
        file.get("x/me")


def test_a_lock_that_another_program_keeps_is_told(file: CredentialsFile, monkeypatch: pytest.MonkeyPatch) -> None:
    file.put("x/me", FULL)
    monkeypatch.setattr(locks, "CREDENTIALS_PATIENCE_S", 0.0)
    with FileLock(file.path.with_name("credentials.lock")), pytest.raises(Busy):
        file.put("x/me", FULL)


def test_the_file_says_its_version_and_is_sorted_for_people(file: CredentialsFile) -> None:
    file.put("x/b", FULL)
    file.put("x/a", Credentials("t"))
    data = json.loads(file.path.read_text())
    assert data["version"] == 1
    assert list(data["accounts"]) == ["x/a", "x/b"]
    assert data["accounts"]["x/a"] == {"accessToken": "t", "host": ""}
