"""When a comment is due."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.clock import START
from ttp.domain.comments import due_at
from ttp.domain.delivery import Delivery, DeliveryState

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("published_in", "after_s", "now_in", "due_in"),
    [
        (1, None, 1, 1),
        (1, 600.0, 1, 11),
        (1, 600.0, 60, 60),  # it was written later
        (-1440, 600.0, -1440, 10),  # the clock was set back meanwhile
    ],
)
def test_it_is_due_after_its_post(published_in: int, after_s: float | None, now_in: int, due_in: int) -> None:
    parent = Delivery("x/me", "x", DeliveryState.PUBLISHED, due_at=START, published_at=START + published_in * MINUTE)
    assert due_at(parent, after_s, START + now_in * MINUTE) == START + due_in * MINUTE
