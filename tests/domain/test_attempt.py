"""The words of attempts, on which scripts branch."""

from __future__ import annotations

from typing import get_args

from ttp.domain.outcome import Done, Finding, Kind, NotDone, Outcome, Unknown


def test_the_kinds_are_the_promised_ones() -> None:
    promised = "auth rate_limit network server content duplicate media quota missed account unknown"
    assert [kind.value for kind in Kind] == promised.split()


def test_a_publishing_call_has_three_outcomes_and_no_fourth() -> None:
    assert get_args(Outcome) == (Done, NotDone, Unknown)
    assert {c.__name__ for c in get_args(Finding)} == {"Found", "Working", "Refused", "Absent", "Unclear"}
