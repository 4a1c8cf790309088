"""The model against an independent computation: the algebra, the marginal likelihood, the posterior."""

import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ttp.domain.optimal.design_matrix import (
    BEND_SD,
    COLUMNS,
    CONTRASTS,
    KIND_SD,
    LEVEL_SD,
    SLOT_SD,
    STEP_SD,
    Design,
    Prior,
    change_of_habits,
    effects_of,
    prior_mean,
    prior_sd,
)
from ttp.domain.optimal.features import PostFeatures
from ttp.domain.optimal.linear_algebra import (
    cholesky,
    gram,
    multiply_symmetric,
    solve_lower,
    solve_upper,
    transpose,
    upper_factor,
)
from ttp.domain.optimal.model import (
    NOISE_POSTS,
    NOISE_SD,
    draw_deviations,
    estimate,
    fit_prior,
    log_count_slope,
    weigh_priors,
)

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
SHAPE = Prior(0.2, 0.06, 0.4)
Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]


def posts_of(many: int, seed: int = 5) -> tuple[PostFeatures, ...]:
    rng = random.Random(seed)
    times = sorted(MONDAY + timedelta(hours=rng.randrange(24 * 7 * 60)) for _ in range(many))
    return tuple(
        PostFeatures(
            at,
            at.hour,
            at.weekday(),
            rng.choice(["image", "video", "text"]),
            5 + 0.5 * math.sin(at.hour / 24 * 2 * math.pi) + rng.gauss(0, 1),
        )
        for at in times
    )


def centred(posts: Sequence[PostFeatures]) -> list[float]:
    average = sum(post.engagement for post in posts) / len(posts)
    return [post.engagement - average for post in posts]


# --- matrices ---


@given(st.integers(1, 12), st.integers(0, 10_000))
def test_a_factor_is_that_of_numpy_and_solves_both_ways(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    square = rng.normal(size=(size, size))
    positive = square @ square.T + np.eye(size)
    right = rng.normal(size=size)
    factor = cholesky([list(row[: i + 1]) for i, row in enumerate(positive.tolist())])
    whole = np.array([row + [0.0] * (size - len(row)) for row in factor])
    np.testing.assert_allclose(whole, np.linalg.cholesky(positive), atol=1e-9)
    np.testing.assert_allclose(whole @ np.array(solve_lower(factor, right.tolist())), right, atol=1e-9)
    np.testing.assert_allclose(whole.T @ np.array(solve_upper(upper_factor(factor), right.tolist())), right, atol=1e-9)
    lower = [list(row[: i + 1]) for i, row in enumerate(positive.tolist())]
    np.testing.assert_allclose(multiply_symmetric(lower, right.tolist()), positive @ right, atol=1e-9)


def test_a_gram_matrix_is_the_lower_triangle_of_all_products() -> None:
    columns = [[1.0, 2.0], [3.0, 4.0]]
    assert gram(columns) == [[5.0], [11.0, 25.0]]
    assert transpose(columns) == [[1.0, 3.0], [2.0, 4.0]]


# --- the columns of the week ---


def test_every_column_tells_places_apart_and_none_moves_the_average() -> None:
    assert {len(column) for column in COLUMNS} == {168}
    for column in COLUMNS:
        assert sum(column) == pytest.approx(0, abs=1e-9)
        assert sum(value * value for value in column) > 1


def test_the_contrasts_of_days_are_orthogonal() -> None:
    products = np.array(CONTRASTS) @ np.array(CONTRASTS).T
    np.testing.assert_allclose(products, 7 * np.eye(6), atol=1e-9)


def test_effects_are_the_columns_times_their_coefficients() -> None:
    rng = random.Random(2)
    coefficients = [rng.gauss(0, 1) for _ in COLUMNS]
    found = effects_of(coefficients)
    np.testing.assert_allclose(found.slots, np.array(coefficients) @ np.array(COLUMNS), atol=1e-9)
    week = np.array(found.slots).reshape(7, 24)
    np.testing.assert_allclose(found.hours, week.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(found.days, week.mean(axis=1), atol=1e-9)


def test_the_prior_of_hours_and_days_has_the_sd_that_its_shape_says() -> None:
    """At every hour alike; of days on average."""
    variance = np.array(prior_sd(SHAPE)) ** 2
    columns = np.array(COLUMNS)
    of_hours, of_days = slice(0, 12), slice(12, 18)
    hours = (variance[of_hours, None] * columns[of_hours] ** 2).sum(axis=0)
    days = (variance[of_days, None] * columns[of_days] ** 2).sum(axis=0)
    np.testing.assert_allclose(np.sqrt(hours), SHAPE.hours)
    assert math.sqrt(days.mean()) == pytest.approx(SHAPE.days)


def test_less_is_expected_of_the_night_and_nothing_of_days() -> None:
    found = effects_of(prior_mean(SHAPE))
    assert min(range(24), key=found.hours.__getitem__) == 5
    assert max(found.hours) - min(found.hours) == pytest.approx(0.6 * SHAPE.hours, rel=0.1)
    # By day it makes little difference.
    assert max(found.hours[9:]) - min(found.hours[9:]) < 0.2 * SHAPE.hours
    np.testing.assert_allclose(found.days, 0, atol=1e-12)
    np.testing.assert_allclose(found.slots, found.hours * 7, atol=1e-12)


# --- the fit, against the same normal distribution written out in full ---


def nuisance(posts: Sequence[PostFeatures]) -> Matrix:
    bends = max(1, len(posts) // 15)
    place = np.arange(len(posts)) / (len(posts) - 1) * bends
    trend = [BEND_SD * np.clip(place - bend, 0, 1) for bend in range(bends)]
    kinds = [KIND_SD * np.array([post.kind == kind for post in posts]) for kind in ("image", "text", "video")]
    change = change_of_habits([post.hour for post in posts])
    step = [] if change is None else [STEP_SD * (np.arange(len(posts)) >= change)]
    return np.stack([np.full(len(posts), LEVEL_SD), *trend, *step, *kinds], axis=1)


def before_any_post(posts: Sequence[PostFeatures], shape: Prior) -> Matrix:
    """What the prior expects of each post."""
    cells = [24 * post.weekday + post.hour for post in posts]
    whole: Matrix = np.array(prior_mean(shape)) @ np.array(COLUMNS)[:, cells]
    return whole


def covariance_of(posts: Sequence[PostFeatures]) -> Matrix:
    """Of the noise and the effects that slots have of their own."""
    cells = np.array([24 * post.weekday + post.hour for post in posts])
    whole: Matrix = np.eye(len(posts)) + SLOT_SD**2 * (cells[:, None] == cells[None, :])
    return whole


def waves_of(posts: Sequence[PostFeatures], shape: Prior) -> Matrix:
    cells = [24 * post.weekday + post.hour for post in posts]
    whole: Matrix = (np.array(COLUMNS)[:, cells] * np.array(prior_sd(shape))[:, None]).T
    return whole


def test_the_evidence_is_the_marginal_likelihood_of_a_multivariate_t() -> None:
    """Level apart (its prior is so wide that it takes one degree of freedom), differences between shapes agree."""
    posts = posts_of(60)
    y = np.array(centred(posts))
    design = Design(posts)
    normal = design.equations(y.tolist())
    freedom = len(posts) - 1 + NOISE_POSTS
    taken_out = nuisance(posts)
    # The level takes its degree of freedom with it: what is left are contrasts between posts.
    contrasts = _contrasts_of(len(posts))
    found, independent = [], []
    for shape in (SHAPE, Prior(0.04, 0.02, 0.15), Prior(0.6, 0.2, 0.6)):
        waves = waves_of(posts, shape)
        covariance = covariance_of(posts) + taken_out[:, 1:] @ taken_out[:, 1:].T + waves @ waves.T
        scale = NOISE_SD**2 * contrasts @ covariance @ contrasts.T
        middle = contrasts @ before_any_post(posts, shape)
        independent.append(stats.multivariate_t(loc=middle, shape=scale, df=NOISE_POSTS).logpdf(contrasts @ y))
        one = fit_prior(design.gram, normal, len(posts), shape)
        found.append(-freedom / 2 * math.log(one.squares) - sum(math.log(row[0]) for row in one.upper))
    np.testing.assert_allclose(np.diff(found), np.diff(independent), atol=1e-3)


def _contrasts_of(size: int) -> Matrix:
    """An orthonormal basis of what is orthogonal to the level."""
    whole: Matrix = np.linalg.svd(np.ones((1, size)))[2][1:]
    return whole


def test_the_mean_and_its_spread_are_those_of_the_joint_regression() -> None:
    posts = posts_of(80)
    y = np.array(centred(posts))
    design = Design(posts)
    one = fit_prior(design.gram, design.equations(y.tolist()), len(posts), SHAPE)
    joint = np.concatenate([nuisance(posts), waves_of(posts, SHAPE)], axis=1)
    inverse = np.linalg.inv(covariance_of(posts))
    precision = joint.T @ inverse @ joint + np.eye(joint.shape[1])
    others = nuisance(posts).shape[1]
    solved = np.linalg.solve(precision, joint.T @ inverse @ (y - before_any_post(posts, SHAPE)))
    scale = np.array(prior_sd(SHAPE))
    np.testing.assert_allclose(one.mean, np.array(prior_mean(SHAPE)) + scale * solved[others:], atol=1e-8)
    trend, kind = design.nuisance_effects(design.equations(y.tolist()), one.mean)
    np.testing.assert_allclose(np.array(trend) + kind, nuisance(posts) @ solved[:others], atol=1e-8)
    left = y - trend - kind - design.wave_effects(one.mean)
    slots = np.array(design.slot_effects(left.tolist()))[[24 * post.weekday + post.hour for post in posts]]
    np.testing.assert_allclose(slots, (covariance_of(posts) - np.eye(len(posts))) @ inverse @ left, atol=1e-8)
    sds = np.array(design.slot_sds())[[24 * post.weekday + post.hour for post in posts]]
    own = covariance_of(posts) - np.eye(len(posts))
    np.testing.assert_allclose(sds**2, np.diag(own - own @ inverse @ own), atol=1e-8)
    rng = random.Random(3)
    draws = np.array([one.draw_deviation(rng) for _ in range(4000)])
    spread = np.sqrt(np.diag(np.linalg.inv(precision))[others:] * one.squares / (one.freedom - 2)) * scale
    np.testing.assert_allclose(draws.std(axis=0), spread, rtol=0.1)
    np.testing.assert_allclose(draws.mean(axis=0), 0, atol=0.1 * float(spread.max()))


def test_what_explains_the_posts_gets_the_weight_and_the_draws() -> None:
    posts = posts_of(300)
    design = Design(posts)
    weighted = weigh_priors(design.gram, design.equations(centred(posts)), len(posts))
    weights = [weight for weight, _ in weighted]
    assert sum(weights) == pytest.approx(1)
    assert weights == sorted(weights, reverse=True)
    drawn_from = [one for one, _ in draw_deviations(weighted, 100, random.Random(1))]
    assert len(drawn_from) == 100
    for weight, one in weighted:
        assert abs(sum(other is one for other in drawn_from) - 100 * weight) <= 1


# --- the estimate ---


def test_the_draws_lie_around_the_mean() -> None:
    found = estimate(posts_of(200))
    np.testing.assert_allclose(np.mean([draw.slots for draw in found.draws], axis=0), found.mean.slots, atol=0.02)
    for effect in (found.mean, *found.draws[:20]):
        assert sum(effect.hours) == pytest.approx(0, abs=1e-9)
        assert sum(effect.days) == pytest.approx(0, abs=1e-9)
        assert sum(effect.slots) == pytest.approx(0, abs=1e-9)


def test_an_outlier_is_drawn_in_and_a_monstrous_one_is_left_out() -> None:
    posts = posts_of(100)
    good, monstrous = (
        tuple(post._replace(engagement=post.engagement + more) if i == 50 else post for i, post in enumerate(posts))
        for more in (3.5, 20.0)
    )
    assert estimate(posts).posts[50].clipped == pytest.approx(0, abs=1.5)
    assert 0.3 < estimate(good).posts[50].clipped < 4
    assert abs(estimate(monstrous).posts[50].adjusted) < 1


@pytest.mark.parametrize("mean", [0.2, 1.0, 3.0, 40.0])
def test_small_counts_move_less_than_what_brings_them(mean: float) -> None:
    def logged(of: float) -> float:
        weights = stats.poisson(of).pmf(range(200))
        return float(sum(weight * math.log1p(n) for n, weight in enumerate(weights)))

    step = 1e-4
    slope = (logged(mean * math.exp(step)) - logged(mean * math.exp(-step))) / (2 * step)
    often = [round(20_000 * float(weight)) for weight in stats.poisson(mean).pmf(range(200))]
    posts = [
        PostFeatures(MONDAY, 12, 0, "", math.log1p(n), f"p{n}-{i}") for n, many in enumerate(often) for i in range(many)
    ]
    assert log_count_slope(posts) == pytest.approx(max(slope, 0.25), abs=2e-3)
