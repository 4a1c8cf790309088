"""Logins by OAuth 2.0 with a code: what the platforms share. Random values and PKCE challenges (RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence

from ttp.domain.account import Credentials
from ttp.domain.publishing.outcome import NotDone
from ttp.platforms.addresses import configured_url
from ttp.platforms.http import Http, HttpPart
from ttp.platforms.login import UNKNOWN_APP, App, Grant
from ttp.platforms.oauth.token_response import read_grant, read_oauth_error, with_query
from ttp.platforms.reply import Answer, Reply


class CodeLogin(HttpPart[Http]):
    """A login with a code. `platform`: its name in the settings."""

    platform: str
    scopes: tuple[str, ...]
    publishing: tuple[str, ...]
    """The scopes without which nothing can be published."""
    extra_scopes: tuple[str, ...] = ()
    revokes_all = False
    client_id_name = "client_id"
    scope_separator = " "
    token_path, revoke_path = "", ""
    errors_are_successes = False
    """Whether some errors come with status 200."""

    def page(self) -> str:
        """Return where a person approves."""
        return configured_url(self._config, f"platforms.{self.platform}.authorize_url", self._http.base_url)

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
            self.page(),
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

    def revoke(self, credentials: Credentials) -> NotDone | None:
        if not credentials.client_id:
            return UNKNOWN_APP
        token = credentials.access_token
        reply = self.post_as(app_of(credentials), self.revoke_path, {"token": token}, token)
        is_page = isinstance(reply, Answer) and reply.data is None and bool(reply.body.strip())
        return None if self._is_accepted(reply) and not is_page else read_oauth_error(reply, self.name)

    def request_token(self, app: App, form: Mapping[str, str], *hidden: str | None) -> Grant | NotDone:
        """Send a form to the token endpoint. `hidden`: the secrets in it."""
        now = self._clock.now()
        reply = self.post_as(app, self.token_path, form, *hidden)
        grant = read_grant(reply, now) if self._is_accepted(reply) else None
        return grant or read_oauth_error(reply, self.name)

    def post_as(self, app: App, path: str, form: Mapping[str, str], *hidden: str | None) -> Reply:
        """Send a form in the name of an app."""
        named = {self.client_id_name: app.client_id, "client_secret": app.client_secret or ""}
        return self._http.request("POST", path, form={**named, **form}, secrets=(app.client_secret, *hidden))

    def ask(self, path: str, token: str, query: Mapping[str, str] | None = None, method: str = "GET") -> Reply:
        """Make a request with a token that no account has yet."""
        bearer = {"Authorization": f"Bearer {token}"}
        return self._http.request(method, path, query=query, headers=bearer, secrets=(token,))

    def _is_accepted(self, reply: Reply) -> bool:
        """Whether a token endpoint did what it was asked for."""
        return reply.is_success and not (self.errors_are_successes and reply.value_at("error") is not None)


def app_of(credentials: Credentials) -> App:
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
