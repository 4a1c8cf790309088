"""The next free one of an account's best hours of the week, as real instants; and a week of hours, best first.

Owns the step from a weekly place (Tuesday 18:00 in a zone) to moments that exist. Reads no clock and no store.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from random import Random
from statistics import fmean
from zoneinfo import ZoneInfo

from ttp.domain.optimal import DAYS, Rating, Recommendation, week
from ttp.domain.optimal.recommendation import BEST_HOURS, BEST_SLOTS
from ttp.domain.time.clock import utc_text
from ttp.domain.time.quiet_hours import QuietHours

LEAD = timedelta(minutes=10)
"""Sooner is not worth waiting for, and leaves a person no time to think again."""
WEEK_S = 604800.0
AS_GOOD = 0.97
"""Of what the best free hour may be expected to bring: a difference of 3 % is not worth waiting for."""
ASLEEP = range(6)
"""Hours of the night, which are no good time to post where nothing else is known."""
BEST = "the best free hour within reach"
EARLIEST = "the earliest free hour within 3 % of the best one"
OF_BEST_HOURS = "the best free one of the five best hours"
EXPLORED = "an hour that may be good, tried to learn about it"
_ROUNDING = 1e-9
HORIZON_WEEKS = 53
"""An account whose best slots are all taken for a year has no next one."""
_HOUR = timedelta(hours=1)
_WEEK_HOURS = 168

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class FreeHour:
    """A free moment to post. `day` (Monday is 0) and `hour` are in the zone of the first account asked for."""

    at: datetime
    day: int
    hour: int
    score: float
    """Probability that it is among the best ten slots of the week; the mean over several accounts."""
    uplift: float = 0.0
    """What may be expected of it over the average; the mean over several accounts."""
    explored: bool = False
    """It was chosen by one draw of the posterior, to learn about it."""
    why: str = ""
    """Why it and no other, in a clause."""

    def as_json(self) -> dict[str, object]:
        shape = {"at": utc_text(self.at), "day": DAYS[self.day], "hour": self.hour, "score": round(self.score, 4)}
        reason = {"why": self.why} if self.why else {}
        return {**shape, **reason, "explored": True} if self.explored else {**shape, **reason}


def next_free_hour(
    recommendations: Sequence[Recommendation],
    *,
    now: datetime,
    busy: Mapping[str, Sequence[datetime]],
    min_gap_s: float,
    horizon_s: float = WEEK_S,
    count: int = 1,
) -> tuple[FreeHour, ...]:
    """The `count` next free hours for a post to all these accounts, by time; empty where none has data. `busy` holds
    the instants of each account's posts, sorted, aware. Fewer come back only where a year has no more."""
    told = [recommendation for recommendation in recommendations if recommendation.slots]
    taken = [busy.get(recommendation.account, ()) for recommendation in recommendations]
    found = islice(free_hours(told, now, taken, min_gap_s, horizon_s), count) if told else ()
    return tuple(sorted(found, key=lambda hour: hour.at))


def free_hours(
    told: Sequence[Recommendation],
    now: datetime,
    taken: Sequence[Sequence[datetime]],
    min_gap_s: float,
    horizon_s: float = WEEK_S,
) -> Iterator[FreeHour]:
    """Free hours for posts to accounts that all have data, each the next one beside those before it. `taken`: the
    instants of posts, by account, each time as they are then.

    The next one is the earliest free hour of the horizon that may be expected to bring as much as the best free one
    (`AS_GOOD`) and that is tried; if there is none, or none is left that brings as much as the average, the best free
    one of the five best hours, week after week. Free: at least `LEAD` ahead, and no post of any of the accounts, nor an
    hour given before it, less than `min_gap_s` away. An hour that the clocks skip is none; a doubled one is its first
    pass.
    """
    gap, start = timedelta(seconds=min_gap_s), now + LEAD
    coming = list(_coming(told, start, now + timedelta(seconds=horizon_s)))
    ranks = _ranks(told, start)
    given: list[datetime] = []

    def is_free(hour: FreeHour) -> bool:
        return not any(_crowded(posts, hour.at, gap) for posts in (given, *taken))

    others = _of_best_hours(told, start, ranks)
    while True:
        # What is taken once stays so: neither list is gone through from its beginning again.
        coming = list(filter(is_free, coming))
        found = _as_good(coming, told) or next(filter(is_free, others), None)
        if found is None:
            return
        insort(given, found.at)
        yield found


def _coming(told: Sequence[Recommendation], start: datetime, end: datetime) -> Iterator[FreeHour]:
    """Every hour from `start` on up to `end`, with what may be expected of it."""
    zone = told[0].zone
    for at in full_hours(start, end + timedelta(microseconds=1), zone):
        local = at.astimezone(zone)
        uplift = fmean(_expected(one, at) for one in told)
        yield FreeHour(at, local.weekday(), local.hour, fmean(score_at(one, at) for one in told), uplift)


def _as_good(free: Sequence[FreeHour], told: Sequence[Recommendation]) -> FreeHour | None:
    """The earliest of the free hours that is tried and about as good as the best of them; None also where even that
    one brings less than the average."""
    best = max((hour.uplift for hour in free), default=-1.0)
    if best < -_ROUNDING:
        return None
    least = AS_GOOD * (1 + best)
    for hour in free:
        if 1 + hour.uplift >= least and all(_tried(one, hour.at) for one in told):
            return replace(hour, why=BEST if hour.uplift == best else EARLIEST)
    return None


def _of_best_hours(told: Sequence[Recommendation], start: datetime, ranks: Mapping[int, int]) -> Iterator[FreeHour]:
    """The five best hours of every day: of each week from `start` on the best hour first, and its earliest first."""
    zone = told[0].zone
    for later in range(HORIZON_WEEKS):
        hours = [
            hour
            for hour in hours_of_week(told, start, later)
            if hour.hour in ranks and hour.at >= start and _exists(hour, zone)
        ]
        for hour in sorted(hours, key=lambda hour: ranks[hour.hour]):
            yield replace(hour, why=OF_BEST_HOURS)


def _ranks(told: Sequence[Recommendation], start: datetime) -> dict[int, int]:
    """The five best hours on the clock of the first account, by the mean over all of them: 0 is the best."""
    if len(told) == 1:
        return {one.hour or 0: rank for rank, one in enumerate(told[0].best_hours)}
    at = {hour.hour: hour.at for hour in islice(hours_of_week(told, start), 24)}
    scores = {hour: fmean(_hour_at(one, instant).score for one in told) for hour, instant in at.items()}
    return {hour: rank for rank, hour in enumerate(sorted(scores, key=lambda hour: -scores[hour])[:BEST_HOURS])}


def _expected(one: Recommendation, at: datetime) -> float:
    """The uplift of an instant. What a weekday has of its own counts where the account has posted at that hour of
    it: an untried hour on Saturday is worth no more than the hour."""
    slot, hour = _slot_at(one, at), _hour_at(one, at)
    return slot.uplift if slot.data_points else min(slot.uplift, hour.uplift)


def _tried(one: Recommendation, at: datetime) -> bool:
    """Whether the account has posted at that hour, or it is surely above the average. Where nothing tells hours apart,
    those at which people sleep are left out."""
    hour = _hour_at(one, at)
    if not hour.data_points and _slot_at(one, at).low <= 0:
        return False
    return hour.hour not in ASLEEP or any(abs(other.uplift) > _ROUNDING for other in one.hours)


def _slot_at(one: Recommendation, at: datetime) -> Rating:
    local = at.astimezone(one.zone)
    return one.slots[24 * local.weekday() + local.hour]


def _hour_at(one: Recommendation, at: datetime) -> Rating:
    return one.hours[at.astimezone(one.zone).hour]


def explored_hour(
    recommendations: Sequence[Recommendation],
    random: Random,
    *,
    now: datetime,
    busy: Mapping[str, Sequence[datetime]],
    min_gap_s: float,
    quiet: QuietHours,
) -> tuple[FreeHour, ...]:
    """The earliest free slot among the ten best of one draw of each account's posterior (Thompson, 1933); none in quiet
    hours."""
    drawn = []
    for one in recommendations:
        effects = random.choice(one.draws).slots
        drawn.append(replace(one, slots=tuple(_drawn(*pair, quiet) for pair in zip(one.slots, effects, strict=True))))
    taken = [busy.get(one.account, ()) for one in recommendations]
    return tuple(
        replace(slot, score=fmean(score_at(one, slot.at) for one in recommendations), explored=True, why=EXPLORED)
        for slot in islice(free_best_slots(drawn, now, taken, min_gap_s), 1)
    )


def _drawn(slot: Rating, effect: float, quiet: QuietHours) -> Rating:
    """The slot with what a draw says of it as its score."""
    return replace(slot, score=-math.inf if quiet.at_night(slot.hour or 0) else effect)


def free_best_slots(
    told: Sequence[Recommendation], now: datetime, taken: Sequence[Sequence[datetime]], min_gap_s: float
) -> Iterator[FreeHour]:
    """The free ones among the ten best slots of the week, by time, for posts to accounts that all have data. `taken`:
    the instants of posts, by account, each time as they are then."""
    gap = timedelta(seconds=min_gap_s)
    last: datetime | None = None
    for later in range(HORIZON_WEEKS):
        for slot in _best_of_week(told, now + LEAD, later):
            apart = last is None or slot.at - last >= gap
            if apart and not any(_crowded(posts, slot.at, gap) for posts in taken):
                last = slot.at
                yield slot


def _best_of_week(told: Sequence[Recommendation], start: datetime, later: int) -> list[FreeHour]:
    """What there is of the best slots in the `later`-th seven days after `start`, in time order."""
    ranked = sorted(hours_of_week(told, start, later), key=lambda slot: (-slot.score, slot.day, slot.hour))
    zone = told[0].zone
    real = [slot for slot in ranked[:BEST_SLOTS] if slot.at >= start and _exists(slot, zone)]
    return sorted(real, key=lambda slot: slot.at)


def hours_of_week(told: Sequence[Recommendation], start: datetime, later: int = 0) -> Iterator[FreeHour]:
    """The 168 full hours of the `later`-th seven days from `start`, by the wall clock of the first account, whether
    they exist there or not."""
    walls = _full_hours(start, told[0].zone, later * _WEEK_HOURS)
    for wall, at in islice(walls, _WEEK_HOURS):
        yield FreeHour(at, wall.weekday(), wall.hour, fmean(score_at(one, at) for one in told))


def full_hours(start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants from `start` on and before `end` at which clocks in `zone` show a full hour, in order. An hour that
    the clocks skip is none; a doubled one is its first pass."""
    hours = takewhile(lambda pair: pair[1] < end, _full_hours(start, zone))
    return [at for wall, at in hours if at >= start and _shows(at, wall.hour, zone)]


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


def _exists(hour: FreeHour, zone: ZoneInfo) -> bool:
    return _shows(hour.at, hour.hour, zone)


def _shows(at: datetime, hour: int, zone: ZoneInfo) -> bool:
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
