"""Connecting X: OAuth 2.0 with PKCE, public and confidential clients; refresh tokens that work once.

See docs/reference/platforms/x.md, section 2. Keys of OAuth 1.0a are never renewed here.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import quote

from ttp.domain.account import Credentials, Platform
from ttp.domain.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.http import Http
from ttp.platforms.oauth import pkce
from ttp.platforms.oauth.grant import (
    UNKNOWN_APP,
    App,
    Grant,
    Identity,
    address,
    known,
    read_grant,
    refused,
    unknown_person,
)
from ttp.platforms.oauth.scopes import NEEDED
from ttp.platforms.reply import Answer, Reply, number_id


class XLogin:
    platform = Platform.X
    scopes = NEEDED[Platform.X]
    needs_secret = False
    revokes_all = False

    def __init__(self, http: Http, page: str, clock: Clock) -> None:
        self._http = http
        self._page = page
        self._clock = clock

    def close(self) -> None:
        self._http.close()

    def challenge(self, verifier: str, redirect_uri: str) -> str | None:
        return pkce.s256(verifier)

    def authorize_url(
        self, app: App, *, state: str, redirect_uri: str, scopes: tuple[str, ...], challenge: str | None
    ) -> str:
        return address(
            self._page,
            {
                "response_type": "code",
                "client_id": app.client_id,
                "redirect_uri": redirect_uri,
                "scope": " ".join(scopes),
                "state": state,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            },
        )

    def exchange(self, app: App, *, code: str, verifier: str | None, redirect_uri: str) -> Grant | NotDone:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return self._token(app, {**form, "code_verifier": verifier or ""}, (code, verifier))

    def renews(self, credentials: Credentials) -> bool:
        return credentials.refresh_token is not None and credentials.token_secret is None

    def refresh(self, credentials: Credentials) -> Grant | NotDone:
        token, app = credentials.refresh_token or "", _app(credentials)
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self._token(app, form, (token, credentials.access_token))

    def who(self, grant: Grant) -> tuple[Identity, ...] | NotDone:
        bearer = {"Authorization": f"Bearer {grant.access_token}"}
        reply = self._http.ask("GET", "/2/users/me", headers=bearer, secrets=known(grant.access_token))
        if isinstance(reply, Answer) and reply.is_success:
            user_id, handle = number_id(reply.at("data", "id")), reply.words("data", "username")
            if user_id and handle:
                return (Identity(user_id, handle, grant),)
        return unknown_person(reply, "X")

    def revoke(self, credentials: Credentials) -> NotDone | None:
        if credentials.token_secret is not None:
            return NotDone(Kind.ACCOUNT, "keys of OAuth 1.0a are taken back in X's developer portal only")
        if not credentials.client_id:
            return UNKNOWN_APP
        token = credentials.refresh_token or credentials.access_token
        reply = self._post("/2/oauth2/revoke", _app(credentials), {"token": token}, (token,))
        return None if isinstance(reply, Answer) and reply.is_success else refused(reply, "X")

    def _token(self, app: App, form: Mapping[str, str], secrets: tuple[str | None, ...]) -> Grant | NotDone:
        now = self._clock.now()
        reply = self._post("/2/oauth2/token", app, form, secrets)
        return read_grant(reply, now) or refused(reply, "X")

    def _post(self, path: str, app: App, form: Mapping[str, str], secrets: tuple[str | None, ...]) -> Reply:
        """A confidential client proves itself by Basic; a public one names itself in the form. Never both."""
        headers = {}
        if app.client_secret is None:
            form = {**form, "client_id": app.client_id}
        else:
            # RFC 6749, section 2.3.1: both are form-encoded before they are joined.
            pair = f"{quote(app.client_id, safe='')}:{quote(app.client_secret, safe='')}"
            headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        return self._http.ask("POST", path, form=form, headers=headers, secrets=known(app.client_secret, *secrets))


def _app(credentials: Credentials) -> App:
    return App(credentials.client_id or "", credentials.client_secret)
