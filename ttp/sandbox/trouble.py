"""What a platform may hold against an account, by name: ordered with the control API, answered by the fronts.

Each name belongs to one documented refusal. Data only.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class XTrouble(NamedTuple):
    """A problem of X. `all_calls`: not only new posts are refused."""

    status: int
    title: str
    detail: str
    kind: str = "about:blank"
    all_calls: bool = False
    more: Mapping[str, Any] = MappingProxyType({})


class InstagramTrouble(NamedTuple):
    """A Graph error at one step: `create` a container, `publish` it, or every call."""

    code: int
    subcode: int | None
    step: str
    message: str
    transient: bool = False


class TikTokTrouble(NamedTuple):
    """An error when a publication begins. `creator_info`: told there already, with status 200."""

    status: int
    code: str
    message: str
    creator_info: bool = False


_ENROLLED = "Your enrolled account [42] does not have any credits to fulfill this request."
X = {
    "credits": XTrouble(402, "Payment Required", "credits depleted", "credits-depleted", True),
    "credits_old": XTrouble(402, "CreditsDepleted", _ENROLLED, "credits", True, {"account_id": 42}),
    "usage_cap": XTrouble(
        429,
        "UsageCapExceeded",
        "Usage cap exceeded: Monthly product cap",
        "usage-capped",
        True,
        {"period": "Monthly", "scope": "Product"},
    ),
    "suspended": XTrouble(403, "Forbidden", "User has been suspended.", "user-suspended", True),
    "client_forbidden": XTrouble(
        403,
        "Client Forbidden",
        "This request must be made using an approved developer account.",
        "client-forbidden",
        True,
        {"reason": "client-not-enrolled", "required_enrollment": "Appropriate Level of API Access"},
    ),
    "not_permitted": XTrouble(403, "Forbidden", "You are not permitted to perform this action."),
    "invalid_url": XTrouble(403, "Forbidden", "The Tweet contains an invalid URL."),
    "unavailable": XTrouble(503, "Service Unavailable", "Service Unavailable", all_calls=True),
}
INSTAGRAM = {
    "throttled": InstagramTrouble(80002, None, "all", "(#80002) There have been too many calls."),
    "spam": InstagramTrouble(4, 2207051, "publish", "We restrict certain activity to protect our community."),
    "restricted": InstagramTrouble(25, 2207050, "publish", "The account is restricted or inactive."),
    "blocked": InstagramTrouble(368, None, "publish", "The action attempted has been deemed abusive."),
    "limit_blocked": InstagramTrouble(341, None, "publish", "Application limit reached."),
    "duplicate": InstagramTrouble(506, None, "publish", "Duplicate status message."),
    "server_error": InstagramTrouble(-1, 2207001, "publish", "Instagram server error. Try again.", True),
    "unknown": InstagramTrouble(2, None, "publish", "An unexpected error has occurred. Please retry.", True),
    "slow_media": InstagramTrouble(-2, 2207003, "create", "It takes too long to download the media.", True),
    "media_expired": InstagramTrouble(-2, 2207020, "create", "The media you are trying to access has expired."),
    "create_failed": InstagramTrouble(-1, 2207032, "create", "Create media fail, please try to re-create media.", True),
    "upload_error": InstagramTrouble(-1, 2207053, "create", "Unknown upload error.", True),
    "upload_failed": InstagramTrouble(-1, 2207082, "create", "Media upload has failed.", True),
    "video_format": InstagramTrouble(352, 2207026, "create", "The video format is not supported."),
}
TIKTOK = {
    "spam_risk_too_many_posts": TikTokTrouble(
        403, "spam_risk_too_many_posts", "The daily post cap from the API is reached for the current user.", True
    ),
    "spam_risk_too_many_pending_share": TikTokTrouble(
        403, "spam_risk_too_many_pending_share", "There may be at most 5 pending shares within any 24-hour period."
    ),
    "spam_risk_user_banned_from_posting": TikTokTrouble(
        403, "spam_risk_user_banned_from_posting", "The user is banned from making new posts.", True
    ),
    "spam_risk": TikTokTrouble(403, "spam_risk", "The post looks like spam."),
    "reached_active_user_cap": TikTokTrouble(
        403, "reached_active_user_cap", "The daily quota for active publishing users from this client is reached.", True
    ),
    "app_version_check_failed": TikTokTrouble(400, "app_version_check_failed", "The user's app is older than 31.8."),
    "scope_permission_missed": TikTokTrouble(400, "scope_permission_missed", "The client lacks this permission."),
    "internal_error": TikTokTrouble(500, "internal_error", "Internal error. Please try again later."),
}
FAILURES = (
    "internal",
    "auth_removed",
    "frame_rate_check_failed",
    "picture_size_check_failed",
    "file_format_check_failed",
    "duration_check_failed",
    "video_pull_failed",
    "photo_pull_failed",
    "spam_risk_too_many_posts",
    "spam_risk_user_banned_from_posting",
    "spam_risk_text",
    "spam_risk",
)
"""TikTok: reasons for which a publication may end in FAILED; ordered as `fail:REASON`."""
NAMES = {"x": tuple(X), "instagram": tuple(INSTAGRAM), "tiktok": (*TIKTOK, *(f"fail:{name}" for name in FAILURES))}
"""What may be ordered, by platform."""
