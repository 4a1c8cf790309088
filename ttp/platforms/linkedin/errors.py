"""LinkedIn's refusals in one table: status, and code or words -> kind. Never decides about retries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Unpack

from ttp.domain.account import Account
from ttp.domain.action import WayOut, action
from ttp.domain.config import Config
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import PublishRequest
from ttp.platforms.http import Http, HttpBody, HttpPart
from ttp.platforms.linkedin.limits import next_reset
from ttp.platforms.reply import Answer, Reply, add_seconds, reconnect_hint, value_at

HOLD_S = 3600.0
"""Seconds that an account waits when the API version in the settings has ended."""


@dataclass(frozen=True, slots=True)
class LinkedInErrorRow:
    """One refusal. `codes` and `words` (lower case) narrow it; the first match counts."""

    status: int
    kind: Kind
    codes: tuple[str, ...] = ()
    words: str = ""
    passing: bool = False
    not_ready: bool = False
    is_version: bool = False


REFUSALS = (
    LinkedInErrorRow(401, Kind.AUTH),
    LinkedInErrorRow(403, Kind.AUTH, ("ACCESS_DENIED", "100")),
    LinkedInErrorRow(403, Kind.AUTH, words="resource is forbidden"),
    LinkedInErrorRow(426, Kind.ACCOUNT, passing=True, is_version=True),
    LinkedInErrorRow(400, Kind.ACCOUNT, ("VERSION_MISSING",), passing=True, is_version=True),
    LinkedInErrorRow(400, Kind.MEDIA, ("MEDIA_ASSET_WAITING_UPLOAD",), passing=True, not_ready=True),
    LinkedInErrorRow(400, Kind.MEDIA, ("MEDIA_ASSET_PROCESSING_FAILED",)),
    LinkedInErrorRow(400, Kind.CONTENT, ("ILLEGAL_ARGUMENT", "INVALID_VALUE_FOR_FIELD", "FIELD_LENGTH_TOO_LONG")),
    LinkedInErrorRow(422, Kind.DUPLICATE, ("DUPLICATE_POST",)),
    LinkedInErrorRow(422, Kind.CONTENT, words="error ::"),
    LinkedInErrorRow(429, Kind.RATE_LIMIT, passing=True),
)
"""Counts only in LinkedIn's own format (linkedin.md, section 6). A 429 on the publishing call proves nothing."""


def refusal(answer: Answer, account: Account, now: datetime) -> NotDone | None:
    """Return an answer's refusal; None if it matches no row or is not in LinkedIn's format."""
    if answer.value_at("status") != answer.status or answer.status < 400:
        return None
    codes, words = tuple(_codes(answer)), answer.text_at("message")
    for row in REFUSALS:
        fits = row.status == answer.status and (not row.codes or set(row.codes) & set(codes))
        if fits and row.words in words.lower():
            advice = "; set platforms.linkedin.version to a newer one" if row.is_version else ""
            return NotDone(
                row.kind,
                f"{answer.status} {words or ' '.join(codes)}{advice}",
                code=codes[0] if codes else str(answer.status),
                http_status=answer.status,
                passing=row.passing,
                not_ready=row.not_ready,
                retry_at=_retry_at(row, answer, now),
                hold=row.is_version,
                hint=_hint(row, account),
            )
    return None


class LinkedInPart(HttpPart[Http]):
    name = "LinkedIn"

    def __init__(self, http: Http, config: Config, clock: Clock) -> None:
        super().__init__(http, config, clock)
        version = config.text("platforms.linkedin.version")
        self._headers = {"LinkedIn-Version": version, "X-Restli-Protocol-Version": "2.0.0"}

    def call(self, request: PublishRequest, method: str, path: str, **body: Unpack[HttpBody]) -> Reply:
        """Make a call of the versioned API."""
        return self._http.request_for(request, method, path, headers=self._headers, **body)

    def refusal(self, request: PublishRequest, answer: Answer) -> NotDone | None:
        return refusal(answer, request.account, self._clock.now())


def _codes(answer: Answer) -> Iterator[str]:
    """Yield the codes of an answer, the most exact first."""
    inputs = answer.value_at("errorDetails", "inputErrors")
    for one in inputs if isinstance(inputs, list) else ():
        if isinstance(code := value_at(one, "code"), str):
            yield Answer(0, data={"code": code}, secrets=answer.secrets).text_at("code")
    yield from filter(None, (answer.text_at("code"),))
    if isinstance(number := answer.value_at("serviceErrorCode"), int):
        yield str(number)


def _retry_at(row: LinkedInErrorRow, answer: Answer, now: datetime) -> datetime | None:
    if row.kind is Kind.RATE_LIMIT:
        return next_reset(answer, now)
    return add_seconds(now, HOLD_S) if row.is_version else None


def _hint(row: LinkedInErrorRow, account: Account) -> WayOut | None:
    if row.kind is Kind.AUTH:
        return reconnect_hint(account)
    return action("config set", "platforms.linkedin.version", "YYYYMM") if row.is_version else None
