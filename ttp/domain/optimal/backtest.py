"""Test recommendations on an account's own later posts.

The later half of the posts is cut into blocks. For each block a recommendation is made from the posts before it,
and the block's posts in the five recommended hours are compared with its other posts. The same is done for the five
hours with the highest mean, which most tools recommend. Deterministic.

Posts are compared within strata of the same block, kind and known counts, so that growth, kinds of post and hidden
counts do not look like good hours. Strata are weighted by n₁n₂/(n₁+n₂), which minimises the variance of the difference
(fixed-effects analysis of two groups in blocks). Each comparison is a contrast, a weighted sum of the held-out posts,
and so is the difference of two comparisons.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from statistics import NormalDist, fmean, median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ttp.domain.metrics.sample import Sample
from ttp.domain.optimal.factors import NO_TEXTS, ClassEffect, Factor, FormOfPost, classes_of, compare_classes, forms_of
from ttp.domain.optimal.features import PostFeatures, features
from ttp.domain.optimal.recommendation import BEST_HOURS, INTERVAL, recommend

FEWEST_POSTS = 40
"""Fewer posts are not tested."""
FEWEST_EACH = 5
"""The least number of held-out posts on each side of a comparison, and of degrees of freedom of the noise."""
BLOCKS, BLOCK_POSTS = 5, 15
"""The most blocks, and the fewest posts in each."""
CLIP = 2.5 * 1.4826
"""In units of the median absolute deviation, so that one viral post does not decide the test."""


@dataclass(frozen=True, slots=True)
class Lift:
    """How much more engagement one side has: 0.12 is 12 %, with its 80 % interval."""

    lift: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class HeldOutClass:
    """A class of posts that brought more in the earlier half (`line`), and what it brought in the later half: against
    the usual post of then; None if too few posts were in it."""

    line: ClassEffect
    later: Lift | None


@dataclass(frozen=True, slots=True)
class Backtest:
    """The result of a test. None: too few posts to compare."""

    account: str
    zone: ZoneInfo
    data_points: int
    """Posts of the account that were used."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    held_out: int = 0
    """Posts that the recommendations were tested on."""
    in_best_hours: int = 0
    """Posts of these at recommended hours."""
    recommended: Lift | None = None
    """Posts at recommended hours against the others."""
    mean_per_hour: Lift | None = None
    """Posts at the hours with the highest means against the others."""
    difference: Lift | None = None
    """The first comparison against the second."""
    factors: tuple[HeldOutClass, ...] = ()
    """The classes that the earlier half of the posts named, in the later half."""


_Stratum = tuple[int, str, str]


class _HeldOut(NamedTuple):
    """One post of the test, and whether its hour was recommended."""

    stratum: _Stratum
    engagement: float
    recommended: bool
    by_mean: bool


def backtest(
    samples: Iterable[Sample],
    *,
    account: str,
    zone: ZoneInfo,
    texts: Mapping[str, str] = NO_TEXTS,
    threads: AbstractSet[str] = frozenset(),
) -> Backtest:
    """Test the recommendation on the posts of `account`. The order of the samples does not matter. `texts` and
    `threads` are those of `find_factors`."""
    kept = [sample for sample in samples if sample.account == account]
    posts = features(kept, account=account, zone=zone)
    result = Backtest(account, zone, len(posts))
    if not posts:
        return result
    result = replace(result, first_at=posts[0].published_at, last_at=posts[-1].published_at)
    if len(posts) < FEWEST_POSTS:
        return result
    rows = list(_held_out(posts, kept, account, zone))
    ours = _contrast(rows, [row.recommended for row in rows])
    theirs = _contrast(rows, [row.by_mean for row in rows])
    both = [a - b for a, b in zip(ours, theirs, strict=True)] if ours and theirs else []
    return replace(
        result,
        held_out=len(rows),
        in_best_hours=sum(row.recommended for row in rows),
        recommended=_lift(rows, ours),
        mean_per_hour=_lift(rows, theirs),
        difference=_lift(rows, both),
        factors=tuple(_held_out_classes(posts, forms_of(posts, kept, texts, threads))),
    )


def _held_out_classes(posts: Sequence[PostFeatures], forms: Sequence[FormOfPost]) -> Iterator[HeldOutClass]:
    """Yield the classes that the earlier half of the posts names, each compared with the usual post of its stratum of
    the later half."""
    half = len(posts) // 2
    places, blocks = classes_of(posts, forms), max(1, (len(posts) - half) // BLOCK_POSTS)
    for line in compare_classes(tuple(posts[:half]), tuple(forms[:half])).lines:
        of_kind = line.place.factor is Factor.KIND
        rows, inside = list[_HeldOut](), list[bool]()
        for number, post in enumerate(posts[half:]):
            stratum = (number * blocks // (len(posts) - half), "" if of_kind else forms[half + number].kind, post.known)
            rows.append(_HeldOut(stratum, post.engagement, recommended=False, by_mean=False))
            inside.append(line.place in places[half + number])
        sizes = Counter(row.stratum for row in rows)
        members = Counter(row.stratum for row, one in zip(rows, inside, strict=True) if one)
        many = members.total()
        weights = (
            [
                one / many - members[row.stratum] / (many * sizes[row.stratum])
                for row, one in zip(rows, inside, strict=True)
            ]
            if FEWEST_EACH <= many <= len(rows) - FEWEST_EACH
            else []
        )
        yield HeldOutClass(line, _lift(rows, weights))


def best_by_mean(posts: Iterable[PostFeatures]) -> AbstractSet[int]:
    """Return the five hours with the highest mean engagement; fewer if fewer have posts."""
    by_hour: dict[int, list[float]] = defaultdict(list)
    for post in posts:
        by_hour[post.hour].append(math.expm1(post.engagement))
    return set(sorted(by_hour, key=lambda hour: (-fmean(by_hour[hour]), hour))[:BEST_HOURS])


def _held_out(
    posts: Sequence[PostFeatures], samples: Sequence[Sample], account: str, zone: ZoneInfo
) -> Iterator[_HeldOut]:
    """Yield the later half of the posts, with the recommendation made before their block."""
    half = len(posts) // 2
    blocks = min(BLOCKS, (len(posts) - half) // BLOCK_POSTS)
    edges = [half + (len(posts) - half) * block // blocks for block in range(blocks + 1)]
    for block, (start, end) in enumerate(pairwise(edges)):
        remote_ids = {post.remote_id for post in posts[:start]}
        recommendation = recommend((one for one in samples if one.remote_id in remote_ids), account=account, zone=zone)
        recommended = {rating.hour for rating in recommendation.best_hours}
        by_mean = best_by_mean(posts[:start])
        for post in posts[start:end]:
            yield _HeldOut(
                (block, post.kind, post.known), post.engagement, post.hour in recommended, post.hour in by_mean
            )


def _contrast(rows: Sequence[_HeldOut], chosen: Sequence[bool]) -> list[float]:
    """Return the weight of each post in the difference of chosen and other posts; empty if there are too few."""
    sides: dict[_Stratum, list[int]] = defaultdict(lambda: [0, 0])
    for row, one in zip(rows, chosen, strict=True):
        sides[row.stratum][one] += 1
    compared = [(others, ours) for others, ours in sides.values() if others and ours]
    if any(sum(side) < FEWEST_EACH for side in zip(*compared, strict=True)) or not compared:
        return []
    total = sum(others * ours / (others + ours) for others, ours in compared)
    return [
        (sides[row.stratum][0] if one else -sides[row.stratum][1]) / sum(sides[row.stratum]) / total
        for row, one in zip(rows, chosen, strict=True)
    ]


def _lift(rows: Sequence[_HeldOut], weights: Sequence[float]) -> Lift | None:
    """Return the weighted sum of engagement relative to the stratum, with its t interval."""
    by_stratum: dict[_Stratum, list[float]] = defaultdict(list)
    for row in rows:
        by_stratum[row.stratum].append(row.engagement)
    freedom = len(rows) - len(by_stratum)
    if not weights or freedom < FEWEST_EACH:
        return None
    usual = {stratum: median(values) for stratum, values in by_stratum.items()}
    rest = [row.engagement - usual[row.stratum] for row in rows]
    limit = CLIP * median(map(abs, rest)) or math.inf
    values = [max(-limit, min(limit, r)) for r in rest]
    noise = math.sqrt(_squares_within(rows, values) / freedom)
    mean = sum(weight * value for weight, value in zip(weights, values, strict=True))
    reach = _t_quantile(INTERVAL[1], freedom) * noise * math.hypot(*weights)
    return Lift(math.expm1(mean), math.expm1(mean - reach), math.expm1(mean + reach))


def _squares_within(rows: Sequence[_HeldOut], values: Sequence[float]) -> float:
    """Return the sum of squared differences from the stratum's mean."""
    by_stratum: dict[_Stratum, list[float]] = defaultdict(list)
    for row, value in zip(rows, values, strict=True):
        by_stratum[row.stratum].append(value)
    return sum((value - fmean(some)) ** 2 for some in by_stratum.values() for value in some)


def _t_quantile(share: float, freedom: int) -> float:
    """Return a quantile of Student's t (Abramowitz and Stegun 26.7.5): exact to 0.01 from five degrees of freedom."""
    z = NormalDist().inv_cdf(share)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
