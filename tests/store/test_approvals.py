"""Only what is approved, where that is asked for: the publisher's statements narrowed, and what waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.clock import START
from tests.store.stores import add_account, add_post, to, transaction
from ttp.domain.account import Account
from ttp.domain.delivery import IN_FLIGHT, DeliveryState
from ttp.store import claims, dialect, queries
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.rate_limits import Pace

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def claimed(database: Database, *, approved: bool) -> list[int]:
    with transaction(database) as db:
        found = claims.claim(db, now=START, cutoff=START, free=9, catch_up_gap=HOUR, approved=approved)
    return [delivery.post_id or 0 for delivery in found]


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.RETRYING])
def test_what_is_not_approved_is_not_claimed_and_keeps_nothing_up(
    database: Database, account: Account, state: DeliveryState
) -> None:
    for _ in range(3):
        add_post(database, to(account, START - HOUR, state=state))
    add_post(database, to(account, START, approved_at=START))
    assert claimed(database, approved=True) == [4]
    assert claimed(database, approved=True) == []


def test_nobody_asks_where_it_is_not_needed(database: Database, account: Account) -> None:
    add_post(database, to(account, START))
    assert claimed(database, approved=False) == [1]


def test_it_is_for_each_delivery(database: Database, account: Account) -> None:
    other = add_account(database, "x/other")
    add_post(database, to(account, START), to(other, START, approved_at=START))
    with transaction(database) as db:
        found = claims.claim(db, now=START, cutoff=START, free=9, catch_up_gap=HOUR, approved=True)
    assert [delivery.account for delivery in found] == ["x/other"]


def test_the_publisher_wakes_for_what_is_approved(database: Database, db: Connection, account: Account) -> None:
    add_post(database, to(account, START + SECOND))
    add_post(database, to(account, START + HOUR, approved_at=START))
    wakes = [claims.next_wake(db, now=START, catch_up_gap=HOUR, approved=approved)() for approved in (False, True)]
    dues = [queries.next_due(db, START, approved=approved) for approved in (False, True)]
    assert wakes == [START + SECOND, START + HOUR]
    assert [due and due.post_id for due in dues] == [1, 2]


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.RETRYING])
def test_a_run_is_finished_beside_what_waits_for_approval(
    database: Database, db: Connection, account: Account, state: DeliveryState
) -> None:
    add_post(database, to(account, START, state=state))
    unfinished = [
        claims.has_unfinished(db, due_by=START, states=IN_FLIGHT, only=None, approved=approved)
        for approved in (False, True)
    ]
    assert unfinished == [True, False]
    assert [queries.count_waiting(db, START, approved=approved)[0] for approved in (False, True)] == [1, 0]
    db.execute("UPDATE delivery SET approved_at = 0")
    assert claims.has_unfinished(db, due_by=START, states=IN_FLIGHT, only=None, approved=True)


def test_an_account_is_not_held_for_what_may_not_go_out(database: Database, account: Account) -> None:
    published = {"state": DeliveryState.PUBLISHED, "next_at": None, "published_at": START}
    add_post(database, to(account, START, **published))
    add_post(database, to(account, START))
    with transaction(database) as db:
        Pace(HOUR, 0, approved=True).hold(db, START)
        assert db.execute("SELECT hold_until FROM account").fetchone()[0] is None
        Pace(HOUR, 0).hold(db, START)
        assert db.execute("SELECT hold_until FROM account").fetchone()[0] is not None


def test_what_waits_is_told_in_the_order_of_its_time(database: Database, db: Connection, account: Account) -> None:
    other = add_account(database, "x/other")
    add_post(database, to(account, START + 2 * HOUR), to(other, START + 2 * HOUR))
    add_post(database, to(account, START - HOUR))
    add_post(database, to(account, START + HOUR, approved_at=START))
    add_post(database, to(account))
    assert queries.posts_waiting_for_approval(db) == [2, 1]
    assert queries.due_posts_waiting_for_approval(db, START, 9) == [2]
    assert queries.due_posts_waiting_for_approval(db, START + 2 * HOUR, 9) == [1, 2]
    assert queries.due_posts_waiting_for_approval(db, START + 2 * HOUR, 1) == [1], "the last one that is due"


def test_a_statement_that_does_not_say_what_is_ready_is_not_narrowed_to_nothing() -> None:
    with pytest.raises(AssertionError, match="does not say"):
        dialect.only_approved("SELECT * FROM delivery")
