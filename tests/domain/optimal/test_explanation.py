"""Why a place of the week is rated so: its posts, taken apart, and numbers that agree with the recommendation."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from ttp.domain.metrics.sample import Sample
from ttp.domain.optimal.explanation import Explanation, explain
from ttp.domain.optimal.recommendation import recommend

ACCOUNT = "x/me"
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
ZONE = ZoneInfo("UTC")


def sample(number: int, at: datetime, likes: int, kind: str | None = None) -> Sample:
    return Sample(ACCOUNT, str(number), at, at + timedelta(days=5), likes=likes, comments=0, shares=0, kind=kind)


def history(posts: int, seed: int = 3) -> list[Sample]:
    """A post a day at one of four hours, of two kinds; 18:00 does better."""
    dice = random.Random(seed)
    times = [MONDAY + timedelta(days=day, hours=dice.choice((8, 12, 17, 18))) for day in range(posts)]
    return [
        sample(
            n,
            at,
            round(100 * (2 if at.hour == 18 else 1) * dice.lognormvariate(0, 0.5)),
            dice.choice(["image", "video"]),
        )
        for n, at in enumerate(times)
    ]


def asked(samples: list[Sample], day: int | None, hour: int | None) -> Explanation:
    found = explain(samples, account=ACCOUNT, zone=ZONE, day=day, hour=hour)
    assert found is not None
    return found


def test_without_posts_there_is_nothing_to_explain() -> None:
    assert explain([], account=ACCOUNT, zone=ZONE, day=None, hour=18) is None
    assert explain(history(5), account="x/other", zone=ZONE, day=None, hour=18) is None


@pytest.mark.parametrize(("day", "hour"), [(None, 18), (1, None), (1, 18)])
def test_the_rating_is_the_recommendations_own_and_the_posts_are_those_of_the_place(
    day: int | None, hour: int | None
) -> None:
    samples = history(60)
    told = recommend(samples, account=ACCOUNT, zone=ZONE)
    found = asked(samples, day, hour)
    assert found.rating in (*told.hours, *told.days, *told.slots)
    assert (found.rating.day, found.rating.hour) == (day, hour)
    assert len(found.posts) == found.rating.data_points
    assert all(day in (None, one.post.weekday) and hour in (None, one.post.hour) for one in found.posts)


def test_the_best_hour_is_number_one() -> None:
    samples = history(60)
    best = recommend(samples, account=ACCOUNT, zone=ZONE).best_hours[0]
    assert asked(samples, None, best.hour).rank == 1


def test_the_most_telling_post_comes_first() -> None:
    telling = [abs(one.parts.adjusted) for one in asked(history(60), None, 18).posts]
    assert telling == sorted(telling, reverse=True)


def test_equal_posts_come_newest_first() -> None:
    samples = [sample(n, MONDAY + timedelta(days=n, hours=18), 10) for n in range(4)]
    assert [one.post.remote_id for one in asked(samples, None, 18).posts] == ["3", "2", "1", "0"]


def test_posts_near_an_hour_are_counted_around_midnight_too_and_itself_is_not() -> None:
    hours = (22, 23, 0, 1, 2, 3)
    samples = [sample(n, MONDAY + timedelta(days=n, hours=hour), 10) for n, hour in enumerate(hours)]
    assert asked(samples, None, 0).nearby == 4
    assert asked(samples, None, 12).nearby == 0
    assert asked(samples, 2, None).nearby == 0


def test_a_place_without_posts_has_no_means() -> None:
    found = asked(history(20), None, 3)
    assert (found.posts, found.raw, found.adjusted) == ((), None, None)


def test_raw_is_the_geometric_mean_over_the_average_and_adjusted_leaves_the_outlier_out() -> None:
    samples = [sample(n, MONDAY + timedelta(days=n, hours=8 + 10 * (n % 2)), 100 + 10 * (n % 5)) for n in range(40)]
    samples.append(sample(40, MONDAY + timedelta(days=41, hours=18), 1_000_000))
    found = asked(samples, None, 18)
    assert found.raw is not None
    assert found.adjusted is not None
    assert found.raw > 0.2
    assert abs(found.adjusted) < found.raw / 2
    assert found.posts[0].parts.clipped > 5


@examples(6)
@given(st.integers(1, 60), st.integers(0, 1000))
def test_the_parts_of_each_post_add_up_to_what_was_counted(posts: int, seed: int) -> None:
    samples = history(posts, seed)
    for post, parts in ((one.post, one.parts) for one in asked(samples, samples[0].published_at.weekday(), None).posts):
        assert math.isclose(parts.trend + parts.kind + parts.clipped + parts.adjusted, post.engagement, abs_tol=1e-9)
