"""X's refusals in one table: status, last path segment of `type`, and words -> kind. Never decides about retries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from ttp.domain.account import Account, Credentials
from ttp.domain.action import WayOut
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.client import PublishRequest
from ttp.platforms.error_row import ErrorRow
from ttp.platforms.http import Http, HttpPart
from ttp.platforms.reply import Answer, add_seconds, lift_hint, list_at, reconnect_hint
from ttp.platforms.x.limits import reset_time

HOLD_S = 3600.0
"""An account without credit is checked again after an hour: a refused call is free, and credit ends the hold."""


_CREDIT = "add credit in X's developer console"
_CAP = "raise the spending limit in X's developer console"

_HELD = partial(ErrorRow, Kind.QUOTA, passing=True, wait_s=HOLD_S, hold=True)
REFUSALS = (
    ErrorRow(Kind.MEDIA, (400,), words=("media ids are invalid",), passing=True),
    ErrorRow(Kind.CONTENT, (400,)),
    ErrorRow(Kind.AUTH, (401,)),
    _HELD((402,), advice=_CREDIT),
    ErrorRow(Kind.DUPLICATE, (403,), words=("duplicate content",)),
    ErrorRow(Kind.AUTH, (403,), ("unsupported-authentication",)),
    ErrorRow(Kind.AUTH, (403,), ("client-forbidden",)),
    ErrorRow(Kind.AUTH, (403,), words=("scope",)),
    ErrorRow(Kind.ACCOUNT, (403,), ("user-suspended",)),
    ErrorRow(Kind.CONTENT, (403,), ("not-authorized-for-resource",)),
    ErrorRow(Kind.CONTENT, (403,)),
    ErrorRow(Kind.CONTENT, (404,)),
    _HELD((429,), ("usage-capped",), advice=_CAP),
    _HELD((429,), words=("usagecapexceeded",), advice=_CAP),
    ErrorRow(Kind.RATE_LIMIT, (429,), passing=True),
)
"""Counts only in X's own format (x.md, section 7). A 429 on a publishing call proves nothing."""


def refusal(answer: Answer, account: Account, now: datetime, credentials: Credentials | None = None) -> NotDone | None:
    """Return an answer's refusal; None if it matches no row or is not in X's format. `credentials`: for the hint."""
    messages = tuple(_messages(answer))
    if not messages:
        return None
    kind_of = answer.value_at("type")
    segment = kind_of.rstrip("/").rpartition("/")[2] if isinstance(kind_of, str) else ""
    words = " ".join(messages).lower()
    row = next((row for row in REFUSALS if row.fits(answer.status, (segment,), words)), None)
    if row is None:
        return None
    advice = f": {row.advice}; ttp tries again every hour" if row.advice else ""
    return row.not_done(
        f"{answer.status} {messages[0]}{advice}",
        segment if segment not in ("", "about:blank") else str(answer.status),
        answer.status,
        retry_at=_retry_at(row, answer, now),
        hint=_hint(row.kind, account, credentials),
    )


class XPart(HttpPart[Http]):
    name = "X"

    def refusal(self, request: PublishRequest, answer: Answer) -> NotDone | None:
        return refusal(answer, request.account, self._clock.now(), request.credentials)


def _hint(kind: Kind, account: Account, credentials: Credentials | None) -> WayOut | None:
    match kind:
        case Kind.AUTH:
            return reconnect_hint(account, credentials)
        case Kind.QUOTA:
            return lift_hint(account)
        case _:
            return None


def _messages(answer: Answer) -> Iterator[str]:
    """Yield the texts in X's own format, the most informative first."""
    for error in list_at(answer.data, "errors"):
        if isinstance(error, dict) and isinstance(error.get("message"), str):
            yield Answer(0, data=error, secrets=answer.secrets).text_at("message")
    yield from filter(None, (answer.text_at("detail"), answer.text_at("title")))


def _retry_at(row: ErrorRow, answer: Answer, now: datetime) -> datetime | None:
    if row.kind is Kind.RATE_LIMIT:
        return reset_time(answer, now)
    return None if row.wait_s is None else add_seconds(now, row.wait_s)
