"""A clock behind the last record publishes nothing and is reported. A clock that was ahead leaves nothing waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.clock import START
from tests.publisher.bench import Bench
from tests.publisher.test_process import runner
from ttp.domain.action import action
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Busy, SlowClock
from ttp.domain.event import Event, IdleReason
from ttp.domain.publishing.outcome import Absent, Done, Found, Kind, NotDone, Unknown
from ttp.domain.time.clock import to_ms
from ttp.publisher.loop import Mode, Scope
from ttp.store.home import locks

S = DeliveryState
HOUR = timedelta(hours=1)


def run(
    bench: Bench, mode: Mode = Mode.UNTIL_IDLE, max_time: float | None = None, *, trust_clock: bool = False
) -> None:
    runner(bench).run(Scope(mode, max_time=max_time), bench.events.append, trust_clock=trust_clock)


def forget_when_it_was_made(bench: Bench) -> None:
    """So that only sent posts leave a record of the clock."""
    for name in ("post", "account"):
        bench.sql(f"UPDATE {name} SET created_at = 0")


def notes(bench: Bench) -> list[Event]:
    return [event for event in bench.events if event.kind == IdleReason.CLOCK]


@pytest.mark.sqlite("on PostgreSQL publishing goes by the server's clock")
@pytest.mark.parametrize("mode", [Mode.ONCE, Mode.UNTIL_IDLE, Mode.PUBLISH])
def test_a_short_run_refuses_a_clock_before_the_last_run(bench: Bench, mode: Mode) -> None:
    run(bench)
    bench.post(due=-7200.0)
    bench.clock.set(START - HOUR)
    for _ in range(2):  # a refused run leaves no record
        with pytest.raises(SlowClock) as told:
            run(bench, mode)
        assert told.value.hints[-1].way == action("run", trust_clock=True)
    assert bench.x.names() == []
    assert bench.delivery().state is S.PENDING
    assert isinstance(told.value, Busy)
    bench.clock.set(START - timedelta(minutes=4))
    bench.x.publishes.append(Done("1"))
    run(bench)
    assert bench.delivery().state is S.PUBLISHED


@pytest.mark.sqlite("on PostgreSQL publishing goes by the server's clock")
def test_a_heartbeat_is_a_record_too(bench: Bench) -> None:
    home = bench.database.home
    locks.write_holder(home, locks.Holder(1, "loop", START, START + 2 * HOUR))
    with pytest.raises(SlowClock):
        run(bench)
    with pytest.raises(SlowClock):
        run(bench)


@pytest.mark.sqlite("on PostgreSQL publishing goes by the server's clock")
def test_a_loop_waits_for_the_clock_and_says_so_once(bench: Bench) -> None:
    bench.clock.advance(hours=2)
    run(bench)
    bench.clock.advance(hours=-2)
    bench.events.clear()
    bench.post(due=60.0)
    bench.x.publishes.append(Done("1"))
    bench.at(600.0, lambda: bench.clock.set(START + 2 * HOUR))  # time synchronisation
    run(bench, Mode.LOOP, 700.0)
    (note,) = notes(bench)
    assert (note.event, note.at, note.next_at) == ("publisher.idle", START, START + 2 * HOUR)
    (at,) = bench.x.times("publish")
    assert 7200.0 <= at <= 7200.0 + 30.0
    assert bench.delivery().state is S.PUBLISHED


def test_a_scheduled_time_is_not_a_record_of_the_clock(bench: Bench) -> None:
    bench.post(due=1e8)
    bench.post(due=0.0)
    bench.x.publishes.append(Done("1"))
    run(bench)
    assert bench.delivery(2).state is S.PUBLISHED


@pytest.mark.sqlite("on PostgreSQL publishing goes by the server's clock")
def test_a_clock_that_is_set_back_while_it_runs_ends_a_short_run(bench: Bench) -> None:
    bench.post(due=0.5)
    bench.post(due=1.0)
    bench.x.publishes.append(Done("1"))
    bench.at(0.7, lambda: bench.clock.set(START - HOUR))
    with pytest.raises(SlowClock):
        run(bench)
    assert bench.x.times("publish") == [0.5]


@pytest.mark.sqlite("on PostgreSQL publishing goes by the server's clock")
def test_a_person_can_confirm_the_clock(bench: Bench) -> None:
    bench.clock.advance(hours=24 * 400)
    bench.post(due=0.0)
    run(bench)
    bench.sql("UPDATE post SET created_at = ?", to_ms(bench.clock.now()))
    bench.clock.set(START)
    bench.post(due=0.0)
    with pytest.raises(SlowClock):
        run(bench)
    bench.x.publishes.append(Done("1"))
    run(bench, trust_clock=True)
    assert bench.delivery(2).state is S.PUBLISHED
    run(bench)


@pytest.mark.sqlite("on PostgreSQL publishing goes by the server's clock")
@pytest.mark.parametrize("restarted", [False, True])
def test_a_look_up_delayed_by_a_clock_that_was_ahead_is_made_in_time(bench: Bench, restarted: bool) -> None:
    bench.clock.advance(hours=24)
    bench.x.skew = -86_400.0  # the platform knows what time it is
    bench.post(due=86_400.0)
    forget_when_it_was_made(bench)
    bench.x.publishes.append(Unknown(Kind.NETWORK, "cut"))
    bench.x.looks.extend([Absent(), Found("1")])

    def back() -> None:
        bench.clock.set(bench.clock.now() - timedelta(hours=24))
        bench.x.skew = 0.0

    if restarted:
        bench.run(Mode.LOOP, max_time=10.0)
        assert bench.delivery().state is S.RECONCILING
        back()
        run(bench, Mode.LOOP, 60.0)
    else:
        bench.at(86_410.0, back)
        bench.run(Mode.LOOP, max_time=70.0)
    assert bench.delivery().state is S.PUBLISHED
    assert bench.x.names().count("publish") == 1
    assert notes(bench) == []


def test_a_retry_keeps_its_delay_if_the_clock_is_set_back(bench: Bench) -> None:
    bench.x.skew = None
    bench.post()
    forget_when_it_was_made(bench)
    bench.x.publishes.extend([NotDone(Kind.SERVER, "down", passing=True), Done("1")])
    bench.at(5.0, lambda: bench.clock.set(START - timedelta(hours=24)))
    bench.run(Mode.LOOP, max_time=100.0)
    first, second = bench.x.times("publish")
    assert first == 0.0
    assert -86_400.0 <= second <= -86_370.0
    assert bench.delivery().state is S.PUBLISHED
    assert notes(bench) == [], "nothing that is known happened later than now"


def test_look_ups_before_and_after_a_clock_set_back_both_count(bench: Bench) -> None:
    bench.config = type(bench.config)({"platforms.x.settle_s": 60.0})
    bench.post()
    bench.x.publishes.extend([Unknown(Kind.NETWORK, "cut"), Done("1")])
    bench.x.always = Absent()

    def back() -> None:
        bench.clock.set(bench.clock.now() - timedelta(minutes=4))
        bench.x.skew = 240.0

    bench.at(10.0, back)
    bench.run()
    assert bench.delivery().state is S.PUBLISHED
    first, second = bench.x.times("publish")
    assert second - first < 240.0, "by this clock; and the platform's says that its window is over"
