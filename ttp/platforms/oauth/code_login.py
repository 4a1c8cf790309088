"""Logins by OAuth 2.0 with a code: what the platforms share. Random values and PKCE challenges (RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence

from ttp.domain.account import Credentials
from ttp.domain.outcome import NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.http import Http, HttpPart
from ttp.platforms.login import App, Grant
from ttp.platforms.oauth.token_response import with_query


class CodeLogin(HttpPart[Http]):
    """A login with a code. `page`: where a person approves."""

    scopes: tuple[str, ...]
    publishing: tuple[str, ...]
    """The scopes without which nothing can be published."""
    revokes_all = False
    client_id_name = "client_id"
    scope_separator = " "

    def __init__(self, http: Http, page: str, clock: Clock) -> None:
        super().__init__(http, clock)
        self._page = page

    def register(self, redirect_uri: str) -> App | NotDone | None:
        return None

    def can_publish(self, granted: Sequence[str], options: Mapping[str, str]) -> bool:
        return set(self.publishing).issubset(granted)

    def challenge(self, verifier: str, redirect_uri: str) -> str | None:
        return s256(verifier)

    def authorize_url(
        self, app: App, *, state: str, redirect_uri: str, scopes: tuple[str, ...], challenge: str | None
    ) -> str:
        return with_query(
            self._page,
            {
                "response_type": "code",
                self.client_id_name: app.client_id,
                "redirect_uri": redirect_uri,
                "scope": self.scope_separator.join(scopes),
                "state": state,
                "code_challenge": challenge,
                "code_challenge_method": None if challenge is None else "S256",
            },
        )

    def exchange(self, app: App, *, code: str, verifier: str | None, redirect_uri: str) -> Grant | NotDone:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if verifier is not None:
            form["code_verifier"] = verifier
        return self.request_token(app, form, code, verifier)

    def renews(self, credentials: Credentials) -> bool:
        return credentials.refresh_token is not None

    def refresh(self, credentials: Credentials) -> Grant | NotDone:
        token = credentials.refresh_token or ""
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self.request_token(app_of(credentials), form, token, credentials.access_token)

    def request_token(self, app: App, form: Mapping[str, str], *hidden: str | None) -> Grant | NotDone:
        """Send a form to the token endpoint. `hidden`: the secrets in it."""
        raise NotImplementedError


def app_of(credentials: Credentials) -> App:
    """Return the app that credentials were issued to."""
    return App(credentials.client_id or "", credentials.client_secret)


def new_state() -> str:
    """Return a state: 192 random bits, unreserved characters only."""
    return secrets.token_urlsafe(24)


def new_verifier() -> str:
    """Return 64 unreserved characters (RFC 7636 asks for 43 to 128)."""
    return secrets.token_urlsafe(48)


def s256(verifier: str) -> str:
    """Return the challenge of RFC 7636: base64url of the SHA-256, without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()
