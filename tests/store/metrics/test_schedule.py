"""Which posts are followed, when they are read next, and that the question never looks at older ones."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.clock import START
from tests.store.stores import add_account, add_post, to
from ttp.domain.account import Account
from ttp.domain.delivery import DeliveryState
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.metrics import schedule

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ALL = ("instagram", "tiktok", "x")


def published(database: Database, account: Account, remote_id: str | None, at: datetime, **fields: object) -> None:
    more = {"state": DeliveryState.PUBLISHED, "remote_id": remote_id, "published_at": at, "next_at": None, **fields}
    add_post(database, to(account, at, **more))


def ids(db: Connection, *, since: datetime = START - 28 * DAY, until: datetime = START, **more: object) -> str:
    """The remote ids of the first account's followed posts, joined."""
    found = schedule.followed_posts(db, 1, since=since, until=until, **more)  # type: ignore[arg-type]  # fields by name
    return "".join(post.remote_id for post in found)


def due(db: Connection, *platforms: str) -> list[str]:
    found = schedule.accounts_due(db, platforms or ALL, since=START - 28 * DAY, until=START - HOUR, now=START)
    return [one.name for one in found]


def test_published_posts_with_an_id_are_followed_oldest_first(
    database: Database, account: Account, db: Connection
) -> None:
    other = add_account(database, "x/other")
    published(database, account, "2", START - HOUR)
    published(database, account, "1", START - 2 * DAY)
    published(database, account, None, START - DAY)
    published(database, other, "3", START - DAY)
    published(database, account, "4", START - DAY, taken_down_at=START)
    add_post(database, to(account, START - DAY, state=DeliveryState.FAILED))
    assert ids(db) == "12"
    assert ids(db, most=1) == "1"
    assert ids(db, since=START - DAY) == "2"
    assert ids(db, until=START - DAY) == "1"
    (first, _) = schedule.followed_posts(db, 1, since=START - 28 * DAY, until=START)
    assert first.published_at == START - 2 * DAY


def test_a_post_is_due_when_it_was_never_read_or_its_next_reading_has_come(
    database: Database, account: Account, db: Connection
) -> None:
    for remote_id in "1234":
        published(database, account, remote_id, START - DAY + int(remote_id) * timedelta(seconds=1))
    schedule.record_reading(db, 1, "1", read_at=START, next_at=START)
    schedule.record_reading(db, 1, "2", read_at=START, next_at=START + HOUR)
    schedule.record_reading(db, 1, "3", read_at=START, next_at=None)
    assert ids(db, due_by=START) == "14"
    assert ids(db, due_by=START + HOUR) == "124"
    assert ids(db) == "124"


def test_what_is_put_off_keeps_when_it_was_read(database: Database, account: Account, db: Connection) -> None:
    def rows() -> list[tuple[object, ...]]:
        return [tuple(row) for row in db.execute("SELECT delivery_id, read_at, next_at FROM reading")]

    published(database, account, "1", START - DAY)
    out, now = int((START - DAY).timestamp() * 1000), int(START.timestamp() * 1000)
    schedule.record_reading(db, 1, "1", read_at=None, next_at=START)
    assert rows() == [(1, out, now)]
    schedule.record_reading(db, 1, "1", read_at=START, next_at=START + HOUR)
    schedule.record_reading(db, 1, "1", read_at=None, next_at=None)
    assert rows() == [(1, now, None)]
    schedule.record_reading(db, 1, "another's", read_at=START, next_at=None)
    assert len(rows()) == 1


def test_only_what_ttp_published_has_a_time_of_it(database: Database, account: Account, db: Connection) -> None:
    published(database, account, "1", START - DAY)
    assert schedule.published_at(db, 1, "1") == START - DAY
    assert schedule.published_at(db, 1, "2") is None
    assert schedule.published_at(db, 2, "1") is None


def test_accounts_with_something_due_come_by_their_oldest_post(
    database: Database, account: Account, db: Connection
) -> None:
    shop, quiet = add_account(database, "instagram/shop"), add_account(database, "tiktok/quiet")
    published(database, account, "1", START - DAY)
    published(database, shop, "2", START - 2 * DAY)
    published(database, quiet, "3", START - DAY / 48)  # half an hour: not of age
    assert due(db) == ["instagram/shop", "x/me"]
    assert due(db, "x") == ["x/me"]
    schedule.record_reading(db, 2, "2", read_at=START, next_at=START + HOUR)
    assert due(db) == ["x/me"]


@pytest.mark.parametrize("column", ["connected = FALSE", "enabled = FALSE", "needs_reconnect = TRUE", "removed_at = 1"])
def test_an_account_that_cannot_be_used_has_nothing_due(
    database: Database, account: Account, db: Connection, column: str
) -> None:
    published(database, account, "1", START - DAY)
    assert due(db) == ["x/me"]
    db.execute(f"UPDATE account SET {column}")
    assert due(db) == []
