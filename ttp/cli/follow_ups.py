"""What takes a second command: a post and its repeat, a copy and its changes."""

from __future__ import annotations

import re
import shlex
from contextlib import suppress
from itertools import pairwise
from typing import Any

from ttp.cli import other_words, readings, value_checks
from ttp.cli.errors import quote_command
from ttp.cli.time_readings import ID, as_times, is_time, own_time
from ttp.cli.typed_command import MEDIA_SUFFIXES, TypedCommand
from ttp.domain.errors import Hint, TtpError, UsageError
from ttp.domain.post import PostStatus
from ttp.domain.time.grammar import parse_day
from ttp.domain.time.words import split_words

_EVERY = {"--every", "--repeat", "--repeats", "--recur", "--recurring", "--recurrence", "--cron", "--interval"}
_EVERY |= {"--frequency", "--freq", "--schedule-expression"}
_FILTERS = ("status", "platform", "account", "tag", "since", "until", "search", "key")
_PERIODS = ("--daily", "--weekly", "--monthly", "--hourly", "--weekdays", "--everyday")


def of_line(line: TypedCommand, context: Any) -> list[Hint]:
    """Return the two commands that do what one line asks for; nothing if one command is enough, or no command does
    it."""
    path = list(line.path)
    if line.has_long_text or not path:
        return []
    if ways := [*_through_jq(line, context), *_settings(line, context)]:
        return ways
    if path in (["create"], ["schedule"], ["edit"]):
        return _repeated(line, context)
    if path == ["delete"]:
        return _delete_many(line)
    return _changed_copy(line, context) if path == ["copy"] else []


def _settings(line: TypedCommand, context: Any) -> list[Hint]:
    """Return what sets an option that is a setting here, and the command without it."""
    for place, part in enumerate(line.parts):
        name, equals, value = part.words[0].partition("=")
        forms = other_words.SETTINGS.get(f"{line.path[0]} {name}", other_words.SETTINGS.get(name, ()))
        before, after = line.around(place)
        if forms and "{}" in forms[0] and not equals:
            value, *after = after or [""]
        if forms and (value or "{}" not in forms[0]):
            ways = [quote_command("ttp", *(word.replace("{}", value) for word in form.split())) for form in forms]
            rest = readings.read([*before, *after], context) if [*before, *after] != list(line.path) else None
            commands = [*ways, *([quote_command("ttp", *rest)] if rest else [])]
            return [Hint("then" if at else "try", one) for at, one in enumerate(commands)]
    return []


def _through_jq(line: TypedCommand, context: Any) -> list[Hint]:
    """Return the pipe that `--jq EXPRESSION` is."""
    place = next((place for place, part in enumerate(line.parts) if part.flag == "--jq"), None)
    if place is None:
        return []
    before, after = line.around(place)
    value, *rest = [line.parts[place].words[0].partition("=")[2], *after]
    value, *rest = [value, *rest] if value else rest or [""]
    words = readings.read([*before, *rest, *([] if "--json" in before + rest else ["--json"])], context)
    value = f".{other_words.FIELDS[value[1:]][0]}" if value[1:] in other_words.FIELDS else value
    return [Hint("try", f"{quote_command('ttp', *words)} | jq {shlex.quote(value)}")] if words and value else []


def _delete_many(line: TypedCommand) -> list[Hint]:
    """Return `edit --where … --delete` for filters and no ids: `delete --drafts --tag old`."""
    filters, is_all, parts = (
        list[str](),
        False,
        [part for part in line.parts[1:] if part.flag not in ("--yes", "-y", "--no-input")],
    )
    while parts:
        name, equals, value = parts.pop(0).words[0].lstrip("-").partition("=")
        is_all |= name in ("all", "everything")
        if name in other_words.STATUSES:
            filters.append(f"status={other_words.STATUSES[name][0]}")
        elif name in _FILTERS and (equals or (parts and not parts[0].flag)):
            filters.append(f"{name}={shlex.quote(value or parts.pop(0).words[0])}")
        elif name not in ("all", "everything"):
            return []
    if is_all and not filters:
        filters = [f"status={','.join(PostStatus)}"]
    words = ["ttp", "edit", "--where", " ".join(filters), "--delete"]
    return [Hint("try", quote_command(*words))] if filters else []


def _repeated(line: TypedCommand, context: Any) -> list[Hint]:
    """Return the command that stores a post, and the one that repeats it: `create Hi --every monday --at 9am`."""
    every, at, others, limits = list[str](), "", list[str](), list[str]()
    parts = list(line.parts)
    while parts:
        part = parts.pop(0)
        name, _, value = part.words[0].partition("=")
        if name in _PERIODS:
            every.append(name[2:])
        elif name in _EVERY and (value or (parts and not parts[0].flag)):
            every.append(value or parts.pop(0).words[0])
        elif name == "--schedule" and parts and not is_time(parts[0].words[0]) and as_times(parts[0].words[0]):
            every.append(parts.pop(0).words[0])
        elif name in ("--count", "--until") and list(line.path) == ["create"] and (value or parts):
            limits += [name, value or parts.pop(0).words[0]]
        elif part.flag == "--at" and part.values:
            at = part.values[0]
        elif others == ["schedule", *others[1:2]] and others[1:] and not part.flag and not ID.fullmatch(part.words[0]):
            at = f"{at} {part.words[0]}".strip()
        else:
            others += part.words
    if not every and not is_time(at) and as_times(at):
        every, at = [at], ""
    if not every:
        return []
    number = others[1] if list(line.path) != ["create"] and others[1:] and ID.fullmatch(others[1]) else ""
    if list(line.path) == ["schedule"] and not number and not {*others[1:2]}.isdisjoint(other_words.EVERY):
        return []
    others = others if number else ["create", *others[1:]]
    own, text = own_time(number, context), " ".join(every)
    if at and not number:
        with suppress(TtpError):
            first = context.times.resolve(at, ())
            own = first.at.astimezone(first.zone)
    times = as_times(f"{text} {at}", own) or as_times(text, own) or "TIMES"
    repeat = Hint("then", quote_command("ttp", "repeat", number or "ID", times, *limits))
    if number and len(others) == 2:
        return [Hint("try", repeat.way)]
    # A time of day says when it is repeated; a day is that of the first post.
    keeps_time = own is not None and not parse_day(split_words(text)) and re.search(r"[a-z]{3}|-", at, re.IGNORECASE)
    stored = readings.read([*others, "--at", at] if at and keeps_time else others, context)
    return [] if stored is None else [*value_checks.ways(stored, context), repeat]


def _changed_copy(line: TypedCommand, context: Any) -> list[Hint]:
    """Return `copy 3`, and `edit ID` with the changes of the copy."""
    place = next((place for place in line.places if ID.fullmatch(line.words[place])), None)
    if place is None or any(ID.fullmatch(line.words[one]) for one in line.places if one != place):
        return []
    number = line.words[place]
    words = readings.read(["edit", *line.words[place:], *line.words[1:place]], context)
    if words is None:
        return []
    changes = [shlex.split(str(hint.way)) for hint in value_checks.ways(words, context)[:1]]
    then = [Hint("then", quote_command("ttp", "edit", "ID", *change[3:])) for change in changes]
    return [Hint("try", quote_command("ttp", "copy", number)), *then]


def as_thread(line: TypedCommand, *, has_text: bool = True) -> list[str] | None:
    """Return `create A --thread B` for `create --thread A B`, where the shell made the last part the text; None where
    no text follows a part."""
    texts, others, comes_later, follows = list[str](), list[str](), False, False
    for before, part in pairwise(line.parts):
        is_text = not part.flag and part.metavar in ("TEXT|-", "")
        comes_later |= before.flag == "--thread"
        follows |= is_text and comes_later and part.words != ("-",)
        if part.flag == "--":
            return None
        if part.flag == "--thread" or is_text:
            texts += part.values
        else:
            others += part.words
    is_thread = any(part.flag == "--thread" for part in line.parts) and (follows or not has_text)
    is_file = any(text.lower().endswith(MEDIA_SUFFIXES) for text in texts)
    if list(line.path) not in (["create"], ["edit"]) or not is_thread or is_file or line.has_long_text:
        return None
    is_edit = line.path[0] == "edit"
    parts = [word for text in texts[not is_edit :] for word in ("--thread", text)]
    return [line.path[0], *([] if is_edit else texts[:1]), *others[:is_edit], *parts, *others[is_edit:]]


def refuse_reversed_thread(line: TypedCommand, text: str | None) -> None:
    """Raise UsageError for `create --thread A B`: whether A or B comes first."""
    if text is None or (words := as_thread(line)) is None:
        return
    rest = [word for part in line.parts[1:] if part.values != (text,) for word in part.words]
    at = 1 if line.path[0] == "edit" else 0
    as_typed = [line.path[0], *rest[:at], text, *rest[at:]]
    hints = (Hint("try", quote_command("ttp", *one)) for one in (words, as_typed))
    raise UsageError("a text follows --thread: which part comes first?", *hints)
