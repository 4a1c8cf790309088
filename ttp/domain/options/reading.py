"""Platform options as they are typed, as clients and rules read them, and as `ttp help PLATFORM` explains them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from textwrap import wrap

from ttp.domain.account import ALIASES, Platform
from ttp.domain.errors import Hint, UsageError
from ttp.domain.options.table import OPTIONS
from ttp.domain.options.values import Tag, handles, tags


def parse_option(text: str, *, may_empty: bool = False) -> tuple[str, str]:
    """`tiktok.privacy_level=SELF_ONLY` -> its name and value in their canonical spelling.

    `may_empty`: nothing after the `=` takes the option away. Platform aliases and any case are understood. UsageError
    with the names, or what the option takes, otherwise.
    """
    typed, equals, value = (part.strip() for part in text.partition("="))
    option = OPTIONS.get(_canonical_name(typed))
    if option is None:
        near = _near(typed, _canonical_name(typed), OPTIONS)
        raise UsageError(f'no option "{typed}"', *near, details=[f"it is one of: {', '.join(_meant(typed))}"])
    if may_empty and equals and not value:
        return option.name, ""
    try:
        return option.name, option.spelled(value)
    except ValueError as error:
        message = f'{option.name} cannot be "{value}": {error}' if str(error) else f'{option.name} cannot be "{value}"'
        message = message if equals and value else f"{option.name} needs a value"
        took = f"it is one of: {option.takes}" if option.values else f"it takes {option.takes}"
        raise UsageError(message, *_near(value, value, option.values, f"{option.name}="), details=[took]) from None


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
            return option.spelled(value)
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
        return handles(value) if value else ()

    def tags(self, name: str) -> tuple[Tag, ...]:
        value = self.word(name)
        return tags(value) if value else ()


def options_help(platform: Platform) -> str:
    """What `ttp help PLATFORM` prints of its options: name, what it takes, meaning, the kinds of post it is for."""
    lines = [
        f"Options of {platform}, for one post (--set) or all of an account's",
        "(ttp account set ACCOUNT --set):",
        "",
    ]
    for option in OPTIONS.values():
        if option.platform is platform:
            only = f" ({', '.join(option.kinds)} only)" if option.kinds else ""
            lines += [f"  {option.name}", *_indented(option.takes), *_indented(f"{option.help}{only}")]
    return "\n".join(lines) + "\n"


def _indented(text: str) -> list[str]:
    return wrap(text, 80, initial_indent=6 * " ", subsequent_indent=6 * " ")


def _canonical_name(name: str) -> str:
    """`tt.Privacy_Level` -> `tiktok.privacy_level`; anything else in small letters."""
    head, dot, tail = name.lower().partition(".")
    return f"{ALIASES.get(head, head)}{dot}{tail}"


def _meant(typed: str) -> list[str]:
    """The options of the platform that was typed; all where it was none."""
    platform, _, _ = _canonical_name(typed).partition(".")
    return [option.name for option in OPTIONS.values() if option.platform == platform] or list(OPTIONS)


def _near(typed: str, name: str, existing: Iterable[str], before: str = "") -> list[Hint]:
    """The one that was probably meant by `name`, if any is near."""
    known = {each.casefold(): each for each in existing}
    near = [known[each] for each in get_close_matches(name.casefold(), known, n=1)]
    return [Hint("did you mean", before + one, (typed, one)) for one in near]
