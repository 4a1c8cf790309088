"""What each word of a command line stands for, so that a suggested command changes only the word that is wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

from ttp.domain.action import LONGEST_TEXT, OtherOptions

MEDIA_SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".mp4", ".mov")
TEXT_SUFFIXES = (".md", ".markdown", ".txt")
TABLE_SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".xlsx", ".xls", ".ods")
_FILE = re.compile(r"FILE|DIR|PATH|URL|F\.md|MEDIA")
_MEDIA = "PATH|URL"
_NAME = "(name)"
"""Of a word that names the command."""
_KEPT = re.compile(rf"TEXT|{re.escape(_MEDIA)}|F\.md|MEDIA|\(name\)")
"""What no hint corrects that is about something else: texts, the files of a post, the name of the command."""


EVERY_ACCOUNT = ("all", "everyone", "everywhere", "everything", "*", "any")


def names_every_account(to: Sequence[str] | None) -> bool:
    """Return whether `--to all`, `--to all,-x` or `--to "all but x"` was typed."""
    return any(word in EVERY_ACCOUNT for one in to or () for word in re.split("[ ,]", one.lower())[:1])


def is_file_name(text: str) -> bool:
    """Return whether a text is the name of a file here that has an extension: that is hardly meant as a text."""
    return re.search(r"\.\w+$", text) is not None and os.path.isfile(text)  # noqa: PTH113 (False for any other text)


class TypedPart(NamedTuple):
    """An option with its values, or one other word. `flag`: the name of the option, `--` included. `metavar`: what the
    help calls the value."""

    words: tuple[str, ...]
    flag: str = ""
    values: tuple[str, ...] = ()
    metavar: str = ""

    def with_values(self, *values: str) -> tuple[str, ...]:
        """Return the words of the part with other values, `--name=value` as it was typed."""
        if len(self.words) > len(self.values):
            return (self.words[0], *values)
        return (f"{self.flag}={values[0]}", *values[1:]) if self.flag else values


@dataclass(frozen=True)
class TypedCommand:
    """The words after `ttp`. `path`: the names of the command; `params`: what it takes, as Typer has it."""

    words: Sequence[str] = ()
    params: Sequence[Any] = ()
    path: Sequence[str] = ()

    @cached_property
    def parts(self) -> tuple[TypedPart, ...]:
        """The words by what they stand for, as Typer reads them. A value may look like an option."""
        options = {flag: one for one in self.params for flag in one.opts if one.param_type_name == "option"}
        arguments = [one for one in self.params if one.param_type_name == "argument"]
        parts, place, is_text = list[TypedPart](), 0, False
        while place < len(self.words):
            word = self.words[place]
            flag, equals, value = word.partition("=")
            option = options.get(flag)
            if list(self.words[: place + 1]) == list(self.path[: place + 1]):
                parts.append(TypedPart((word,), values=(word,), metavar=_NAME))
            elif is_text or word[:1] != "-" or word == "-":
                argument = arguments[0] if arguments else None
                if argument is not None and argument.nargs != -1:
                    del arguments[0]
                parts.append(
                    TypedPart((word,), values=(word,), metavar="" if argument is None else str(argument.metavar))
                )
            elif option is None or option.is_flag:
                is_text = word == "--"
                parts.append(TypedPart((word,), word if is_text else flag))
            else:
                words = tuple(self.words[place : place + 1 + option.nargs - bool(equals)])
                values = (value, *words[1:]) if equals else words[1:]
                parts.append(TypedPart(words, flag, values, str(option.metavar)))
            place += len(parts[-1].words)
        return tuple(parts)

    @property
    def places(self) -> list[int]:
        """The places of the words behind the command's name that are neither options nor their values."""
        starts = accumulate((len(part.words) for part in self.parts), initial=0)
        return [at for at, part in zip(starts, self.parts, strict=False) if not part.flag and part.metavar != _NAME]

    def around(self, place: int) -> tuple[list[str], list[str]]:
        """Return the words before and behind a part."""
        parts = self.parts[:place], self.parts[place + 1 :]
        before, after = ([word for part in some for word in part.words] for some in parts)
        return before, after

    @property
    def long_texts(self) -> list[str]:
        """The values that name no file and are longer than a suggested command repeats."""
        values = (value for part in self.parts if not _FILE.search(part.metavar) for value in part.values)
        return [value for value in values if len(value) > LONGEST_TEXT]

    @property
    def has_long_text(self) -> bool:
        return bool(self.long_texts)

    def with_options(self, other: OtherOptions) -> list[str]:
        """Return the words with other options, each in its old place or at the end."""
        parts = list(self.parts)
        for name, value in other.options:
            flag = f"--{name}"
            ends = next((place for place, part in enumerate(parts) if part.flag == "--"), len(parts))
            at = next((place for place, part in enumerate(parts) if part.flag == flag), ends)
            parts.insert(at, TypedPart(tuple(flag_words(name, value))))
            parts = [part for part in parts if part.flag != flag]
        return [word for part in parts for word in part.words]

    def replace_word(self, wrong: str, *meant: str, option: str = "") -> list[str] | None:
        """Return the words with one that is or has `wrong` replaced. None unless exactly one can be meant.

        `option`: the one that has the value; without it no text and no file of a post is changed. Of several `meant`
        the option comes once for each.
        """
        changes = [_changed(part, wrong, meant, option) for part in self.parts]
        if sum(words is not None for words in changes) != 1:
            return None
        return [word for words, part in zip(changes, self.parts, strict=True) for word in words or part.words]


def flag_words(name: str, value: str | bool | tuple[str, ...] | None) -> list[str]:
    """Return the words of an option; nothing for one that is left out."""
    if isinstance(value, bool | None):
        return [f"--{name}"] if value else []
    return [word for one in ([value] if isinstance(value, str) else value) for word in (f"--{name}", one)]


def _changed(part: TypedPart, wrong: str, meant: Sequence[str], option: str) -> tuple[str, ...] | None:
    """Return the words of a part with `wrong` replaced; None if it is not there."""
    if part.flag == wrong and meant[0].startswith("--"):
        return (meant[0] + part.words[0][len(wrong) :], *part.words[1:])
    if option:
        if part.flag != option and (option, part.metavar) != ("--media", _MEDIA):
            return None
        if part.values == (wrong,):
            return tuple(word for one in meant for word in part.with_values(one))
    is_kept = not option and _KEPT.search(part.metavar) is not None
    if is_kept and not part.metavar.startswith("KEY="):
        return None
    values = [_replace_in(value, wrong, meant[0], head_only=is_kept) for value in part.values]
    if part.metavar == _MEDIA or sum(value is not None for value in values) != 1:
        return None
    return part.with_values(*(before if new is None else new for before, new in zip(part.values, values, strict=True)))


def _replace_in(word: str, wrong: str, meant: str, *, head_only: bool = False) -> str | None:
    """A word with `wrong` replaced: all of it, a part between commas, or what is before or after a `=`."""
    head, equals, tail = word.partition("=")
    if equals and head == wrong:
        return f"{meant}={tail}"
    if head_only:
        return None
    if word == wrong:
        return meant
    parts = word.split(",")
    if len(parts) > 1 and wrong in [part.strip() for part in parts]:
        return ",".join(meant if part.strip() == wrong else part for part in parts)
    if not equals:
        return None
    behind = _replace_in(tail, wrong, meant)
    return None if behind is None else f"{head}={behind}"
