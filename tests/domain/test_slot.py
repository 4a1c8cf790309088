"""Slots: the instants that several have in common, and the first that is free."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START
from ttp.domain.slot import first_free, instants_in_all, instants_in_any

rising = st.sets(st.integers(0, 30), max_size=20).map(sorted)


def at(number: int) -> datetime:
    return START + timedelta(hours=number)


@given(st.lists(rising, max_size=4))
def test_common_instants_are_those_of_every_stream(streams: list[list[int]]) -> None:
    found = list(instants_in_all([map(at, one) for one in streams]))

    wanted = set.intersection(*map(set, streams)) if streams else set()
    assert found == [at(number) for number in sorted(wanted)]


@given(st.lists(rising, max_size=4))
def test_instants_of_any_stream_come_once_and_in_order(streams: list[list[int]]) -> None:
    found = list(instants_in_any([list(map(at, one)) for one in streams]))

    assert found == [at(number) for number in sorted({number for one in streams for number in one})]


def test_the_first_free_one_is_found_and_it_is_told_how_many_were_looked_at() -> None:
    three = [at(1), at(2), at(3)]

    assert first_free(three, lambda one: one < at(3)) == (at(3), 3)
    assert first_free(three, lambda one: True) == (None, 3)
    assert first_free([], lambda one: False) == (None, 0)
