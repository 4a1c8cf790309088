"""An account's use of its calls, from Meta's usage headers: percent of a rolling window. See
docs/reference/platforms/instagram.md, section 5. Never raises, whatever the headers contain."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

from ttp.platforms.reply import Answer, list_at, retry_after_s, value_at

HOUR_S = 3600.0
"""How long to wait if Meta does not say, and how long a percentage stays valid, since its window is rolling."""
_DAY_MIN = 24 * 60
_SHARES = ("call_count", "total_cputime", "total_time")


@dataclass(frozen=True, slots=True)
class Usage:
    """`percent` used, rounded up. `wait_s`: how long Meta accepts no calls; 0 if it does."""

    percent: int
    wait_s: float


def usage(answer: Answer) -> Usage | None:
    """Return the highest use in the headers; None if they have none."""
    lines = [*_business(answer), *_app(answer)]
    shares = [share for line in lines for name in _SHARES if (share := _number(value_at(line, name))) is not None]
    minutes = [_number(value_at(line, "estimated_time_to_regain_access")) or 0.0 for line in lines]
    wait_s = min(max(minutes, default=0.0), _DAY_MIN) * 60
    if not shares and not wait_s:
        return None
    percent = min(math.ceil(max(shares, default=100.0)), 100)
    return Usage(percent, wait_s or (HOUR_S if percent >= 100 else 0.0))


def seconds_until_regained(answer: Answer) -> float:
    """Return the seconds until calls are accepted again, from an answer that refuses a call as too many."""
    reading, wait_s = usage(answer), retry_after_s(answer)
    if reading is not None and reading.wait_s:
        return reading.wait_s
    return HOUR_S if wait_s is None else wait_s


def _business(answer: Answer) -> Iterator[object]:
    header = _json(answer, "x-business-use-case-usage")
    for lines in header.values() if isinstance(header, dict) else ():
        yield from list_at(lines)


def _app(answer: Answer) -> Iterator[object]:
    yield _json(answer, "x-app-usage")


def _json(answer: Answer, header: str) -> object:
    try:
        return json.loads(answer.headers.get(header, ""))
    except (ValueError, RecursionError):
        return None


def _number(value: object) -> float | None:
    """Return a non-negative number; None for anything else, including NaN and booleans."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**9:
        return None
    return float(value)
