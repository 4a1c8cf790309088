"""Renewing tokens wherever they are kept: stored before they are used, and no account's trouble is another's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.services.logins import Shop
from tests.store.backends import Open, place, scribble
from ttp.domain.account import Credentials
from ttp.domain.action import action
from ttp.domain.errors import Busy, TtpError
from ttp.domain.publishing.outcome import Kind
from ttp.services.connecting.tokens import TokenRevoked, TokenUnavailable
from ttp.store.credentials import BackendUnavailable, CredentialsStore


@pytest.fixture(params=["file", "keyring", "command", "store"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opened(kind: str, tmp_path: Path) -> Iterator[Open]:
    with place(kind, tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def shop(opened: Open, tmp_path: Path, clock: FakeClock) -> Shop:
    made = Shop(tmp_path / "home", clock, opened())
    made.add()
    return made


class Failing:
    """A place of tokens whose next `put` fails."""

    def __init__(self, inner: CredentialsStore, error: TtpError) -> None:
        self._inner = inner
        self._error: TtpError | None = error
        self.get, self.remove, self.check = inner.get, inner.remove, inner.check

    def put(self, account: str, credentials: Credentials) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        self._inner.put(account, credentials)


def test_a_new_pair_is_stored_before_anyone_has_it(shop: Shop, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    put = shop.credentials.put

    def noting(account: str, credentials: Credentials) -> None:
        put(account, credentials)
        stored = opened().get(account)
        assert stored is not None
        seen.append(f"stored {stored.refresh_token}")

    monkeypatch.setattr(shop.credentials, "put", noting)
    shop.clock.advance(minutes=100)
    shop.x.answers = [shop.grant(1)]
    shop.x.before_answer = lambda: seen.append("asked")
    seen.append(f"used {shop.tokens.fresh('x/me').access_token}")
    assert seen == ["asked", "stored refresh-1", "used access-1"]


@pytest.mark.parametrize(
    ("error", "told"),
    [(BackendUnavailable("it is locked"), TokenUnavailable), (Busy("no room"), Busy)],
    ids=["away", "busy"],
)
def test_a_pair_that_cannot_be_stored_is_not_used_and_not_lost(
    shop: Shop, opened: Open, error: TtpError, told: type[TtpError]
) -> None:
    shop.credentials = Failing(shop.credentials, error)
    shop.tokens = shop.new_tokens()
    shop.clock.advance(minutes=100)
    shop.x.answers = [shop.grant(1)]
    with pytest.raises(told, match=error.message):
        shop.tokens.fresh("x/me")
    assert not shop.account().needs_reconnect
    assert shop.tokens.fresh("x/me").access_token == "access-1"
    assert opened().get("x/me") == shop.tokens.fresh("x/me")
    assert len(shop.x.asked) == 1
    assert not (shop.home / "tokens" / "x-me.json").exists()


def test_a_pair_that_waits_to_be_stored_gives_way_to_another_that_was_connected(shop: Shop) -> None:
    shop.credentials = Failing(shop.credentials, BackendUnavailable("it is locked"))
    shop.tokens = shop.new_tokens()
    shop.clock.advance(minutes=100)
    shop.x.answers = [shop.grant(1), shop.grant(3)]
    with pytest.raises(TokenUnavailable):
        shop.tokens.fresh("x/me")
    shop.add(refresh_token="refresh-2")
    shop.clock.advance(minutes=100)
    assert shop.tokens.fresh("x/me").access_token == "access-3"
    assert [sent.refresh_token for sent in shop.x.asked] == ["refresh-0", "refresh-2"]


def test_a_broken_entry_is_dead_and_the_timer_renews_the_others(shop: Shop, kind: str) -> None:
    shop.add("tiktok/me")
    scribble(kind, shop.home, "x/me", json.dumps({"accessToken": 7}))
    shop.clock.advance(minutes=100)
    shop.logins["tiktok"].answers = [shop.grant(1)]
    done = {renewal.account: renewal.error for renewal in shop.tokens.refresh_due(shop.clock.now())}
    assert (type(done["x/me"]), done["tiktok/me"]) == (TokenRevoked, None)
    assert shop.account("x/me").needs_reconnect
    with pytest.raises(TokenRevoked, match="x/me") as dead:
        shop.tokens.fresh("x/me")
    assert dead.value.hints[0].way == action("account connect", "x/me")


def test_a_place_that_does_not_answer_delays_and_kills_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(account: str) -> Credentials:
        raise BackendUnavailable("it is locked")

    with monkeypatch.context() as patch:
        patch.setattr(shop.credentials, "get", away)
        with pytest.raises(TokenUnavailable, match=r"^it is locked$") as delayed:
            shop.tokens.fresh("x/me")
        (renewal,) = shop.tokens.refresh_due(shop.clock.now())
    assert (delayed.value.outcome.kind, delayed.value.outcome.passing) == (Kind.ACCOUNT, True)
    assert isinstance(renewal.error, TokenUnavailable)
    assert shop.tokens.fresh("x/me").access_token == "access-0"


def test_an_account_whose_entry_is_broken_can_be_connected_again(
    shop: Shop, kind: str, finish: Callable[[Shop, str], None]
) -> None:
    scribble(kind, shop.home, "x/me", "{}")
    finish(shop, "x/me")
    assert shop.tokens.fresh("x/me").access_token == "access-1"


@pytest.fixture
def finish() -> Callable[[Shop, str], None]:
    """Connect an account in the browser."""
    from tests.services.logins import APP
    from ttp.platforms.login import Identity
    from ttp.platforms.oauth.callback import Code

    def done(shop: Shop, name: str) -> None:
        grant = shop.grant(1, expires_at=shop.clock.now() + timedelta(hours=2))
        shop.x.people, shop.x.answers = (Identity("12", name.partition("/")[2], grant),), [grant]
        pending = shop.connect_at(name).begin(name, APP, redirect_uri="http://127.0.0.1:1/callback")
        shop.connect_at(name).finish(pending, Code("the-code"))

    return done
