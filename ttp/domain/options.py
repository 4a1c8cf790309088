"""Platform options of a post or an account: one table of what exists, and reading them as they are typed.

A name is `platform.option`; a value is kept as the text of its canonical spelling. Nothing here has a default: an
option that was not set is not sent. The parser, the content rules, the clients and `ttp help PLATFORM` share the table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from textwrap import wrap
from types import MappingProxyType
from urllib.parse import urlsplit

from ttp.domain.account import ALIASES, Platform, is_loopback
from ttp.domain.errors import Hint, UsageError
from ttp.domain.kinds import InstagramKind, TikTokKind
from ttp.domain.text_length import utf16_length


class Sort(StrEnum):
    """What sort of value an option takes."""

    CHOICE = "choice"
    SWITCH = "switch"
    NUMBER = "whole number"
    ID = "id"
    TEXT = "text"
    ADDRESS = "address"
    HANDLES = "handles"
    TAGS = "tags"


_SWITCH = ("true", "false")
_LARGEST = 10**9
_USERNAME = re.compile(r"[A-Za-z0-9._]{1,30}")
_TAG = re.compile(r"(?:([1-9]\d?)/)?@?([A-Za-z0-9._]{1,30})(?::([\d.]+):([\d.]+))?")


@dataclass(frozen=True, slots=True)
class Option:
    """One option. `values`: all that a choice or a switch can be. `most`: of a text, UTF-16 units; of a list, entries.

    `kinds`: the kinds of post that it says something of; empty for all.
    """

    name: str
    sort: Sort
    help: str
    values: tuple[str, ...] = ()
    most: int | None = None
    kinds: tuple[str, ...] = ()

    @property
    def platform(self) -> Platform:
        return Platform(self.name.partition(".")[0])

    @property
    def short(self) -> str:
        """The name without the platform's."""
        return self.name.partition(".")[2]

    @property
    def takes(self) -> str:
        """What it takes, in words."""
        match self.sort:
            case Sort.CHOICE | Sort.SWITCH:
                return ", ".join(self.values)
            case Sort.NUMBER:
                return "a whole number"
            case Sort.ID:
                return "a number as Instagram gives it"
            case Sort.TEXT:
                return "one line of text" + (f", at most {self.most}" if self.most else "")
            case Sort.ADDRESS:
                return "an https address"
            case Sort.HANDLES:
                return f"up to {self.most} handles with commas between: anna,ben"
            case _:
                return "handles with commas between, each with a place and the number of its item: anna:0.5:0.8,2/ben"

    def says_something_of(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds


@dataclass(frozen=True, slots=True)
class Tag:
    """A person tagged in a media item: `item` from 1; `x` and `y` are shares of its width and height, or None."""

    handle: str
    item: int = 1
    x: float | None = None
    y: float | None = None


_FEED = (InstagramKind.IMAGE, InstagramKind.CAROUSEL, InstagramKind.REEL)
_REEL = (InstagramKind.REEL,)
_VIDEO, _PHOTOS = (TikTokKind.VIDEO,), (TikTokKind.PHOTOS,)
_DIRECT = (TikTokKind.VIDEO, TikTokKind.PHOTOS)
_VIDEOS = (TikTokKind.VIDEO, TikTokKind.DRAFT_VIDEO)
_ALL_PHOTOS = (TikTokKind.PHOTOS, TikTokKind.DRAFT_PHOTOS)

PRIVACY = Option(
    "tiktok.privacy_level",
    Sort.CHOICE,
    "who sees the post; TikTok wants it set by a person for every account or post",
    ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"),
    kinds=_DIRECT,
)
PUBLIC = "PUBLIC_TO_EVERYONE"
PRIVATE = "SELF_ONLY"
"""The privacy level with which nobody but the author sees the post."""
_CHOICES = (
    PRIVACY,
    Option("tiktok.disable_comment", Sort.SWITCH, "no comments under the post", _SWITCH, kinds=_DIRECT),
    Option("tiktok.disable_duet", Sort.SWITCH, "no duets with the video", _SWITCH, kinds=_VIDEO),
    Option("tiktok.disable_stitch", Sort.SWITCH, "no stitches of the video", _SWITCH, kinds=_VIDEO),
    Option(
        "tiktok.brand_content_toggle",
        Sort.SWITCH,
        "a paid partnership for someone else's brand",
        _SWITCH,
        kinds=_DIRECT,
    ),
    Option("tiktok.brand_organic_toggle", Sort.SWITCH, "promotes the creator's own business", _SWITCH, kinds=_DIRECT),
)
"""What TikTok wants a person to choose for every post that others can see."""
_OPTIONS = (
    Option(
        "instagram.kind",
        Sort.CHOICE,
        "post: an image or a carousel; reel: one video; story: one image or video for 24 hours (not set: by the media)",
        ("post", "reel", "story"),
    ),
    Option("instagram.share_to_feed", Sort.SWITCH, "a reel is shown in the feed too", _SWITCH, kinds=_REEL),
    Option("instagram.thumb_offset_ms", Sort.NUMBER, "the moment of the video that is its cover, in ms", kinds=_REEL),
    Option("instagram.cover_url", Sort.ADDRESS, "a JPEG as cover; goes before thumb_offset_ms", kinds=_REEL),
    Option("instagram.audio_name", Sort.TEXT, "the name of the reel's own sound", kinds=_REEL),
    Option("instagram.collaborators", Sort.HANDLES, "accounts invited as co-authors", most=3, kinds=_FEED),
    Option(
        "instagram.user_tags",
        Sort.TAGS,
        "people in the media: HANDLE:X:Y, X and Y from 0 to 1 from the upper left corner; 2/HANDLE for the second item",
        most=20,
    ),
    Option("instagram.location_id", Sort.ID, "the id of a place's Facebook page", kinds=_FEED),
    Option("instagram.is_ai_generated", Sort.SWITCH, "made by a generative model", _SWITCH),
    Option(
        "tiktok.mode",
        Sort.CHOICE,
        "direct: published; inbox: a draft in the TikTok app, which the creator finishes (not set: direct)",
        ("direct", "inbox"),
    ),
    Option(
        "tiktok.source",
        Sort.CHOICE,
        "file: the video is uploaded; pull: TikTok fetches it from a verified domain (not set: file)",
        ("file", "pull"),
        kinds=_VIDEOS,
    ),
    *_CHOICES,
    Option("tiktok.is_aigc", Sort.SWITCH, "made by a generative model", _SWITCH, kinds=_DIRECT),
    Option("tiktok.auto_add_music", Sort.SWITCH, "TikTok adds music to the photos", _SWITCH, kinds=_PHOTOS),
    Option("tiktok.photo_cover_index", Sort.NUMBER, "the photo that is the cover, from 0", kinds=_ALL_PHOTOS),
    Option(
        "tiktok.video_cover_timestamp_ms",
        Sort.NUMBER,
        "the moment of the video that is its cover, in ms",
        kinds=_VIDEO,
    ),
    Option("tiktok.title", Sort.TEXT, "the title of photos; the text is their description", most=90, kinds=_ALL_PHOTOS),
    Option(
        "x.reply_settings",
        Sort.CHOICE,
        "who may reply (not set: everyone)",
        ("following", "mentionedUsers", "subscribers", "verified"),
    ),
    Option("x.made_with_ai", Sort.SWITCH, "made by a generative model", _SWITCH),
    Option("x.paid_partnership", Sort.SWITCH, "a paid partnership", _SWITCH),
)
OPTIONS: Mapping[str, Option] = MappingProxyType({option.name: option for option in _OPTIONS})
"""All options by name, in the order in which they are documented."""


def tiktok_choices(kind: TikTokKind, privacy: str | None) -> tuple[Option, ...]:
    """The options that a person must have set for a post of this kind.

    Drafts need none: the creator chooses in the app. With PRIVATE there is nobody who could comment, duet or stitch,
    and nobody to disclose anything to.
    """
    if kind.is_draft:
        return ()
    return (PRIVACY,) if privacy == PRIVATE else tuple(o for o in _CHOICES if o.says_something_of(kind))


def choices_hint(account: str, missing: Sequence[Option]) -> str:
    """A command that makes these choices for an account, each the most careful way."""
    if PRIVACY in missing:
        return f"ttp account set {account} --set {PRIVACY.name}={PRIVATE}"
    careful = (f"--set {o.name}={'true' if o.short.startswith('disable') else 'false'}" for o in missing)
    return f"ttp account set {account} {' '.join(careful)}"


# As it is typed.


def parse_option(text: str) -> tuple[str, str]:
    """`tiktok.privacy_level=SELF_ONLY` -> its name and value in their canonical spelling.

    Platform aliases and any case are understood. UsageError with the names, or what the option takes, otherwise.
    """
    typed, equals, value = (part.strip() for part in text.partition("="))
    option = OPTIONS.get(_canonical_name(typed))
    if option is None:
        near = _near(_canonical_name(typed), OPTIONS)
        raise UsageError(f'no option "{typed}"', *near, details=[f"it is one of: {', '.join(OPTIONS)}"])
    try:
        return option.name, spelled(option, value)
    except ValueError as error:
        message = f'{option.name} cannot be "{value}": {error}' if str(error) else f'{option.name} cannot be "{value}"'
        message = message if equals and value else f"{option.name} needs a value"
        took = f"it is one of: {option.takes}" if option.values else f"it takes {option.takes}"
        raise UsageError(message, *_near(value, option.values, f"{option.name}="), details=[took]) from None


def spelled(option: Option, value: str) -> str:
    """The canonical spelling of a value. ValueError, with the reason where there is one to tell, if it is none."""
    match option.sort:
        case Sort.CHOICE | Sort.SWITCH:
            for allowed in option.values:
                if value.casefold() == allowed.casefold():
                    return allowed
        case Sort.NUMBER:
            if value.isascii() and value.isdecimal() and int(value[:12]) <= _LARGEST and len(value) <= 12:
                return str(int(value))
        case Sort.ID:
            if value.isascii() and value.isdecimal() and len(value) <= 30:
                return value
        case Sort.TEXT if value:
            return _line(value, option.most)
        case Sort.ADDRESS:
            return _address(value)
        case Sort.HANDLES:
            return ",".join(_handles(value, option.most))
        case Sort.TAGS:
            return ",".join(map(_as_text, _tags(value, option.most)))
        case _:
            pass
    raise ValueError


@dataclass(frozen=True, slots=True)
class Chosen:
    """The options of one platform, each read as the sort of value that it is; None or empty where it is not set.

    `values` by name without the platform's. Every reading raises ValueError for a value that the option cannot have.
    """

    platform: Platform
    values: Mapping[str, str]

    def word(self, name: str) -> str | None:
        """A choice, id, text or address."""
        value = self.values.get(name)
        option = OPTIONS[f"{self.platform}.{name}"]
        if value is None:
            return None
        try:
            return spelled(option, value)
        except ValueError as error:
            told = str(error) or f"it is {option.takes}"
            raise ValueError(f'{option.name} cannot be "{value}": {told}') from None

    def switch(self, name: str) -> bool | None:
        value = self.word(name)
        return None if value is None else value == "true"

    def number(self, name: str) -> int | None:
        value = self.word(name)
        return None if value is None else int(value)

    def handles(self, name: str) -> tuple[str, ...]:
        value = self.word(name)
        return tuple(value.split(",")) if value else ()

    def tags(self, name: str) -> tuple[Tag, ...]:
        value = self.word(name)
        return _tags(value, None) if value else ()


# Help.


def options_help(platform: Platform) -> str:
    """What `ttp help PLATFORM` prints of its options: name, what it takes, meaning, the kinds of post it is for."""
    lines = [f"Options of {platform}, for one post (--set) or all of an account's (ttp account set ACCOUNT --set):", ""]
    for option in OPTIONS.values():
        if option.platform is platform:
            only = f" ({', '.join(option.kinds)} only)" if option.kinds else ""
            lines += [f"  {option.name}", *_indented(option.takes), *_indented(f"{option.help}{only}")]
    return "\n".join(lines) + "\n"


def _indented(text: str) -> list[str]:
    return wrap(text, 100, initial_indent=6 * " ", subsequent_indent=6 * " ")


# The sorts of values.


def _line(value: str, most: int | None) -> str:
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in value):
        raise ValueError("it is one line of text")
    if most is not None and (length := utf16_length(value)) > most:
        raise ValueError(f"it is {length} of {most}")
    return value


def _address(value: str) -> str:
    parts = urlsplit(value)  # its own ValueError says why
    plain = value.isascii() and value.isprintable() and " " not in value and len(value) <= 2000
    local = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not plain or not parts.hostname or not (parts.scheme == "https" or local):
        raise ValueError("it is an https address")
    return value


def _handles(value: str, most: int | None) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(part.strip().removeprefix("@") for part in value.split(",") if part.strip()))
    if not found or not all(_USERNAME.fullmatch(handle) for handle in found):
        raise ValueError("it is a list of handles")
    if most is not None and len(found) > most:
        raise ValueError(f"{len(found)} of {most} handles")
    return found


def _tags(value: str, most: int | None) -> tuple[Tag, ...]:
    found = []
    for part in value.split(","):
        match = _TAG.fullmatch(part.strip())
        if match is None:
            raise ValueError(f'"{part.strip()}" is not HANDLE, HANDLE:X:Y or ITEM/HANDLE:X:Y')
        item, handle, *place = match.groups()
        x, y = (None if share is None else _share(share) for share in place)
        found.append(Tag(handle, int(item or 1), x, y))
    if most is not None and len(found) > most:
        raise ValueError(f"{len(found)} of {most} tags")
    return tuple(found)


def _share(text: str) -> float:
    share = float(text) if text.count(".") <= 1 and text != "." else -1.0
    if not 0 <= share <= 1:
        raise ValueError(f"{text} is not from 0 to 1")
    return share


def _as_text(tag: Tag) -> str:
    item = "" if tag.item == 1 else f"{tag.item}/"
    place = "" if tag.x is None or tag.y is None else f":{tag.x:g}:{tag.y:g}"
    return f"{item}{tag.handle}{place}"


def _canonical_name(name: str) -> str:
    """`tt.Privacy_Level` -> `tiktok.privacy_level`; anything else in small letters."""
    head, dot, tail = name.lower().partition(".")
    return f"{ALIASES.get(head, head)}{dot}{tail}"


def _near(typed: str, existing: Iterable[str], before: str = "") -> list[Hint]:
    """The one that was probably meant, if any is near."""
    known = {each.casefold(): each for each in existing}
    return [Hint("did you mean", before + known[each]) for each in get_close_matches(typed.casefold(), known, n=1)]
