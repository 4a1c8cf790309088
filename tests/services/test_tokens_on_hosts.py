"""Refreshing on a store that several hosts share: a host that lost its session sends nothing, and reads again first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.services.logins import Shop
from tests.store.backends import KEY
from tests.store.schemas import Schemas
from ttp.cli.context import open_database
from ttp.domain.errors import Busy
from ttp.services.connecting.tokens import SUSPENDED_AFTER_S
from ttp.store.credentials.keys import Keys
from ttp.store.credentials.table import CredentialsTable
from ttp.store.postgresql.token_locks import SharedRefreshRecord


class Host(Shop):
    """One host: its own home, and the store that all share."""

    def __init__(self, home: Path, clock: FakeClock, url: str) -> None:
        home.mkdir(0o700)
        database = open_database(home, url)
        super().__init__(home, clock, CredentialsTable(database, Keys(KEY, (), home)))
        self.database = database
        self.tokens = self.new_tokens()


@pytest.fixture
def hosts(tmp_path: Path, clock: FakeClock, schemas: Schemas) -> Iterator[tuple[Host, Host]]:
    url = schemas.take()
    one, two = (Host(tmp_path / name, clock, url) for name in ("one", "two"))
    one.add()
    clock.advance(minutes=100)
    yield one, two
    schemas.put_back()


def test_what_one_host_refreshed_the_other_uses(hosts: tuple[Host, Host]) -> None:
    one, two = hosts
    one.x.answers = [one.grant(1)]
    assert one.tokens.fresh("x/me").access_token == "access-1"
    assert two.tokens.fresh("x/me").access_token == "access-1"
    assert two.x.asked == []


def test_a_token_that_another_host_refreshed_after_it_was_read_is_not_spent_again(
    hosts: tuple[Host, Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = hosts
    one.x.answers = [one.grant(1)]
    refreshing = two.database.refreshing

    def late(account: str, *, patience_s: float) -> object:
        if not one.x.asked:
            with monkeypatch.context() as patch:
                # This host believes that it has the account's lock, and has lost it: another one refreshes.
                patch.setattr(one.database, "token_lock", lambda *_, **__: refreshing("x/nothing", patience_s=0))
                one.tokens.fresh("x/me")
        return refreshing(account, patience_s=patience_s)

    monkeypatch.setattr(two.database, "refreshing", late)
    with two.tokens.lock_token("x/me") as token:
        assert token.credentials.access_token == "access-1"
    assert len(one.x.asked) == 1
    assert two.x.asked == []


def test_a_host_whose_session_was_ended_sends_nothing(
    hosts: tuple[Host, Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = hosts
    begin = SharedRefreshRecord.begin

    def ended(record: SharedRefreshRecord, *given: object) -> object:
        (pid,) = record._session.execute("SELECT pg_backend_pid()").fetchone()
        with two.database.writing() as db:
            db.execute("SELECT pg_terminate_backend(?, 60000)", (pid,))
        return begin(record, *given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(SharedRefreshRecord, "begin", ended)
        with pytest.raises(Busy):
            one.tokens.fresh("x/me")
    assert one.x.asked == []
    two.x.answers = [two.grant(1)]
    assert two.tokens.fresh("x/me").access_token == "access-1"


def test_a_host_that_slept_before_it_could_send_sends_nothing(
    hosts: tuple[Host, Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = hosts
    begin = SharedRefreshRecord.begin

    def slow(record: SharedRefreshRecord, *given: object) -> object:
        begun = begin(record, *given)  # type: ignore[arg-type]
        one.clock.advance(SUSPENDED_AFTER_S + 1)
        return begun

    with monkeypatch.context() as patch:
        patch.setattr(SharedRefreshRecord, "begin", slow)
        assert one.tokens.fresh("x/me").access_token == "access-0", "it lives on for a while"
    assert one.x.asked == []
    two.x.answers = [two.grant(1)]
    assert two.tokens.fresh("x/me").access_token == "access-1"
