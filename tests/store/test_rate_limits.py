"""Limits in memory and in the store: noted without waiting, written with what is written anyway, read at each start."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.clock import START, FakeClock
from tests.store.stores import add_account, add_post, new_store, to, transaction
from ttp.domain.account import Account
from ttp.domain.delivery import DeliveryError, DeliveryState
from ttp.domain.publishing.outcome import Kind
from ttp.domain.publishing.rate_limit import Limit, LimitKey
from ttp.store import accounts, claims, queries, rate_limits
from ttp.store.accounts import lift_hold
from ttp.store.database import Database
from ttp.store.dialect import Conflicting, Connection, StoreError
from ttp.store.rate_limits import Limits, current_limits

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
POSTS, ME = "POST /2/tweets", LimitKey("GET /2/users/me")
KEY, APP = LimitKey(POSTS), LimitKey("POST /2/tweets in 24 h", "app", "1a2b3c4d")


def limit(left: int = 5, name: str = POSTS, resets_at: datetime = START + HOUR, account: str = "x/me") -> Limit:
    return Limit(account, name, left, 100, resets_at)


def of_app(left: int, account: str = "x/me") -> Limit:
    return limit(left, APP.name, account=account)._replace(scope=APP.scope, subject=APP.subject)


def stored(database: Database) -> list[tuple[Any, ...]]:
    with closing(database.connect()) as db:
        return [tuple(row) for row in db.execute("SELECT endpoint, most, remaining FROM rate_limit ORDER BY endpoint")]


def told(database: Database, clock: FakeClock, account: Account, *what: Limit) -> Limits:
    """What another process received and wrote."""
    made = Limits(database, clock)
    made.note(account, what)
    made.keep()
    return made


def test_a_note_is_known_at_once_and_written_later(database: Database, clock: FakeClock, account: Account) -> None:
    made = Limits(database, clock)
    assert made.last_known(account, KEY) is None
    made.note(account, [limit()])
    assert (made.last_known(account, KEY), stored(database)) == (limit(), [])
    with transaction(database) as db:
        made.write(db)
    assert stored(database) == [(POSTS, 100, 5)]


def test_the_next_process_knows_it_without_being_told(database: Database, clock: FakeClock, account: Account) -> None:
    told(database, clock, account, limit(0))
    assert Limits(database, clock).last_known(account, KEY) == limit(0)
    assert Limits(database, clock).last_known(account, ME) is None
    assert Limits(database, clock).last_known(add_account(database, "x/other"), KEY) is None


def test_what_another_process_wrote_later_is_read_at_the_next_start(
    database: Database, clock: FakeClock, account: Account
) -> None:
    mine = told(database, clock, account, limit(9), limit(9, "GET /2/users/me"))
    assert mine.last_known(account, KEY) == limit(9)
    clock.advance(1)
    told(database, clock, account, limit(3))
    assert mine.last_known(account, KEY) == limit(9), "not read yet"
    with transaction(database) as db:
        mine.recall(db, {account.id or 0: account.name})()
    assert mine.last_known(account, KEY) == limit(3)
    assert mine.last_known(account, ME) == limit(9, "GET /2/users/me")


def test_what_was_heard_here_and_is_not_written_yet_is_newer_than_the_store(
    database: Database, clock: FakeClock, account: Account
) -> None:
    told(database, clock, account, limit(9))
    clock.advance(1)
    mine = Limits(database, clock)
    mine.note(account, [limit(2)])
    with transaction(database) as db:
        mine.recall(db, {account.id or 0: account.name})()
        assert mine.last_known(account, KEY) == limit(2)
        mine.write(db)
    assert stored(database) == [(POSTS, 100, 2)]


def test_what_was_heard_earlier_does_not_replace_what_was_heard_later(
    database: Database, clock: FakeClock, account: Account
) -> None:
    slow = Limits(database, clock)
    slow.note(account, [limit(9)])
    clock.advance(1)
    told(database, clock, account, limit(0))
    slow.keep()
    assert stored(database) == [(POSTS, 100, 0)]


def test_what_is_told_again_is_not_written_again(database: Database, clock: FakeClock, account: Account) -> None:
    made = told(database, clock, account, limit(5))
    with closing(database.connect()) as db:
        db.execute("UPDATE rate_limit SET remaining = 77")
    made.note(account, [limit(5, resets_at=START + HOUR + SECOND)])
    made.keep()
    assert stored(database) == [(POSTS, 100, 77)]
    made.note(account, [limit(5, resets_at=START + HOUR + 2 * SECOND)])
    made.keep()
    assert stored(database) == [(POSTS, 100, 5)]


def test_what_has_no_reset_is_not_remembered(database: Database, clock: FakeClock, account: Account) -> None:
    made = told(database, clock, account, limit()._replace(resets_at=None))
    assert (made.last_known(account, KEY), stored(database)) == (None, [])


def test_an_account_that_is_in_no_store_is_remembered_in_this_process(database: Database, clock: FakeClock) -> None:
    stranger = Account(*(add_account(database, "x/gone").platform, "stranger"))
    made = told(database, clock, stranger, limit(account="x/stranger"))
    assert made.last_known(stranger, KEY) == limit(account="x/stranger")
    assert stored(database) == []


def test_without_a_store_nothing_is_known_and_none_is_made(tmp_path: Path, clock: FakeClock) -> None:
    database = Database(tmp_path / "home")
    assert Limits(database, clock).last_known(Account(*_X_ME, id=1), KEY) is None
    Limits(database, clock).keep()
    assert not database.exists()


_X_ME = ("x", "me")


# What holds for a whole app.


def test_what_an_app_heard_by_one_account_is_known_for_all(
    database: Database, clock: FakeClock, account: Account
) -> None:
    other, elsewhere = add_account(database, "x/other"), add_account(database, "tiktok/me")
    here = told(database, clock, account, of_app(0))
    assert here.last_known(other, APP) == of_app(0)
    there = Limits(database, clock)
    assert there.last_known(elsewhere, APP) is None
    assert there.last_known(other, APP) == of_app(0)
    clock.advance(1)
    told(database, clock, other, of_app(40, "x/other"))
    with transaction(database) as db:
        there.recall(db, {account.id or 0: account.name})()
    known = there.last_known(account, APP)
    assert known is not None
    assert known.left == 40, "the newer word counts, whoever heard it"


# What can go wrong with a note.


def test_a_note_that_cannot_be_written_costs_nothing_else(
    database: Database, clock: FakeClock, account: Account
) -> None:
    made = Limits(database, clock)
    made.note(replace(account, id=4711), [limit()])
    with transaction(database) as db:
        db.execute("UPDATE account SET handle = 'still written'")
        made.write(db)
    assert stored(database) == []
    with closing(database.connect()) as db:
        assert db.execute("SELECT handle FROM account").fetchone()[0] == "still written"


def test_an_error_of_what_was_sent_before_is_not_hidden(database: Database, clock: FakeClock, account: Account) -> None:
    made = Limits(database, clock)
    made.note(account, [limit()])

    def fail_before(db: Connection) -> None:
        with db.transaction():
            db.send("INSERT INTO post_tag (post_id, tag, position) VALUES (99, 'a', 0)")
            made.write(db)

    with closing(database.connect()) as db:
        with pytest.raises(Conflicting):
            fail_before(db)
        with db.transaction():
            made.write(db)
    assert stored(database) == [(POSTS, 100, 5)]


def test_a_transaction_that_sqlite_gave_up_is_not_hidden(
    database: Database, clock: FakeClock, account: Account
) -> None:
    made = Limits(database, clock)
    made.note(account, [limit()])
    with transaction(database) as db:
        db.execute("CREATE TEMP TRIGGER gone BEFORE INSERT ON rate_limit BEGIN SELECT RAISE(ROLLBACK, 'gone'); END")
        with pytest.raises(StoreError, match="gone"):
            made.write(db)
        assert not db.in_transaction
        db.execute("BEGIN")


def test_a_store_that_is_busy_is_not_waited_for_with_an_error(tmp_path: Path, clock: FakeClock) -> None:
    database = new_store(tmp_path / "home", busy_timeout_s=0.0)
    account = add_account(database)
    made = Limits(database, clock)
    made.note(account, [limit()])
    with transaction(database):
        made.keep()
    assert stored(database) == []
    made.keep()
    assert stored(database) == [(POSTS, 100, 5)]


# What status shows.


def test_what_is_nearest_to_its_end_comes_first_and_what_has_reset_not_at_all(
    database: Database, clock: FakeClock, account: Account
) -> None:
    other, gone = add_account(database, "instagram/shop"), add_account(database, "x/gone")
    second = add_account(database, "x/other")
    told(database, clock, account, limit(50), limit(0, "b"), limit(1, "reset", START), of_app(3))
    told(database, clock, other, limit(0, "a", account="instagram/shop"))
    told(database, clock, gone, limit(0, "c", account="x/gone"))
    clock.advance(1)
    told(database, clock, second, of_app(2, "x/other"))
    with transaction(database) as db:
        db.execute("UPDATE account SET removed_at = 0 WHERE id = ?", (gone.id,))
        found = current_limits(db, START)
    assert [(each.account, each.label, each.left) for each in found] == [
        ("instagram/shop", "a", 0),
        ("x/me", "b", 0),
        ("x/other", "app 1a2b3c4d POST /2/tweets in 24 h", 2),
        ("x/me", POSTS, 50),
    ]


def test_the_statements_are_answered_by_indexes(database: Database) -> None:
    values = {"accounts": "[1, 2]", "platforms": '["x"]'}
    with transaction(database) as db:
        plan = [row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN {rate_limits._READ}", values)]
    assert not [line for line in plan if line.startswith("SCAN") and "json_each" not in line], plan


# Lifting a hold.


def held(database: Database, until: datetime = START + HOUR) -> Account:
    return add_account(database, "x/held", hold_until=until, hold_reason="402 no credit")


def test_a_hold_that_is_lifted_ends_now_and_its_posts_are_due(database: Database, clock: FakeClock) -> None:
    account = held(database)
    told(database, clock, account, limit(0, account="x/held"), limit(7, "GET /2/users/me", account="x/held"))
    no_credit = DeliveryError(Kind.QUOTA, "402 no credit")
    later, early = START + HOUR, START - 20 * HOUR
    retrying = {"state": DeliveryState.RETRYING, "next_at": later, "waiting_until": later}
    add_post(database, to(account, early, **retrying, error=no_credit))
    add_post(database, to(account, early, **retrying, error=DeliveryError(Kind.NETWORK, "cut off")))
    add_post(database, to(account, early))
    assert account.id is not None
    with transaction(database) as db:
        assert lift_hold(db, account.id, START)
        assert not lift_hold(db, account.id, START)
        after = accounts.account_by_id(db, account.id)
        posts = list(queries.posts_by_id(db, [1, 2, 3]))
        assert claims.overdue(db, now=START, limit=HOUR, most=9) == [], "what it kept back gets its chance"
        assert [d.post_id for d in claims.claim(db, now=START, cutoff=START, free=9, catch_up_gap=HOUR)] == [1], (
            "the retry, which is never late, goes before the late one"
        )
    assert after is not None
    assert (after.hold_until, after.hold_reason) == (START, None)
    assert [d.next_at for post in posts for d in post.deliveries] == [START, later, early]
    assert [d.waiting_until for d in posts[0].deliveries] == [START]
    assert stored(database) == [("GET /2/users/me", 100, 7)]


@pytest.mark.parametrize("until", [START, START - SECOND, None])
def test_an_account_that_is_not_held_is_left_alone(
    database: Database, clock: FakeClock, until: datetime | None
) -> None:
    account = add_account(database, "x/held", hold_until=until)
    told(database, clock, account, limit(0, account="x/held"))
    assert account.id is not None
    with transaction(database) as db:
        assert not lift_hold(db, account.id, START)
        assert accounts.account_by_id(db, account.id) == account
    assert stored(database) == [(POSTS, 100, 0)]
