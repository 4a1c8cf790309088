"""The permissions that ttp asks for, as data: what connecting requests, and what an account is checked against."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ttp.domain.account import Platform
from ttp.domain.config import Config
from ttp.domain.hosts import by_facebook

NEEDED: Mapping[Platform, tuple[str, ...]] = MappingProxyType(
    {
        Platform.X: ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access"),
        Platform.INSTAGRAM: (
            "instagram_business_basic",
            "instagram_business_content_publish",
            "instagram_business_manage_insights",
        ),
        Platform.TIKTOK: (
            "user.info.basic",
            "user.info.profile",
            "user.info.stats",
            "video.publish",
            "video.upload",
            "video.list",
        ),
    }
)
"""See docs/reference/platforms/, section 2 of each page. Instagram's are those of Instagram Login."""

FACEBOOK: tuple[str, ...] = (
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_insights",
    "pages_show_list",
    "pages_read_engagement",
)
"""The same for Instagram accounts that are connected by Facebook Login."""

DELETING = "instagram_manage_contents"
"""What deleting posts needs beside these. Not asked for by itself: Facebook refuses a login that asks for more than the
app was approved for."""


PUBLISHING = frozenset(
    {
        *("tweet.read", "tweet.write", "users.read"),
        *("instagram_business_basic", "instagram_business_content_publish"),
        *("instagram_basic", "instagram_content_publish"),
        "video.publish",
    }
)
"""Those without which nothing at all can be published. TikTok's inbox does with `video.upload` alone."""


def needed(platform: Platform, config: Config) -> tuple[str, ...]:
    """The scopes that an account of the platform needs, with the login that the settings name."""
    return FACEBOOK if platform is Platform.INSTAGRAM and by_facebook(config) else NEEDED[platform]


def missing(needed: tuple[str, ...], granted: tuple[str, ...]) -> tuple[str, ...]:
    """The needed scopes that were not granted; none where the platform did not say what it granted."""
    return tuple(scope for scope in needed if scope not in granted) if granted else ()
