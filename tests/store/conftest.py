"""The tests of statements run on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.store import stores
from tests.store.schemas import Schemas
from ttp.domain.account import Account
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.sqlite import create_tables

BOTH = {
    "test_approvals",
    "test_attempts",
    "test_claims",
    "test_table",
    "test_events",
    "test_change_log",
    "test_clock_check",
    "test_rate_limits",
    "test_notifications",
    "test_samples",
    "test_online_followers",
    "test_schedule",
    "test_queries",
    "test_unread_statements",
}
"""Modules about statements. The others are about files, SQLite's own errors, or plans."""

OF_SQLITE = {
    "test_a_limit_reads_no_more_than_it_shows",
    "test_a_store_that_is_busy_is_not_waited_for_with_an_error",
    "test_a_transaction_that_sqlite_gave_up_is_not_hidden",
    "test_no_question_looks_through_all_that_was_changed",
    "test_the_statements_are_answered_by_indexes",
}
"""Tests in those modules about what only SQLite has: its plans, its traces, its one writer."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.module.__name__.rpartition(".")[2] in BOTH and metafunc.function.__name__ not in OF_SQLITE:
        metafunc.parametrize("engine", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Let `new_store` create stores in this database."""
    name = str(getattr(request, "param", "sqlite"))
    monkeypatch.setattr(stores, "POSTGRESQL", None)
    if name == "sqlite":
        yield name
        return
    schemas: Schemas = request.getfixturevalue("schemas")
    monkeypatch.setattr(stores, "POSTGRESQL", schemas)
    with schemas.lending():
        yield name


@pytest.fixture(autouse=True)
def created_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program create its stores: each has its own id."""
    monkeypatch.setattr("ttp.store.database.create_tables", create_tables)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """A new store without rows."""
    return stores.new_store(tmp_path / "home")


@pytest.fixture
def account(database: Database) -> Account:
    return stores.add_account(database)


@pytest.fixture
def db(database: Database) -> Iterator[Connection]:
    with closing(database.connect()) as db:
        yield db
