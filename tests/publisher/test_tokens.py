"""Tokens in the publisher: renewed before publishing, once after a refusal, and by timer; never during a call."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.publisher.bench import Bench
from tests.services.logins import FakeLogin
from ttp.domain.account import Credentials
from ttp.domain.action import action
from ttp.domain.delivery import DeliveryState
from ttp.domain.publishing.outcome import Done, Kind, NotDone
from ttp.platforms.client import Wait
from ttp.platforms.login import Grant
from ttp.publisher.periodic import token_refresh
from ttp.store.credentials import BackendUnavailable
from ttp.store.home.locks import TokenLocked, token_lock

REFUSED = NotDone(Kind.AUTH, "401 Unauthorized", code="401", http_status=401)
FORBIDDEN = NotDone(Kind.AUTH, "403 missing scope", code="403", http_status=403)
DEAD = NotDone(Kind.AUTH, "X answered invalid_grant", code="invalid_grant", http_status=400)
AWAY = NotDone(Kind.NETWORK, "no connection", passing=True)


@pytest.fixture
def login(bench: Bench) -> FakeLogin:
    """X's login, and a pair of tokens of two hours that it renews."""
    made = bench.logins["x"] = FakeLogin("x")
    now = bench.clock.now()
    pair = Credentials("old", refresh_token="r0", issued_at=now, expires_at=now + timedelta(hours=2))
    bench.credentials.put("x/me", pair)
    return made


def grant(bench: Bench, token: str = "new") -> Grant:
    return Grant(token, bench.clock.now(), bench.clock.now() + timedelta(hours=2), f"r-{token}")


def tokens_sent(bench: Bench) -> list[str]:
    return [order.credentials.access_token for order in bench.x.orders]


def test_a_token_that_is_due_is_renewed_before_the_first_step(bench: Bench, login: FakeLogin) -> None:
    bench.clock.advance(minutes=100)
    bench.post(due=6000)
    login.answers = [grant(bench)]
    bench.x.publishes.append(Done("1"))
    bench.run()
    assert tokens_sent(bench) == ["new", "new"]


def test_a_token_refused_at_the_call_is_renewed_once_and_the_call_repeated(bench: Bench, login: FakeLogin) -> None:
    bench.post()
    login.answers = [grant(bench)]
    bench.x.publishes.extend([REFUSED, Done("1")])
    bench.run()
    assert bench.delivery().state is DeliveryState.PUBLISHED
    assert tokens_sent(bench) == ["old", "old", "new", "new"]
    assert bench.intents() == ["refused", "done"]


def test_a_token_refused_at_a_step_is_renewed_once(bench: Bench, login: FakeLogin) -> None:
    bench.post()
    login.answers = [grant(bench)]
    bench.x.prepares.append([REFUSED])
    bench.x.publishes.append(Done("1"))
    bench.run()
    assert bench.delivery().state is DeliveryState.PUBLISHED
    assert tokens_sent(bench) == ["old", "new", "new"]


def test_a_refused_new_token_is_final(bench: Bench, login: FakeLogin) -> None:
    bench.post()
    login.answers = [grant(bench)]
    bench.x.publishes.extend([REFUSED, REFUSED])
    bench.run()
    error = bench.error()
    assert (bench.delivery().state, error.kind) == (DeliveryState.FAILED, Kind.AUTH)
    assert bench.account_now("x/me").needs_reconnect
    assert len(login.asked) == 1


def test_a_missing_permission_renews_nothing(bench: Bench, login: FakeLogin) -> None:
    bench.post()
    bench.x.publishes.append(FORBIDDEN)
    bench.run()
    assert login.asked == []
    assert bench.delivery().state is DeliveryState.FAILED


@pytest.mark.parametrize(("seconds", "refused"), [(6000, False), (60, True)])
def test_a_dead_token_fails_due_posts_only(bench: Bench, login: FakeLogin, seconds: float, refused: bool) -> None:
    due, later = bench.post(due=seconds), bench.post(due=90_000)
    bench.clock.advance(seconds)
    login.answers = [DEAD]
    if refused:
        bench.x.prepares.append([REFUSED])
    bench.run()
    error = bench.error(due)
    assert (error.kind, bench.delivery(later).state) == (Kind.AUTH, DeliveryState.PENDING)
    assert bench.account_now("x/me").needs_reconnect
    assert len(login.asked) == 1


def test_a_temporary_renewal_failure_delays_the_post(bench: Bench, login: FakeLogin) -> None:
    bench.clock.advance(hours=3)
    bench.post(due=10_800)
    login.answers = [AWAY, grant(bench)]
    bench.x.publishes.append(Done("1"))
    bench.run()
    assert bench.delivery().state is DeliveryState.PUBLISHED
    assert not bench.account_now("x/me").needs_reconnect


def test_a_token_is_not_renewed_elsewhere_while_its_post_is_processing(bench: Bench, login: FakeLogin) -> None:
    seen: list[str] = []

    def other() -> None:
        seen.extend(renewal.account for renewal in bench.tokens().refresh_due(bench.clock.now()))
        with pytest.raises(TokenLocked), token_lock(bench.database.home, "x/me", patience_s=0):
            pass

    bench.post()
    bench.x.prepares.append([Wait(3000, "the video"), Wait(3000, "the video"), other])
    bench.x.publishes.append(Done("1"))
    bench.run()
    assert seen == []
    assert tokens_sent(bench) == ["old", "old"]
    login.answers = [grant(bench)]
    assert [renewal.account for renewal in bench.tokens().refresh_due(bench.clock.now())] == ["x/me"]


def test_an_interrupted_run_renews_nothing_at_its_end(bench: Bench, login: FakeLogin) -> None:
    bench.clock.advance(minutes=100)
    with token_refresh(bench.tokens(), bench.clock, lambda: True):
        pass
    assert login.asked == []
    assert bench.tokens().refresh_due(bench.clock.now(), lambda: True) == []
    assert login.asked == []


def test_a_short_run_renews_due_tokens_at_its_end(bench: Bench, login: FakeLogin) -> None:
    bench.clock.advance(minutes=100)
    login.answers = [grant(bench)]
    with token_refresh(bench.tokens(), bench.clock):
        pass
    held = bench.credentials.get("x/me")
    assert held is not None
    assert held.access_token == "new"


def test_broken_credentials_of_one_account_do_not_affect_others(bench: Bench) -> None:
    bench.account("x/other")
    broken, whole = bench.post("x/me"), bench.post("x/other")
    data = json.loads(bench.credentials.path.read_text())
    data["accounts"]["x/me"] = {"accessToken": 7}
    bench.credentials.path.write_text(json.dumps(data))
    bench.x.publishes.append(Done("1"))
    bench.run()
    error = bench.delivery(broken).error
    assert bench.delivery(whole).state is DeliveryState.PUBLISHED
    assert error is not None
    assert (bench.delivery(broken).state, error.kind) == (DeliveryState.FAILED, Kind.AUTH)
    assert "the credentials of x/me" in error.message
    assert error.hint == action("account connect", "x/me")
    assert bench.account_now("x/me").needs_reconnect
    assert not bench.account_now("x/other").needs_reconnect


def test_an_unavailable_credentials_backend_delays_the_post(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    get, asked = bench.credentials.get, []

    def away_once(account: str) -> Credentials | None:
        asked.append(account)
        if len(asked) == 1:
            raise BackendUnavailable("the keyring does not answer: it is locked")
        return get(account)

    monkeypatch.setattr(bench.credentials, "get", away_once)
    bench.post()
    bench.x.publishes.append(Done("1"))
    bench.run()
    assert bench.delivery().state is DeliveryState.PUBLISHED
    assert [step.message for step in bench.attempts() if step.step == "credentials"] == [
        "the keyring does not answer: it is locked"
    ]
    assert not bench.account_now("x/me").needs_reconnect
