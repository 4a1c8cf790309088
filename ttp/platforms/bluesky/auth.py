"""Signing in with an app password, and renewing the session (docs/reference/platforms/bluesky.md, section 2)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from ttp.domain.account import Account, Credentials
from ttp.domain.config import Config
from ttp.domain.diagnostics import Remark, failure_remark, warning_remark
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.bluesky.errors import BlueskyPart
from ttp.platforms.bluesky.identity import (
    Identities,
    is_fixed,
    looked_up,
    moved_server_error,
    parse_did,
    present_server,
)
from ttp.platforms.client import CHECK_PATIENCE_S, AccountInfo, Checker, PublishRequest
from ttp.platforms.http import Http, HttpPart
from ttp.platforms.login import Grant, Identity
from ttp.platforms.oauth.token_response import read_oauth_error, read_token
from ttp.platforms.reply import Answer, Reply

ENTRYWAY, BEHIND_ENTRYWAY = "https://bsky.social", ".host.bsky.network"
"""Accounts on Bluesky's own servers sign in here; everything else goes to their server."""
APP_PASSWORD = "App password"  # noqa: S105 (what the person is asked for)
_OWN_PASSWORD = "com.atproto.access"  # noqa: S105 (the scope of a session by the account's own password)
_SETTINGS = "Bluesky's settings, Privacy and security, App passwords"
_LAST_YEAR = 2100


class BlueskyLogin(HttpPart[Http]):
    """Sign-in at the server of `http`."""

    scopes: tuple[str, ...] = ()
    revokes_all = False
    revoke_at = _SETTINGS
    asks_for = (APP_PASSWORD,)

    def __init__(self, http: Http, config: Config, clock: Clock) -> None:
        super().__init__(http, config, clock)
        self._sessions = ENTRYWAY if http.host.endswith(BEHIND_ENTRYWAY) else ""

    def can_publish(self, granted: Sequence[str], options: Mapping[str, str]) -> bool:
        return True

    def renews(self, credentials: Credentials) -> bool:
        return credentials.refresh_token is not None

    def sign_in(self, handle: str, answers: Mapping[str, str]) -> Grant | NotDone:
        """Return a session. The account's own password is refused: it may do anything, and an app password may not."""
        password = answers.get(APP_PASSWORD, "")
        if not password.strip():
            return NotDone(Kind.AUTH, f"the app password is empty: make one in {_SETTINGS}")
        body = {"identifier": handle, "password": password}
        reply = self._ask("com.atproto.server.createSession", body=body, secrets=(password,))
        grant = self._read_grant(reply)
        if grant is None:
            return _refused(reply, self._http.host)
        if read_claims(grant.access_token).get("scope") == _OWN_PASSWORD:
            self._ask("com.atproto.server.deleteSession", token=grant.refresh_token or "")
            return NotDone(
                Kind.AUTH,
                f"that is the account's own password: make an app password in {_SETTINGS} and use that",
                "account_password",
            )
        return grant

    def refresh(self, credentials: Credentials) -> Grant | NotDone:
        """Return a new session for an old one; the server gives the same successor again for two hours."""
        reply = self._ask("com.atproto.server.refreshSession", token=credentials.refresh_token or "")
        return self._read_grant(reply) or _refused(reply, self._http.host)

    def who(self, grant: Grant) -> tuple[Identity, ...] | NotDone:
        """Return the one account of a session, with what its server allows."""
        reply = self._ask("com.atproto.server.getSession", token=grant.access_token, method="GET", at_server=True)
        did = parse_did(reply.success_at("did"))
        if did is None:
            return _refused(reply, self._http.host)
        handle = reply.text_at("handle").lower()
        if handle in ("", "handle.invalid"):
            message = "the handle of the account does not point back to it: fix it in Bluesky's settings"
            return NotDone(Kind.ACCOUNT, message, "handle")
        return (Identity(did, handle, grant, describe_server(self._http)),)

    def revoke(self, credentials: Credentials) -> NotDone | None:
        """End the session. The app password stays until a person deletes it."""
        reply = self._ask("com.atproto.server.deleteSession", token=credentials.refresh_token or "")
        if reply.is_success or reply.text_at("error") == "ExpiredToken":
            return None
        return _refused(reply, self._http.host)

    def _ask(
        self,
        name: str,
        *,
        body: object = None,
        token: str = "",
        method: str = "POST",
        secrets: tuple[str, ...] = (),
        at_server: bool = False,
    ) -> Reply:
        url = f"{'' if at_server else self._sessions}/xrpc/{name}"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._http.request(method, url, headers=headers, secrets=(token, *secrets), json=body)

    def _read_grant(self, reply: Reply) -> Grant | None:
        access, refresh = read_token(reply.success_at("accessJwt")), read_token(reply.success_at("refreshJwt"))
        if access is None or refresh is None:
            return None
        return Grant(access, self._clock.now(), read_end(access), refresh, read_end(refresh))


def describe_server(http: Http) -> dict[str, object]:
    """Return what a server describes: the size of the largest file it takes. Empty where it does not say."""
    reply = http.request("GET", "/xrpc/com.atproto.server.describeServer")
    most = reply.success_at("blobUploadLimit")
    return {"blobUploadLimit": most} if isinstance(most, int) and most > 0 else {}


def read_claims(token: str) -> Mapping[str, object]:
    """Return the claims of a token, unverified; empty where it cannot be read."""
    with suppress(ValueError, IndexError):
        middle = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        if isinstance(claims, dict):
            return claims
    return {}


def read_end(token: str) -> datetime | None:
    """Return when a token ends, as it says itself."""
    end = read_claims(token).get("exp")
    if isinstance(end, int) and 0 < end < datetime(_LAST_YEAR, 1, 1, tzinfo=UTC).timestamp():
        return datetime.fromtimestamp(end, UTC)
    return None


def _refused(reply: Reply, host: str) -> NotDone:
    """Why the session failed. Final only where the server refuses the password or the token itself."""
    if not isinstance(reply, Answer):
        return read_oauth_error(reply, host)
    status, error, words = reply.status, reply.text_at("error"), reply.text_at("message")
    if not error and (status in (404, 405, 501) or status < 300):
        return NotDone(Kind.ACCOUNT, f"{host} is not a Bluesky server (it answered {status})", str(status))
    if not error or status >= 500 or status == 429:
        kind = Kind.RATE_LIMIT if status == 429 else Kind.SERVER
        return NotDone(kind, f"{host} answered {status}", str(status), status, passing=True)
    reason = _SAID.get(error, f"{host} answered {status} {error}: {words}")
    return NotDone(Kind.AUTH, reason, error, status)


_SAID = {
    "AuthenticationRequired": f"the handle or the app password is wrong: make an app password in {_SETTINGS}",
    "AuthFactorTokenRequired": f"the account asks for a code by e-mail: make an app password in {_SETTINGS}",
    "ExpiredToken": "its session has ended, or its app password was revoked",
    "AccountTakedown": "Bluesky has taken the account down",
    "AccountDeactivated": "the account is deactivated",
}


class BlueskyCheck(BlueskyPart, Checker):
    def check(self, account: Account, credentials: Credentials) -> AccountInfo | NotDone:
        http = self._http.of(account)
        request = PublishRequest(0, account, credentials, "")
        reply = http.request_for(request, "GET", "/xrpc/com.atproto.server.getSession", patience=CHECK_PATIENCE_S)
        if did := parse_did(reply.success_at("did")):
            handle = reply.text_at("handle").lower() or None
            info = {**account.server_info, **describe_server(http)}
            remarks = [*_remarks(reply)]
            document = {} if is_fixed(self._config) else Identities.of(http, self._config).find_document(did)
            if (server := present_server(document, info)) is not None:
                elsewhere = moved_server_error(account, server)
                if elsewhere is not None:
                    remarks.append(failure_remark(elsewhere.message, elsewhere.hint, reconnect=True))
                info = looked_up(info, server, self._clock.now())
            return AccountInfo(did, handle, tuple(remarks), server_info=info or None)
        return self.failure(request, reply)


def _remarks(answer: Reply) -> Iterator[Remark]:
    if answer.value_at("active") is False:
        yield failure_remark(f"the account is {answer.text_at('status') or 'not active'} on Bluesky")
    if answer.text_at("handle") == "handle.invalid":
        yield warning_remark("the handle does not point back to the account: fix it in Bluesky's settings")
    if answer.value_at("emailConfirmed") is False:
        yield warning_remark("the e-mail address is not confirmed: Bluesky processes no videos before")
