"""Threads: what the suites need to know."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from functools import partial

from tests.platforms.case import FILM, PARTS, PHOTOS, Kind, MadeUp, PlatformCase, Refusal
from tests.platforms.pinned import USUAL_KINDS, Pinned
from ttp.platforms.testing import Scenario

_CALL = ("POST", r"/threads_publish$")
_kind = partial(Kind, platform="threads", calls=re.compile(r"POST .*/threads_publish$"))


def _refusal(reset: datetime) -> Refusal:
    usage = {"call_count": 100, "total_cputime": 1, "total_time": 1, "estimated_time_to_regain_access": 1}
    error = {"message": "Application request limit reached", "type": "OAuthException", "code": 4, "fbtrace_id": "A1"}
    return {"X-App-Usage": json.dumps(usage)}, {"error": {**error, "is_transient": True}}


CASE = PlatformCase(
    "threads",
    Pinned(USUAL_KINDS, "look_up", 300.0, 6, timedelta(days=60), (0.5, timedelta(hours=24), False)),
    scenarios={
        "text": Scenario(_CALL, refused_by="not_found"),
        "comment": Scenario(_CALL, refused_by="not_found", is_comment=True),
        "photo": Scenario(_CALL, media=PHOTOS[:1]),
        "carousel": Scenario(_CALL, media=(*PHOTOS, FILM)),
        "thread": Scenario(_CALL, thread=("Two", "Three")),
    },
    kinds=(
        _kind("threads text"),
        _kind("threads photo", media=("photo.jpg",)),
        _kind("threads video", media=("clip.mp4",)),
        _kind("threads carousel", media=("photo.jpg", "clip.mp4", "other.jpg")),
        _kind("threads thread", media=("photo.jpg", "3=other.jpg"), texts=PARTS, media_counts=(1, 0, 1)),
        _kind("threads comment", media=("photo.jpg",), texts=PARTS[:2], has_comment=True),
        _kind("threads options", options=("threads.topic_tag=Tea", "threads.reply_control=mentioned_only")),
    ),
    made_up=MadeUp(
        _refusal,
        re.compile(r"GET /v1\.0/\d+$"),
        lambda body: body.replace(b'"PUBLISHED"', b'"FINISHED" '),
        re.compile(r"/refresh_access_token$"),
    ),
    settings={"platforms.threads.ready_s": "0.2", "platforms.threads.answer_s": "2"},
)
