"""Platform options of a post or an account: one table of what exists, and reading them as they are typed.

A name is `platform.option`. Nothing here has a default: an option that was not set is not sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from ttp.domain.account import ALIASES, Platform
from ttp.domain.errors import Hint, UsageError

_SWITCH = ("true", "false")


@dataclass(frozen=True, slots=True)
class Option:
    """One option: `name` is `platform.option`, `values` are all that it can be."""

    name: str
    values: tuple[str, ...]
    help: str

    @property
    def platform(self) -> Platform:
        return Platform(self.name.partition(".")[0])


PRIVACY = Option(
    "tiktok.privacy_level",
    ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"),
    "who sees the video; TikTok wants it set by a person for every account or post",
)
_OPTIONS = (
    PRIVACY,
    Option("tiktok.disable_comment", _SWITCH, "no comments under the video"),
    Option("tiktok.disable_duet", _SWITCH, "no duets with the video"),
    Option("tiktok.disable_stitch", _SWITCH, "no stitches of the video"),
    Option("tiktok.brand_content_toggle", _SWITCH, "a paid partnership for someone else's brand"),
    Option("tiktok.brand_organic_toggle", _SWITCH, "promotes the creator's own business"),
    Option("tiktok.is_aigc", _SWITCH, "made by a generative model"),
    Option("instagram.share_to_feed", _SWITCH, "a reel is shown in the feed too"),
)
OPTIONS: Mapping[str, Option] = MappingProxyType({option.name: option for option in _OPTIONS})
"""All options by name, in the order in which they are documented."""


def parse_option(text: str) -> tuple[str, str]:
    """`tiktok.privacy_level=SELF_ONLY` -> its name and value as the platform spells them.

    Platform aliases and any case are understood. UsageError with the names or values that exist otherwise.
    """
    typed, equals, value = (part.strip() for part in text.partition("="))
    option = OPTIONS.get(_canonical(typed))
    if option is None:
        raise UsageError(f'no option "{typed}"', *_near(_canonical(typed), OPTIONS), details=_list(OPTIONS))
    for allowed in option.values:
        if value.casefold() == allowed.casefold():
            return option.name, allowed
    message = f'{option.name} cannot be "{value}"' if equals else f"{option.name} needs a value"
    raise UsageError(message, *_near(value, option.values, f"{option.name}="), details=_list(option.values))


def _canonical(name: str) -> str:
    """`tt.Privacy_Level` -> `tiktok.privacy_level`; anything else in small letters."""
    head, dot, tail = name.lower().partition(".")
    return f"{ALIASES.get(head, head)}{dot}{tail}"


def _near(typed: str, existing: Iterable[str], before: str = "") -> list[Hint]:
    """The one that was probably meant, if any is near."""
    known = {each.casefold(): each for each in existing}
    return [Hint("did you mean", before + known[each]) for each in get_close_matches(typed.casefold(), known, n=1)]


def _list(existing: Iterable[str]) -> tuple[str]:
    return (f"it is one of: {', '.join(existing)}",)
