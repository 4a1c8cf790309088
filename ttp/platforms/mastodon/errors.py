"""Refusals of Mastodon's API, in one table: status and words -> kind. Never decides about a retry. See
docs/reference/platforms/mastodon.md, section 6. Errors have no codes, and texts differ by software."""

from __future__ import annotations

from datetime import datetime

from ttp.domain.account import Account
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.client import PublishRequest
from ttp.platforms.error_row import ErrorRow
from ttp.platforms.http import HttpByServer, HttpPart
from ttp.platforms.mastodon.limits import read_limit
from ttp.platforms.reply import Answer, reconnect_hint

USED_MEDIA = "media_gone"
"""The code of a refusal because an upload does not exist, or belongs to a post already."""


_AGAIN = "connect the account again"
_CONTENT = (400, 422)
REFUSALS = (
    ErrorRow(Kind.AUTH, (401,)),
    ErrorRow(Kind.AUTH, (403,), words=("scope",), code="scopes", advice=f"a permission is missing: {_AGAIN}"),
    ErrorRow(Kind.ACCOUNT, (403,), words=("disabled", "pending", "suspended", "confirm", "moved")),
    ErrorRow(Kind.CONTENT, (403,)),
    ErrorRow(Kind.CONTENT, (404, 410)),
    ErrorRow(
        Kind.MEDIA,
        _CONTENT,
        words=("not finished processing", "still processing", "not processed"),
        not_ready=True,
    ),
    ErrorRow(
        Kind.MEDIA,
        _CONTENT,
        words=(
            "media not found",
            "not found or already attached",
            "already attached",
            "media attachment",
            "could not find",
        ),
        passing=True,
        code=USED_MEDIA,
    ),
    ErrorRow(Kind.MEDIA, (422,), words=("not found",), passing=True, code=USED_MEDIA),
    ErrorRow(Kind.MEDIA, _CONTENT, words=("images to a post", "unsupported", "file type", "video", "file size")),
    ErrorRow(Kind.CONTENT, _CONTENT),
    ErrorRow(Kind.CONTENT, (413,)),
    ErrorRow(Kind.RATE_LIMIT, (429,), passing=True),
)


def refusal(answer: Answer, account: Account, now: datetime) -> NotDone | None:
    """Return the refusal that an answer is; None where it is on no list or not in the API's own format."""
    error = answer.value_at("error")
    if not isinstance(error, str) or not error:
        return None
    words = f"{error} {answer.text_at('error_description')}".lower()
    row = next((row for row in REFUSALS if row.fits(answer.status, (), words)), None)
    if row is None:
        return None
    reading = read_limit(answer, now)
    return row.not_done(
        f"{host_name(account)} answered {answer.status}: {answer.text_at('error')}"
        + (f"; {row.advice}" if row.advice else ""),
        str(answer.status),
        answer.status,
        retry_at=reading.opens_at if row.kind is Kind.RATE_LIMIT and reading is not None else None,
        hint=reconnect_hint(account) if row.kind is Kind.AUTH else None,
    )


class MastodonPart(HttpPart[HttpByServer]):
    """A part that makes requests of the accounts' servers."""

    def who_answers(self, account: Account) -> str:
        return host_name(account)

    def refusal(self, request: PublishRequest, answer: Answer) -> NotDone | None:
        return refusal(answer, request.account, self._clock.now())


def host_name(account: Account) -> str:
    """Return the name of an account's server in messages."""
    return account.handle.rpartition("@")[2]
