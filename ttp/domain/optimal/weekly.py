"""A week of hours, best first in each day: of one account, or of several together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from ttp.domain.optimal import DAYS, Recommendation, week
from ttp.domain.optimal.free import hours_of_week

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Week:
    """The hours of every weekday."""

    accounts: tuple[str, ...]
    """Those that have data; the week is theirs together."""
    zone: ZoneInfo | None
    """That of the hours: the first account's. None without data."""
    days: tuple[Json, ...]
    """Seven, Monday first: `{"day", "slots": [{"hour", "score"}…]}`, the best hour first."""


def week_of(told: Sequence[Recommendation], now: datetime) -> Week:
    """The week of all accounts that have data: of several the mean score, hour by hour of the seven days from `now`.

    Those days matter only where the accounts live in different zones, whose distance is that of this time of year.
    """
    known = [one for one in told if one.slots]
    if not known:
        return Week((), None, tuple({"day": day, "slots": []} for day in DAYS))
    days = week(known[0]) if len(known) == 1 else _together(known, now)
    return Week(tuple(one.account for one in known), known[0].zone, tuple(days))


def _together(known: Sequence[Recommendation], now: datetime) -> list[Json]:
    slots = sorted(hours_of_week(known, now), key=lambda slot: (-slot.score, slot.hour))
    return [
        {
            "day": name,
            "slots": [{"hour": slot.hour, "score": round(slot.score, 4)} for slot in slots if slot.day == day],
        }
        for day, name in enumerate(DAYS)
    ]
