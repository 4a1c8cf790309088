"""Plans on weekly slots: spread evenly without metrics, in turn if asked for, and on hours without slots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.plan.test_planner import BERLIN, START, clocks, drafts, nothing, told, within
from tests.examples import examples
from ttp.domain.plan.planner import Plan, spread
from ttp.domain.plan.scoring import AccountSchedule, Basis, Draft, PlanLimits, PlanMethod
from ttp.domain.time.quiet_hours import QuietHours, parse_quiet_hours

ME, YOU = ("x/me",), ("x/you",)


def daily(hour: int, minute: int = 0, days: Sequence[int] = range(30), zone: ZoneInfo = BERLIN) -> list[datetime]:
    """A slot of every day from the start on."""
    first = START.astimezone(zone).replace(hour=hour, minute=minute, tzinfo=None)
    return [(first + timedelta(days=day)).replace(tzinfo=zone).astimezone(UTC) for day in days]


def planned(posts: Sequence[Draft], schedules: dict[str, AccountSchedule], limits: PlanLimits, way: PlanMethod) -> Plan:
    return spread(posts, schedules, limits, way=way)


def test_without_data_posts_go_evenly_over_the_slots() -> None:
    schedules = {"x/me": AccountSchedule(nothing("x/me"), slots=daily(9, 30))}

    plan = spread(drafts(3), schedules, within(9))

    assert clocks(plan) == ["1 Thu 09:30", "2 Sun 09:30", "3 Wed 09:30"]
    assert (plan.basis, plan.per_day, plan.score) == ({ME: Basis.SLOTS}, 1, plan.even_score)


@given(st.integers(1, 30).flatmap(lambda slots: st.tuples(st.just(slots), st.integers(1, slots))))
@examples(40)
def test_each_of_as_many_equal_parts_gets_one_post_in_its_middle(case: tuple[int, int]) -> None:
    slots, posts = case
    row = daily(14, days=range(slots))

    plan = spread(drafts(posts), {"x/me": AccountSchedule(nothing("x/me"), slots=row)}, within(slots))

    for n, one in enumerate(plan.assignments):
        assert abs(row.index(one.at) + 0.5 - (n + 0.5) * slots / posts) <= 0.5


def test_with_data_the_best_hours_are_taken_unless_an_even_spread_is_asked_for() -> None:
    schedules = {"x/me": AccountSchedule(told("x/me"), slots=daily(9, 30))}

    best, even = (planned(drafts(2), schedules, within(), way) for way in (PlanMethod.OPTIMAL, PlanMethod.EVEN))

    assert (clocks(best), best.basis[ME]) == (["1 Tue 18:00", "2 Wed 18:00"], Basis.SCORES)
    assert (clocks(even), even.basis[ME]) == (["1 Thu 09:30", "2 Mon 09:30"], Basis.SLOTS)


def test_in_turn_each_post_takes_the_next_free_slot_in_the_order_given() -> None:
    slots = sorted([*daily(9), *daily(18)])
    busy = [daily(9)[1]]
    posts = [Draft(7, ME), Draft(3, ME), Draft(5, ME), Draft(1, ME)]

    plan = planned(posts, {"x/me": AccountSchedule(nothing("x/me"), busy, slots)}, within(gap_h=0), PlanMethod.SLOTS)

    assert clocks(plan) == ["7 Tue 18:00", "3 Wed 18:00", "5 Thu 09:00", "1 Thu 18:00"]
    assert (plan.basis, plan.per_day, plan.left_out) == ({ME: Basis.SLOTS_IN_TURN}, None, ())


def test_slots_in_turn_keep_the_limits_too() -> None:
    slots = sorted([*daily(9), *daily(9, 30), *daily(18)])
    schedules = {"x/me": AccountSchedule(nothing("x/me"), slots=slots)}
    limits = replace(within(3, per_day=1), quiet=QuietHours(parse_quiet_hours("17-22")))

    plan = planned(drafts(4), schedules, limits, PlanMethod.SLOTS)

    assert (clocks(plan), plan.left_out) == (["1 Wed 09:00", "2 Thu 09:00", "3 Fri 09:00"], (4,))


def test_accounts_that_share_a_post_share_its_slot_and_those_without_slots_go_along() -> None:
    schedules = {
        "x/me": AccountSchedule(nothing("x/me"), slots=sorted([*daily(9), *daily(12)])),
        "x/you": AccountSchedule(nothing("x/you"), slots=daily(12)),
        "x/new": AccountSchedule(nothing("x/new")),
    }
    posts = [Draft(1, ME), Draft(2, ("x/me", "x/you")), Draft(3, ("x/new", "x/you")), Draft(4, ME)]

    plan = planned(posts, schedules, within(), PlanMethod.SLOTS)

    assert clocks(plan) == ["1 Wed 09:00", "2 Wed 12:00", "4 Thu 09:00", "3 Thu 12:00"]


def test_where_there_are_no_slots_or_none_in_common_posts_go_evenly_over_waking_hours() -> None:
    schedules = {
        "x/me": AccountSchedule(nothing("x/me"), slots=daily(9)),
        "x/you": AccountSchedule(nothing("x/you"), slots=daily(10)),
        "x/new": AccountSchedule(nothing("x/new")),
    }
    both = ("x/me", "x/you")
    posts = [Draft(1, ME), Draft(2, both), Draft(3, ("x/new",))]

    plan = planned(posts, schedules, within(), PlanMethod.SLOTS)

    assert plan.basis == {ME: Basis.SLOTS_IN_TURN, both: Basis.HOURS, ("x/new",): Basis.HOURS}
    assert all(8 <= one.at.astimezone(BERLIN).hour < 22 for one in plan.assignments)
    first = next(one.at for one in plan.assignments if one.id == 1)
    second = next(one.at for one in plan.assignments if one.id == 2)
    assert abs(first - second) >= timedelta(hours=1)


@given(
    st.lists(st.sampled_from([ME, YOU, ("x/me", "x/you")]), min_size=1, max_size=12),
    st.dictionaries(
        st.sampled_from(["x/me", "x/you"]),
        st.sets(st.sampled_from([(9, 0), (9, 20), (12, 0), (23, 30)]), min_size=1),
        max_size=2,
    ),
    st.sampled_from(list(PlanMethod)),
    st.none() | st.integers(1, 2),
)
@examples(60)
def test_no_plan_on_slots_breaks_a_limit_or_loses_a_post(
    sets: list[tuple[str, ...]], slots: dict[str, set[tuple[int, int]]], way: PlanMethod, per_day: int | None
) -> None:
    limits = within(4, per_day, quiet="23-6")
    posts = [Draft(n, accounts) for n, accounts in enumerate(sets)]
    schedules = {
        name: AccountSchedule(nothing(name), slots=sorted(at for clock in slots.get(name, ()) for at in daily(*clock)))
        for name in ("x/me", "x/you")
    }

    plan = planned(posts, schedules, limits, way)

    assert sorted([*(one.id for one in plan.assignments), *plan.left_out]) == list(range(len(posts)))
    for name, schedule in schedules.items():
        own = [one for one in plan.assignments if name in posts[one.id].accounts]
        assert all(two.at - one.at >= timedelta(hours=1) for one, two in pairwise(own))
        assert all(6 <= one.at.astimezone(BERLIN).hour < 23 for one in own)
        assert per_day is None or all(
            n <= per_day for n in Counter(one.at.astimezone(BERLIN).date() for one in own).values()
        )
        on_slots = [one for one in own if plan.basis[posts[one.id].accounts] is not Basis.HOURS]
        assert not schedule.slots or {one.at for one in on_slots} <= set(schedule.slots)
