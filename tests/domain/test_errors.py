"""What scripts branch on: the tree of errors with one stable code each, the kinds of failures, the outcomes."""

from __future__ import annotations

from typing import get_args

from tests.rows import each
from ttp.domain import errors
from ttp.domain.action import action
from ttp.domain.errors import Bug, Hint, PastTime, Problem, TtpError
from ttp.domain.publishing.outcome import Done, Finding, Kind, NotDone, Outcome, Unknown

CLASSES = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, TtpError)]


def test_a_code_belongs_to_one_error() -> None:
    own = [c for c in CLASSES if "code" in vars(c) and c is not TtpError]
    assert len({c.code for c in own}) == len(own)


@each("kind", [c for c in CLASSES if c is TtpError or "__init__" not in vars(c)])
def test_an_error_carries_its_message_its_ways_out_and_its_problems(kind: type[TtpError]) -> None:
    problem = Problem("content", "too_long", "12 too many", "x/me")
    error = kind("it failed", Hint("see", action("show", 1)), problems=iter([problem]), details=["more"])
    assert str(error) == error.message == "it failed"
    assert error.hints == (Hint("see", action("show", 1)),)
    assert error.problems == (problem,)
    assert error.details == ("more",)


def test_a_past_time_is_a_refused_time_and_a_wrong_move_is_a_bug() -> None:
    assert issubclass(PastTime, errors.TimeRefused)
    assert issubclass(errors.InvalidTransition, Bug)


def test_the_kinds_are_the_promised_ones() -> None:
    promised = "auth rate_limit network server content duplicate media quota budget missed account unknown"
    assert [kind.value for kind in Kind] == promised.split()


def test_a_publishing_call_has_three_outcomes_and_no_fourth() -> None:
    assert get_args(Outcome) == (Done, NotDone, Unknown)
    assert {c.__name__ for c in get_args(Finding)} == {"Found", "Working", "Refused", "Absent", "Unclear"}
