"""Read the answers of token endpoints: grants and refusals. No message contains a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.addresses import is_plain
from ttp.platforms.login import Grant
from ttp.platforms.reply import Answer, ConnectionLost, NotSent, Reply

_LONGEST_S = 10 * 366 * 86_400
_PASSING = frozenset({"server_error", "temporarily_unavailable", "slow_down"})
"""OAuth errors (RFC 6749) that do not concern the token."""


def with_query(page: str, query: Mapping[str, str | None]) -> str:
    """Return `page` with the parameters of `query` that are not None added."""
    parameters = urlencode({name: value for name, value in query.items() if value is not None}, quote_via=quote)
    split = urlsplit(page)
    return split._replace(query=f"{split.query}&{parameters}" if split.query else parameters).geturl()


def read_grant(reply: Reply, now: datetime) -> Grant | None:
    """Return the grant in an answer (RFC 6749); None if it has no usable access token. `now`: the time before the
    request, so that a token's life is never overestimated."""
    token = read_token(reply.success_at("access_token"))
    if token is None:
        return None
    return Grant(
        token,
        issued_at=now,
        expires_at=_later(now, reply.value_at("expires_in")),
        refresh_token=read_token(reply.value_at("refresh_token")),
        refresh_expires_at=_later(
            now, reply.value_at("refresh_expires_in") or reply.value_at("refresh_token_expires_in")
        ),
        scopes=read_scopes(reply.value_at("scope") or reply.value_at("permissions")),
    )


def read_token(value: object) -> str | None:
    """Return `value` if it can be a token: printable ASCII without spaces. None otherwise."""
    return value if isinstance(value, str) and is_plain(value) else None


def read_scopes(value: object) -> tuple[str, ...]:
    """Return the scopes in a list, or in a text separated by spaces or commas."""
    parts = value if isinstance(value, list) else re.split(r"[,\s]+", value) if isinstance(value, str) else []
    return tuple(part for part in parts if isinstance(part, str) and part.isascii() and part.isprintable() and part)


def read_oauth_error(reply: Reply, platform: str) -> NotDone:
    """Return why a token endpoint gave no grant. Final only for an OAuth error (RFC 6749); anything else may pass. Only
    the error is quoted: a damaged answer may contain the tokens."""
    match reply:
        case NotSent(message, kind, hint):
            return NotDone(kind, message, passing=kind is Kind.NETWORK, hint=hint)
        case ConnectionLost(message):
            return NotDone(Kind.NETWORK, message, passing=True)
        case Answer():
            code, words = reply.text_at("error"), reply.text_at("error_description")
            if not code or reply.status >= 500:
                kind, status = Kind.RATE_LIMIT if reply.status == 429 else Kind.SERVER, reply.status
                return NotDone(kind, f"{platform} answered {status}", str(status), status, passing=True)
            passing = code in _PASSING or reply.status == 429
            text = f"{platform} answered {code}" + (f": {words}" if words else "")
            return NotDone(Kind.SERVER if passing else Kind.AUTH, text, code, reply.status, passing=passing)


def _later(now: datetime, seconds: object) -> datetime | None:
    if isinstance(seconds, str) and seconds.isascii() and seconds.isdecimal() and len(seconds) < 12:
        seconds = int(seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= _LONGEST_S:
        return None
    return now + timedelta(seconds=seconds)


def identity_refusal(reply: Reply, platform: str) -> NotDone:
    """Return why a platform did not say whose token it is."""
    match reply:
        case Answer(status=status):
            words = reply.text_at("error", "message") or reply.text_at("detail") or reply.text_at("title")
            message = f"{platform} did not say whose account it is ({status}{f': {words}' if words else ''})"
            return NotDone(Kind.AUTH, message, str(status), status)
        case _:
            return read_oauth_error(reply, platform)
