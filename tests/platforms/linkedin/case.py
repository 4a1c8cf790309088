"""LinkedIn: what the suites need to know."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import partial

from tests.platforms.case import FILM, PHOTOS, Kind, MadeUp, PlatformCase, Refusal
from tests.platforms.pinned import Pinned
from ttp.platforms.testing import Scenario

_CALL = ("POST", r"/rest/posts$")
_kind = partial(Kind, platform="linkedin", calls=re.compile(r"POST /rest/posts$"), silent=True)


def _refusal(reset: datetime) -> Refusal:
    body = {"status": 429, "code": "TOO_MANY_REQUESTS", "message": "Resource level throttle limit is reached"}
    return {"retry-after": str(max(1, round((reset - datetime.now(UTC)).total_seconds())))}, body


CASE = PlatformCase(
    "linkedin",
    Pinned(("text", "image", "images", "video"), "none", 0.0, 1, timedelta(days=60)),
    scenarios={
        "text": Scenario(_CALL, 201, text="Plans_(2027) for #tea & <cake>", refused_by="invalid"),
        "image": Scenario(_CALL, 201, media=PHOTOS[:1]),
        "images": Scenario(_CALL, 201, media=PHOTOS),
        "video": Scenario(_CALL, 201, media=(FILM,)),
    },
    kinds=(
        _kind("linkedin text"),
        _kind("linkedin image", media=("photo.jpg",)),
        _kind("linkedin images", media=("photo.jpg", "other.jpg")),
        _kind("linkedin video", media=("clip.mp4",)),
        _kind("linkedin card", has_card=True),
    ),
    made_up=MadeUp(_refusal),
)
