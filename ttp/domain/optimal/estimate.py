"""What an estimator answers: effects of hours, weekdays and slots, and what became of each post on the way to them.

Shapes only. All numbers are in log units: 0.1 is about 10 % more engagement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Effects(NamedTuple):
    """Log engagement above the account's average: per hour (24), per weekday (7), per slot (168, Monday 0:00 first)."""

    hours: list[float]
    days: list[float]
    slots: list[float]


@dataclass(frozen=True, slots=True)
class Parts:
    """One post's engagement, taken apart: it is the sum of the four."""

    trend: float
    """What a usual post of the account collected at that time."""
    kind: float
    """How much more posts of its kind collect, and less where some of the counts are hidden."""
    clipped: float
    """What was taken away because no hour explains that much: positive from a viral post, negative from a dud."""
    adjusted: float
    """What is left, which the effects are estimated from. Its mean over the account's posts is zero."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The best guess, equally likely alternatives to it, and the posts behind it in the order they were given."""

    mean: Effects
    draws: Sequence[Effects]
    posts: Sequence[Parts]
