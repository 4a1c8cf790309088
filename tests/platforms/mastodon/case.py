"""Mastodon: what the suites need to know."""

from __future__ import annotations

import re
from datetime import datetime
from functools import partial

from tests.platforms.case import FILM, LONG, PARTS, PHOTOS, Kind, MadeUp, PlatformCase, Refusal
from tests.platforms.pinned import USUAL_KINDS, Pinned
from ttp.platforms.testing import Scenario

_CALL = ("POST", r"/api/v1/statuses$")
_kind = partial(Kind, platform="mastodon", calls=re.compile(r"POST /api/v1/statuses$"), keyed=True)


def _refusal(reset: datetime) -> Refusal:
    limits = {"limit": "300", "remaining": "0", "reset": reset.isoformat()}
    return {f"x-ratelimit-{name}": value for name, value in limits.items()}, {"error": "Too many requests"}


CASE = PlatformCase(
    "mastodon",
    Pinned((*USUAL_KINDS, "poll"), "look_up", 120.0, 6, None),
    scenarios={
        "text": Scenario(_CALL, refused_by="rejected_status"),
        "comment": Scenario(_CALL, refused_by="rejected_status", is_comment=True),
        "images": Scenario(_CALL, media=PHOTOS),
        "video": Scenario(_CALL, media=(FILM,)),
        "poll": Scenario(_CALL, options={"poll": "Yes|No"}),
        "thread": Scenario(_CALL, thread=("Two", "Three")),
    },
    kinds=(
        _kind("mastodon text"),
        _kind("mastodon images", media=("photo.jpg", "other.jpg")),
        _kind("mastodon video", media=("clip.mp4",)),
        _kind("mastodon poll", options=("mastodon.poll=Tea|Coffee",)),
        _kind("mastodon thread", media=("photo.jpg", "3=other.jpg"), texts=PARTS, media_counts=(1, 0, 1)),
        _kind("mastodon comment", media=("photo.jpg",), texts=PARTS, has_comment=True),
        _kind("mastodon split", media=("photo.jpg",), texts=LONG, is_split=True),
    ),
    made_up=MadeUp(_refusal, re.compile(r"GET /api/v1/accounts/\d+/statuses$"), lambda body: b"[]"),
)
