"""Instagram: fetching media and measuring them against its limits."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from ttp.sandbox.instagram.front import graph_error
from ttp.sandbox.media import CannotFetch, fetch_url, read_facts
from ttp.sandbox.state import State

MB = 1024 * 1024
MOST_IMAGE = 8 * MB
MOST_VIDEO = {"REELS": 300 * MB, "VIDEO": 300 * MB, "STORIES": 100 * MB}
SECONDS = {"REELS": (3, 900), "VIDEO": (3, 900), "STORIES": (3, 60)}
ASPECTS = (0.8, 1.91)
CANNOT_FETCH = "Error: Media upload has failed with error code 2207077"
BAD_VIDEO = "Error: Media upload has failed with error code 2207026"


class Video(NamedTuple):
    """A video as it was received; `error` is the text of its container's ERROR status."""

    sha256: str
    error: str | None
    duration_s: float = 0


async def fetch_image(state: State, url: str, feed: bool = True) -> str:
    """Return the SHA-256 of the JPEG behind `url`. Refuses other files, over 8 MB, a bad aspect in the feed."""
    try:
        data = await fetch_url(url, MOST_IMAGE)
    except CannotFetch:
        raise graph_error(
            9004, "Only photo or video can be accepted as media type. The media could not be fetched.", 2207052
        ) from None
    if len(data) > MOST_IMAGE:
        raise graph_error(36000, "The image size is too large.", 2207004)
    facts = read_facts(data)
    if facts.mime != "image/jpeg" or not facts.width or not facts.height:
        raise graph_error(36001, "The image format is not supported.", 2207005)
    if feed and not ASPECTS[0] - 0.01 <= facts.width / facts.height <= ASPECTS[1] + 0.01:
        raise graph_error(36003, "The submitted image has an aspect ratio that is not allowed.", 2207009)
    digest = hashlib.sha256(data).hexdigest()
    state.pictures.keep(digest, data)
    return digest


async def fetch_video(url: str, kind: str) -> Video:
    """Return the video behind `url`, for a container of `kind`."""
    try:
        data = await fetch_url(url, MOST_VIDEO[kind])
    except CannotFetch:
        return Video("", CANNOT_FETCH)
    return measure_video(data, kind)


def measure_video(data: bytes, kind: str) -> Video:
    """Check a video against the limits of a container's kind: MP4 or MOV, length, size."""
    facts = read_facts(data)
    least, most = SECONDS[kind]
    sound = (
        facts.mime in ("video/mp4", "video/quicktime")
        and facts.duration_s is not None
        and least <= facts.duration_s <= most
        and len(data) <= MOST_VIDEO[kind]
    )
    return Video(hashlib.sha256(data).hexdigest(), None if sound else BAD_VIDEO, facts.duration_s or 0)
