"""The journal: a line counts only if complete, and its space is reserved before it is needed."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import pytest

from tests.store.process_limits import files_at_most
from ttp.domain.errors import Busy, Hint
from ttp.store.home.journal import FILE, ROOM, Journal

ONE, TWO = {"intent": 1, "text": "ünder\nway"}, {"intent": 2}


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path, "mine")


def test_what_is_kept_is_read_back_by_the_next_one_in_order(journal: Journal, tmp_path: Path) -> None:
    assert (journal.kept, journal.notes(), journal.entries()) == (0, (), [])
    journal.keep(ONE)
    assert "one call" in journal.notes()[0]
    journal.keep(TWO)
    assert "2 calls" in journal.notes()[0]
    again = Journal(tmp_path, "mine")
    assert again.entries() == [ONE, TWO]
    assert again.kept == 0
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_what_is_cleared_is_gone_and_leaves_the_room(journal: Journal, tmp_path: Path) -> None:
    journal.keep(ONE)
    journal.clear()
    assert journal.entries() == []
    assert (tmp_path / FILE).stat().st_size == ROOM
    journal.keep(TWO)
    assert journal.entries() == [TWO]


def test_it_takes_its_lines_where_no_file_can_grow(journal: Journal) -> None:
    with files_at_most(0), pytest.raises(OSError, match="File too large"):
        (journal.path.parent / "other").write_bytes(b"x")
    with files_at_most(ROOM):
        for _ in range(100):
            journal.keep(ONE)
    assert len(journal.entries()) == 100


def test_more_than_its_room_makes_it_longer(journal: Journal) -> None:
    long = {"text": "x" * ROOM}
    journal.keep(ONE)
    journal.keep(long)
    assert journal.entries() == [ONE, long]
    journal.clear()
    assert journal.entries() == []


@pytest.mark.parametrize("bytes_left", [1, 30, -2])
def test_a_line_that_a_crash_has_torn_says_nothing_and_harms_no_other(journal: Journal, bytes_left: int) -> None:
    journal.keep(ONE)
    whole = journal.path.read_bytes().rstrip(b"\n")
    journal.keep(TWO)
    torn = journal.path.read_bytes().rstrip(b"\n")[len(whole) :][: bytes_left + 1 if bytes_left > 0 else bytes_left]
    journal.path.write_bytes((whole + torn).ljust(ROOM, b"\n"))
    assert journal.entries() == [ONE]
    journal.keep(TWO)
    assert journal.entries() == [ONE, TWO]


@pytest.mark.parametrize("change", [("mine", "thine"), ('"intent":1', '"intent":3')])
def test_a_line_that_was_changed_says_nothing(journal: Journal, change: tuple[str, str]) -> None:
    journal.keep(ONE)
    journal.path.write_text(journal.path.read_text().replace(*change))
    assert journal.entries() == []


@pytest.mark.parametrize("line", ["[]", "17", "{}", '{"check":"x","entry":{}}', "[" * 100_000, "\\ud800", "\0" * 50])
def test_a_line_that_is_none_says_nothing(journal: Journal, line: str) -> None:
    journal.keep(ONE)
    journal.path.write_text(line + "\n" + journal.path.read_text())
    assert journal.entries() == [ONE]


def test_another_store_s_lines_are_neither_read_nor_thrown_away(journal: Journal, tmp_path: Path) -> None:
    journal.keep(ONE)
    other = Journal(tmp_path, "thine")
    assert other.entries() == []
    other.keep(TWO)
    other.clear()
    assert (journal.entries(), other.entries()) == ([ONE], [])


def test_a_folder_in_its_place_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(Busy):
        Journal(tmp_path, "mine")


def test_no_room_for_it_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    refusal = r"publisher\.journal.*File too large"
    with files_at_most(100), pytest.raises(Busy, match=refusal):
        Journal(tmp_path, "mine")
    assert Journal(tmp_path, "mine").entries() == [], "the next one makes it whole"


def test_a_full_disk_is_told_with_where_to_look_for_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Busy, match="No space left on device") as told:
        Journal(tmp_path, "mine")
    assert told.value.hints == (Hint("see", f"df -h {tmp_path}"),)


def test_a_line_is_json_that_people_can_read(journal: Journal) -> None:
    journal.keep(TWO)
    line = json.loads(journal.path.read_text())
    assert set(line) == {"check", "entry", "store"}
