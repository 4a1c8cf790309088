"""Instants and milliseconds, and the machine's clocks."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import START, FakeClock
from ttp.domain.time.clock import EPOCH, SharedClock, SystemClock, from_ms, to_ms, utc_text

INSTANTS = st.integers(-2 * 10**15, 250 * 10**15).map(lambda us: EPOCH + timedelta(microseconds=us))


def test_milliseconds_count_from_1970_on_both_sides() -> None:
    assert to_ms(EPOCH) == 0
    assert to_ms(datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)) == -1
    assert from_ms(1_795_521_600_123) == datetime(2026, 11, 24, 12, 0, 0, 123000, tzinfo=UTC)


@given(INSTANTS)
def test_an_instant_comes_back_cut_to_its_millisecond(instant: datetime) -> None:
    back = from_ms(to_ms(instant))
    assert back <= instant < back + timedelta(milliseconds=1)
    assert back.tzinfo is UTC


@given(INSTANTS, INSTANTS)
def test_order_survives(one: datetime, other: datetime) -> None:
    assert (to_ms(one) <= to_ms(other)) or one > other


def test_a_zone_does_not_change_the_instant() -> None:
    berlin = timezone(timedelta(hours=1))
    assert to_ms(datetime(2026, 11, 24, 13, tzinfo=berlin)) == to_ms(datetime(2026, 11, 24, 12, tzinfo=UTC))


@pytest.mark.parametrize("ask", [to_ms, utc_text])
def test_a_naive_time_is_no_instant(ask: Callable[[datetime], object]) -> None:
    with pytest.raises(ValueError, match="naive"):
        ask(EPOCH.replace(tzinfo=None))


def test_the_text_has_milliseconds_only_where_there_are_any() -> None:
    berlin = timezone(timedelta(hours=1))
    assert utc_text(datetime(2026, 11, 24, 13, tzinfo=berlin)) == "2026-11-24T12:00:00Z"
    assert utc_text(datetime(2026, 11, 24, 12, 0, 0, 5900, tzinfo=UTC)) == "2026-11-24T12:00:00.005Z"


@given(INSTANTS)
def test_the_text_can_be_read_back(instant: datetime) -> None:
    assert to_ms(datetime.fromisoformat(utc_text(instant))) == to_ms(instant)


def test_the_machines_clock_is_utc_and_its_boot_clock_never_goes_back() -> None:
    clock = SystemClock()
    before, now, after = time.time(), clock.now(), time.time()
    assert now.utcoffset() == timedelta(0)
    assert before - 1 < now.timestamp() < after + 1
    first = clock.boot()
    assert 0 < first <= clock.boot()


def test_a_shared_clock_goes_by_the_other_one_whatever_is_set_here() -> None:
    own = FakeClock(START - timedelta(seconds=50))
    clock = SharedClock(own)
    assert clock.now() == own.now()
    assert clock.follow(lambda: START) == (START, own.now())
    own.set(START + timedelta(hours=1))
    own.advance(5)
    assert (clock.now(), clock.boot()) == (START + timedelta(seconds=5), own.boot())


def test_a_clock_that_answers_late_is_not_believed_again() -> None:
    own = FakeClock()
    clock = SharedClock(own)
    clock.follow(lambda: START)

    def late() -> datetime:
        own.advance(30)
        return START

    clock.follow(late)
    assert clock.now() == START + timedelta(seconds=30)
