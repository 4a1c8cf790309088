"""Rules of a Mastodon server: the limits that it reported, and Mastodon's own where it reported none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from ttp.domain.action import WayOut, action, other_options
from ttp.domain.errors import Problem
from ttp.domain.media.image_fit import ImageForm
from ttp.domain.media.item import AUDIO, IMAGES, VIDEOS, MediaItem
from ttp.domain.media.limits import MediaLimits, item_problems
from ttp.domain.platform_post import PlatformPost
from ttp.domain.rules import Rules
from ttp.platforms.graphemes import count_graphemes
from ttp.platforms.mastodon.options import POLL_S, PRIVATE, option_problem, split_focus, split_poll
from ttp.platforms.mastodon.server import limit_of, shown_software, software_named, supports_quotes

MOST_MEDIA, MOST_DESCRIPTION = 4, 1500
MOST_IMAGE_BYTES, MOST_VIDEO_BYTES = 16_777_216, 103_809_024
MOST_IMAGE_PIXELS = 33_177_600
POLL_OPTIONS, POLL_CHARACTERS, POLL_LEAST_S, POLL_MOST_S = 4, 50, 300, 2_629_746
_TYPES = tuple(sorted((IMAGES | VIDEOS | AUDIO) - {"image/heic"}))
"""HEIC is converted: few servers take it."""
_ALSO = {"audio/mpeg": "audio/mp3", "audio/mp4": "audio/x-m4a", "audio/wav": "audio/x-wav"}
"""What some servers call a type: snac names MP3 only so."""
_LONGEST = {"gotosocial": 5000, "pleroma": 5000, "akkoma": 5000, "hollo": 10_000}
"""What software takes whose server named no limit."""


class MastodonRules(Rules):
    media_texts = ("thumbnail",)
    takes_audio = True
    image_form: ImageForm | None = None

    def image_form_for(self, server: Mapping[str, object], options: Mapping[str, str]) -> ImageForm | None:
        still = tuple(mime for mime in _mimes(server) if mime in IMAGES and mime != "image/gif")
        return ImageForm(
            "mastodon",
            still,
            limit_of(server, "image_bytes", MOST_IMAGE_BYTES),
            area=limit_of(server, "image_pixels", MOST_IMAGE_PIXELS),
            without_location=software_named(server).keeps_location,
            any_look=True,
            as_is=("image/gif",),
        )

    def problems(self, post: PlatformPost) -> Iterator[Problem]:
        """Every problem of a post. What is published of a thread is not judged again."""
        yield from _server_problems(post)
        if not post.published_parts:
            yield from _first_problems(post)
            yield from _poll_problems(post)
        for part in post.parts_to_come():
            yield from _media_problems(part)
        yield from _option_problems(post)
        yield from post.thread_problems(
            lambda number, text: _length_problems(post, text, f"part {number}", "thread", post.thread_hint)
        )

    def kind(self, media: Sequence[MediaItem], options: Mapping[str, str]) -> str:
        return "poll" if options.get("poll") and not media else super().kind(media, options)

    def takes_alt(self, post: PlatformPost, item: MediaItem) -> bool:
        return True

    def text_use(self, text: str, media: Sequence[MediaItem], server: Mapping[str, object]) -> tuple[int, int]:
        return _count(text, "", server), most_characters(server)

    def part_use(self, post: PlatformPost, text: str) -> tuple[int, int]:
        return _count(text, post.chosen_option("spoiler_text") or "", post.server), most_characters(post.server)


def most_characters(server: Mapping[str, object]) -> int:
    """Return how long a text may be there."""
    return limit_of(server, "characters", _LONGEST.get(str(server.get("software")), MOST_CHARACTERS))


def _count(text: str, warning: str, server: Mapping[str, object]) -> int:
    software = str(server.get("software") or "mastodon")
    return count_characters(text, warning, software=software, link=limit_of(server, "link_characters", LINK_CHARACTERS))


def _server_problems(post: PlatformPost) -> Iterator[Problem]:
    hint = action("account check", post.account)
    if not post.server:
        message = ": what its server allows is not known yet, so Mastodon's usual limits are assumed"
        yield post.warning("accounts", "server_unknown", message, hint)
        return
    if not software_named(post.server).is_known:
        message = (
            f": its server runs {shown_software(post.server)}, which ttp does not know; a person decides more often"
        )
        yield post.warning("accounts", "server_unknown", message)


def _length_problems(post: PlatformPost, text: str, name: str, field: str, hint: WayOut | None) -> Iterator[Problem]:
    length, most = MastodonRules().part_use(post, text)
    if length > most:
        yield post.breach(field, "text_too_long", f": {name} is {length} of {most}", hint)


def _first_problems(post: PlatformPost) -> Iterator[Problem]:
    if not post.text.strip() and not post.media and not post.chosen_option("spoiler_text"):
        yield post.breach("content", "text_missing", " cannot take a post without text or media", post.text_hint)
    yield from _length_problems(post, post.text, "text", "content", post.text_hint)


def _mimes(server: Mapping[str, object]) -> tuple[str, ...]:
    named = server.get("mimes")
    if not isinstance(named, list):
        return _TYPES
    return tuple(mime for mime in _TYPES if mime in named or _ALSO.get(mime) in named)


def _media_problems(post: PlatformPost) -> Iterator[Problem]:
    images = [item for item in post.media if item.is_image and item.mime != "image/gif"]
    others = [item for item in post.media if item not in images]
    most = limit_of(post.server, "media", MOST_MEDIA)
    mixes = software_named(post.server).name not in ("mastodon", "unknown")
    if not mixes and images and others:
        message = f" cannot mix media in one post: up to {most} images, or one GIF, video or audio"
        yield post.breach("media", "media_mixed", message, post.media_hint)
    elif not mixes and len(others) > 1:
        message = f" cannot take {len(others)} videos, GIFs or audio in one post: 1 at most"
        yield post.breach("media", "media_count", message, post.media_hint)
    elif len(post.media) > most:
        message = f" cannot take {len(post.media)} media in one post: {most} at most"
        yield post.breach("media", "media_count", message, post.media_hint)
    mimes = _mimes(post.server)
    image = MediaLimits(mimes=mimes, most_bytes=limit_of(post.server, "image_bytes", MOST_IMAGE_BYTES))
    video = MediaLimits(mimes=mimes, most_bytes=limit_of(post.server, "video_bytes", MOST_VIDEO_BYTES))
    for item in post.media:
        yield from item_problems(post, item, image if item.is_image else video, MediaLimits())
    yield from post.alt_problems(limit_of(post.server, "description", MOST_DESCRIPTION), len)


def _poll_problems(post: PlatformPost) -> Iterator[Problem]:
    answers = split_poll(post.chosen_option("poll"))
    if not answers:
        for name in ("poll_expires", "poll_multiple", "poll_hide"):
            if post.chosen_option(name) and f"{post.platform}.{name}" in post.own:
                message = f": {post.platform}.{name} says nothing without a poll"
                yield post.warning("options", "option_idle", message)
        return
    most = limit_of(post.server, "poll_options", POLL_OPTIONS)
    longest = limit_of(post.server, "poll_characters", POLL_CHARACTERS)
    if post.server.get("software") == "snac":
        message = ": snac publishes the post without the poll"
        yield post.breach("options", "option_value", message)
    if not 2 <= len(answers) <= most:
        message = f": a poll has 2 to {most} answers, and this one has {len(answers)}"
        yield post.breach("options", "option_value", message)
    if len(set(answers)) < len(answers):
        yield post.breach("options", "option_value", ": an answer of the poll comes twice")
    for answer in answers:
        if len(answer) > longest:
            yield post.breach("options", "option_value", f': the answer "{answer}" is {len(answer)} of {longest}')
    if post.media:
        yield post.breach("options", "option_conflict", " cannot take a poll and media in one post", post.media_hint)
    seconds = int(post.chosen_option("poll_expires") or POLL_S)
    least = limit_of(post.server, "poll_least_s", POLL_LEAST_S)
    last = limit_of(post.server, "poll_most_s", POLL_MOST_S)
    if not least <= seconds <= last:
        yield post.breach("options", "option_value", f": a poll runs for {least} to {last} seconds")


def _option_problems(post: PlatformPost) -> Iterator[Problem]:
    yield from post.quote_problems(partial(_quote_problems, post))
    for name in ("reply_to", "focus"):
        text = post.chosen_option(name)
        if text is not None and (why := option_problem(name, text, post.server)) is not None:
            yield post.breach("options", "option_value", f": {post.platform}.{name}: {why}")
    try:
        places = len(split_focus(post.chosen_option("focus")))
    except ValueError:
        places = 0
    if places and any(item.focus for item in post.media):
        message = f": {post.platform}.focus and a focus of the media cannot both be given"
        edit = None if post.post_id is None else action("edit", post.post_id, set=f"{post.platform}.focus=")
        yield post.breach("options", "option_conflict", message, edit or other_options(focus=None))
    if places > len(post.media):
        message = f": {post.platform}.focus names {places} places, and there are {len(post.media)} media"
        yield post.breach("options", "option_value", message)
    for name in ("quote", "quote_policy"):
        if post.chosen_option(name) and post.server and not supports_quotes(post.server):
            message = f": its server ({shown_software(post.server)}) has no quotes"
            yield post.breach("options", "option_value", message)
    private = post.chosen_option("visibility") in PRIVATE
    if private and post.chosen_option("quote_policy") not in (None, "nobody"):
        message = f": nobody can quote a post with visibility {post.chosen_option('visibility')}"
        yield post.breach("options", "option_conflict", message)
    if private and post.server and not software_named(post.server).lists_private:
        message = (
            f": if an answer is lost, a person must decide: {shown_software(post.server)} does not list such posts"
        )
        yield post.warning("options", "unprovable", message)


def _quote_problems(post: PlatformPost, number: int, text: str) -> Iterator[Problem]:
    if (why := option_problem("quote", text, post.server)) is not None:
        yield post.breach("options", "option_value", f": {post.platform}.quote: {why}")
    if post.media_of(number) or (number == 1 and post.chosen_option("poll")):
        message = " cannot take a quote with media or a poll"
        yield post.breach("options", "option_conflict", message, post.media_hint)


LINK_CHARACTERS, MOST_CHARACTERS = 23, 500
"""Mastodon's own numbers, where a server names no others."""
_LINK = re.compile(
    r"(?<![@$#\w])https?://(?:[^\W_](?:[\w-]*[^\W_])?\.)+[a-z]{2,}(?![\w@-])(?::\d{1,5})?"
    r"(?:[/?#](?:[!#-;=?-~\u00c0-\u024f\u0400-\u04ff]*[#-&+\-/-9=@-Z_a-z~\u00c0-\u024f\u0400-\u04ff])?)?",
    re.IGNORECASE,
)
"""A link with its scheme. Punctuation at its end is counted on its own: rather too long than too short."""
_MENTION = re.compile(r"(?<![=/\w])@([a-z0-9_]+(?:[a-z0-9_.-]+[a-z0-9_]+)?)@[\w.-]*\w(?::\d+)?", re.IGNORECASE)


def count_characters(text: str, warning: str = "", *, software: str = "mastodon", link: int = LINK_CHARACTERS) -> int:
    """Return the length of a text and its content warning. Mastodon counts graphemes, a link as `link` characters and
    @user@host as @user; GoToSocial counts code points; anything else is counted in graphemes with links in full."""
    text, warning = text.strip(), warning.strip()
    if software == "gotosocial":
        return len(text) + len(warning)
    if software == "mastodon":
        if "://" in text:
            text = _LINK.sub("x" * link, text)
        if "@" in text:
            text = _MENTION.sub(r"@\1", text)
    return count_graphemes(warning + text)
