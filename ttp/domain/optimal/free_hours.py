"""Find the next free good hour for a post, and list a week of hours, best first. Turns weekly slots (Tuesday 18:00 in a
zone) into instants that exist. Reads no clock and no store."""

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

from ttp.domain.optimal.recommendation import (
    BEST_HOURS,
    BEST_SLOTS,
    DaySchedule,
    Evidence,
    Rating,
    Recommendation,
    week_schedule,
)
from ttp.domain.time.formatting import DAYS_IN_FULL
from ttp.domain.time.quiet_hours import QuietHours

LEAD = timedelta(minutes=10)
"""An hour that begins sooner is skipped, so that a person has time to reconsider."""
WEEK_S = 604800.0
WITHIN_S, THIN_WITHIN_S = 259200.0, 86400.0
"""How far ahead to look, unless it was typed: three days, and a day if the evidence of all accounts is thin."""
WAIT_PRICE = 0.02
"""What a day of waiting costs, in logs of engagement: 2 %. The best of 168 uncertain slots is often a lucky one."""
WORTH_NAMING = 1.02
"""A later hour is named beside the chosen one if it is expected to bring this many times as much."""
NIGHT = range(6)
"""Hours to avoid if nothing is known about any hour."""
BEST = "the best free hour within reach"
BUT_FOR = ", but for the hours chosen before it"
"""Of the second hour and those after it."""
WEIGHED = "the best free hour, less 2 % for each day of waiting"
OF_BEST_HOURS = "the best free one of the five best hours"
EXPLORED = "an hour that may be good, tried to learn about it"
_ROUNDING = 1e-9
HORIZON_WEEKS = 53
"""The search ends after a year."""
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_WEEK_HOURS = 168


@dataclass(frozen=True, slots=True)
class FreeHour:
    """A free hour to post in. `day` (Monday is 0) and `hour` are in the zone of the first account."""

    at: datetime
    day: int
    hour: int
    score: float
    """Probability that it is one of the ten best slots of the week; the mean of several accounts."""
    uplift: float = 0.0
    """Expected gain over the average; the mean of several accounts."""
    explored: bool = False
    """Chosen by one draw of the posterior, to learn about it."""
    why: str = ""
    """Why this hour was chosen, in a clause."""
    later: LaterHour | None = None


@dataclass(frozen=True, slots=True)
class LaterHour:
    """A later hour that is expected to bring more, for whoever can wait. `within`: a reach with which it is chosen."""

    hour: FreeHour
    within: timedelta


@dataclass(frozen=True, slots=True)
class Reach:
    """Where to look for an hour, as far as somebody said. With an end the best hour before it is chosen, however late;
    without one, waiting has its price."""

    within_s: float | None = None
    """Seconds from now, or from `start`."""
    start: datetime | None = None
    """Aware; the hour begins at or after it."""
    end: datetime | None = None
    """Aware; the hour begins before it."""

    @property
    def has_end(self) -> bool:
        return self.within_s is not None or self.end is not None


ANYWHERE = Reach()


def next_free_hour(
    recommendations: Sequence[Recommendation],
    *,
    now: datetime,
    busy: Mapping[str, Sequence[datetime]],
    min_gap_s: float,
    horizon_s: float = WEEK_S,
    within_s: float = WITHIN_S,
    reach: Reach = ANYWHERE,
    count: int = 1,
) -> tuple[FreeHour, ...]:
    """Return the next `count` free hours for posts to all these accounts, by time; none without data. `busy`: the aware
    instants of each account's posts, sorted. Fewer hours are returned only if `reach`, or a year, has no more. A single
    hour names a better one to wait for."""
    with_data = [one for one in recommendations if one.slots]
    if not with_data:
        return ()
    instants = [busy.get(one.account, ()) for one in recommendations]
    hours = tuple(islice(free_hours(with_data, now, instants, min_gap_s, horizon_s, within_s, reach), count))
    if count == 1 and hours and not reach.has_end:
        horizon = Reach(horizon_s, reach.start)
        best = next(free_hours(with_data, now, instants, min_gap_s, horizon_s, within_s, horizon), None)
        if best is not None and _is_worth_naming(best, hours[0], min_gap_s) and not _is_thin(with_data):
            within = _whole_units(best.at - max(now, reach.start or now), timedelta(seconds=horizon_s))
            hours = (replace(hours[0], later=LaterHour(best, within)),)
    chosen = [replace(hour, why=f"{hour.why}{BUT_FOR}") if number else hour for number, hour in enumerate(hours)]
    return tuple(sorted(chosen, key=lambda hour: hour.at))


def _is_worth_naming(best: FreeHour, chosen: FreeHour, min_gap_s: float) -> bool:
    # The post may be scheduled when the later hour is asked for: then its own time is busy.
    is_apart = best.at - chosen.at >= timedelta(seconds=min_gap_s)
    return is_apart and 1 + best.uplift >= WORTH_NAMING * (1 + chosen.uplift)


def _whole_units(length: timedelta, most: timedelta) -> timedelta:
    """Return a length rounded up to whole days; to hours, or to `most`, where days are longer than that."""
    return next((whole for unit in (_DAY, _HOUR) if (whole := -(-length // unit) * unit) <= most), most)


def _is_thin(recommendations: Sequence[Recommendation]) -> bool:
    return all(one.evidence in (Evidence.NONE, Evidence.THIN) for one in recommendations)


def free_hours(
    recommendations: Sequence[Recommendation],
    now: datetime,
    busy: Sequence[Sequence[datetime]],
    min_gap_s: float,
    horizon_s: float = WEEK_S,
    within_s: float = WITHIN_S,
    reach: Reach = ANYWHERE,
) -> Iterator[FreeHour]:
    """Yield free hours for posts to accounts that all have data, each at a distance from those before it.

    The next one has the largest ln(1 + uplift) less `WAIT_PRICE` per day of waiting, of the tried hours within
    `within_s`, or `THIN_WITHIN_S` if all evidence is thin. Where that is below the average, or there is none, the same
    is sought within the horizon, and then the best free one of the five best hours, week after week.

    If `reach` has an end: the tried hour before it with the largest uplift, and of equal ones the earliest; where that
    is below the average, or there is none, the best of all hours, first of those that may be recommended.

    An hour is free if it begins at least `LEAD` from now and no post of any account, and no hour yielded before, is
    less than `min_gap_s` away. `busy`, the instants of posts by account, may grow between two hours. Hours that the
    clocks skip are left out; of a repeated hour the first pass counts.
    """
    gap, begin = timedelta(seconds=min_gap_s), max(now, reach.start or now)
    start, end = max(begin, now + LEAD), _end(recommendations, begin, within_s, horizon_s, reach)
    ends = [end] if reach.has_end else [end, begin + timedelta(seconds=horizon_s)]
    price, why = (0.0, BEST) if reach.has_end else (WAIT_PRICE, WEIGHED)
    ahead = list(_hours_ahead(recommendations, start, ends[-1]))
    tried = [hour for hour in ahead if all(_is_tried(one, hour.at) for one in recommendations)]
    if reach.has_end:
        rest = [replace(hour, why=why) for hour in ahead if hour not in tried or hour.uplift < -_ROUNDING]
        others = iter(sorted(rest, key=lambda hour: (not _is_recommended(recommendations, hour.at), -hour.uplift)))
    else:
        others = _in_best_hours(recommendations, start, _hour_ranks(recommendations, start))
    yielded: list[datetime] = []

    def is_free(hour: FreeHour) -> bool:
        return not any(_is_close(posts, hour.at, gap) for posts in (yielded, *busy))

    def worth(hour: FreeHour) -> float:
        return math.log1p(hour.uplift) - price * ((hour.at - begin) / _DAY)

    while True:
        # An hour that is busy once stays busy, so neither list is searched from its beginning again.
        tried = list(filter(is_free, tried))
        best = (max((hour for hour in tried if hour.at <= end), key=worth, default=None) for end in ends)
        good = (hour for hour in best if hour is not None and hour.uplift >= -_ROUNDING)
        chosen = next((replace(hour, why=why) for hour in good), None) or next(filter(is_free, others), None)
        if chosen is None:
            return
        insort(yielded, chosen.at)
        yield chosen


def _end(
    recommendations: Sequence[Recommendation], begin: datetime, within_s: float, horizon_s: float, reach: Reach
) -> datetime:
    """Return until when to look, first."""
    if not reach.has_end:
        usual = min(within_s, horizon_s, THIN_WITHIN_S if _is_thin(recommendations) else within_s)
        return begin + timedelta(seconds=usual)
    ends = [] if reach.within_s is None else [begin + timedelta(seconds=reach.within_s)]
    return min([*ends, *([] if reach.end is None else [reach.end - timedelta(microseconds=1)])])


def _hours_ahead(recommendations: Sequence[Recommendation], start: datetime, end: datetime) -> Iterator[FreeHour]:
    """Yield every full hour from `start` to `end`, with its expected uplift."""
    zone = recommendations[0].zone
    for at in full_hours(start, end + timedelta(microseconds=1), zone):
        local = at.astimezone(zone)
        uplift = _mean([_expected_uplift(one, at) for one in recommendations])
        score = _mean([score_at(one, at) for one in recommendations])
        yield FreeHour(at, local.weekday(), local.hour, score, uplift)


def _mean(values: Sequence[float]) -> float:
    return values[0] if len(values) == 1 else fmean(values)  # fmean of one takes ten times as long


def _in_best_hours(
    recommendations: Sequence[Recommendation], start: datetime, ranks: Mapping[int, int]
) -> Iterator[FreeHour]:
    """Yield the five best hours of every day: week by week, the best hour first, and its earliest day first."""
    zone = recommendations[0].zone
    for later in range(HORIZON_WEEKS):
        hours = [
            hour
            for hour in hours_of_week(recommendations, start, later)
            if hour.hour in ranks and hour.at >= start and _exists(hour, zone)
        ]
        for hour in sorted(hours, key=lambda hour: ranks[hour.hour]):
            yield replace(hour, why=OF_BEST_HOURS)


def _hour_ranks(recommendations: Sequence[Recommendation], start: datetime) -> dict[int, int]:
    """Rank the five best hours of the first account's clock by the mean of all accounts: 0 is the best."""
    if len(recommendations) == 1:
        return {one.hour or 0: place for place, one in enumerate(recommendations[0].best_hours)}
    at = {hour.hour: hour.at for hour in islice(hours_of_week(recommendations, start), 24)}
    scores = {
        hour: fmean(_hour_at(one, instant).score for one in recommendations)
        for hour, instant in at.items()
        if _is_recommended(recommendations, instant)
    }
    return {hour: place for place, hour in enumerate(sorted(scores, key=lambda hour: -scores[hour])[:BEST_HOURS])}


def _expected_uplift(one: Recommendation, at: datetime) -> float:
    """Return the uplift of an instant: the mean of its slot's and of hour plus day, which is steadier."""
    local = at.astimezone(one.zone)
    hour, day = one.hours[local.hour], one.days[local.weekday()]
    return (_slot_at(one, at).uplift + (1 + hour.uplift) * (1 + day.uplift) - 1) / 2


def _is_tried(one: Recommendation, at: datetime) -> bool:
    """Whether the account has posted at that hour, or its slot is surely above average; without data, only by day."""
    hour = _hour_at(one, at)
    if not one.recommends(hour.hour) or (not hour.data_points and _slot_at(one, at).low <= 0):
        return False
    return hour.hour not in NIGHT or any(abs(other.uplift) > _ROUNDING for other in one.hours)


def _is_recommended(recommendations: Sequence[Recommendation], at: datetime) -> bool:
    return all(one.recommends(at.astimezone(one.zone).hour) for one in recommendations)


def _slot_at(one: Recommendation, at: datetime) -> Rating:
    local = at.astimezone(one.zone)
    return one.slots[24 * local.weekday() + local.hour]


def _hour_at(one: Recommendation, at: datetime) -> Rating:
    return one.hours[at.astimezone(one.zone).hour]


def draw_free_hour(
    recommendations: Sequence[Recommendation],
    random: Random,
    *,
    now: datetime,
    busy: Mapping[str, Sequence[datetime]],
    min_gap_s: float,
    quiet: QuietHours,
) -> FreeHour | None:
    """Return the earliest free slot of the ten best by one draw of each account's posterior (Thompson, 1933), outside
    quiet hours; None if a year has none."""
    drawn = []
    for one in recommendations:
        effects = random.choice(one.draws).slots
        slots = [replace(slot, uplift=effect) for slot, effect in zip(one.slots, effects, strict=True)]
        awake = tuple(replace(slot, uplift=-math.inf) if quiet.at_night(slot.hour or 0) else slot for slot in slots)
        drawn.append(replace(one, slots=awake))
    instants = [busy.get(one.account, ()) for one in recommendations]
    hour = next(free_best_slots(drawn, now, instants, min_gap_s), None)
    return hour and replace(hour, explored=True, why=EXPLORED)


def free_best_slots(
    recommendations: Sequence[Recommendation], now: datetime, busy: Sequence[Sequence[datetime]], min_gap_s: float
) -> Iterator[FreeHour]:
    """Yield the free ones of the ten best slots of each week, by time, for posts to accounts that all have data.
    `busy`, the instants of posts by account, may grow between two slots."""
    gap = timedelta(seconds=min_gap_s)
    last: datetime | None = None
    for later in range(HORIZON_WEEKS):
        for slot in _best_of_week(recommendations, now + LEAD, later):
            is_apart = last is None or slot.at - last >= gap
            if is_apart and not any(_is_close(posts, slot.at, gap) for posts in busy):
                last = slot.at
                yield slot


def _best_of_week(recommendations: Sequence[Recommendation], start: datetime, later: int) -> list[FreeHour]:
    """Return the ten best slots of the `later`-th seven days after `start` that exist and begin after it, by time."""
    slots = (slot for slot in hours_of_week(recommendations, start, later) if _is_recommended(recommendations, slot.at))
    best = sorted(slots, key=_best_first)[:BEST_SLOTS]
    zone = recommendations[0].zone
    return sorted((slot for slot in best if slot.at >= start and _exists(slot, zone)), key=lambda slot: slot.at)


def _best_first(hour: FreeHour) -> tuple[float, int, int]:
    return -hour.uplift, hour.day, hour.hour


def hours_of_week(recommendations: Sequence[Recommendation], start: datetime, later: int = 0) -> Iterator[FreeHour]:
    """Yield the 168 full hours of the `later`-th seven days from `start`, by the wall clock of the first account,
    including hours that the clocks skip."""
    walls = _full_hours(start, recommendations[0].zone, later * _WEEK_HOURS)
    for wall, at in islice(walls, _WEEK_HOURS):
        slots = [_slot_at(one, at) for one in recommendations]
        score, uplift = _mean([slot.score for slot in slots]), _mean([slot.uplift for slot in slots])
        yield FreeHour(at, wall.weekday(), wall.hour, score, uplift)


def full_hours(start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the instants from `start` until before `end` at which clocks in `zone` show a full hour, in order. Hours
    that the clocks skip are left out; of a repeated hour the first pass counts."""
    hours = takewhile(lambda pair: pair[1] < end, _full_hours(start, zone))
    return [at for wall, at in hours if at >= start and _clock_shows(at, wall.hour, zone)]


def _full_hours(start: datetime, zone: ZoneInfo, skip: int = 0) -> Iterator[tuple[datetime, datetime]]:
    """Yield the full hours of a wall clock from `start` on, skipped ones too, with their instants."""
    wall = start.astimezone(zone).replace(tzinfo=None, fold=0)
    first = wall.replace(minute=0, second=0, microsecond=0)
    if first < wall:
        first += _HOUR
    hour = first + skip * _HOUR
    while True:
        yield hour, hour.replace(tzinfo=zone).astimezone(UTC)
        hour += _HOUR


def _exists(hour: FreeHour, zone: ZoneInfo) -> bool:
    return _clock_shows(hour.at, hour.hour, zone)


def _clock_shows(at: datetime, hour: int, zone: ZoneInfo) -> bool:
    """Whether the wall clock shows that full hour at an instant. For an hour that it skips, wholly or (Lord Howe) in
    its first half, zoneinfo returns the instant of another."""
    local = at.astimezone(zone)
    return (local.hour, local.minute) == (hour, 0)


def score_at(recommendation: Recommendation, at: datetime) -> float:
    """Return the score of an account's slot at an instant, by its own wall clock."""
    return _slot_at(recommendation, at).score


def _is_close(posts: Sequence[datetime], at: datetime, gap: timedelta) -> bool:
    """Whether one of the sorted instants is less than `gap` from `at`."""
    following = bisect_left(posts, at)
    return any(abs(post - at) < gap for post in posts[max(0, following - 1) : following + 1])


@dataclass(frozen=True, slots=True)
class Week:
    """The hours of every weekday, for some accounts together."""

    accounts: tuple[str, ...]
    """Only those with data."""
    zone: ZoneInfo | None
    """The first account's; None without data."""
    days: tuple[DaySchedule, ...]
    """Seven, Monday first: `{"day", "slots": [{"hour", "score"}…]}`, the best hour first."""


def combine_weeks(recommendations: Sequence[Recommendation], now: datetime) -> Week:
    """Return the week of all accounts with data: of several, the mean of each hour of the seven days from `now`. The
    date only decides how far apart the accounts' zones are."""
    with_data = [one for one in recommendations if one.slots]
    if not with_data:
        return Week((), None, tuple({"day": day, "slots": []} for day in DAYS_IN_FULL))
    days = week_schedule(with_data[0]) if len(with_data) == 1 else _mean_schedule(with_data, now)
    return Week(tuple(one.account for one in with_data), with_data[0].zone, tuple(days))


def _mean_schedule(recommendations: Sequence[Recommendation], now: datetime) -> list[DaySchedule]:
    slots = sorted(hours_of_week(recommendations, now), key=_best_first)
    return [
        {
            "day": name,
            "slots": [{"hour": slot.hour, "score": round(slot.score, 4)} for slot in slots if slot.day == day],
        }
        for day, name in enumerate(DAYS_IN_FULL)
    ]
