"""What a heat map of the week shows, for terminals, files and pages: the level and the words of each hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ttp.domain.optimal.recommendation import Rating, Recommendation, signed_percent
from ttp.domain.time.formatting import DAYS_IN_FULL

_LEAST_SPAN = 0.05
"""Least span of a scale, so that small differences do not look large."""


class Colors(NamedTuple):
    """The colours of a page: ground, text, less important text, lines, and fill and text of each level."""

    page: str
    ink: str
    soft: str
    line: str
    levels: tuple[tuple[str, str], ...]


_DEEP, _PALE = "#0f2a33", "#ffffff"
LIGHT = Colors(
    "#ffffff",
    "#16242d",
    "#54636d",
    "#d5dde2",
    (
        ("#eff3f5", "#41525c"),
        ("#dcebee", _DEEP),
        ("#bfdfe1", _DEEP),
        ("#94cdcb", _DEEP),
        ("#5cb3b0", _DEEP),
        ("#1f7f86", _PALE),
        ("#0d5763", _PALE),
    ),
)
DARK = Colors(
    "#10181d",
    "#e4ecef",
    "#9fb0b8",
    "#2b3a43",
    (
        ("#19242b", "#a9b8bf"),
        ("#1c323a", "#dbe6ea"),
        ("#1d444c", "#e4f0f2"),
        ("#1f5a61", "#f0f8f8"),
        ("#2d787e", "#ffffff"),
        ("#5cbcb7", "#08191d"),
        ("#9fe6d8", "#08191d"),
    ),
)
LEVELS = len(LIGHT.levels)


@dataclass(frozen=True, slots=True)
class Scale:
    """Uplifts from `low` to `high` in equal levels; 0 is the lowest."""

    low: float
    high: float
    levels: int = LEVELS

    def level(self, uplift: float) -> int:
        share = (uplift - self.low) / (self.high - self.low)
        return max(0, min(self.levels - 1, int(share * self.levels)))

    def words(self) -> list[str]:
        """Return `under -20 %`, `from -20 %`, … for the levels."""
        step = (self.high - self.low) / self.levels
        starts = [signed_percent(self.low + step * level) for level in range(self.levels)]
        return [f"under {starts[1]} %", *(f"from {start} %" for start in starts[1:])]


def scale_of(slots: Sequence[Rating], levels: int = LEVELS) -> Scale:
    """Return the scale from the worst to the best slot."""
    low, high = min(slot.uplift for slot in slots), max(slot.uplift for slot in slots)
    missing = max(0.0, _LEAST_SPAN - (high - low)) / 2
    return Scale(low - missing, high + missing, levels)


@dataclass(frozen=True, slots=True)
class HourCell:
    """One hour of the week. `words`: all that is known of it."""

    slot: Rating
    level: int
    is_best: bool

    @property
    def number(self) -> str:
        return signed_percent(self.slot.uplift)

    @property
    def words(self) -> str:
        return slot_words(self.slot, is_best=self.is_best)


def week_cells(recommendation: Recommendation, scale: Scale) -> list[list[HourCell]]:
    """Return the 24 hours of each day, from Monday. `is_best`: one of the ten best."""
    best = {(slot.day, slot.hour) for slot in recommendation.best_slots}
    cells = [HourCell(slot, scale.level(slot.uplift), (slot.day, slot.hour) in best) for slot in recommendation.slots]
    return [cells[place : place + 24] for place in range(0, len(cells), 24)]


def slot_words(slot: Rating, *, is_best: bool) -> str:
    """Return `Tuesday 18:00: +12 % (+3 to +21), 37 posts, 92 % chance to be in your top 10`."""
    among = f"{percent(slot.score)} chance to be in your top 10" + (", one of the ten best" if is_best else "")
    posts = f"{slot.data_points} post{'' if slot.data_points == 1 else 's'}"
    where = f"{DAYS_IN_FULL[slot.day or 0]} {slot.hour:02}:00"
    return f"{where}: {signed_percent(slot.uplift)} % {interval(slot)}, {posts}, {among}"


def percent(share: float) -> str:
    """Return `92 %` for 0.92, and `>99 %` instead of 100 %."""
    return ">99 %" if share > 0.995 else f"{round(share * 100)} %"


def interval(rating: Rating) -> str:
    """Return `(+3 to +21)`, in percent."""
    return f"({signed_percent(rating.low)} to {signed_percent(rating.high)})"
