"""The estimator: residuals smoothed over the clock and shrunk toward "no difference".

Each post is compared with its neighbours in time and with its kind; what is left is pooled over neighbouring hours by
a circular Gaussian and pulled to zero as long as there are few posts. It knows nothing of accounts, zones or JSON.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import mul
from random import Random
from statistics import fmean, median
from typing import NamedTuple

from ttp.domain.optimal.effects import Effects, Estimate, Parts
from ttp.domain.optimal.features import PostFeatures

NEIGHBOURS = 20
"""Posts on each side whose median is a post's expected engagement: follows growth, ignores single hits."""
CLIP = 2.5 * 1.4826
"""In units of the median absolute deviation: 2.5 sd of a normal."""
KERNEL_H = 2.0
"""Standard deviation in hours of the weight that an hour's posts have for another hour."""
HOUR_SHRINK = 25.0
DAY_SHRINK = 200.0
CONTRAST_SHRINK = 60.0
"""Posts that it takes to believe half of what the posts of an hour, a day, and an hour of one part of the week say.

Against a noise of `PRIOR_SD` they stand for effects with a sd of 0.23, 0.08 and 0.15: somewhat more than the usual
account has, less than those with strong habits of reading."""
KIND_SHRINK = 5.0
"""The same for kinds: what the only post of its kind did must not be all its kind's doing."""
PRIOR_SD = 1.15
PRIOR_POSTS = 4
"""Noise from post to post (in logs) and the posts it is worth, so that two equal posts do not look like certainty."""
DRAWS = 1008
"""A multiple of 24 and of 7."""
SEED = 1
WEEKDAYS, WEEKEND = range(5), range(5, 7)
PARTS = (WEEKDAYS, WEEKEND)


class _Curve(NamedTuple):
    """An effect for each of its places, with the standard error of each."""

    effect: list[float]
    error: list[float]


def estimate(posts: Sequence[PostFeatures]) -> Estimate:
    """The effects of hours, weekdays and slots. `posts` are in time order and not empty. Deterministic."""
    parts_of_posts = parts(posts)
    rest = [post.adjusted for post in parts_of_posts]
    noise = math.sqrt((sum(r * r for r in rest) + PRIOR_POSTS * PRIOR_SD**2) / (len(rest) + PRIOR_POSTS))
    hours = _clock_curve(posts, rest, HOUR_SHRINK, noise)
    rest = [r - hours.effect[post.hour] for post, r in zip(posts, rest, strict=True)]
    days = _day_curve(posts, rest, noise)
    rest = [r - days.effect[post.weekday] for post, r in zip(posts, rest, strict=True)]
    contrasts = [_part_curve(posts, rest, part, noise) for part in PARTS]
    mean = _effects(hours.effect, days.effect, [contrast.effect for contrast in contrasts])
    random = Random(SEED)  # noqa: S311 (a repeatable simulation, no secret)
    drawn = zip(
        _drawn(hours, random, _smooth_noise),
        _drawn(days, random, _noise),
        *(_drawn(contrast, random, _smooth_noise) for contrast in contrasts),
        strict=True,
    )
    return Estimate(mean, [_effects(hour, day, list(both)) for hour, day, *both in drawn], parts_of_posts)


def parts(posts: Sequence[PostFeatures]) -> list[Parts]:
    """What growth and kind explain of each post's engagement, and what is left; outliers clipped."""
    engagement = [post.engagement for post in posts]
    trend = [median(engagement[max(0, i - NEIGHBOURS) : i + NEIGHBOURS + 1]) for i in range(len(posts))]
    rest = [value - usual for value, usual in zip(engagement, trend, strict=True)]
    by_kind: dict[str, list[float]] = {}
    for post, r in zip(posts, rest, strict=True):
        by_kind.setdefault(post.kind, []).append(r)
    more = {kind: median(of_kind) * len(of_kind) / (len(of_kind) + KIND_SHRINK) for kind, of_kind in by_kind.items()}
    rest = [r - more[post.kind] for post, r in zip(posts, rest, strict=True)]
    # Where over half of the posts do exactly as expected there is no scale to clip by.
    limit = CLIP * median(map(abs, rest)) or math.inf
    kept = [max(-limit, min(limit, r)) for r in rest]
    average = fmean(kept)
    return [
        Parts(usual + average, more[post.kind], r - k, k - average)
        for post, usual, r, k in zip(posts, trend, rest, kept, strict=True)
    ]


def _clock_curve(posts: Iterable[PostFeatures], rest: Iterable[float], shrink: float, noise: float) -> _Curve:
    sums, counts = [0.0] * 24, [0.0] * 24
    for post, r in zip(posts, rest, strict=True):
        sums[post.hour] += r
        counts[post.hour] += 1
    return _shrunk(_around_the_clock(sums, _KERNEL), _around_the_clock(counts, _KERNEL), shrink, noise)


def _part_curve(posts: Sequence[PostFeatures], rest: Sequence[float], part: range, noise: float) -> _Curve:
    """How the hours of one part of the week differ from the same hours of the whole."""
    inside = [(post, r) for post, r in zip(posts, rest, strict=True) if post.weekday in part]
    return _clock_curve([post for post, _ in inside], [r for _, r in inside], CONTRAST_SHRINK, noise)


def _day_curve(posts: Iterable[PostFeatures], rest: Iterable[float], noise: float) -> _Curve:
    sums, counts = [0.0] * 7, [0.0] * 7
    for post, r in zip(posts, rest, strict=True):
        sums[post.weekday] += r
        counts[post.weekday] += 1
    return _shrunk(sums, counts, DAY_SHRINK, noise)


def _shrunk(sums: list[float], counts: list[float], shrink: float, noise: float) -> _Curve:
    """The mean under a normal prior that is worth `shrink` posts of nothing special, and its standard error."""
    return _Curve(
        [total / (count + shrink) for total, count in zip(sums, counts, strict=True)],
        [noise / math.sqrt(count + shrink) for count in counts],
    )


def _effects(hours: list[float], days: list[float], parts: list[list[float]]) -> Effects:
    slots = [
        day + hour + contrast
        for part, contrasts in zip(PARTS, parts, strict=True)
        for day in (days[weekday] for weekday in part)
        for hour, contrast in zip(hours, contrasts, strict=True)
    ]
    return Effects(hours, days, slots)


def _drawn(curve: _Curve, random: Random, noise: Callable[[Random, int], list[float]]) -> Iterator[list[float]]:
    """`DRAWS` alternatives to a curve: noise of unit variance, turned to every place in turn.

    Turning makes places that the posts do not tell apart equally good, instead of nearly so by chance.
    """
    places = len(curve.effect)
    for _ in range(DRAWS // places):
        around = noise(random, places) * 2
        for turn in range(places):
            turned = around[turn : turn + places]
            yield [effect + error * z for effect, error, z in zip(curve.effect, curve.error, turned, strict=True)]


def _noise(random: Random, places: int) -> list[float]:
    return [random.gauss(0, 1) for _ in range(places)]


def _smooth_noise(random: Random, places: int) -> list[float]:
    """Noise in which neighbouring hours err together, because they share their posts."""
    return _around_the_clock(_noise(random, places), _ERROR_KERNEL)


def _around_the_clock(values: list[float], kernel: list[float]) -> list[float]:
    """The circular convolution of 24 values with a symmetric kernel."""
    twice = values + values
    return [sum(map(mul, kernel, twice[hour : hour + 24])) for hour in range(24)]


def _gaussian(sd_h: float) -> list[float]:
    """The weight of an hour that is 0, 1, … 23 hours later, the shorter way round."""
    return [math.exp(-(min(later, 24 - later) ** 2) / (2 * sd_h**2)) for later in range(24)]


def _of_unit_length(kernel: list[float]) -> list[float]:
    length = math.sqrt(sum(weight * weight for weight in kernel))
    return [weight / length for weight in kernel]


_KERNEL = _gaussian(KERNEL_H)
_ERROR_KERNEL = _of_unit_length(_gaussian(KERNEL_H / math.sqrt(2)))
"""Noise smoothed by it has variance 1, and between hours the correlation that the kernel has as weight."""
