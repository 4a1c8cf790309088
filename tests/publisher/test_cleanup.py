"""Deletion of media and events during a run: when it happens, and that an error is reported once."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import dataclass, field

import pytest

from ttp.domain.errors import Busy
from ttp.publisher import periodic as module
from ttp.publisher.periodic import cleanup


@dataclass
class Care:
    """Counts its turns; every taking back fails."""

    turns: list[str] = field(default_factory=list)
    turned: threading.Event = field(default_factory=threading.Event)

    def is_needed(self) -> bool:
        return True

    def delete_unneeded_objects(self) -> list[str]:
        self.turns.append("take back")
        return ["the bucket does not give it back"]

    def delete_events(self) -> list[str]:
        self.turns.append("events")
        self.turned.set()
        return []

    def delete_unneeded_copies(self) -> list[str]:
        self.turns.append("sweep")
        return []

    def clean_bucket(self) -> list[str]:
        self.turns.append("bucket")
        return []

    def fetch_coming(self) -> list[str]:
        self.turns.append("fetch")
        return []


def test_a_short_run_does_all_at_its_end_and_reports_errors() -> None:
    care = Care()
    with cleanup(care, care.delete_events) as told:  # type: ignore[arg-type]  # all that is asked of it
        assert care.turns == []
    assert care.turns == ["take back", "sweep", "bucket", "events"]
    assert told == ["the bucket does not give it back"]


def test_a_loop_does_all_periodically_and_reports_an_error_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEDIA_EVERY_S", 0.01)
    monkeypatch.setattr(module, "SWEEPS_EVERY_S", 1000.0)
    care = Care()
    with cleanup(care, care.delete_events) as told:  # type: ignore[arg-type]
        assert care.turned.wait(60)
    assert care.turns.count("sweep") == care.turns.count("events") == 2
    assert care.turns.count("take back") >= 2
    assert care.turns.count("bucket") == 2
    assert care.turns.count("fetch") >= 1
    assert told == ["the bucket does not give it back"]


def test_an_interrupted_run_does_nothing() -> None:
    care = Care()
    with cleanup(care, care.delete_events, lambda: True) as told:  # type: ignore[arg-type]
        pass
    assert (care.turns, told) == ([], [])


def test_beside_a_host_that_cleans_up_only_what_is_here_is_cleaned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEDIA_EVERY_S", 0.01)
    care, over = Care(), threading.Event()

    def swept() -> list[str]:
        over.set()
        return []

    monkeypatch.setattr(care, "delete_unneeded_copies", swept)
    with cleanup(care, care.delete_events, lambda: True, lambda: nullcontext(False)):  # type: ignore[arg-type]
        assert over.wait(60)
    assert not {"bucket", "events"} & set(care.turns)
    assert "fetch" in care.turns


def test_the_work_goes_on_after_a_turn_in_which_the_store_was_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEDIA_EVERY_S", 0.01)
    care, over, turns = Care(), threading.Event(), [0]

    def fetched() -> list[str]:
        turns[0] += 1
        if turns[0] == 1:
            raise Busy("no server answers")
        over.set()
        return []

    monkeypatch.setattr(care, "fetch_coming", fetched)
    with cleanup(care, care.delete_events, lambda: True):  # type: ignore[arg-type]
        assert over.wait(60)
