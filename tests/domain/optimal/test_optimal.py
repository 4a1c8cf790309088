"""The recommendation: rows that are comparable, an order that the data decide, numbers that mean what they say."""

import math
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from ttp.domain.metrics.sample import Sample
from ttp.domain.optimal import recommendation
from ttp.domain.optimal.estimate import Parts
from ttp.domain.optimal.features import NEWEST, features
from ttp.domain.optimal.model import estimate
from ttp.domain.optimal.recommendation import Evidence, Rating, Recommendation, Signal, rank, recommend, week_schedule
from ttp.domain.time.formatting import DAYS_IN_FULL
from ttp.views.optimal import day_json, hour_json, ratings_json, week_slot_json

ACCOUNT = "x/me"
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
ZONE = ZoneInfo("UTC")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def sample(
    post: int | str, at: datetime, likes: int | None = 10, *, age: timedelta = 5 * DAY, **more: object
) -> Sample:
    base = Sample(ACCOUNT, str(post), at, at + age, likes=likes, comments=0, shares=0)
    return replace(base, **more)  # type: ignore[arg-type] # the fields are the test's own


def history(posts: int, gain: Callable[[datetime], float], *, seed: int = 7, noise: float = 0.8) -> list[Sample]:
    """Posts at random hours of consecutive days whose log engagement is `gain` plus noise."""
    rng = random.Random(seed)
    times = [MONDAY + i * DAY + rng.randrange(24) * HOUR for i in range(posts)]
    return [
        sample(i, at, round(math.exp(5 + gain(at) + rng.gauss(0, noise))), kind=rng.choice(["image", "video"]))
        for i, at in enumerate(times)
    ]


def evening(at: datetime) -> float:
    return 1.0 if 17 <= at.hour <= 21 else 0.0


def ask(samples: list[Sample], zone: ZoneInfo = ZONE) -> Recommendation:
    return recommend(samples, account=ACCOUNT, zone=zone)


def numbers(found: Recommendation) -> object:
    return found.hours, found.days, found.slots, found.signal, found.confidence


# --- which rows count ---


@pytest.mark.parametrize(
    ("usual", "zero", "left_out"),
    [
        pytest.param(20, sample("zero", MONDAY, 0), 1, id="a post without any"),
        pytest.param(19, sample("zero", MONDAY, 0), 0, id="where few are usual"),
        pytest.param(20, sample("zero", MONDAY, 0, comments=None, shares=None), 1, id="without other counts"),
        pytest.param(20, sample("zero", MONDAY, 0, comments=1), 0, id="with a comment"),
        pytest.param(20, sample("zero", MONDAY, None), 0, id="with hidden likes"),
    ],
)
def test_impossible_zeros_are_left_out_and_counted(usual: int, zero: Sample, left_out: int) -> None:
    found = ask([*(sample(n, MONDAY + n * DAY, usual) for n in range(20)), zero])
    assert (found.left_out, found.data_points) == (left_out, 21 - left_out)
    assert ratings_json(found)["leftOut"] == left_out


def test_zeros_do_not_move_the_recommendation() -> None:
    posts = history(60, evening)
    zeros = [replace(one, remote_id=f"zero{n}", likes=0) for n, one in enumerate(posts[::4])]
    assert replace(ask([*posts, *zeros]), left_out=0) == ask(posts)


def chosen(*samples: Sample) -> list[float]:
    """The counts that stand for the posts."""
    return [round(math.expm1(row.engagement)) for row in features(samples, account=ACCOUNT, zone=ZONE)]


def test_engagement_is_likes_comments_and_shares_and_unknown_parts_are_left_out() -> None:
    assert chosen(sample(1, MONDAY, 5, comments=3, shares=2, views=999)) == [10]
    assert chosen(sample(1, MONDAY, 5, comments=3, shares=None)) == [8]


def test_views_count_where_an_account_has_nothing_else() -> None:
    assert chosen(
        sample(1, MONDAY, 0, views=70), sample(2, MONDAY + HOUR, None, comments=None, shares=None, views=90)
    ) == [
        70,
        90,
    ]


@each(
    ("likes", "views", "by_views"),
    [(2, 30, True), (2, 19, False), (3, 900, False), (0, 10, True), (0, 9, False)],
)
def test_views_count_where_engagement_is_small_and_views_are_ten_times_more(
    likes: int, views: int, by_views: bool
) -> None:
    posts = [sample(n, MONDAY + n * HOUR, likes, views=views) for n in range(3)]
    one = sample(3, MONDAY + 3 * HOUR, 80, views=views)
    assert chosen(*posts, one) == ([views] * 4 if by_views else [likes] * 3 + [80])


def test_views_that_are_known_of_few_posts_do_not_count() -> None:
    posts = [sample(n, MONDAY + n * HOUR, 1, views=100 if n == 0 else None) for n in range(3)]
    assert chosen(*posts) == [1, 1, 1]


def test_a_post_of_unknown_engagement_is_left_out_beside_posts_that_have_some() -> None:
    unknown = sample(2, MONDAY, None, comments=None, shares=None, views=900)
    assert chosen(sample(1, MONDAY, 5), unknown) == [5]


def test_posts_without_any_engagement_count_as_such() -> None:
    assert chosen(sample(1, MONDAY, 0), sample(2, MONDAY + HOUR, 0, views=0)) == [0, 0]


@each(
    ("ages_in_hours", "stands"),
    [
        ((1, 72, 200), 200),
        ((72, 200, 24 * 15), 200),
        ((1, 20, 24 * 20, 24 * 90), 24 * 20),
        ((1, 20), 20),
    ],
)
def test_the_newest_comparable_sample_stands_for_its_post(ages_in_hours: tuple[int, ...], stands: int) -> None:
    samples = [sample(1, MONDAY, hours, age=hours * HOUR) for hours in ages_in_hours]
    assert chosen(*samples) == chosen(*reversed(samples)) == [stands]


def test_young_posts_wait_until_enough_have_settled() -> None:
    settled = [sample(i, MONDAY + i * DAY, 1) for i in range(8)]
    young = [sample(f"young{i}", MONDAY + (20 + i) * DAY, 2, age=HOUR) for i in range(9)]
    assert chosen(*settled, *young[:8]) == [1] * 8
    assert chosen(*settled, *young) == [1] * 8 + [2] * 9
    assert chosen(*settled[:7], young[0]) == [1] * 7 + [2]


def test_only_the_newest_thousand_posts_of_the_account_count() -> None:
    samples = [sample(i, MONDAY + i * HOUR, i) for i in range(NEWEST + 5)]
    assert chosen(*samples, replace(samples[0], account="x/other"))[:2] == [5, 6]
    assert len(chosen(*samples)) == NEWEST


def test_hours_and_weekdays_are_those_of_the_accounts_wall_clock() -> None:
    late_sunday = sample(1, datetime(2026, 7, 5, 23, 30, tzinfo=UTC))
    winter = sample(2, datetime(2026, 12, 6, 23, 30, tzinfo=UTC))
    rows = features([late_sunday, winter], account=ACCOUNT, zone=ZoneInfo("Europe/Berlin"))
    assert [(row.weekday, row.hour) for row in rows] == [(0, 1), (0, 0)]


# --- what is left out ---


def parts_of(samples: list[Sample]) -> list[Parts]:
    return list(estimate(features(samples, account=ACCOUNT, zone=ZONE)).posts)


def rest_of(samples: list[Sample]) -> list[float]:
    return [parts.adjusted for parts in parts_of(samples)]


def test_the_parts_of_a_post_add_up_and_what_is_left_is_centred() -> None:
    samples = history(90, evening)
    viral = [replace(s, likes=10**9) if s.remote_id == "40" else s for s in samples]
    told = parts_of(viral)
    rows = features(viral, account=ACCOUNT, zone=ZONE)
    for row, parts in zip(rows, told, strict=True):
        assert parts.trend + parts.kind + parts.clipped + parts.adjusted == pytest.approx(row.engagement)
    assert sum(parts.adjusted for parts in told) == pytest.approx(0, abs=1e-9)
    assert told[40].clipped == max(parts.clipped for parts in told) > 10


def test_growth_of_the_account_is_taken_out() -> None:
    grown = [sample(i, MONDAY + i * DAY, round(10 * 1.02**i)) for i in range(300)]
    rest = rest_of(grown)
    assert max(map(abs, rest[30:-30])) < 0.1


def test_the_kind_of_post_is_taken_out() -> None:
    """Videos bring ten times as much and all are posted in the morning, which does not make mornings better."""
    rng = random.Random(3)
    samples = []
    for i in range(300):
        kind = rng.choice(["text", "text", "video"])
        at = MONDAY + i * DAY + (rng.randrange(6, 10) if kind == "video" else rng.randrange(12, 22)) * HOUR
        samples.append(
            sample(i, at, round((1000 if kind == "video" else 100) * math.exp(rng.gauss(0, 0.5))), kind=kind)
        )
    told, untold = ask(samples), ask([replace(s, kind=None) for s in samples])
    assert untold.hours[8].uplift > 0.5
    assert abs(told.hours[8].uplift) < 0.1


# --- what is reported ---


def test_without_data_everything_is_empty_and_the_signal_is_none() -> None:
    found = recommend([sample(1, MONDAY)], account="instagram/shop", zone=ZoneInfo("Europe/Berlin"))
    assert ratings_json(found, everything=True) == {
        "account": "instagram/shop",
        "platform": "instagram",
        "timezone": "Europe/Berlin",
        "from": None,
        "to": None,
        "bestHours": [],
        "bestDays": [],
        "dataPoints": 0,
        "signal": "none",
        "evidence": "none",
        "daysFirst": False,
        "leftOut": 0,
        "onlineFollowers": None,
        "factors": [],
        "noFactors": None,
        "hours": [],
        "days": [],
        "slots": [],
    }
    assert [(day["day"], day["slots"]) for day in week_schedule(found)] == [(day, []) for day in DAYS_IN_FULL]


def test_a_single_post_tells_hardly_anything_apart() -> None:
    found = ask([sample(1, MONDAY)])
    assert {round(hour.uplift, 9) for hour in found.hours} == {0.0}
    assert all(0.15 < hour.score < 0.27 for hour in found.hours)


def test_ties_go_to_hours_at_which_people_are_awake() -> None:
    even = [sample(i, MONDAY + i * HOUR, 10) for i in range(168 * 2)]
    found = ask(even)
    assert [hour.hour for hour in found.best_hours] == [11, 12, 13, 14, 15]
    assert [day.day for day in found.best_days] == [0, 1, 2]
    assert {hour.score for hour in found.hours} == {5 / 24}
    assert {day.score for day in found.days} == {3 / 7}
    assert found.signal is Signal.THIN


@pytest.mark.parametrize("posts", [1, 2, 40])
def test_equal_posts_recommend_waking_hours_and_those_the_account_posts_at_first(posts: int) -> None:
    """However early an account posts, the night is never recommended."""
    samples = [sample(i, MONDAY + i * DAY + (3 if i % 2 else 20) * HOUR) for i in range(posts)]
    found = ask(samples)
    assert found.best_hours[0].hour == 20
    assert all(hour.hour not in range(8) for hour in found.best_hours)
    assert found.best_days[0].data_points > 0
    assert found.best_slots[0].hour == 20


def test_hidden_likes_are_not_taken_for_bad_hours() -> None:
    """No hour is better than another; the likes of half of the evening's posts are not told."""
    rng = random.Random(4)
    samples = [
        replace(one, likes=None, comments=rng.randrange(3, 9)) if one.published_at.hour >= 17 and rng.random() < 0.5
        else replace(one, comments=6)
        for one in history(200, lambda _: 0.0)
    ]  # fmt: skip
    found = ask(samples)
    assert max(abs(hour.uplift) for hour in found.hours) < 0.15
    assert found.signal is Signal.THIN


def test_the_best_hours_are_found_where_their_likes_are_hidden_on_half_of_the_posts() -> None:
    rng = random.Random(5)
    samples = [
        replace(one, likes=None, comments=round((one.likes or 0) / 20), shares=None)
        if one.published_at.hour >= 17 and rng.random() < 0.5
        else replace(one, comments=round((one.likes or 0) / 20))
        for one in history(300, evening)
    ]
    found = ask(samples)
    assert {hour.hour for hour in found.best_hours} == {17, 18, 19, 20, 21}


@pytest.mark.slow
def test_evidence_is_strong_only_where_the_best_hour_is_above_the_average() -> None:
    for gain, posts in ((0.0, 100), (0.4, 100), (1.0, 100), (1.0, 29)):
        for seed in range(3):
            found = ask(history(posts, lambda at, gain=gain: gain * evening(at), seed=seed))  # type: ignore[misc]
            sure = posts >= 30 and found.best_hours[0].low > 0 and found.best_hours[0].data_points > 0
            assert (found.evidence is Evidence.STRONG) == sure == (found.signal is Signal.OK)
            assert ratings_json(found)["evidence"] == found.evidence.value


@each(
    ("posts", "low", "tried", "confidence", "evidence"),
    [
        (40, -0.1, 5, 0.85, Evidence.SOME),
        (40, -0.1, 5, 0.84, Evidence.THIN),
        (40, 0.1, 5, 0.1, Evidence.STRONG),
        (40, 0.1, 0, 0.9, Evidence.SOME),
        (40, 0.1, 0, 0.8, Evidence.THIN),
        (29, 0.1, 5, 0.9, Evidence.THIN),
    ],
)
def test_evidence_needs_posts_and_probability(
    posts: int, low: float, tried: int, confidence: float, evidence: Evidence
) -> None:
    hour = Rating(None, 18, 0.9, 0.2, low, 0.3, tried)
    assert recommendation._evidence(posts, hour, confidence) is evidence


@pytest.mark.parametrize(("posts", "asleep"), [(9, False), (10, True)])
def test_below_ten_posts_only_hours_are_recommended_at_which_people_are_awake(posts: int, asleep: bool) -> None:
    found = ask([sample(n, MONDAY + n * DAY + 3 * HOUR, 100) for n in range(posts)])
    night = replace(found, hours=tuple(replace(hour, score=1 / (1 + (hour.hour or 0))) for hour in found.hours))
    assert any(hour.hour in (3, 4) for hour in night.best_hours) == asleep
    nights = replace(found, slots=tuple(replace(slot, uplift=1 / (1 + (slot.hour or 0))) for slot in found.slots))
    assert any(slot.hour == 0 for slot in nights.best_slots) == asleep
    assert (len(night.best_hours), len(nights.best_slots)) == (5, 10)


@each(
    ("day_low", "hour_low", "posts", "first"),
    [(0.0, -0.1, 30, True), (-0.01, -0.1, 30, False), (0.1, 0.0, 30, False), (0.1, -0.1, 29, False)],
)
def test_days_come_first_where_they_alone_are_surely_no_worse_than_the_average(
    day_low: float, hour_low: float, posts: int, first: bool
) -> None:
    hours = tuple(Rating(None, hour, 0.5, 0.1, hour_low if hour == 18 else -0.2, 0.3, 5) for hour in range(24))
    days = tuple(Rating(day, None, 0.5, 0.1, day_low if day == 5 else -0.2, 0.3, 5) for day in range(7))
    found = Recommendation(ACCOUNT, ZONE, hours=hours, days=days, data_points=posts)
    assert found.days_first is first
    assert ratings_json(found)["daysFirst"] is first


def test_the_hours_that_bring_more_are_found() -> None:
    found = ask(history(300, evening))
    assert {hour.hour for hour in found.best_hours} == {17, 18, 19, 20, 21}
    assert found.signal is Signal.OK
    assert found.hours[19].uplift > 0.3 > 0 > found.hours[8].uplift
    assert found.hours[19].score > 0.9
    assert found.hours[8].score < 0.05


def test_the_days_that_bring_more_are_found() -> None:
    found = ask(history(600, lambda at: 0.8 * (at.weekday() in (1, 3, 5))))
    assert {day.day for day in found.best_days} == {1, 3, 5}


def test_the_weekend_has_hours_of_its_own() -> None:
    found = ask(history(1000, lambda at: 1.2 * ((8 <= at.hour < 12) if at.weekday() > 4 else (18 <= at.hour < 22))))
    by_day = [rank(found.slots[24 * day : 24 * day + 24])[0].hour for day in range(7)]
    assert all(hour in range(17, 23) for hour in by_day[:5])
    assert all(hour in range(7, 13) for hour in by_day[5:])


def test_a_better_hour_is_found_where_the_mean_of_each_hour_is_fooled() -> None:
    """One lucky post at 3:00 beats every mean, and is one post."""
    samples = [*history(300, evening), sample("lucky", MONDAY + 40 * DAY + 3 * HOUR, 50_000)]
    assert 3 not in {hour.hour for hour in ask(samples).best_hours}


def test_the_json_is_the_contract() -> None:
    found = ask(history(64, evening))
    shape = ratings_json(found, everything=True)
    head = [
        "account",
        "platform",
        "timezone",
        "from",
        "to",
        "bestHours",
        "bestDays",
        "dataPoints",
        "signal",
        "evidence",
        *("daysFirst", "leftOut", "onlineFollowers", "factors", "noFactors"),
    ]
    assert list(shape) == [*head, "hours", "days", "slots"]
    assert list(ratings_json(found)) == head
    times = [s.published_at for s in history(64, evening)]
    assert (shape["from"], shape["to"]) == (f"{min(times):%Y-%m-%dT%H:%M:%SZ}", f"{max(times):%Y-%m-%dT%H:%M:%SZ}")
    assert (shape["dataPoints"], shape["signal"]) == (64, found.signal.value)
    first_hour, first_day = hour_json(found.best_hours[0]), day_json(found.best_days[0])
    assert list(first_hour) == ["hour", "score", "uplift", "low", "high", "dataPoints"]
    assert list(first_day) == ["day", "score", "uplift", "low", "high", "dataPoints"]
    assert list(week_slot_json(found.slots[30]).items())[:2] == [("day", "Tuesday"), ("hour", 6)]


def test_every_part_of_the_week_is_rated_and_every_post_counted_once() -> None:
    found = ask(history(100, evening))
    for ratings, size, top in ((found.hours, 24, 5), (found.days, 7, 3), (found.slots, 168, 10)):
        assert len(ratings) == size
        assert sum(rating.data_points for rating in ratings) == 100
        assert sum(rating.score for rating in ratings) == pytest.approx(top, rel=0.02)
        assert all(rating.low <= rating.uplift <= rating.high for rating in ratings)
    assert [(slot.day, slot.hour) for slot in found.slots] == [(day, hour) for day in range(7) for hour in range(24)]


def test_a_week_lists_the_hours_of_each_day_best_first() -> None:
    found = ask(history(100, evening))
    for day, listed in enumerate(week_schedule(found)):
        assert listed["day"] == DAYS_IN_FULL[day]
        slots = listed["slots"]
        assert isinstance(slots, list)
        assert [slot["hour"] for slot in slots] == [slot.hour for slot in rank(found.slots[24 * day : 24 * day + 24])]
        uplifts = [found.slots[24 * day + slot["hour"]].uplift for slot in slots]
        assert uplifts == sorted(uplifts, reverse=True)


def test_slots_are_ordered_by_uplift_and_hours_by_score() -> None:
    worse, better = Rating(0, 9, 0.5, 0.1, 0.0, 0.2, 1), Rating(0, 10, 0.4, 0.2, 0.0, 0.3, 1)
    assert rank([worse, better]) == (better, worse)
    hours = [replace(one, day=None) for one in (better, worse)]
    assert [one.hour for one in rank(hours)] == [9, 10]


def test_an_account_that_posts_at_its_best_hours_alone_is_known_to() -> None:
    posts = [sample(n, MONDAY + n * DAY + (18 + n % 2) * HOUR, 50) for n in range(40)]
    assert ask(posts).keeps_to_best
    assert not ask(posts[:29]).keeps_to_best
    assert not ask(history(200, evening)).keeps_to_best
    assert not ask(posts).by_views
    assert ask([sample(n, MONDAY + n * DAY, 0, views=50) for n in range(40)]).by_views


def test_the_eighty_percent_interval_narrows_with_posts() -> None:
    few, many = (ask(history(posts, evening)).hours[19] for posts in (50, 900))
    assert math.log((1 + many.high) / (1 + many.low)) < math.log((1 + few.high) / (1 + few.low)) / 1.5


def test_an_estimate_is_the_same_every_time() -> None:
    rows = features(history(50, evening), account=ACCOUNT, zone=ZONE)
    first = estimate(rows)
    estimate.cache_clear()
    assert estimate(rows) == first


# --- what must not matter ---

SAMPLES = st.lists(
    st.builds(
        lambda post, hours, likes, age: sample(post, MONDAY + hours * HOUR, likes, age=age * HOUR),
        st.integers(0, 12),
        st.integers(0, 2000),
        st.integers(0, 5000),
        st.integers(0, 900),
    ),
    max_size=20,
)


def rows_of(samples: list[Sample], zone: ZoneInfo = ZONE) -> list[tuple[int, int, str, float]]:
    return [row[1:5] for row in features(samples, account=ACCOUNT, zone=zone)]


@given(SAMPLES, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_of_samples_changes_the_rows(samples: list[Sample], rng: random.Random) -> None:
    again = samples + samples[:5]
    rng.shuffle(again)
    assert rows_of(again) == rows_of(samples)


@given(SAMPLES, st.integers(1, 60), st.integers(0, 12))
def test_the_same_wall_clock_weeks_later_in_a_zone_further_east_gives_the_same_rows(
    samples: list[Sample], weeks: int, hours: int
) -> None:
    assert rows_of(moved(samples, 7 * weeks * DAY - hours * HOUR), ZoneInfo(f"Etc/GMT-{hours}")) == rows_of(samples)


def moved(samples: list[Sample], by: timedelta) -> list[Sample]:
    return [replace(s, published_at=s.published_at + by, observed_at=s.observed_at + by) for s in samples]


def test_the_zone_does_not_change_the_answer() -> None:
    samples = history(120, evening)
    assert numbers(ask(moved(samples, 70 * DAY - 9 * HOUR), ZoneInfo("Asia/Tokyo"))) == numbers(ask(samples))
