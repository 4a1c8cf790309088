"""A store that accepts no outcome: the journal keeps it, a note reports it, and the next publisher stores it."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.clock import START, FakeClock
from tests.publisher.bench import Bench, Crash
from tests.publisher.test_process import runner
from tests.rows import each
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import Busy
from ttp.domain.publishing.outcome import Attempt, Done, Found, Handle, Kind, NotDone, Outcome, Phase, Unknown
from ttp.platforms.client import PublishRequest
from ttp.publisher import outcomes
from ttp.publisher.loop import Mode, Scope
from ttp.store.database import Database
from ttp.store.dialect import StoreError
from ttp.store.home.journal import FILE, Entry, Journal
from ttp.store.machine.ownership import store_id
from ttp.store.row_mapper import Quarantine
from ttp.store.writer import Writer

S = DeliveryState
GRUDGE_S = 0.01
SECRET = "https://upload.example/?token=hush"
AFTER: Handle = {"upload_url": SECRET, "offset": 9, "publish_id": "p"}


@pytest.fixture
def bench(tmp_path: Path, clock: FakeClock) -> Bench:
    """Its store has no busy timeout, so that tests do not wait."""
    bench = Bench(tmp_path / "home", clock)
    if bench.database.has_files:
        bench.database = Database(bench.database.home, busy_timeout_s=GRUDGE_S)
    return bench


class Refusal:
    """Another program that holds the store, from a call on."""

    def __init__(self, bench: Bench) -> None:
        self._db = sqlite3.connect(bench.database.path, isolation_level=None)

    def from_now(self, outcome: Outcome) -> Callable[[PublishRequest, Handle], Outcome]:
        def publish(order: PublishRequest, handle: Handle) -> Outcome:
            self._db.execute("BEGIN IMMEDIATE")
            return outcome

        return publish

    def ends(self) -> None:
        self._db.rollback()

    def close(self) -> None:
        self._db.close()


def run(bench: Bench, mode: Mode = Mode.UNTIL_IDLE) -> None:
    runner(bench).run(Scope(mode), bench.events.append)


def refused(bench: Bench, outcome: Outcome) -> Busy:
    """A run whose call is answered with `outcome`, which the store does not take."""
    with closing(Refusal(bench)) as refusal:
        bench.x.publishes.append(refusal.from_now(outcome))
        with pytest.raises(Busy) as told:
            run(bench)
    bench.events.clear()
    return told.value


def journal(bench: Bench) -> Journal:
    return Journal(bench.database.home, bench.read(store_id))


@pytest.mark.sqlite("a publisher ends if its store takes nothing, and waits for a server")
def test_an_outcome_refused_by_a_locked_store_is_stored_by_the_next_publisher(bench: Bench) -> None:
    bench.post()
    error = refused(bench, Done("1", "https://x.com/me/status/1"))
    (note,) = error.details
    assert str(bench.database.home / FILE) in note
    assert bench.delivery().state is S.SENDING
    assert bench.intents() == [None]
    bench.clock.advance(hours=3)
    run(bench)
    assert bench.delivery().state is S.PUBLISHED
    assert (bench.delivery().remote_id, bench.delivery().published_at) == ("1", START)
    assert bench.intents() == ["done"]
    assert bench.x.names() == ["prepare", "publish", "close"], "no second call, and no look-up"
    assert bench.told()[:2] == ["publisher.started", "delivery.published"]
    assert journal(bench).entries() == []


@pytest.mark.sqlite("a publisher ends if its store takes nothing, and waits for a server")
def test_an_outcome_is_stored_as_soon_as_the_store_accepts_it(bench: Bench) -> None:
    bench.post()
    refusal = Refusal(bench)
    bench.x.publishes.append(refusal.from_now(Done("1")))
    bench.at(0.3, refusal.ends)
    run(bench)
    refusal.close()
    assert bench.delivery().state is S.PUBLISHED
    assert bench.seconds >= 0.5
    assert len(journal(bench).entries()) == 1, "a crash would have found it there"
    run(bench)
    assert bench.intents() == ["done"]
    assert journal(bench).entries() == []


@pytest.mark.sqlite("a publisher ends if its store takes nothing, and waits for a server")
def test_an_outcome_is_journaled_before_a_locked_store_times_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.database = Database(bench.database.home, busy_timeout_s=20.0)
    monkeypatch.setattr("ttp.store.writer.LATE_S", 0.05)
    bench.post()
    with closing(Refusal(bench)) as refusal:
        real = Journal.keep

        def keep(self: Journal, entry: Entry) -> None:
            real(self, entry)
            refusal.ends()

        monkeypatch.setattr(Journal, "keep", keep)
        bench.x.publishes.append(refusal.from_now(Done("1")))
        run(bench)
    assert bench.delivery().state is S.PUBLISHED
    assert [entry["held"]["remote_id"] for entry in journal(bench).entries()] == ["1"]


FULL = StoreError("database or disk is full")
FULL.__cause__ = sqlite3.OperationalError("database or disk is full")


def test_nothing_more_is_sent_while_an_outcome_is_not_stored(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.account("x/other")
    bench.post("x/me")
    bench.post("x/other", due=1.0)
    real, refusals = outcomes.attempt_columns, iter([True] * 3)

    def attempt_columns(outcome: Outcome) -> object:
        if next(refusals, False):
            raise FULL
        return real(outcome)

    monkeypatch.setattr("ttp.publisher.delivery_worker.attempt_columns", attempt_columns)
    bench.x.publishes.extend([Done("1"), Done("2")])
    run(bench)
    assert bench.x.times("publish") == [0.0, 3.5], "after 0.5, 1 and 2 seconds the store took it"
    assert [bench.delivery(number).state for number in (1, 2)] == [S.PUBLISHED] * 2


@pytest.mark.sqlite("an error of SQLite")
def test_a_store_that_keeps_refusing_ends_the_publisher(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def attempt_columns(outcome: Outcome) -> object:
        raise FULL

    monkeypatch.setattr("ttp.publisher.delivery_worker.attempt_columns", attempt_columns)
    bench.post()
    bench.x.publishes.append(Done("1"))
    with pytest.raises(Exception, match="disk is full") as told:
        run(bench)
    assert told.value.details  # type: ignore[attr-defined]  # a TtpError
    assert bench.seconds == 7.5
    assert len(journal(bench).entries()) == 1, "once, however often it was tried"


@pytest.mark.sqlite("its file is on the disk that is full")
def test_a_disk_without_room_keeps_the_outcome(bench: Bench) -> None:
    bench.post()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def publish(order: PublishRequest, handle: Handle) -> Outcome:
        wal = bench.database.path.with_name("ttp.db-wal")
        resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size, before[1]))
        return Done("1")

    bench.x.publishes.append(publish)
    try:
        with pytest.raises(Busy) as told:
            run(bench)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert told.value.details
    run(bench)
    assert (bench.delivery().state, bench.delivery().remote_id) == (S.PUBLISHED, "1")
    assert bench.x.names().count("publish") == 1


def test_without_a_journal_nothing_is_sent(bench: Bench) -> None:
    bench.post()
    (bench.database.home / FILE).mkdir()
    with pytest.raises(Busy):
        run(bench)
    assert bench.x.names() == []
    assert bench.delivery().state is S.PENDING


@pytest.mark.sqlite("a publisher ends if its store takes nothing, and waits for a server")
def test_a_journal_that_fails_too_leaves_an_open_intent_that_is_looked_up(bench: Bench) -> None:
    bench.post()
    with closing(Refusal(bench)) as refusal:

        def publish(order: PublishRequest, handle: Handle) -> Outcome:
            (bench.database.home / FILE).unlink()
            (bench.database.home / FILE).mkdir()
            return refusal.from_now(Done("1"))(order, handle)

        bench.x.publishes.append(publish)
        with pytest.raises(Busy) as told:
            run(bench)
    assert told.value.details == ()
    (bench.database.home / FILE).rmdir()
    bench.x.looks.append(Found("1"))
    run(bench)
    assert bench.delivery().state is S.PUBLISHED
    assert bench.x.names().count("publish") == 1


@pytest.mark.sqlite("a publisher ends if its store takes nothing, and waits for a server")
def test_a_publisher_killed_during_the_replay_is_followed_by_another_replay(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.post()
    refused(bench, Done("1"))
    with monkeypatch.context() as patch:

        def die(journal: Journal) -> None:
            raise Crash

        patch.setattr(Journal, "clear", die)
        with pytest.raises(Crash):
            run(bench)
    assert bench.delivery().state is S.PUBLISHED
    before = bench.delivery()
    run(bench)
    assert bench.delivery() == before
    assert journal(bench).entries() == []


@pytest.mark.sqlite("a publisher ends if its store takes nothing, and waits for a server")
def test_an_id_bound_to_another_delivery_meanwhile_proves_nothing(bench: Bench) -> None:
    bench.post()
    bench.x.publishes.append(Done("1"))
    run(bench)
    bench.post()
    refused(bench, Done("1"))
    bench.x.looks.append(Found("2"))
    run(bench)
    assert bench.told("delivery.reconciling", "delivery.published") == ["delivery.reconciling", "delivery.published"]
    assert bench.delivery(2).remote_id == "2"


@pytest.mark.sqlite("a publisher ends if its store takes nothing, and waits for a server")
@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (NotDone(Kind.CONTENT, "too long", "186", 403), S.FAILED),
        (NotDone(Kind.SERVER, "over capacity", passing=True), S.RETRYING),
        (NotDone(Kind.RATE_LIMIT, "wait", retry_at=START + timedelta(hours=2), hold=True), S.RETRYING),
        (NotDone(Kind.AUTH, "the token is dead", http_status=401), S.FAILED),
        (Unknown(Kind.NETWORK, "cut", look_at=START + timedelta(minutes=1)), S.RECONCILING),
        (Done("p1", processing=True), S.PROCESSING),
    ],
)
def test_every_outcome_has_the_same_effect_as_if_it_had_been_stored_at_once(
    bench: Bench, tmp_path: Path, outcome: Outcome, state: DeliveryState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttp.publisher.outcomes.retry_jitter", lambda: 0.0)
    other = Bench(tmp_path / "other")
    for one in (bench, other):
        one.post()
    other.x.publishes.append(outcome)
    runner(other).run(Scope(Mode.ONCE, max_time=0.5), other.events.append)
    refused(bench, outcome)
    bench.clock.set(START)
    with closing(Writer(bench.database.connect)) as writer:
        taken = outcomes.replay_journal(writer, journal(bench), bench.config, Quarantine())
    assert [delivery.state for delivery in taken] == [state]
    assert bench.delivery() == other.delivery()
    assert [(a.outcome, a.kind, a.code, a.http_status, a.message) for a in bench.attempts()] == [
        (a.outcome, a.kind, a.code, a.http_status, a.message) for a in other.attempts()
    ]
    held = "hold_until", "hold_reason", "needs_reconnect"
    assert [getattr(bench.account_now("x/me"), name) for name in held] == [
        getattr(other.account_now("x/me"), name) for name in held
    ]


@each(
    "outcome",
    [
        Done("p", processing=True, handle=AFTER),
        NotDone(Kind.SERVER, "refused", handle=AFTER),
        Unknown(Kind.SERVER, "oops", handle=AFTER),
    ],
)
def test_an_upload_s_address_is_not_in_the_journal(outcome: Outcome) -> None:
    before: Handle = {"upload_url": SECRET, "offset": 5, "old": 1}
    delivery = Delivery("tiktok/me", "tiktok", handle=before, id=7)
    intent = Attempt("tiktok/me", 1, "PUT", Phase.PUBLISH, START, id=3, fingerprint="f")
    entry = outcomes.to_journal_entry(delivery, intent, outcome, START)
    assert SECRET not in str(entry)
    assert outcomes.from_journal_entry(entry, before) == outcome


@pytest.mark.sqlite("a publisher ends if its store takes nothing, and waits for a server")
def test_an_entry_unknown_to_a_restored_store_is_skipped(bench: Bench) -> None:
    bench.post()
    refused(bench, Done("1"))
    bench.sql("UPDATE attempt SET fingerprint = 'of another call'")
    bench.x.looks.append(Found("2"))
    run(bench)
    assert bench.delivery().remote_id == "2"


@pytest.mark.sqlite("a publisher ends if its store takes nothing, and waits for a server")
def test_an_entry_of_a_later_version_is_skipped(bench: Bench) -> None:
    bench.post()
    refused(bench, Done("1"))
    (entry,) = journal(bench).entries()
    journal(bench).clear()
    journal(bench).keep({**entry, "outcome": "deferred"})
    bench.x.looks.append(Found("2"))
    run(bench)
    assert bench.delivery().remote_id == "2"


@pytest.mark.sqlite("a publisher ends if its store takes nothing, and waits for a server")
def test_a_store_locked_at_the_start_is_reported_in_one_line(bench: Bench) -> None:
    with closing(sqlite3.connect(bench.database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy):
            run(bench)
