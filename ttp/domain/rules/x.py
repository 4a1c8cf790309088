"""What X takes in one post: weighted text, up to four images, or one GIF, or one video."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ttp.domain.errors import Problem
from ttp.domain.rules.case import Case
from ttp.domain.rules.limits import Limits, item_problems
from ttp.domain.text_length import X_LIMIT, x_length

_CASHTAG = re.compile(r"(?<!\S)\$[a-z]{1,6}(?:[._][a-z]{1,2})?(?![\w$])", re.IGNORECASE | re.ASCII)
_REFUSED = re.compile("[\ufffe\ufeff\uffff]")
"""The characters that twitter-text calls invalid. A byte order mark is the one that is met in real files."""

# Sizes are what X's upload answers name (5242880 and 15728640 bytes), the rest is its media documentation. For videos
# that disagrees with itself: 140 s and 512 MB in one place, 20 minutes and 8 GB in a newer one, which agrees with the
# answer to a longer video. The older is warned about, the newer refused.
_IMAGE = Limits(mimes=("image/jpeg", "image/png", "image/webp"), most_bytes=5 << 20)
_GIF = Limits(mimes=("image/gif",), most_bytes=15 << 20, box=(1280, 1080))
_VIDEO = Limits(
    mimes=("video/mp4", "video/quicktime"),
    most_bytes=8_000_000_000,
    least_ms=500,
    most_ms=20 * 60_000,
    sides=(32, None),
    aspects=((1, 3), (3, 1)),
    codecs=("h264",),
)
_VIDEO_ADVISED = Limits(most_bytes=512_000_000, most_ms=140_000, box=(1280, 1024), fps=(1, 60))
_ANYTHING = Limits()
_MOST_IMAGES = 4


def problems(case: Case) -> Iterator[Problem]:
    """Every problem of a post with X."""
    yield from _text_problems(case)
    gifs = [item for item in case.media if item.mime == "image/gif"]
    images = [item for item in case.media if item.is_image and item not in gifs]
    videos = [item for item in case.media if item.is_video]
    if bool(gifs) + bool(images) + bool(videos) > 1:
        message = " cannot mix media in one post: up to 4 images, or one GIF, or one video"
        yield case.breach("media", "media_mixed", message, case.media_hint)
    else:
        for items, most, what in ((images, _MOST_IMAGES, "images"), (gifs, 1, "GIFs"), (videos, 1, "videos")):
            if len(items) > most:
                message = f" cannot take {len(items)} {what} in one post: {most} at most"
                yield case.breach("media", "media_count", message, case.media_hint)
    for item in case.media:
        if item in videos:
            yield from item_problems(case, item, _VIDEO, _VIDEO_ADVISED)
        else:
            yield from item_problems(case, item, _GIF if item in gifs else _IMAGE, _ANYTHING)


def _text_problems(case: Case) -> Iterator[Problem]:
    if not case.text.strip() and not case.media:
        yield case.breach("content", "text_missing", " cannot take a post without text or media", case.text_hint)
    if (length := x_length(case.text)) > X_LIMIT:
        yield case.too_long(length, X_LIMIT)
    if refused := _REFUSED.search(case.text):
        message = f": the text holds U+{ord(refused[0]):04X}, an invisible character that X refuses"
        yield case.breach("content", "text_characters", message, case.text_hint)
    if (count := len(_CASHTAG.findall(case.text))) > 1:
        message = f" cannot take {count} cashtags ($ABC) in one post: 1 at most"
        yield case.breach("content", "cashtags", message, case.text_hint)
