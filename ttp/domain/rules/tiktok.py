"""What TikTok takes in one post: one video, and a privacy level that a person chose."""

from __future__ import annotations

from collections.abc import Iterator

from ttp.domain.errors import Problem
from ttp.domain.options import PRIVACY
from ttp.domain.rules.case import Case
from ttp.domain.rules.limits import Limits, item_problems
from ttp.domain.text_length import utf16_length

MOST_TEXT = 2200
"""UTF-16 code units of a video's title, hashtags and mentions included."""

# TikTok's media transfer guide. It does not tell the unit of its gigabytes: decimal, which is inside both.
_VIDEO = Limits(
    mimes=("video/mp4", "video/quicktime", "video/webm"),
    most_bytes=4_000_000_000,
    most_ms=10 * 60_000,
    sides=(360, 4096),
    codecs=("h264", "hevc", "vp8", "vp9"),
)
_ADVISED = Limits(fps=(23, 60))


def problems(case: Case) -> Iterator[Problem]:
    """Every problem of a post with TikTok."""
    if (length := utf16_length(case.text)) > MOST_TEXT:
        yield case.too_long(length, MOST_TEXT)
    if not case.media:
        yield case.breach("media", "media_missing", " cannot take a post without a video", case.media_hint)
    elif len(case.media) > 1:
        message = f" cannot take {len(case.media)} media in one post: one video"
        yield case.breach("media", "media_count", message, case.media_hint)
    for item in case.media:
        yield from item_problems(case, item, _VIDEO, _ADVISED)
    if case.options.get(PRIVACY.name) not in PRIVACY.values:
        message = f" has no {PRIVACY.name}, and TikTok wants a person to choose it: {', '.join(PRIVACY.values)}"
        hint = f"ttp account set {case.account} --set {PRIVACY.name}=SELF_ONLY"
        yield case.breach("options", "option_missing", message, hint)
