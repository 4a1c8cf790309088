"""LinkedIn's refusals in one table: status, and code or words -> kind. Never decides about retries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Unpack

from ttp.domain.account import Account
from ttp.domain.action import WayOut, action
from ttp.domain.config import Config
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import PublishRequest
from ttp.platforms.error_row import ErrorRow
from ttp.platforms.http import Http, HttpBody, HttpPart
from ttp.platforms.linkedin.limits import next_reset
from ttp.platforms.reply import Answer, Reply, add_seconds, list_at, reconnect_hint, value_at

HOLD_S = 3600.0
"""Seconds that an account waits when the API version in the settings has ended."""


_VERSION = partial(
    ErrorRow,
    Kind.ACCOUNT,
    passing=True,
    wait_s=HOLD_S,
    hold=True,
    advice="; set platforms.linkedin.version to a newer one",
)
REFUSALS = (
    ErrorRow(Kind.AUTH, (401,)),
    ErrorRow(Kind.AUTH, (403,), ("ACCESS_DENIED", "100")),
    ErrorRow(Kind.AUTH, (403,), words=("resource is forbidden",)),
    _VERSION((426,)),
    _VERSION((400,), ("VERSION_MISSING",)),
    ErrorRow(Kind.MEDIA, (400,), ("MEDIA_ASSET_WAITING_UPLOAD",), passing=True, not_ready=True),
    ErrorRow(Kind.MEDIA, (400,), ("MEDIA_ASSET_PROCESSING_FAILED",)),
    ErrorRow(Kind.CONTENT, (400,), ("ILLEGAL_ARGUMENT", "INVALID_VALUE_FOR_FIELD", "FIELD_LENGTH_TOO_LONG")),
    ErrorRow(Kind.DUPLICATE, (422,), ("DUPLICATE_POST",)),
    ErrorRow(Kind.CONTENT, (422,), words=("error ::",)),
    ErrorRow(Kind.RATE_LIMIT, (429,), passing=True),
)
"""Counts only in LinkedIn's own format (linkedin.md, section 6). A 429 on the publishing call proves nothing."""


def refusal(answer: Answer, account: Account, now: datetime) -> NotDone | None:
    """Return an answer's refusal; None if it matches no row or is not in LinkedIn's format."""
    if answer.value_at("status") != answer.status or answer.status < 400:
        return None
    codes, words = tuple(_codes(answer)), answer.text_at("message")
    row = next((row for row in REFUSALS if row.fits(answer.status, codes, words.lower())), None)
    if row is None:
        return None
    return row.not_done(
        f"{answer.status} {words or ' '.join(codes)}{row.advice}",
        codes[0] if codes else str(answer.status),
        answer.status,
        retry_at=_retry_at(row, answer, now),
        hint=_hint(row, account),
    )


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
    for one in list_at(answer.data, "errorDetails", "inputErrors"):
        if isinstance(code := value_at(one, "code"), str):
            yield Answer(0, data={"code": code}, secrets=answer.secrets).text_at("code")
    yield from filter(None, (answer.text_at("code"),))
    if isinstance(number := answer.value_at("serviceErrorCode"), int):
        yield str(number)


def _retry_at(row: ErrorRow, answer: Answer, now: datetime) -> datetime | None:
    if row.kind is Kind.RATE_LIMIT:
        return next_reset(answer, now)
    return None if row.wait_s is None else add_seconds(now, row.wait_s)


def _hint(row: ErrorRow, account: Account) -> WayOut | None:
    if row.kind is Kind.AUTH:
        return reconnect_hint(account)
    return action("config set", "platforms.linkedin.version", "YYYYMM") if row.hold else None
