"""A publisher among several: what it does when the server is away, when its clock is wrong, and when it stops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import people
from tests.clock import START, FakeClock
from tests.platforms.factories import PLATFORMS
from tests.publisher.bench import EVICT_AFTER, Bench
from tests.publisher.test_process import runner
from tests.settings import Config
from tests.store import stores
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import Busy, ClocksDiffer
from ttp.domain.event import IdleReason
from ttp.domain.post_edit import PostInput
from ttp.domain.publishing.outcome import Absent, Attempt, Done, Found, Handle, Outcome, Phase
from ttp.domain.time.clock import SystemClock, from_ms, to_ms
from ttp.platforms.client import PublishRequest, Ready, Wait
from ttp.publisher import reconcile
from ttp.publisher.delivery_context import DeliveryTask
from ttp.publisher.delivery_worker import DeliveryWorker
from ttp.publisher.loop import Mode, Scope
from ttp.services.application import Installation
from ttp.services.repeats import Occurrences
from ttp.services.status import Status
from ttp.store import attempts, claims, repeats
from ttp.store.dialect import Connection, TryAgain
from ttp.store.machine import ownership
from ttp.store.machine.publisher_session import Held, PublisherSession

if TYPE_CHECKING:
    from tests.store.schemas import Schemas


QUICKLY = timedelta(seconds=0.06)
"""Of an eviction: a third of it is how long a publisher waits for a lock."""


class SharedBench(Bench):
    """Its publisher is one among several."""

    session_pid = 0
    away_until = 0.0
    """Until when, in seconds since START, no server answers."""
    clock_of_server = timedelta(0)
    evict_after = EVICT_AFTER
    longest_call_s: float | None = None

    def connect(self) -> Connection:
        if self.seconds < self.away_until:
            raise Busy("no server answers")
        return self.database.connect()

    def installation(self) -> Installation:
        installation = super().installation()
        installation.server_clock = lambda db: self.clock.now() + self.clock_of_server
        return installation

    def publisher_session(self, mode: Mode) -> PublisherSession:
        session = self.database.publisher_session(mode.value, self.evict_after, self.longest_call_s)
        session._connect = self.connect  # type: ignore[attr-defined]  # of a shared session
        return session

    def end_session(self) -> None:
        """End the publisher's session, as a server that stops does."""
        with closing(self.database.connect()) as db:
            (pid,) = db.execute("SELECT session_pid FROM publisher").fetchone()
            db.execute("SELECT pg_terminate_backend(?)", (pid,))
            while db.execute("SELECT 1 FROM pg_stat_activity WHERE pid = ?", (pid,)).fetchone() is not None:
                pass

    def locked(self, what: Held = Held.DELIVERY) -> set[int]:
        from ttp.store.postgresql.publisher_session import locked_accounts

        with closing(self.database.connect()) as db:
            return locked_accounts(db, what)


@pytest.fixture
def bench(tmp_path: Path, clock: FakeClock, schemas: Schemas, monkeypatch: pytest.MonkeyPatch) -> Iterator[SharedBench]:
    monkeypatch.setattr(stores, "POSTGRESQL", schemas)
    with schemas.lending():
        bench = SharedBench(tmp_path / "home", clock)
        yield bench
        while (idle := bench.database._sessions.take()) is not None:  # type: ignore[attr-defined]  # of PostgreSQL
            idle.end()


@pytest.mark.parametrize("away_s", [0.0, 3.0, 40.0])
def test_an_answer_is_stored_when_the_server_is_back(bench: SharedBench, away_s: float) -> None:
    bench.post()

    def publish(order: PublishRequest, handle: Handle) -> Outcome:
        bench.end_session()
        bench.away_until = bench.seconds + away_s
        return Done("1")

    bench.x.publishes.append(publish)
    bench.x.looks.append(Found("1"))
    bench.run()
    assert bench.x.names().count("publish") == 1
    assert bench.x.names().count("look_up") == 0
    assert bench.delivery().state is DeliveryState.PUBLISHED
    told = [event.message or "" for event in bench.events if event.kind == IdleReason.STORE]
    assert len(told) == (1 if away_s else 0)
    assert all("again by itself" in message for message in told), "nobody has to start it"


@pytest.mark.parametrize(
    ("stopped_s", "slow_s", "added_s"),
    [(250.0, 0.0, 250.0), (5.0, 240.0, 245.0), (None, 0.0, 600.0), (None, 0.0, 190.0)],
)
def test_a_call_that_its_lost_publisher_may_still_be_making_lengthens_the_window(
    bench: SharedBench, monkeypatch: pytest.MonkeyPatch, stopped_s: float | None, slow_s: float, added_s: float
) -> None:
    """By the limits of its host, not of the one that takes over. A host that says none has those of this one, at least
    the usual ones."""
    bench.longest_call_s = stopped_s
    monkeypatch.setattr(PLATFORMS.facts("x"), "longest_answer_s", lambda config: slow_s)
    if added_s == 600.0:
        bench.config = Config({**bench.config, "http.upload_timeout_s": 530.0})
    else:
        bench.config = Config({**bench.config, "http.read_timeout_s": 1.0})
    bench.post()
    bench.x.publishes.extend([lambda order, handle: bench.die(), Done("2")])
    bench.run_and_die()
    bench.dead = False
    bench.clock.advance(30.0)
    bench.x.always = Absent()
    bench.run()
    again = bench.x.times("publish")[1]
    least_s = 30.0 + 900.0 + added_s
    assert least_s <= again <= least_s + 60.0
    assert bench.delivery().state is DeliveryState.PUBLISHED


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (DeliveryState.NEEDS_REVIEW, ["delivery.failed", "post.finished"]),
        (DeliveryState.FAILED, []),
    ],
)
def test_a_late_answer_is_told_only_where_it_moves_the_delivery(
    state: DeliveryState, told: list[str], bench: SharedBench
) -> None:
    post_id = bench.post()
    intent = Attempt("x/me", 1, "POST", Phase.PUBLISH, START, delivery_id=bench.delivery().id)
    bench.sql(f"UPDATE delivery SET state = '{state}', next_at = NULL")
    with closing(bench.coordination(Mode.LOOP)) as coordination:
        context, post = bench.context(coordination), bench.whole(post_id)
        task = DeliveryTask(post.deliveries[0], post, bench.account_now("x/me"))
        answer = Done("17", handle={"parts": ["17"], "of": 2}, more=True)
        assert context.record_evidence(task, intent, answer)
    assert bench.told() == told


def test_an_answer_is_stored_when_nobody_locks_the_table_any_more(bench: SharedBench) -> None:
    bench.evict_after = QUICKLY
    bench.post()
    with closing(bench.database.connect()) as person:

        def publish(order: PublishRequest, handle: Handle) -> Outcome:
            person.execute("BEGIN; LOCK TABLE delivery")
            bench.at(bench.seconds + 8.0, lambda: person.execute("COMMIT"))
            return Done("1")

        bench.x.publishes.append(publish)
        bench.run()
    assert bench.x.names().count("look_up") == 0
    assert bench.delivery().state is DeliveryState.PUBLISHED


@pytest.mark.parametrize("approved", [False, True])
def test_what_is_due_is_published_when_nobody_locks_the_table_any_more(bench: SharedBench, approved: bool) -> None:
    bench.evict_after = QUICKLY
    if approved:  # what waits for approval is read on another connection
        bench.config = Config({"publish.require_approval": True})
    bench.post(due=10.0)
    bench.sql("UPDATE delivery SET approved_at = 0")
    bench.x.publishes.append(Done("1"))
    with closing(bench.database.connect()) as person:
        bench.at(5.0, lambda: person.execute("BEGIN; LOCK TABLE delivery"))
        bench.at(12.0, lambda: person.execute("COMMIT"))
        bench.stop_at(15.0)
        bench.run(Mode.LOOP)
    assert bench.delivery().state is DeliveryState.PUBLISHED
    assert {event.kind for event in bench.events if event.event == "publisher.idle"} == {None, IdleReason.STORE}


def test_a_worker_that_finds_something_busy_loses_neither_the_session_nor_the_post(
    bench: SharedBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.post()
    bench.x.publishes.append(Done("1"))
    commit, busy, sessions = DeliveryWorker._commit_intent, [Busy("the server accepts no more sessions")], list[int]()

    def commit_later(worker: DeliveryWorker, ready: Ready) -> Attempt:
        if busy:
            raise busy.pop()
        sessions.append(worker._context.writer.session)
        return commit(worker, ready)

    monkeypatch.setattr(DeliveryWorker, "_commit_intent", commit_later)
    bench.run()
    assert sessions == [1]
    assert (bench.delivery().state, bench.delivery().attempts) == (DeliveryState.PUBLISHED, 2)
    assert IdleReason.STORE not in {event.kind for event in bench.events}


def test_what_stays_busy_is_said_once(bench: SharedBench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.post()
    bench.post()
    bench.x.publishes.extend([Done("1"), Done("2")])
    commit, busy = DeliveryWorker._commit_intent, [Busy("the server accepts no more sessions") for _ in range(9)]

    def commit_later(worker: DeliveryWorker, ready: Ready) -> Attempt:
        if busy:
            raise busy.pop()
        return commit(worker, ready)

    monkeypatch.setattr(DeliveryWorker, "_commit_intent", commit_later)
    bench.run()
    assert busy == []
    (said,) = [event for event in bench.events if event.kind == IdleReason.STORE]
    assert (said.event, said.post) == ("publisher.idle", None)


def test_a_publisher_stops_although_what_waits_was_taken_from_it(bench: SharedBench) -> None:
    bench.post()
    bench.x.prepares.append([Wait(60.0, "the media")])

    def take() -> None:
        bench.sql("UPDATE delivery SET fence = fence + 1 RETURNING id")
        bench.stop()

    bench.at(5.0, take)
    assert bench.run(Mode.LOOP)
    assert bench.delivery().state is DeliveryState.CLAIMED


def test_a_publisher_whose_clock_is_wrong_keeps_no_account_from_the_others(bench: SharedBench) -> None:
    bench.post()

    def publish(order: PublishRequest, handle: Handle) -> Outcome:
        bench.clock_of_server = timedelta(hours=1)
        return Done("1")

    bench.x.publishes.append(publish)
    held: list[set[int]] = []
    bench.at(45.0, lambda: held.append(bench.locked()))
    bench.stop_at(50.0)
    bench.run(Mode.LOOP)
    assert bench.delivery().state is DeliveryState.PUBLISHED
    assert held == [set()]


def test_after_a_lost_session_nothing_is_sent_before_the_clock_of_the_new_server_is_read(bench: SharedBench) -> None:
    bench.post()
    bench.post(due=0.3)

    def publish(order: PublishRequest, handle: Handle) -> Outcome:
        bench.end_session()
        bench.clock_of_server = timedelta(hours=1)
        return Done("1")

    bench.x.publishes.append(publish)
    bench.stop_at(50.0)
    bench.run(Mode.LOOP)
    assert bench.delivery().state is DeliveryState.PUBLISHED
    assert bench.x.names().count("publish") == 1


def test_a_short_run_at_a_wrong_clock_ends_with_the_reason(bench: SharedBench) -> None:
    bench.post()
    bench.clock_of_server = timedelta(hours=1)
    with pytest.raises(ClocksDiffer):
        bench.run(Mode.ONCE)
    assert bench.delivery().state is DeliveryState.PENDING


def test_a_take_over_goes_by_the_servers_clock(bench: SharedBench) -> None:
    bench.post(due=10.0)
    bench.x.looks.append(Absent())
    bench.clock_of_server = timedelta(seconds=30)
    runner(bench).run(Scope(Mode.UNTIL_IDLE), bench.events.append, take_over=True)
    assert bench.x.names().count("publish") == 0, "another publisher may have sent it"
    assert bench.delivery().state is DeliveryState.NEEDS_REVIEW


@pytest.mark.parametrize(
    "change", ["enabled = FALSE", "needs_reconnect = TRUE", f"hold_until = {to_ms(START) + 60_000}"]
)
def test_of_an_account_that_is_stopped_at_the_last_moment_nothing_is_sent(
    change: str, bench: SharedBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.post()
    lock = claims.lock_due_accounts

    def lock_and_stop(*args: Any, **how: Any) -> Any:
        found = lock(*args, **how)
        bench.sql(f"UPDATE account SET {change}")
        return found

    monkeypatch.setattr(claims, "lock_due_accounts", lock_and_stop)
    bench.run(Mode.LOOP, max_time=10.0)
    assert bench.x.names() == []
    assert bench.delivery().attempts == 0


def test_a_post_that_gets_a_new_time_at_the_last_moment_is_not_missed(
    bench: SharedBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.post(due=-7 * 3600.0)
    later, find = to_ms(START + timedelta(days=1)), claims.overdue

    def find_and_lose(db: Connection, **how: Any) -> list[claims.Late]:
        found = find(db, **how)
        bench.sql("UPDATE delivery SET due_at = ?, next_at = ?", later, later)
        return found

    monkeypatch.setattr(claims, "overdue", find_and_lose)
    bench.run()
    assert bench.delivery().state is DeliveryState.PENDING
    assert "delivery.failed" not in bench.told()


@pytest.mark.parametrize("take_over", [False, True])
def test_a_post_that_gets_a_new_time_at_the_last_moment_is_not_looked_up(
    take_over: bool, bench: SharedBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.post()
    later, find = to_ms(START + timedelta(days=1)), ownership.possibly_published

    def find_and_lose(db: Connection, *, now: datetime) -> Iterable[Delivery]:
        found = list(find(db, now=now))
        bench.sql("UPDATE delivery SET due_at = ?, next_at = ?", later, later)
        return found

    monkeypatch.setattr(reconcile, "possibly_published", find_and_lose)
    run = runner(bench)
    if not take_over:
        run.run(Scope(Mode.UNTIL_IDLE, only=frozenset()), bench.events.append)
        bench.sql("UPDATE store SET timeline = timeline + 1")
        bench.sql("UPDATE delivery SET due_at = 0, next_at = 0")
    run.run(Scope(Mode.ONCE), bench.events.append, take_over=take_over)
    assert (bench.delivery().state, bench.delivery().next_at) == (DeliveryState.PENDING, from_ms(later))


def test_an_answer_that_comes_during_a_take_over_stays_recorded(
    bench: SharedBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.post()
    bench.x.publishes.append(lambda order, handle: bench.die())
    bench.run_and_die()
    bench.dead = False
    bench.x.looks.append(Found("1"))
    read, answered = attempts.last_intent, list[bool]()

    def read_and_answer(db: Connection, delivery_id: int) -> Attempt | None:
        found = read(db, delivery_id)
        monkeypatch.setattr(attempts, "last_intent", read)
        with suppress(TryAgain):
            bench.sql(
                "BEGIN; SET LOCAL lock_timeout = 100; SELECT id FROM post FOR UPDATE;"
                " UPDATE attempt SET outcome = 'done', message = '1';"
                " UPDATE delivery SET state = 'published', remote_id = '1', published_at = 0; COMMIT"
            )
            answered.append(True)
        return found

    monkeypatch.setattr(attempts, "last_intent", read_and_answer)
    bench.run()
    assert bench.delivery().state is DeliveryState.PUBLISHED
    assert bench.intents() == ["done" if answered else "unknown"]


@pytest.mark.parametrize(("wanted", "kept"), [("off", "on"), ("local", "local"), ("remote_apply", "remote_apply")])
def test_a_publisher_does_not_go_by_settings_that_endanger_it(bench: SharedBench, wanted: str, kept: str) -> None:
    def connect() -> Connection:
        db = bench.database.connect()
        db.execute(f"SET synchronous_commit = {wanted}; SET statement_timeout = 100")
        return db

    session = bench.database.publisher_session("loop", EVICT_AFTER)
    session._connect = connect  # type: ignore[attr-defined]  # of a shared session
    with closing(session.connect()) as db, closing(session.open_watch()) as watch:
        assert db.execute("SHOW synchronous_commit").fetchone()[0] == kept
        assert {one.execute("SHOW statement_timeout").fetchone()[0] for one in (db, watch)} == {"0"}


def test_a_publisher_that_has_posts_of_repeats_to_make_does_not_wait_for_a_person(
    bench: SharedBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def make_due(occurrences: Occurrences) -> list[str]:
        made.append("made")
        return []

    monkeypatch.setattr(repeats, "due_recurrences", lambda db, **until: [1])
    monkeypatch.setattr(Occurrences, "make_due", make_due)
    run = runner(bench)
    with bench.database.writing():
        run.run(Scope(Mode.ONCE), bench.events.append)
        assert made == []
    run.run(Scope(Mode.ONCE), bench.events.append)
    assert made == ["made"]


def test_what_is_overdue_goes_by_the_servers_clock(bench: SharedBench, monkeypatch: pytest.MonkeyPatch) -> None:
    there = SystemClock().now() - timedelta(hours=2)
    monkeypatch.setattr(type(bench.database), "server_clock", staticmethod(lambda db: there))
    status = Status(bench.database, SystemClock(), bench.config, PLATFORMS, tuple)
    bench.post(due=(there - START).total_seconds() + 3600.0)
    assert status.count_stalled(timedelta(minutes=10)) == 0
    bench.post(due=(there - START).total_seconds() - 3600.0)
    assert status.count_stalled(timedelta(minutes=10)) == 1


def test_an_edit_just_before_a_claim_counts_for_the_planned_parts_too(
    bench: SharedBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ttp.store.postgresql.publisher_session import SharedSession

    before, after = ("\n\n".join(f"{n} {word * 50}".strip() for n in (1, 2)) for word in ("word ", "text "))
    posts, lock_rows = people.posts_of(bench.database, bench.clock, bench.config), SharedSession.lock_rows
    people.create(posts, PostInput(text=before, to=("x/me",), split=True), START)

    def edit_and_lock(self: SharedSession, db: Connection, ids: Sequence[int], now: datetime) -> Any:
        monkeypatch.setattr(SharedSession, "lock_rows", lock_rows)
        posts.edit(1, PostInput(text=after), None)
        return lock_rows(self, db, ids, now)

    monkeypatch.setattr(SharedSession, "lock_rows", edit_and_lock)
    bench.x.publishes.append(Done("1"))
    bench.run()
    sent = bench.x.orders[-1]
    assert "\n\n".join([sent.text, *sent.thread]) == after
