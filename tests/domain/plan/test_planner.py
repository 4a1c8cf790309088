"""Plans of drafts: what is best, what every plan keeps, and what is done where nothing is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from ttp.domain.optimal.estimate import Effects
from ttp.domain.optimal.recommendation import AWAKE, Rating, Recommendation
from ttp.domain.plan.planner import Exploring, Plan, spread
from ttp.domain.plan.scoring import TOGETHER, UNKNOWN, AccountSchedule, Draft, PlanLimits
from ttp.domain.time.quiet_hours import QuietHours, parse_quiet_hours

BERLIN, KOLKATA, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata"), ZoneInfo("America/New_York")
START = datetime(2026, 11, 24, 12, 10, tzinfo=UTC)
"""A Tuesday, 13:10 in Berlin."""
FLAT = Effects([0.0] * 24, [0.0] * 7, [0.0] * 168)


def told(name: str, best: dict[tuple[int, int], float] | None = None, zone: ZoneInfo = BERLIN) -> Recommendation:
    """An account whose slots have these scores (day, hour), and little elsewhere."""
    scores = {(1, 18): 0.9, (2, 18): 0.8, (3, 18): 0.7, (4, 12): 0.6} if best is None else best
    slots = tuple(Rating(d, h, scores.get((d, h), 0.01), 0.0, 0.0, 0.0, 0) for d in range(7) for h in range(24))
    return Recommendation(name, zone, slots=slots, data_points=40, draws=(FLAT,))


def nothing(name: str, zone: ZoneInfo = BERLIN) -> Recommendation:
    return Recommendation(name, zone)


def drafts(count: int, *accounts: str, first: int = 1) -> list[Draft]:
    return [Draft(post_id, accounts or ("x/me",)) for post_id in range(first, first + count)]


def within(days: int = 7, per_day: int | None = None, gap_h: float = 1, quiet: str = "") -> PlanLimits:
    return PlanLimits(START, START + timedelta(days=days), per_day, 3600 * gap_h, QuietHours(parse_quiet_hours(quiet)))


def clocks(plan: Plan, zone: ZoneInfo = BERLIN) -> list[str]:
    return [f"{one.id} {one.at.astimezone(zone):%a %H:%M}" for one in plan.assignments]


def test_the_best_hours_are_taken_and_the_first_post_gets_the_first_of_them() -> None:
    plan = spread(drafts(4), {"x/me": AccountSchedule(told("x/me"))}, within())

    assert clocks(plan) == ["1 Tue 18:00", "2 Wed 18:00", "3 Thu 18:00", "4 Fri 12:00"]
    assert plan.score == pytest.approx(3.0)
    assert plan.bound == pytest.approx(plan.score)
    assert plan.even_score == pytest.approx(0.04)
    assert (plan.per_day, plan.left_out) == (1, ())


def test_scheduled_posts_keep_their_hour_their_gap_and_their_place_on_the_day() -> None:
    busy = [datetime(2026, 11, 24, 17, 30, tzinfo=UTC)]
    schedules = {"x/me": AccountSchedule(told("x/me", {(1, 18): 0.9, (1, 20): 0.5}), busy)}

    assert clocks(spread(drafts(1), schedules, within(1, per_day=1))) == ["1 Wed 00:00"]
    assert clocks(spread(drafts(1), schedules, within(1, per_day=2))) == ["1 Tue 20:00"]


def test_a_post_for_several_accounts_counts_the_mean_of_their_scores() -> None:
    schedules = {
        "x/me": AccountSchedule(told("x/me", {(2, 9): 0.8})),
        "x/you": AccountSchedule(told("x/you", {(3, 10): 0.9, (2, 9): 0.2})),
    }

    (one,) = spread(drafts(1, "x/me", "x/you"), schedules, within()).assignments

    assert one.at.astimezone(BERLIN).hour == 9
    assert one.score == pytest.approx(0.5)


@pytest.mark.parametrize("names", [("x/me",), ("x/me", "x/you")])
@pytest.mark.parametrize(("count", "quiet", "hours"), [(5, "", AWAKE), (5, "01-23", (0, 23)), (7, "", AWAKE)])
def test_one_a_day_is_spread_evenly_over_the_best_waking_hours(
    names: tuple[str, ...], count: int, quiet: str, hours: Collection[int]
) -> None:
    best = {(5, 20): 0.9, (6, 0): 0.95, (6, 1): 0.94, (6, 21): 0.5, **{(day, 18): 0.4 for day in range(6)}}
    schedules = {name: AccountSchedule(told(name, best)) for name in names}
    schedules[TOGETHER] = AccountSchedule(nothing(TOGETHER))
    monday = datetime(2026, 11, 29, 23, tzinfo=UTC)
    limits = replace(within(quiet=quiet), start=monday, end=monday + timedelta(days=7))

    plan = spread([Draft(one, (names[one % len(names)], TOGETHER)) for one in range(count)], schedules, limits)

    local = [one.at.astimezone(BERLIN) for one in plan.assignments]
    assert (len(local), {at.hour for at in local} - set(hours)) == (count, set())
    assert {(later.date() - earlier.date()).days for earlier, later in pairwise(local)} <= {1, 2}
    assert quiet or all(one.score >= 0.4 for one in plan.assignments)


def test_each_account_is_read_on_its_own_clock() -> None:
    """18:00 in Kolkata is 13:30 in Berlin, and 7:30 in New York."""
    schedules = {
        "x/in": AccountSchedule(told("x/in", {(2, 18): 0.9}, KOLKATA)),
        "x/us": AccountSchedule(told("x/us", {(2, 7): 0.9}, NEW_YORK)),
    }

    (one,) = spread(drafts(1, "x/in", "x/us"), schedules, within()).assignments

    assert one.at == datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
    assert one.score == pytest.approx(0.9)


def test_quiet_hours_and_dates_of_any_account_of_a_post_are_kept() -> None:
    limits = replace(within(3, quiet="17-22"), quiet=QuietHours(((17 * 60, 22 * 60),), ((date(2026, 11, 25),) * 2,)))
    schedules = {"x/me": AccountSchedule(told("x/me")), "x/us": AccountSchedule(told("x/us", zone=NEW_YORK))}

    plan = spread(drafts(6, "x/me", "x/us"), schedules, limits)

    for one in plan.assignments:
        for zone in (BERLIN, NEW_YORK):
            local = one.at.astimezone(zone)
            assert not 17 <= local.hour < 22
            assert local.date() != date(2026, 11, 25)


def test_without_data_posts_are_spread_evenly_over_waking_hours() -> None:
    plan = spread(drafts(7), {"x/me": AccountSchedule(nothing("x/me"))}, within())

    assert all(one.at.astimezone(BERLIN).hour in AWAKE for one in plan.assignments)
    gaps = [(two.at - one.at) / timedelta(hours=1) for one, two in pairwise(plan.assignments)]
    assert set(gaps) == {24.0}
    assert plan.score == pytest.approx(7 * UNKNOWN) == plan.even_score


def test_quiet_hours_say_when_people_sleep() -> None:
    plan = spread(drafts(20), {"x/me": AccountSchedule(nothing("x/me"))}, within(quiet="6-22"))

    assert {one.at.astimezone(BERLIN).hour for one in plan.assignments} <= {22, 23, 0, 1, 2, 3, 4, 5}


def test_posts_of_accounts_without_data_take_turns() -> None:
    posts = [*drafts(3), *drafts(3, "x/me", "x/you", first=4)]

    plan = spread(
        posts, {"x/me": AccountSchedule(nothing("x/me")), "x/you": AccountSchedule(nothing("x/you"))}, within(6)
    )

    both = [len(next(post.accounts for post in posts if post.id == one.id)) for one in plan.assignments]
    assert both in ([1, 2] * 3, [2, 1] * 3)


def test_as_few_a_day_as_let_all_fit_unless_it_is_said() -> None:
    schedules = {"x/me": AccountSchedule(told("x/me"))}

    assert spread(drafts(8), schedules, within(7)).per_day == 1
    assert spread(drafts(9), schedules, within(7)).per_day == 2
    crowded = spread(drafts(9), schedules, within(7, per_day=1))
    assert (len(crowded.assignments), crowded.left_out) == (8, (9,))


def test_where_the_gap_leaves_no_room_posts_are_left_out() -> None:
    plan = spread(drafts(5), {"x/me": AccountSchedule(told("x/me"))}, within(2, gap_h=24))

    assert (len(plan.assignments), plan.left_out, plan.per_day) == (2, (3, 4, 5), None)


def test_a_night_of_two_thirds_of_the_hours_still_has_room_for_a_full_day() -> None:
    plan = spread(drafts(12), {"x/me": AccountSchedule(told("x/me"))}, within(1, gap_h=2))

    assert (len(plan.assignments), plan.left_out) == (12, ())


def test_the_hour_that_clocks_skip_is_not_taken() -> None:
    night = datetime(2027, 3, 27, 23, 0, tzinfo=UTC)
    limits = PlanLimits(night, night + timedelta(hours=4), None, 3600)

    plan = spread(drafts(4), {"x/me": AccountSchedule(told("x/me"))}, limits)

    assert [one.at.astimezone(BERLIN).hour for one in plan.assignments] == [0, 1, 3, 4]


def test_an_exploring_post_goes_where_a_draw_is_best_and_its_score_stays_what_is_known() -> None:
    peak = replace_slot(5, 3)
    schedules = {"x/me": AccountSchedule(replace(told("x/me"), draws=(peak,)))}

    plan = spread(drafts(3), schedules, within(), Exploring(1.0, "seed"))

    assert "1 Sat 03:00" in clocks(plan)
    assert all(one.explored for one in plan.assignments)
    assert {round(one.score, 2) for one in plan.assignments} <= {0.01, 0.9, 0.8, 0.7, 0.6}


def replace_slot(day: int, hour: int) -> Effects:
    """A draw in which one slot is best."""
    return FLAT._replace(slots=[float(place == 24 * day + hour) for place in range(168)])


def test_the_same_seed_explores_the_same_and_another_does_not() -> None:
    draws = tuple(replace_slot(place % 7, place % 24) for place in range(50))
    schedules = {"x/me": AccountSchedule(replace(told("x/me"), draws=draws)), "x/no": AccountSchedule(nothing("x/no"))}
    posts = [*drafts(8), *drafts(2, "x/no", first=9), *drafts(2, "x/me", "x/no", first=11)]

    plans = [spread(posts, schedules, within(), Exploring(0.5, seed)) for seed in ("a", "a", "b")]

    assert plans[0] == plans[1] != plans[2]
    explored = [one.id for one in plans[0].assignments if one.explored]
    assert 0 < len(explored) < 10
    assert not {9, 10} & set(explored)


@st.composite
def _cases(draw: st.DrawFn) -> tuple[list[Draft], dict[str, AccountSchedule], PlanLimits]:
    names = ["x/a", "x/b", "x/c"]
    schedules = {
        name: AccountSchedule(
            draw(st.sampled_from([told(name), nothing(name)])),
            sorted(START + timedelta(minutes=30 * n) for n in draw(st.sets(st.integers(-10, 150), max_size=3))),
        )
        for name in names
    }
    sets = st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True).map(lambda one: tuple(sorted(one)))
    posts = [Draft(n, accounts) for n, accounts in enumerate(draw(st.lists(sets, min_size=1, max_size=8)), 1)]
    return (
        posts,
        schedules,
        within(draw(st.integers(1, 4)), draw(st.none() | st.integers(1, 3)), draw(st.integers(1, 5)), "23-6"),
    )


@given(_cases(), st.sampled_from([0.0, 0.4]))
@examples(60)
def test_every_plan_keeps_the_limits(
    case: tuple[list[Draft], dict[str, AccountSchedule], PlanLimits], explore: float
) -> None:
    posts, schedules, limits = case
    of = {post.id: post.accounts for post in posts}

    plan = spread(posts, schedules, limits, Exploring(explore, "s"))

    assert sorted([*(one.id for one in plan.assignments), *plan.left_out]) == sorted(of)
    assert plan.score <= plan.bound + 1e-9
    for name, schedule in schedules.items():
        own = [one.at for one in plan.assignments if name in of[one.id]]
        assert all(limits.start <= at < limits.end for at in own)
        assert all((at.astimezone(BERLIN).hour - 6) % 24 < 17 for at in own)
        apart = timedelta(seconds=limits.gap_s)
        assert all(two - one >= apart for one, two in pairwise(own))
        assert all(abs(at - busy) >= apart for at in own for busy in schedule.busy)
        a_day = Counter(at.astimezone(BERLIN).date() for at in own)
        scheduled = Counter(at.astimezone(BERLIN).date() for at in schedule.busy)
        assert plan.per_day is None or all(n <= max(0, plan.per_day - scheduled[day]) for day, n in a_day.items())
