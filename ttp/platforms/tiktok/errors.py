"""TikTok's refusals in two tables: error codes, and reasons of failed publications. Never decides about retries. An
error code counts whatever the HTTP status: TikTok sends some with 200."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from ttp.domain.account import Account
from ttp.domain.action import action
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.text import clean_text
from ttp.platforms.client import PublishRequest
from ttp.platforms.error_row import ErrorRow
from ttp.platforms.http import Http, HttpPart
from ttp.platforms.reply import Answer, Reply, add_seconds, reconnect_hint, retry_after_s

_MINUTE_S = 60.0
_DAY_S = 86_400.0
_SPREAD_S = 15


_CONTENT = ErrorRow(Kind.CONTENT)
_MEDIA = ErrorRow(Kind.MEDIA)
_ACCOUNT = ErrorRow(Kind.ACCOUNT)
_AUTH = ErrorRow(Kind.AUTH)
_SCOPE = ErrorRow(Kind.AUTH, advice="the account must be connected again with the permission to post")
_BANNED = ErrorRow(Kind.ACCOUNT, advice="TikTok blocks posts of this account; the TikTok app shows why")
_SPAM = ErrorRow(Kind.CONTENT, advice="TikTok considers it spam: change the text or the media")
_PULL = ErrorRow(Kind.MEDIA, passing=True, advice="TikTok must be able to fetch the media's URL, without a redirect")
_SERVER = ErrorRow(Kind.SERVER, passing=True)
_TOMORROW = ErrorRow(Kind.QUOTA, passing=True, wait_s=_DAY_S, hold=True)

CODES: Mapping[str, ErrorRow] = {
    "access_token_invalid": _AUTH,
    "scope_not_authorized": _SCOPE,
    "scope_permission_missed": _SCOPE,
    "invalid_params": _CONTENT,
    "invalid_param": _CONTENT,
    "invalid_file_upload": _CONTENT,
    "app_version_check_failed": ErrorRow(
        Kind.CONTENT, advice="the TikTok app on the creator's phone is too old: update it"
    ),
    "spam_risk_too_many_posts": _TOMORROW,
    "spam_risk_too_many_pending_share": _TOMORROW,
    "spam_risk_user_banned_from_posting": _BANNED,
    "spam_risk": _SPAM,
    "reached_active_user_cap": _TOMORROW,
    "unaudited_client_can_only_post_to_private_accounts": ErrorRow(
        Kind.ACCOUNT,
        advice="until TikTok has audited your app, make the account private in the TikTok app and post with"
        " tiktok.privacy_level=SELF_ONLY; apply for the audit on your app's page of TikTok for Developers",
    ),
    "url_ownership_unverified": ErrorRow(
        Kind.ACCOUNT,
        advice="verify the domain of the media's URL on your app's page of TikTok for Developers;"
        " a video can be uploaded instead (tiktok.source=file)",
    ),
    "privacy_level_option_mismatch": ErrorRow(
        Kind.CONTENT, advice="choose a privacy level that TikTok offers to this account"
    ),
    "invalid_publish_id": _MEDIA,
    "token_not_authorized_for_specified_publish_id": _ACCOUNT,
    "rate_limit_exceeded": ErrorRow(Kind.RATE_LIMIT, passing=True, wait_s=_MINUTE_S),
    "internal_error": _SERVER,
}
"""See docs/reference/platforms/tiktok.md, sections 6 and 3.6."""
_OPTIONS = {
    "unaudited_client_can_only_post_to_private_accounts": "tiktok.privacy_level=SELF_ONLY",
    "url_ownership_unverified": "tiktok.source=file",
}
"""The account option that fixes it."""

REASONS: Mapping[str, ErrorRow] = {
    "file_format_check_failed": _MEDIA,
    "duration_check_failed": _MEDIA,
    "frame_rate_check_failed": _MEDIA,
    "picture_size_check_failed": _MEDIA,
    "internal": _SERVER,
    "video_pull_failed": _PULL,
    "photo_pull_failed": _PULL,
    "publish_cancelled": _ACCOUNT,
    "auth_removed": _AUTH,
    "spam_risk_too_many_posts": _TOMORROW,
    "spam_risk_user_banned_from_posting": _BANNED,
    "spam_risk_text": _SPAM,
    "spam_risk": _SPAM,
}
"""`fail_reason` of a publication with the status FAILED."""

NO_SCOPE = frozenset({"scope_not_authorized", "scope_permission_missed"})
"""Codes that mean that the app may not make such a call at all."""
REFUSED_ID = frozenset({"invalid_publish_id", "token_not_authorized_for_specified_publish_id"})
"""Codes with which the status endpoint rejects a publish_id: it will never report a status."""


def error_code(reply: Reply) -> str | None:
    """Return the code in TikTok's answer format (`ok` is success); None if the reply has another format."""
    code = reply.value_at("error", "code")
    return code if isinstance(code, str) else None


def is_ok(reply: Reply) -> bool:
    """Whether status and code of an answer are a success."""
    return reply.is_success and error_code(reply) == "ok"


class TikTokPart(HttpPart[Http]):
    name = "TikTok"

    def refusal(self, request: PublishRequest, answer: Answer) -> NotDone | None:
        return refusal(answer, request.account, self._clock.now(), request.delivery_id)


def refusal(answer: Answer, account: Account, now: datetime, spread: int = 0) -> NotDone | None:
    """Return the refusal of an answer; None if it matches no row or is not in TikTok's own format. `spread`: seconds
    that separate the retries of several deliveries."""
    code = error_code(answer)
    row = CODES.get(code or "")
    if row is None or code is None:
        return None
    message = answer.text_at("error", "message") or code.replace("_", " ")
    failure = _not_done(row, message, code, answer, account, now, spread)
    option = _OPTIONS.get(code)
    return replace(failure, hint=action("account set", account.name, set=option)) if option else failure


def publication_failure(reason: str, reply: Reply, account: Account, now: datetime) -> NotDone:
    """Return why a publication failed. A reason in no table is final: a person must look."""
    row = REASONS.get(reason, ErrorRow(Kind.UNKNOWN))
    code = clean_text(reason)
    failure = _not_done(row, code.replace("_", " ") or "TikTok gave no reason", code, reply, account, now, 0)
    return replace(failure, http_status=None)


def _not_done(
    row: ErrorRow, words: str, code: str, answer: Reply, account: Account, now: datetime, spread: int
) -> NotDone:
    """Return a refusal with TikTok's message, the code, the log id that its support asks for, and the advice."""
    log_id = answer.text_at("error", "log_id")[:60]
    named = ", ".join(part for part in (code, f"log id {log_id}" if log_id else "") if part)
    message = (f"{words} ({named})" if named else words) + (f": {row.advice}" if row.advice else "")
    server_wait_s = retry_after_s(answer) if row.kind is Kind.RATE_LIMIT else None
    wait_s = server_wait_s if server_wait_s is not None or row.wait_s is None else row.wait_s + spread % _SPREAD_S
    return row.not_done(
        message,
        code or None,
        answer.status,
        retry_at=None if wait_s is None else add_seconds(now, wait_s),
        hint=reconnect_hint(account) if row.kind is Kind.AUTH else None,
    )
