"""The recommendation tried on posts it was not made from: what is found where something is, and where nothing is."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import exp, isclose
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tests.rows import each
from ttp.domain.metrics.sample import Sample
from ttp.domain.optimal.backtest import (
    FEWEST_POSTS,
    Backtest,
    _contrast,
    _HeldOut,
    _lift,
    _t_quantile,
    backtest,
    best_by_mean,
)
from ttp.domain.optimal.features import features

ACCOUNT = "x/me"
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
ZONE = ZoneInfo("UTC")


def history(
    posts: int,
    gain: Callable[[datetime], float] = lambda at: 0.0,
    *,
    seed: int = 5,
    kind: Callable[[datetime], str | None] = lambda at: None,
    growth: float = 0.0,
) -> list[Sample]:
    dice = random.Random(seed)
    times = [MONDAY + timedelta(days=day, hours=dice.randrange(24)) for day in range(posts)]
    return [
        Sample(
            ACCOUNT,
            str(n),
            at,
            at + timedelta(days=5),
            likes=round(exp(5 + growth * n / posts + gain(at) + dice.gauss(0, 0.5))),
            comments=0,
            shares=0,
            kind=kind(at),
        )
        for n, at in enumerate(times)
    ]


def evening(at: datetime) -> float:
    return 0.8 if 17 <= at.hour <= 21 else 0.0


def asked(samples: list[Sample]) -> Backtest:
    return backtest(samples, account=ACCOUNT, zone=ZONE)


@each("posts", [0, 1, 5, FEWEST_POSTS - 1])
def test_of_few_posts_nothing_is_claimed(posts: int) -> None:
    found = asked(history(posts, evening))
    assert (found.data_points, found.held_out, found.recommended, found.difference) == (posts, 0, None, None)
    assert (found.first_at is None) == (posts == 0)


def test_hours_that_are_good_are_found_to_be() -> None:
    found = asked(history(200, evening))
    assert (found.data_points, found.held_out) == (200, 100)
    assert 0 < found.in_best_hours < 100
    assert found.recommended is not None
    assert 0 < found.recommended.low < found.recommended.lift < found.recommended.high
    assert isclose(found.recommended.lift, exp(0.8) - 1, rel_tol=0.5)


@pytest.mark.slow
def test_where_hours_do_not_matter_the_interval_mostly_says_so() -> None:
    decided = 0
    for seed in range(8):
        lift = asked(history(80, seed=seed)).recommended
        decided += lift is not None and (lift.low > 0 or lift.high < 0)
    assert decided <= 4  # 1.6 of 8 are expected of an 80 % interval


@pytest.mark.slow
def test_growth_is_not_taken_for_a_good_hour() -> None:
    lift = asked(history(200, growth=5.0)).recommended
    assert lift is not None
    assert abs(lift.lift) < 0.3


@pytest.mark.slow
def test_a_kind_that_goes_out_at_one_time_is_not_taken_for_a_good_hour() -> None:
    found = asked(
        history(
            300,
            lambda at: 1.5 if at.hour in (9, 10) else 0.0,
            kind=lambda at: "video" if at.hour in (9, 10) else "text",
        )
    )
    assert found.recommended is None or found.recommended.lift < 0.5


@pytest.mark.slow
def test_one_viral_post_does_not_decide_the_test() -> None:
    samples = history(200, evening)
    viral = [replace(one, likes=10_000_000) if one.remote_id == "199" else one for one in samples]
    before, after = asked(samples).recommended, asked(viral).recommended
    assert before is not None
    assert after is not None
    assert abs(before.lift - after.lift) < 0.15


def test_posts_at_one_hour_alone_cannot_be_compared() -> None:
    samples = [
        Sample(ACCOUNT, str(n), at, at + timedelta(days=5), likes=10 + n % 3, comments=0, shares=0)
        for n in range(60)
        for at in (MONDAY + timedelta(days=n, hours=18),)
    ]
    found = asked(samples)
    assert (found.held_out, found.recommended) == (30, None)


def test_the_same_hours_differ_by_nothing() -> None:
    samples = history(200, lambda at: 3.0 if 17 <= at.hour <= 21 else 0.0)
    found = asked(samples)
    assert found.difference is not None
    assert abs(found.difference.lift) < 0.05


@examples(3)
@given(st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_other_accounts_change_the_answer(dice: random.Random) -> None:
    samples = history(60, evening)
    others = [replace(one, account="x/other", likes=1) for one in samples]
    mixed = [*samples, *others]
    dice.shuffle(mixed)
    assert asked(mixed) == asked(samples)


def test_the_usual_way_takes_the_hours_with_the_highest_means_the_earlier_of_equal_ones() -> None:
    likes = {8: 5, 9: 100, 10: 50, 11: 50, 12: 50, 13: 50, 14: 70}
    samples = [
        Sample(ACCOUNT, str(hour), MONDAY + timedelta(hours=hour), MONDAY + timedelta(days=5), likes=n)
        for hour, n in likes.items()
    ]
    posts = features(samples, account=ACCOUNT, zone=ZONE)
    assert best_by_mean(posts) == {9, 14, 10, 11, 12}
    assert best_by_mean(posts[:2]) == {8, 9}


def rows(*values: tuple[int, str, float, bool]) -> list[_HeldOut]:
    return [_HeldOut((block, kind, "likes"), value, chosen, by_mean=False) for block, kind, value, chosen in values]


def test_in_one_stratum_the_contrast_is_the_difference_of_two_means() -> None:
    some = rows(
        *[(0, "", 1.0 + n % 2 / 10, True) for n in range(6)], *[(0, "", 0.5 + n % 2 / 10, False) for n in range(8)]
    )
    weights = _contrast(some, [row.recommended for row in some])
    assert isclose(sum(weights), 0, abs_tol=1e-12)
    assert isclose(sum(w * row.engagement for w, row in zip(weights, some, strict=True)), 0.5, abs_tol=1e-9)


def test_a_stratum_with_one_side_alone_counts_nothing() -> None:
    some = rows(
        *[(0, "", 1.0, n < 6) for n in range(12)],
        *[(1, "video", 9.0, True) for _ in range(5)],
        *[(1, "text", 9.0, False) for _ in range(5)],
    )
    weights = _contrast(some, [row.recommended for row in some])
    assert all(w == 0 for w, row in zip(weights, some, strict=True) if row.stratum[0] == 1)


def test_too_few_on_a_side_are_not_compared() -> None:
    some = rows(*[(0, "", 1.0, n < 4) for n in range(30)])
    assert _contrast(some, [row.recommended for row in some]) == []
    assert _contrast([], []) == []


def test_without_freedom_for_the_noise_there_is_no_interval() -> None:
    some = rows(*[(n, "", 1.0, False) for n in range(10)], *[(n, "", 2.0, True) for n in range(4)])
    assert _lift(some, [1.0] * 14) is None
    assert _lift(some, []) is None


def test_the_t_quantile_is_that_of_the_tables() -> None:
    # Abramowitz and Stegun, table 26.10: 0.9 of Student's t.
    for freedom, quantile in ((5, 1.476), (10, 1.372), (30, 1.310), (10_000, 1.282)):
        assert isclose(_t_quantile(0.9, freedom), quantile, abs_tol=0.005)
