"""TikTok's refusals, in two tables: error codes of answers, and reasons of failed publications. Never decides a retry.

An error code counts whatever the HTTP status is: TikTok sends some with 200.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from ttp.domain.account import Account
from ttp.domain.attempt import Kind, NotDone
from ttp.platforms.outcomes import reconnect_hint
from ttp.platforms.reply import Answer, later
from ttp.platforms.wording import clean

_MINUTE_S = 60.0
_DAY_S = 86_400.0
_SPREAD_S = 15


@dataclass(frozen=True, slots=True)
class Row:
    """What one code or reason says. `wait_s`: TikTok's own time until the next try; `hold`: for the whole account."""

    kind: Kind
    passing: bool = False
    wait_s: float | None = None
    hold: bool = False


_CONTENT = Row(Kind.CONTENT)
_MEDIA = Row(Kind.MEDIA)
_ACCOUNT = Row(Kind.ACCOUNT)
_AUTH = Row(Kind.AUTH)
_SERVER = Row(Kind.SERVER, passing=True)
_TOMORROW = Row(Kind.QUOTA, passing=True, wait_s=_DAY_S, hold=True)

CODES: Mapping[str, Row] = MappingProxyType(
    {
        "access_token_invalid": _AUTH,
        "scope_not_authorized": _AUTH,
        "scope_permission_missed": _AUTH,
        "invalid_params": _CONTENT,
        "invalid_param": _CONTENT,
        "invalid_file_upload": _CONTENT,
        "app_version_check_failed": _CONTENT,
        "spam_risk_too_many_posts": _TOMORROW,
        "spam_risk_too_many_pending_share": _TOMORROW,
        "spam_risk_user_banned_from_posting": _ACCOUNT,
        "spam_risk": _CONTENT,
        "reached_active_user_cap": _TOMORROW,
        "unaudited_client_can_only_post_to_private_accounts": _ACCOUNT,
        "url_ownership_unverified": _ACCOUNT,
        "privacy_level_option_mismatch": _CONTENT,
        "invalid_publish_id": _MEDIA,
        "token_not_authorized_for_specified_publish_id": _ACCOUNT,
        "rate_limit_exceeded": Row(Kind.RATE_LIMIT, passing=True, wait_s=_MINUTE_S),
        "internal_error": _SERVER,
    }
)
"""Section 6 of TikTok's contract, and the two codes of its section 3.6."""

REASONS: Mapping[str, Row] = MappingProxyType(
    {
        "file_format_check_failed": _MEDIA,
        "duration_check_failed": _MEDIA,
        "frame_rate_check_failed": _MEDIA,
        "picture_size_check_failed": _MEDIA,
        "internal": _SERVER,
        "video_pull_failed": Row(Kind.MEDIA, passing=True),
        "photo_pull_failed": Row(Kind.MEDIA, passing=True),
        "publish_cancelled": _ACCOUNT,
        "auth_removed": _AUTH,
        "spam_risk_too_many_posts": _TOMORROW,
        "spam_risk_user_banned_from_posting": _ACCOUNT,
        "spam_risk_text": _CONTENT,
        "spam_risk": _CONTENT,
    }
)
"""`fail_reason` of a publication with the status FAILED."""

REFUSED_ID = frozenset({"invalid_publish_id", "token_not_authorized_for_specified_publish_id"})
"""Codes with which the status endpoint refuses a publish_id: it will never tell."""


def error_code(answer: Answer) -> str | None:
    """The code of TikTok's envelope; None where there is no envelope. `ok` is success."""
    code = answer.at("error", "code")
    return code if isinstance(code, str) else None


def refusal(answer: Answer, account: Account, now: datetime, spread: int = 0) -> NotDone | None:
    """The refusal that `answer` is; None where it is on no list or not in TikTok's own format.

    `spread` sets deliveries apart that are told to wait the same minute.
    """
    code = error_code(answer)
    row = CODES.get(code or "")
    if row is None or code is None:
        return None
    wait_s = None if row.wait_s is None else row.wait_s + spread % _SPREAD_S
    return NotDone(
        row.kind,
        answer.words("error", "message") or code.replace("_", " "),
        code=code,
        http_status=answer.status,
        passing=row.passing,
        retry_at=None if wait_s is None else later(now, wait_s),
        hold=row.hold,
        hint=reconnect_hint(account) if row.kind is Kind.AUTH else None,
    )


def publication_failure(reason: str, account: Account, now: datetime) -> NotDone:
    """Why a publication failed. A reason that is on no list is final: a person must look."""
    row = REASONS.get(reason, Row(Kind.UNKNOWN))
    said = clean(reason)
    return NotDone(
        row.kind,
        said.replace("_", " ") or "TikTok gave no reason",
        code=said or None,
        passing=row.passing,
        retry_at=None if row.wait_s is None else later(now, row.wait_s),
        hold=row.hold,
        hint=reconnect_hint(account) if row.kind is Kind.AUTH else None,
    )
