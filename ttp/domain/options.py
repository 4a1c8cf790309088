"""Options of a platform for a post or an account: types, parsing, and typed access.

Stored as `platform.option` and the canonical text. Options have no defaults: an option that is not set is not sent.
Each platform's options are in its folder.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from textwrap import wrap
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from ttp.domain.account import is_loopback
from ttp.domain.errors import Hint, UsageError
from ttp.domain.media.place import split_part
from ttp.domain.platform import Facts, PlatformFacts
from ttp.domain.text import utf16_length

SWITCH = ("true", "false")
"""The values of a switch."""


class OptionType(StrEnum):
    """The type of an option's value."""

    CHOICE = "choice"
    SWITCH = "switch"
    NUMBER = "whole number"
    ID = "id"
    TEXT = "text"
    ADDRESS = "address"
    HANDLES = "handles"
    TAGS = "tags"
    LANGUAGES = "languages"


LARGEST = 10**9
"""The largest number."""
_USERNAME = re.compile(r"[A-Za-z0-9._]{1,30}")
_LANGUAGE = re.compile(
    r"([A-Za-z]{2,3})(-[A-Za-z]{4})?(-(?:[A-Za-z]{2}|\d{3}))?((?:-(?:[A-Za-z0-9]{5,8}|\d[A-Za-z0-9]{3}))*)", re.ASCII
)
"""Language, script, region and variants of BCP 47."""
_TWO_LETTERS = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en"
    " eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv"
    " ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne"
    " ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss"
    " st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
"""ISO 639-1. A country's code (jp, cz) is a usual mistake that hides a post from readers who filter by language."""
_TAG = re.compile(r"(?:([1-9]\d?)/)?@?([A-Za-z0-9._]{1,30})(?::([\d.]+):([\d.]+))?")


class Tag(NamedTuple):
    """A person tagged in a media item: `item` from 1; `x` and `y` are shares of its width and height, or None."""

    handle: str
    item: int = 1
    x: float | None = None
    y: float | None = None


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


def handles(value: str, most: int | None = None) -> tuple[str, ...]:
    """Return the handles of a comma-separated list. Raises ValueError."""
    names = tuple(dict.fromkeys(part.strip().removeprefix("@") for part in value.split(",") if part.strip()))
    if not names or not all(_USERNAME.fullmatch(handle) for handle in names):
        raise ValueError("it is a list of handles")
    if most is not None and len(names) > most:
        raise ValueError(f"{len(names)} of {most} handles")
    return names


def tags(value: str, most: int | None = None) -> tuple[Tag, ...]:
    """Return the tags of a comma-separated list. Raises ValueError."""
    tag_list = []
    for part in value.split(","):
        match = _TAG.fullmatch(part.strip())
        if match is None:
            raise ValueError(f'"{part.strip()}" is not HANDLE, HANDLE:X:Y or ITEM/HANDLE:X:Y')
        item, handle, *place = match.groups()
        x, y = (None if share is None else _share(share) for share in place)
        tag_list.append(Tag(handle, int(item or 1), x, y))
    if most is not None and len(tag_list) > most:
        raise ValueError(f"{len(tag_list)} of {most} tags")
    return tuple(tag_list)


def languages(value: str, most: int | None = None) -> tuple[str, ...]:
    """Return the language tags of a comma-separated list in their usual case: `en`, `pt-BR`. Raises ValueError."""
    entries = tuple(dict.fromkeys(_language(part.strip()) for part in value.split(",") if part.strip()))
    if most is not None and len(entries) > most:
        raise ValueError(f"{len(entries)} languages, and {most} at most")
    return entries


def _language(text: str) -> str:
    match = _LANGUAGE.fullmatch(text)
    if match is None or (len(match[1]) == 2 and match[1].lower() not in _TWO_LETTERS.split()):
        raise ValueError(f'"{text}" is not a language code (en, de, pt-BR)')
    script, region, rest = (part or "" for part in match.groups()[1:])
    return f"{match[1].lower()}{script.title()}{region.upper()}{rest.lower()}"


def _share(text: str) -> float:
    share = float(text) if text.count(".") <= 1 and text != "." else -1.0
    if not 0 <= share <= 1:
        raise ValueError(f"{text} is not from 0 to 1")
    return share


def _as_text(tag: Tag) -> str:
    item = "" if tag.item == 1 else f"{tag.item}/"
    place = "" if tag.x is None or tag.y is None else f":{tag.x:g}:{tag.y:g}"
    return f"{item}{tag.handle}{place}"


class Option(NamedTuple):
    """One option, named without its platform. `values`: all that a choice or a switch can be; of an address, words that
    it may be instead, and then it may have a part (`2=https://…`). `most`: of a text, UTF-16
    units; of a list, entries.

    `kinds`: the kinds of post that it applies to; empty for all. `asked_live`: which of the values an account may have
    is asked of the platform where it matters.
    """

    name: str
    type: OptionType
    help: str
    values: tuple[str, ...] = ()
    most: int | None = None
    kinds: tuple[str, ...] = ()
    asked_live: bool = False

    @property
    def accepts(self) -> str:
        match self.type:
            case OptionType.CHOICE | OptionType.SWITCH:
                return ", ".join(self.values)
            case OptionType.NUMBER:
                return "a whole number"
            case OptionType.ID:
                return "a number as the platform gives it"
            case OptionType.TEXT:
                return "one line of text" + (f", at most {self.most}" if self.most else "")
            case OptionType.ADDRESS:
                return ", ".join(self.values) + ", or an https address" if self.values else "an https address"
            case OptionType.HANDLES:
                return f"up to {self.most} handles with commas between: anna,ben"
            case OptionType.LANGUAGES:
                return "a language code: en" if self.most == 1 else f"up to {self.most} language codes: en,de"
            case _:
                return "handles with commas between, each with a place and the number of its item: anna:0.5:0.8,2/ben"

    def normalize(self, value: str) -> str:
        """Return the canonical text of a value. Raises ValueError, maybe with a reason."""
        match self.type:
            case OptionType.CHOICE | OptionType.SWITCH:
                for allowed in self.values:
                    if value.casefold() == allowed.casefold():
                        return allowed
            case OptionType.NUMBER:
                if value.isascii() and value.isdecimal() and int(value[:12]) <= LARGEST and len(value) <= 12:
                    return str(int(value))
            case OptionType.ID:
                if value.isascii() and value.isdecimal() and len(value) <= 30:
                    return value
            case OptionType.TEXT if value:
                return _line(value, self.most)
            case OptionType.ADDRESS if self.values:
                address = split_part(value)[1]
                part = value.removesuffix(address)
                return value.lower() if value.lower() in self.values else part + _address(address)
            case OptionType.ADDRESS:
                return _address(value)
            case OptionType.HANDLES:
                return ",".join(handles(value, self.most))
            case OptionType.TAGS:
                return ",".join(map(_as_text, tags(value, self.most)))
            case OptionType.LANGUAGES if value.strip(" ,"):
                return ",".join(languages(value, self.most))
            case _:
                pass
        raise ValueError

    def applies_to(self, kind: str) -> bool:
        """Return whether the option matters for this kind of post."""
        return not self.kinds or kind in self.kinds


class OptionTables(PlatformFacts, Protocol):
    def options(self, name: str) -> Mapping[str, Option]:
        """Return a platform's options, by their names without its own."""


def option_table(options: Iterable[Option]) -> Mapping[str, Option]:
    """Return options by name, in the order in which they are documented."""
    return {option.name: option for option in options}


def all_options(tables: OptionTables) -> dict[str, Option]:
    """Return the options of all platforms by full name."""
    return {f"{name}.{option.name}": option for name in tables.names() for option in tables.options(name).values()}


def parse_option(
    text: str, tables: OptionTables, *, accounts: Iterable[str] = (), may_empty: bool = False
) -> tuple[str, str]:
    """`tiktok.privacy_level=SELF_ONLY` -> its full name and value in their canonical spelling.

    `accounts`: names, as typed, whose platforms are suggested first. `may_empty`: nothing after the `=` takes the
    option away. Platform aliases and any case are understood. UsageError
    with the names, or what the option accepts, otherwise.
    """
    typed, equals, value = (part.strip() for part in text.partition("="))
    head, dot, tail = typed.lower().partition(".")
    platform = _find(head, tables)
    option = None if platform is None or not dot else tables.options(platform.name).get(tail)
    if option is None or platform is None:
        existing = all_options(tables)
        owners = [platform] if platform else [_find(name.partition("/")[0], tables) for name in accounts]
        meant = [
            name for name in existing if any(one and name.startswith(f"{one.name}.") for one in owners)
        ] or existing
        same = [] if dot else [name for name in meant if name.endswith(f".{head}")]
        own = () if platform is None or not dot else get_close_matches(tail, tables.options(platform.name))
        like = meant if platform is None or not dot else [f"{platform.name}.{each}" for each in own]
        near = _near(typed, f"{head if platform is None else platform.name}{dot}{tail}", like)
        near = [Hint("try", one, (typed, one), sure=len(same) == 1) for one in same] or near
        details = [f"it is one of: {', '.join(meant)}"]
        raise UsageError(f'no option "{typed}"', *near, details=details, flaw="option")
    name = f"{platform.name}.{option.name}"
    if may_empty and equals and not value:
        return name, ""
    try:
        return name, option.normalize(value)
    except ValueError as error:
        says_why = str(error) and not option.values  # those are named below
        message = f'{name} cannot be "{value}": {error}' if says_why else f'{name} cannot be "{value}"'
        flaw = "value" if equals and value else "no_value"
        message = message if flaw == "value" else f"{name} needs a value"
        took = f"it is one of: {option.accepts}" if option.values else f"it takes {option.accepts}"
        near = _near(value, value, option.values, f"{name}=")
        raise UsageError(message, *near, details=[took], flaw=flaw) from None


class ChosenOptions(NamedTuple):
    """The options of one platform, each read as its type; None or empty if not set. `values` by name without the
    platform's. All methods raise ValueError for an invalid value."""

    platform: str
    table: Mapping[str, Option]
    values: Mapping[str, str]

    def word(self, name: str) -> str | None:
        """Return a choice, id, text or address."""
        value = self.values.get(name)
        option = self.table[name]
        if value is None:
            return None
        try:
            return option.normalize(value)
        except ValueError as error:
            reason = str(error) or f"it is {option.accepts}"
            raise ValueError(f'{self.platform}.{name} cannot be "{value}": {reason}') from None

    def switch(self, name: str) -> bool | None:
        value = self.word(name)
        return None if value is None else value == "true"

    def number(self, name: str) -> int | None:
        value = self.word(name)
        return None if value is None else int(value)

    def handles(self, name: str) -> tuple[str, ...]:
        value = self.word(name)
        return handles(value) if value else ()

    def tags(self, name: str) -> tuple[Tag, ...]:
        value = self.word(name)
        return tags(value) if value else ()


def options_of(platform: str, options: Mapping[str, str]) -> dict[str, str]:
    """Return those of one platform, by their names without its own."""
    prefix = f"{platform}."
    return {name.removeprefix(prefix): value for name, value in options.items() if name.startswith(prefix)}


def parse_languages(platform: Facts, text: str, tables: OptionTables) -> dict[str, str]:
    """Return the option that `account connect --langs` sets, with an empty value for an empty text. Raises
    UsageError."""
    if not platform.language_option and text.strip():
        raise UsageError(f"posts on {platform.title} have no language")
    option = f"{platform.name}.{platform.language_option}={text.strip(' ,')}"
    return dict([parse_option(option, tables, may_empty=True)]) if platform.language_option else {}


def options_help(platform: Facts, table: Mapping[str, Option]) -> str:
    """Return what `ttp help PLATFORM` prints of its options: name, what it accepts, meaning, the kinds of post."""
    lines = [
        f"Options of {platform.name}, for one post (--set) or all of an account's",
        "(account set ACCOUNT --set):",
        "",
    ]
    for option in table.values():
        only = f" ({', '.join(option.kinds)} only)" if option.kinds else ""
        lines += [
            f"  {platform.name}.{option.name}",
            *_indented(option.accepts),
            *_indented(f"{option.help}{only}"),
        ]
    return "\n".join(lines) + "\n"


def _indented(text: str) -> list[str]:
    return wrap(text, 80, initial_indent=6 * " ", subsequent_indent=6 * " ")


def _find(text: str, tables: OptionTables) -> Facts | None:
    try:
        return tables.find(text)
    except UsageError:
        return None


def _near(typed: str, name: str, existing: Iterable[str], before: str = "") -> list[Hint]:
    """Return the one that was probably meant by `name`, if any is near."""
    by_folded = {each.casefold(): each for each in existing}
    near = [by_folded[each] for each in get_close_matches(name.casefold(), by_folded, n=1)]
    return [Hint("try", before + one, (typed, one)) for one in near]
