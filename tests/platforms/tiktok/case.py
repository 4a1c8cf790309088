"""TikTok: what the suites need to know."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from tests.platforms.case import FILM, Kind, MadeUp, PlatformCase, Refusal
from tests.platforms.pinned import Pinned
from ttp.platforms.testing import Scenario

PUBLIC = {
    "privacy_level": "PUBLIC_TO_EVERYONE",
    "disable_comment": "false",
    "disable_duet": "true",
    "disable_stitch": "true",
    "brand_content_toggle": "false",
    "brand_organic_toggle": "false",
}


def _refusal(reset: datetime) -> Refusal:
    return {}, {"data": {}, "error": {"code": "rate_limit_exceeded", "message": "Too many", "log_id": "2"}}


CASE = PlatformCase(
    "tiktok",
    Pinned(("video", "photos"), "look_up", 0.0, 60, timedelta(hours=2)),
    scenarios={
        # TikTok answers the last chunk with 201, whatever the body. It never answers 200.
        "upload": Scenario(("PUT", r"/video/"), 200, media=(FILM,), options={"privacy_level": "SELF_ONLY"}),
        # A video that TikTok fetches has no id yet to ask about: that it is not listed proves nothing.
        "pull": Scenario(
            ("POST", r"/video/init/$"),
            media=(FILM,),
            options={**PUBLIC, "source": "pull"},
            refused_by="spam_risk",
            listed=False,
        ),
    },
    kinds=(
        Kind("tiktok video", "tiktok", re.compile(r"PUT /video/"), media=("long.mp4",), resumed=True),
        Kind(
            "tiktok photos",
            "tiktok",
            re.compile(r"POST .*/content/init/"),
            media=("photo.jpg", "other.jpg"),
            silent=True,
        ),
    ),
    # The status of a post is the last word, and never behind.
    made_up=MadeUp(_refusal, renewal=re.compile(r"/oauth/token/$")),
    options={"privacy_level": "SELF_ONLY"},
)
