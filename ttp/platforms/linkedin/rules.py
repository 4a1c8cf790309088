"""LinkedIn's rules for a post: a text, and one of an image, several images, a video and a link card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ttp.domain.errors import Problem
from ttp.domain.media.image_fit import ImageForm
from ttp.domain.media.item import MediaItem
from ttp.domain.media.limits import MediaLimits, item_problems
from ttp.domain.platform_post import PlatformPost
from ttp.domain.rules import Rules
from ttp.domain.text import utf16_length
from ttp.platforms.linkedin.little_text import find_links, odd_mentions, text_length

MOST_TEXT, MOST_ALT, MOST_IMAGES = 3000, 4086, 20
MOST_PIXELS = 36_152_319
_IMAGES = ("image/jpeg", "image/png", "image/gif")
_IMAGE = MediaLimits(mimes=_IMAGES, most_bytes=5_000_000)
"""Other tools report 5 MB; LinkedIn documents only the pixels."""
_VIDEO = MediaLimits(
    mimes=("video/mp4",),
    most_bytes=500_000_000,
    least_ms=3000,
    most_ms=30 * 60_000,
    aspects=((10, 24), (24, 10)),
)
LEAST_VIDEO_BYTES = 75_000
_ANYTHING = MediaLimits()


class LinkedInRules(Rules):
    image_form: ImageForm | None = ImageForm(
        "linkedin", _IMAGES, 5_000_000, area=MOST_PIXELS, without_location=None, as_is=("image/gif",)
    )

    def problems(self, post: PlatformPost) -> Iterator[Problem]:
        card = post.chosen_option("card")
        names_page = card not in (None, "auto", "none")
        if not post.text.strip() and not post.media:
            yield post.breach("content", "text_missing", " cannot take a post without text or media", post.text_hint)
        if (length := text_length(post.text)) > MOST_TEXT:
            escapes = length - utf16_length(post.text.strip())
            more = f", with {escapes} escapes of characters such as ( and _" if escapes else ""
            yield post.breach("content", "text_too_long", f": text is {length} of {MOST_TEXT}{more}", post.text_hint)
        for text in odd_mentions(post.text):
            message = f": {text} is not a mention, and is shown as text; one is @[NAME](urn:li:organization:NUMBER)"
            yield post.warning("content", "text_mention", message, post.text_hint)
        if names_page and post.media:
            yield post.breach("options", "option_conflict", " cannot take a link card and media", post.media_hint)
        yield from _media_problems(post)

    def takes_alt(self, post: PlatformPost, item: MediaItem) -> bool:
        return item.is_image

    def text_use(self, text: str, media: Sequence[MediaItem], server: Mapping[str, object]) -> tuple[int, int]:
        return text_length(text), MOST_TEXT

    def unbroken_spans(self, text: str) -> Iterable[tuple[int, int]]:
        return find_links(text)

    def first_link(self, text: str) -> str | None:
        return next((text[start:end] for start, end in find_links(text)), None)


def _media_problems(post: PlatformPost) -> Iterator[Problem]:
    videos = [item for item in post.media if item.is_video]
    if videos and len(post.media) > len(videos):
        message = " cannot mix media in one post: up to 20 images, or one video"
        yield post.breach("media", "media_mixed", message, post.media_hint)
    elif len(post.media) > (most := 1 if videos else MOST_IMAGES):
        message = f" cannot take {len(post.media)} {'videos' if videos else 'images'} in one post: {most} at most"
        yield post.breach("media", "media_count", message, post.media_hint)
    for item in post.media:
        yield from item_problems(post, item, _VIDEO if item.is_video else _IMAGE, _ANYTHING)
        if item.is_video and item.bytes < LEAST_VIDEO_BYTES:
            message = f" cannot take {item.name}: it has {item.bytes} bytes; the minimum is {LEAST_VIDEO_BYTES}"
            yield post.breach("media", "media_size", message)
        pixels = (item.width or 0) * (item.height or 0)
        if item.is_image and pixels > MOST_PIXELS:
            message = f" cannot take {item.name}: it has {pixels} pixels; the maximum is {MOST_PIXELS}"
            yield post.breach("media", "media_dimensions", message)
    yield from post.alt_problems(MOST_ALT)
