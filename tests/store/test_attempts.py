"""The write-ahead table: an attempt is stored before its call, and keeps the result for ever."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from tests.clock import START
from tests.store.stores import add_account, add_post, to
from ttp.domain.account import Account
from ttp.domain.delivery import DeliveryState
from ttp.domain.publishing.outcome import Attempt, Kind, Phase
from ttp.store import attempts, queries, spending
from ttp.store.database import Database
from ttp.store.dialect import Conflicting, Connection

SECOND = timedelta(seconds=1)
FULL = Attempt(
    "x/me",
    2,
    "post",
    Phase.PUBLISH,
    START,
    START + SECOND,
    "unknown",
    Kind.SERVER,
    "131",
    502,
    "bad gateway",
    "f1ngerprint",
    START - SECOND,
    17.25,
    delivery_id=1,
)
INTENT = Attempt("x/me", 1, "post", Phase.PUBLISH, START, delivery_id=1)
LOOK = Attempt("x/me", 1, "look up", Phase.LOOK_UP, START, START, "absent", delivery_id=1)


@pytest.fixture
def account(database: Database) -> Account:
    """The account of deliveries 1 and 2."""
    account = add_account(database)
    for _ in range(2):
        add_post(database, to(account, START))
    return account


@pytest.fixture
def db(account: Account, db: Connection) -> Connection:
    return db


def test_every_field_of_an_attempt_comes_back(db: Connection) -> None:
    number = attempts.start_attempt(db, FULL)()
    assert list(queries.attempts(db, 1)) == [FULL._replace(id=number)]
    assert list(queries.attempts(db, 2)) == []


def test_an_intent_is_open_until_its_outcome_is_written(db: Connection) -> None:
    started = INTENT._replace(id=attempts.start_attempt(db, INTENT)())
    assert attempts.last_intent(db, 1) == started
    attempts.finish_attempt(db, started, at=START + SECOND, outcome="done", http_status=201, message="17")
    done = started._replace(ended_at=START + SECOND, outcome="done", http_status=201, message="17")
    assert attempts.last_intent(db, 1) == done


def test_an_outcome_keeps_its_kind_and_code(db: Connection) -> None:
    number = attempts.start_attempt(db, INTENT)()
    attempts.finish_attempt(db, INTENT._replace(id=number), at=START, outcome="not_done", kind=Kind.QUOTA, code="9")
    (found,) = queries.attempts(db, 1)
    assert (found.kind, found.code) == (Kind.QUOTA, "9")


def test_an_outcome_is_not_stored_for_another_step_that_has_its_id(db: Connection) -> None:
    """The database lost its last commits at a failover, and gave the id again."""
    number = attempts.start_attempt(db, INTENT._replace(fingerprint="f"))()
    for other in ({"delivery_id": 2}, {"fingerprint": "g"}, {"at": START - SECOND}):
        lost = INTENT._replace(id=number, **{"fingerprint": "f", **other})  # type: ignore[arg-type]  # fields by name
        attempts.finish_attempt(db, lost, at=START, outcome="done", message="17")
    (found,) = queries.attempts(db, 1)
    assert found.outcome is None


def test_the_last_intent_is_the_deliverys_own_newest_publishing_step(db: Connection) -> None:
    assert attempts.last_intent(db, 1) is None
    attempts.start_attempt(db, INTENT._replace(phase=Phase.PREPARE))
    assert attempts.last_intent(db, 1) is None
    attempts.start_attempt(db, INTENT)
    second = attempts.start_attempt(db, INTENT._replace(number=2))()
    attempts.start_attempt(db, LOOK)
    attempts.start_attempt(db, INTENT._replace(delivery_id=2))
    found = attempts.last_intent(db, 1)
    assert found is not None
    assert (found.id, found.number) == (second, 2)


def test_the_looks_after_a_step_come_oldest_first(db: Connection) -> None:
    early = attempts.start_attempt(db, LOOK)()
    intent = attempts.start_attempt(db, INTENT)()
    late = [attempts.start_attempt(db, LOOK._replace(message=word))() for word in ("one", "two")]
    attempts.start_attempt(db, LOOK._replace(delivery_id=2))
    assert [look.id for look in attempts.lookups_after(db, 1, intent)] == late
    assert [look.id for look in attempts.lookups_after(db, 1, 0)] == [early, *late]


def test_a_doubt_counts_only_if_it_is_older_than_the_newest_call(db: Connection) -> None:
    assert not attempts.has_unknown(db, 1)
    attempts.start_attempt(db, INTENT._replace(outcome="unknown"))
    assert not attempts.has_unknown(db, 1)
    attempts.start_attempt(db, INTENT._replace(delivery_id=2))
    assert not attempts.has_unknown(db, 1)
    attempts.start_attempt(db, INTENT._replace(number=2))
    assert attempts.has_unknown(db, 1)
    assert not attempts.has_unknown(db, 2)


@pytest.mark.parametrize("settled", [INTENT._replace(outcome="done"), LOOK._replace(outcome="found")])
def test_a_doubt_about_one_part_of_a_thread_is_none_about_the_next(db: Connection, settled: Attempt) -> None:
    attempts.start_attempt(db, INTENT._replace(outcome="unknown"))
    attempts.start_attempt(db, LOOK)
    attempts.start_attempt(db, INTENT._replace(number=2))
    assert attempts.has_unknown(db, 1, in_thread=True)
    attempts.start_attempt(db, settled)
    attempts.start_attempt(db, INTENT._replace(number=2))
    assert not attempts.has_unknown(db, 1, in_thread=True)
    assert attempts.has_unknown(db, 1)
    attempts.start_attempt(db, INTENT._replace(number=2, outcome="unknown"))
    attempts.start_attempt(db, INTENT._replace(number=3))
    assert attempts.has_unknown(db, 1, in_thread=True)


def test_a_call_that_was_refused_is_no_doubt(db: Connection) -> None:
    attempts.start_attempt(db, INTENT._replace(outcome="not_done"))
    attempts.start_attempt(db, INTENT._replace(number=2))
    assert not attempts.has_unknown(db, 1)


def test_an_attempt_of_no_delivery_is_refused(database: Database) -> None:
    with pytest.raises(Conflicting), database.writing() as db:
        attempts.start_attempt(db, INTENT._replace(delivery_id=99))


def test_bound_ids_are_those_of_other_deliveries_of_the_account_lately(database: Database) -> None:
    account, other = add_account(database), add_account(database, "x/other")
    for number, (whose, days) in enumerate([(account, 0), (account, 1), (account, 3), (other, 0)]):
        at = START - timedelta(days=days)
        live = to(whose, at, state=DeliveryState.PUBLISHED, remote_id=str(number), published_at=at)
        add_post(database, live)
    add_post(database, to(account, START, state=DeliveryState.PUBLISHED, published_at=START))
    with closing(database.connect()) as db:
        since = START - timedelta(days=1)
        assert attempts.bound_remote_ids(db, account.id or 0, 1, since) == {"1"}
        assert attempts.bound_remote_ids(db, account.id or 0, 99, since) == {"0", "1"}


def test_the_parts_of_threads_are_bound_as_soon_as_they_are_out(database: Database) -> None:
    account = add_account(database)
    add_post(database, to(account, START))
    half = {"parts": ["5", "6"], "of": 3}
    add_post(database, to(account, START, state=DeliveryState.FAILED, remote_id="5", handle=half))
    with closing(database.connect()) as db:
        assert attempts.bound_remote_ids(db, account.id or 0, 1, START) == {"5", "6"}
        assert attempts.bound_remote_ids(db, account.id or 0, 2, START) == set()


def add_call(db: Connection, outcome: str | None, step: str = "post", cost_after: int = 0, **more: Any) -> None:
    attempts.add_attempt(db, INTENT._replace(step=step, outcome=outcome, cost=200, cost_after=cost_after, **more))


def test_each_call_that_may_have_been_charged_counts_once(db: Connection) -> None:
    month = START - timedelta(days=1), START + timedelta(days=1)

    def spent() -> tuple[int, int]:
        (account,) = {row["account_id"] for row in db.execute("SELECT account_id FROM delivery")}
        return spending.spent(db, [account], *month).get("x", 0), spending.committed_cost(db, "x", *month)

    assert spent() == (0, 0)
    for outcome in ("not_done", "withdrawn"):
        add_call(db, outcome, cost_after=30)
    add_call(db, "done", at=month[1])
    assert spent() == (0, 0)
    add_call(db, "unknown", cost_after=30)
    assert spent() == (200, 200)
    add_call(db, "done", cost_after=30)  # sent again, after proof that the first call had published nothing
    assert spent() == (200, 200)
    db.execute("UPDATE delivery SET state = 'retrying' WHERE id = 1")
    assert spent() == (200, 230)
    add_call(db, None, "post 2", 15)
    assert spent() == (400, 415)
    assert spending.spent(db, [], *month) == {}
    assert spending.committed_cost(db, "bluesky", *month) == 0
