"""What brought one account more: a kind of post, a length of text within a kind, a time since the last post.

A second fit, after that of the hours: the engagement of each post without the fitted trend, outliers and hours.
Posts are compared within strata of neighbouring posts with the same known counts; for lengths and times also of the
same kind. A class's effect has the prior N(0, sd²), averaged over sds by their marginal likelihood (as `model` does).
Texts never enter the hours. Observed, not randomised: a class "brought" more, and may not bring it.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from statistics import NormalDist, fmean
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ttp.domain.metrics.sample import Sample
from ttp.domain.optimal.features import PostFeatures, features
from ttp.domain.optimal.linear_algebra import Matrix, Vector, cholesky, dot, solve_lower, solve_upper, upper_factor
from ttp.domain.optimal.model import estimate, log_count_slope

CERTAIN = 0.8
"""A class is named if its effect is above `WORTH_NAMING` with this probability.

Fixed on simulated accounts whose kinds, lengths and pauses change nothing, so that at most 5 % have any line. On 500
fresh seeds 0, 2.8, 3.0 and 2.6 % of those with 30, 100, 300 and 1,000 posts have one, and of those whose hours do
matter 5.0 % with 300 posts and 2.6 % with 1,000: `python -m benchmarks.optimal --accounts 500 --seed 40000`."""
WORTH_NAMING = math.log(1.02)
FEWEST_POSTS, FEWEST_EACH = 30, 10
"""Posts of the account, and in a class and outside of it. Eight viral posts name no class."""
NEIGHBOURS = 40
"""Posts of a stratum, one after the other: what the trend leaves of growth and of jumps is equal for them."""
SDS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Prior sds of the effects, in units of the noise; as likely together as no effect at all."""
NOISE_SD, NOISE_POSTS = 1.15, 4
"""The prior sd of the noise, and its worth in posts (as in `model`)."""
REACH = NormalDist().inv_cdf(0.9)
"""The half width of an 80 % interval, in sds."""
LENGTHS = (40, 80, 150)
"""Characters at which a longer class of texts begins."""
PAUSES_H = (3, 12, 36)
"""Hours since the account's last post at which a longer class begins."""
LINK, THREAD = "link", "thread"
"""Kinds that samples do not have: a text with a link, and a post with further parts."""
NO_TEXTS: Mapping[str, str] = MappingProxyType({})
_LINK = re.compile(r"https?://\S")


class Factor(StrEnum):
    KIND = "kind"
    LENGTH = "length"
    PAUSE = "pause"


class Silence(StrEnum):
    """Why nothing is named."""

    FEW_POSTS = "few_posts"
    ONE_CLASS = "one_class"
    """All posts are of one kind, length and pause, or the others are fewer than `FEWEST_EACH`."""
    NOT_CLEAR = "not_clear"


class FormOfPost(NamedTuple):
    """What is known of a post before it is published: `kind` as platforms distinguish it, characters of its text."""

    kind: str
    length: int | None = None


class Place(NamedTuple):
    """A class of posts: of a kind, of a length from `start` up to `end` within a kind, or after a pause of `start` to
    `end` hours. `end` None: no limit."""

    factor: Factor
    kind: str = ""
    start: int = 0
    end: int | None = None


@dataclass(frozen=True, slots=True)
class ClassEffect:
    """How much more a class of posts brought than the account's usual post: 0.6 is 60 %. Of a length: than the usual
    post of its kind."""

    place: Place
    uplift: float
    low: float
    high: float
    """`low` to `high` is the 80 % interval of the uplift."""
    data_points: int
    raw: float
    """The same from the plain mean of logs, nothing taken out."""
    certainty: float
    """Probability of an effect above `WORTH_NAMING`; 0 for fewer than `FEWEST_EACH` posts in it or outside of it."""


@dataclass(frozen=True, slots=True)
class Factors:
    """Every class of an account's posts; `lines` has those to name."""

    effects: tuple[ClassEffect, ...] = ()
    posts: int = 0

    @property
    def lines(self) -> tuple[ClassEffect, ...]:
        """At most one of each factor: the best of those that are certain enough, the largest effect first."""
        best: dict[Factor, ClassEffect] = {}
        for one in self.effects:
            other = best.get(one.place.factor)
            if one.certainty >= CERTAIN and (other is None or one.uplift > other.uplift):
                best[one.place.factor] = one
        return tuple(sorted(best.values(), key=lambda one: -one.uplift))

    @property
    def silence(self) -> Silence | None:
        """Why there are no lines; None if there are some, or no posts."""
        if self.lines or not self.posts:
            return None
        if self.posts < FEWEST_POSTS:
            return Silence.FEW_POSTS
        return Silence.NOT_CLEAR if any(one.certainty for one in self.effects) else Silence.ONE_CLASS


def form_of(kind: str, text: str | None) -> FormOfPost:
    """Return the form of a post of one of the kinds of samples. A text with a link is of the kind `link`."""
    is_link = kind in ("", "text") and text is not None and _LINK.search(text) is not None
    return FormOfPost(LINK if is_link else kind, None if text is None else len(" ".join(text.split())))


def places_of(form: FormOfPost, pause: timedelta | None = None) -> tuple[Place | None, Place | None, Place | None]:
    """Return the classes of a post that comes so long after the last one: of its kind, its length and the pause."""
    kind, length = form
    return (
        Place(Factor.KIND, kind) if kind else None,
        None if length is None else Place(Factor.LENGTH, kind, *_class_of(length, LENGTHS)),
        None if pause is None else Place(Factor.PAUSE, "", *_class_of(pause / timedelta(hours=1), PAUSES_H)),
    )


def find_factors(
    samples: Iterable[Sample],
    *,
    account: str,
    zone: ZoneInfo,
    texts: Mapping[str, str] = NO_TEXTS,
    threads: Set[str] = frozenset(),
) -> Factors:
    """Compare the classes of the posts of `account`. `texts`: whole texts by remote id, where the sample has a part;
    `threads`: remote ids. Deterministic; the order of the samples does not matter."""
    kept = [one for one in samples if one.account == account]
    posts = features(kept, account=account, zone=zone)
    return compare_classes(posts, forms_of(posts, kept, texts, threads))


def forms_of(
    posts: Sequence[PostFeatures],
    samples: Iterable[Sample],
    texts: Mapping[str, str] = NO_TEXTS,
    threads: Set[str] = frozenset(),
) -> tuple[FormOfPost, ...]:
    """Return the form of each post. Arguments as for `find_factors`."""
    newest = {one.remote_id: one.text for one in sorted(samples, key=lambda one: one.observed_at) if one.text}
    newest.update(texts)
    return tuple(
        FormOfPost(THREAD) if post.remote_id in threads else form_of(post.kind, newest.get(post.remote_id))
        for post in posts
    )


def classes_of(
    posts: Sequence[PostFeatures], forms: Sequence[FormOfPost]
) -> list[tuple[Place | None, Place | None, Place | None]]:
    """Return the classes of each of an account's posts, oldest first. The pause before the first is not known."""
    pauses = [None, *(later.published_at - one.published_at for one, later in pairwise(posts))]
    return list(map(places_of, forms, pauses))


@lru_cache(maxsize=32)  # accounts; a server is asked for the same ones again and again
def compare_classes(posts: tuple[PostFeatures, ...], forms: tuple[FormOfPost, ...]) -> Factors:
    """Compare the classes of an account's posts in time order."""
    if len(posts) < FEWEST_POSTS:
        return Factors(posts=len(posts))
    rest, raw = _without_hours(posts), [post.engagement for post in posts]
    strata = max(1, round(len(posts) / NEIGHBOURS))
    near: Sequence[Hashable] = [(place * strata // len(posts), post.known) for place, post in enumerate(posts)]
    kinds: Sequence[Hashable] = [form.kind for form in forms]
    near_alike: Sequence[Hashable] = list(zip(near, kinds, strict=True))
    everything: Sequence[Hashable] = [None] * len(posts)
    of_kind, of_length, of_pause = zip(*classes_of(posts, forms), strict=True)
    effects = [
        *_compare(rest, raw, of_kind, near, everything),
        *_compare(rest, raw, of_length, near_alike, kinds),
        *_compare(rest, raw, of_pause, near_alike, everything),
    ]
    return Factors(tuple(effects), len(posts))


def _without_hours(posts: tuple[PostFeatures, ...]) -> Vector:
    """Return each post's log engagement without trend, outliers and the fitted effect of its slot."""
    result, slope = estimate(posts), log_count_slope(posts)
    slots = result.mean.slots
    return [
        (parts.kind + parts.adjusted) / slope - slots[24 * post.weekday + post.hour]
        for post, parts in zip(posts, result.posts, strict=True)
    ]


def _class_of(size: float, edges: Sequence[int]) -> tuple[int, int | None]:
    """Return start and end of the class of a size."""
    start = max((edge for edge in edges if edge <= size), default=0)
    return start, min((edge for edge in edges if edge > size), default=None)


def _compare(
    values: Vector,
    raw: Vector,
    places: Sequence[Place | None],
    strata: Sequence[Hashable],
    wholes: Sequence[Hashable],
) -> Iterator[ClassEffect]:
    """Yield the effect of each class against the usual post of its whole, in the order of the classes.

    With X the indicators of the classes and y the values, both without the means of their strata, A = X'X + I / sd² and
    b = X'y, the posterior of the effects is t around inv(A) b with the covariance s² inv(A), and its evidence
    -freedom / 2 ln(squares) - 1/2 ln det(sd² A) (Gelman et al., Bayesian Data Analysis, 14.2, 14.8).
    """
    sizes = Counter(place for place in places if place is not None)
    classes = sorted(sizes, key=lambda place: (place.kind, place.start))
    if len(classes) < 2:
        return
    number_of = {place: number for number, place in enumerate(classes)}
    numbers = [None if place is None else number_of[place] for place in places]
    whole_of = {place: whole for place, whole in zip(places, wholes, strict=True) if place is not None}
    posts_of_whole, raw_of_whole, raw_of_class = (
        Counter(wholes),
        defaultdict[Hashable, float](float),
        [0.0] * len(classes),
    )
    for number, whole, value in zip(numbers, wholes, raw, strict=True):
        raw_of_whole[whole] += value
        if number is not None:
            raw_of_class[number] += value
    centred, lower, freedom = _within(values, numbers, strata, len(classes))
    if freedom < FEWEST_EACH:
        return
    right = [0.0] * len(classes)
    for number, value in zip(numbers, centred, strict=True):
        if number is not None:
            right[number] += value
    fits = _fits(lower, right, dot(centred, centred), freedom)
    for number, place in enumerate(classes):
        whole, size = whole_of[place], sizes[place]
        many = posts_of_whole[whole]
        if size == many:
            continue
        contrast = [(other == place) - (sizes[other] / many if whole_of[other] == whole else 0.0) for other in classes]
        own = [value for value, one in zip(centred, numbers, strict=True) if one == number]
        mean, sd, chance = _effect(fits, contrast, own, number)
        low, high = mean - REACH * sd, mean + REACH * sd
        is_many = min(size, many - size) >= FEWEST_EACH
        raw_effect = raw_of_class[number] / size - raw_of_whole[whole] / many
        uplift, least, most = map(math.expm1, (mean, low, high))
        yield ClassEffect(place, uplift, least, most, size, math.expm1(raw_effect), chance * is_many)


def _within(
    values: Vector, numbers: Sequence[int | None], strata: Sequence[Hashable], classes: int
) -> tuple[Vector, Matrix, int]:
    """Return the values and, as the lower triangle of X'X, the indicators of the classes, both without the means of
    their strata; and the degrees of freedom that are left."""
    rows = defaultdict[Hashable, list[int]](list)
    for row, stratum in enumerate(strata):
        rows[stratum].append(row)
    centred = list(values)
    lower = [[0.0] * (number + 1) for number in range(classes)]
    for of_stratum in rows.values():
        middle = fmean(values[row] for row in of_stratum)
        for row in of_stratum:
            centred[row] -= middle
        sizes = sorted(Counter(one for row in of_stratum if (one := numbers[row]) is not None).items())
        for place, (number, size) in enumerate(sizes):
            lower[number][number] += size
            for other, many in sizes[: place + 1]:
                lower[number][other] -= size * many / len(of_stratum)
    return centred, lower, len(values) - len(rows)


class _Fit(NamedTuple):
    """The posterior under one prior: its probability, the means, the factor of A, and the variance of the noise."""

    weight: float
    means: Vector
    factor: Matrix
    variance: float


def _fits(lower: Matrix, right: Vector, square: float, freedom: int) -> list[_Fit]:
    """Return the posterior under each of `SDS`, with its probability; what is missing to 1 is that of no effect."""
    freedom += NOISE_POSTS
    expected = NOISE_POSTS * NOISE_SD**2
    logs, fits = [-freedom / 2 * math.log(square + expected)], []
    for sd in SDS:
        rows = [[*row[:-1], row[-1] + 1 / sd**2] for row in lower]
        factor = cholesky(rows)
        whitened = solve_lower(factor, right)
        squares = max(square - dot(whitened, whitened), 0.0) + expected
        determinant = sum(math.log(row[-1] * sd) for row in factor)
        logs.append(-freedom / 2 * math.log(squares) - determinant - math.log(len(SDS)))
        fits.append(_Fit(0.0, solve_upper(upper_factor(factor), whitened), factor, squares / freedom))
    best = max(logs)
    weights = [math.exp(one - best) for one in logs]
    return [fit._replace(weight=weight / sum(weights)) for fit, weight in zip(fits, weights[1:], strict=True)]


def _effect(fits: Sequence[_Fit], contrast: Vector, own: Vector, number: int) -> tuple[float, float, float]:
    """Return mean, sd, and the probability of more than `WORTH_NAMING`, of a contrast. `own`: the centred values of the
    class `number`; a class that varies more than the others is less certain."""
    mean = square = chance = 0.0
    for weight, means, factor, variance in fits:
        middle = dot(contrast, means)
        noise = max(variance, fmean((value - means[number]) ** 2 for value in own))
        whitened = solve_lower(factor, contrast)
        spread = noise * dot(whitened, whitened)
        mean += weight * middle
        square += weight * (spread + middle * middle)
        chance += weight * NormalDist().cdf((middle - WORTH_NAMING) / math.sqrt(spread))
    return mean, math.sqrt(max(square - mean * mean, 0.0)), chance
