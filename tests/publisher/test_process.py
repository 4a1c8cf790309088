"""The publisher's process: lock, holder file, signals; and following posts while another publisher runs."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from threading import Event as Flag

import pytest

import ttp
from tests.clock import START
from tests.publisher.bench import Bench, Inline
from tests.rows import each
from tests.settings import Config
from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.errors import Damaged
from ttp.domain.event import EVENTS, Event, IdleReason, delivery_event
from ttp.domain.publishing.outcome import Done, Found, Handle, Kind, NotDone, Outcome
from ttp.platforms.client import PublishRequest, Wait
from ttp.publisher import process as running
from ttp.publisher.hooks import Hooks
from ttp.publisher.loop import Mode, Scope
from ttp.publisher.process import PublisherProcess
from ttp.publisher.watch import PostWatch
from ttp.publisher.worker_pool import WorkerThreads, wait_for_report
from ttp.store.home import locks

PUBLISHED = DeliveryState.PUBLISHED


def runner(bench: Bench, **more: object) -> PublisherProcess:
    made = PublisherProcess(installation=bench.installation(), pool=Inline(), wait=bench.nap, sleep=bench.clock.advance)
    return replace(made, **more)  # type: ignore[arg-type]  # its own fields


def test_a_run_publishes_and_records_its_process(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.append(Done("1"))
    ended = runner(bench).run(Scope(Mode.UNTIL_IDLE), bench.events.append)
    assert (ended.clean, ended.signal) == (True, None)
    assert bench.delivery().state is PUBLISHED
    assert bench.x.names() == ["prepare", "publish", "close"]
    assert locks.read_holder(bench.database.home) == locks.Holder(os.getpid(), "until-idle", START, START)
    assert not locks.is_publisher_running(bench.database.home)


def test_a_publisher_reports_once_that_another_version_was_installed(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "__init__.py"
    monkeypatch.setattr(ttp, "__file__", str(program))

    def upgrades() -> list[Event]:
        runner(bench).run(Scope(Mode.LOOP, max_time=60.0), bench.events.append)
        return [event for event in bench.events if event.kind == IdleReason.UPGRADE]

    assert upgrades() == []  # the file is gone for a moment, while an installer replaces it
    program.write_text(f'__version__ = "{ttp.__version__}"\n')
    assert upgrades() == []
    program.write_text('__version__ = "9.8.7"\n')
    (found,) = upgrades()
    assert found.event == "publisher.idle"
    assert "9.8.7" in (found.message or "")


@pytest.mark.sqlite("the store does not exist yet")
def test_a_missing_store_is_created(bench: Bench) -> None:
    for path in bench.database.home.glob("ttp.db*"):
        path.unlink()
    assert runner(bench).run(Scope(Mode.ONCE), bench.events.append).clean


def test_the_lock_is_held_while_a_publisher_runs_and_a_second_one_is_refused(bench: Bench) -> None:
    bench.post()
    one = runner(bench)

    def publish(order: PublishRequest, handle: Handle) -> Outcome:
        with pytest.raises(locks.LockHeld, match=f"pid {os.getpid()}"):
            one.run(Scope(Mode.ONCE), bench.events.append)
        return Done("1")

    bench.x.publishes.append(publish)
    one.run(Scope(Mode.LOOP, max_time=1.0), bench.events.append)
    assert bench.delivery().state is PUBLISHED


def test_a_publisher_with_abandoned_workers_keeps_the_lock_until_its_process_ends(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[object] = []
    monkeypatch.setattr(running, "_LEFT_BEHIND", kept)
    bench.post()
    go = Flag()

    def publish(order: PublishRequest, handle: Handle) -> Outcome:
        assert go.wait(60)
        return Done("1")

    bench.x.publishes.append(publish)
    bench.config = Config({"publish.drain_s": 1.0})
    ended = runner(bench, pool=WorkerThreads(1)).run(Scope(Mode.LOOP, max_time=3.0), bench.events.append)
    assert not ended.clean
    assert locks.is_publisher_running(bench.database.home)
    go.set()
    (stack,) = kept
    stack.close()  # type: ignore[attr-defined]  # an ExitStack; closing the writer waits for what it has in hand
    assert not locks.is_publisher_running(bench.database.home)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_loop_gracefully(bench: Bench, number: signal.Signals) -> None:
    bench.post()
    bench.x.prepares.append([Wait(60.0, "container")])
    bench.at(2.5, lambda: signal.raise_signal(number))
    before = signal.getsignal(number)
    ended = runner(bench).run(Scope(Mode.LOOP), bench.events.append)
    assert (ended.clean, ended.signal) == (True, number)
    assert bench.delivery().state is DeliveryState.PENDING
    assert signal.getsignal(number) is before


def test_a_second_signal_ends_the_process_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    bench.at(2.5, lambda: list(map(signal.raise_signal, [signal.SIGTERM] * 2)))
    runner(bench).run(Scope(Mode.LOOP), bench.events.append)
    assert codes == [143]


def test_a_second_signal_ends_the_process_at_once_also_while_a_hook_runs(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    monkeypatch.setattr(Hooks, "finish", lambda *_: signal.raise_signal(signal.SIGTERM))
    runner(bench).run(Scope(Mode.ONCE), bench.events.append)
    assert codes == []
    bench.at(2.5, lambda: signal.raise_signal(signal.SIGTERM))
    runner(bench).run(Scope(Mode.LOOP), bench.events.append)
    assert codes == [143]


def test_a_signal_while_a_publisher_that_was_refused_ends_reaches_the_server_around_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    came: list[int] = []
    monkeypatch.setattr(Hooks, "finish", lambda *_: signal.raise_signal(signal.SIGTERM))
    before = signal.signal(signal.SIGTERM, lambda number, frame: came.append(number))
    try:
        with locks.publisher_lock(bench.database.home), pytest.raises(locks.LockHeld):
            runner(bench).run(Scope(Mode.LOOP), bench.events.append)
        runner(bench).publish(frozenset([bench.post(due=500.0)]), bench.events.append)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert came == [signal.SIGTERM] * 2


def test_a_loop_waits_for_a_short_run_and_not_for_another_loop(bench: Bench) -> None:
    home = bench.database.home
    told: list[locks.Holder | None] = []
    slept: list[float] = []
    with locks.publisher_lock(home):
        locks.write_holder(home, locks.Holder(4711, "once", START, START))

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 3:
                locks.write_holder(home, locks.Holder(4712, "loop", START, START))

        with pytest.raises(locks.LockHeld, match="pid 4712"):
            runner(bench, sleep=sleep).wait_for_turn(told.append)
    assert [holder and holder.pid for holder in told] == [4711]
    runner(bench).wait_for_turn(told.append)
    assert len(told) == 1


@pytest.mark.sqlite("its file is damaged")
def test_a_damaged_store_publishes_nothing_and_releases_the_lock(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.post()

    def quick_check(*_: object) -> None:
        raise Damaged("the store is damaged")

    monkeypatch.setattr("ttp.store.database.quick_check", quick_check)
    with pytest.raises(Damaged):
        runner(bench).run(Scope(Mode.ONCE), bench.events.append)
    assert not locks.is_publisher_running(bench.database.home)
    assert bench.x.calls == []


@pytest.mark.sqlite("its file is checked")
def test_the_whole_file_is_checked_once_a_day_and_after_a_crash(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    checks: list[float] = []
    monkeypatch.setattr("ttp.store.database.quick_check", lambda *_: checks.append(bench.seconds))
    run: Callable[[], object] = lambda: runner(bench).run(Scope(Mode.ONCE), bench.events.append)  # noqa: E731
    run()
    run()
    bench.post(due=60.0)
    bench.clock.advance(60.0)
    bench.x.publishes.append(lambda order, handle: bench.die())
    bench.run_and_die()
    bench.x.looks.append(Found("1"))
    run()
    run()
    bench.clock.advance(hours=25)
    run()
    assert checks == [0.0, 60.0, 25 * 3600 + 60.0]


def test_events_of_many_workers_are_reported_one_at_a_time(bench: Bench) -> None:
    meet = Barrier(2)
    met: list[bool] = []

    def tell(event: Event) -> None:
        if event.event == "delivery.sending":
            try:
                meet.wait(0.05)
                met.append(True)
            except BrokenBarrierError:
                met.append(False)

    bench.account("x/you")
    bench.post("x/me", "x/you")
    bench.x.publishes.extend([Done("1"), Done("2")])
    runner(bench, pool=WorkerThreads(2), wait=wait_for_report).run(Scope(Mode.UNTIL_IDLE), tell)
    assert met == [False, False]


# Following.


def test_publishing_next_to_another_publisher_reports_its_events(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.append(NotDone(Kind.NETWORK, "no route", passing=True))
    bench.x.publishes.append(Done("1", "https://x.com/i/status/1"))
    followed: list[Event] = []
    turns = iter(range(1000))

    def sleep(_: float) -> None:
        match next(turns):
            case 0:
                bench.run(Mode.ONCE)
            case 1:
                bench.clock.advance(60.0)
                bench.run(Mode.ONCE)

    with locks.publisher_lock(bench.database.home):
        ended = runner(bench, sleep=sleep).publish(frozenset([1]), followed.append)
    assert (ended.clean, ended.signal) == (True, None)
    assert [event.event for event in followed] == ["delivery.retrying", "delivery.published", "post.finished"]
    last = followed[1]
    assert (last.post, last.account, last.remote_id, last.url, last.attempt) == (
        1,
        "x/me",
        "1",
        "https://x.com/i/status/1",
        2,
    )
    assert followed[0].kind == "network"
    assert followed[2].kind == "published"


def test_a_follower_takes_over_where_the_publisher_ends_before_it_is_done(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.append(Done("1"))
    held = locks.publisher_lock(bench.database.home)
    held.__enter__()
    runner(bench, sleep=lambda _: held.__exit__(None, None, None) and None).publish(frozenset([1]), bench.events.append)
    assert bench.delivery().state is PUBLISHED
    assert bench.told("publisher.started") == ["publisher.started"]


def follow(bench: Bench) -> tuple[PostWatch, list[Event]]:
    told: list[Event] = []
    return PostWatch(bench.database, frozenset([1]), told.append, bench.clock), told


def test_a_delivery_finished_before_following_is_reported(bench: Bench) -> None:
    """A running publisher may be quicker than this process's start."""
    bench.post(due=-0.5)
    bench.x.publishes.append(Done("1"))
    bench.run(Mode.ONCE)
    watch, told = follow(bench)
    assert watch.look()
    assert [event.event for event in told] == ["delivery.published", "post.finished"]


def test_a_delivery_finished_long_ago_is_not_reported_again(bench: Bench) -> None:
    bench.account("instagram/me")
    bench.post("x/me", "instagram/me", due=-60.0)
    bench.x.publishes.append(Done("1"))
    bench.clients[bench.account_now("instagram/me").platform].publishes.append(NotDone(Kind.MEDIA, "bad"))
    bench.run(Mode.ONCE)
    ms = int(bench.clock.now().timestamp() * 1000)
    bench.sql("UPDATE delivery SET state = 'pending', due_at = ?, next_at = ? WHERE state = 'failed'", ms, ms)
    watch, told = follow(bench)
    assert not watch.look()
    bench.clients[bench.account_now("instagram/me").platform].publishes.append(Done("2"))
    bench.run(Mode.ONCE)
    assert watch.look()
    assert [(event.event, event.account) for event in told] == [
        ("delivery.published", "instagram/me"),
        ("post.finished", None),
    ]
    assert watch.look()
    assert len(told) == 2


def test_a_follower_does_not_wait_for_an_account_that_is_held(bench: Bench) -> None:
    bench.post()
    watch, _ = follow(bench)
    assert not watch.look()
    bench.sql("UPDATE account SET hold_until = ?", int(bench.clock.now().timestamp() * 1000) + 60_000)
    assert watch.look()


@pytest.mark.parametrize("change", ["due_at = NULL, next_at = NULL", "state = 'cancelled'"])
def test_a_follower_does_not_wait_for_an_unscheduled_post(bench: Bench, change: str) -> None:
    bench.post()
    watch, _ = follow(bench)
    assert not watch.look()
    bench.sql(f"UPDATE delivery SET {change}")
    assert watch.look()


def test_following_ends_when_the_post_is_deleted(bench: Bench) -> None:
    bench.post()
    watch, _ = follow(bench)
    bench.sql("UPDATE post SET deleted_at = 1")
    assert watch.look()


@pytest.mark.sqlite("the store does not exist yet")
def test_following_without_a_store_ends_immediately(bench: Bench) -> None:
    for path in bench.database.home.glob("ttp.db*"):
        path.unlink()
    watch, told = follow(bench)
    assert watch.look()
    assert told == []


@each("state", [s for s in DeliveryState if s not in ("pending", "claimed", "cancelled")])
def test_every_reported_move_is_a_known_event(state: DeliveryState) -> None:
    error = DeliveryError(Kind.SERVER, "503")
    delivery = Delivery("x/me", "x", state, next_at=START, error=error, waiting_for="x", post_id=1)
    event = delivery_event(delivery, START, ms=12)
    assert event.event in EVENTS
    assert event.message == ("x" if state is PUBLISHED else "503")
    assert event.kind == (None if state is PUBLISHED else "server")
    assert (event.post, event.account, event.next_at, event.ms) == (1, "x/me", delivery.next_at, 12)
