"""X's refusals in one table: status, last path segment of `type`, and words -> kind. Never decides about retries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ttp.domain.account import Account, Credentials
from ttp.domain.action import WayOut
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.client import PublishRequest
from ttp.platforms.http import Http, HttpPart
from ttp.platforms.reply import Answer, add_seconds, lift_hint, reconnect_hint
from ttp.platforms.x.limits import reset_time

HOLD_S = 3600.0
"""An account without credit is checked again after an hour: a refused call is free, and credit ends the hold."""


@dataclass(frozen=True, slots=True)
class XErrorRow:
    """One refusal. `segment` and `words` (lower case) narrow it; the first match counts. `advice`: to the user."""

    status: int
    kind: Kind
    segment: str | None = None
    words: str | None = None
    passing: bool = False
    advice: str = ""


_CREDIT = "add credit in X's developer console"
_CAP = "raise the spending limit in X's developer console"

REFUSALS = (
    XErrorRow(400, Kind.MEDIA, words="media ids are invalid", passing=True),
    XErrorRow(400, Kind.CONTENT),
    XErrorRow(401, Kind.AUTH),
    XErrorRow(402, Kind.QUOTA, passing=True, advice=_CREDIT),
    XErrorRow(403, Kind.DUPLICATE, words="duplicate content"),
    XErrorRow(403, Kind.AUTH, segment="unsupported-authentication"),
    XErrorRow(403, Kind.AUTH, segment="client-forbidden"),
    XErrorRow(403, Kind.AUTH, words="scope"),
    XErrorRow(403, Kind.ACCOUNT, segment="user-suspended"),
    XErrorRow(403, Kind.CONTENT, segment="not-authorized-for-resource"),
    XErrorRow(403, Kind.CONTENT),
    XErrorRow(404, Kind.CONTENT),
    XErrorRow(429, Kind.QUOTA, segment="usage-capped", passing=True, advice=_CAP),
    XErrorRow(429, Kind.QUOTA, words="usagecapexceeded", passing=True, advice=_CAP),
    XErrorRow(429, Kind.RATE_LIMIT, passing=True),
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
    for row in REFUSALS:
        fits = row.status == answer.status and row.segment in (None, segment)
        if fits and (row.words is None or row.words in words):
            return NotDone(
                row.kind,
                f"{answer.status} {messages[0]}" + _advice(row),
                code=segment if segment not in ("", "about:blank") else str(answer.status),
                http_status=answer.status,
                passing=row.passing,
                retry_at=_retry_at(row.kind, answer, now),
                hold=row.kind is Kind.QUOTA,
                hint=_hint(row.kind, account, credentials),
            )
    return None


class XPart(HttpPart[Http]):
    name = "X"

    def refusal(self, request: PublishRequest, answer: Answer) -> NotDone | None:
        return refusal(answer, request.account, self._clock.now(), request.credentials)


def _advice(row: XErrorRow) -> str:
    """Return the advice, and that posts wait meanwhile."""
    return f": {row.advice}; ttp tries again every hour" if row.advice else ""


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
    errors = answer.value_at("errors")
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict) and isinstance(error.get("message"), str):
            yield Answer(0, data=error, secrets=answer.secrets).text_at("message")
    yield from filter(None, (answer.text_at("detail"), answer.text_at("title")))


def _retry_at(kind: Kind, answer: Answer, now: datetime) -> datetime | None:
    match kind:
        case Kind.QUOTA:
            return add_seconds(now, HOLD_S)
        case Kind.RATE_LIMIT:
            return reset_time(answer, now)
        case _:
            return None
