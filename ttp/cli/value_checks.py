"""What a command that can be read would still refuse: an account, a time or a field."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any

from ttp.cli import readings, settings
from ttp.cli.errors import quote_command, with_whole_commands
from ttp.cli.typed_command import EVERY_ACCOUNT, TypedCommand
from ttp.domain.action import other_options
from ttp.domain.errors import Ambiguous, Hint, NotFound, PastTime, TtpError, UsageError
from ttp.domain.time.grammar import ChosenTime, parse_time


def ways(words: Sequence[str], context: Any, most: int = 3) -> list[Hint]:
    """Return the hint with a command; where it would be refused for a value, the hints of that refusal.

    Posts, files and media are not looked at.
    """
    shown = [Hint("try", quote_command("ttp", *words))]
    if not readings.HELP.isdisjoint(words) or words[0] == "--version":
        return shown
    trial = context.parser.trial(context)
    trial.checks_values = True
    try:
        context.parser.read_only(words, trial)
        _check_values(trial.line, trial)
    except TtpError as error:
        if error.flaw == _EMPTY:
            return []
        context.parser.add_reading(error, trial)
        hints = [hint for hint in with_whole_commands(error, trial.line).hints if _is_command(hint, words)]
        if isinstance(error, readings.Misread | PastTime) and all(hint.label != "then" for hint in hints):
            return shown  # a later time is another one, which is suggested where it is said that the first has passed
        if hints and most:
            nested = [ways(shlex.split(str(hint.way))[1:], context, most - 1) for hint in hints if hint.label == "try"]
            return [*(one for some in nested for one in some), *(hint for hint in hints if hint.label == "then")]
    return shown


def _is_command(hint: Hint, words: Sequence[str]) -> bool:
    """Return whether a hint is the same command with other values."""
    is_whole = isinstance(hint.way, str) and hint.way.startswith(f"ttp {words[0]} ")
    return hint.label in ("try", "then") and (is_whole or hint.label == "then")


def _check_values(line: TypedCommand, context: Any) -> None:
    """Raise the TtpError of an account or a time."""
    values = {part.flag: part.values[0] for part in line.parts if part.values and part.values[0]}
    if settings.names_server():
        return
    names = [name for flag in ("--to", "--account") for name in values.get(flag, "").split(",") if name]
    with suppress(NotFound, Ambiguous):
        context.queries.find_accounts([name for name in names if "=" not in name])
    if list(line.path) == ["plan"] and not line.places and {"--drafts", "--tag"}.isdisjoint(p.flag for p in line.parts):
        raise UsageError("no posts named", Hint("try", other_options(drafts=True)))
    if list(line.path) == ["retry"] and line.places and any(part.flag == "--failed" for part in line.parts):
        raise UsageError("posts and --failed", Hint("try", other_options(failed=None)))
    if "--print-config" in values:
        from ttp.mcp.client_config import client_config

        client_config(values["--print-config"], ("ttp",), {})
    at = values.get("--at", "now")
    texts = [part.words[0] for part in line.parts if part.metavar == "TEXT|-"]
    refuse_unquoted_time(line, texts[0] if texts else None, values.get("--at"))
    if line.path[0] in ("create", "edit", "schedule") and not isinstance(parse_time(at), ChosenTime):
        context.times.resolve(at, (), values.get("--tz"))
    if line.path[0] in ("list", "export", "report"):
        since, until = (context.bound(name, values.get(f"--{name}")) for name in ("since", "until"))
        if since and until and since >= until:
            raise UsageError("no time is between", flaw=_EMPTY)


def refuse_unquoted_time(line: TypedCommand, text: str | None, at: str | None) -> None:
    """Raise UsageError for `--at tomorrow 9am`, where the shell made `9am` the text of the post."""
    if text is None or at is None or parse_time(at) or not parse_time(f"{at} {text}"):
        return
    for place, (before, after) in enumerate(pairwise(line.parts)):
        if before.words == ("--at", at) and after.words == (text,):
            start, end = line.around(place)
            whole = quote_command("ttp", *start, "--at", f"{at} {text}", *end[1:])
            raise UsageError("put the time in quotes", *([] if line.has_long_text else [Hint("try", whole)]))


_EMPTY = "empty"


def refuse_every_account(
    context: Any, names: Sequence[str] | None, takes: Callable[[str], bool] = lambda name: True
) -> None:
    """Raise UsageError for `--to all` and `--to all,-tiktok`, with the accounts that can get a post. `takes`: whether
    an account takes this one."""
    words = [word for name in names or () for word in name.split()]
    word = next((one for one in words[:1] if one.lower() in EVERY_ACCOUNT), None)
    if word is None:
        return
    without = {one.lstrip("-!") for one in words[1:]}
    accounts = [one for one in context.queries.accounts() if one.connected and one.enabled]
    account_names = [one.name for one in accounts if without.isdisjoint((one.name, one.platform, one.handle))]
    to = ",".join([name for name in account_names if takes(name)] or account_names)
    raise UsageError(f'"{word}" is not an account', *([Hint("try", other_options(to=to))] if to else []))
