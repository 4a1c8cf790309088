"""What Instagram takes in one post: one JPEG or one video as a reel, reachable by a public URL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ttp.domain.errors import Problem
from ttp.domain.rules.case import Case
from ttp.domain.rules.limits import Limits, item_problems
from ttp.domain.text_length import utf16_length

MOST_TEXT = 2200
"""Characters of a caption; the unit is not documented, so UTF-16 code units, the strictest."""
_MENTION = re.compile(r"(?<![\w@])@\w")
_HASHTAG = re.compile(r"(?<![\w#&])#\w")
_MOST_MENTIONS = 20
_MOST_HASHTAGS = 30
_ADVISED_HASHTAGS = 5
"""Instagram's own limit since December 2025; what its API does with 6 to 30 is not documented."""

# Image and reel specifications of Instagram's content publishing reference. "8 MB" is 8 MiB in its error text; of the
# reel's megabytes the unit is not told: decimal, which is inside both. Narrow images are scaled up, wide ones down.
_IMAGE = Limits(mimes=("image/jpeg",), most_bytes=8 << 20, aspects=((4, 5), (191, 100)))
_IMAGE_ADVISED = Limits(widths=(320, None))
_REEL = Limits(
    mimes=("video/mp4", "video/quicktime"),
    most_bytes=300_000_000,
    least_ms=3_000,
    most_ms=15 * 60_000,
    aspects=((1, 100), (10, 1)),
    codecs=("h264", "hevc"),
)
_REEL_ADVISED = Limits(widths=(0, 1920), fps=(23, 60), moov_first=True)
_SETTINGS = 'media_host = {kind = "folder", path = "FOLDER", base_url = "https://HOST/FOLDER"}'


def problems(case: Case) -> Iterator[Problem]:
    """Every problem of a post with Instagram."""
    yield from _text_problems(case)
    if not case.media:
        yield case.breach("media", "media_missing", " cannot take a post without media", case.media_hint)
    elif len(case.media) > 1:
        message = f" cannot take {len(case.media)} media in one post: one image or one video (no carousels yet)"
        yield case.breach("media", "media_count", message, case.media_hint)
    for item in case.media:
        taken, advised = (_REEL, _REEL_ADVISED) if item.is_video else (_IMAGE, _IMAGE_ADVISED)
        yield from item_problems(case, item, taken, advised)
    local = [item.name for item in case.media if item.url is None]
    if local and not case.media_host:
        message = (
            f" fetches media from a public URL, and {', '.join(local)} has none:"
            " set media_host.kind, media_host.path and media_host.base_url in config.toml"
        )
        yield case.breach("media", "media_host", message, _SETTINGS)


def _text_problems(case: Case) -> Iterator[Problem]:
    if (length := utf16_length(case.text)) > MOST_TEXT:
        yield case.too_long(length, MOST_TEXT)
    if (count := len(_MENTION.findall(case.text))) > _MOST_MENTIONS:
        message = f" cannot take {count} mentions in one post: {_MOST_MENTIONS} at most"
        yield case.breach("content", "mentions", message, case.text_hint)
    if (count := len(_HASHTAG.findall(case.text))) > _MOST_HASHTAGS:
        message = f" cannot take {count} hashtags in one post: {_MOST_HASHTAGS} at most"
        yield case.breach("content", "hashtags", message, case.text_hint)
    elif count > _ADVISED_HASHTAGS:
        message = f" may refuse {count} hashtags in one post: {_ADVISED_HASHTAGS} is Instagram's own limit"
        yield case.warning("content", "hashtags", message, case.text_hint)
