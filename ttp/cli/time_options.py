"""Options that are times: read, with what can be typed in place of one that is not clear."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from ttp.cli.context import Context
from ttp.cli.errors import option_words, quote_command, retype
from ttp.cli.typed_command import TypedCommand
from ttp.domain.action import OtherOptions, other_options
from ttp.domain.errors import Hint, UsageError

if TYPE_CHECKING:
    from ttp.domain.time.calendar_range import CalendarRange
from ttp.cli.options import T


def parse_range(
    context: Context, when: str | None, *, month: bool, week: bool, tz: str | None, begun: bool = False
) -> CalendarRange:
    """Parse WHEN, an argument, with `--month` and `--week`. UsageError with whole commands; with `begun`, none of
    them for days to come."""
    try:
        return context.days(when, month=month, week=week, tz=tz, begun=begun)
    except UsageError as refused:
        refused.hints = tuple(
            # A setting that cannot be read has hints of its own.
            replace(hint, way=_with_range(context.line, when, hint.way)) if isinstance(hint.way, OtherOptions) else hint
            for hint in refused.hints
        )
        raise


def _with_range(line: TypedCommand, typed: str | None, way: OtherOptions) -> str:
    """Return the command that was typed for other days: `when` is an argument, the rest are options."""
    options = dict(way.options)
    when = options.pop("when")
    words = list(line.words)
    if typed is not None:
        place = line.places[-1]
        words[place : place + 1] = [when] if isinstance(when, str) else []
    return retype(replace(line, words=words), OtherOptions(tuple(options.items())))


def parse_times(
    texts: Mapping[str, str | None],
    parse: Mapping[str, Callable[[str], T]],
    again: Sequence[str],
    own: datetime | None = None,
) -> T:
    """Return what the one text of several options means, `""` for an argument. UsageError, with whole commands.

    `again`: the command without them; `own`: the time of what is repeated, as for `as_times`.
    """
    from ttp.cli.time_readings import as_times
    from ttp.domain.time.slot_parser import EXAMPLE

    typed = {flag: text for flag, text in texts.items() if text}
    flag, text = next(iter(typed.items()), ("", EXAMPLE))
    command = [*again, *filter(None, [flag])]
    if len(typed) != 1:
        raise UsageError(
            "give the times only once" if typed else "no times given", Hint("try", quote_command(*command, text))
        )
    try:
        return parse[flag](text)
    except UsageError as error:
        kept = [hint for hint in error.hints if not _has_typed_option(hint, again)]
        error.hints = tuple(_retype(hint, text, command) if hint.label == "try" else hint for hint in kept)
        if flag != "--rule" and all(hint.label != "try" for hint in error.hints):
            with suppress(UsageError):
                if (meant := as_times(text, own)) and parse[""](meant):
                    error.hints = (Hint("try", quote_command(*again, meant)),)
        raise


def _has_typed_option(hint: Hint, again: Sequence[str]) -> bool:
    """Return whether a hint has a value for an option that was typed with another one."""
    return isinstance(hint.way, OtherOptions) and any(f"--{name}" in again for name, _ in hint.way.options)


def _retype(hint: Hint, text: str, command: Sequence[str]) -> Hint:
    if isinstance(hint.way, str):
        return replace(hint, way=quote_command(*command, hint.way), replaces=(text, hint.way))
    if isinstance(hint.way, OtherOptions) and not command[-1].startswith("--"):  # options instead of an argument
        options = dict(hint.way.options)
        times = [str(options.pop("times"))] if "times" in options else []
        words = option_words({f"--{name}": str(value) for name, value in options.items()})
        return replace(hint, way=quote_command(*command, *times, *words))
    return hint


def time_within(at: str | None, within: str | None) -> str | None:
    """Return the TIME of `--at optimal --within 24h`: `optimal within 24h`. UsageError, TimeRefused."""
    if within is None:
        return at
    from ttp.domain.time.durations import compact_duration, parse_duration
    from ttp.domain.time.grammar import ChosenTime, parse_time, parse_within

    if at is None or parse_time(at) is not ChosenTime.OPTIMAL:
        raise UsageError("--within goes with --at optimal", Hint("try", other_options(at="optimal")))
    if parse_within(at) is not None:
        ways = (other_options(within=None), other_options(at="optimal"))
        raise UsageError(f'"{at}" and --within both say how long to wait', *(Hint("try", way) for way in ways))
    return f"optimal within {compact_duration(parse_duration(within))}"
