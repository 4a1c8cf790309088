"""Each login's whole way over real HTTP: the page, the code, who it is, renewing, giving back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.clock import FakeClock
from tests.login_page import says
from tests.platforms.factories import login_for
from tests.settings import Config
from ttp.domain.account import Credentials
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.login import App, BrowserLogin, Grant, Identity
from ttp.platforms.oauth import code_login
from ttp.platforms.oauth.callback import Code, Denied, read_pasted
from ttp.sandbox.instagram import records as instagram_records
from ttp.sandbox.records import SandboxApp
from ttp.sandbox.server import RunningSandbox
from ttp.sandbox.threads import records as threads_records
from ttp.sandbox.tiktok import records as tiktok_records
from ttp.sandbox.x import records as x_records

HERE = "http://127.0.0.1:8722/callback"
AWAY = "https://127.0.0.1/callback"


@dataclass(frozen=True)
class Case:
    platform: str
    app: App
    redirect: str = HERE
    by: str = "instagram"


def _app(app: SandboxApp) -> App:
    return App(app.id, app.secret)


CASES = {
    "x public": Case("x", _app(x_records.PUBLIC)),
    "x confidential": Case("x", _app(x_records.CONFIDENTIAL)),
    "tiktok desktop": Case("tiktok", _app(tiktok_records.APP)),
    "instagram": Case("instagram", _app(instagram_records.INSTAGRAM), AWAY),
    "facebook": Case("instagram", _app(instagram_records.FACEBOOK), AWAY, "facebook"),
    "threads": Case("threads", _app(threads_records.APP), AWAY),
}


class Visit:
    """One person at one login."""

    def __init__(self, case: Case, sandbox: RunningSandbox, clock: FakeClock) -> None:
        self.case, self.clock, self.url = case, clock, sandbox.url
        settings = {f"platforms.{case.platform}.base_url": sandbox.url, "platforms.instagram.login": case.by}
        self.login: BrowserLogin = login_for(case.platform, Config(settings), clock)
        self.state, self.verifier = code_login.new_state(), code_login.new_verifier()

    def address(self, scopes: tuple[str, ...] = ()) -> str:
        return self.login.authorize_url(
            self.case.app,
            state=self.state,
            redirect_uri=self.case.redirect,
            scopes=scopes or self.login.scopes,
            challenge=self.login.challenge(self.verifier, self.case.redirect),
        )

    def code(self) -> str:
        answer = read_pasted(says(self.address()), self.state)
        assert isinstance(answer, Code)
        return answer.code

    def exchange(self, code: str | None = None, verifier: str | None = None) -> Grant | NotDone:
        proof = None if self.login.challenge(self.verifier, self.case.redirect) is None else self.verifier
        return self.login.exchange(
            self.case.app, code=code or self.code(), verifier=verifier or proof, redirect_uri=self.case.redirect
        )

    def person(self) -> Identity:
        grant = self.exchange()
        assert isinstance(grant, Grant)
        people = self.login.who(grant)
        assert not isinstance(people, NotDone), people
        (person,) = people
        return person

    def credentials(self, grant: Grant) -> Credentials:
        return Credentials(
            grant.access_token,
            refresh_token=grant.refresh_token,
            expires_at=grant.expires_at,
            client_id=self.case.app.client_id,
            client_secret=self.case.app.client_secret,
        )


@pytest.fixture
def visit(sandbox: RunningSandbox) -> Iterator[Callable[..., Visit]]:
    """Makes a visit to a case's login, at a sandbox with settings."""
    clock = FakeClock()
    with ExitStack() as stack:

        def made(name: str, **settings: Any) -> Visit:
            sandbox.reset(now=clock.now, **settings)
            here = Visit(CASES[name], sandbox, clock)
            stack.callback(here.login.close)
            return here

        yield made


@pytest.mark.parametrize("name", CASES)
def test_a_yes_leads_to_the_account_with_every_needed_scope(visit: Callable[..., Visit], name: str) -> None:
    here = visit(name)
    person = here.person()
    assert person.handle == "demo"
    assert set(person.grant.scopes) == (set() if name == "threads" else set(here.login.scopes))  # Threads names none
    assert here.login.renews(here.credentials(person.grant)) == (name != "facebook")


@pytest.mark.parametrize("name", CASES)
def test_a_no_is_read_as_one(visit: Callable[..., Visit], name: str) -> None:
    here = visit(name)
    answer = read_pasted(says(here.address(), yes=False), here.state)
    assert isinstance(answer, Denied)
    assert answer.error == "access_denied"


@pytest.mark.parametrize("name", CASES)
def test_a_code_works_once(visit: Callable[..., Visit], name: str) -> None:
    here = visit(name)
    code = here.code()
    assert isinstance(here.exchange(code), Grant)
    assert isinstance(here.exchange(code), NotDone)


@pytest.mark.parametrize("name", ["x public", "x confidential", "tiktok desktop"])
def test_a_code_is_worth_nothing_without_its_verifier(visit: Callable[..., Visit], name: str) -> None:
    refusal = visit(name).exchange(verifier=code_login.new_verifier())
    assert isinstance(refusal, NotDone)
    assert (refusal.kind, refusal.passing) == (Kind.AUTH, False)


@pytest.mark.parametrize("name", ["x public", "x confidential", "tiktok desktop"])
def test_a_refresh_token_works_once(visit: Callable[..., Visit], name: str) -> None:
    here = visit(name)
    old = here.credentials(here.person().grant)
    here.clock.advance(hours=2)
    fresh = here.login.refresh(old)
    assert isinstance(fresh, Grant)
    assert fresh.refresh_token not in (None, old.refresh_token)
    assert fresh.expires_at == here.clock.now() + timedelta(hours=2)
    again = here.login.refresh(old)
    assert isinstance(again, NotDone)
    assert (again.kind, again.passing) == (Kind.AUTH, False)
    assert not isinstance(here.login.who(fresh), NotDone)


@pytest.mark.parametrize("name", ["x public", "x confidential", "tiktok desktop"])
def test_a_revoked_token_stops_working(visit: Callable[..., Visit], name: str) -> None:
    here = visit(name)
    grant = here.person().grant
    assert here.login.revoke(here.credentials(grant)) is None
    assert isinstance(here.login.who(grant), NotDone)
    assert isinstance(here.login.refresh(here.credentials(grant)), NotDone)


@pytest.mark.parametrize(
    ("name", "switches"),
    [("instagram", {"flat_tokens": True}), ("instagram", {"flat_tokens": False}), ("threads", {})],
    ids=str,
)
def test_metas_token_lives_sixty_days_and_renews_itself_after_one(
    visit: Callable[..., Visit], name: str, switches: dict[str, bool]
) -> None:
    here = visit(name, **switches)
    held = here.credentials(here.person().grant)
    assert held.expires_at == here.clock.now() + timedelta(days=60)
    young = here.login.refresh(held)
    assert isinstance(young, NotDone)
    assert young.passing
    here.clock.advance(days=30)
    fresh = here.login.refresh(held)
    assert isinstance(fresh, Grant)
    assert fresh.expires_at == here.clock.now() + timedelta(days=60)
    here.clock.advance(days=61)
    dead = here.login.refresh(here.credentials(fresh))
    assert isinstance(dead, NotDone)
    assert (dead.kind, dead.passing) == (Kind.AUTH, False)


def test_facebooks_page_token_is_kept_and_has_no_end(visit: Callable[..., Visit]) -> None:
    here = visit("facebook")
    person = here.person()
    assert person.grant.expires_at is None
    here.clock.advance(days=61)
    bearer = {"Authorization": f"Bearer {person.grant.access_token}"}
    asked = f"{here.url}/v25.0/{person.user_id}?fields=username"
    assert httpx.get(asked, headers=bearer, trust_env=False).json()["username"] == "demo"


def test_scopes_that_were_not_asked_for_are_not_granted(visit: Callable[..., Visit]) -> None:
    here = visit("tiktok desktop")
    answer = read_pasted(says(here.address(("user.info.basic", "user.info.profile"))), here.state)
    assert isinstance(answer, Code)
    grant = here.exchange(answer.code)
    assert isinstance(grant, Grant)
    assert set(grant.scopes) == {"user.info.basic", "user.info.profile"}
