"""X's rules for a post: weighted text, up to four images, or one GIF, or one video; and for threads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from ttp.domain.action import action, other_options
from ttp.domain.errors import Problem
from ttp.domain.media.image_fit import ImageForm
from ttp.domain.media.item import MediaItem
from ttp.domain.media.limits import MediaLimits, item_problems
from ttp.domain.platform_post import PlatformPost
from ttp.domain.pricing import dollars
from ttp.domain.rules import Rules
from ttp.platforms.x.links import has_link_inside, move_links_last
from ttp.platforms.x.pricing import LINK_POST
from ttp.platforms.x.text_length import X_LIMIT, has_link, weighted_length

_CASHTAG = re.compile(r"(?<!\S)\$[a-z]{1,6}(?:[._][a-z]{1,2})?(?![\w$])", re.IGNORECASE | re.ASCII)
_REFUSED = re.compile("[\ufffe\ufeff\uffff]")
"""Characters that twitter-text rejects. Byte order marks do occur in real files."""

# Sizes are from X's upload answers (5242880 and 15728640 bytes), the rest from its media documentation. For videos the
# documentation contradicts itself: 140 s and 512 MB in one place, 20 minutes and 8 GB in a newer one, which matches the
# answer to a longer video. Exceeding the older limits is a warning, the newer an error.
_STILL, _IMAGE_BYTES = ("image/jpeg", "image/png", "image/webp"), 5 << 20
_IMAGE = MediaLimits(mimes=_STILL, most_bytes=_IMAGE_BYTES)
_GIF = MediaLimits(mimes=("image/gif",), most_bytes=15 << 20, box=(1280, 1080))
_VIDEO = MediaLimits(
    mimes=("video/mp4", "video/quicktime"),
    most_bytes=8_000_000_000,
    least_ms=500,
    most_ms=20 * 60_000,
    sides=(32, None),
    aspects=((1, 3), (3, 1)),
    codecs=("h264",),
)
_VIDEO_ADVISED = MediaLimits(most_bytes=512_000_000, most_ms=140_000, box=(1280, 1024), fps=(1, 60))
_ANYTHING = MediaLimits()
_MOST_IMAGES, _MOST_ALT = 4, 1000


class XRules(Rules):
    image_form: ImageForm | None = ImageForm("x", _STILL, _IMAGE_BYTES, any_look=True, as_is=("image/gif",))

    def problems(self, post: PlatformPost) -> Iterator[Problem]:
        """Yield every problem of a post with X. Published parts of a thread are not checked again."""
        if not post.published_parts:
            yield from _first_problems(post)
        for part in post.parts_to_come():
            yield from _media_problems(part)
        yield from post.thread_problems(partial(_part_problems, post))
        yield from _link_problems(post)

    def arrange(self, post: PlatformPost) -> tuple[str, ...]:
        texts = (post.text, *post.thread)
        return move_links_last(texts) if post.chosen_option("links") == "last-part" else texts

    def takes_alt(self, post: PlatformPost, item: MediaItem) -> bool:
        return item.is_image

    def text_use(self, text: str, media: Sequence[MediaItem], server: Mapping[str, object]) -> tuple[int, int]:
        return weighted_length(text), X_LIMIT


def _first_problems(case: PlatformPost) -> Iterator[Problem]:
    if not case.text.strip() and not case.media:
        yield case.breach("content", "text_missing", " cannot take a post without text or media", case.text_hint)
    for code, what in _text_problems(case.text, "text"):
        yield case.breach("content", code, what, case.text_hint)


def _media_problems(case: PlatformPost) -> Iterator[Problem]:
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
    yield from case.alt_problems(_MOST_ALT)


def _part_problems(case: PlatformPost, number: int, text: str) -> Iterator[Problem]:
    for code, what in _text_problems(text, f"part {number}"):
        yield case.breach("thread", code, what, case.thread_hint)
    earlier = [part.strip() for part in (case.text, *case.thread[: number - 2])]
    if text.strip() and text.strip() in earlier:
        message = f": part {number} is the same as part {earlier.index(text.strip()) + 1}; X may reject it"
        yield case.warning("thread", "text_repeated", message, case.thread_hint)


def _link_problems(case: PlatformPost) -> Iterator[Problem]:
    """Yield a breach if links are refused, and a warning for those that no last part can take."""
    links = case.chosen_option("links")
    texts = (case.text, *case.thread)[case.published_parts :]
    if links == "refuse" and any(map(has_link, texts)):
        ways = {"set": "x.links=keep"}
        hint = other_options(**ways) if case.post_id is None else action("edit", case.post_id, **ways)
        price = f"a post with a link costs {dollars(LINK_POST)}; take it out, or set x.links to keep or last-part"
        yield case.breach("content", "link_refused", f": x.links refuses links: {price}", hint)
    if links == "last-part" and any(map(has_link_inside, texts)):
        yield case.warning("content", "link_inside", ": a link inside a sentence stays there, only lines of links move")


def _text_problems(text: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield (code, message) for each problem of one text, called `name`."""
    if (length := weighted_length(text)) > X_LIMIT:
        yield "text_too_long", f": {name} is {length} of {X_LIMIT}"
    if refused := _REFUSED.search(text):
        yield "text_characters", f": {name} contains U+{ord(refused[0]):04X}, an invisible character that X refuses"
    if (count := len(_CASHTAG.findall(text))) > 1:
        where = "one post" if name == "text" else name
        yield "cashtags", f" cannot take {count} cashtags ($ABC) in {where}: 1 at most"
