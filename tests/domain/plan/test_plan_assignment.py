"""Families of posts that share accounts: small ones held equal to trying everything, large ones to their bound."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from ttp.domain.plan import assignment
from ttp.domain.plan.assignment import arrange, parts, total
from ttp.domain.plan.bound import Picks
from ttp.domain.plan.grid import AccountCalendar, Family, Grid, is_crowded

NAMES = "abc"
SETS = [accounts for size in (1, 2, 3) for accounts in combinations(NAMES, size)]


@st.composite
def problems(draw: st.DrawFn) -> tuple[Grid, list[Family]]:
    hours, width = draw(st.integers(4, 8)), draw(st.integers(3, 5))
    room = st.dictionaries(st.integers(0, 2), st.integers(0, 2))
    taken = st.lists(st.integers(0, 12).map(lambda n: 1800 * n), max_size=1)
    calendars = {
        name: AccountCalendar("zone", [hour // width for hour in range(hours)], draw(room), draw(taken))
        for name in NAMES
    }
    value = st.none() | st.integers(0, 1000)
    families = [
        Family(accounts, draw(st.integers(1, 2)), draw(st.lists(value, min_size=hours, max_size=hours)))
        for accounts in draw(st.lists(st.sampled_from(SETS), min_size=1, max_size=3, unique=True))
    ]
    return Grid([3600 * hour for hour in range(hours)], 3600 * draw(st.integers(1, 2)), calendars), families


def fits(grid: Grid, families: list[Family], picks: Picks, i: int, hour: int) -> bool:
    """Whether a post of family `i` can be added at that hour."""
    if families[i].values[hour] is None:
        return False
    for account in families[i].accounts:
        calendar = grid.calendars[account]
        own = [h for family, hours in zip(families, picks, strict=True) if account in family.accounts for h in hours]
        if is_crowded(sorted([*calendar.taken, *(grid.at[h] for h in own)]), grid.at[hour], grid.gap):
            return False
        day = calendar.day[hour]
        if sum(calendar.day[h] == day for h in own) >= calendar.room.get(day, 99):
            return False
    return True


def everything_tried(grid: Grid, families: list[Family]) -> tuple[int, int]:
    """The most posts that can be placed, and the best total of so many."""
    best, picks = (0, 0), [list[int]() for _ in families]

    def place(i: int, first: int, left: int, count: int, worth: int) -> None:
        nonlocal best
        best = max(best, (count, worth))
        if i == len(families):
            return
        place(i + 1, 0, families[i + 1].count if i + 1 < len(families) else 0, count, worth)
        for hour in range(first, len(grid.at)) if left else ():
            if fits(grid, families, picks, i, hour):
                picks[i].append(hour)
                place(i, hour + 1, left - 1, count + 1, worth + (families[i].values[hour] or 0))
                picks[i].pop()

    place(0, 0, families[0].count, 0, 0)
    return best


@given(problems())
@examples(50)
def test_a_small_plan_is_the_best_there_is_and_says_so(problem: tuple[Grid, list[Family]]) -> None:
    grid, families = problem
    best = everything_tried(grid, families)

    found = arrange(grid, families)

    assert (sum(map(len, found.picks)), total(families, found.picks)) == best
    if best[0] == sum(family.count for family in families):
        assert found.bound == best[1]
    for i, hours in enumerate(found.picks):
        for hour in hours:
            others = [[h for h in row if (j, h) != (i, hour)] for j, row in enumerate(found.picks)]
            assert fits(grid, families, others, i, hour)


def _large(days: int, per_day: int) -> tuple[Grid, list[Family]]:
    random, hours = Random(5), 24 * days
    day = [hour // 24 for hour in range(hours)]
    calendars = {name: AccountCalendar("zone", day, dict.fromkeys(range(days), per_day), []) for name in NAMES}
    week = {name: [random.randrange(100_000) for _ in range(168)] for name in NAMES}
    families = [
        Family(
            accounts, days // 4, [sum(week[name][h % 168] for name in accounts) // len(accounts) for h in range(hours)]
        )
        for accounts in SETS
    ]
    return Grid([3600 * hour for hour in range(hours)], 3600, calendars), families


@pytest.mark.slow
def test_a_large_plan_is_within_a_hundredth_of_its_bound() -> None:
    grid, families = _large(28, 2)

    found = arrange(grid, families)

    assert [len(hours) for hours in found.picks] == [7] * len(families)
    assert total(families, found.picks) <= found.bound <= 1.01 * total(families, found.picks)
    assert arrange(grid, families) == found


def test_a_search_that_is_cut_short_leaves_a_plan_and_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assignment, "ROUNDS", 1)
    monkeypatch.setattr(assignment, "FEWEST_ROUNDS", 1)
    monkeypatch.setattr(assignment, "CHOICES", 3)
    grid, families = _large(4, 2)

    found = arrange(grid, families)

    assert total(families, found.picks) < found.bound


def test_a_search_goes_through_days_that_have_no_limit() -> None:
    calendars = {name: AccountCalendar("zone", [0, 0, 0], {}, []) for name in NAMES}
    values = {("a", "c"): [1, 7, 7], ("a",): [7, 6, 3], ("c",): [1, 7, 0]}
    grid = Grid([0, 3600, 7200], 7200, calendars)
    families = [Family(accounts, 1, own) for accounts, own in values.items()]

    found = arrange(grid, families)

    assert (total(families, found.picks), found.bound) == (15, 15)


def test_posts_without_a_common_account_are_apart() -> None:
    families = [Family(tuple(accounts), 1, []) for accounts in ("a", "b", "cd", "be", "ae")]

    assert parts(families) == [[2], [0, 1, 3, 4]]


def test_the_same_moment_is_crowded_even_without_a_gap() -> None:
    assert is_crowded([10], 10, 0)
    assert not is_crowded([10], 11, 0)
    assert is_crowded([10], 12, 3)
