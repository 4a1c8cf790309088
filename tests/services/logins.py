"""A login that answers as told, and a store with one connected account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from tests.clock import FakeClock
from tests.platforms.factories import PLATFORMS
from tests.settings import Config
from tests.store.stores import store_at
from ttp.domain.account import Account, Credentials
from ttp.domain.publishing.outcome import NotDone
from ttp.platforms.login import App, Grant, Identity
from ttp.services.connecting.connect import AccountConnector
from ttp.services.connecting.tokens import Tokens
from ttp.store import accounts
from ttp.store import accounts as stored_accounts
from ttp.store.credentials import CredentialsFile, CredentialsStore

APP = App("the-client", "the-secret")


@dataclass
class FakeLogin:
    """Refreshes and codes end as `answers` say, in order; `asked` is every credential that was sent to be renewed."""

    platform: str
    answers: list[Grant | NotDone] = field(default_factory=list)
    people: tuple[Identity, ...] | NotDone = ()
    scopes: tuple[str, ...] = ("write", "offline")
    extra_scopes: tuple[str, ...] = ("delete", "comment")
    revokes_all: bool = False
    revoke_at: str = "in the settings"
    can_renew: bool = True
    before_answer: Callable[[], object] = lambda: None
    asked: list[Credentials] = field(default_factory=list)
    keeps: NotDone | None = None
    """Why it does not take access back."""
    revoked: list[Credentials] = field(default_factory=list)
    exchanged: list[tuple[App, str, str | None, str]] = field(default_factory=list)

    def close(self) -> None:
        """There is nothing to close."""

    def register(self, redirect_uri: str) -> App | NotDone | None:
        return None

    def can_publish(self, granted: Sequence[str], options: Mapping[str, str]) -> bool:
        return True

    def challenge(self, verifier: str, redirect_uri: str) -> str | None:
        return f"challenge-of-{verifier}"

    def authorize_url(
        self, app: App, *, state: str, redirect_uri: str, scopes: tuple[str, ...], challenge: str | None
    ) -> str:
        return f"https://page.example/?{app.client_id}&{state}&{redirect_uri}&{','.join(scopes)}&{challenge}"

    def exchange(self, app: App, *, code: str, verifier: str | None, redirect_uri: str) -> Grant | NotDone:
        self.exchanged.append((app, code, verifier, redirect_uri))
        return self.answers.pop(0)

    def renews(self, credentials: Credentials) -> bool:
        return self.can_renew and (credentials.refresh_token is not None or self.platform == "instagram")

    def refresh(self, credentials: Credentials) -> Grant | NotDone:
        self.asked.append(credentials)
        self.before_answer()
        return self.answers.pop(0)

    def who(self, grant: Grant) -> tuple[Identity, ...] | NotDone:
        if isinstance(self.people, NotDone):
            return self.people
        return tuple(replace(person, grant=grant) for person in self.people)

    def revoke(self, credentials: Credentials) -> NotDone | None:
        self.revoked.append(credentials)
        return self.keeps


class Shop:
    """One store, its logins, and the services over them."""

    def __init__(self, home: Path, clock: FakeClock, credentials: CredentialsStore | None = None) -> None:
        self.home = home
        self.clock = clock
        self.config = Config()
        self.database = store_at(home)
        self.credentials: CredentialsStore = credentials or CredentialsFile(home)
        self.logins: dict[str, FakeLogin] = {platform: FakeLogin(platform) for platform in PLATFORMS.names()}
        self.x = self.logins["x"]
        self.tokens = self.new_tokens()

    def login(self, platform: str, server: str | None = None) -> FakeLogin:
        return self.logins[platform]

    def connect_at(self, name: str, server: str | None = None) -> AccountConnector:
        """The service for the account (or the platform) of that name."""
        login = self.logins[name.partition("/")[0]]
        return AccountConnector(self.database, self.credentials, login, self.config, self.clock, PLATFORMS, server)

    def new_tokens(self) -> Tokens:
        """The service as another process has it."""
        return Tokens(self.database, self.credentials, self.login, self.config, self.clock, PLATFORMS)

    def add(self, name: str = "x/me", *, life: timedelta = timedelta(hours=2), **more: object) -> Account:
        """A connected account with a pair of tokens that were issued now."""
        platform, _, handle = name.partition("/")
        now = self.clock.now()
        hosts = {"x": "api.x.com", "tiktok": "open.tiktokapis.com", "instagram": "graph.instagram.com"}
        pair = Credentials(
            "access-0",
            host=hosts[platform],
            refresh_token="refresh-0",
            issued_at=now,
            expires_at=now + life,
            client_id=APP.client_id,
            client_secret=APP.client_secret,
        )
        account = Account(platform, handle, connected=True)
        self.credentials.put(name, replace(pair, **{k: v for k, v in more.items() if k != "user_id"}))  # type: ignore[arg-type]  # fields by name
        account = replace(account, user_id=more.get("user_id"))  # type: ignore[arg-type]  # a text or None
        with self.database.writing() as db:
            accounts.save(db, account, now=now)
        return self.account(name)

    def account(self, name: str = "x/me") -> Account:
        platform, _, handle = name.partition("/")
        with self.database.reading() as db:
            assert db is not None
            found = stored_accounts.account(db, platform, handle)
        assert found is not None
        return found

    def grant(self, number: int, *, life: timedelta | None = timedelta(hours=2), **more: object) -> Grant:
        """The pair of that number, issued now."""
        now = self.clock.now()
        given: dict[str, object] = {
            "refresh_token": f"refresh-{number}",
            "expires_at": None if life is None else now + life,
            **more,
        }
        return Grant(f"access-{number}", issued_at=now, **given)  # type: ignore[arg-type]  # fields by name
