"""What brought more: named where it is, never where nothing is or too little is known, and apart from the hours."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ttp.domain.metrics.sample import Sample
from ttp.domain.optimal.backtest import backtest
from ttp.domain.optimal.factors import (
    CERTAIN,
    ClassEffect,
    Factor,
    Factors,
    FormOfPost,
    Place,
    Silence,
    _compare,
    find_factors,
    form_of,
    places_of,
)
from ttp.domain.optimal.recommendation import recommend
from ttp.views.factors import factor_words

ACCOUNT, ZONE, MONDAY = "x/me", ZoneInfo("UTC"), datetime(2026, 1, 5, 9, tzinfo=UTC)
VIDEOS = Place(Factor.KIND, "video")
LONG = Place(Factor.LENGTH, "text", 150)
SOON = Place(Factor.PAUSE, "", 0, 3)


def post(number: int, kind: str, more: float, rng: random.Random, text: str | None = None) -> Sample:
    """Three posts two hours apart every third day, at any hour; their log engagement is 5 + `more` + noise."""
    at = MONDAY + timedelta(days=number - number % 3, hours=number // 3 * 7 % 24 + 2 * (number % 3))
    likes = round(math.exp(5 + more + rng.gauss(0, 0.6)))
    return Sample(ACCOUNT, str(number), at, at + timedelta(days=5), likes, 0, 0, kind=kind, text=text)


def history(posts: int, *, videos: float = 0.0, long: float = 0.0, soon: float = 0.0) -> list[Sample]:
    """Posts whose videos, long texts, and posts soon after others bring so much more."""
    rng, samples = random.Random(4), []
    for number in range(posts):
        kind, is_long = rng.choice(("text", "video")), rng.random() < 0.4
        more = videos * (kind == "video") + long * (is_long and kind == "text") + soon * (number % 3 > 0)
        samples.append(post(number, kind, more, rng, "x" * (200 if is_long else 60)))
    return samples


def found(samples: list[Sample], **known: object) -> Factors:
    return find_factors(samples, account=ACCOUNT, zone=ZONE, **known)  # type: ignore[arg-type] # the test's own


@pytest.mark.parametrize(("effect", "place"), [("videos", VIDEOS), ("long", LONG), ("soon", SOON)])
def test_a_class_that_brought_more_is_named_with_its_interval(effect: str, place: Place) -> None:
    samples = history(90, **{effect: 1.0})
    (line,) = [one for one in found(samples).lines if one.place.factor is place.factor]
    assert (line.place, line.certainty >= CERTAIN) == (place, True)
    assert 0 < line.low < line.uplift < line.high
    assert found(samples).silence is None
    assert found(samples[::-1] + samples[:7]) == found(samples)


def viral() -> list[Sample]:
    rng = random.Random(1)
    return [post(n, "video" if n % 9 == 4 else "text", 4.0 * (n % 9 == 4), rng) for n in range(72)]


@pytest.mark.parametrize(
    ("samples", "silence"),
    [
        ([], None),
        (history(2, videos=2), Silence.FEW_POSTS),
        (history(29, videos=2), Silence.FEW_POSTS),
        ([replace(one, kind="text", text="x", published_at=MONDAY + n * timedelta(days=1), observed_at=MONDAY
          + timedelta(days=90)) for n, one in enumerate(history(60))], Silence.ONE_CLASS),
        (history(90), Silence.NOT_CLEAR),
    ],
)  # fmt: skip
def test_nothing_is_named_where_nothing_is_or_too_little_is_known(
    samples: list[Sample], silence: Silence | None
) -> None:
    assert (found(samples).lines, found(samples).silence) == ((), silence)


def test_a_kind_with_eight_viral_posts_is_not_named() -> None:
    factors = found(viral())
    assert {one.place: one.data_points for one in factors.effects}[VIDEOS] == 8
    assert VIDEOS not in {one.place for one in factors.lines}
    assert factors.silence is not None


def test_posts_that_no_others_are_like_are_not_compared() -> None:
    places = [VIDEOS, Place(Factor.KIND, "image")] * 8
    none = [0.0] * len(places)
    assert not list(_compare(none, none, places, strata=range(len(places)), wholes=none))


def test_texts_never_enter_the_hours() -> None:
    samples = history(60, long=1.0)
    bare = [replace(one, text=None) for one in samples]
    assert recommend(samples, account=ACCOUNT, zone=ZONE) == recommend(bare, account=ACCOUNT, zone=ZONE)


def test_whole_texts_and_threads_are_better_known_than_samples() -> None:
    samples = history(90, long=1.0)
    short = [replace(one, text="x" * 60) for one in samples]
    whole = {one.remote_id: one.text or "" for one in samples}
    assert found(short, texts=whole) == found(samples)
    threads = {one.remote_id for one in samples if one.kind == "video"}
    assert Place(Factor.KIND, "thread") in {one.place for one in found(samples, threads=threads).effects}


def test_a_range_below_zero_says_less() -> None:
    place = Place(Factor.KIND, "video")
    texts = [factor_words(ClassEffect(place, 0.2, low, 0.45, 41, 0.2, 0.9)) for low in (0.05, -0.02, -0.001)]
    assert ["-" in text for text in texts] == [False] * 3
    assert ["less" in text for text in texts] == [False, True, False]


def test_a_draft_has_the_classes_of_its_form() -> None:
    assert form_of("text", "see https://example.org/a") == FormOfPost("link", 25)
    assert form_of("image", None) == FormOfPost("image", None)
    assert places_of(FormOfPost("text", 150)) == (Place(Factor.KIND, "text"), LONG, None)
    assert places_of(FormOfPost("", None), timedelta(hours=3))[2] == Place(Factor.PAUSE, "", 3, 12)


def test_a_backtest_says_what_was_said_and_what_came() -> None:
    (one,) = backtest(history(80, videos=1.5), account=ACCOUNT, zone=ZONE).factors
    assert one.line.place == VIDEOS
    assert one.later is not None
    assert one.later.low > 0
