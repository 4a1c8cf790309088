"""Errors of a command line that Typer cannot read: what is wrong, and the command that was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from ttp.cli.command_table import BY_NAME
from ttp.cli.errors import quote_command
from ttp.cli.typed_command import MEDIA_SUFFIXES, TABLE_SUFFIXES, TEXT_SUFFIXES, TypedCommand, TypedPart
from ttp.domain.action import LONGEST_TEXT
from ttp.domain.errors import Hint, TtpError, UsageError
from ttp.domain.media.place import PlacedName

_TAKE_TEXT = ("ttp create", "ttp edit", "ttp config set")
_CLOSE = 0.7
"""Least similarity of a suggested word. Below it suggestions are words that happen to share letters."""
_OTHER_COMMANDS = {
    **dict.fromkeys(("new", "add", "post", "tweet", "write", "compose", "draft"), ("create",)),
    **dict.fromkeys(("rm", "remove", "del"), ("delete",)),
    **dict.fromkeys(("ls", "posts"), ("list",)),
    **dict.fromkeys(("login", "connect", "auth"), ("account connect",)),
    **dict.fromkeys(("logout", "disconnect"), ("account remove",)),
    **dict.fromkeys(("stats", "analytics", "insights"), ("metrics summary",)),
    **dict.fromkeys(("settings", "set"), ("config show",)),
    **dict.fromkeys(("view", "get", "info"), ("show",)),
    **dict.fromkeys(("duplicate", "clone", "cp"), ("copy",)),
    **dict.fromkeys(("start", "daemon", "publisher", "worker"), ("run",)),
    "accounts": ("account list",),
    "best": ("optimal",),
    "cancel": ("unschedule", "delete"),
    "next": ("status", "optimal next"),
    "queue": ("list --status scheduled",),
    "reschedule": ("schedule",),
    "send": ("publish",),
    "stop": ("pause",),
    "update": ("edit",),
    "version": ("--version",),
    "drafts": ("list --status draft",),
    "failed": ("list --status failed",),
    "heatmap": ("optimal heatmap",),
    "scheduled": ("list --status scheduled",),
    "unpause": ("resume",),
    "account delete": ("account remove",),
    "account rm": ("account remove",),
    "account ls": ("account list",),
    "account new": ("account add",),
    "account login": ("account connect",),
    "account edit": ("account set",),
    "config list": ("config show",),
    "metrics show": ("metrics list",),
    "repeat delete": ("repeat stop",),
    "repeat remove": ("repeat stop",),
    "service start": ("service install",),
    "slots delete": ("slots remove",),
    **dict.fromkeys(("notification", "notifications"), ("notify",)),
    "notify send": ("notify test",),
    **dict.fromkeys(("token new", "token add"), ("token create",)),
    **dict.fromkeys(("token delete", "token remove", "token rm"), ("token revoke",)),
    "token ls": ("token list",),
    **dict.fromkeys(("webhook new", "webhook create"), ("webhook add",)),
    **dict.fromkeys(("webhook delete", "webhook rm"), ("webhook remove",)),
    "webhook ls": ("webhook list",),
}
"""Words that people try for commands, and what each means here."""
_OTHER_OPTIONS = {
    **dict.fromkeys(("--image", "--images", "--photo", "--picture", "--video", "--attach", "-m"), "--media"),
    **dict.fromkeys(("--accounts", "--account", "--platform", "--platforms"), "--to"),
    **dict.fromkeys(("--schedule", "--when", "--time", "--date"), "--at"),
    **dict.fromkeys(("--timezone", "--zone"), "--tz"),
    **dict.fromkeys(("--tags", "--label"), "--tag"),
    "--dryrun": "--dry-run",
    **dict.fromkeys(("--max", "--top"), "--limit"),
    **dict.fromkeys(("-y", "--force", "-f"), "--yes"),
    **dict.fromkeys(("--headless", "--no-browser"), "--paste"),
    "--now": "--at=now",
    "--order": "--sort",
}
"""Options that people try, and what each is called here, if the command has it."""


def unknown_command(typed: Sequence[str], names: Sequence[str], parent: str, context: Any) -> UsageError:
    """Return the error of a command that does not exist, with the command that was probably meant."""
    wrong, *rest = typed
    path = f"{parent} " if parent else ""
    meant = [(name, rest) for name in _OTHER_COMMANDS.get(f"{path}{wrong}".lower(), ())]
    if not meant and parent in ("optimal", "config"):
        meant = _as_argument(parent, wrong, rest, context)
    if not meant:
        meant = [(path + name, rest) for name in get_close_matches(wrong.lower(), names, 1, _CLOSE)]
    if not meant:
        return UsageError(f'no command "{path}{wrong}"', Hint("see", f"ttp {path}--help"))
    suggestions = " or ".join(f'"{name}"' for name, _ in meant)
    hints = [Hint("try", quote_command("ttp", *name.split(), *more)) for name, more in meant]
    if any(len(word) > LONGEST_TEXT for word in rest):
        hints = [Hint("see", f"ttp {name} --help") for name, _ in meant]
    return UsageError(f'no command "{path}{wrong}"; did you mean {suggestions}?', *hints)


def _as_argument(parent: str, wrong: str, rest: list[str], context: Any) -> list[tuple[str, list[str]]]:
    """Return the command for an account after `optimal`, or a setting after `config`."""
    if parent == "config":
        has_value = any(not word.startswith("-") for word in rest)
        return [("config set" if has_value else "config get", [wrong, *rest])] if wrong in context.keys else []
    try:
        platform = context.platforms.find(wrong.partition("/")[0])
    except TtpError:
        return []
    return [("optimal", ["--account" if "/" in wrong else "--platform", wrong, *rest])] if platform else []


def usage_error(error: Any, line: TypedCommand, *, is_unknown_option: bool) -> UsageError:
    """Return Typer's error in ttp's words."""
    ctx: Any = getattr(error, "ctx", None)
    path = "ttp" if ctx is None else ctx.command_path
    if path == "ttp" and line.words[:1] and line.words[0] in BY_NAME:
        path = f"ttp {line.words[0]}"  # an option without its value is reported before there is a context
    usage = Hint("see", f"{path} --help")
    if is_unknown_option:
        return _unknown_option(error, line, path, usage)
    message = error.format_message()
    if ctx is not None and message == "Missing command.":
        names = ", ".join(ctx.command.list_commands(ctx))
        return UsageError(f"{path} needs a command: {names}", usage)
    if extra := re.fullmatch(r"Got unexpected extra argument\(s\) \((.*)\)", message, re.DOTALL):
        hints = [] if line.has_long_text else _commands(_as_one(path, line, extra[1]))
        return UsageError(f"too many words: {extra[1]}", *hints, usage)
    if path == "ttp account connect" and "PLATFORM" in message:
        from ttp.platforms.registry import Registry

        return UsageError("choose a platform", *(Hint("try", f"{path} {name}") for name in Registry().names()))
    return UsageError((message[:1].lower() + message[1:]).rstrip("."), usage)


def refuse_file_as_text(line: TypedCommand, values: Mapping[str, Any]) -> None:
    """Raise UsageError for the text of a post that is the name of a file, with all readings.

    It is the text behind `--`, in the editor, and where an option names the same file, or the file of the post.
    """
    text, media = str(values["text"]), "--add-media" if "add_media" in values and not values.get("media") else "--media"
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
        as_posts = set(flags) <= _IMPORT_TAKES and _commands(["import", *before[1:], text, *after])
        hints = [] if is_edit else as_posts or [Hint("see", "ttp import --help")]
    elif text.lower().endswith(TEXT_SUFFIXES) and is_edit:  # an edit has no --file
        hints = [Hint("try", f"{quote_command(*start, '-', *after)} < {quote_command(text)}")]
    elif text.lower().endswith((*MEDIA_SUFFIXES, *TEXT_SUFFIXES)):
        # Alt texts go by the order of media: behind others it takes none of theirs.
        value = text if flag == "--file" else str(PlacedName(text))
        words = (*after, flag, value) if named else (flag, value, *after)
        hints = [Hint("try", quote_command(*start, *words))]
    as_text = quote_command(*start, *after, *([] if "--" in flags else ["--"]), text)
    message = f'"{text}" is the name of a file: is it the post, or its text?'
    raise UsageError(message, *hints, Hint("try", as_text, sure=False))


_IMPORT_TAKES = {"", "--to", "--tz", "--dry-run", "--strict", "--json", "--format", "-q"}
"""The options of `create` that mean the same for a file of many posts."""


def _commands(words: Sequence[str] | None) -> list[Hint]:
    return [] if words is None else [Hint("try", quote_command("ttp", *words))]


def _as_one(path: str, line: TypedCommand, extra: str) -> list[str] | None:
    """Return the words with the surplus ones (`extra`, as Typer joins them) where they belong: in `--account`, in
    `--at`, in `--media`, in the text."""
    from ttp.domain.time.grammar import parse_time

    words, places = list(line.words), line.places
    surplus = places[{"ttp create": 1, "ttp edit": 2}.get(path, len(places)) :]
    if path not in _TAKE_TEXT and "--account" in {flag for one in line.params for flag in one.opts}:
        last = places[-1]
        is_account = words[last] == extra and "/" in extra
        return [*words[:last], "--account", *words[last:]] if is_account else None
    if not surplus or "--" in words:
        return None
    first, last = surplus[0] - 1, surplus[-1] + 1
    together = surplus == list(range(first + 1, last))
    if together and words[first - 1] == "--at":
        time = " ".join(words[first:last])
        return [*words[:first], time, *words[last:]] if parse_time(time) else None
    if all(words[at].lower().endswith(MEDIA_SUFFIXES) for at in surplus):
        flag = "--add-media" if path == "ttp edit" else "--media"  # which would replace the others
        names = {at: str(PlacedName(words[at])) for at in surplus}
        return [word for at, one in enumerate(words) for word in ([flag, names[at]] if at in names else [one])]
    text = " ".join(words[first:last])
    if not together or first not in places or len(text) > LONGEST_TEXT:
        return None
    return [*words[:first], text, *words[last:]]


def _unknown_option(error: Any, line: TypedCommand, path: str, usage: Hint) -> UsageError:
    """Return the error of an option that does not exist; of one that may be a text, how to write that."""
    name, words = error.option_name, list(line.words)
    parts = [part for part in line.parts if part.flag == name or (name[1:2] != "-" and _bundles(part, name))]
    word = parts[0].words[0] if parts else name
    place = sum(len(part.words) for part in line.parts[: line.parts.index(parts[0])]) if parts else len(words)
    value = word.partition("=")[2] if "=" in word else next(iter(words[place + 1 :]), "")
    flags = error.possibilities or [flag for one in line.params for flag in one.opts if flag.startswith("-")]
    hints = [Hint("try", near, (name, near)) for near in _near(name, flags, value, line.params)]
    if path not in _TAKE_TEXT or not parts:
        return UsageError(f"no option {name}", *hints, usage)
    rest = replace(line, words=[*words[:place], *words[place + 1 :]])
    takes_text = (path == "ttp edit" or not rest.places) and not line.has_long_text
    as_text = _commands([*rest.words, "--", word]) if takes_text else []
    if re.fullmatch(r"--?[A-Za-z][A-Za-z-]*(=.*)?", word):
        return UsageError(f"no option {word.partition('=')[0]}", *hints, usage, *([] if hints else as_text))
    return UsageError(f'"{word}" begins with a dash, so it is read as an option', *(as_text or [usage]))


def _near(name: str, options: Iterable[str], value: str, params: Sequence[Any]) -> list[str]:
    """Return the option that was probably meant, if any."""
    every = {flag for one in params for flag in one.opts}
    other = _OTHER_OPTIONS.get(name)
    if name == "-n":
        other = "--dry-run" if "--dry-run" in every else "--limit"
    if other == "--media" and "--add-media" in every:
        other = "--add-media"
    if name == "-t":
        other = _option_for(value)
    if other is not None and other.partition("=")[0] in every:
        return [other]
    bare = {option.lstrip("-"): option for option in options}  # all have the dashes: they make no two names similar
    matches = [bare[one] for one in get_close_matches(name.lstrip("-"), bare, 1, _CLOSE)]
    # "--set" is the opposite of "--unset", however near, and "--media" replaces what "--add-media" would keep.
    opposites = [f"--{other}{one.lstrip('-')}" for other in ("un", "no-", "add-") for one in matches]
    return [one for one in matches if name not in opposites and _is_near_in_each_word(name, one)]


def _is_near_in_each_word(name: str, option: str) -> bool:
    """Whether no word of an option became another: `--remove-media` is near to `--remove-tag` and means another."""
    typed, meant = (text.strip("-").split("-") for text in (name, option))
    return len(typed) != len(meant) or all(map(get_close_matches, typed, ([one] for one in meant)))


def _option_for(value: str) -> str:
    """Return what `-t` stands for, by its value: `--to`, `--at` or `--tag`."""
    from ttp.domain.time.grammar import parse_time
    from ttp.platforms.registry import Registry

    try:
        Registry().find(value.partition("/")[0])
        return "--to"
    except TtpError:
        pass
    try:
        return "--at" if parse_time(value) else "--tag"
    except TtpError:
        return "--tag"


def _bundles(part: TypedPart, option: str) -> bool:
    """Whether a word was read as short options, `option` among them: `-5% off` for `-5`, `-hello` for `-e`."""
    return part.flag[:2] not in ("", "--") and option[1:] in part.words[0]
