"""Bluesky's refusals, in one table: status and name of the error -> kind. Never decides about a retry."""

from __future__ import annotations

from datetime import datetime

from ttp.domain.account import Account
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.bluesky.limits import read_limit
from ttp.platforms.client import PublishRequest
from ttp.platforms.error_row import ErrorRow
from ttp.platforms.http import HttpByServer, HttpPart
from ttp.platforms.reply import Answer, reconnect_hint

BLOB_NOT_FOUND = "BlobNotFound"


_NEW_ONE = "make a new app password in Bluesky's settings and connect the account again"
_MOVED = "if it has moved to another server, connect it again"
_APP_NOT_OWN = "use an app password, not the account's own"

REFUSALS = (
    ErrorRow(Kind.AUTH, (400,), ("ExpiredToken",)),
    ErrorRow(Kind.AUTH, (400,), ("InvalidToken",), advice=_NEW_ONE),
    ErrorRow(Kind.ACCOUNT, (401,), ("AccountTakedown",)),
    ErrorRow(Kind.ACCOUNT, (401,), ("AccountDeactivated",), advice=_MOVED),
    ErrorRow(Kind.ACCOUNT, (401,), ("AccountSuspended",)),
    ErrorRow(Kind.ACCOUNT, (400,), ("RepoDeactivated",), advice=_MOVED),
    ErrorRow(Kind.ACCOUNT, (400,), ("RepoTakendown",)),
    ErrorRow(Kind.ACCOUNT, (403,), ("AccountNotFound",)),
    ErrorRow(Kind.AUTH, (401,), ("AuthFactorTokenRequired",), advice=_APP_NOT_OWN),
    ErrorRow(Kind.AUTH, (401,), ("AuthMissing",), advice=_NEW_ONE),
    ErrorRow(Kind.AUTH, (401,), ("AuthenticationRequired",), advice=_NEW_ONE),
    ErrorRow(Kind.AUTH, (401,), ("InvalidToken",), advice=_NEW_ONE),
    ErrorRow(Kind.AUTH, (401,), ("ExpiredToken",)),
    ErrorRow(Kind.AUTH, (403,), ("ScopeMissingError",), advice=_NEW_ONE),
    ErrorRow(Kind.MEDIA, (400,), (BLOB_NOT_FOUND,), passing=True),
    ErrorRow(Kind.MEDIA, (400,), ("InvalidMimeType",)),
    ErrorRow(Kind.CONTENT, (400,), ("InvalidRequest",)),
    ErrorRow(Kind.CONTENT, (413,), ("PayloadTooLarge",)),
    ErrorRow(Kind.RATE_LIMIT, (429,), ("RateLimitExceeded",), passing=True),
)
"""See docs/reference/platforms/bluesky.md, section 6. A 429 on a publishing call proves nothing."""


def refusal(answer: Answer, account: Account, now: datetime) -> NotDone | None:
    """Return the refusal that an answer is; None where it is on no list or not in the protocol's own format."""
    error = answer.value_at("error")
    if not isinstance(error, str) or not isinstance(answer.value_at("message"), str):
        return None
    row = next((row for row in REFUSALS if row.fits(answer.status, (error,), "")), None)
    if row is None:
        return None
    code, reading = answer.text_at("error"), read_limit(answer, now)
    return row.not_done(
        f"Bluesky answered {answer.status} {code}: {answer.text_at('message') or code}"
        + (f"; {row.advice}" if row.advice else ""),
        code,
        answer.status,
        retry_at=reading.opens_at if row.kind is Kind.RATE_LIMIT and reading is not None else None,
        hint=reconnect_hint(account) if row.kind is Kind.AUTH or row.advice == _MOVED else None,
    )


class BlueskyPart(HttpPart[HttpByServer]):
    """A part that makes requests of the accounts' servers."""

    name = "Bluesky"

    def refusal(self, request: PublishRequest, answer: Answer) -> NotDone | None:
        return refusal(answer, request.account, self._clock.now())
