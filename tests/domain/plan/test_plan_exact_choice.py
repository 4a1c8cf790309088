"""The best hours of posts that go to the same accounts: held equal to trying everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from ttp.domain.plan.exact_choice import Days, choose


@st.composite
def _limit(draw: st.DrawFn, at: Sequence[int]) -> Days:
    width, offset = draw(st.integers(2, 6)), draw(st.integers(0, 3))
    of = [(one + offset) // width for one in at]
    return Days(of, draw(st.dictionaries(st.sampled_from(of), st.integers(-1, 3))) if of else {})


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[int], list[int], int, list[Days], int]:
    at = sorted(draw(st.sets(st.integers(0, 13), max_size=9)))
    values = draw(st.lists(st.integers(-5, 6), min_size=len(at), max_size=len(at)))
    days = draw(st.lists(_limit(at), max_size=2))
    return at, values, draw(st.integers(0, 4)), days, draw(st.integers(0, 6))


def everything_tried(
    at: Sequence[int], values: Sequence[int], gap: int, days: Sequence[Days], count: int
) -> tuple[int, ...]:
    """The best choice of as many hours as fit, the earliest of equal ones."""

    def allowed(hours: Sequence[int]) -> bool:
        return all(at[two] - at[one] >= gap for one, two in pairwise(hours)) and all(
            used <= one.room.get(day, used) for one in days for day, used in Counter(one.of[h] for h in hours).items()
        )

    for size in range(count, 0, -1):
        found = [hours for hours in combinations(range(len(at)), size) if allowed(hours)]
        if found:
            return max(found, key=lambda hours: (sum(values[h] for h in hours), [-h for h in hours]))
    return ()


@given(problems())
def test_no_choice_of_as_many_hours_is_better_and_equal_ones_are_later(
    problem: tuple[list[int], list[int], int, list[Days], int],
) -> None:
    assert tuple(choose(*problem)) == everything_tried(*problem)


def test_one_more_post_may_cost_all_the_good_hours() -> None:
    at, values = [0, 1, 2, 3, 4], [0, 10, 0, 10, 0]

    assert choose(at, values, 2, [], 2) == [1, 3]
    assert choose(at, values, 2, [], 3) == [0, 2, 4]
    assert choose(at, values, 2, [], 9) == [0, 2, 4]


def test_days_of_two_zones_are_both_kept() -> None:
    at, values = list(range(6)), [5, 6, 5, 6, 5, 6]
    east, west = Days([0, 0, 0, 1, 1, 1], {0: 1, 1: 1}), Days([0, 0, 1, 1, 1, 1], {0: 1, 1: 1})

    assert choose(at, values, 1, [east], 3) == [1, 3]
    assert choose(at, values, 1, [east, west], 3) == [1, 3]
    assert choose(at, values, 1, [east, Days([0, 0, 0, 0, 0, 1], {0: 1})], 3) == [1, 5]


def test_without_hours_or_posts_nothing_is_chosen() -> None:
    assert choose([], [], 3600, [], 4) == []
    assert choose([0, 1], [1, 1], 2, [], 0) == []
    assert choose([0], [1], 1, [Days([0], {0: 0})], 1) == []
