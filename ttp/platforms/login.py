"""Connecting an account: what a login gives, and what every platform's login can do. No secret is part of a repr."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from ttp.domain.account import Credentials
from ttp.domain.outcome import Kind, NotDone

UNKNOWN_APP = NotDone(Kind.ACCOUNT, "ttp does not know which app the token is from")
"""Why a token that was added by hand cannot be given back: its app must name itself."""


@dataclass(frozen=True, slots=True)
class App:
    """The user's own app at a platform. `client_secret` None: a public client."""

    client_id: str
    client_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """One set of tokens. `scopes`: what was granted, empty where the platform did not say."""

    access_token: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime | None = None
    refresh_token: str | None = field(default=None, repr=False)
    refresh_expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """An account that a grant is good for, and the grant to keep for it (Facebook: the page's own).

    `server_info`: what the account's server allows, which is stored with the account."""

    user_id: str
    handle: str
    grant: Grant
    server_info: Mapping[str, object] = field(default_factory=dict)


class Login(Protocol):
    """One platform's way to connect. Safe to use from several threads; raises nothing the network or a platform does.

    A refusal with `passing` may be tried again; one without means that a person must connect the account again.
    """

    @property
    def scopes(self) -> tuple[str, ...]:
        """The permissions that ttp asks for."""
        ...

    @property
    def revokes_all(self) -> bool:
        """Whether `revoke` ends the access of every account that its person has connected with the app."""
        ...

    @property
    def revoke_at(self) -> str:
        """Where a person takes the access back."""
        ...

    def can_publish(self, granted: Sequence[str], options: Mapping[str, str]) -> bool:
        """Whether anything at all can be published with these scopes. `options`: the account's, without the platform's
        name."""
        ...

    def renews(self, credentials: Credentials) -> bool:
        """Whether `refresh` can do anything for these credentials."""
        ...

    def refresh(self, credentials: Credentials) -> Grant | NotDone:
        """Return new tokens for old ones. Where the new `refresh_token` is None, the old one stays."""
        ...

    def who(self, grant: Grant) -> tuple[Identity, ...] | NotDone:
        """Return the accounts that the grant is good for: one, or on Facebook one for each page with an account."""
        ...

    def revoke(self, credentials: Credentials) -> NotDone | None:
        """Give the access back. None: done; else why it was not."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


@runtime_checkable
class BrowserLogin(Login, Protocol):
    """OAuth 2: a person says yes on the platform's page."""

    def register(self, redirect_uri: str) -> App | NotDone | None:
        """Make an app at the account's server. None: the user brings the app."""
        ...

    def challenge(self, verifier: str, redirect_uri: str) -> str | None:
        """Return the PKCE challenge of `verifier`; None where the platform takes none."""
        ...

    def authorize_url(
        self, app: App, *, state: str, redirect_uri: str, scopes: tuple[str, ...], challenge: str | None
    ) -> str:
        """Return the address that a person opens to say yes."""
        ...

    def exchange(self, app: App, *, code: str, verifier: str | None, redirect_uri: str) -> Grant | NotDone:
        """Return the tokens that a code is good for. A code works once."""
        ...


class Logins(Protocol):
    """Makes a new login of a platform, for accounts of that server; None where it has none."""

    def __call__(self, platform: str, server: str | None = None, /) -> Login | None: ...


@runtime_checkable
class PasswordLogin(Login, Protocol):
    """A person types a password made for this program."""

    @property
    def asks_for(self) -> tuple[str, ...]:
        """What is asked of the person, in words."""
        ...

    def sign_in(self, handle: str, answers: Mapping[str, str]) -> Grant | NotDone:
        """Return the tokens that the answers are good for."""
        ...


def missing_scopes(needed: Sequence[str], granted: Sequence[str]) -> tuple[str, ...]:
    """Return the needed scopes that were not granted; none where the platform did not say what it granted."""
    return tuple(scope for scope in needed if scope not in granted) if granted else ()
