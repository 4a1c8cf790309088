"""Errors of a command line that Typer cannot read: what is wrong, and the command that was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from ttp.cli import follow_ups, option_readings, other_words, readings, settings, value_checks
from ttp.cli.command_table import BY_NAME
from ttp.cli.errors import UPGRADE, quote_command
from ttp.cli.readings import Misread
from ttp.cli.typed_command import MEDIA_SUFFIXES, TABLE_SUFFIXES, TEXT_SUFFIXES, TypedCommand, TypedPart
from ttp.domain.action import LONGEST_TEXT
from ttp.domain.config import RETIRED
from ttp.domain.errors import NO_TEXT, Hint, TtpError, UsageError
from ttp.domain.media.place import PlacedName

_TAKE_TEXT = ("ttp create", "ttp edit", "ttp config set")


def unknown_command(typed: Sequence[str], names: Sequence[str], parent: str, context: Any) -> UsageError:
    """Return the error of a command that does not exist, with the command that was probably meant."""
    path = f"{parent} " if parent else ""
    what = f'no command "{path}{typed[0]}"'
    for words in (" ".join([*path.split(), *typed[:count]]).lower() for count in (2, 1)):
        if why := other_words.WHY.get(words):
            what += f": {why}"
            break
    if typed[0] in other_words.UPGRADE:
        return _misread(what, Hint("try", UPGRADE))
    usage = Hint("see", f"ttp {path}--help")
    for number, commands in enumerate(readings.of_command(typed, names, parent, context)):
        if number == 0 and commands and (name := _name_of(commands[0], context)):
            usage = Hint("see", f"ttp {name} --help")
        meant = [words for words in (readings.read(one, context) for one in commands) if words]
        if meant and not any(len(word) > LONGEST_TEXT for word in typed):
            shown = [*_published_now(typed, meant[0], context), *meant]
            return _misread(what, *(hint for words in shown for hint in _commands(words, context)), meant=meant)
        for one in commands[:1]:
            ways = value_checks.ways(one, context)
            if any(hint.label == "then" for hint in ways):
                return _misread(what, *ways)
    return _misread(what, usage)


def _published_now(typed: Sequence[str], draft: list[str], context: Any) -> list[list[str]]:
    """Return `create` that publishes at once, for a word that does so elsewhere: `post`, `toot`."""
    verbs = readings.publishing_words()
    words = [word for word in typed[:2] if word in verbs]
    if not draft[1:] or readings.HELP & {*draft}:
        return []
    if (
        not words
        or draft[0] != "create"
        or not {"create", "new", "add", "draft", "--draft", "--later"}.isdisjoint(typed)
    ):
        return []
    flags = [word.partition("=")[0] for word in draft]
    end = flags.index("--") if "--" in flags else len(draft)
    if "--to" not in flags:
        names = readings.account_names(verbs[words[0]], context)
        if len(names) != 1:
            return []
        draft[end:end] = ["--to", names[0]]
        end += 2
    if "--at" in flags or "--dry-run" in flags:
        return []
    return [[*draft[:end], "--at", "now", *draft[end:]]]


def _name_of(words: Sequence[str], context: Any) -> str:
    """Return the command that words begin with."""
    subcommands = context.parser.subcommands(words[0]) if words[0] in BY_NAME else ()
    return " ".join(words[: 1 + (len(words) > 1 and words[1] in subcommands)]) if words[0] in BY_NAME else ""


def _misread(message: str, *hints: Hint, meant: Sequence[list[str] | None] = ()) -> Misread:
    error = Misread(message, *hints)
    error.words = meant[0] if len(meant) == 1 else None
    return error


def add_reading(error: TtpError, context: Any) -> None:
    """Add the command that was probably meant to an error of a command that found a word which it cannot take."""
    line = context.line
    if line.has_long_text or isinstance(error, Misread):
        return
    if error.flaw == NO_TEXT and (thread := follow_ups.as_thread(line, has_text=False)):
        error.hints = tuple(_commands(thread, context))
        return
    if error.flaw == NO_TEXT and list(line.path) == ["create"]:
        others = [word for word in line.words[1:] if word != "-"]
        examples = ["Hello", *(["-"] if others == line.words[1:] else [])]  # stdin, if read, was empty
        error.hints = tuple(Hint("try", quote_command("ttp", "create", one, *others)) for one in examples)
        return
    if error.flaw == "several" and (ways := follow_ups.of_line(line, context)):
        error.hints = (*ways, *(hint for hint in error.hints if hint.label == "see"))
    if not isinstance(error, UsageError):
        return
    texts = [part for part in line.parts if part.metavar == "TEXT|-" and re.match(r"\w+=", part.words[0])]
    if error.flaw == "template" and texts:
        before, after = line.around(line.parts.index(texts[0]))
        error.hints = tuple(_commands([*before, "--var", *texts[0].words, *after], context))
        return
    place = readings.wrong_word(line, context)
    if place is not None and (words := readings.first(readings.of_words(line, place, context), context)):
        others = [hint for hint in error.hints if hint.label == "see"]
        error.hints = (*_commands(words, context), *others)
    elif not error.flaw and (ways := follow_ups.of_line(line, context)):
        error.hints = (*ways, *(hint for hint in error.hints if hint.label == "see"))


def usage_error(error: Any, context: Any, *, is_unknown_option: bool) -> UsageError:
    """Return Typer's error in ttp's words."""
    ctx: Any = getattr(error, "ctx", None)
    line = context.line
    path = "ttp" if ctx is None else ctx.command_path
    if path == "ttp" and line.words[:1] and line.words[0] in BY_NAME:
        path = f"ttp {line.words[0]}"  # an option without its value is reported before there is a context
    usage = Hint("see", f"{path} --help")
    if is_unknown_option:
        return _unknown_option(error, context, path, usage)
    message = error.format_message()
    if ctx is not None and message == "Missing command.":
        names = ", ".join(ctx.command.list_commands(ctx))
        ways = [Hint("try", f"ttp {one}") for one in other_words.BARE.get(" ".join(line.words), ())]
        return _misread(f"{path} needs a command: {names}", *ways, usage)
    if extra := re.fullmatch(r"Got unexpected extra argument\(s\) \((.*)\)", message, re.DOTALL):
        words = _without_surplus(path, context)
        hints = _commands(words, context) or follow_ups.of_line(line, context)
        return _misread(f"too many words: {extra[1]}", *hints, usage, meant=[words])
    if path == "ttp account connect" and "PLATFORM" in message:
        from ttp.platforms.registry import Registry

        hints = [Hint("try", f"{path} {name}") for name in Registry().names()]
        return _misread("choose a platform", *hints, meant=[list(line.words)])
    words = _without_surplus(path, context)
    if missing := re.match(r"Missing argument '(ID|SHELL)", message):
        ids = " ".join([*path.split()[1:-1], "list"])
        ways = [Hint("try", f"ttp {one}") for one in other_words.BARE.get(" ".join(line.words), (ids,))]
        return _misread(f"{path} needs {'an id' if missing[1] == 'ID' else 'a shell'}", *ways, usage)
    return _misread((message[:1].lower() + message[1:]).rstrip("."), *_commands(words, context), usage, meant=[words])


def _without_surplus(path: str, context: Any) -> list[str] | None:
    """Return the command with its surplus words where they belong."""
    line = context.line
    if line.has_long_text:
        return None
    values = [line.words[place] for place in line.places]
    if any(part.flag == "--template" for part in line.parts) and all(re.match(r"\w+=", value) for value in values):
        return readings.read(
            [one for word in line.words for one in (["--var", word] if word in values else [word])], context
        )
    if (thread := follow_ups.as_thread(line)) is not None:
        return readings.read(thread, context)
    place = readings.wrong_word(line, context)
    words = None if place is None else readings.first(readings.of_words(line, place, context), context)
    return words or readings.first([one for one in [_as_one(path, line)] if one], context)


def refuse_file_as_text(line: TypedCommand, values: Mapping[str, Any]) -> None:
    """Raise UsageError for the text of a post that is the name of a file, with all readings.

    It is the text behind `--`, in the editor, and where an option names the same file, or the file of the post.
    """
    typed = str(values["text"])
    text, media = (
        typed.removeprefix("@"),
        "--add-media" if "add_media" in values and not values.get("media") else "--media",
    )
    flag = media if text.lower().endswith(MEDIA_SUFFIXES) else "--file"
    named = values.get(flag[2:].replace("-", "_")) or ()
    place = next(place for place, part in enumerate(line.parts) if part.metavar == "TEXT|-")
    before, after = line.around(place)
    flags = [part.flag for part in line.parts]
    if values["in_editor"] or "--" in flags[:place] or (named if flag == "--file" else text in named):
        return
    if line.has_long_text:
        before = after = []
    start, is_edit = ["ttp", *before] if before else [], "post_id" in values
    hints = []
    if text.lower().endswith(TABLE_SUFFIXES):
        as_posts = set(flags) <= _IMPORT_TAKES and [
            Hint("try", quote_command("ttp", "import", *before[1:], text, *after))
        ]
        hints = [] if is_edit else as_posts or [Hint("see", "ttp import --help")]
    elif text.lower().endswith(TEXT_SUFFIXES) and is_edit:  # an edit has no --file
        hints = [Hint("try", f"{quote_command(*start, '-', *after)} < {quote_command(text)}")]
    elif text.lower().endswith((*MEDIA_SUFFIXES, *TEXT_SUFFIXES)):
        # Alt texts go by the order of media, so the file comes after the others.
        value = text if flag == "--file" else str(PlacedName(text))
        words = (*after, flag, value) if named else (flag, value, *after)
        hints = [Hint("try", quote_command(*start, *words))]
    as_text = quote_command(*start, *after, *([] if "--" in flags else ["--"]), typed)
    message = f'"{text}" is the name of a file: is it the post, or its text?'
    raise UsageError(message, *hints, Hint("try", as_text, sure=False))


_IMPORT_TAKES = {"", "--to", "--tz", "--dry-run", "--strict", "--json", "--format", "-q"}
"""The options of `create` that mean the same for a file of many posts."""


def _commands(words: Sequence[str] | None, context: Any) -> list[Hint]:
    return [] if words is None else value_checks.ways(words, context)


def _as_one(path: str, line: TypedCommand) -> list[str] | None:
    """Return the words with the surplus ones where they belong: in `--media`, in the text."""
    words, places = list(line.words), line.places
    surplus = places[{"ttp create": 1, "ttp edit": 2}.get(path, len(places)) :]
    if path not in _TAKE_TEXT or not surplus or "--" in words:
        return None
    if all(words[at].lower().endswith(MEDIA_SUFFIXES) for at in surplus):
        flag = "--add-media" if path == "ttp edit" else "--media"  # which would replace the others
        if path == "ttp edit" and (verb := words[surplus[0] - 1]) in ("add", "remove"):  # and not a new text
            return [*words[: surplus[0] - 1], f"--{verb}-media", *words[surplus[0] :]] if len(surplus) == 1 else None
        names = {at: str(PlacedName(words[at])) for at in surplus}
        return [word for at, one in enumerate(words) for word in ([flag, names[at]] if at in names else [one])]
    first = surplus[0] - 1
    if any(" " in words[at] or words[at].lower().endswith(MEDIA_SUFFIXES) for at in (first, *surplus)):
        return None  # a text that is in quotes is whole
    last = next(at for at in range(surplus[0], len(words) + 1) if at not in surplus)
    text = " ".join(words[first:last])
    if first not in places or len(text) > LONGEST_TEXT:
        return None
    return [*words[:first], text, *words[last:]]


def _unknown_option(error: Any, context: Any, path: str, usage: Hint) -> UsageError:
    """Return the error of an option that does not exist; of one that may be a text, how to write that."""
    line = context.line
    name, words = error.option_name, list(line.words)
    if ways := follow_ups.of_line(line, context):
        return _misread(f"no option {name}", *ways, usage)
    parts = [part for part in line.parts if part.flag == name or (name[1:2] != "-" and _bundles(part, name))]
    if not parts:
        return _misread(f"no option {name}", usage)
    part, word = parts[0], parts[0].words[0]
    number = line.parts.index(part)
    flags = error.possibilities or [flag for one in line.params for flag in one.opts if flag.startswith("-")]
    near = _near(name, flags, line.params)
    meant = readings.first(option_readings.of_option(line, number, name, near, context), context)
    hints = _commands(None if line.has_long_text else meant, context)
    if line.has_long_text and near:
        hints = [Hint("try", near[0], (name, near[0]))]
    if path not in _TAKE_TEXT:
        return _misread(f"no option {name}", *hints, usage, meant=[meant])
    if path == "ttp config set" and not hints and (error := _dashed_value(line, context)):
        return error
    place = sum(len(part.words) for part in line.parts[:number])
    rest = replace(line, words=[*words[:place], *words[place + 1 :]])
    takes_text = (path == "ttp edit" or not rest.places) and not line.has_long_text
    as_text = readings.read([*rest.words, "--", word], context) if takes_text else None
    if re.fullmatch(r"--?[A-Za-z][A-Za-z-]*(=.*)?", word):
        is_no_text = (path == "ttp edit" and word.startswith("--")) or get_close_matches(word, ["--help"], cutoff=0.8)
        more = [] if hints or is_no_text else _commands(as_text, context)
        return _misread(f"no option {word.partition('=')[0]}", *hints, usage, *more, meant=[meant])
    return _misread(
        f'"{word}" begins with a dash, so it is read as an option', *(_commands(as_text, context) or [usage])
    )


def _dashed_value(line: TypedCommand, context: Any) -> UsageError | None:
    """Return the error of a value of a setting that begins with a dash: what is wrong with it, else how to type it.
    None where an option of the command is among the words, or no setting comes first."""
    name, values = line.words[2], line.words[3:]
    key = context.keys.find(new := RETIRED.get(name, name))
    flags = {flag for one in line.params for flag in one.opts}
    if key is None or any(value.partition("=")[0] in flags for value in values):
        return None
    try:
        settings.parse_value(key, values)
    except UsageError as error:
        return error
    why = "a value begins with a dash, so it is read as an option" if new == name else f"{name} is no longer used"
    return _misread(why, Hint("try", quote_command("ttp", "config", "set", new, "--", *values)))


def _near(name: str, options: Iterable[str], params: Sequence[Any]) -> list[str]:
    """Return the option whose name is near, if it means no other thing."""
    if name in other_words.NO_OPTION:
        return []
    every = {flag for one in params for flag in one.opts}
    bare = {option.lstrip("-"): option for option in options}  # all have the dashes: they make no two names similar
    matches = [bare[one] for one in get_close_matches(name.lstrip("-"), bare, 1, readings.CLOSE)]
    # "--set" is the opposite of "--unset", however near, and "--media" replaces what "--add-media" would keep.
    opposites = [f"--{other}{one.lstrip('-')}" for other in ("un", "no-", "add-") for one in matches]
    return [one for one in matches if one in every and name not in opposites and _is_near_in_each_word(name, one)]


def _is_near_in_each_word(name: str, option: str) -> bool:
    """Whether no word of an option became another: `--remove-media` is near to `--remove-tag` and means another."""
    typed, meant = (text.strip("-").split("-") for text in (name, option))
    if len(typed) != len(meant):  # `--dryrun`, `--template-name`
        return "".join(typed) == "".join(meant) or typed[: len(meant)] == meant
    return all(map(get_close_matches, typed, ([one] for one in meant)))


def _bundles(part: TypedPart, option: str) -> bool:
    """Whether a word was read as short options, `option` among them: `-5% off` for `-5`, `-hello` for `-e`."""
    return part.flag[:2] not in ("", "--") and option[1:] in part.words[0]
