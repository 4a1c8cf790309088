"""The settle window begins when the call has certainly ended, by the platform's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.clock import START
from tests.publisher.bench import FINGERPRINT, Bench
from ttp.domain.delivery import DeliveryState
from ttp.domain.publishing.outcome import Absent, Done, Found, Handle, Kind, Outcome, Unknown, Working
from ttp.platforms.client import LookupResult, PublishRequest, Ready

CUT = Unknown(Kind.NETWORK, "the connection was cut")
WINDOW_S = 900.0


def sent_again(bench: Bench, first: Callable[[PublishRequest, Handle], Outcome]) -> float:
    """How many seconds after the first call the second one is made, by the monotonic clock."""
    began, again = bench.clock.boot(), list[float]()

    def done(order: PublishRequest, handle: Handle) -> Outcome:
        again.append(bench.clock.boot() - began)
        return Done("1")

    bench.x.publishes.extend([first, done])
    bench.x.always = Absent()
    bench.run()
    assert bench.delivery().state is DeliveryState.PUBLISHED
    return again[0]


@pytest.mark.parametrize("days", [1, 3650])
def test_a_clock_set_forward_during_a_call_does_not_lengthen_the_window(bench: Bench, days: int) -> None:
    bench.post()

    def jump(order: PublishRequest, handle: Handle) -> Outcome:
        bench.clock.set(bench.clock.now() + timedelta(days=days))
        bench.x.skew = -timedelta(days=days).total_seconds()
        return CUT

    assert WINDOW_S < sent_again(bench, jump) < WINDOW_S + 60.0


def test_a_clock_set_back_during_a_call_does_not_shorten_the_window(bench: Bench) -> None:
    bench.post()

    def slow(order: PublishRequest, handle: Handle) -> Outcome:
        bench.clock.advance(500)
        bench.clock.set(bench.clock.now() - timedelta(seconds=520))
        bench.x.skew = 520.0
        return CUT

    assert sent_again(bench, slow) >= 500.0 + WINDOW_S


def test_a_date_header_has_whole_seconds_so_the_window_is_a_second_longer(bench: Bench) -> None:
    bench.post()
    bench.clock.advance(0.9)  # the platform time in the intent has no milliseconds
    bench.x.prepares.append([Ready({}, START, "POST", FINGERPRINT)])
    bench.x.publishes.extend([CUT, Done("1")])
    seen: list[float] = []

    def look(order: PublishRequest, handle: Handle) -> LookupResult:
        if not seen:
            bench.clock.advance(0.4)
        after = bench.clock.now() - START
        seen.append(after.total_seconds())
        return LookupResult(Absent(), START + timedelta(seconds=after // timedelta(seconds=1)))

    bench.x.looks.extend([look] * 20)
    bench.run()
    assert bench.delivery().state is DeliveryState.PUBLISHED
    assert seen[-1] >= 0.9 + WINDOW_S


def test_a_clock_set_forward_does_not_end_the_wait_for_processing(bench: Bench) -> None:
    bench.account("tiktok/me")
    bench.post("tiktok/me")
    tiktok = bench.clients["tiktok"]
    tiktok.publishes.append(Done("handle", processing=True))

    def jump(order: PublishRequest, handle: Handle) -> Working:
        bench.clock.set(bench.clock.now() + timedelta(days=2))
        tiktok.skew = -timedelta(days=2).total_seconds()
        return Working("moderation")

    tiktok.looks.extend([jump, Working("moderation"), Found("3")])
    bench.run()
    assert bench.delivery().state is DeliveryState.PUBLISHED


@pytest.mark.parametrize(
    ("ahead", "since"),
    [
        (timedelta(hours=-1), timedelta(hours=-1)),
        (timedelta(0), timedelta(0)),
        (timedelta(seconds=90), timedelta(0)),
        (timedelta(hours=24), timedelta(0)),
        (timedelta(hours=25), timedelta(hours=25)),
    ],
    ids=str,
)
def test_a_look_up_starts_at_the_earlier_of_both_clocks(bench: Bench, ahead: timedelta, since: timedelta) -> None:
    bench.x.skew = ahead.total_seconds()
    bench.post()
    bench.x.publishes.append(CUT)
    bench.x.looks.append(Found("1"))
    bench.run()
    assert bench.x.sought == [START + since]
