"""The words of attempts: what scripts branch on, and what cannot be changed afterwards."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from typing import get_args

import pytest

from ttp.domain.outcome import Absent, Attempt, Done, Finding, Found, Kind, NotDone, Outcome, Phase, Unclear, Unknown

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_the_kinds_are_the_promised_ones() -> None:
    promised = "auth rate_limit network server content duplicate media quota missed account unknown"
    assert [kind.value for kind in Kind] == promised.split()


def test_a_publishing_call_has_three_outcomes_and_no_fourth() -> None:
    assert get_args(Outcome) == (Done, NotDone, Unknown)
    assert {c.__name__ for c in get_args(Finding)} == {"Found", "Working", "Refused", "Absent", "Unclear"}


def test_a_refusal_is_final_unless_it_says_otherwise() -> None:
    refusal = NotDone(Kind.CONTENT, "no")
    assert not refusal.passing
    assert not refusal.not_ready
    assert not refusal.hold
    assert refusal.retry_at is None


def test_a_look_that_finds_nothing_is_no_proof_unless_it_says_so() -> None:
    assert not Absent().certain
    assert not Unclear(Kind.SERVER, "502").final
    assert not Found("1").id_later


def test_an_attempt_is_open_until_its_outcome_is_known_and_is_never_rewritten() -> None:
    intent = Attempt("x/me", 1, "post", Phase.PUBLISH, NOW)
    assert intent.outcome is None
    assert intent.ended_at is None
    with pytest.raises(FrozenInstanceError):
        intent.outcome = "done"  # type: ignore[misc]  # that it cannot be written is the point
