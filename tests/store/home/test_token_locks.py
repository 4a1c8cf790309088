"""Locks that all hosts of a store respect: on tokens, refreshes and media, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.clock import START
from tests.store.schemas import Schemas
from tests.store.stores import new_store
from ttp.cli.context import open_database
from ttp.domain.account import Account
from ttp.store.database import Database
from ttp.store.home.locks import TokenLocked


@pytest.fixture
def database(tmp_path: Path, schemas: Schemas) -> Iterator[Database]:
    (tmp_path / "one").mkdir(0o700)
    yield open_database(tmp_path / "one", schemas.take())
    schemas.put_back()


@pytest.fixture
def other(database: Database, tmp_path: Path) -> Database:
    """The same store on another host."""
    return on_host(database, tmp_path / "two")


def on_host(database: Database, home: Path) -> Database:
    import copy

    home.mkdir(0o700)
    there = copy.copy(database)
    there.home = home
    return there


def test_one_host_at_a_time_has_a_token_in_any_case_of_its_name(
    database: Database, other: Database, account: Account
) -> None:
    with database.token_lock("x/me", patience_s=0):
        for name in ("x/me", "X/Me"):
            with pytest.raises(TokenLocked), other.token_lock(name.lower(), patience_s=0.15):
                pass
        with other.token_lock("x/other", patience_s=0):
            pass
    with other.token_lock("x/me", patience_s=60):  # the server notices the end of a session a moment later
        pass


def test_a_token_of_an_account_that_is_published_to_is_not_taken_on_another_host(
    database: Database, other: Database, account: Account
) -> None:
    with closing(database.connect()) as publisher:
        publisher.execute("SELECT pg_advisory_lock('account'::regclass::oid::int, ?::int)", (account.id,))
        with (
            database.token_lock("x/me", patience_s=0, has_account=True),
            pytest.raises(TokenLocked),
            other.token_lock("x/me", patience_s=0),
        ):
            pass
    with other.token_lock("x/me", patience_s=60):
        pass


def test_one_host_at_a_time_refreshes_and_the_next_one_hears_of_it(
    database: Database, other: Database, account: Account
) -> None:
    with database.refreshing("x/me", patience_s=0) as record:
        assert record.is_shared
        assert record.begin("s3cret", START) is None
        with pytest.raises(TokenLocked), other.refreshing("x/me", patience_s=0):
            pass
    with other.refreshing("X/ME", patience_s=60) as record:
        assert record.begin("s3cret", START.replace(hour=23)) == START, "it got no answer"
        assert record.begin("another", START) is None
        record.end()
        assert record.begin("another", START) is None
    with database.reading() as db:
        assert db is not None
        assert "s3cret" not in str([tuple(row) for row in db.execute("SELECT * FROM token_refresh")])


def test_media_are_not_deleted_while_a_host_adds_some(database: Database, other: Database) -> None:
    with database.media_adding_lock(), other.media_adding_lock(), other.media_removing_lock() as may_remove:
        assert not may_remove

    def may_remove_now() -> bool:
        with other.media_removing_lock() as may_remove:
            return may_remove

    assert any(may_remove_now() for _ in range(10_000))  # the server notices the end of a session a moment later


def test_a_file_has_no_other_hosts(tmp_path: Path) -> None:
    database = new_store(tmp_path / "home")
    with database.media_adding_lock(), database.media_removing_lock() as may_remove:
        assert may_remove
    with database.refreshing("x/me", patience_s=0) as record:
        assert not record.is_shared
