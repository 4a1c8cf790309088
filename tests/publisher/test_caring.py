"""Giving back media beside the deliveries: when, and that what goes wrong is told once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from ttp.publisher import periodic as module
from ttp.publisher.periodic import media_cleanup


@dataclass
class Care:
    """Counts its turns; every taking back fails."""

    turns: list[str] = field(default_factory=list)
    turned: threading.Event = field(default_factory=threading.Event)

    def is_needed(self) -> bool:
        return True

    def take_back(self) -> list[str]:
        self.turns.append("take back")
        return ["the bucket does not give it back"]

    def sweep(self) -> list[str]:
        self.turns.append("sweep")
        self.turned.set()
        return []


def test_a_short_run_does_both_at_its_end_and_tells_what_went_wrong() -> None:
    care = Care()
    with media_cleanup(care) as told:  # type: ignore[arg-type]  # all that is asked of it
        assert care.turns == []
    assert care.turns == ["take back", "sweep"]
    assert told == ["the bucket does not give it back"]


def test_a_loop_does_both_in_between_and_says_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEDIA_EVERY_S", 0.01)
    monkeypatch.setattr(module, "SWEEPS_EVERY_S", 1000.0)
    care = Care()
    with media_cleanup(care) as told:  # type: ignore[arg-type]
        assert care.turned.wait(5)
    assert care.turns.count("sweep") == 2
    assert care.turns.count("take back") >= 2
    assert told == ["the bucket does not give it back"]


def test_a_run_that_is_cut_takes_no_time_for_it() -> None:
    care = Care()
    with media_cleanup(care, lambda: True) as told:  # type: ignore[arg-type]
        pass
    assert (care.turns, told) == ([], [])
