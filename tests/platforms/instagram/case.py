"""Instagram: what the suites need to know."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

from tests.platforms.case import FILM, PHOTOS, WORDS, Kind, MadeUp, PlatformCase, Refusal
from tests.platforms.pinned import Pinned
from ttp.platforms.testing import Scenario

_CALL = ("POST", r"/media_publish$")
COMMENT = "Links are in the bio"
_CALLS = re.compile(r"POST .*/media_publish")


def _refusal(reset: datetime) -> Refusal:
    error = {"message": "Application request limit reached", "type": "OAuthException", "code": 4}
    usage = {"type": "instagram", "call_count": 100, "total_cputime": 1, "total_time": 1}
    header = json.dumps({"1": [{**usage, "estimated_time_to_regain_access": 1}]})
    return {"X-Business-Use-Case-Usage": header}, {"error": {**error, "is_transient": True, "fbtrace_id": "A1"}}


CASE = PlatformCase(
    "instagram",
    Pinned(
        ("image", "carousel", "reel", "story", "video story"),
        "look_up",
        300.0,
        6,
        timedelta(days=60),
        (0.5, timedelta(hours=24), False),
    ),
    scenarios={
        "photo": Scenario(_CALL, media=PHOTOS[:1], refused_by="spam"),
        "carousel": Scenario(_CALL, media=PHOTOS),
        "facebook": Scenario(
            _CALL,
            media=(FILM,),
            settings={"platforms.instagram.login": "facebook"},
            refused_by="restricted",
        ),
        "comment": Scenario(("POST", r"/comments$"), media=PHOTOS[:1], refused_by="spam", is_comment=True),
    },
    kinds=(
        Kind("instagram photo", "instagram", _CALLS, media=("photo.jpg",)),
        Kind("instagram carousel", "instagram", _CALLS, media=("photo.jpg", "clip.mp4", "other.jpg")),
        Kind("instagram reel", "instagram", _CALLS, media=("clip.mp4",)),
        Kind(
            "instagram comment",
            "instagram",
            re.compile(r"POST .*/(media_publish|comments)"),
            media=("photo.jpg",),
            texts=(WORDS, COMMENT),
            silent=True,
            has_comment=True,
        ),
        Kind("instagram story", "instagram", _CALLS, media=("photo.jpg",), options=("instagram.kind=story",)),
    ),
    made_up=MadeUp(
        _refusal,
        re.compile(r"GET /v[\d.]+/\d+(/comments)?$"),
        lambda body: body.replace(b'"PUBLISHED"', b'"FINISHED" ').replace(COMMENT.encode(), b"Where are your beans"),
        re.compile(r"/refresh_access_token$"),
    ),
    sandbox_fields={"platforms.instagram.login": "login"},
)
