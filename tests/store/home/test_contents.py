"""Which files in a home are ttp's, by their names, so that no other file is removed."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.pictures import picture
from ttp.store.home.contents import lock_files, read_contents, remove_empty_folders, remove_lock_file


def test_all_that_ttp_writes_is_known(ttp: Program, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(picture("JPEG"))
    ttp.account("x/me")
    ttp.post("Hello", "--to", "x/me", "--media", str(photo), "--at", "now")
    ttp("run", "--once")
    ttp.ok("backup", str(tmp_path / "backup.db"))
    ttp.ok("restore", str(tmp_path / "backup.db"))
    contents = read_contents(ttp.home)
    assert contents.foreign == ()
    assert {path.name for path in contents.own} >= {"ttp.db", "ttp.db.before-restore", "credentials.json"}
    assert any(path.parent.name == "media" for path in contents.own)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "ttp.db",
            "ttp.db-wal",
            "ttp.db.before-0007",
            "ttp.db.before-restore-2-wal",
            "ttp.db.new-ab12_",
            "ttp.db.damaged",
        ),
        *("publisher.lock", "publisher.json.new-123", "publisher.refused.new", "credentials.json.damaged"),
        *("media/" + "a" * 64, "media/" + "a" * 64 + ".jpg", "media/.upload-x", "media/.part-" + "0" * 32 + ".json"),
        *("tokens/x-me.lock", "tokens/x-me.json", "lent/" + "0" * 32 + ".jpg", "writing/new-ab_1.md", "writing/3.json"),
        "writing/page-3-0123456789abcdef.json",
    ],
)
def test_names_that_are_ttps(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    assert read_contents(tmp_path).own == (path,)


@pytest.mark.parametrize(
    "name",
    [
        *("notes.txt", "ttp.db.backup", "my-ttp.db", "photos/1.jpg", "media/holiday.jpg", "media/.part-x/y"),
        *("tokens/readme", "lent/mine.jpg", "writing/novel.md", "config.toml"),
    ],
)
def test_names_that_are_not(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.touch()
    assert read_contents(tmp_path).own == ()
    remove_empty_folders(tmp_path)
    assert path.exists()


def test_links_are_foreign_and_what_they_lead_to_is_not_looked_at(tmp_path: Path) -> None:
    disk, home = tmp_path / "disk", tmp_path / "home"
    for folder in (disk, home):
        folder.mkdir()
    (disk / ("a" * 64)).touch()
    (home / "media").symlink_to(disk)
    (home / "ttp.db").symlink_to(disk / "other.db")
    assert read_contents(home).own == ()
    assert {path.name for path in read_contents(home).foreign} == {"media", "ttp.db"}
    remove_empty_folders(home)
    assert (home / "media").is_symlink()


def test_a_lock_that_is_held_stays(tmp_path: Path) -> None:
    (tmp_path / "tokens").mkdir()
    held, free = tmp_path / "media.lock", tmp_path / "tokens" / "x-me.lock"
    for path in (held, free):
        path.touch(0o600)
    with held.open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert lock_files(tmp_path) == [held, free]
        assert [remove_lock_file(path) for path in (held, free)] == [False, True]
    assert lock_files(tmp_path) == [held]
    assert remove_lock_file(held)
    assert remove_lock_file(held), "it is gone, which is what was wanted"


def test_no_home_has_no_contents(tmp_path: Path) -> None:
    contents = read_contents(tmp_path / "none")
    assert (contents.own, contents.foreign) == ((), ())
