"""Posting times in words, and the cron expressions that they are: `mon,wed,fri 09:00` is `0 9 * * 1,3,5`."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import time

from ttp.domain.errors import Hint, UsageError
from ttp.domain.time.formatting import DAYS
from ttp.domain.time.repair import correct_clock
from ttp.domain.time.words import WEEKDAYS, parse_clock, split_words

_GROUPS = {"daily": range(7), "weekdays": range(5), "weekends": range(5, 7)}
_WORDS_OF = {tuple(days): word for word, days in _GROUPS.items()}
EXAMPLE = "mon,wed,fri 09:00"


def parse_slot_times(text: str) -> list[str]:
    """Return the expressions of `DAYS TIMES`, one for each minute of the hour among the times. Raises UsageError for
    other texts.

    DAYS: weekdays and ranges of them, joined by commas; `daily`, `weekdays` or `weekends`. TIMES: 9am, 18:00.
    """
    match split_words(re.sub(" ?, ?", ",", " ".join(text.split()))):
        case [days, *clocks] if clocks:
            numbers = _days(days)
            times = [_clock(word) for clock in clocks for word in clock.split(",")]
            if numbers and all(one is not None for one in times):
                return _expressions(numbers, [one for one in times if one is not None])
    hints = [Hint("try", other) for other in _corrected(text)]
    raise UsageError(f'"{text}" is not a posting time', *(hints or [Hint("see", f"DAYS TIMES, for example {EXAMPLE}")]))


def _corrected(text: str) -> list[str]:
    """Return `sat 10am` and `sat 10pm` for `sat 10`, `sat 18:30` for `sat 18.30`; nothing for unknown days."""
    match split_words(text):
        case [days, clock] if _days(days):
            if re.fullmatch(r"[1-9]|1[0-2]", clock):
                return [f"{days} {clock}am", f"{days} {clock}pm"]
            fixed = correct_clock(f"{clock}:00" if clock.isdecimal() else clock)
            return [f"{days} {fixed}"] if fixed and _clock(fixed) else []
    return []


def format_slot_times(cron: str) -> str:
    """`mon,wed,fri 09:00` where an expression is so simple; else the expression."""
    minute, hours, *rest, weekdays = cron.split()
    plain = all(re.fullmatch(r"\d+(,\d+)*", field) for field in (minute, hours)) and rest == ["*", "*"]
    days = _numbers(weekdays)
    if not plain or "," in minute or not days:
        return cron
    named = _WORDS_OF.get(days) or ",".join(DAYS[day].lower() for day in days)
    return f"{named} {','.join(f'{int(hour):02}:{int(minute):02}' for hour in hours.split(','))}"


def is_slot_times(text: str) -> bool:
    with suppress(UsageError):
        return bool(parse_slot_times(text))
    return False


def is_days(text: str) -> bool:
    return bool(_days(text))


def _days(text: str) -> list[int]:
    """Return the weekdays of a word, Monday is 0; none if it is no such word."""
    if text in _GROUPS:
        return list(_GROUPS[text])
    weekdays: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
            return []
        start = WEEKDAYS[first]
        length = (WEEKDAYS[last] - start) % 7 if dash else 0
        weekdays.update((start + day) % 7 for day in range(length + 1))
    return sorted(weekdays)


def _clock(word: str) -> time | None:
    clock = parse_clock(word)
    return None if clock is None or clock.second else clock


def _expressions(days: list[int], times: list[time]) -> list[str]:
    weekdays = "*" if len(days) == 7 else ",".join(str(number) for number in sorted((day + 1) % 7 for day in days))
    minutes = dict.fromkeys(clock.minute for clock in times)
    hours = {minute: sorted({clock.hour for clock in times if clock.minute == minute}) for minute in minutes}
    return [f"{minute} {','.join(map(str, hours[minute]))} * * {weekdays}" for minute in minutes]


def _numbers(field: str) -> tuple[int, ...]:
    """Return a cron's field of weekdays as numbers, Monday is 0; none where it says more than days."""
    if field == "*":
        return tuple(range(7))
    if not re.fullmatch(r"[0-7](-[0-7])?(,[0-7](-[0-7])?)*", field):
        return ()
    weekdays: set[int] = set()
    for part in field.split(","):
        first, _, last = part.partition("-")
        weekdays.update((number - 1) % 7 for number in range(int(first), int(last or first) + 1))
    return tuple(sorted(weekdays))
