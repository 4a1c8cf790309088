"""TikTok: its accounts, publications, app, switches, limits, and the refusals that can be ordered."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from ttp.sandbox.records import SandboxAccount, SandboxApp
from ttp.sandbox.state import State, switch

APP = SandboxApp("sandboxtiktokkey", "tiktok", "sandbox-tiktok-secret")
PUBLIC = "PUBLIC_TO_EVERYONE"
SELF_ONLY = "SELF_ONLY"
LEVELS = (PUBLIC, "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", SELF_ONLY)
SCOPES = ("user.info.basic", "user.info.profile", "user.info.stats", "video.publish", "video.upload", "video.list")
INTERACTIONS = ("comment", "duet", "stitch")


@dataclass(frozen=True, slots=True)
class TikTokAccount(SandboxAccount):
    """A creator, with what the creator's own settings allow."""

    audited: bool = True
    """Whether TikTok has audited the app that the account uses."""
    privacy_levels: tuple[str, ...] = (PUBLIC, "MUTUAL_FOLLOW_FRIENDS", SELF_ONLY)
    switched_off: tuple[str, ...] = ()
    """What the creator's settings rule out, of `INTERACTIONS`."""
    max_video_s: int = 600
    granted: ClassVar = SCOPES

    @property
    def is_public(self) -> bool:
        """Whether the profile is public. TikTok does not offer PUBLIC_TO_EVERYONE to a private one."""
        return PUBLIC in self.privacy_levels

    def new_tokens(self) -> dict[str, str | None]:
        return {"access_token": f"act.{secrets.token_hex(32)}", "refresh_token": f"rft.{secrets.token_hex(32)}"}


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """One publication: `id` is the publish_id, `received` bytes have arrived in order."""

    id: str
    account: str
    token: str
    title: str
    privacy: str
    size: int
    chunk_size: int
    chunks: int
    made_ms: int
    received: int = 0
    done_ms: int | None = None
    fail_reason: str | None = None
    post_id: str | None = None
    pulled: bool = False
    """Fetched from URLs instead of uploaded."""
    inbox: bool = False
    """Ends as a draft in the creator's inbox instead of a post."""


@dataclass(slots=True)
class TikTokSwitches:
    """TikTok's own switches."""

    moderation_s: float = switch(2.0, "TikTok: how long after its publication a public post's id is named")
    verified_prefixes: tuple[str, ...] = switch(
        ("http://127.0.0.1:", "http://localhost:"), "TikTok: beginnings of the URLs it may pull media from"
    )


def new_id(state: State, at_ms: int | None = None) -> str:
    """Return a new post id: seconds in the upper half of an int64."""
    seconds = (state.now_ms() if at_ms is None else at_ms) // 1000
    while (made := str((seconds << 32) | secrets.randbits(32))) in state.posts:
        pass
    return made


POSTS, DRAFTS = "tiktok posts a day", "tiktok drafts a day"
_PUBLISH = "POST /v2/post/publish"
LIMITS = {
    # Per account and minute.
    f"{_PUBLISH}/creator_info/query/": 20,
    f"{_PUBLISH}/video/init/": 6,
    f"{_PUBLISH}/content/init/": 6,
    f"{_PUBLISH}/inbox/video/init/": 6,
    f"{_PUBLISH}/status/fetch/": 30,
    f"{_PUBLISH}/cancel/": 30,
    "POST /v2/video/list/": 600,
    "POST /v2/video/query/": 600,
    "GET /v2/user/info/": 600,
    # Per account and 24 hours.
    POSTS: 15,
    DRAFTS: 5,
}


class TikTokTrouble(NamedTuple):
    """An error when a publication begins. `creator_info`: answered there too, with status 200."""

    status: int
    code: str
    message: str
    creator_info: bool = False


TROUBLES = {
    found.code: found
    for found in (
        TikTokTrouble(
            403, "spam_risk_too_many_posts", "The daily post cap from the API is reached for the current user.", True
        ),
        TikTokTrouble(
            403, "spam_risk_too_many_pending_share", "There may be at most 5 pending shares within any 24-hour period."
        ),
        TikTokTrouble(403, "spam_risk_user_banned_from_posting", "The user is banned from making new posts.", True),
        TikTokTrouble(403, "spam_risk", "The post looks like spam."),
        TikTokTrouble(
            403,
            "reached_active_user_cap",
            "The daily quota for active publishing users from this client is reached.",
            True,
        ),
        TikTokTrouble(400, "app_version_check_failed", "The user's app is older than 31.8."),
        TikTokTrouble(400, "scope_permission_missed", "The client lacks this permission."),
        TikTokTrouble(500, "internal_error", "Internal error. Please try again later."),
    )
}
FAILURES = (
    *("internal", "auth_removed", "frame_rate_check_failed", "picture_size_check_failed", "file_format_check_failed"),
    *("duration_check_failed", "video_pull_failed", "photo_pull_failed", "spam_risk_too_many_posts"),
    *("spam_risk_user_banned_from_posting", "spam_risk_text", "spam_risk"),
)
"""Reasons for which a publication may end in FAILED; ordered as `fail:REASON`."""
