"""A jump of the account that comes with new habits is not taken for an effect of the new hours."""

import math
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import fmean

import pytest

from ttp.domain.optimal.design_matrix import change_of_habits
from ttp.domain.optimal.features import PostFeatures
from ttp.domain.optimal.model import estimate

MONDAY, DAY = datetime(2026, 1, 5, tzinfo=UTC), timedelta(days=1)
MORNINGS, EVENINGS = [8, 9, 10, 11] * 12, [17, 18, 19, 20] * 12


@pytest.mark.parametrize(
    ("hours", "change"),
    [
        pytest.param(MORNINGS + EVENINGS, 48, id="a move"),
        pytest.param(MORNINGS + EVENINGS * 3, 48, id="wherever it is"),
        pytest.param([8, 9, 9, 10, 20, 19, 19, 18], None, id="too few posts to be sure"),
        pytest.param([8, 20] * 48, None, id="the same all along"),
        pytest.param([9], None, id="one post"),
    ],
)
def test_a_change_of_habits_is_found(hours: list[int], change: int | None) -> None:
    assert change_of_habits(hours) == change


def test_a_jump_with_a_change_of_habits_is_no_effect_of_the_new_hours() -> None:
    """Likes grow tenfold at the post with which an account moves from mornings to evenings."""
    dice = Random(1)
    posts = [
        PostFeatures(
            MONDAY + number * DAY, hour, number % 7, "", 5 + dice.gauss(0, 0.6) + math.log(10) * (number >= 48)
        )
        for number, hour in enumerate(MORNINGS + EVENINGS)
    ]
    hours = estimate(tuple(posts)).mean.hours
    assert abs(fmean(hours[17:21]) - fmean(hours[8:12])) < 0.4
