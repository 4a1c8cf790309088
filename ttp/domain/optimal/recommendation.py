"""The recommendation: best five hours and best three days of an account, with scores and the data points behind them.

Turns an estimate into what a person is told and what `ttp optimal --json` prints. Of how the estimate
was made it knows the night alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from statistics import fmean
from zoneinfo import ZoneInfo

from ttp.domain.optimal.design_matrix import asleep
from ttp.domain.optimal.estimate import Effects, Estimate
from ttp.domain.optimal.features import features
from ttp.domain.optimal.model import estimate
from ttp.domain.sample import Sample
from ttp.domain.time.clock import utc_text

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
BEST_HOURS, BEST_DAYS, BEST_SLOTS = 5, 3, 10
INTERVAL = (0.1, 0.9)
WIDER = 1.3
"""Times that `low` and `high` are further from the middle than the model's own interval, which holds the truth of the
best hours in 65 to 75 % of simulated accounts, not in 80: it knows nothing of what it leaves out
(docs/explanation/optimal.md)."""
FEWEST_POSTS = 30
"""With fewer, no method beats the plain mean, so no confidence is claimed."""
WORTH_HAVING = math.log(1.02)
CONFIDENT = 0.7
NO_DIFFERENCE = 1e-9
"""Of log effects: what rounding leaves of none."""

Json = dict[str, object]


SLEEPING = 0.2
"""Of hours that are equally good, those at which fewer people sleep come first; of the share, only fifths count."""


class Signal(StrEnum):
    NONE = "none"
    THIN = "thin"
    OK = "ok"


class Evidence(StrEnum):
    """How much the posts say of the best hours. `SOME`: on average they are probably worth having; `STRONG`: the best
    one is above the account's average (its `low` is). Both from `FEWEST_POSTS` on."""

    NONE = "none"
    THIN = "thin"
    SOME = "some"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Rating:
    """How good an hour, a weekday or a slot (both) is."""

    day: int | None
    """Monday is 0; None where an hour of every day is meant."""
    hour: int | None
    """None where a whole day is meant."""
    score: float
    """Probability that it belongs to the true best five hours (three days, ten slots)."""
    uplift: float
    """Expected gain in engagement over the account's average, by what its past posts show: 0.12 is 12 %. Later
    posts of real pages brought 0.8 of it."""
    low: float
    high: float
    """`low` to `high` is the 80 % interval of the uplift."""
    data_points: int
    """Posts of the account in it."""

    def as_json(self) -> Json:
        day = {} if self.day is None else {"day": DAYS[self.day]}
        hour = {} if self.hour is None else {"hour": self.hour}
        numbers = {name: _rounded(getattr(self, name)) for name in ("score", "uplift", "low", "high")}
        return {**day, **hour, **numbers, "dataPoints": self.data_points}


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What the posts of one account say. Without posts everything is empty and the signal is `none`."""

    account: str
    zone: ZoneInfo
    """That of every hour and weekday here."""
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
    draws: Sequence[Effects] = field(default=(), repr=False)
    """Equally likely alternatives to what is told, for exploring (Thompson sampling)."""

    @property
    def signal(self) -> Signal:
        """The evidence in the words that scripts know."""
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
        return best(self.hours)[:BEST_HOURS]

    @property
    def best_days(self) -> tuple[Rating, ...]:
        """Three, best first."""
        return best(self.days)[:BEST_DAYS]

    @property
    def best_slots(self) -> tuple[Rating, ...]:
        """Ten, best first."""
        return best(self.slots)[:BEST_SLOTS]

    def as_json(self, *, everything: bool = False) -> Json:
        """The object of `ttp optimal --json`; `everything` adds all hours, days and slots."""
        shape: Json = {
            "account": self.account,
            "platform": self.account.partition("/")[0],
            "timezone": self.zone.key,
            "from": self.first_at and utc_text(self.first_at),
            "to": self.last_at and utc_text(self.last_at),
            "bestHours": [hour.as_json() for hour in self.best_hours],
            "bestDays": [day.as_json() for day in self.best_days],
            "dataPoints": self.data_points,
            "signal": self.signal.value,
            "evidence": self.evidence.value,
        }
        if everything:
            shape["hours"] = [hour.as_json() for hour in self.hours]
            shape["days"] = [day.as_json() for day in self.days]
            shape["slots"] = [slot.as_json() for slot in self.slots]
        return shape


def best(ratings: Iterable[Rating]) -> tuple[Rating, ...]:
    """All of them, best first by score; equal ones by how few people sleep then, then by the account's posts there."""
    return tuple(sorted(ratings, key=lambda rating: (-rating.score, _sleeping(rating), -rating.data_points)))


def recommend(samples: Iterable[Sample], *, account: str, zone: ZoneInfo) -> Recommendation:
    """What the samples of `account` (others are ignored) say about hours and weekdays in `zone`.

    Deterministic; neither the order of the samples nor repeated ones change it.
    """
    posts = features(samples, account=account, zone=zone)
    if not posts:
        return Recommendation(account, zone)
    found = estimate(posts)
    hours = _ratings(_HOURS, _of_hours, found, BEST_HOURS, Counter((None, post.hour) for post in posts))
    days = _ratings(_DAYS, _of_days, found, BEST_DAYS, Counter((post.weekday, None) for post in posts))
    slots = _ratings(_SLOTS, _of_slots, found, BEST_SLOTS, Counter((post.weekday, post.hour) for post in posts))
    best_hours = best(hours)[:BEST_HOURS]
    confidence = _confidence(found, best_hours)
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
        draws=found.draws,
    )


def week(recommendation: Recommendation) -> list[Json]:
    """The `schedule` of `ttp optimal week --json`: seven days, Monday first, with their hours best first."""
    return [
        {
            "day": DAYS[day],
            "slots": [
                {"hour": slot.hour, "score": _rounded(slot.score)}
                for slot in best(recommendation.slots[24 * day : 24 * day + 24])
            ],
        }
        for day in range(7)
    ]


_Place = tuple[int | None, int | None]
_HOURS: Sequence[_Place] = [(None, hour) for hour in range(24)]
_DAYS: Sequence[_Place] = [(day, None) for day in range(7)]
_SLOTS: Sequence[_Place] = [(day, hour) for day in range(7) for hour in range(24)]
_of_hours, _of_days, _of_slots = attrgetter("hours"), attrgetter("days"), attrgetter("slots")


def _ratings(
    places: Sequence[_Place],
    part: Callable[[Effects], list[float]],
    found: Estimate,
    top: int,
    posts: Mapping[_Place, int],
) -> tuple[Rating, ...]:
    """A rating of each place, from the part of the effects that is about such places."""
    draws = [part(draw) for draw in found.draws]
    mean = part(found.mean)
    scores = _scores(mean, draws, top)
    ratings = []
    for (day, hour), effect, score, drawn in zip(places, mean, scores, zip(*draws, strict=True), strict=True):
        ordered = sorted(drawn)
        # The middle of a skew posterior may lie outside of its interval by a hair; what is told does not.
        low, high = (ordered[round(share * (len(ordered) - 1))] for share in INTERVAL)
        below, above = (WIDER * (edge - effect) for edge in (min(low, effect), max(high, effect)))
        uplift, least, most = (math.expm1(gain) for gain in (effect, effect + below, effect + above))
        ratings.append(Rating(day, hour, score, uplift, least, most, posts.get((day, hour), 0)))
    return tuple(ratings)


def _scores(mean: Sequence[float], draws: Sequence[Sequence[float]], top: int) -> list[float]:
    """How often each place is among the best `top` of a draw.

    The mean counts as one draw more, in parts: of places that every draw has among the best, the best one comes first.
    Where the mean tells no place from another, none is the better bet for being unknown.
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


def _confidence(found: Estimate, chosen: Sequence[Rating]) -> float:
    """How probable it is that the hours chosen are worth having, on average."""
    places = [_HOURS.index((None, rating.hour)) for rating in chosen]
    worth = [fmean(draw.hours[place] for place in places) > WORTH_HAVING for draw in found.draws]
    return sum(worth) / len(worth)


def _evidence(posts: int, best_hour: Rating, confidence: float) -> Evidence:
    if posts < FEWEST_POSTS:
        return Evidence.THIN
    if best_hour.low > 0:
        return Evidence.STRONG
    return Evidence.SOME if confidence >= CONFIDENT else Evidence.THIN


def _sleeping(rating: Rating) -> int:
    return 0 if rating.hour is None else round(asleep(rating.hour) / SLEEPING)


def _rounded(number: float) -> float:
    """Four decimals, and never a negative zero."""
    return round(number, 4) + 0.0
