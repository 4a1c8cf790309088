"""Deletion of media and events during a run: when it happens, and that an error is reported once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

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
        return []

    def delete_unneeded_copies(self) -> list[str]:
        self.turns.append("sweep")
        self.turned.set()
        return []


def test_a_short_run_does_all_at_its_end_and_reports_errors() -> None:
    care = Care()
    with cleanup(care, care.delete_events) as told:  # type: ignore[arg-type]  # all that is asked of it
        assert care.turns == []
    assert care.turns == ["take back", "sweep", "events"]
    assert told == ["the bucket does not give it back"]


def test_a_loop_does_all_periodically_and_reports_an_error_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEDIA_EVERY_S", 0.01)
    monkeypatch.setattr(module, "SWEEPS_EVERY_S", 1000.0)
    care = Care()
    with cleanup(care, care.delete_events) as told:  # type: ignore[arg-type]
        assert care.turned.wait(5)
    assert care.turns.count("sweep") == care.turns.count("events") == 2
    assert care.turns.count("take back") >= 2
    assert told == ["the bucket does not give it back"]


def test_an_interrupted_run_does_nothing() -> None:
    care = Care()
    with cleanup(care, care.delete_events, lambda: True) as told:  # type: ignore[arg-type]
        pass
    assert (care.turns, told) == ([], [])
