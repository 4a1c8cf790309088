"""Rate every hour, day and weekly slot of an account, with how sure the ratings are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from statistics import fmean
from typing import TypedDict
from zoneinfo import ZoneInfo

from ttp.domain.metrics.sample import Sample
from ttp.domain.optimal.design_matrix import share_asleep
from ttp.domain.optimal.estimate import Effects, Estimate
from ttp.domain.optimal.features import VIEWS, PostFeatures, comparable_posts
from ttp.domain.optimal.model import estimate
from ttp.domain.time.formatting import DAYS_IN_FULL

BEST_HOURS, BEST_DAYS, BEST_SLOTS = 5, 3, 10
INTERVAL = (0.1, 0.9)
WIDER = 1.3
"""The interval is shown this many times as wide as the model's own, which holds the truth of the best hours in 65 to
75 % of simulated accounts instead of 80 % (docs/explanation/optimal.md)."""
FEWEST_POSTS = 30
"""With fewer posts no method beats the plain mean, so the evidence is thin."""
FEW_POSTS, AWAKE = 10, range(8, 22)
"""With fewer posts only hours are recommended at which people are awake, by the account's clock."""
WORTH_HAVING = math.log(1.02)
CONFIDENT = 0.85
NO_DIFFERENCE = 1e-9
"""Log effects that differ by less are equal but for rounding."""
NEWEST_POSTS, MOST = 30, 0.6
"""An account keeps to its best hours if this share of so many newest posts is in them (by chance: 0.21)."""
SLEEP_STEP = 0.2
"""Equally good hours are ordered by how many people sleep then, in steps of this share."""


class HourScore(TypedDict):
    hour: int
    score: float


class DaySchedule(TypedDict):
    """A weekday with its hours, the best first."""

    day: str
    slots: list[HourScore]


class Signal(StrEnum):
    NONE = "none"
    THIN = "thin"
    OK = "ok"


class Evidence(StrEnum):
    """How sure the best hours are. `STRONG`: the best one has posts, and its `low` is above the account's average.
    `SOME`: the five together probably are above it. Both need `FEWEST_POSTS`."""

    NONE = "none"
    THIN = "thin"
    SOME = "some"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Rating:
    """How good an hour, a weekday or a slot (both) is."""

    day: int | None
    """Monday is 0; None for an hour of every day."""
    hour: int | None
    """None for a whole day."""
    score: float
    """Probability that it is one of the true best five hours (three days, ten slots)."""
    uplift: float
    """Expected gain in engagement over the account's average, from its past posts: 0.12 is 12 %."""
    low: float
    high: float
    """`low` to `high` is the 80 % interval of the uplift."""
    data_points: int
    """Posts of the account in it."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The ratings of one account. Without posts everything is empty and the signal is `none`."""

    account: str
    zone: ZoneInfo
    """The zone of all hours and weekdays."""
    hours: tuple[Rating, ...] = ()
    """24, from midnight."""
    days: tuple[Rating, ...] = ()
    """7, Monday first."""
    slots: tuple[Rating, ...] = ()
    """168, Monday 0:00 first."""
    data_points: int = 0
    evidence: Evidence = Evidence.NONE
    confidence: float = 0.0
    """Probability that the best hours bring over 2 % more than the account's average."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    by_views: bool = False
    """Posts were compared by views, because they have little other engagement."""
    left_out: int = 0
    """Posts that were left out because they have no like, comment and share, where the usual post has many."""
    keeps_to_best: bool = False
    """Most of the newest posts are in the best hours, so other hours are hardly tried any more."""
    draws: Sequence[Effects] = field(default=(), repr=False)
    """Equally likely alternatives, for exploring (Thompson sampling)."""

    @property
    def signal(self) -> Signal:
        """The evidence as one of the three values of JSON."""
        match self.evidence:
            case Evidence.NONE:
                return Signal.NONE
            case Evidence.STRONG:
                return Signal.OK
            case _:
                return Signal.THIN

    @property
    def best_hours(self) -> tuple[Rating, ...]:
        """Five, best first."""
        return rank(hour for hour in self.hours if self.recommends(hour.hour))[:BEST_HOURS]

    @property
    def best_days(self) -> tuple[Rating, ...]:
        """Three, best first."""
        return rank(self.days)[:BEST_DAYS]

    @property
    def best_slots(self) -> tuple[Rating, ...]:
        """Ten, best first."""
        return rank(slot for slot in self.slots if self.recommends(slot.hour))[:BEST_SLOTS]

    def recommends(self, hour: int | None) -> bool:
        """Whether an hour of the day may be recommended at all."""
        return self.data_points >= FEW_POSTS or hour in AWAKE

    @property
    def days_first(self) -> bool:
        """Whether days tell more than hours: a day is surely no worse than the average, and no hour is."""
        few = self.data_points < FEWEST_POSTS
        return not few and any(day.low >= 0 for day in self.days) and all(hour.low < 0 for hour in self.hours)


def rank(ratings: Iterable[Rating]) -> tuple[Rating, ...]:
    """Return the ratings, best first: slots by uplift, hours and days by score. Equal ones are ordered by how few
    people sleep then, and then by the account's posts."""
    return tuple(sorted(ratings, key=_best_first))


def _best_first(rating: Rating) -> tuple[float, int, int]:
    # With 168 slots the score of most is near zero and rests on a few draws; the uplift uses all of them.
    is_slot = rating.day is not None and rating.hour is not None
    worth = round(rating.uplift, 9) if is_slot else rating.score
    sleeping = 0 if rating.hour is None else round(share_asleep(rating.hour) / SLEEP_STEP)
    return -worth, sleeping, -rating.data_points


def recommend(samples: Iterable[Sample], *, account: str, zone: ZoneInfo) -> Recommendation:
    """Rate hours, weekdays and slots in `zone` by the samples of `account`; other samples are ignored. Deterministic;
    neither the order of the samples nor repeated ones change the result."""
    posts, left_out = comparable_posts(samples, account=account, zone=zone)
    return replace(_rate(posts, account, zone), left_out=left_out) if posts else Recommendation(account, zone)


@lru_cache(maxsize=32)  # accounts; a server is asked for the same ones again and again
def _rate(posts: tuple[PostFeatures, ...], account: str, zone: ZoneInfo) -> Recommendation:
    result = estimate(posts)
    hours = _ratings(_HOURS, attrgetter("hours"), result, BEST_HOURS, Counter((None, post.hour) for post in posts))
    days = _ratings(_DAYS, attrgetter("days"), result, BEST_DAYS, Counter((post.weekday, None) for post in posts))
    of_slots: Counter[_Place] = Counter((post.weekday, post.hour) for post in posts)
    slots = _ratings(_SLOTS, attrgetter("slots"), result, BEST_SLOTS, of_slots)
    best_hours = rank(hours)[:BEST_HOURS]
    confidence = _confidence(result, best_hours)
    return Recommendation(
        account,
        zone,
        hours=hours,
        days=days,
        slots=slots,
        data_points=len(posts),
        evidence=_evidence(len(posts), best_hours[0], confidence),
        confidence=confidence,
        first_at=posts[0].published_at,
        last_at=posts[-1].published_at,
        by_views=posts[0].known == VIEWS,
        keeps_to_best=_keeps_to_best(posts, best_hours),
        draws=result.draws,
    )


def week_schedule(recommendation: Recommendation) -> list[DaySchedule]:
    """Return the `schedule` of `ttp optimal week --json`: seven days, Monday first, each with its hours best first."""
    return [
        {
            "day": DAYS_IN_FULL[day],
            "slots": [
                {"hour": slot.hour or 0, "score": _rounded(slot.score)}
                for slot in rank(recommendation.slots[24 * day : 24 * day + 24])
            ],
        }
        for day in range(7)
    ]


_Place = tuple[int | None, int | None]
_HOURS: Sequence[_Place] = [(None, hour) for hour in range(24)]
_DAYS: Sequence[_Place] = [(day, None) for day in range(7)]
_SLOTS: Sequence[_Place] = [(day, hour) for day in range(7) for hour in range(24)]


def _ratings(
    places: Sequence[_Place],
    part: Callable[[Effects], list[float]],
    result: Estimate,
    top: int,
    posts: Mapping[_Place, int],
) -> tuple[Rating, ...]:
    """Rate each hour, day or slot. `part` picks their effects, `posts` counts the posts in each."""
    draws = [part(draw) for draw in result.draws]
    mean = part(result.mean)
    scores = _scores(mean, draws, top)
    ratings = []
    for (day, hour), effect, score, drawn in zip(places, mean, scores, zip(*draws, strict=True), strict=True):
        ordered = sorted(drawn)
        # The mean of a skewed posterior may lie just outside its interval; the shown interval includes it.
        low, high = (ordered[round(share * (len(ordered) - 1))] for share in INTERVAL)
        below, above = (WIDER * (edge - effect) for edge in (min(low, effect), max(high, effect)))
        uplift, least, most = (math.expm1(gain) for gain in (effect, effect + below, effect + above))
        ratings.append(Rating(day, hour, score, uplift, least, most, posts.get((day, hour), 0)))
    return tuple(ratings)


def _scores(mean: Sequence[float], draws: Sequence[Sequence[float]], top: int) -> list[float]:
    """Return how often each place is among the best `top` of a draw.

    The mean counts as a fraction of one more draw, so that places which are among the best in every draw are ordered by
    their means. If all means are equal, all scores are: an unknown place is not a better bet than a known one.
    """
    least, most = min(mean), max(mean)
    if most - least < NO_DIFFERENCE:
        return [top / len(mean)] * len(mean)
    among_best = Counter(
        index for draw in draws for index in sorted(range(len(draw)), key=draw.__getitem__, reverse=True)[:top]
    )
    return [
        (among_best[index] + (effect - least) / (most - least)) / (len(draws) + 1) for index, effect in enumerate(mean)
    ]


def _confidence(result: Estimate, chosen: Sequence[Rating]) -> float:
    """Return the probability that the chosen hours bring over 2 % on average."""
    places = [_HOURS.index((None, rating.hour)) for rating in chosen]
    worth = [fmean(draw.hours[place] for place in places) > WORTH_HAVING for draw in result.draws]
    return sum(worth) / len(worth)


def _evidence(posts: int, best_hour: Rating, confidence: float) -> Evidence:
    if posts < FEWEST_POSTS:
        return Evidence.THIN
    if best_hour.low > 0 and best_hour.data_points:
        return Evidence.STRONG
    return Evidence.SOME if confidence >= CONFIDENT else Evidence.THIN


def _keeps_to_best(posts: Sequence[PostFeatures], best_hours: Sequence[Rating]) -> bool:
    newest = posts[-NEWEST_POSTS:]
    inside = sum(post.hour in {rating.hour for rating in best_hours} for post in newest)
    return len(newest) == NEWEST_POSTS and inside >= MOST * NEWEST_POSTS


def signed_percent(share: float) -> str:
    """Return `+12`, `-1`, `0` for 0.12, -0.01, 0.0."""
    number = round(share * 100)
    return f"{number:+d}" if number else "0"


def _rounded(number: float) -> float:
    """Round to four decimals, without a negative zero."""
    return round(number, 4) + 0.0
