"""Connecting an account: an app of its own at the account's server, OAuth 2.0 with PKCE, and whose token it is.

See docs/reference/platforms/mastodon.md, section 2. Tokens do not end unless the server says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from ttp.domain.account import Credentials
from ttp.domain.action import action
from ttp.domain.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.http import Http
from ttp.platforms.login import UNKNOWN_APP, App, Grant, Identity
from ttp.platforms.mastodon.server import describe_server, not_an_api
from ttp.platforms.oauth import pkce
from ttp.platforms.oauth.token_response import (
    identity_refusal,
    read_grant,
    read_oauth_error,
    read_token,
    with_query,
    without_none,
)
from ttp.platforms.reply import Answer, Reply

SCOPES = ("read:accounts", "read:search", "read:statuses", "write:media", "write:statuses")
_PUBLISHING = frozenset({"read:statuses", "write:statuses"})
"""Without the first no lost answer can be looked up."""
_BROAD = {"read": "read:", "write": "write:"}
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


class MastodonLogin:
    """Sign-in at the server of `http`."""

    scopes = SCOPES
    revokes_all = False
    revoke_at = "in the settings of the account's server, under Account, Authorized apps"

    def __init__(self, http: Http, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    def close(self) -> None:
        self._http.close()

    def register(self, redirect_uri: str) -> App | NotDone | None:
        """Make an app that may use both ways back: the browser on this machine, and a code to paste."""
        addresses = list(dict.fromkeys((redirect_uri, OUT_OF_BAND)))
        body = {"client_name": "ttp", "redirect_uris": "\n".join(addresses), "scopes": " ".join(SCOPES)}
        reply = self._http.request("POST", "/api/v1/apps", json=body)
        if isinstance(reply, Answer) and reply.is_success:
            client_id, secret = read_token(reply.value_at("client_id")), read_token(reply.value_at("client_secret"))
            if client_id and secret:
                return App(client_id, secret)
        if isinstance(reply, Answer) and reply.status in (401, 403, 422, 501) and reply.value_at("error"):
            host, said = self._http.host, reply.text_at("error")
            message = f"{host} lets no program register itself ({said}): make an app in its settings, and add its token"
            hint = action("account add", f"mastodon/me@{host}", credentials="FILE")
            return NotDone(Kind.ACCOUNT, message, "registration", reply.status, hint=hint)
        if isinstance(reply, Answer):
            return not_an_api(reply, self._http.host)
        return read_oauth_error(reply, self._http.host)

    def can_publish(self, granted: Sequence[str], options: Mapping[str, str]) -> bool:
        return _PUBLISHING.issubset(expand_scopes(granted))

    def challenge(self, verifier: str, redirect_uri: str) -> str | None:
        return pkce.s256(verifier)

    def authorize_url(
        self, app: App, *, state: str, redirect_uri: str, scopes: tuple[str, ...], challenge: str | None
    ) -> str:
        return with_query(
            f"{self._http.base_url}/oauth/authorize",
            {
                "response_type": "code",
                "client_id": app.client_id,
                "redirect_uri": redirect_uri,
                "scope": " ".join(scopes),
                "state": state,
                "code_challenge": challenge,
                "code_challenge_method": None if challenge is None else "S256",
            },
        )

    def exchange(self, app: App, *, code: str, verifier: str | None, redirect_uri: str) -> Grant | NotDone:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        got = self._token(app, {**form, **({"code_verifier": verifier} if verifier else {})}, (code, verifier))
        if isinstance(got, Grant) and got.scopes and not self.can_publish(got.scopes, {}):
            lacking = ", ".join(sorted(_PUBLISHING.difference(got.scopes)))
            message = f"the permission {lacking} is missing, without which ttp cannot publish safely"
            return NotDone(Kind.AUTH, message, "scopes")
        return got

    def renews(self, credentials: Credentials) -> bool:
        return credentials.refresh_token is not None

    def refresh(self, credentials: Credentials) -> Grant | NotDone:
        token = credentials.refresh_token or ""
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self._token(_app(credentials), form, (token, credentials.access_token))

    def who(self, grant: Grant) -> tuple[Identity, ...] | NotDone:
        """Return the one account of a token, with what its server allows."""
        info = describe_server(self._http, self._clock.now())
        if isinstance(info, NotDone):
            return info
        bearer = {"Authorization": f"Bearer {grant.access_token}"}
        reply = self._http.request(
            "GET", "/api/v1/accounts/verify_credentials", headers=bearer, secrets=without_none(grant.access_token)
        )
        if isinstance(reply, Answer) and reply.is_success:
            user_id, name = reply.text_at("id"), reply.text_at("username") or reply.text_at("acct").partition("@")[0]
            if user_id and name:
                handle = f"{name}@{self._domain(info)}"
                return (Identity(user_at(user_id, self._http), handle, grant, info),)
        return identity_refusal(reply, self._http.host)

    def _domain(self, info: Mapping[str, object]) -> str:
        """The host part of the server's handles. On this machine it is the address itself, whatever the server says."""
        place = urlsplit(self._http.base_url).netloc
        domain = str(info.get("domain") or "")
        return place if self._http.is_loopback or "/" in domain or not domain else domain.lower()

    def revoke(self, credentials: Credentials) -> NotDone | None:
        if not credentials.client_id:
            return UNKNOWN_APP
        app, token = _app(credentials), credentials.access_token
        reply = self._post("/oauth/revoke", app, {"token": token}, (token,))
        return None if isinstance(reply, Answer) and reply.is_success else read_oauth_error(reply, self._http.host)

    def _token(self, app: App, form: Mapping[str, str], secrets: tuple[str | None, ...]) -> Grant | NotDone:
        now = self._clock.now()
        reply = self._post("/oauth/token", app, form, secrets)
        grant = read_grant(reply, now)
        if grant is None:
            return read_oauth_error(reply, self._http.host)
        return Grant(
            grant.access_token,
            grant.issued_at,
            grant.expires_at,
            grant.refresh_token,
            grant.refresh_expires_at,
            expand_scopes(grant.scopes),
        )

    def _post(self, path: str, app: App, form: Mapping[str, str], secrets: tuple[str | None, ...]) -> Reply:
        form = {**form, "client_id": app.client_id, "client_secret": app.client_secret or ""}
        return self._http.request("POST", path, form=form, secrets=without_none(app.client_secret, *secrets))


def expand_scopes(granted: Sequence[str]) -> tuple[str, ...]:
    """Return the granted scopes, with those of ttp's that a broad one (`read`, `write`, `profile`) covers."""
    covered = [
        scope
        for scope in SCOPES
        if any(broad in granted and scope.startswith(start) for broad, start in _BROAD.items())
        or (scope == "read:accounts" and "profile" in granted)
    ]
    return tuple(dict.fromkeys((*granted, *covered)))


def user_at(user_id: str, http: Http) -> str:
    """Return an account's identity: its id is the server's own, and another server may use the same."""
    return f"{user_id}@{urlsplit(http.base_url).netloc}"


def _app(credentials: Credentials) -> App:
    return App(credentials.client_id or "", credentials.client_secret)
