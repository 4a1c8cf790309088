"""Instagram's rules for a post: an image, a reel, a story, or a carousel of up to ten of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ttp.domain.action import action
from ttp.domain.errors import Problem
from ttp.domain.media.image_fit import ImageForm
from ttp.domain.media.item import MediaItem
from ttp.domain.media.limits import MediaLimits, item_problems, same_shape, shape_text
from ttp.domain.parts.links import find_links
from ttp.domain.platform_post import PlatformPost
from ttp.domain.rules import Rules
from ttp.domain.text import utf16_length
from ttp.platforms.instagram.facts import by_facebook
from ttp.platforms.instagram.options import InstagramKind, instagram_kind
from ttp.platforms.instagram.scopes import comment_scopes

MOST_TEXT = 2200
"""Characters of a caption. The unit is not documented, so UTF-16 code units, the strictest."""
MOST_ITEMS = 10
"""Items of a carousel by the API; the app allows 20."""
_MENTION = re.compile(r"(?<![\w@])@\w")
_HASHTAG = re.compile(r"(?<![\w#&])#\w")
_MOST_MENTIONS = 20
_MOST_HASHTAGS = 30
_MOST_ALT = 1000
_FIRST_API = 300
"""Characters of a comment in Instagram's first API, which ended in 2020; the present one documents no limit."""
_ADVISED_HASHTAGS = 5
"""Instagram's own limit since December 2025; what its API does with 6 to 30 is not documented."""

# From Instagram's content publishing reference. "8 MB" is 8 MiB in its error text; megabytes of videos are undefined,
# so decimal, the smaller unit. Narrow images are scaled up, wide ones down. A story is not cropped to the feed's
# shapes. For a video in a carousel only the reel's limits are documented.
_ASPECTS = ((4, 5), (191, 100))
_IMAGE = MediaLimits(mimes=("image/jpeg",), most_bytes=8 << 20, aspects=_ASPECTS)
_FORM = ImageForm("instagram", ("image/jpeg",), 8 << 20, widths=(320, 1440), aspects=_ASPECTS)
_STORY_IMAGE = MediaLimits(mimes=("image/jpeg",), most_bytes=8 << 20)
_IMAGE_ADVISED = MediaLimits(widths=(320, None))
_REEL = MediaLimits(
    mimes=("video/mp4", "video/quicktime"),
    most_bytes=300_000_000,
    least_ms=3_000,
    most_ms=15 * 60_000,
    aspects=((1, 100), (10, 1)),
    codecs=("h264", "hevc"),
)
_STORY_VIDEO = MediaLimits(
    mimes=("video/mp4", "video/quicktime"),
    most_bytes=100_000_000,
    least_ms=3_000,
    most_ms=60_000,
    aspects=((1, 100), (10, 1)),
    codecs=("h264", "hevc"),
)
_VIDEO_ADVISED = MediaLimits(widths=(0, 1920), fps=(23, 60), moov_first=True)


class InstagramRules(Rules):
    image_form: ImageForm | None = _FORM

    def image_form_for(self, server: Mapping[str, object], options: Mapping[str, str]) -> ImageForm | None:
        return _FORM._replace(aspects=None) if options.get("kind") == InstagramKind.STORY else _FORM

    def problems(self, post: PlatformPost) -> Iterator[Problem]:
        return problems(post)

    def kind(self, media: Sequence[MediaItem], options: Mapping[str, str]) -> str:
        return instagram_kind(options.get("kind"), media)

    def takes_alt(self, post: PlatformPost, item: MediaItem) -> bool:
        return item.is_image and instagram_kind(post.chosen_option("kind"), post.media) is not InstagramKind.STORY

    def text_use(self, text: str, media: Sequence[MediaItem], server: Mapping[str, object]) -> tuple[int, int]:
        return utf16_length(text), MOST_TEXT


def problems(case: PlatformPost) -> Iterator[Problem]:
    if case.is_comment:
        yield from _comment_problems(case)
        return
    kind = instagram_kind(case.chosen_option("kind"), case.media)
    sends_videos = by_facebook(case.config)
    yield from _text_problems(case, kind)
    yield from _count_problems(case, kind)
    for item in case.media:
        story = kind is InstagramKind.STORY
        if item.is_video:
            yield from item_problems(case, item, _STORY_VIDEO if story else _REEL, _VIDEO_ADVISED)
        else:
            yield from item_problems(case, item, _STORY_IMAGE if story else _IMAGE, _IMAGE_ADVISED)
    yield from case.alt_problems(_MOST_ALT)
    if kind is InstagramKind.CAROUSEL:
        yield from _crops(case)
    yield from case.public_url_problems(item for item in case.media if not (item.is_video and sends_videos))
    if case.media:
        yield from _cover_problems(case, kind)
        yield from _tag_problems(case, kind)
        yield from case.unused_option_warnings(kind)


def _comment_problems(case: PlatformPost) -> Iterator[Problem]:
    if instagram_kind(case.chosen_option("kind"), ()) is InstagramKind.STORY:
        yield case.breach("comment", "comment_kind", " cannot go to a story, which has no comments", case.text_hint)
        return
    yield from _text_problems(case, InstagramKind.IMAGE)
    words, links = case.text, sum(1 for _ in find_links(case.text))
    if utf16_length(words) > _FIRST_API or links > 1 or words.isupper():
        message = f" may be refused: Instagram's first API took {_FIRST_API} characters, one link, no capitals alone"
        yield case.warning("comment", "comment_doubtful", message, case.text_hint)
    scopes = comment_scopes(by_facebook(case.config))
    if case.scopes and scopes[-1] not in case.scopes:
        message = f" needs the permission {scopes[-1]}, which the account does not have"
        connect = action("account connect", case.account, scopes=",".join(scopes))
        yield case.breach("comment", "permission", message, connect)


def _text_problems(case: PlatformPost, kind: InstagramKind) -> Iterator[Problem]:
    if kind is InstagramKind.STORY:
        if case.text.strip():
            yield case.warning(
                "content", "text_idle", " shows no text with a story; the text will not be sent", case.text_hint
            )
        return
    if (length := utf16_length(case.text)) > MOST_TEXT:
        yield case.too_long(length, MOST_TEXT)
    if (count := len(_MENTION.findall(case.text))) > _MOST_MENTIONS:
        message = f" cannot take {count} mentions in one post: {_MOST_MENTIONS} at most"
        yield case.breach("content", "mentions", message, case.text_hint)
    if (count := len(_HASHTAG.findall(case.text))) > _MOST_HASHTAGS:
        message = f" cannot take {count} hashtags in one post: {_MOST_HASHTAGS} at most"
        yield case.breach("content", "hashtags", message, case.text_hint)
    elif count > _ADVISED_HASHTAGS:
        message = f" may reject {count} hashtags in one post: Instagram's own limit is {_ADVISED_HASHTAGS}"
        yield case.warning("content", "hashtags", message, case.text_hint)


def _count_problems(case: PlatformPost, kind: InstagramKind) -> Iterator[Problem]:
    count, chosen = len(case.media), case.chosen_option("kind")
    if not case.media:
        yield case.breach("media", "media_missing", " cannot take a post without media", case.media_hint)
    elif kind is InstagramKind.STORY and count > 1:
        message = f" cannot take {count} media in one story: one image or one video"
        yield case.breach("media", "media_count", message, case.media_hint)
    elif chosen == "reel" and kind is not InstagramKind.REEL:
        yield case.breach("media", "media_kind", " needs exactly one video for a reel", case.media_hint)
    elif chosen == "post" and kind is InstagramKind.REEL:
        message = " publishes a single video only as a reel or story: set instagram.kind"
        yield case.breach("options", "option_value", message)
    elif count > MOST_ITEMS:
        message = f" cannot take {count} media in one carousel: {MOST_ITEMS} at most"
        yield case.breach("media", "media_count", message, case.media_hint)


def _crops(case: PlatformPost) -> Iterator[Problem]:
    """Warn if carousel items have another shape than the first, to which Instagram crops them."""
    first, *others = case.media
    other = [item.name for item in others if not same_shape(item, first)]
    if other:
        message = f" crops {', '.join(other)} to the shape of the first item, {first.name} ({shape_text(first)})"
        yield case.warning("media", "media_crop", message, case.media_hint)


def _cover_problems(case: PlatformPost, kind: InstagramKind) -> Iterator[Problem]:
    offset, item = case.chosen_option("thumb_offset_ms"), case.media[0]
    if kind is not InstagramKind.REEL or offset is None:
        return
    if case.chosen_option("cover_url") is not None:
        message = " uses instagram.cover_url as the cover; instagram.thumb_offset_ms will not be sent"
        yield case.warning("options", "option_idle", message)
    elif item.duration_ms is not None and int(offset) > item.duration_ms:
        message = f": instagram.thumb_offset_ms is {offset}, but {item.name} lasts {item.duration_ms} ms"
        yield case.breach("options", "option_value", message)


def _tag_problems(case: PlatformPost, kind: InstagramKind) -> Iterator[Problem]:
    text = case.chosen_option("user_tags")
    for tag in case.chosen_options.tags("user_tags") if text else ():
        if tag.item > len(case.media):
            message = f": instagram.user_tags names item {tag.item}, but the post has {len(case.media)}"
            yield case.breach("options", "option_value", message)
        elif kind is InstagramKind.REEL and tag.x is not None:
            message = f": instagram.user_tags has a position for {tag.handle}; in a reel use {tag.handle} alone"
            yield case.breach("options", "option_value", message)
        elif kind is not InstagramKind.STORY and case.media[tag.item - 1].is_image and tag.x is None:
            message = f": instagram.user_tags needs a position for {tag.handle} in an image: {tag.handle}:0.5:0.5"
            yield case.breach("options", "option_value", message)
