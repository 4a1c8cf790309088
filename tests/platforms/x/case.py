"""X: what the suites need to know."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from tests.platforms.case import FILM, LONG, PARTS, PHOTOS, Kind, MadeUp, PlatformCase, Refusal
from tests.platforms.pinned import USUAL_KINDS, Pinned
from ttp.platforms.testing import Scenario

_CALL = ("POST", r"/2/tweets$")
_CALLS = re.compile(r"POST /2/tweets$")


def _refusal(reset: datetime) -> Refusal:
    limits = {"limit": "100", "remaining": "0", "reset": str(int(reset.timestamp()))}
    title = "Too Many Requests"
    body = {"title": title, "detail": title, "type": "about:blank", "status": 429}
    return {f"x-rate-limit-{name}": value for name, value in limits.items()}, body


CASE = PlatformCase(
    "x",
    Pinned(USUAL_KINDS, "look_up", 900.0, 1, timedelta(hours=2)),
    scenarios={
        "text": Scenario(_CALL, 201, refused_by="not_permitted"),
        "comment": Scenario(_CALL, 201, refused_by="not_permitted", is_comment=True),
        "images": Scenario(_CALL, 201, media=PHOTOS),
        "video": Scenario(_CALL, 201, media=(FILM,)),
        "thread": Scenario(_CALL, 201, thread=("Two", "Three")),
    },
    kinds=(
        Kind("x text", "x", _CALLS),
        Kind("x image", "x", _CALLS, media=("photo.jpg",)),
        Kind("x video", "x", _CALLS, media=("clip.mp4",)),
        Kind("x thread", "x", _CALLS, texts=PARTS),
        Kind("x comment", "x", _CALLS, texts=PARTS, has_comment=True),
        Kind("x split", "x", _CALLS, ("last=photo.jpg",), LONG, is_split=True, media_counts=(0, 0, 1)),
    ),
    made_up=MadeUp(
        _refusal,
        re.compile(r"GET /2/users/\d+/tweets$"),
        lambda body: b'{"meta":{"result_count":0}}',
        re.compile(r"/oauth2/token$"),
    ),
    charges=True,
    # The budget of one post with a link: a call that is made again must not count twice.
    settings={"platforms.x.budget_usd": "0.2"},
)
