"""The newest instant that is known, and waits that a clock which was ahead made too long."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.clock import START
from tests.store.stores import add_post, to
from ttp.domain.account import Account
from ttp.domain.delivery import DeliveryError, DeliveryState
from ttp.domain.publishing.outcome import Attempt, Kind, Phase
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store import attempts
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.machine import clock_check

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def step(db: Connection, at: datetime, platform_at: datetime | None = None, delivery_id: int = 1) -> None:
    known = Attempt("x/me", 1, "look up", Phase.LOOK_UP, at, at, platform_at=platform_at, delivery_id=delivery_id)
    attempts.start_attempt(db, known)


def test_an_empty_store_knows_of_nothing(db: Connection) -> None:
    assert clock_check.last_recorded_instant(db) is None


def test_what_is_planned_is_no_record_and_what_was_made_is(
    database: Database, db: Connection, account: Account
) -> None:
    add_post(database, to(account, START + 1000 * HOUR))
    assert clock_check.last_recorded_instant(db) == START
    db.execute("UPDATE store SET ran_at = ?", (to_ms(START + HOUR),))
    assert clock_check.last_recorded_instant(db) == START + HOUR


@pytest.mark.parametrize(
    ("at", "platform_at", "known"),
    [
        (START + 2 * HOUR, START + 2 * HOUR, START + 2 * HOUR),
        (START + 2 * HOUR, START + 9 * HOUR, START + 2 * HOUR),  # the platform's clock is ahead
        (START + 9 * HOUR, START + 2 * HOUR, START + 2 * HOUR),  # this machine's was
        (START + 9 * HOUR, None, START),
    ],
)
def test_of_a_call_the_earlier_of_both_clocks_counts(
    database: Database,
    db: Connection,
    account: Account,
    at: datetime,
    platform_at: datetime | None,
    known: datetime,
) -> None:
    add_post(database, to(account, START))
    step(db, at, platform_at)
    assert clock_check.last_recorded_instant(db) == known


def test_a_step_of_a_few_minutes_is_no_doubt() -> None:
    known = START + clock_check.STEP
    assert clock_check.clock_behind(START, known) is None
    assert clock_check.clock_behind(START - SECOND, known) == known
    assert clock_check.clock_behind(START, None) is None


def test_what_is_remembered_is_never_earlier_than_before(db: Connection) -> None:
    db.execute("UPDATE store SET ran_at = ?", (to_ms(START),))
    clock_check.record_instant(db, START - HOUR)
    clock_check.record_instant(db, None)
    assert clock_check.last_recorded_instant(db) == START
    clock_check.record_instant(db, START + HOUR)
    assert clock_check.last_recorded_instant(db) == START + HOUR


@pytest.mark.parametrize("state", ["processing", "reconciling", "retrying", "published"])
def test_a_wait_that_began_on_a_clock_that_was_ahead_is_as_long_as_it_was_to_be(
    database: Database, db: Connection, account: Account, state: str
) -> None:
    ahead = START + HOUR
    error = DeliveryError(Kind.NETWORK, "cut")
    fields: dict[str, object] = {"next_at": ahead + 30 * SECOND, "waiting_until": ahead + 60 * SECOND, "error": error}
    add_post(database, to(account, START, state=DeliveryState(state), **fields))
    step(db, ahead)
    for _ in range(2):  # it is done once
        clock_check.shorten_waits(db, START)
        row = db.execute("SELECT next_at, waiting_until FROM delivery").fetchone()
        assert [from_ms(at) - START for at in row] == [30 * SECOND, 60 * SECOND]
    clock_check.shorten_waits(db, START + 10 * SECOND)
    assert db.execute("SELECT next_at FROM delivery").fetchone()[0] == to_ms(START + 30 * SECOND)


def test_a_wait_that_began_on_a_right_clock_is_left_alone(database: Database, db: Connection, account: Account) -> None:
    reset = START + 20 * HOUR
    add_post(database, to(account, START, state=DeliveryState.RETRYING, next_at=reset))
    step(db, START)
    add_post(database, to(account, reset))
    step(db, START + HOUR, delivery_id=2)  # a pending one that was released keeps its time
    clock_check.shorten_waits(db, START)
    assert [row[0] for row in db.execute("SELECT next_at FROM delivery")] == [to_ms(reset)] * 2


def test_an_account_that_sent_a_late_one_in_the_future_may_send_now(db: Connection, account: Account) -> None:
    db.execute("UPDATE account SET late_claim_at = ?", (to_ms(START + HOUR),))
    clock_check.shorten_waits(db, START)
    assert db.execute("SELECT late_claim_at FROM account").fetchone()[0] == to_ms(START)


def test_a_clock_that_is_trusted_leaves_the_records_of_what_was_sent(
    database: Database, db: Connection, account: Account
) -> None:
    add_post(database, to(account, START), created_at=START + HOUR, updated_at=START + HOUR)
    clock_check.record_instant(db, START + HOUR)
    db.execute("UPDATE store SET ran_at = ?", (to_ms(START + HOUR),))
    step(db, START + HOUR)
    clock_check.trust_clock(db, START)
    assert clock_check.last_recorded_instant(db) == START
    assert db.execute("SELECT at FROM attempt").fetchone()[0] == to_ms(START + HOUR)
