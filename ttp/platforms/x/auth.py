"""Connect X: OAuth 2.0 with PKCE, public and confidential clients, single-use refresh tokens. See
docs/reference/platforms/x.md, section 2. OAuth 1.0a user keys sign each request and never expire."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from ttp.domain.account import Account, Credentials
from ttp.domain.diagnostics import Remark, ok_remark, warning_remark
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.client import CHECK_PATIENCE_S, AccountInfo, Checker, PublishRequest
from ttp.platforms.login import App, Grant, Identity
from ttp.platforms.oauth.code_login import CodeLogin
from ttp.platforms.oauth.token_response import identity_refusal
from ttp.platforms.reply import Reply, parse_numeric_id
from ttp.platforms.x.errors import XPart
from ttp.platforms.x.limits import QUARTER, read_header_limits

SCOPES = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")
"""See docs/reference/platforms/x.md, section 2."""


# At DEBUG oauthlib logs the keys that it signs with.
logging.getLogger("oauthlib").setLevel(logging.WARNING)


def signature(credentials: Credentials, method: str, url: str, *, now: datetime, nonce: str | None = None) -> str:
    """Return the Authorization header of a request to `url` (complete, with query): HMAC-SHA1 (RFC 5849). JSON and
    multipart bodies are not signed (RFC 5849, section 3.4.1.3.1); X accepts no form here."""
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


class XLogin(CodeLogin):
    platform, name = "x", "X"
    scopes = SCOPES
    publishing = ("tweet.read", "tweet.write", "users.read")
    revoke_at = "on X: Settings, Security and account access, Apps and sessions"
    token_path, revoke_path = "/2/oauth2/token", "/2/oauth2/revoke"

    def renews(self, credentials: Credentials) -> bool:
        return super().renews(credentials) and credentials.token_secret is None

    def who(self, grant: Grant) -> tuple[Identity, ...] | NotDone:
        reply = self.ask("/2/users/me", grant.access_token)
        user_id, handle = parse_numeric_id(reply.success_at("data", "id")), reply.text_at("data", "username")
        return (Identity(user_id, handle, grant),) if user_id and handle else identity_refusal(reply, "X")

    def revoke(self, credentials: Credentials) -> NotDone | None:
        if credentials.token_secret is not None:
            return NotDone(Kind.ACCOUNT, "OAuth 1.0a keys can only be revoked in X's developer portal")
        # The refresh token, which lives longer, if there is one.
        return super().revoke(replace(credentials, access_token=credentials.refresh_token or credentials.access_token))

    def post_as(self, app: App, path: str, form: Mapping[str, str], *hidden: str | None) -> Reply:
        """A confidential client authenticates by Basic, a public one by its id in the form; never both."""
        headers = {}
        if app.client_secret is None:
            form = {**form, "client_id": app.client_id}
        else:
            # RFC 6749, section 2.3.1: both are form-encoded before they are joined.
            pair = f"{quote(app.client_id, safe='')}:{quote(app.client_secret, safe='')}"
            headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        return self._http.request("POST", path, form=form, headers=headers, secrets=(app.client_secret, *hidden))


class XCheck(XPart, Checker):
    def check(self, account: Account, credentials: Credentials) -> AccountInfo | NotDone:
        request = PublishRequest(0, account, credentials, "")
        reply = self._http.request_for(request, "GET", "/2/users/me", patience=CHECK_PATIENCE_S)
        if user_id := parse_numeric_id(reply.success_at("data", "id")):
            return AccountInfo(user_id, reply.text_at("data", "username") or None, tuple(self._left(reply)))
        return self.failure(request, reply)

    def _left(self, answer: Reply) -> Iterator[Remark]:
        """Yield what is left of the limits that the answer reports."""
        for which, reading in read_header_limits(answer, self._clock.now()).items():
            span = "15 min" if which == QUARTER else "24 h"
            of = "" if reading.limit is None else f" of {reading.limit}"
            message = f"{reading.left}{of} token checks left in {span}"
            yield ok_remark(message) if reading.left else warning_remark(message)
