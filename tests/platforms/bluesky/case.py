"""Bluesky: what the suites need to know."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import partial

from tests.platforms.case import FILM, LONG, PARTS, PHOTOS, Kind, MadeUp, PlatformCase, Refusal
from tests.platforms.pinned import USUAL_KINDS, Pinned
from ttp.platforms.testing import Scenario

_CALL = ("POST", r"/xrpc/com.atproto.repo.applyWrites$")
_kind = partial(
    Kind,
    platform="bluesky",
    calls=re.compile(r"POST /xrpc/com\.atproto\.repo\.applyWrites$"),
    atomic=True,
    keyed=True,
)


def _refusal(reset: datetime) -> Refusal:
    limits = {"limit": "3000", "remaining": "0", "reset": str(int(reset.timestamp())), "policy": "3000;w=300"}
    body = {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
    return {f"ratelimit-{name}": value for name, value in limits.items()}, body


CASE = PlatformCase(
    "bluesky",
    Pinned((*USUAL_KINDS, "gallery", "gates"), "key", 120.0, 6, timedelta(hours=2)),
    scenarios={
        "text": Scenario(_CALL, refused_by="rejected"),
        "comment": Scenario(_CALL, refused_by="rejected", is_comment=True),
        "images": Scenario(_CALL, media=PHOTOS),
        "video": Scenario(_CALL, media=(FILM,)),
        "thread": Scenario(_CALL, thread=("Two", "Three")),
    },
    kinds=(
        _kind("bluesky text"),
        _kind("bluesky images", media=("photo.jpg", "other.jpg")),
        _kind("bluesky video", media=("clip.mp4",)),
        _kind("bluesky thread", media=("photo.jpg", "3=other.jpg"), texts=PARTS, media_counts=(1, 0, 1)),
        _kind("bluesky comment", media=("photo.jpg",), texts=PARTS[:2], has_comment=True, atomic=False),
        _kind("bluesky card", has_card=True),
        _kind("bluesky split", media=("photo.jpg",), texts=LONG, is_split=True),
    ),
    # The record of a post is the last word, and never behind.
    made_up=MadeUp(_refusal, renewal=re.compile(r"\.refreshSession$")),
)
