"""Recurrences: which of their instants become posts after a time without a publisher."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START
from ttp.domain.recurrence import Recurrence, instants_to_create

HOUR = timedelta(hours=1)
LATENESS = 6 * HOUR


def wanted(*hours: float) -> list[bool]:
    return [made for _, made in instants_to_create([START + hour * HOUR for hour in hours], START, LATENESS)]


def test_what_is_to_come_is_made_and_of_the_past_the_last_that_is_not_too_late() -> None:
    assert wanted(-3, -2, -1, 0, 1) == [False, False, False, True, True]
    assert wanted(-3, -2, -1, 1) == [False, False, True, True]
    assert wanted(-8, -7, 1) == [False, False, True]
    assert wanted(-2, -1) == [False, True]
    assert wanted(-7) == [False]
    assert wanted() == []


@given(st.sets(st.integers(-48, 48), max_size=20).map(sorted), st.integers(0, 12))
def test_at_most_one_goes_out_late_and_none_that_is_to_come_is_left_out(hours: list[int], lateness: int) -> None:
    instants = [START + hour * HOUR for hour in hours]
    found = list(instants_to_create(instants, START, lateness * HOUR))

    assert [at for at, _ in found] == instants
    late = [at for at, made in found if made and at < START]
    assert len(late) <= 1
    assert all(made for at, made in found if at >= START)
    assert all(START - at <= lateness * HOUR for at in late)


def test_a_recurrence_is_active_paused_or_ended() -> None:
    assert Recurrence("", "").state == "active"
    assert Recurrence("", "", paused_at=START).state == "paused"
    assert Recurrence("", "", paused_at=START, ended_at=START).state == "ended"
