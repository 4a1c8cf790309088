"""Rules of Threads for a post: 500 characters, and an image, a video, or up to twenty of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ttp.domain.errors import Problem
from ttp.domain.media.image_fit import ImageForm
from ttp.domain.media.item import MediaItem
from ttp.domain.media.limits import MediaLimits, item_problems
from ttp.domain.parts.links import find_links
from ttp.domain.platform_post import PlatformPost
from ttp.domain.rules import Rules
from ttp.platforms.threads.options import MOST_ITEMS, kind_of, poll_answers

MOST_TEXT = 500
_MOST_LINKS = 5
_MOST_ALT = 1000
_MOST_ANSWER = 25
_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_EMOJI = re.compile(
    f"(?:{_PICTURE}[\ufe0f\u200d\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*)+|[0-9#*]\ufe0f?\u20e3"
)
"""Emoji, with everything that belongs to them. What may be shown as one counts as one."""
_MARKED = re.compile(r"(?<![\w#@&/])[#@]\w[\w.]*")

# "8 MB" and "1 GB" are undefined, so decimal, the smaller units. Images of other widths are scaled.
_STILL, _IMAGE_BYTES, _IMAGE_ASPECTS = ("image/jpeg", "image/png"), 8_000_000, ((1, 10), (10, 1))
_IMAGE = MediaLimits(mimes=_STILL, most_bytes=_IMAGE_BYTES, aspects=_IMAGE_ASPECTS)
_VIDEO = MediaLimits(
    mimes=("video/mp4", "video/quicktime"),
    most_bytes=1_000_000_000,
    least_ms=1,
    most_ms=5 * 60_000,
    widths=(0, 1920),
    aspects=((1, 100), (10, 1)),
    codecs=("h264", "hevc"),
    fps=(23, 60),
)
_VIDEO_ADVISED = MediaLimits(most_mbit=25, moov_first=True)


def text_length(text: str) -> int:
    """Return the length of a text: an emoji counts its bytes in UTF-8, anything else one."""
    return len(text) + sum(len(match[0].encode()) - len(match[0]) for match in _EMOJI.finditer(text))


class ThreadsRules(Rules):
    image_form: ImageForm | None = ImageForm(
        "threads", _STILL, _IMAGE_BYTES, widths=(320, 1440), aspects=_IMAGE_ASPECTS
    )

    def problems(self, post: PlatformPost) -> Iterator[Problem]:
        """Yield every problem of a post with Threads. Published parts of a thread are not checked again."""
        if not post.published_parts:
            yield from _first_problems(post)
        for part in post.parts_to_come():
            yield from _media_problems(part)
        yield from post.thread_problems(lambda number, text: _text_problems(post, "thread", f"part {number}", text))

    def kind(self, media: Sequence[MediaItem], options: Mapping[str, str]) -> str:
        return kind_of(media)

    def takes_alt(self, post: PlatformPost, item: MediaItem) -> bool:
        return item.is_image or item.is_video

    def text_use(self, text: str, media: Sequence[MediaItem], server: Mapping[str, object]) -> tuple[int, int]:
        return text_length(text), MOST_TEXT

    def unbroken_spans(self, text: str) -> Iterator[tuple[int, int]]:
        yield from find_links(text)
        yield from (match.span() for match in _MARKED.finditer(text))


def _first_problems(case: PlatformPost) -> Iterator[Problem]:
    if not case.text.strip() and not case.media:
        yield case.breach("content", "text_missing", " cannot take a post without text or media", case.text_hint)
    link = case.chosen_option("link")
    yield from _text_problems(case, "content", "text", case.text, *(() if link is None or case.media else (link,)))
    topic = case.chosen_option("topic_tag")
    if topic is not None and (re.search(r"[.&#]", topic) or not topic.strip()):
        message = f": threads.topic_tag is {topic}, but a topic cannot contain . & or #"
        yield case.breach("options", "option_value", message)
    poll = case.chosen_option("poll")
    answers = poll_answers(poll)
    if poll is not None and not (
        2 <= len(answers) <= 4 and all(0 < text_length(one) <= _MOST_ANSWER for one in answers)
    ):
        message = f": threads.poll is {poll}, but a poll has two to four answers of up to {_MOST_ANSWER} characters"
        yield case.breach("options", "option_value", message)
    yield from case.unused_option_warnings(kind_of(case.media))


def _text_problems(case: PlatformPost, field: str, name: str, text: str, *more: str) -> Iterator[Problem]:
    hint = case.text_hint if field == "content" else case.thread_hint
    if (length := text_length(text)) > MOST_TEXT:
        yield case.breach(field, "text_too_long", f": {name} is {length} of {MOST_TEXT}", hint)
    links = {text[start:end] for start, end in find_links(text)} | set(more)
    if len(links) > _MOST_LINKS:
        message = f" cannot take {len(links)} different links in one post: {_MOST_LINKS} at most"
        yield case.breach(field, "links", message, hint)


def _media_problems(case: PlatformPost) -> Iterator[Problem]:
    if len(case.media) > MOST_ITEMS:
        message = f" cannot take {len(case.media)} media in one carousel: {MOST_ITEMS} at most"
        yield case.breach("media", "media_count", message, case.media_hint)
    for item in case.media:
        if item.is_video:
            yield from item_problems(case, item, _VIDEO, _VIDEO_ADVISED)
        else:
            yield from item_problems(case, item, _IMAGE, MediaLimits())
    yield from case.alt_problems(_MOST_ALT)
    yield from case.public_url_problems(case.media)
