"""Commands that write a file where a person says: never in ttp's own folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import Program

METRICS = "account,remoteId,publishedAt,likes,comments,shares,views\nx/me,1,2025-11-01T09:00Z,5,1,1,9\n"
COMMANDS = (
    ("export", "PATH", "--force", "--format", "csv"),
    ("export", "PATH", "--force", "--format", "json"),
    ("export", "PATH", "--format", "md"),
    ("optimal", "heatmap", "--svg", "PATH"),
    ("optimal", "heatmap", "--html", "PATH"),
    ("backup", "PATH"),
    ("sandbox", "--port", "0", "--state", "PATH"),
    ("sandbox", "--port", "0", "--media", "PATH"),
)
FILES = ("ttp.db", "credentials.json", "config.toml", "publisher.mark", "publisher.lock", "new", "media/new", "sub/new")


@pytest.fixture
def full(ttp: Program) -> Program:
    """A home with every file of ttp's."""
    ttp.account("x/me")
    ttp.post("hello")
    ttp.ok("config", "set", "guard.strict", "true")
    ttp.ok("metrics", "import", "-", stdin=METRICS)
    ttp.ok("run", "--once")
    return ttp


def state(home: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file() and path.suffix != ".lock"}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(words))
@pytest.mark.parametrize("level", ["publish", "draft"])
def test_no_command_writes_into_the_home(
    full: Program, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], level: str
) -> None:
    monkeypatch.setenv("TTP_CAPABILITY", level)
    before = state(full.home)
    for name in FILES:
        path = str(full.home / name)
        ran = full(*(path if word == "PATH" else word for word in command))
        assert (ran.code, ran.out) == (2, ""), (name, ran)
        assert len([line for line in ran.err.splitlines() if not line.startswith(" ")]) == 1
        assert f"ttp {command[0]}" in ran.err
    assert state(full.home) == before


def test_an_export_by_another_name_of_a_file_is_refused(full: Program, tmp_path: Path) -> None:
    config = full.home / "config.toml"
    (tmp_path / "link.csv").symlink_to(config)
    os.link(config, tmp_path / "hard.csv")
    (tmp_path / "there").symlink_to(full.home)
    before = config.read_bytes()
    for name in ("link.csv", "hard.csv", "there/x.csv", "there/../home/config.toml"):
        ran = full("export", str(tmp_path / name), "--force", "--format", "csv")
        assert (ran.code, config.read_bytes()) == (2, before), name


def test_a_sync_writes_no_status_into_the_home_and_changes_nothing(full: Program) -> None:
    folder = full.home / "content"
    folder.mkdir()
    (folder / "a.md").write_text("---\ntags: [a]\n---\ntext\n")
    ran = full("sync", str(folder), "--yes", "--write-status")
    assert (ran.code, full.count("post")) == (2, 1)
    assert full.ok("sync", str(folder), "--yes").code == 0


def test_a_folder_of_markdown_that_leads_into_the_home_is_not_followed(full: Program, tmp_path: Path) -> None:
    full.ok("create", "two", "--key", "sub/b.md")
    full.ok("create", "three", "--key", "c.md")
    folder = tmp_path / "content"
    folder.mkdir()
    (folder / "sub").symlink_to(full.home)
    (folder / "c.md").symlink_to(full.home / "c.md")
    assert full("export", str(folder), "--format", "md").code == 2
    assert not list(full.home.glob("*.md"))


def test_media_beside_an_export_do_not_go_into_the_home(full: Program, tmp_path: Path) -> None:
    from ttp.sandbox.files import PHOTO

    full.ok("create", "picture", "--media", str(PHOTO))
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "media").symlink_to(full.home / "media")
    before = state(full.home)
    assert full("export", str(folder / "posts.csv"), "--with", "media").code == 2
    assert state(full.home) == before


def test_the_folders_of_the_system_are_both_ttps_own(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TTP_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    ttp.ok("create", "hello")
    ttp.ok("config", "set", "guard.strict", "true")
    config = Path(ttp.ok("config", "path").out.strip())
    before = config.read_text()
    for path in (config, config.parent / "new.csv", tmp_path / "data" / "ttp" / "new.csv"):
        assert ttp("export", str(path), "--force", "--format", "csv").code == 2
    assert config.read_text() == before
    monkeypatch.setenv("TTP_CONFIG", str(tmp_path / "own.toml"))
    ttp.ok("config", "set", "guard.strict", "true")
    assert ttp("export", str(tmp_path / "own.toml"), "--force", "--format", "csv").code == 2
    ttp.ok("export", str(tmp_path / "posts.csv"))


@pytest.mark.sqlite("backups of a store in PostgreSQL are pg_dump's")
def test_an_earlier_store_is_restored_from_the_home(full: Program, tmp_path: Path) -> None:
    """The store that a restore has put aside is in the home, and is read from there."""
    full.ok("backup", str(tmp_path / "b.db"))
    full.ok("restore", str(tmp_path / "b.db"))
    full.ok("restore", str(full.home / "ttp.db.before-restore"))
    os.link(full.home / "ttp.db", tmp_path / "same.db")
    assert full("restore", str(tmp_path / "same.db")).code == 2
