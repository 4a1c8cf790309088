"""How many followers of an account were online at each hour of a day, as its platform counts days and hours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OnlineDay:
    """One day: its end and the names of its hours are the platform's own text, in a zone that it may not tell."""

    ends: str
    hours: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OnlineFollowers:
    """Followers online at each hour, on average of some days. `first` and `last`: the ends of the days."""

    days: int
    first: str
    last: str
    hours: tuple[tuple[str, float], ...]
    """Hour and average, in the order of the clock."""

    @property
    def best(self) -> list[tuple[str, float]]:
        """The hours with the most followers first."""
        return sorted(self.hours, key=lambda one: -one[1])


def average_online(days: Iterable[OnlineDay]) -> OnlineFollowers | None:
    """Return the averages of these days, oldest first; None without any. An hour that a day lacks is not counted."""
    known = [day for day in days if day.hours]
    if not known:
        return None
    counts: dict[str, list[int]] = {}
    for day in known:
        for hour, count in day.hours.items():
            counts.setdefault(hour, []).append(count)
    hours = sorted(counts, key=lambda hour: (len(hour), hour))
    averages = tuple((hour, sum(counts[hour]) / len(counts[hour])) for hour in hours)
    return OnlineFollowers(len(known), known[0].ends, known[-1].ends, averages)
