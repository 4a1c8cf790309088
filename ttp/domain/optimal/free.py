"""The next free one of an account's best hours of the week, as real instants. (Posting times: `ttp.domain.slot`.)

Owns the step from a weekly place (Tuesday 18:00 in a zone) to moments that exist. Reads no clock and no store.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from random import Random
from statistics import fmean
from zoneinfo import ZoneInfo

from ttp.domain.optimal import DAYS, Rating, Recommendation
from ttp.domain.optimal.recommendation import BEST_SLOTS
from ttp.domain.time.clock import utc_text
from ttp.domain.time.quiet_hours import QuietHours

LEAD = timedelta(minutes=10)
"""Sooner is not worth waiting for, and leaves a person no time to think again."""
HORIZON_WEEKS = 53
"""An account whose best slots are all taken for a year has no next one."""
_HOUR = timedelta(hours=1)
_WEEK_HOURS = 168


@dataclass(frozen=True, slots=True)
class FreeHour:
    """A free moment to post. `day` (Monday is 0) and `hour` are in the zone of the first account asked for."""

    at: datetime
    day: int
    hour: int
    score: float
    """Probability that it is among the best ten slots of the week; the mean over several accounts."""
    explored: bool = False
    """It was chosen by one draw of the posterior, to learn about it."""

    def as_json(self) -> dict[str, object]:
        shape = {"at": utc_text(self.at), "day": DAYS[self.day], "hour": self.hour, "score": round(self.score, 4)}
        return {**shape, "explored": True} if self.explored else shape


def next_free_hour(
    recommendations: Sequence[Recommendation],
    *,
    now: datetime,
    busy: Mapping[str, Sequence[datetime]],
    min_gap_s: float,
    count: int = 1,
) -> tuple[FreeHour, ...]:
    """The `count` earliest free slots for a post to all these accounts; empty where none has data.

    Free: among the ten best of the week (by mean score over the accounts that have data), at least `LEAD` ahead, and
    no post of any of the accounts, nor a slot returned before it, less than `min_gap_s` away. `busy` holds the
    instants of each account's posts, sorted, aware. An hour that the clocks skip is no slot; a doubled one is its
    first pass. Fewer than `count` come back only when a year has no more.
    """
    told = [recommendation for recommendation in recommendations if recommendation.slots]
    taken = [busy.get(recommendation.account, ()) for recommendation in recommendations]
    return tuple(islice(free_hours(told, now, taken, min_gap_s), count)) if told else ()


def explored_hour(
    recommendations: Sequence[Recommendation],
    random: Random,
    *,
    now: datetime,
    busy: Mapping[str, Sequence[datetime]],
    min_gap_s: float,
    quiet: QuietHours,
) -> tuple[FreeHour, ...]:
    """As the first `next_free_hour`, but among the ten best of one draw of each account's posterior (Thompson, 1933);
    none in quiet hours."""
    drawn = []
    for one in recommendations:
        effects = random.choice(one.draws).slots
        drawn.append(replace(one, slots=tuple(_drawn(*pair, quiet) for pair in zip(one.slots, effects, strict=True))))
    found = next_free_hour(drawn, now=now, busy=busy, min_gap_s=min_gap_s)
    return tuple(
        replace(slot, score=fmean(score_at(one, slot.at) for one in recommendations), explored=True) for slot in found
    )


def _drawn(slot: Rating, effect: float, quiet: QuietHours) -> Rating:
    """The slot with what a draw says of it as its score."""
    return replace(slot, score=-math.inf if quiet.at_night(slot.hour or 0) else effect)


def free_hours(
    told: Sequence[Recommendation], now: datetime, taken: Sequence[Sequence[datetime]], min_gap_s: float
) -> Iterator[FreeHour]:
    """The free slots of `next_free_hour` for accounts that all have data, one after the other. `taken`: the instants of
    posts, by account, each time as they are then."""
    gap = timedelta(seconds=min_gap_s)
    last: datetime | None = None
    for week in range(HORIZON_WEEKS):
        for slot in _best_of_week(told, now + LEAD, week):
            apart = last is None or slot.at - last >= gap
            if apart and not any(_crowded(posts, slot.at, gap) for posts in taken):
                last = slot.at
                yield slot


def _best_of_week(told: Sequence[Recommendation], start: datetime, week: int) -> list[FreeHour]:
    """What there is of the best slots in the `week`-th seven days after `start`, in time order."""
    ranked = sorted(hours_of_week(told, start, week), key=lambda slot: (-slot.score, slot.day, slot.hour))
    zone = told[0].zone
    real = [slot for slot in ranked[:BEST_SLOTS] if slot.at >= start and _exists(slot.at, slot.hour, zone)]
    return sorted(real, key=lambda slot: slot.at)


def hours_of_week(told: Sequence[Recommendation], start: datetime, week: int = 0) -> Iterator[FreeHour]:
    """The 168 full hours of the `week`-th seven days from `start`, by the wall clock of the first account, whether they
    exist there or not."""
    walls = _full_hours(start, told[0].zone, week * _WEEK_HOURS)
    for wall, at in islice(walls, _WEEK_HOURS):
        yield FreeHour(at, wall.weekday(), wall.hour, fmean(score_at(one, at) for one in told))


def full_hours(start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants from `start` on and before `end` at which clocks in `zone` show a full hour, in order. An hour that
    the clocks skip is none; a doubled one is its first pass."""
    hours = takewhile(lambda pair: pair[1] < end, _full_hours(start, zone))
    return [at for wall, at in hours if at >= start and _exists(at, wall.hour, zone)]


def _full_hours(start: datetime, zone: ZoneInfo, skip: int = 0) -> Iterator[tuple[datetime, datetime]]:
    """Full hours of a wall clock from `start` on, whether they exist or not, and the instants that stand for them."""
    wall = start.astimezone(zone).replace(tzinfo=None, fold=0)
    first = wall.replace(minute=0, second=0, microsecond=0)
    if first < wall:
        first += _HOUR
    hour = first + skip * _HOUR
    while True:
        yield hour, hour.replace(tzinfo=zone).astimezone(UTC)
        hour += _HOUR


def _exists(at: datetime, hour: int, zone: ZoneInfo) -> bool:
    """Whether the wall clock shows that full hour then; for one that it skips, wholly or (Lord Howe) in its first half,
    zoneinfo answers with another's instant."""
    local = at.astimezone(zone)
    return (local.hour, local.minute) == (hour, 0)


def score_at(recommendation: Recommendation, at: datetime) -> float:
    """What an instant is worth to one account, by its own wall clock."""
    local = at.astimezone(recommendation.zone)
    return recommendation.slots[24 * local.weekday() + local.hour].score


def _crowded(posts: Sequence[datetime], at: datetime, gap: timedelta) -> bool:
    """Whether one of the sorted instants is less than `gap` from `at`."""
    following = bisect_left(posts, at)
    return any(abs(post - at) < gap for post in posts[max(0, following - 1) : following + 1])
