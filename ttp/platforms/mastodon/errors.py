"""Refusals of Mastodon's API, in one table: status and words -> kind. Never decides about a retry. See
docs/reference/platforms/mastodon.md, section 6. Errors have no codes, and texts differ by software."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ttp.domain.account import Account
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.client import PublishRequest
from ttp.platforms.http import HttpByServer, HttpPart
from ttp.platforms.mastodon.limits import read_limit
from ttp.platforms.reply import Answer, reconnect_hint

USED_MEDIA = "media_gone"
"""The code of a refusal because an upload does not exist, or belongs to a post already."""


@dataclass(frozen=True, slots=True)
class MastodonErrorRow:
    """One refusal. `words` (lower case) narrow it; the first row that fits counts. `advice`: what a person can do."""

    statuses: tuple[int, ...]
    kind: Kind
    words: tuple[str, ...] = ()
    passing: bool = False
    not_ready: bool = False
    code: str = ""
    advice: str = ""


_AGAIN = "connect the account again"
_CONTENT = (400, 422)
REFUSALS = (
    MastodonErrorRow((401,), Kind.AUTH),
    MastodonErrorRow((403,), Kind.AUTH, ("scope",), code="scopes", advice=f"a permission is missing: {_AGAIN}"),
    MastodonErrorRow((403,), Kind.ACCOUNT, ("disabled", "pending", "suspended", "confirm", "moved")),
    MastodonErrorRow((403,), Kind.CONTENT),
    MastodonErrorRow((404, 410), Kind.CONTENT),
    MastodonErrorRow(
        _CONTENT, Kind.MEDIA, ("not finished processing", "still processing", "not processed"), not_ready=True
    ),
    MastodonErrorRow(
        _CONTENT,
        Kind.MEDIA,
        ("media not found", "not found or already attached", "already attached", "media attachment", "could not find"),
        passing=True,
        code=USED_MEDIA,
    ),
    MastodonErrorRow((422,), Kind.MEDIA, ("not found",), passing=True, code=USED_MEDIA),
    MastodonErrorRow(_CONTENT, Kind.MEDIA, ("images to a post", "unsupported", "file type", "video", "file size")),
    MastodonErrorRow(_CONTENT, Kind.CONTENT),
    MastodonErrorRow((413,), Kind.CONTENT),
    MastodonErrorRow((429,), Kind.RATE_LIMIT, passing=True),
)


def refusal(answer: Answer, account: Account, now: datetime) -> NotDone | None:
    """Return the refusal that an answer is; None where it is on no list or not in the API's own format."""
    error = answer.value_at("error")
    if not isinstance(error, str) or not error:
        return None
    words = f"{error} {answer.text_at('error_description')}".lower()
    for row in REFUSALS:
        if answer.status in row.statuses and (not row.words or any(word in words for word in row.words)):
            reading = read_limit(answer, now)
            return NotDone(
                row.kind,
                f"{host_name(account)} answered {answer.status}: {answer.text_at('error')}"
                + (f"; {row.advice}" if row.advice else ""),
                code=row.code or str(answer.status),
                http_status=answer.status,
                passing=row.passing,
                not_ready=row.not_ready,
                retry_at=reading.opens_at if row.kind is Kind.RATE_LIMIT and reading is not None else None,
                hint=reconnect_hint(account) if row.kind is Kind.AUTH else None,
            )
    return None


class MastodonPart(HttpPart[HttpByServer]):
    """A part that makes requests of the accounts' servers."""

    def who_answers(self, account: Account) -> str:
        return host_name(account)

    def refusal(self, request: PublishRequest, answer: Answer) -> NotDone | None:
        return refusal(answer, request.account, self._clock.now())


def host_name(account: Account) -> str:
    """Return the name of an account's server in messages."""
    return account.handle.rpartition("@")[2]
