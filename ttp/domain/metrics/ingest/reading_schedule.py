"""How old a published post is when its numbers are read: the setting `metrics.after`, and what follows from it. Owns
the schedule alone. It never reads a clock, and knows nothing of platforms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from ttp.domain.config import Config
from ttp.domain.errors import UsageError

SETTING = "metrics.after"
Ages: TypeAlias = tuple[timedelta, ...]
"""At least one, each once, the youngest first."""

OLDEST = timedelta(days=366)
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_PART = re.compile(r"([0-9]{1,8})([wdhms])")
_AGE = re.compile(rf"(?:{_PART.pattern})+")

SOONEST_AGAIN, LATEST_AGAIN = timedelta(minutes=5), timedelta(hours=6)
BEFORE_THE_END = timedelta(minutes=30)
"""A story's last reading is so long before the platform forgets its numbers."""


def parse_ages(texts: Sequence[str]) -> Ages:
    """`("1h", "7d")` as ages. Raises UsageError, in words that follow the setting's name, for anything else."""
    if not texts:
        raise UsageError("names at least one duration; metrics.pull = [] switches the readings off")
    return tuple(sorted({_age(text) for text in texts}))


def configured_ages(config: Config) -> Ages:
    """Return the configured ages. Raises UsageError for an invalid setting."""
    try:
        return parse_ages(config.texts(SETTING))
    except UsageError as error:
        raise UsageError(f"{SETTING} {error.message}") from None


def lookback(ages: Ages) -> timedelta:
    """Return how far back posts are followed: after a long pause, a post still gets its last reading."""
    return 2 * ages[-1]


def next_reading(ages: Ages, published_at: datetime, now: datetime, ends_at: datetime | None = None) -> datetime | None:
    """Return when to read the numbers next, after a reading `now`; None: never again. `ends_at`: when the platform
    deletes them (a story's after 24 hours); the last reading is shortly before."""
    at = next((published_at + age for age in ages if published_at + age > now), None)
    if ends_at is None:
        return at
    last = ends_at - BEFORE_THE_END
    if last <= now:
        return None
    return last if at is None or at > last else at


def is_of_age(ages: Ages, published_at: datetime, before: datetime | None, now: datetime) -> bool:
    """Return whether a reading `now` is the first since `before` (None: ever) at one of the ages. Such a reading is
    stored even if the numbers are unchanged: only now is it known that they did not grow."""
    return any((before is None or before < published_at + age) and published_at + age <= now for age in ages)


def retry_at(published_at: datetime, now: datetime) -> datetime:
    """Return when to repeat a failed reading: later for older posts, so that retries thin out."""
    return now + min(max((now - published_at) / 8, SOONEST_AGAIN), LATEST_AGAIN)


def _age(text: str) -> timedelta:
    compact = text.strip().lower().replace(" ", "")
    if not _AGE.fullmatch(compact):
        raise UsageError(f'is a list of durations like "1h", "24h", "7d"; "{text}" is not one')
    age = sum((timedelta(**{_UNITS[unit]: int(count)}) for count, unit in _PART.findall(compact)), timedelta(0))
    if not timedelta(0) < age <= OLDEST:
        raise UsageError(f'is a list of durations of up to {OLDEST.days} days; "{text}" is not one')
    return age
