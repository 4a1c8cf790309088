"""What Instagram makes of a media URL: fetched for real, measured against its limits, named by its SHA-256."""

from __future__ import annotations

import hashlib

from ttp.sandbox.fetch import CannotFetch, fetched
from ttp.sandbox.instagram_front import graph_error
from ttp.sandbox.media_facts import facts_of

MB = 1024 * 1024
MOST_IMAGE = 8 * MB
MOST_REEL = 300 * MB
MOST_STORY = 100 * MB
ASPECTS = (0.8, 1.91)


async def image(url: str, feed: bool = True) -> str:
    """SHA-256 of the JPEG behind `url`. Refused: unreachable, no JPEG, over 8 MB, bad aspect in the feed."""
    try:
        data = await fetched(url, MOST_IMAGE)
    except CannotFetch:
        raise graph_error(
            9004, "Only photo or video can be accepted as media type. The media could not be fetched.", 2207052
        ) from None
    if len(data) > MOST_IMAGE:
        raise graph_error(36000, "The image size is too large.", 2207004)
    facts = facts_of(data)
    if facts.mime != "image/jpeg" or not facts.width or not facts.height:
        raise graph_error(36001, "The image format is not supported.", 2207005)
    if feed and not ASPECTS[0] - 0.01 <= facts.width / facts.height <= ASPECTS[1] + 0.01:
        raise graph_error(36003, "The submitted image has an aspect ratio that is not allowed.", 2207009)
    return hashlib.sha256(data).hexdigest()


async def video(url: str, most_bytes: int, seconds: tuple[float, float]) -> tuple[str, str | None]:
    """SHA-256 of the video behind `url`, and the text of its ERROR status if it cannot be published."""
    try:
        data = await fetched(url, most_bytes)
    except CannotFetch:
        return "", "Error: Media upload has failed with error code 2207077"
    facts = facts_of(data)
    sound = (
        facts.mime in ("video/mp4", "video/quicktime")
        and facts.duration_s is not None
        and seconds[0] <= facts.duration_s <= seconds[1]
        and len(data) <= most_bytes
    )
    digest = hashlib.sha256(data).hexdigest()
    return digest, None if sound else "Error: Media upload has failed with error code 2207026"
