"""The result of an estimate. All numbers are in log units: 0.1 is about 10 % more engagement."""

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
    """One post's engagement as the sum of four parts."""

    trend: float
    """The engagement of the account's usual post at that time."""
    kind: float
    """How much more posts of its kind collect, or less if some of its counts are hidden."""
    clipped: float
    """The part that no hour explains: positive for a viral post, negative for a failed one."""
    adjusted: float
    """The rest, from which the effects are estimated. Its mean over the account's posts is zero."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The best guess, equally likely alternatives, and the parts of each post in the given order."""

    mean: Effects
    draws: Sequence[Effects]
    posts: Sequence[Parts]
