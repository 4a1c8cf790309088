"""`ttp backup` and `ttp restore`: what they say, and what a restored store does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Program
from ttp.sandbox.files import PHOTO

pytestmark = pytest.mark.sqlite("backups of a store in PostgreSQL are pg_dump's: test_backup_postgresql.py")


def test_a_store_goes_into_a_file_and_comes_back(ttp: Program, tmp_path: Path) -> None:
    ttp.account("x/me")
    ttp.post("with a picture", "--media", str(PHOTO))
    ttp.post("published since", "--to", "x/me", "--at", "in 1m")
    file = str(tmp_path / "b.db")
    made = ttp.ok("backup", file, "--json")
    assert made.json == {"file": file, "bytes": Path(file).stat().st_size, "posts": 2, "media": 1}
    assert f"{ttp.home}/media" in made.err
    ttp.post("lost with the store")
    (path,) = (ttp.home / "media").iterdir()
    path.unlink()
    ttp.clock.advance(minutes=5)

    back = ttp.ok("restore", file, "--json")
    kept = f"{ttp.home}/ttp.db.before-restore"
    assert back.json == {"file": file, "posts": 2, "kept": kept, "missingMedia": 1}
    assert f"{ttp.home}/media" in back.err
    assert "ttp run --take-over" in back.err
    assert [post["content"] for post in ttp.ok("list", "--json").json] == ["published since", "with a picture"]
    for argv in (["run", "--once"], ["publish", "2", "--yes"]):
        ran = ttp(*argv, "--json")
        assert (ran.code, ran.error["hint"]) == (5, "ttp run --take-over")
    assert [post["content"] for post in ttp.ok("list", "--json").json] == ["published since", "with a picture"]


def test_on_a_terminal_they_name_the_files(ttp: Program, tmp_path: Path) -> None:
    ttp.post("one")
    file = str(tmp_path / "b.db")
    assert file in ttp.ok("backup", file, "--format", "table").out
    assert f"{ttp.home}/ttp.db.before-restore" in ttp.ok("restore", file, "--format", "table").out
    assert ttp.ok("backup", file, "-q").rows[0] == ["file", file]


def test_what_cannot_be_done_is_refused_with_its_code(ttp: Program, tmp_path: Path) -> None:
    assert ttp("backup", str(tmp_path / "b.db")).code == 3
    assert ttp("restore", str(tmp_path / "b.db")).code == 3
    assert not ttp.home.exists()
    (tmp_path / "letter").write_text("dear " * 1000)
    refused = ttp("restore", str(tmp_path / "letter"), "--json")
    assert (refused.code, refused.error["code"]) == (5, "damaged")
    ttp.post("one")
    refused = ttp("backup", str(tmp_path / "letter"), "--json")
    assert (refused.code, refused.error["code"]) == (2, "usage")


def test_no_secret_is_in_a_backup(ttp: Program, tmp_path: Path) -> None:
    ttp.account("x/me", refreshToken="canary-refresh")
    ttp.ok("backup", str(tmp_path / "b.db"))
    token = json.loads((ttp.home / "credentials.json").read_text())
    assert "canary-refresh" in json.dumps(token)
    data = (tmp_path / "b.db").read_bytes()
    assert b"canary" not in data
    assert b"token-of" not in data


def test_a_folder_that_is_not_there_is_told_with_the_command_that_makes_it(ttp: Program, tmp_path: Path) -> None:
    ttp.post("One")
    ran = ttp("backup", str(tmp_path / "none" / "copy.db"))
    assert (ran.code, ran.out) == (3, "")
    assert f"fix: mkdir -p {tmp_path / 'none'}\n" in ran.err
