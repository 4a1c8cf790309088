"""Rules of Bluesky: a post has a text, and one of images, a video and a link card, with or without a quote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from ttp.domain.errors import Problem
from ttp.domain.media.image_fit import ImageForm
from ttp.domain.media.item import MediaItem
from ttp.domain.media.limits import MediaLimits, item_problems, size_text
from ttp.domain.platform_post import PlatformPost
from ttp.domain.rules import Rules
from ttp.platforms.bluesky.facets import find_entities, show_text
from ttp.platforms.bluesky.options import CARD_WORDS, list_problem
from ttp.platforms.graphemes import count_graphemes

MOST_GRAPHEMES, MOST_BYTES = 300, 3000
MOST_CALL_BYTES = 150_000
"""The reference server takes 150 KiB in one call."""
_CARD_BYTES = 4000
"""About the most that a link card has: 300 characters of a title and of a description, and two addresses."""
MOST_IMAGES, MOST_GALLERY = 4, 10
MOST_ALT = 2000
"""What Bluesky's own app takes; its lexicon names no limit."""
MOST_IMAGE_BYTES, MOST_VIDEO_BYTES = 2_000_000, 300_000_000
_IMAGES = ("image/jpeg", "image/png", "image/webp")
_IMAGE = MediaLimits(mimes=_IMAGES, most_bytes=MOST_IMAGE_BYTES)
_VIDEO = MediaLimits(mimes=("video/mp4",), most_bytes=MOST_VIDEO_BYTES, most_ms=10 * 60_000)
_ANYTHING = MediaLimits()


class BlueskyRules(Rules):
    media_texts = ("captions",)
    image_form: ImageForm | None = ImageForm(
        "bluesky", _IMAGES, MOST_IMAGE_BYTES, box=(4000, 4000), without_location=True, moves=True
    )

    def problems(self, post: PlatformPost) -> Iterator[Problem]:
        if (
            not post.text.strip()
            and not post.media
            and _named_card(post) != 1
            and (post.part_option("quote") or (0, ""))[0] != 1
        ):
            yield post.breach("content", "text_missing", " cannot take a post without text or media", post.text_hint)
        for message in _text_problems(post, post.text, "text"):
            yield post.breach("content", "text_too_long", message, post.text_hint)
        for part in post.parts_to_come():
            yield from _media_problems(part)
        yield from _option_problems(post)
        if (size := _call_size(post)) > MOST_CALL_BYTES:
            message = (
                f" cannot take the thread: it is {size // 1000} kB in one call, and {MOST_CALL_BYTES // 1000} at most"
            )
            yield post.breach("thread", "thread_size", message, post.thread_hint)
        yield from post.thread_problems(partial(_part_problems, post))

    def takes_alt(self, post: PlatformPost, item: MediaItem) -> bool:
        return True

    def text_use(self, text: str, media: Sequence[MediaItem], server: Mapping[str, object]) -> tuple[int, int]:
        return count_graphemes(text.strip()), MOST_GRAPHEMES

    def part_use(self, post: PlatformPost, text: str) -> tuple[int, int]:
        short = post.chosen_option("shorten_links") == "true"
        shown = show_text(text, shorten_links=True).text if short else text.strip()
        length, size = count_graphemes(shown), len(shown.encode("utf-8", "replace"))
        return (size, MOST_BYTES) if length <= MOST_GRAPHEMES and size > MOST_BYTES else (length, MOST_GRAPHEMES)

    def first_link(self, text: str) -> str | None:
        return next((one.value for one in find_entities(text) if one.sort == "link"), None)

    def unbroken_spans(self, text: str) -> Iterator[tuple[int, int]]:
        return ((one.start, one.end) for one in find_entities(text))


def _call_size(post: PlatformPost) -> int:
    """Return about how many bytes the one call of a thread has: texts, what is marked in them, and the rest."""
    if not post.thread:
        return 0
    shown = [show_text(text) for text in (post.text, *post.thread)]
    return sum(
        len(one.text.encode("utf-8", "replace")) + 250 * len(one.entities) + 800 + (_CARD_BYTES if one.links else 0)
        for one in shown
    )


def _part_problems(post: PlatformPost, number: int, text: str) -> Iterator[Problem]:
    for message in _text_problems(post, text, f"part {number}"):
        yield post.breach("thread", "text_too_long", message, post.thread_hint)


def _text_problems(post: PlatformPost, text: str, name: str) -> Iterator[str]:
    length, most = BlueskyRules().part_use(post, text)
    if length > most:
        yield f": {name} is {length} of {most}{' bytes in UTF-8' if most == MOST_BYTES else ''}"


def _media_problems(post: PlatformPost) -> Iterator[Problem]:
    images = [item for item in post.media if item.is_image]
    videos = [item for item in post.media if item.is_video]
    if images and videos:
        message = " cannot mix media in one post: up to 10 images, or one video"
        yield post.breach("media", "media_mixed", message, post.media_hint)
    elif len(images) > MOST_GALLERY:
        message = f" cannot take {len(images)} images in one post: {MOST_GALLERY} at most"
        yield post.breach("media", "media_count", message, post.media_hint)
    elif len(videos) > 1:
        message = f" cannot take {len(videos)} videos in one post: 1 at most"
        yield post.breach("media", "media_count", message, post.media_hint)
    elif len(images) > MOST_IMAGES:
        message = f": {len(images)} images are published as a gallery, which older apps do not show"
        yield post.warning("media", "media_gallery", message)
    largest = post.server.get("blobUploadLimit")
    for item in post.media:
        yield from item_problems(post, item, _VIDEO if item.is_video else _IMAGE, _ANYTHING)
        if isinstance(largest, int) and item.is_video and item.bytes > largest:
            message = f": the account's server takes files of {size_text(largest, up=False)} at most ({item.name})"
            yield post.warning("media", "media_server", message)
    yield from post.alt_problems(MOST_ALT, count_graphemes)


def _named_card(post: PlatformPost) -> int | None:
    """Return the number of the part that shows a page as a card which the option names."""
    chosen = post.part_option("card")
    return None if chosen is None or chosen[1] in CARD_WORDS else chosen[0]


def _option_problems(post: PlatformPost) -> Iterator[Problem]:
    yield from post.quote_problems(partial(_quote_problems, post))
    for name in ("labels", "who_replies", "reply_to"):
        text = post.chosen_option(name)
        if text is not None and (why := list_problem(name, text)) is not None:
            yield post.breach("options", "option_value", f": {post.platform}.{name}: {why}")
    card = _named_card(post)
    if card is not None and post.media_of(card):
        message = " cannot take a link card and media in one post"
        yield post.breach("options", "option_conflict", message, post.media_hint)
    if post.chosen_option("reply_to"):
        for name in ("who_replies",):
            if post.chosen_option(name):
                message = f": {post.platform}.{name} belongs to the first post of a thread, and this one is a reply"
                yield post.breach("options", "option_conflict", message)


def _quote_problems(post: PlatformPost, number: int, address: str) -> Iterator[Problem]:
    if (why := list_problem("quote", address)) is not None:
        yield post.breach("options", "option_value", f": {post.platform}.quote: {why}")
