"""What an option that does not exist probably means: the words of the command with another one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from difflib import get_close_matches
from typing import Any, NamedTuple

from ttp.cli import other_words, post_readings, readings
from ttp.cli.command_table import BY_NAME
from ttp.cli.time_readings import as_times, is_time, own_time
from ttp.cli.typed_command import MEDIA_SUFFIXES, TABLE_SUFFIXES, TypedCommand
from ttp.domain.time.grammar import parse_time

_TYPO = 0.85
"""Least similarity of a word that is certainly a slip."""


def of_option(line: TypedCommand, place: int, name: str, near: Sequence[str], context: Any) -> Iterator[list[str]]:
    """Yield what an unknown option may be, best first. `near`: the options whose names are near to it."""
    word, path = line.parts[place].words[0], list(line.path)
    before, after = line.around(place)
    if not path:
        yield from _behind_command(name, before, word, after)
        return
    if path == ["config", "set"] and name[2:] in context.keys:
        yield [*before, name[2:], *after]
    if (words := readings.of_two(line)) is not None:
        yield words
    own = own_time(line.words[line.places[0]], context) if path[:1] == ["repeat"] and line.places else None
    takes_ids = any("ID" in str(one.metavar) for one in line.params if one.param_type_name == "argument")
    if (
        takes_ids
        and not near
        and not line.places
        and (ids := post_readings.named_posts(path[0], name.lstrip("-"), context))
    ):
        yield [*before, *ids, *after]
    for bare in other_words.BARE.get(" ".join(path), ()) if not line.params or len(path) == 1 else ():
        yield [*bare.split(), *line.words[1:]]
    if path[:1] == ["repeat"] and (times := as_times(name.lstrip("-"), own)):
        yield [*before, times, *after]
    if path == ["edit"]:
        yield from post_readings.of_option(before, name, after, context)
    keys = (" ".join([*path, word]), " ".join([*path, name]), name, name.removesuffix("s"))
    forms: Sequence[str] = next((other_words.OPTIONS[key] for key in keys if key in other_words.OPTIONS), ())
    inline = word[len(name) :].removeprefix("=") if word.startswith((f"{name}=", "-n")) else ""
    if re.fullmatch(r"-\d+", word):
        forms, inline = ("--limit={}",), word[1:]
    if inline:
        after = [inline, *after]
    value = after[0] if after and not after[0].startswith("-") else None
    if name == "-t" and not forms:
        forms = (_option_for(value or ""),)
    flags = {flag for one in line.params for flag in one.opts}
    option = _Unknown(line, name, before, after, value, "=" in word, own)
    for form in _of_platforms(forms or near or _by_value(line, name, value, flags), value or "", line):
        if form.startswith("ttp "):
            words = readings.fill(form[4:], [*before[len(path) :], *after])
        elif (
            (forms or not get_close_matches(name, [form], 1, _TYPO))
            and value is not None
            and not _can_be(form, value, name)
        ):
            words = None
        else:
            words = (
                option.words_in(form)
                if form.partition("=")[0] in {"", "{}", *flags} or (form == "TIMES={}" and path[-1:] == ["add"])
                else None
            )
        if words is not None:
            yield words
    if path in (["schedule"], ["publish"]) and (words := readings.as_create(line)):
        yield words
    if value and any(part.flag == "--template" for part in line.parts):
        yield [*before, "--var", f"{name.lstrip('-')}={value}", *after[1:]]


def _behind_command(name: str, before: list[str], word: str, after: list[str]) -> Iterator[list[str]]:
    """Yield the command with the options that were typed before its name behind it."""
    if not after and (name == "-v" or get_close_matches(name, ["--version"])):
        yield ["--version"]
    start = next((at for at, one in enumerate(after) if one in BY_NAME or one in other_words.COMMANDS), len(after))
    yield [*after[start:], *before, word, *after[:start]]


class _Unknown(NamedTuple):
    """An unknown option among its words. `value`: what may be its value, the first word behind it; `own`: the time of
    the post that is repeated."""

    line: TypedCommand
    name: str
    before: list[str]
    after: list[str]
    value: str | None
    is_inline: bool
    own: datetime | None

    def words_in(self, form: str) -> list[str] | None:
        """Return the command with the option in another form; None if its value does not fit."""
        flag, has_value, text = form.partition("=")
        before, after, value = self.before, self.after, self.value
        if form == "":
            return None if self.is_inline else [*before, *after]
        if "{}" in form and value is None:
            return None
        if form == "{}":
            return None if self._is_full() else [*before, str(value), *after[1:]]
        if flag == "TIMES":
            return [*before, as_times(str(value), self.own) or str(value), *after[1:]]
        if "{}" in form:
            return [*before, flag, text.replace("{}", str(value)), *after[1:]]
        if form == "--at" and any(part.flag == "--at" and part.values for part in self.line.parts):
            return self._as_one_time()
        if self.is_inline and not has_value:
            return [*before, f"{form}={after[0]}", *after[1:]]
        return [*before, form, *after]

    def _is_full(self) -> bool:
        """Whether the command has all its arguments, so that the value is not one more."""
        arguments = [one for one in self.line.params if one.param_type_name == "argument"]
        flags = {"--", *(flag for one in self.line.params for flag in one.opts)}
        values, is_value = 0, False  # what follows an unknown option is its value
        for part in self.line.parts:
            values += not part.flag and part.metavar != "(name)" and not is_value
            is_value = part.flag not in ("", *flags) and "=" not in part.words[0]
        return values >= len(arguments) and all(one.nargs == 1 for one in arguments)

    def _as_one_time(self) -> list[str] | None:
        """Return the command with a day and a time of day, which were two options, as one time."""
        parts = [part for part in self.line.parts if part.flag not in ("--at", self.name)]
        day = next(part.values[0] for part in self.line.parts if part.flag == "--at" and part.values)
        time = next((one for one in (f"{day} {self.value}", f"{self.value} {day}") if parse_time(one)), None)
        words = [word for part in parts for word in part.words]
        if time is None or self.value is None:
            return None
        if not self.is_inline:
            words.remove(self.value)
        return [*words, "--at", time]


def _of_platforms(forms: Iterable[str], value: str, line: TypedCommand) -> Iterator[str]:
    """Yield the forms with a platform for `*`: the only one of the post whose option accepts the value."""
    from ttp.domain.options import all_options
    from ttp.platforms.registry import Registry

    to = [one for part in line.parts if part.flag == "--to" for one in ",".join(part.values).split(",")]
    platforms = {readings.platform(one.partition("/")[0]) for one in to}
    registry = Registry()
    for form in forms:
        before, star, option = form.partition("*.")
        name, _, text = option.replace("{}", value).partition("=")
        options = all_options(registry).items() if star else ()
        owners = [
            key.removesuffix(f".{name}")
            for key, one in options
            if one.name == name and (not one.values or text.upper() in map(str.upper, one.values))
        ]
        owners = [owner for owner in owners if not platforms or owner in platforms]
        if not star or len(owners) == 1:
            yield f"{before}{owners[0]}.{option}" if star else form


def _by_value(line: TypedCommand, name: str, value: str | None, flags: AbstractSet[str]) -> Iterator[str]:
    """Yield what an option may be whose name says nothing: by its value, or as a value that is typed as an option."""
    word = name.lstrip("-")
    if word in other_words.STATUSES and "--status" in flags:
        yield f"--status={readings.statuses(word)}"
    elif word in other_words.FORMATS and "--format" in flags and line.path[0] != "import":
        yield f"--format={word}"
    elif len(word) > 1 and readings.is_platform(word) and "--to" in flags:
        yield f"--to={word}"
    elif "--at" in flags and is_time(word):  # `--tomorrow`
        yield f"--at={word}"
    elif value is None or name in other_words.NO_OPTION:
        return
    elif (value.lower().endswith(TABLE_SUFFIXES) and any("FILE" in str(one.metavar) for one in line.params)) or any(
        word.upper() in str(one.metavar).split() for one in line.params if one.param_type_name == "argument"
    ):
        yield "{}"
    elif value in other_words.STATUSES and "--status" in flags:
        yield "--status"
    elif len(word) > 1 and {"--set", "--to"} <= flags:
        yield f"--set=*.{word.replace('-', '_')}={{}}"


def _can_be(form: str, value: str, name: str) -> bool:
    """Return whether the value of an unknown option can be that of a form."""
    flag, _, text = form.partition("=")
    if (name, flag) in (("--to", "--at"), ("--for", "--at"), ("--on", "--at")):
        return is_time(value)
    if (name, flag) in (("--for", "--to"), ("--on", "--to")):
        return readings.is_account(value)
    if name in ("--to", "--from") and flag in ("--since", "--until", "--account", "--platform"):
        return readings.is_account(value) is (flag not in ("--since", "--until"))
    if text and "{}" not in text:  # whatever follows is no value of the option
        return True
    if flag == "--status":
        return value in other_words.STATUSES
    if flag == "--format" or name in ("-o", "--output"):
        return (value in other_words.FORMATS) is (flag == "--format")
    if len(name) == 2 and flag in ("{}", "--file", "--media", "--add-media"):
        return value.lower().endswith(MEDIA_SUFFIXES) is flag.endswith("media")
    if name in ("--add", "--remove"):
        return (value.lower().endswith(MEDIA_SUFFIXES) or "://" in value) is flag.endswith("media")
    if flag == "TIMES":
        return as_times(value) is not None
    if flag == "--set" and text.endswith("reply_to={}"):  # a post of ttp has no address yet
        return "://" in value
    return True


def _option_for(value: str) -> str:
    """Return what `-t` stands for, by its value: `--to`, `--at` or `--tag`."""
    return "--to" if readings.is_platform(value.partition("/")[0]) else "--at" if is_time(value) else "--tag"
