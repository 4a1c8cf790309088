"""Report on the posts of a period and of the one before: sums, medians, groups, the best and the worst posts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from statistics import median
from typing import NamedTuple

from ttp.domain.metrics.sample import KINDS, MAIN_COUNTS, Sample, sum_known
from ttp.domain.optimal.factors import ClassEffect
from ttp.domain.optimal.features import SETTLED_AFTER
from ttp.domain.time.formatting import DAYS_IN_FULL

MOST_SHOWN = 5
"""Posts among the best and among the worst."""
_ONE_SIDE = 10
"""One of ten medians is below an interval of 80 %, and one above."""
OTHER = "-"
"""The group of posts whose kind or tag is not known."""


@dataclass(frozen=True, slots=True)
class MeasuredPost:
    """A post with its newest sample. `post_id`, `url`, `tags`: of posts that ttp published. `published_at`: on the
    account's clock. `usual`: the engagement (or views, as `measure` says) of usual posts of its account, kind, hour and
    weekday; None if that is not known. `difference`: 0.2 is 20 % more than that."""

    sample: Sample
    published_at: datetime
    post_id: int | None = None
    url: str | None = None
    text: str | None = None
    tags: tuple[str, ...] = ()
    usual: float | None = None
    difference: float | None = None
    measure: str | None = None

    @property
    def is_settled(self) -> bool:
        """Whether the sample is old enough to be compared with those of other posts."""
        return self.sample.observed_at - self.sample.published_at >= SETTLED_AFTER


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of known counts (None: unknown for all posts), and the engagement of the middle post."""

    posts: int
    likes: int | None
    comments: int | None
    shares: int | None
    views: int | None
    engagement: int | None
    median_engagement: float | None

    def numbers(self) -> dict[str, float | None]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


class Period(NamedTuple):
    """From `start` until before `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """The posts of one account, platform, kind, hour or tag, in the period and in the one before. `interval`: the 80 %
    interval of the period's median engagement; None of fewer than four posts."""

    by: str
    value: str
    totals: Totals
    before: Totals
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A period and the one before it.

    `posts`, `earlier_posts`: newest first. `spent`: what posts cost, in thousandths of a US dollar by platform, of
    those that charge.
    """

    period: Period
    before_period: Period
    totals: Totals
    before: Totals
    groups: tuple[Group, ...]
    posts: tuple[MeasuredPost, ...]
    spent: Mapping[str, int] = field(default_factory=dict)
    factors: tuple[tuple[str, ClassEffect], ...] = ()
    """What brought accounts more, of all their newest posts: account and class."""
    earlier_posts: tuple[MeasuredPost, ...] = ()

    @property
    def best(self) -> tuple[MeasuredPost, ...]:
        """The posts with the most engagement, at most `MOST_SHOWN`."""
        return self._ordered()[:MOST_SHOWN]

    @property
    def worst(self) -> tuple[MeasuredPost, ...]:
        """The settled posts with the least engagement, worst first; none of them is among the best."""
        return tuple(post for post in self._ordered()[MOST_SHOWN:][::-1] if post.is_settled)[:MOST_SHOWN]

    def _ordered(self) -> tuple[MeasuredPost, ...]:
        measured = [post for post in self.posts if post.sample.engagement is not None]
        return tuple(sorted(measured, key=lambda post: -(post.sample.engagement or 0)))


def make_report(posts: Iterable[MeasuredPost], period: Period, before_period: Period, by: Sequence[str] = ()) -> Report:
    """Make the report of posts of both periods. `by`: names of `GROUPINGS`."""
    ordered = sorted(posts, key=lambda post: (post.published_at, post.sample.remote_id), reverse=True)
    now = tuple(post for post in ordered if period.start <= post.published_at < period.end)
    before = tuple(post for post in ordered if before_period.start <= post.published_at < before_period.end)
    groups = tuple(group for name in by for group in _groups(name, now, before))
    return Report(period, before_period, add_up(now), add_up(before), groups, now, earlier_posts=before)


def add_up(posts: Sequence[MeasuredPost]) -> Totals:
    samples = [post.sample for post in posts]
    sums = {name: sum_known(*map(attrgetter(name), samples)) for name in MAIN_COUNTS}
    engagements = [engagement for post in posts if (engagement := post.sample.engagement) is not None]
    return Totals(
        len(posts),
        engagement=sum_known(*engagements),
        median_engagement=float(median(engagements)) if engagements else None,
        **sums,
    )


def change(now: float | None, before: float | None) -> float | None:
    """Return the change as a share: 0.5 is half more. None if a number is not known, or the first one is zero."""
    return now / before - 1 if now is not None and before else None


def _groups(by: str, now: Sequence[MeasuredPost], before: Sequence[MeasuredPost]) -> list[Group]:
    values, groups = GROUPINGS[by], defaultdict[str, tuple[list[MeasuredPost], list[MeasuredPost]]](lambda: ([], []))
    for place, posts in enumerate((now, before)):
        for post in posts:
            for name in dict.fromkeys(values(post)):
                groups[name][place].append(post)
    names = sorted(sorted(groups), key=_ORDERS.get(by, lambda name: 0))
    return [
        Group(by, name, add_up(inside), add_up(earlier), _interval_of_median(inside))
        for name, (inside, earlier) in ((name, groups[name]) for name in names)
    ]


def _interval_of_median(posts: Sequence[MeasuredPost]) -> tuple[float, float] | None:
    """Return the narrowest interval between two posts, equally far from both ends, that has the median with 80 %. The
    number of posts below it is binomial, whatever their distribution (Thompson, 1936)."""
    numbers = sorted(engagement for post in posts if (engagement := post.sample.engagement) is not None)
    count, place, orders, outside = len(numbers), -1, 1, 0
    # In integers: as shares, those of a thousand posts are too small for a float.
    while (outside + orders) * _ONE_SIDE <= 2**count:
        outside, place = outside + orders, place + 1
        orders = orders * (count - place) // (place + 1)
    return None if place < 0 else (float(numbers[place]), float(numbers[-1 - place]))


GROUPINGS: Mapping[str, Callable[[MeasuredPost], Sequence[str]]] = {
    "account": lambda post: (post.sample.account,),
    "platform": lambda post: (post.sample.account.partition("/")[0],),
    "kind": lambda post: (post.sample.kind or OTHER,),
    "hour": lambda post: (f"{post.published_at:%H}:00",),
    "day": lambda post: (DAYS_IN_FULL[post.published_at.weekday()],),
    "tag": lambda post: post.tags or (OTHER,),
}
"""What posts can be grouped by; a post with two tags is in two groups."""
_ORDERS: Mapping[str, Callable[[str], int]] = {
    "kind": lambda name: [*KINDS, OTHER].index(name),
    "day": DAYS_IN_FULL.index,
}
