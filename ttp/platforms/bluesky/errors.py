"""Bluesky's refusals, in one table: status and name of the error -> kind. Never decides about a retry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ttp.domain.account import Account
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.bluesky.limits import read_limit
from ttp.platforms.client import PublishRequest
from ttp.platforms.http import HttpByServer, HttpPart
from ttp.platforms.reply import Answer, reconnect_hint

BLOB_NOT_FOUND = "BlobNotFound"


@dataclass(frozen=True, slots=True)
class BlueskyErrorRow:
    """One refusal. `error` narrows it; the first row that fits counts. `advice`: what a person can do."""

    status: int
    kind: Kind
    error: str | None = None
    passing: bool = False
    advice: str = ""


_NEW_ONE = "make a new app password in Bluesky's settings and connect the account again"
_MOVED = "if it has moved to another server, connect it again"
_APP_NOT_OWN = "use an app password, not the account's own"

REFUSALS = (
    BlueskyErrorRow(400, Kind.AUTH, "ExpiredToken"),
    BlueskyErrorRow(400, Kind.AUTH, "InvalidToken", advice=_NEW_ONE),
    BlueskyErrorRow(401, Kind.ACCOUNT, "AccountTakedown"),
    BlueskyErrorRow(401, Kind.ACCOUNT, "AccountDeactivated", advice=_MOVED),
    BlueskyErrorRow(401, Kind.ACCOUNT, "AccountSuspended"),
    BlueskyErrorRow(400, Kind.ACCOUNT, "RepoDeactivated", advice=_MOVED),
    BlueskyErrorRow(400, Kind.ACCOUNT, "RepoTakendown"),
    BlueskyErrorRow(403, Kind.ACCOUNT, "AccountNotFound"),
    BlueskyErrorRow(401, Kind.AUTH, "AuthFactorTokenRequired", advice=_APP_NOT_OWN),
    BlueskyErrorRow(401, Kind.AUTH, "AuthMissing", advice=_NEW_ONE),
    BlueskyErrorRow(401, Kind.AUTH, "AuthenticationRequired", advice=_NEW_ONE),
    BlueskyErrorRow(401, Kind.AUTH, "InvalidToken", advice=_NEW_ONE),
    BlueskyErrorRow(401, Kind.AUTH, "ExpiredToken"),
    BlueskyErrorRow(403, Kind.AUTH, "ScopeMissingError", advice=_NEW_ONE),
    BlueskyErrorRow(400, Kind.MEDIA, BLOB_NOT_FOUND, passing=True),
    BlueskyErrorRow(400, Kind.MEDIA, "InvalidMimeType"),
    BlueskyErrorRow(400, Kind.CONTENT, "InvalidRequest"),
    BlueskyErrorRow(413, Kind.CONTENT, "PayloadTooLarge"),
    BlueskyErrorRow(429, Kind.RATE_LIMIT, "RateLimitExceeded", passing=True),
)
"""See docs/reference/platforms/bluesky.md, section 6. A 429 on a publishing call proves nothing."""


def refusal(answer: Answer, account: Account, now: datetime) -> NotDone | None:
    """Return the refusal that an answer is; None where it is on no list or not in the protocol's own format."""
    error = answer.value_at("error")
    if not isinstance(error, str) or not isinstance(answer.value_at("message"), str):
        return None
    for row in REFUSALS:
        if row.status == answer.status and row.error in (None, error):
            message, reading = answer.text_at("message") or answer.text_at("error"), read_limit(answer, now)
            return NotDone(
                row.kind,
                f"Bluesky answered {answer.status} {answer.text_at('error')}: {message}"
                + (f"; {row.advice}" if row.advice else ""),
                code=answer.text_at("error"),
                http_status=answer.status,
                passing=row.passing,
                retry_at=reading.opens_at if row.kind is Kind.RATE_LIMIT and reading is not None else None,
                hint=reconnect_hint(account) if row.kind is Kind.AUTH or row.advice == _MOVED else None,
            )
    return None


class BlueskyPart(HttpPart[HttpByServer]):
    """A part that makes requests of the accounts' servers."""

    name = "Bluesky"

    def refusal(self, request: PublishRequest, answer: Answer) -> NotDone | None:
        return refusal(answer, request.account, self._clock.now())
