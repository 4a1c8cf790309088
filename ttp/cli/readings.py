"""What a command line that cannot be read probably means: whole commands, each of which ttp has read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from difflib import get_close_matches
from itertools import takewhile
from typing import Any

from ttp.cli import other_words, post_readings, settings
from ttp.cli.command_table import BY_NAME
from ttp.cli.time_readings import ID, as_day, as_shift, as_times, is_time, stored_post
from ttp.cli.typed_command import MEDIA_SUFFIXES, TypedCommand
from ttp.domain.errors import TtpError, UsageError
from ttp.domain.time.slot_parser import is_slot_times

CLOSE = 0.7
"""Least similarity of a suggested word. Below it suggestions are words that happen to share letters."""
CLOSE_NAME = 0.75
"""The same of the name of a command."""
_MOST_STEPS = 5
"""Wrong words that are corrected in one command line."""
HELP = frozenset(("--help", "-h"))


class Misread(UsageError):
    """A command line that cannot be read. `words`: the command that is meant, without `ttp`; None if that is open."""

    words: list[str] | None = None


def read(words: Sequence[str], context: Any) -> list[str] | None:
    """Return the words if they are a command that can run, else what that is suggested for them; None without one."""
    if words[:1] == ["--version"] or HELP & {*words}:
        return list(words)
    if context.steps >= _MOST_STEPS:
        return None
    trial = context.parser.trial(context)
    try:
        context.parser.read_only(words, trial)
    except Misread as error:
        return error.words
    except TtpError as error:
        is_refused = isinstance(error, UsageError)  # else a value, for which the command itself has a hint
    else:
        is_refused = False
    if place := wrong_word(trial.line, trial):
        return first(of_words(trial.line, place, trial), trial)
    return None if is_refused else list(words)


def first(readings: Iterable[Sequence[str]], context: Any) -> list[str] | None:
    """Return the first reading that is a command."""
    return next((words for words in (read(one, context) for one in readings) if words), None)


def fill(form: str, rest: Sequence[str]) -> list[str] | None:
    """Return the words of a form with the words that follow; None if a `{}` has none. `{1}` takes the second word."""
    words, others = list[str](), list(rest)
    if "list" in form.split()[:2] and others and others[0] in other_words.LISTED:
        del others[0]
    if "{1}" in form:  # the words in another order
        if len(others) < 2 or any(word.startswith("-") for word in others[:2]):
            return None
        return [*(word.format(*others) for word in form.split()), *others[2:]]
    for word in form.split():
        if "{}" in word and (not others or others[0].startswith("-")):
            return None
        words.append(word.replace("{}", others.pop(0)) if "{}" in word else word)
    return [*words, *others]


def of_command(typed: Sequence[str], names: Sequence[str], parent: str, context: Any) -> Iterator[list[list[str]]]:
    """Yield what an unknown command may be, best first: one command, or several that are all shown."""
    wrong, *rest = typed
    path = parent.split()
    if not parent and rest and wrong.lower() in other_words.PROGRAMS:
        yield from of_command(rest, names, "", context) if rest[0] not in BY_NAME else ([rest],)
        return
    if not parent and not rest and ID.fullmatch(wrong):
        yield [["show", wrong]]
    if not parent and wrong.lower() in other_words.REPLIES:
        if len(rest) != 2 or not (post := stored_post(rest[0], context)):
            return
        if wrong.lower() != "comment":
            yield [["edit", rest[0], *(word for one in (*post.thread, rest[1]) for word in ("--thread", one))]]
        elif not post.comment:  # which would be replaced
            yield [["edit", rest[0], "--comment", rest[1]]]
        return
    if not parent and wrong.lower() in other_words.EVERY and rest and ID.fullmatch(rest[-1]):  # `every day 9am 1`
        yield [["repeat", rest[-1], *typed[:-1]]]
    if wrong.lower() in other_words.CHANGE_TEXT and (words := post_readings.of_replacement(rest, context)):
        yield [words]
    if not parent and rest and is_platform(wrong.partition("/")[0]):  # `bluesky login`, `x post hi`
        if "account connect" in other_words.COMMANDS.get(rest[0], ()):
            yield [["account", "connect", "/".join([wrong, *rest[1:2]]), *rest[2:]]]
        yield [[*rest, "--account" if "/" in wrong else "--platform", wrong]]
        return
    for count in (2, 1):
        if count == 1 and not parent and (words := _about(typed, context)) is not None:
            yield from of_command(words, names, "", context) if words[0] not in BY_NAME else ([words],)
            return
        forms = other_words.COMMANDS.get(" ".join([*path, *typed[:count]]).lower(), ())
        for form in forms:
            if form == "create" and _is_no_text(typed[count:]):
                continue
            if form.startswith("create {}") and any(map(ID.fullmatch, typed[count : count + 1])):
                continue  # of a post, whose number is no text
            if (
                form == "schedule"
                and wrong.lower() in other_words.MOVES
                and (words := as_shift([word for word in rest if (wrong, word) != ("push", "back")]))
            ):
                yield [words]
                return
            if form == "create" and typed[count:] and typed[count].lower().endswith(MEDIA_SUFFIXES):
                form = "create --media {}"
            yield [words for one in form.split(" or ") if (words := fill(one, typed[count:])) is not None]
            if "{" not in form and form.split()[0] not in other_words.TAKE_TEXT:
                yield [[*form.split(), *(word for word in typed[count:] if word not in (*other_words.FILLERS, "for"))]]
        if forms == ("template edit",) and len(rest) > 1:  # its text is written in the editor
            yield [["template", "edit", rest[0]]]
        if forms and forms[0] in ("show", "doctor") and len(rest) == 1 and rest[0] in BY_NAME:  # `check status`
            yield [rest]
        if forms:
            return
    meant = [one for alike in other_words.ALIKE if wrong.lower() in alike for one in alike if one in names and path]
    yield from ([[*path, one, *rest]] for one in meant)
    if parent in ("optimal", "metrics", "config") and (words := _as_argument(parent, wrong, rest, context)):
        yield [words]
    elif wrong.lower() not in other_words.NO_COMMAND:
        for name in get_close_matches(wrong.lower(), names, 1, CLOSE_NAME):
            if (
                len(wrong) < 5
                and sorted(wrong.lower()) != sorted(name)
                and not get_close_matches(wrong, [name], 1, 0.8)
            ):
                continue  # of a short word two other letters are half of it
            yield [[*path, name, *rest]]


def _is_no_text(words: Sequence[str]) -> bool:
    """Return whether words are accounts, a verb, or one and an id, and so not the text of a post."""
    is_verb = len(words) > 1 and words[0].isalpha() and words[0].islower() and ID.fullmatch(words[1]) is not None
    is_verb |= len(words) == 1 and words[0] in other_words.NO_TEXT
    is_verb |= len(words) == 1 and words[0].partition("_")[0] in {*BY_NAME, *other_words.COMMANDS}
    return bool(words) and (
        is_verb or ID.fullmatch(words[0]) is not None or words[0] in other_words.NO_POST or all(map(is_account, words))
    )


def _about(typed: Sequence[str], context: Any) -> list[str] | None:
    """Return the words with what a command is about before it: `list accounts`, and `post list` as `list`."""
    for noun, verb in (typed[:2], typed[1::-1]) if len(typed) > 1 else ():
        group = other_words.NOUNS.get(noun)
        if noun.startswith("draft") and (verb in ("list", "ls") or len(typed) < 3):
            continue
        two = " ".join([verb, *typed[2:3]])
        if group == "" and (verb in BY_NAME or not other_words.COMMANDS.keys().isdisjoint((verb, two))):
            is_one = verb in ("undo", "redo") and len(typed) > 2  # a number alone counts changes
            return [verb, *(["--post"] if is_one else []), *typed[2:]]
        if group and (f"{group} {verb}" in other_words.COMMANDS or verb in context.parser.subcommands(group)):
            return [group, verb, *typed[2:]]
    return None


def _as_argument(parent: str, wrong: str, rest: list[str], context: Any) -> list[str] | None:
    """Return the command for an account after `optimal` or `metrics`, or a setting after `config`."""
    if parent == "config":
        key, _, value = wrong.partition("=")
        key = other_words.KEYS.get(key, key)
        has_value = value or any(not word.startswith("-") for word in rest)
        words = [key, *([value] if value else []), *rest]
        return ["config", "set" if has_value else "get", *words] if key in context.keys else None
    if parent == "metrics" and ID.fullmatch(wrong):
        return ["show", wrong, *rest]
    if not is_platform(wrong.partition("/")[0]):
        return None
    if parent == "metrics":
        return ["metrics", "summary", "--account", wrong, *rest]
    return ["optimal", "--account" if "/" in wrong else "--platform", wrong, *rest]


def of_two(line: TypedCommand) -> list[str] | None:
    """Return what the name of a command and the word behind it are, as two words of another tool."""
    forms = other_words.COMMANDS.get(" ".join(line.words[:2]), ()) if len(line.path) == 1 else ()
    return next((words for words in (fill(form, line.words[2:]) for form in forms) if words), None)


def as_create(line: TypedCommand) -> list[str] | None:
    """Return `create` for a text behind `schedule` or `publish`; its time is TIME if none was typed."""
    places, flags = line.places, {flag for one in line.params for flag in one.opts}
    if not places or ID.fullmatch(line.words[places[0]]):
        return None
    before = line.words[places[0] - 1]
    if before.startswith("-") and before not in flags:  # the value of an option that does not exist
        return None
    words, typed = ["create", *line.words[1:]], [part.flag for part in line.parts]
    if line.path[0] == "publish":
        return [*words, "--at", "now"]
    if "--at" in typed:
        return words
    for place in places[1:]:
        times = _leading_words(words[place:])
        if is_time(" ".join(times)):
            return [*words[:place], "--at", " ".join(times), *words[place + len(times) :]]
    return [*words, "--at", "TIME"]


def wrong_word(line: TypedCommand, context: Any) -> int | None:
    """Return the place among the parts of a word that its command cannot take: a surplus one, or no id."""
    for place, part in enumerate(line.parts):
        metavar = part.metavar.strip("[].")
        if part.flag == "--status" and any(_status(one) != one for one in ",".join(part.values).split(",")):
            return place
        if metavar == "KEY=TEXT" and "=" not in "".join(part.values):
            return place
        if part.flag or metavar == "(name)" or part.words == ("-",):
            continue
        is_last = place == max(at for at, one in enumerate(line.parts) if not one.flag)
        if metavar == "" or (metavar == "ID" and not ID.fullmatch(part.words[0])):
            has_time = list(line.path) == ["schedule"] and all(one.flag != "--at" for one in line.parts)
            if has_time and is_last and place > 1 and is_time(part.words[0]):
                continue
            return place
        if metavar == "KEY" and line.path[:1] == ["config"] and not _is_key(part.words[0], context):
            return place
        patterns = other_words.WORDS.get(line.path[0], ()) if metavar in ("WHEN", "FILE|DIR|-", "N") else ()
        if any(re.fullmatch(one, part.words[0]) for one, _ in patterns):
            return place
        if metavar == "URL" and line.path[:1] == ["init"] and "://" not in part.words[0]:
            return place
        if metavar == "PLATFORM/HANDLE" and list(line.path) == ["account", "add"] and "/" not in part.words[0]:
            return place
        if metavar.startswith("PLATFORM[") and not is_platform(part.words[0].partition("/")[0]):
            return place
        if metavar == "DAYS TIMES" and "/" in part.words[0] and is_account(part.words[0]):
            return place
    return None


def of_words(line: TypedCommand, place: int, context: Any) -> Iterator[list[str]]:
    """Yield what may be meant by a word that its command cannot take, best first."""
    part, path = line.parts[place], list(line.path)
    word = part.words[0]
    before, after = line.around(place)
    flags = {flag for one in line.params for flag in one.opts}
    if path == ["list"] and not part.flag and (days := as_day(_leading_words([word, *after]), context)):
        yield [*before, *days, *after[len(_leading_words(after)) :]]
    if (words := of_two(line)) is not None:
        yield words
        return
    group, rest = other_words.NOUNS.get(word), list(line.words[len(path) :])
    if path == ["show"] and len(rest) == 2 and word in BY_NAME:  # `show 3 log`
        yield [word, rest[0]]
    if path == ["show"] and rest == [word]:
        if word in BY_NAME and not group:
            yield [word]
        elif group is not None or word == "all" or word in other_words.STATUSES:
            yield ["list", word]
    if (words := _about(line.words, context)) is not None and words != list(line.words):
        yield words
        return
    if part.flag == "--text":
        if "".join(part.values):  # a text of a platform or an account has its name
            yield [*before, *part.values, *after]
        return
    if part.flag == "--status":
        yield [*before, "--status", ",".join(_status(one) for one in part.values[0].split(",")), *after]
        return
    if word == "help":
        yield [*path, "--help"]
    if part.metavar == "" and f"--{word}" in flags and path not in (["create"], ["edit"]):  # `pause until monday`
        yield [*before, f"--{word}", *after]
    if (
        path in (["edit"], ["export"]) and f"--{before[-1]}" in flags and not _leading_words(after)
    ):  # `edit 1 tag beans`
        flag = next(one for one in (f"--add-{before[-1]}", f"--{before[-1]}") if one in flags)
        yield [*before[:-1], flag, word, *after]
    if group == path[0] or (word in other_words.FILLERS and part.metavar.startswith(("ID", "PLATFORM["))):
        yield [*before, *after]
    if path == ["delete"] and rest[:-1] in ([], ["all"]) and rest[-1] in other_words.STATUSES:
        yield ["edit", "--where", f"status={_status(rest[-1])}", "--delete"]
    if part.metavar.strip("[].") == "KEY" and word in other_words.KEYS:
        yield [*before, other_words.KEYS[word], *after]
    if path == ["config", "set"] and "=" in word:
        yield [*before, *word.split("=", 1), *after]
    if place and line.parts[place - 1].flag == "--at":
        times = _leading_words([word, *after])
        time = " ".join([before[-1], *times])
        if is_time(time) or is_time(word):
            yield [*before[:-1], time, *after[len(times) - 1 :]]
            return
    if part.metavar.startswith(("ID", "[ID")):
        if word.lower() == "all" and after and after[0] in other_words.STATUSES:
            yield [*before, *after]
        elif ids := post_readings.named_posts(path[0], word.lower(), context):
            yield [*before, *ids, *after]
        if re.fullmatch(r"#?\d+((\.\.|:|–)\d+)?", word):
            yield [*before, re.sub(r"\.\.|:|–", "-", word.lstrip("#")), *after]
        if path == ["schedule"] and (words := _as_time(line, place)):
            yield words
        if path in (["schedule"], ["publish"]) and not is_time(word):
            is_text = " " in word or (word not in other_words.NO_TEXT and any(one.flag == "--at" for one in line.parts))
            if is_text and (words := as_create(line)):
                yield words
                return
    if path == ["account", "add"] and len(line.places) == 2 and after and is_platform(word):
        yield ["account", "connect", f"{word}/{after[0]}", *after[1:]]
    for kind, form in other_words.WORDS.get(" ".join(path), ()):
        if kind == "STATUS" and word.lower() in other_words.STATUSES:
            yield [*before, form.replace("{}", statuses(word.lower())), *after]
            return
        if (
            kind == "ANY"
            or (kind == "PLATFORM" and is_account(word))
            or (kind != "STATUS" and re.fullmatch(kind, word, re.IGNORECASE) and not is_account(word))
        ):
            if form == "--search={}" and before[-1] == "--json" and re.fullmatch(r"\w+(,\w+)*", word):
                form = "--fields={}"
            if form == "--search={}" and (len(line.places) > 1 or word in BY_NAME or word in other_words.COMMANDS):
                return
            if not form.startswith("ttp "):
                yield [*before, *([form.replace("{}", word)] if form else []), *after]
            elif words := fill(form[4:], [word]) if len(line.parts) == len(path) + 1 else None:
                yield words
            return
    if word == "all" and path[-1] == "list":
        yield [*before, *after]
    if is_account(word):
        before = before[:-1] if before[-1] == "to" else before
        for flag in ("--to", "--account") if "/" in word else ("--to", "--platform", "--account"):
            if flag in flags:
                yield [*before, flag, word, *after]
                return
    follow = after[0] if after else ""
    if word in ("to", "on") and "--to" in flags and is_account(follow):
        yield [*before, "--to", *after]
    if path == ["slots", "add"] and part.metavar == "":
        at = place - 1
        words = [one.words[0] for one in line.parts[at:] if not one.flag]
        others = [one for part in line.parts[at:] if part.flag for one in part.words]
        text = " ".join(words)
        if slot := text if is_slot_times(text) else as_times(text):
            yield [*(one for part in line.parts[:at] for one in part.words), slot, *others]
    if "--at" in flags and part.metavar == "" and all(one.flag != "--at" for one in line.parts):
        is_time_word = path == ["edit"] and before[-1] in ("at", "date", "for", "on", "time", "to")  # and no new text
        before = before[:-1] if is_time_word else before
        times = _leading_words([word, *after])
        for start in (0, 1) if word in ("at", "on", "for") else (0,):
            time = " ".join(times[start:])
            if is_time(time):
                yield [*before, "--at", time, *after[len(times) - 1 :]]


def _leading_words(words: Sequence[str]) -> list[str]:
    """Return the words before the first option."""
    return list(takewhile(lambda word: not word.startswith("-"), words))


def _as_time(line: TypedCommand, place: int) -> list[str] | None:
    """Return `schedule` with the words from `place` on as one time, without a word such as `for` before it."""
    before = [word for part in line.parts[:place] for word in part.words]
    times = [part.words[0] for part in line.parts[place:] if not part.flag]
    others = [word for part in line.parts[place:] if part.flag for word in part.words]
    if len(before) < 2 or any(part.flag == "--at" for part in line.parts):
        return None
    for start in (1, 0) if times[0] in ("at", "on", "for", "to") and times[1:] else (0,):
        time = " ".join(times[start:])
        for one in (time, f"in {time}"):
            if is_time(one) or is_time(times[start]):
                return [*before, "--at", one, *others]
    return None


def publishing_words() -> dict[str, str]:
    """Return the words that publish at once elsewhere, each with its platform, if it has one."""
    from ttp.platforms.registry import Registry

    registry = Registry()
    facts = [registry.facts(name) for name in registry.names()]
    return {**dict.fromkeys(other_words.PUBLISHING, ""), **{one.verb: one.name for one in facts if one.verb}}


def account_names(platform: str, context: Any) -> list[str]:
    """Return the accounts that publish, those of a platform or without one all."""
    with suppress(TtpError):
        accounts = [] if settings.names_server() else context.queries.accounts()
        return [one.name for one in accounts if one.connected and one.enabled and platform in ("", one.platform)]
    return []


def is_account(word: str) -> bool:
    return all(is_platform(one.strip().partition("/")[0]) for one in word.split(","))


def is_platform(word: str) -> bool:
    return platform(word) is not None


def platform(word: str) -> str | None:
    """Return the name of a platform by its name or another word for it."""
    from ttp.platforms.registry import Registry

    try:
        return Registry().find(word).name
    except TtpError:
        return None


def _is_key(text: str, context: Any) -> bool:
    return any(key == text or key.startswith(f"{text}.") for key in context.keys)


def _status(text: str) -> str:
    return other_words.STATUSES.get(text, (text,))[0]


def statuses(text: str) -> str:
    """Return the statuses of the posts that a word names: those with a failed delivery are failed or partial."""
    return "failed,partial" if (status := _status(text)) == "failed" else status
