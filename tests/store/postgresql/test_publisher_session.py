"""Several publishers on one PostgreSQL: locks on accounts, fences, take-over and eviction, statement by statement."""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Event, Thread

import pytest

from tests.clock import START, FakeClock
from tests.settings import Config
from tests.store.stores import add_account, add_post, to
from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.errors import Busy
from ttp.domain.post import PostStatus
from ttp.domain.publishing.outcome import Attempt, Done, Kind, Phase
from ttp.publisher import reconcile
from ttp.publisher.delivery_context import record_evidence
from ttp.publisher.outcomes import replay_journal, to_journal_entry
from ttp.publisher.shared_coordination import lock_abandoned
from ttp.services.server.events import Events
from ttp.store import accounts as stored_accounts
from ttp.store import attempts, claims, events, queries, spending
from ttp.store import posts as stored_posts
from ttp.store.database import Database
from ttp.store.dialect import Conflicting, Connection, Row, SessionLost, StoreError, TryAgain
from ttp.store.events import StoredEvent
from ttp.store.home.journal import Journal
from ttp.store.machine.ownership import Machine
from ttp.store.machine.publisher_session import Held
from ttp.store.postgresql import connection
from ttp.store.postgresql.address import read_address
from ttp.store.postgresql.connection import IDLE_MS, PostgresConnection
from ttp.store.postgresql.database import PostgresDatabase
from ttp.store.postgresql.publisher_session import SharedSession, locked_accounts, registered_publishers
from ttp.store.row_mapper import Quarantine
from ttp.store.writer import Writer

pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
INTENT = Attempt("x/a0", 1, "POST", Phase.PUBLISH, START, fingerprint="f" * 64, delivery_id=1)
GAP = timedelta(0)
EVICT_AFTER = timedelta(seconds=30)


def shared_session(database: Database) -> SharedSession:
    session = database.publisher_session("loop", EVICT_AFTER)
    assert isinstance(session, SharedSession)
    return session


class Publisher:
    """One publisher: its session, and what a tick does on it."""

    def __init__(self, database: Database) -> None:
        self.session = shared_session(database)
        self.db: Connection = self.session.connect()
        self.in_hand: set[int] = set()

    def claim(self, free: int = 9) -> list[Delivery]:
        with self.db.transaction():
            self.session.keep(self.db, Held.DELIVERY, self.in_hand)
            ready = self.lock(free)
            found = claims.claim(
                self.db, now=START, cutoff=START, free=free, catch_up_gap=GAP, session=self.session, ready=ready
            )
            self.in_hand |= {one.account_id or 0 for one in found}
            self.session.keep(self.db, Held.DELIVERY, self.in_hand)
        return found

    def lock(self, free: int = 9) -> list[Row]:
        """Lock accounts, and return what is due of them."""
        ask_ready = partial(claims.ask_ready, self.db, now=START, cutoff=START, catch_up_gap=GAP)
        with self.session.together(self.db):
            asked = ask_ready(free=free + claims.MORE_CANDIDATES)
        return claims.lock_due_accounts(self.db, self.session, asked, free=free, ask_ready=ask_ready)[1]

    def save(self, before: Delivery, after: Delivery) -> bool:
        with self.db.transaction():
            saved = claims.save_transition(self.db, before, after, now=START) is not None
        if after.state not in (DeliveryState.CLAIMED, DeliveryState.SENDING):
            self.in_hand.discard(after.account_id or 0)
        return saved

    def take_over(self) -> list[Delivery]:
        with self.db.transaction():
            self.session.keep(self.db, Held.DELIVERY, self.in_hand)
            locked = lock_abandoned(self.db, self.session, Quarantine())
            return reconcile.recover_interrupted(self.db, START, Quarantine(), locked)

    def die(self, database: Database) -> None:
        """End the session, and wait until the server has noticed."""
        pid = self.pid
        self.db.close()
        with closing(database.connect()) as db:
            wait_for_end(db, pid)

    def locked(self) -> set[int]:

        return locked_accounts(self.db, Held.DELIVERY, self.pid)

    @property
    def pid(self) -> int:
        """The number of its session."""
        return int(self.db.execute("SELECT pg_backend_pid()").fetchone()[0])


def wait_for_end(db: Connection, pid: int) -> None:
    """Wait until the server has noticed that a session is gone."""
    while db.execute("SELECT 1 FROM pg_stat_activity WHERE pid = ?", (pid,)).fetchone() is not None:
        pass


@pytest.fixture
def first(database: Database) -> Iterator[Publisher]:
    publisher = Publisher(database)
    with closing(publisher.db):
        yield publisher


second = first


def intent_of(delivery: Delivery) -> Attempt:
    return INTENT._replace(id=0, delivery_id=delivery.id)


def posts(database: Database, count: int) -> list[int]:
    """A due post on each of `count` accounts; the accounts' ids."""
    ids = []
    for number in range(count):
        account = add_account(database, f"x/a{number}")
        add_post(database, to(account, START))
        ids.append(account.id or 0)
    return ids


def test_each_delivery_has_one_publisher_and_its_account_is_locked(
    database: Database, first: Publisher, second: Publisher
) -> None:
    accounts = posts(database, 5)
    mine, others = first.claim(3), second.claim(3)
    assert len(mine) == 3
    assert len(others) == 2
    assert {d.account_id for d in [*mine, *others]} == set(accounts)
    assert (first.locked(), second.locked()) == (first.in_hand, second.in_hand)
    assert {d.fence for d in mine} == {1}


def test_after_every_step_the_locks_are_the_accounts_in_hand(database: Database, first: Publisher) -> None:
    posts(database, 3)
    for delivery in first.claim():
        assert first.locked() == first.in_hand
        sending = delivery.mark_sending()
        assert first.save(delivery, sending)
        assert first.locked() == first.in_hand
        assert first.save(sending, sending.mark_published(START, f"{delivery.id}", None))
        first.claim()
        assert first.locked() == first.in_hand
    assert first.locked() == set()


def test_a_claim_that_is_rolled_back_leaves_no_lock_behind(
    database: Database, first: Publisher, second: Publisher
) -> None:
    posts(database, 2)
    with suppress(ZeroDivisionError), first.db.transaction():
        first.lock()
        raise ZeroDivisionError
    assert len(first.locked()) == 2, "a lock of the session survives its transaction"
    assert second.claim() == []
    assert first.take_over() == []  # the next step
    assert first.locked() == set()
    assert len(second.claim()) == 2


def test_an_account_that_is_locked_twice_is_free_after_one_unlock(
    database: Database, first: Publisher, second: Publisher
) -> None:
    (account,) = posts(database, 1)
    for _ in range(2):
        assert first.session.take(first.db, Held.DELIVERY, [account]) == {account}
    assert second.session.take(second.db, Held.DELIVERY, [account]) == set()
    first.session.keep(first.db, Held.DELIVERY, ())
    assert second.session.take(second.db, Held.DELIVERY, [account]) == {account}


def test_what_a_dead_publisher_left_is_taken_over_and_it_can_write_no_more(
    database: Database, first: Publisher, second: Publisher
) -> None:
    posts(database, 2)
    claimed, other = first.claim()
    sending = other.mark_sending()
    assert first.save(other, sending)
    assert second.take_over() == [], "its locks are held"
    first.die(database)
    taken = {d.id: d for d in second.take_over()}
    assert taken[claimed.id].state is DeliveryState.PENDING
    assert taken[other.id].state is DeliveryState.RECONCILING
    assert {d.fence for d in taken.values()} == {2}
    with closing(database.connect()) as late:
        first.db = late
        assert not first.save(sending, sending.mark_published(START, "1", None))
        assert not first.save(claimed, claimed.mark_sending())


def test_a_publisher_that_claims_again_what_it_lost_has_a_higher_fence(
    database: Database, first: Publisher, second: Publisher
) -> None:
    posts(database, 1)
    (lost,) = first.claim()
    first.die(database)
    second.take_over()
    (claimed,) = second.claim()
    assert (lost.id, lost.state, lost.fence) == (claimed.id, claimed.state, 1)
    assert claimed.fence == 3
    with closing(database.connect()) as late:
        first.db = late
        assert not first.save(lost, lost.mark_sending()), "the state is the same, and the fence is not"


def test_a_post_that_a_person_changes_is_not_claimed_meanwhile(database: Database, first: Publisher) -> None:
    posts(database, 2)
    with closing(database.connect()) as person, person.transaction():
        person.lock_posts([1])
        assert [d.post_id for d in first.claim()] == [2]
    assert [d.post_id for d in first.claim()] == [1]


def test_what_was_locked_in_a_part_that_failed_at_its_end_is_locked_again(
    database: Database, first: Publisher, second: Publisher
) -> None:
    posts(database, 1)

    def lock_and_fail() -> None:
        with first.db.savepoint():
            first.db.lock_posts([1])
            first.db.send("INSERT INTO post_tag (post_id, tag, position) VALUES (99, 'a', 0)")

    with first.db.transaction():
        with pytest.raises(Conflicting):
            lock_and_fail()
        first.db.lock_posts([1])
        assert second.claim() == []


def test_what_was_asked_together_with_a_statement_that_fails_is_asked_again(
    database: Database, first: Publisher
) -> None:
    posts(database, 1)

    def fail_and_ask() -> None:
        with first.db.savepoint(), first.db.together():
            first.db.execute("SELECT 1 / (count(*) - 100000) FROM generate_series(1, 100000)")  # after some time
            events.ask_webhooks(first.db)

    with first.db.transaction():
        with pytest.raises(StoreError):
            fail_and_ask()
        events.record_finished(first.db, 1, PostStatus.PUBLISHED, START)
    assert [one.event for one in events.events_after(first.db, 0, 9, most=9)] == ["post.finished"]


def test_a_silent_publisher_is_disconnected_and_one_that_reports_is_not(
    database: Database, first: Publisher, second: Publisher
) -> None:
    posts(database, 1)
    (claimed,) = first.claim()
    second.session.report(second.db)
    assert [row[0] for row in second.db.execute("SELECT count(*) FROM publisher")] == [2]
    second.db.execute(
        "UPDATE publisher SET last_report_at = last_report_at - 31000, since = since - 32000 WHERE id = 1"
    )
    (line,) = second.session.report(second.db)
    assert "disconnected" in line
    with pytest.raises(SessionLost):
        first.save(claimed, claimed.mark_sending())
    assert [d.state for d in second.take_over()] == [DeliveryState.PENDING]
    assert len(registered_publishers(second.db)) == 1
    for hours, left in ((23, 2), (25, 1)):
        second.db.execute(
            "UPDATE publisher SET last_report_at ="
            f" extract(epoch FROM clock_timestamp() - '{hours} h'::interval) * 1000 WHERE id = 1"
        )
        second.session.report(second.db)
        assert [row[0] for row in second.db.execute("SELECT count(*) FROM publisher")] == [left]


@pytest.mark.parametrize(("seconds", "left"), [(31, 2), (61, 1)])
def test_a_publisher_that_starts_slowly_is_not_disconnected(
    first: Publisher, second: Publisher, seconds: int, left: int
) -> None:
    """It has not reported yet. It would end, and nobody may start it again."""
    pid, ago = first.pid, f"{seconds * 1000}"
    second.db.execute(
        f"UPDATE publisher SET last_report_at = last_report_at - {ago}, since = since - {ago} WHERE id = 1"
    )
    second.session.report(second.db)
    if left == 1:
        wait_for_end(second.db, pid)
    assert len(registered_publishers(second.db)) == left


def test_another_session_with_the_same_number_is_not_disconnected(first: Publisher, second: Publisher) -> None:
    second.db.execute("UPDATE publisher SET last_report_at = 0, since = 0, session_start = '1' WHERE id = 1")
    assert second.session.report(second.db) == []
    assert first.claim() == []


@pytest.mark.usefixtures("first")
def test_a_publisher_of_another_database_is_left_alone_by_a_restored_dump(postgresql: str, second: Publisher) -> None:

    with closing(PostgresConnection({**read_address(postgresql), "dbname": "template1"})) as elsewhere:
        session = elsewhere.execute(
            "SELECT pid, extract(epoch FROM backend_start)::text FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        ).fetchone()
        second.db.execute(
            "UPDATE publisher SET last_report_at = 0, since = 0, session_pid = ?, session_start = ? WHERE id = 1",
            tuple(session),
        )
        assert len(registered_publishers(second.db)) == 1
        assert second.session.report(second.db) == []
        assert elsewhere.execute("SELECT 1").fetchone()[0] == 1


def test_the_publishers_are_listed_with_the_accounts_in_hand(
    database: Database, first: Publisher, second: Publisher
) -> None:

    posts(database, 3)
    first.claim(2)
    second.claim()
    assert [one.accounts for one in registered_publishers(first.db)] == [2, 1]


def test_a_look_up_has_one_publisher(database: Database, first: Publisher, second: Publisher) -> None:
    (account,) = posts(database, 1)
    assert first.session.take(first.db, Held.LOOK_UP, [account]) == {account}
    assert second.session.take(second.db, Held.LOOK_UP, [account]) == set()
    assert second.session.take(second.db, Held.DELIVERY, [account]) == {account}


def test_the_fence_of_a_post_survives_a_change_by_a_person(
    database: Database, first: Publisher, second: Publisher
) -> None:

    posts(database, 1)
    first.claim()
    first.die(database)
    second.take_over()
    with database.writing() as db:
        stored_posts.update(db, queries.post_even_deleted(db, 1), None)
        assert db.execute("SELECT fence FROM delivery").fetchone()[0] == 2


def test_the_loss_of_a_session_is_noticed_where_changes_are_awaited(database: Database, first: Publisher) -> None:
    with closing(database.connect()) as watch:
        watch.data_version()
        pid = watch.execute("SELECT pg_backend_pid()").fetchone()[0]
        first.db.execute("SELECT pg_terminate_backend(?)", (pid,))
        wait_for_end(first.db, pid)

        assert isinstance(watch, PostgresConnection)

        def look() -> None:
            for _ in range(1000):
                select.select([watch._session.fileno()], [], [], 60)  # until what the server said last is here
                watch.data_version()

        with pytest.raises(SessionLost):
            look()


def test_a_transaction_that_the_server_undoes_is_not_taken_for_committed(first: Publisher, second: Publisher) -> None:

    def change() -> None:
        with first.db.transaction():
            first.db.execute("UPDATE publisher SET mode = 'once'")
            with suppress(StoreError):
                first.db.execute("SELECT nothing")

    with pytest.raises(StoreError):
        change()
    assert {row[0] for row in second.db.execute("SELECT mode FROM publisher")} == {"loop"}
    assert not first.db.in_transaction


def test_a_look_up_that_another_publisher_has_made_is_not_due_any_more(database: Database, first: Publisher) -> None:
    posts(database, 1)
    (claimed,) = first.claim()
    sending = claimed.mark_sending()
    doubtful = sending.mark_reconciling(DeliveryError(Kind.UNKNOWN, "cut"), START)
    assert first.save(claimed, sending)
    assert first.save(sending, doubtful)
    assert [d.id for d in claims.still_due_lookup(first.db, doubtful, START)] == [doubtful.id]
    assert first.save(doubtful, doubtful.look_again(START + timedelta(seconds=30)))
    assert claims.still_due_lookup(first.db, doubtful, START) == []


@pytest.mark.parametrize("claimed_again", [False, True])
def test_that_a_post_is_live_is_recorded_whoever_has_it_now(
    claimed_again: bool, database: Database, first: Publisher, second: Publisher
) -> None:
    posts(database, 1)
    (claimed,) = first.claim()
    first.die(database)
    second.take_over()
    mine = second.claim() if claimed_again else []
    with closing(database.connect()) as late, late.transaction():
        after = record_evidence(late, intent_of(claimed), Done("17", None), START)
        assert record_evidence(late, intent_of(claimed), Done("17", None), START) is None, "it is known already"
    assert after is not None
    assert (after.state, after.remote_id) == (DeliveryState.PUBLISHED, "17")
    for delivery in mine:
        assert not second.save(delivery, delivery.mark_sending()), "it would be sent twice"


def lost_in_a_call(database: Database, first: Publisher, second: Publisher, state: DeliveryState) -> Attempt:
    """A call that another publisher took over. The delivery is in `state` since; the call's intent."""
    posts(database, 1)
    (claimed,) = first.claim()
    assert first.save(claimed, claimed.mark_sending())
    with first.db.transaction():
        intent = INTENT._replace(id=attempts.start_attempt(first.db, INTENT)())
    first.die(database)
    second.take_over()
    second.db.execute("UPDATE delivery SET state = ?, next_at = NULL, due_at = NULL", (state.value,))
    return intent


def thread(*live: str, of: int = 3) -> Done:
    """The answer to the newest of the parts that are live."""
    return Done(live[-1], None, handle={"parts": list(live), "of": of}, more=len(live) < of)


LIVE = Done("17", None)


@pytest.mark.parametrize(
    ("state", "answers", "after", "parts"),
    [
        (DeliveryState.CANCELLED, [LIVE], DeliveryState.PUBLISHED, ()),
        (DeliveryState.PENDING, [LIVE], DeliveryState.PUBLISHED, ()),
        (DeliveryState.FAILED, [LIVE], DeliveryState.PUBLISHED, ()),
        (DeliveryState.PENDING, [thread("17")], DeliveryState.PENDING, ("17",)),
        (DeliveryState.CLAIMED, [thread("17")], DeliveryState.RETRYING, ("17",)),
        (DeliveryState.SENDING, [thread("17")], DeliveryState.RETRYING, ("17",)),
        (DeliveryState.RECONCILING, [thread("17")], DeliveryState.RETRYING, ("17",)),
        (DeliveryState.RETRYING, [thread("17")], DeliveryState.RETRYING, ("17",)),
        (DeliveryState.FAILED, [thread("17")], DeliveryState.FAILED, ("17",)),
        (DeliveryState.NEEDS_REVIEW, [thread("17")], DeliveryState.FAILED, ("17",)),
        (DeliveryState.CANCELLED, [thread("17")], DeliveryState.FAILED, ("17",)),
        (
            DeliveryState.RECONCILING,
            [thread("17", of=2), thread("17", "18", of=2)],
            DeliveryState.PUBLISHED,
            ("17", "18"),
        ),
        # The store did not know the first part, whose link is that of the thread.
        (
            DeliveryState.RECONCILING,
            [replace(thread("17", "18"), url="https://x.com/i/status/18")],
            DeliveryState.RETRYING,
            ("17", "18"),
        ),
    ],
)
def test_what_is_live_is_kept_whatever_became_of_the_delivery_and_it_is_not_sent_again(
    state: DeliveryState,
    answers: list[Done],
    after: DeliveryState,
    parts: tuple[str, ...],
    database: Database,
    first: Publisher,
    second: Publisher,
) -> None:
    intent = lost_in_a_call(database, first, second, state)
    with database.writing() as db:
        for answer in answers:
            assert record_evidence(db, intent, answer, START) is not None
        assert record_evidence(db, intent, answers[-1], START) is None, "it is known already"
    with closing(database.connect()) as db:
        post = queries.post_even_deleted(db, 1)
        assert [one.outcome for one in queries.attempts(db, 1)] == ["done"]
        told = {row["event"] for row in db.execute("SELECT event FROM event")}
    (stored,) = post.deliveries
    assert (stored.state, stored.remote_id, stored.url, stored.parts) == (after, "17", None, parts)
    assert stored.fence > 2, "whoever sends it now does not"
    assert (post.status is PostStatus.PUBLISHED) == ("delivery.published" in told) == (after is DeliveryState.PUBLISHED)
    assert stored.note or answers != [LIVE], "a person is told why"


def test_no_call_stays_open_when_the_answer_to_an_earlier_one_ends_the_delivery(
    database: Database, first: Publisher, second: Publisher
) -> None:
    intent = lost_in_a_call(database, first, second, DeliveryState.SENDING)
    with database.writing() as db:
        again = INTENT._replace(id=attempts.start_attempt(db, INTENT)())
        assert record_evidence(db, intent, Done("17", None), START) is not None
        assert [one.outcome for one in queries.attempts(db, 1)] == ["done", "unknown"]
        assert record_evidence(db, again, Done("18", None), START) is None
        assert [(one.outcome, one.message) for one in queries.attempts(db, 1)] == [("done", "17"), ("done", "18")]


def test_a_stored_outcome_that_is_in_the_journal_too_brings_no_deleted_part_back(
    database: Database, first: Publisher, second: Publisher
) -> None:
    intent = lost_in_a_call(database, first, second, DeliveryState.FAILED)
    with database.writing() as db:
        assert record_evidence(db, intent, thread("17"), START) is not None
        (stored,) = queries.post_even_deleted(db, 1).deliveries
        gone = replace(stored.taken_down("17", START), error=stored.error)
        assert claims.save_transition(db, stored, gone, now=START) is not None
    journal = Journal(database.home, "1" * 32)
    journal.keep(to_journal_entry(gone, intent, thread("17"), START))
    with closing(Writer(database.connect)) as writer:
        assert replay_journal(writer, journal, Config(), Quarantine(), attempts.intent) == []
    with closing(database.connect()) as db:
        assert queries.post_even_deleted(db, 1).deliveries[0].parts == ()


@pytest.mark.parametrize("is_sent", [True, False])
def test_an_outcome_is_stored_whatever_its_text(is_sent: bool, database: Database, first: Publisher) -> None:
    posts(database, 1)
    (claimed,) = first.claim()
    with first.db.transaction():
        intent = INTENT._replace(id=attempts.start_attempt(first.db, INTENT._replace(step="a\0b"))())
        attempts.finish_attempt(first.db, intent, at=START, outcome="unknown", message="c\0d")
        if not is_sent:
            assert claims.save_transition(first.db, claimed, replace(claimed, note="e\0f"), now=START) is not None
    with closing(database.connect()) as db:
        (attempt,), (stored,) = queries.attempts(db, 1), queries.post_even_deleted(db, 1).deliveries
    assert (attempt.step, attempt.message) == ("a\ufffdb", "c\ufffdd")
    assert stored.note == (None if is_sent else "e\ufffdf")


def test_the_journal_counts_also_where_another_publisher_takes_over_meanwhile(
    database: Database, first: Publisher, second: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts(database, 1)
    (claimed,) = first.claim()
    assert first.save(claimed, claimed.mark_sending())
    with first.db.transaction():
        intent = INTENT._replace(id=attempts.start_attempt(first.db, INTENT)())
    first.die(database)
    journal = Journal(database.home, "1" * 32)
    journal.keep(to_journal_entry(claimed, intent, Done("17", None), START))
    read = attempts.last_intent

    def read_and_lose(db: Connection, delivery_id: int) -> Attempt | None:
        found = read(db, delivery_id)
        monkeypatch.setattr(attempts, "last_intent", read)
        second.db.execute("SET lock_timeout = 100")
        with suppress(TryAgain):
            second.take_over()
        return found

    monkeypatch.setattr(attempts, "last_intent", read_and_lose)
    with closing(Writer(database.connect)) as writer:
        (after,) = replay_journal(writer, journal, Config(), Quarantine(), attempts.intent)
    assert (after.state, after.remote_id) == (DeliveryState.PUBLISHED, "17")


def test_of_a_post_that_is_live_twice_both_ids_are_kept(
    database: Database, first: Publisher, second: Publisher
) -> None:
    intent = lost_in_a_call(database, first, second, DeliveryState.RECONCILING)
    with database.writing() as db:
        assert record_evidence(db, intent, thread("17"), START) is not None
        again = INTENT._replace(id=attempts.start_attempt(db, INTENT)())
        assert record_evidence(db, again, thread("18"), START) is None
        assert [(one.outcome, one.message) for one in queries.attempts(db, 1)] == [("done", "17"), ("done", "18")]
        (stored,) = queries.post_even_deleted(db, 1).deliveries
    assert stored.parts == ("17",)


def test_the_id_of_another_post_is_no_evidence(database: Database, first: Publisher, second: Publisher) -> None:
    intent = lost_in_a_call(database, first, second, DeliveryState.RECONCILING)
    with database.writing() as db:
        (account,) = stored_accounts.accounts(db)
    add_post(database, to(account, START, state=DeliveryState.PUBLISHED, published_at=START, remote_id="17"))
    with database.writing() as db:
        assert record_evidence(db, intent, Done("17", None), START) is None
        assert [one.outcome for one in queries.attempts(db, 1)] == ["unknown"]


def test_an_id_of_another_post_disturbs_no_other_work_of_the_same_transaction(
    database: Database, first: Publisher
) -> None:
    posts(database, 2)
    one, other = (claimed.mark_sending() for claimed in first.claim())
    for sending in (one, other):
        assert first.save(replace(sending, state=DeliveryState.CLAIMED), sending)
    with database.writing() as db:
        account = stored_accounts.account_by_id(db, one.account_id or 0)
    assert account is not None
    add_post(database, to(account, START, state=DeliveryState.PUBLISHED, published_at=START, remote_id="17"))
    with first.db.transaction():
        assert first.db.memory == {}
        with suppress(Conflicting), first.db.savepoint():
            first.db.memory["asked"] = None  # a question whose answer may be lost with the savepoint
            claims.save_transition(first.db, one, one.mark_published(START, "17", None), now=START)
            pytest.fail("the id is another post's")
        assert first.db.memory == {}
        assert claims.save_transition(first.db, other, other.mark_published(START, "18", None), now=START) is not None


def test_ids_and_fences_are_not_given_again_after_a_failover(
    database: Database, first: Publisher, second: Publisher
) -> None:
    intent = lost_in_a_call(database, first, second, DeliveryState.RECONCILING)
    second.db.execute("UPDATE delivery SET next_at = 0")
    (found,) = queries.post_even_deleted(second.db, 1).deliveries
    newest = Events(database, FakeClock()).newest_id()
    assert isinstance(database, PostgresDatabase)
    owner = database.owner(Machine("here", "1" * 32), any_machine=False)
    with second.db.transaction():
        owner.claim(second.db, START)
        second.db.execute("UPDATE store SET timeline = timeline + 1")
    reconcile.look_up_after_failover(second.db, owner, START)
    (after,) = queries.post_even_deleted(second.db, 1).deliveries
    assert after.fence - found.fence > 1000
    with second.db.transaction():
        assert attempts.start_attempt(second.db, INTENT)() - (intent.id or 0) > 1000
    assert Events(database, FakeClock()).newest_id() - newest > 1000


def test_an_event_that_is_stored_after_a_later_one_is_not_skipped(
    database: Database, first: Publisher, second: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts(database, 2)
    (one,), (other,) = first.claim(free=1), second.claim(free=1)
    asked = Events(database, FakeClock())
    known = asked.newest_id()
    with first.db.transaction():
        claims.save_transition(first.db, one, one.mark_failed(DeliveryError(Kind.CONTENT, "no")), now=START)
        first.db.execute("SELECT 1")  # what waits is sent with it
        second.save(other, other.mark_failed(DeliveryError(Kind.CONTENT, "no")))
        with monkeypatch.context() as patch:
            patch.setattr(connection, "UNSETTLED_S", 0)
            with pytest.raises(Busy):
                asked.after(known, 9)
            with pytest.raises(Busy):
                asked.newest_id()
            assert asked.after(known, 9, upto=known) == []
            assert asked.start(known) == known
    found = asked.after(known, 9)
    assert [one.post_id for one in found] == [1, 1, 2, 2]
    assert asked.newest_id() == found[-1].id


def test_who_reads_events_waits_for_those_that_are_stored_at_the_moment(
    database: Database, first: Publisher, second: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts(database, 3)
    (one, third), (other,) = first.claim(free=2), second.claim(free=1)
    monkeypatch.setattr(connection, "UNSETTLED_S", 600)
    asked = Events(database, FakeClock())
    known, waits = asked.newest_id(), Event()
    found: list[StoredEvent] = []
    with monkeypatch.context() as patch, suppress(RuntimeError):
        patch.setattr("time.sleep", lambda seconds: waits.set())
        with first.db.transaction():
            claims.save_transition(first.db, one, one.mark_failed(DeliveryError(Kind.CONTENT, "no")), now=START)
            first.db.execute("SELECT 1")
            second.save(other, other.mark_failed(DeliveryError(Kind.CONTENT, "no")))
            reader = Thread(target=lambda: found.extend(asked.after(known, 9)))
            reader.start()
            assert waits.wait(300)
            raise RuntimeError  # the transaction is undone: its events never come
    reader.join(300)
    assert [one.post_id for one in found] == [other.post_id] * 2
    first.save(third, third.mark_failed(DeliveryError(Kind.CONTENT, "no")))
    assert [one.post_id for one in asked.after(found[-1].id, 9)] == [third.post_id] * 2


def test_an_answer_that_proves_nothing_is_not_recorded(database: Database) -> None:
    posts(database, 1)
    with database.writing() as db:
        for answer in (Done(None, None), Done("17", None, processing=True), Done("17", None, more=True)):
            assert record_evidence(db, INTENT, answer, START) is None
        assert record_evidence(db, INTENT._replace(delivery_id=99), Done("17", None), START) is None


def test_a_publisher_refuses_sessions_of_a_pooler(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr(PostgresConnection, "session_pid", -1)
    with pytest.raises(Busy):
        Publisher(database)


def test_a_publisher_of_another_role_is_refused_because_neither_could_disconnect_the_other(
    database: Database, first: Publisher
) -> None:
    assert isinstance(database, PostgresDatabase)
    schema = first.db.execute("SELECT current_schema()").fetchone()[0]
    first.db.execute(f"CREATE ROLE other LOGIN; GRANT ALL ON SCHEMA {schema} TO other")
    first.db.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO other")
    first.db.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA {schema} TO other")
    try:
        elsewhere = PostgresDatabase(database.home, database._url)
        elsewhere._parameters["user"] = "other"
        with pytest.raises(Busy):
            Publisher(elsewhere)
        PostgresDatabase(database.home, database._url).publisher_session("loop", EVICT_AFTER).connect().close()
    finally:
        first.db.execute("DROP OWNED BY other; DROP ROLE other")


def change_now(db: Connection, sql: str) -> None:
    db.execute(sql)


def change_with_the_next(db: Connection, sql: str) -> None:
    db.send(sql)
    db.execute("SELECT 1")


def change_many(db: Connection, sql: str) -> None:
    db.executemany(f"{sql} WHERE id = ?", [(1,)])


@pytest.mark.parametrize("change", [change_now, change_with_the_next, change_many])
def test_a_change_that_goes_on_no_more_does_not_keep_others_from_theirs(
    database: Database, change: Callable[[Connection, str], None]
) -> None:

    posts(database, 1)
    asleep, other = (PostgresDatabase(database.home, database._url) for _ in range(2))  # type: ignore[attr-defined]

    def change_both() -> None:
        with asleep.writing() as db:
            limit = "'idle_in_transaction_session_timeout'"
            (most,) = db.execute(f"SELECT setting FROM pg_settings WHERE name = {limit}").fetchone()
            assert int(most) == IDLE_MS
            db.execute(f"SELECT set_config({limit}, '50', true)")
            try:
                change(db, "UPDATE post SET updated_at = 1")
            finally:  # on a slow machine it has gone too far already
                with other.writing() as awake:
                    awake.execute("UPDATE post SET updated_at = 2")

    with pytest.raises(Busy):
        change_both()
    with closing(database.connect()) as db:
        assert db.execute("SELECT updated_at FROM post").fetchone()[0] == 2


def test_a_deadlock_is_like_a_busy_store_and_nothing_is_saved(database: Database) -> None:
    posts(database, 2)
    with closing(database.connect()) as other, closing(database.connect()) as watch:
        (pid,) = other.execute("SELECT pg_backend_pid()").fetchone()
        other.execute("SET deadlock_timeout = '60s'")  # the change is the one that the server ends
        other.execute("BEGIN; SELECT FROM post WHERE id = 2 FOR UPDATE")
        waiting = Thread(target=lambda: other.execute("SELECT FROM post WHERE id = 1 FOR UPDATE"))

        def change() -> None:
            with database.writing() as db:
                db.execute("UPDATE post SET content = 'new' WHERE id = 1")
                waiting.start()
                while watch.execute("SELECT FROM pg_locks WHERE pid = ? AND NOT granted", (pid,)).fetchone() is None:
                    pass
                db.execute("UPDATE post SET content = 'new' WHERE id = 2")

        with pytest.raises(Busy):
            change()
        waiting.join()
        assert {row[0] for row in watch.execute("SELECT content FROM post")} == {"hi"}


def test_two_publishers_that_spend_at_the_same_moment_see_each_other(database: Database) -> None:
    account = add_account(database)
    for _ in range(2):
        add_post(database, to(account, START))
    one, two = Publisher(database), Publisher(database)
    totals: list[int] = []

    def spend(publisher: Publisher, delivery_id: int) -> None:
        attempts.start_attempt(publisher.db, INTENT._replace(delivery_id=delivery_id, cost=200, cost_after=15))()
        publisher.session.lock_spending(publisher.db, "x")
        totals.append(spending.committed_cost(publisher.db, "x", START, START + timedelta(days=1)))

    def spend_alone() -> None:
        with two.db.transaction():
            spend(two, 2)

    with closing(one.db), closing(two.db), closing(database.connect()) as db:
        with one.db.transaction():
            spend(one, 1)
            other = Thread(target=spend_alone)
            other.start()
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            while not db.execute(waiting).fetchone()[0]:
                pass
            assert totals == [200]
        other.join()
    assert totals == [200, 400]
