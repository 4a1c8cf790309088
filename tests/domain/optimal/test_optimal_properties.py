"""What must not change the recommendation, and posts that say next to nothing."""

import math
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from ttp.domain.metrics.sample import LARGEST_COUNT, Sample
from ttp.domain.optimal.recommendation import Recommendation, Signal, recommend

ACCOUNT = "x/me"
ZONE = ZoneInfo("UTC")
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)


def account(posts: int, seed: int = 3, likes: Callable[[random.Random, datetime], int] | None = None) -> list[Sample]:
    """Posts at all hours over as many days, better in the evening; five days old when they were read."""
    rng = random.Random(seed)
    found = []
    for number in range(posts):
        at = MONDAY + number * DAY + rng.randrange(24) * HOUR
        count = likes(rng, at) if likes else round(math.exp(6 + (17 <= at.hour <= 21) + rng.gauss(0, 0.7)))
        kind = rng.choice(["image", "video"])
        found.append(Sample(ACCOUNT, f"p{number}", at, at + 5 * DAY, likes=count, comments=0, shares=0, kind=kind))
    return found


def ask(samples: list[Sample], zone: ZoneInfo = ZONE) -> Recommendation:
    return recommend(samples, account=ACCOUNT, zone=zone)


def numbers(found: Recommendation) -> object:
    return found.hours, found.days, found.slots, found.signal, found.confidence


def moved(samples: list[Sample], to: Callable[[datetime], datetime]) -> list[Sample]:
    return [replace(s, published_at=to(s.published_at), observed_at=to(s.published_at) + 5 * DAY) for s in samples]


# --- what must not change the answer ---


@examples(8)
@given(st.integers(1, 40), st.integers(2, 9))
def test_the_pace_of_posting(posts: int, slower: int) -> None:
    """The same posts on the same weekdays and hours, weeks apart instead of days."""
    samples = account(posts)
    later = {s.remote_id: i * (slower - 1) * WEEK for i, s in enumerate(samples)}
    apart = [replace(s, published_at=s.published_at + later[s.remote_id]) for s in samples]
    apart = [replace(s, observed_at=s.published_at + 5 * DAY) for s in apart]
    assert numbers(ask(apart)) == numbers(ask(samples))


def test_days_on_which_the_clocks_change() -> None:
    """The wall clock of Berlin counts, before, on and after the days on which it jumps."""
    berlin = ZoneInfo("Europe/Berlin")
    samples = account(300)
    # No hour that the clocks skip or show twice.
    awake = [s for s in samples if s.published_at.hour > 3]
    there = moved(awake, lambda at: at.replace(tzinfo=berlin).astimezone(UTC))
    assert numbers(ask(there, berlin)) == numbers(ask(awake))


@pytest.mark.parametrize("times", [3, 50])
def test_the_size_of_the_account(times: int) -> None:
    """Up to what counting from one instead of zero makes of it."""
    samples = account(200)
    larger = ask([replace(s, likes=(s.likes or 0) * times) for s in samples])
    for one, other in zip(larger.hours, ask(samples).hours, strict=True):
        assert one.uplift == pytest.approx(other.uplift, abs=0.01)


def test_one_viral_post_hardly_changes_it() -> None:
    samples = account(150)
    viral = [replace(s, likes=10**8) if s.remote_id == "p70" else s for s in samples]
    before, after = ask(samples), ask(viral)
    # It counts as no post at all would, wherever it was.
    for one, other in zip(before.hours, after.hours, strict=True):
        assert other.uplift == pytest.approx(one.uplift, abs=0.1)
    assert {hour.hour for hour in after.best_hours} == {17, 18, 19, 20, 21}


# --- posts that say next to nothing ---

SMALL = [0, 1, 5, 30, 64]


@pytest.mark.parametrize("posts", [*SMALL, 500])
def test_any_number_of_posts_is_answered(posts: int) -> None:
    complete(ask(account(posts)), posts)


@pytest.mark.parametrize(
    ("name", "likes"),
    [
        ("all equal", lambda rng, at: 7),
        ("zeros only", lambda rng, at: 0),
        ("nearly only zeros", lambda rng, at: int(rng.random() < 0.05)),
        ("as large as counts can be", lambda rng, at: rng.randrange(LARGEST_COUNT)),
    ],
)
@pytest.mark.parametrize("posts", [2, 40])
def test_any_counts_are_answered(name: str, likes: Callable[[random.Random, datetime], int], posts: int) -> None:
    complete(ask(account(posts, likes=likes)), posts)


@pytest.mark.parametrize("posts", [2, 40])
def test_posts_of_one_hour_of_the_week_are_answered(posts: int) -> None:
    samples = [replace(s, published_at=MONDAY + i * WEEK) for i, s in enumerate(account(posts))]
    complete(ask([replace(s, observed_at=s.published_at + 5 * DAY) for s in samples]), posts)


def test_posts_of_one_kind_and_posts_with_nothing_but_views_are_answered() -> None:
    samples = account(40)
    complete(ask([replace(s, kind="video") for s in samples]), 40)
    complete(ask([replace(s, likes=None, comments=None, shares=None, views=s.likes, kind=None) for s in samples]), 40)


def complete(found: Recommendation, posts: int) -> None:
    assert found.data_points == posts
    if not posts:
        assert found.signal is Signal.NONE
        return
    assert (len(found.best_hours), len(found.best_days), len(found.best_slots)) == (5, 3, 10)
    for rating in (*found.hours, *found.days, *found.slots):
        assert 0 <= rating.score <= 1
        assert math.isfinite(rating.high)
        assert -1 < rating.low <= rating.uplift <= rating.high
    if posts < 30:
        assert found.signal is Signal.THIN
