"""Reports: what counts in a period, sums of known counts, groups, the best and the worst posts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tests.rows import each
from ttp.domain.metrics.report import GROUPINGS, MeasuredPost, Period, add_up, change, make_report
from ttp.domain.metrics.sample import Sample

START = datetime(2026, 11, 2, tzinfo=UTC)  # a Monday
NOVEMBER = Period(START, START + timedelta(days=7))
BEFORE = Period(START - timedelta(days=7), START)


def measured(
    likes: int | None = 1,
    *,
    at: datetime = START,
    age: timedelta = timedelta(days=3),
    account: str = "x/me",
    kind: str | None = "text",
    tags: tuple[str, ...] = (),
    **counts: int | None,
) -> MeasuredPost:
    sample = Sample(account, f"{at:%d%H}-{likes}", at, at + age, likes, kind=kind, **counts)  # type: ignore[arg-type]
    return MeasuredPost(sample, at, tags=tags)


def test_a_post_counts_in_the_period_in_which_it_was_published() -> None:
    edges = [BEFORE.start, BEFORE.end - timedelta(milliseconds=1), START, NOVEMBER.end - timedelta(milliseconds=1)]
    outside = [BEFORE.start - timedelta(milliseconds=1), NOVEMBER.end]
    report = make_report([measured(at=at) for at in (*edges, *outside)], NOVEMBER, BEFORE)
    assert [post.published_at for post in report.posts] == [edges[3], edges[2]]
    assert (report.totals.posts, report.before.posts) == (2, 2)


def test_unknown_counts_are_not_zero() -> None:
    totals = add_up([measured(4, comments=2), measured(None, views=90), measured(2)])
    assert (totals.likes, totals.comments, totals.shares, totals.views) == (6, 2, None, 90)
    assert (totals.engagement, totals.median_engagement) == (8, 4.0)


@pytest.mark.parametrize(
    ("likes", "interval"),
    [
        ([], None),
        ([1, 2, 3], None),
        ([4, 1, 900, 2], (1, 900)),
        (range(1, 11), (3, 8)),
        (range(1, 101), (44, 57)),
        (range(2000), (970, 1029)),
    ],
)
def test_a_group_says_how_sure_its_median_is(likes: Sequence[int], interval: tuple[float, float] | None) -> None:
    """Of ten posts, 2 of 1024 orders have all on one side of the median, 22 all but one, 112 all but two."""
    report = make_report([measured(one) for one in likes], NOVEMBER, BEFORE, by=["kind"])
    assert [group.interval for group in report.groups] == [interval] * bool(likes)


def test_nothing_has_no_sums() -> None:
    assert set(add_up([]).numbers().values()) == {0, None}


@each(("now", "before", "share"), [(3, 2, 0.5), (0, 2, -1), (3, 0, None), (None, 2, None), (3, None, None)])
def test_a_change_is_a_share_of_the_period_before(now: int | None, before: int | None, share: float | None) -> None:
    assert change(now, before) == share


def test_the_worst_posts_are_settled_and_not_among_the_best() -> None:
    posts = [measured(likes, at=START + timedelta(hours=likes)) for likes in range(1, 9)]
    young = measured(0, age=timedelta(hours=1))
    report = make_report([*posts, young, measured(None, views=7)], NOVEMBER, BEFORE)
    assert [post.sample.engagement for post in report.best] == [8, 7, 6, 5, 4]
    assert [post.sample.engagement for post in report.worst] == [1, 2, 3]


@each(
    ("by", "values"),
    [
        ("account", ["ig/b", "x/a"]),
        ("platform", ["ig", "x"]),
        ("kind", ["text", "video", "-"]),
        ("hour", ["00:00", "09:00"]),
        ("day", ["Monday", "Tuesday"]),
        ("tag", ["-", "new", "old"]),
    ],
)
def test_groups_have_the_posts_of_both_periods(by: str, values: list[str]) -> None:
    posts = [
        measured(1, account="x/a", tags=("new", "old")),
        measured(2, at=START + timedelta(days=1, hours=9), account="ig/b", kind="video"),
        measured(3, at=BEFORE.start, account="x/a", kind=None),
    ]
    report = make_report(posts, NOVEMBER, BEFORE, by=[by])
    assert [group.value for group in report.groups] == values
    assert {group.by for group in report.groups} == {by}
    in_each = [len(GROUPINGS[by](post)) for post in posts]
    assert sum(group.totals.posts for group in report.groups) == sum(in_each[:2])
    assert sum(group.before.posts for group in report.groups) == in_each[2]
