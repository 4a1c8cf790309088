"""Errors of a command line that Typer cannot read: what is wrong, and the command that was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from ttp.cli.command_table import BY_NAME
from ttp.cli.errors import quote_command
from ttp.domain.errors import Hint, TtpError, UsageError

_TAKE_TEXT = ("ttp create", "ttp edit", "ttp config set")
_MEDIA = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".mp4", ".mov")
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
    hints = [Hint("try", quote_command("ttp", *name.split(), *more)) for name, more in meant]
    suggestions = " or ".join(f'"{name}"' for name, _ in meant)
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


def usage_error(error: Any, argv: Sequence[str], *, is_unknown_option: bool) -> UsageError:
    """Return Typer's error in ttp's words."""
    ctx: Any = getattr(error, "ctx", None)
    path = ctx.command_path if ctx is not None else "ttp"
    if path == "ttp" and argv[:1] and argv[0] in BY_NAME:
        path = f"ttp {argv[0]}"  # an option without its value is reported before there is a context
    usage = Hint("see", f"{path} --help")
    if is_unknown_option:
        return _unknown_option(error, list(argv), path, usage)
    message = error.format_message()
    if ctx is not None and message == "Missing command.":
        names = ", ".join(ctx.command.list_commands(ctx))
        return UsageError(f"{path} needs a command: {names}", usage)
    if extra := re.fullmatch(r"Got unexpected extra argument\(s\) \((.*)\)", message, re.DOTALL):
        typed = argv[len(path.split()) - 1 :]
        hints = [Hint("try", way) for way in _as_one(path, typed, ctx.command.params, extra[1])]
        return UsageError(f"too many words: {extra[1]}", *hints, usage)
    if path == "ttp account connect" and "PLATFORM" in message:
        from ttp.platforms.registry import Registry

        return UsageError("choose a platform", *(Hint("try", f"{path} {name}") for name in Registry().names()))
    return UsageError((message[:1].lower() + message[1:]).rstrip("."), usage)


def _as_one(path: str, typed: Sequence[str], params: Sequence[Any], extra: str) -> list[str]:
    """Return the command with its surplus words (`extra`, as Typer joins them) where they belong: in `--account`, in
    `--at`, in `--media`, in the text."""
    from ttp.domain.time.grammar import parse_time

    places = _positional(typed, params)
    surplus = places[{"ttp create": 1, "ttp edit": 2}.get(path, len(places)) :]
    start = path.split()
    if path not in _TAKE_TEXT and "--account" in {flag for one in params for flag in one.opts}:
        last = places[-1]
        is_account = typed[last] == extra and "/" in extra
        return [quote_command(*start, *typed[:last], "--account", *typed[last:])] if is_account else []
    if not surplus or "--" in typed:
        return []
    words = list(typed)
    before = surplus[0] - 1
    together = surplus == list(range(surplus[0], surplus[0] + len(surplus)))
    if together and before and typed[before - 1] == "--at":
        time = " ".join(typed[before : surplus[-1] + 1])
        words[before : surplus[-1] + 1] = [time]
        return [quote_command(*start, *words)] if parse_time(time) else []
    if all(typed[at].lower().endswith(_MEDIA) for at in surplus):
        for at in reversed(surplus):
            words[at : at + 1] = ["--media", typed[at]]
        return [quote_command(*start, *words)]
    first = surplus[0] - 1
    if not together or first not in places:
        return []
    words[first : surplus[-1] + 1] = [" ".join(typed[first : surplus[-1] + 1])]
    return [quote_command(*start, *words)]


def _unknown_option(error: Any, argv: list[str], path: str, usage: Hint) -> UsageError:
    """Return the error of an option that does not exist; of one that may be a text, how to write that."""
    name, params = error.option_name, error.ctx.command.params
    word = next((w for w in argv if w.partition("=")[0] == name or (name[1:2] != "-" and _bundles(w, name))), name)
    rest = argv[len(path.split()) - 1 :]
    flags = error.possibilities or [flag for one in params for flag in one.opts if flag.startswith("-")]
    hints = [Hint("try", near, (name, near)) for near in _near(name, flags, _value(argv, word), params)]
    if path not in _TAKE_TEXT or word not in rest:
        return UsageError(f"no option {name}", *hints, usage)
    rest.remove(word)
    takes_text = path == "ttp edit" or not _positional(rest, params)
    typed = quote_command(*path.split(), *rest, "--", word)
    if re.fullmatch(r"--?[A-Za-z][A-Za-z-]*(=.*)?", word):
        as_text = [Hint("try", typed)] if takes_text and not hints else []
        return UsageError(f"no option {word.partition('=')[0]}", *hints, usage, *as_text)
    write = [Hint("try", typed)] if takes_text else []
    return UsageError(f'"{word}" begins with a dash, so it is read as an option', *(write or [usage]))


def _positional(words: Sequence[str], params: Sequence[Any]) -> list[int]:
    """Return the places of the words that are neither options nor their values."""
    takes_value = {flag for one in params if one.param_type_name == "option" and not one.is_flag for flag in one.opts}
    places, skip = [], False
    for place, word in enumerate(words):
        if not skip and not word.startswith("-"):
            places.append(place)
        skip = not skip and word in takes_value
    return places


def _value(argv: Sequence[str], word: str) -> str:
    """Return the word after an option, or what follows its `=`."""
    if "=" in word:
        return word.partition("=")[2]
    place = argv.index(word) if word in argv else len(argv)
    return next(iter(argv[place + 1 :]), "")


def _near(name: str, options: Iterable[str], value: str, params: Sequence[Any]) -> list[str]:
    """Return the option that was probably meant, if any."""
    every = {flag for one in params for flag in one.opts}
    other = _OTHER_OPTIONS.get(name)
    if name == "-n":
        other = "--dry-run" if "--dry-run" in every else "--limit"
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


def _bundles(word: str, option: str) -> bool:
    """Whether `word` was read as short options, `option` among them: `-5% off` for `-5`, `-hello` for `-e`."""
    return word.startswith("-") and not word.startswith("--") and option[1:] in word
