"""Connecting an account: the result of a login, and the interface of every platform's login. No repr shows a secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from ttp.domain.account import Credentials
from ttp.domain.publishing.outcome import Kind, NotDone

UNKNOWN_APP = NotDone(Kind.ACCOUNT, "ttp does not know which app the token is from")
"""Why a token that was added by hand cannot be revoked: revoking needs the app."""


@dataclass(frozen=True, slots=True)
class App:
    """The user's own app at a platform. `client_secret` None: a public client."""

    client_id: str
    client_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """A set of tokens. `scopes`: the granted ones; empty if the platform does not say."""

    access_token: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime | None = None
    refresh_token: str | None = field(default=None, repr=False)
    refresh_expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """An account of a grant, and the grant to store for it (on Facebook, the page's own). `server_info`: limits of the
    account's server, stored with the account."""

    user_id: str
    handle: str
    grant: Grant
    server_info: Mapping[str, object] = field(default_factory=dict)


class Login(Protocol):
    """Connects and renews accounts of one platform. Safe to use from several threads. Never raises for errors of the
    network or the platform. A `passing` refusal may be retried; any other means the account must be connected again."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """The permissions that ttp requests."""

    @property
    def revokes_all(self) -> bool:
        """Whether `revoke` ends access to every account that this person connected with the app."""

    @property
    def revoke_at(self) -> str:
        """Where a person can revoke access."""

    def can_publish(self, granted: Sequence[str], options: Mapping[str, str]) -> bool:
        """Whether these scopes allow any publishing. `options`: the account's, without the platform's name."""

    def renews(self, credentials: Credentials) -> bool:
        """Whether `refresh` can renew these credentials."""

    def refresh(self, credentials: Credentials) -> Grant | NotDone:
        """Return new tokens. Without a new `refresh_token`, the old one stays valid."""

    def who(self, grant: Grant) -> tuple[Identity, ...] | NotDone:
        """Return the accounts of a grant: one, or on Facebook one per page with an Instagram account."""

    def revoke(self, credentials: Credentials) -> NotDone | None:
        """Revoke the access. Returns None when done, else why not."""

    def close(self) -> None: ...


@runtime_checkable
class BrowserLogin(Login, Protocol):
    """OAuth 2: a person approves on the platform's page."""

    @property
    def extra_scopes(self) -> tuple[str, ...]:
        """Permissions that are requested again of an account that has them, and else only where a person says so."""

    def register(self, redirect_uri: str) -> App | NotDone | None:
        """Register an app at the account's server. None: the user brings the app."""

    def challenge(self, verifier: str, redirect_uri: str) -> str | None:
        """Return the PKCE challenge of `verifier`; None if the platform does not use PKCE."""

    def authorize_url(
        self, app: App, *, state: str, redirect_uri: str, scopes: tuple[str, ...], challenge: str | None
    ) -> str:
        """Return the URL where a person approves."""

    def exchange(self, app: App, *, code: str, verifier: str | None, redirect_uri: str) -> Grant | NotDone:
        """Exchange a code for tokens. A code works once."""


class Logins(Protocol):
    """Makes a login of a platform for a server; None if the platform has none."""

    def __call__(self, platform: str, server: str | None = None, /) -> Login | None: ...


@runtime_checkable
class PasswordLogin(Login, Protocol):
    """A person types a password created for ttp."""

    @property
    def asks_for(self) -> tuple[str, ...]:
        """The prompts for the person."""

    def sign_in(self, handle: str, answers: Mapping[str, str]) -> Grant | NotDone:
        """Return the tokens for the typed answers."""


def missing_scopes(needed: Sequence[str], granted: Sequence[str]) -> tuple[str, ...]:
    """Return the needed scopes that were not granted; empty if the platform does not say what it granted."""
    return tuple(scope for scope in needed if scope not in granted) if granted else ()
