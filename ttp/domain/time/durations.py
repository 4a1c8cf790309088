"""Durations as typed: `90s`, `45m`, `2h30m`, `3 days`, `1w`. Never months or years, which differ in length."""

from __future__ import annotations

import re
from datetime import timedelta

from ttp.domain.errors import Hint, TimeRefused

_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
"""Every unit in seconds, longest first."""
_SPELLED = {
    "w": ("week", "weeks"),
    "d": ("day", "days"),
    "h": ("hour", "hours", "hr", "hrs"),
    "m": ("minute", "minutes", "min", "mins"),
    "s": ("second", "seconds", "sec", "secs"),
}
UNITS = {word: unit for unit, words in _SPELLED.items() for word in (unit, *words)}
"""Every way a unit may be typed, to its letter."""
_PART = r"([0-9]{1,9}) ?([a-z]+)"
_WHOLE = re.compile(rf"{_PART}(?: ?{_PART})*")
_DECIMAL = re.compile(r"([0-9]{1,5})[.,]([0-9]{1,3}) ?([a-z]+)")
_ONE = re.compile(r"^\s*(?:an?|one)\s+")
_LONGEST = 36_525 * _SECONDS["d"]

_EXAMPLE = "2h30m"


def parse_duration(text: str, example: str = _EXAMPLE) -> timedelta:
    """Return the duration of `2h30m`. Raises TimeRefused for other texts, with the example where none is meant."""
    parts = duration_parts(text)
    if parts is not None:
        return total_duration(parts)
    message = f'cannot read the duration "{" ".join(text.split())}"'
    guesses = duration_guesses(text)
    if guesses == (_EXAMPLE,):
        raise TimeRefused(message, Hint("try", example, (text, example) if text else None, sure=False))
    raise TimeRefused(message, *(Hint("try", one, (text, one) if text else None) for one in guesses))


def duration_parts(text: str) -> tuple[tuple[int, str], ...] | None:
    """`2h 30m` -> ((2, "h"), (30, "m")). None unless each unit comes once, longest first, within 100 years."""
    text = " ".join(text.lower().split())
    if not _WHOLE.fullmatch(text):
        return None
    parts = tuple((int(count), UNITS.get(word, "")) for count, word in re.findall(_PART, text))
    order = [list(_SECONDS).index(unit) if unit else -1 for _, unit in parts]
    if -1 in order or order != sorted(set(order)):
        return None
    return parts if sum(count * _SECONDS[unit] for count, unit in parts) <= _LONGEST else None


def total_duration(parts: tuple[tuple[int, str], ...]) -> timedelta:
    """Return the sum of what `duration_parts` read."""
    return timedelta(seconds=sum(count * _SECONDS[unit] for count, unit in parts))


def parse_length(text: str) -> timedelta | None:
    """Return the length of `2h30m`, `an hour`, `1.5h`. None for other texts."""
    text = _ONE.sub("1 ", text)
    parts = duration_parts(text) or duration_parts(_whole_units(text))
    return None if parts is None else total_duration(parts)


def _whole_units(text: str) -> str:
    """`1.5 hours` -> `1h30m`; '' if it is not a whole number of seconds."""
    decimal = _DECIMAL.fullmatch(" ".join(text.lower().split()))
    unit = UNITS.get(decimal[3]) if decimal else None
    if decimal and unit:
        exact, rest = divmod(int(decimal[1] + decimal[2]) * _SECONDS[unit], 10 ** len(decimal[2]))
        if not rest and exact <= _LONGEST:
            return compact_duration(timedelta(seconds=exact))
    return ""


def duration_guesses(text: str) -> tuple[str, ...]:
    """Return what an unreadable duration may have meant, or an example."""
    text = " ".join(text.lower().split())
    if re.fullmatch(r"[0-9]{1,5}", text) and int(text):
        return f"{text}m", f"{text}h"
    return (_whole_units(text) or _EXAMPLE,)


def compact_duration(span: timedelta) -> str:
    """Return a whole number of seconds as `parse_duration` reads it back: `1h30m`."""
    rest = round(span.total_seconds())
    text = ""
    for unit, size in _SECONDS.items():
        count, rest = divmod(rest, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"
