"""Statements that are sent without waiting for their answers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext

import pytest

from tests.store.test_writer import at_once
from ttp.domain.account import Account
from ttp.store.database import Database
from ttp.store.dialect import Conflicting, Connection
from ttp.store.writer import Writer

_RENAME = "UPDATE account SET timezone = ? WHERE id = ?"
_TWICE = "INSERT INTO slot (id, account_id, cron, timezone, created_at) VALUES (1, ?, ?, 'UTC', 0)"


def rename_and_fail(db: Connection, account: Account, to: str, *, reads: bool = False) -> None:
    db.send(_RENAME, (to, account.id))
    if reads:
        assert zone(db) == to
    raise ZeroDivisionError


def send_twice(db: Connection, account: Account) -> None:
    db.send(_TWICE, (account.id, "0 9 * * *"))
    db.send(_TWICE, (account.id, "0 8 * * *"))


def zone(db: Connection) -> object:
    return db.execute("SELECT timezone FROM account").fetchone()[0]


def test_what_is_sent_is_done_before_the_next_statement_and_kept_with_the_transaction(
    db: Connection, account: Account
) -> None:
    with db.transaction():
        db.send(_RENAME, ("Asia/Tokyo", account.id))
        assert zone(db) == "Asia/Tokyo"
        db.send(_RENAME, ("Europe/Paris", account.id))
    assert zone(db) == "Europe/Paris"


def test_what_is_sent_is_undone_with_its_transaction(db: Connection, account: Account) -> None:
    with pytest.raises(ZeroDivisionError), db.transaction():
        rename_and_fail(db, account, "Asia/Tokyo")
    with pytest.raises(ZeroDivisionError), db.transaction():
        rename_and_fail(db, account, "Asia/Tokyo", reads=True)
    assert zone(db) is None


def test_an_error_of_what_is_sent_last_is_raised_by_the_commit(db: Connection, account: Account) -> None:
    with pytest.raises(Conflicting), db.transaction():
        send_twice(db, account)
    assert not db.in_transaction
    assert not db.execute("SELECT 1 FROM slot").fetchall()


def test_an_error_of_what_is_sent_belongs_to_its_own_savepoint(db: Connection, account: Account) -> None:
    with db.transaction():
        db.send(_RENAME, ("Asia/Tokyo", account.id))
        with pytest.raises(Conflicting), db.savepoint():
            send_twice(db, account)
        with pytest.raises(ZeroDivisionError), db.savepoint():
            rename_and_fail(db, account, "Europe/Paris")
    assert zone(db) == "Asia/Tokyo"


def test_of_many_pieces_of_work_the_one_whose_sent_statement_fails_gets_the_error(
    database: Database, db: Connection, account: Account
) -> None:
    with closing(Writer(database.connect)) as writer:
        writer.run(lambda db: db.send(_TWICE, (account.id, "0 9 * * *")))
        with pytest.raises(Conflicting):
            writer.run(lambda db: db.send(_TWICE, (account.id, "0 8 * * *")))
        writer.run(lambda db: db.send(_RENAME, ("Asia/Tokyo", account.id)))
    assert zone(db) == "Asia/Tokyo"


def test_of_many_pieces_of_work_at_once_the_one_whose_last_statement_fails_gets_the_error(
    database: Database, db: Connection, account: Account
) -> None:
    with closing(Writer(database.connect)) as writer:
        rename, fail = (lambda db: db.send(_RENAME, ("Asia/Tokyo", account.id))), lambda db: send_twice(db, account)
        with at_once(writer, rename, fail) as (renamed, failed):
            assert isinstance(failed.exception(), Conflicting)
            assert renamed.exception() is None
    assert zone(db) == "Asia/Tokyo"


def test_a_statement_that_an_error_keeps_from_being_prepared_succeeds_later(db: Connection, account: Account) -> None:
    """The driver prepares what it has sent five times."""

    def rename(part: Callable[[], AbstractContextManager[None]]) -> None:
        for failing in (True, *(False,) * 5, True, False):
            with pytest.raises(Conflicting) if failing else nullcontext(), part():
                if failing:
                    send_twice(db, account)
                db.send(_RENAME, ("Asia/Tokyo", account.id))

    rename(db.transaction)
    with db.transaction():
        db.send(_RENAME, (None, account.id))
        rename(db.savepoint)
    assert zone(db) == "Asia/Tokyo"
