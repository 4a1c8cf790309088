"""Connect X: OAuth 2.0 with PKCE, public and confidential clients, single-use refresh tokens.

See docs/reference/platforms/x.md, section 2. OAuth 1.0a user keys sign each request and never expire.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from ttp.domain.account import Credentials
from ttp.domain.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.http import Http
from ttp.platforms.login import UNKNOWN_APP, App, Grant, Identity
from ttp.platforms.oauth import pkce
from ttp.platforms.oauth.token_response import identity_refusal, read_grant, read_oauth_error, with_query, without_none
from ttp.platforms.reply import Answer, Reply, parse_numeric_id

SCOPES = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")
"""See docs/reference/platforms/x.md, section 2."""
_PUBLISHING = frozenset({"tweet.read", "tweet.write", "users.read"})
"""The scopes without which nothing can be published."""

# At DEBUG oauthlib logs the keys that it signs with.
logging.getLogger("oauthlib").setLevel(logging.WARNING)


def signature(credentials: Credentials, method: str, url: str, *, now: datetime, nonce: str | None = None) -> str:
    """Return the Authorization header of a request to `url` (complete, with query): HMAC-SHA1 (RFC 5849).

    JSON and multipart bodies are not signed (RFC 5849, section 3.4.1.3.1); X accepts no form here.
    """
    from oauthlib.oauth1 import Client

    signer = Client(
        credentials.client_id or "",
        client_secret=credentials.client_secret,
        resource_owner_key=credentials.access_token,
        resource_owner_secret=credentials.token_secret,
        timestamp=str(int(now.timestamp())),
        nonce=nonce,
    )
    _, headers, _ = signer.sign(url, method)
    return str(headers["Authorization"])


class XLogin:
    scopes = SCOPES
    revokes_all = False
    revoke_at = "on X: Settings, Security and account access, Apps and sessions"

    def __init__(self, http: Http, page: str, clock: Clock) -> None:
        self._http = http
        self._page = page
        self._clock = clock

    def close(self) -> None:
        self._http.close()

    def register(self, redirect_uri: str) -> App | NotDone | None:
        return None

    def can_publish(self, granted: Sequence[str], options: Mapping[str, str]) -> bool:
        return _PUBLISHING.issubset(granted)

    def challenge(self, verifier: str, redirect_uri: str) -> str | None:
        return pkce.s256(verifier)

    def authorize_url(
        self, app: App, *, state: str, redirect_uri: str, scopes: tuple[str, ...], challenge: str | None
    ) -> str:
        return with_query(
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
        reply = self._http.request("GET", "/2/users/me", headers=bearer, secrets=without_none(grant.access_token))
        if isinstance(reply, Answer) and reply.is_success:
            user_id, handle = parse_numeric_id(reply.value_at("data", "id")), reply.text_at("data", "username")
            if user_id and handle:
                return (Identity(user_id, handle, grant),)
        return identity_refusal(reply, "X")

    def revoke(self, credentials: Credentials) -> NotDone | None:
        if credentials.token_secret is not None:
            return NotDone(Kind.ACCOUNT, "OAuth 1.0a keys can only be revoked in X's developer portal")
        if not credentials.client_id:
            return UNKNOWN_APP
        token = credentials.refresh_token or credentials.access_token
        reply = self._post("/2/oauth2/revoke", _app(credentials), {"token": token}, (token,))
        return None if isinstance(reply, Answer) and reply.is_success else read_oauth_error(reply, "X")

    def _token(self, app: App, form: Mapping[str, str], secrets: tuple[str | None, ...]) -> Grant | NotDone:
        now = self._clock.now()
        reply = self._post("/2/oauth2/token", app, form, secrets)
        return read_grant(reply, now) or read_oauth_error(reply, "X")

    def _post(self, path: str, app: App, form: Mapping[str, str], secrets: tuple[str | None, ...]) -> Reply:
        """A confidential client authenticates by Basic, a public one by its id in the form; never both."""
        headers = {}
        if app.client_secret is None:
            form = {**form, "client_id": app.client_id}
        else:
            # RFC 6749, section 2.3.1: both are form-encoded before they are joined.
            pair = f"{quote(app.client_id, safe='')}:{quote(app.client_secret, safe='')}"
            headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        return self._http.request(
            "POST", path, form=form, headers=headers, secrets=without_none(app.client_secret, *secrets)
        )


def _app(credentials: Credentials) -> App:
    return App(credentials.client_id or "", credentials.client_secret)
