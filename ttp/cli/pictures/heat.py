"""What every heat map of the week shares, on a terminal and in files: levels of uplift, and what a slot says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ttp.cli.clean import safe
from ttp.cli.pictures.marks import plural
from ttp.cli.pictures.recommendation import interval, percent, signal_words, signed
from ttp.domain.optimal import DAYS, Rating, Recommendation

NO_POST, BEST = "·", "★"
NUMBERS = "Numbers: engagement expected over the average of the account, in percent."
_LEAST_SPAN = 0.05
"""Differences of less must not look like a summit and a valley."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Uplifts from `low` to `high` in so many equal `levels`, 0 the lowest."""

    low: float
    high: float
    levels: int

    def level(self, uplift: float) -> int:
        share = (uplift - self.low) / (self.high - self.low)
        return max(0, min(self.levels - 1, int(share * self.levels)))

    def starts(self, level: int) -> float:
        """The uplift at which a level begins."""
        return self.low + (self.high - self.low) * level / self.levels


def scale_of(slots: Sequence[Rating], levels: int) -> Scale:
    """The scale on which the worst slot is at the bottom and the best one at the top."""
    low, high = min(slot.uplift for slot in slots), max(slot.uplift for slot in slots)
    missing = max(0.0, _LEAST_SPAN - (high - low)) / 2
    return Scale(low - missing, high + missing, levels)


def best_places(told: Recommendation) -> frozenset[tuple[int | None, int | None]]:
    """Weekday and hour of the ten best slots."""
    return frozenset((slot.day, slot.hour) for slot in told.best_slots)


def slot_words(slot: Rating, *, is_best: bool) -> str:
    """Everything about a slot in words: `Tuesday 18:00: +12 % (+3 to +21), 37 posts, 92 % among your true best ten`."""
    among = f"{percent(slot.score)} among your true best ten" + (", one of the ten best" if is_best else "")
    where = f"{DAYS[slot.day or 0]} {slot.hour:02}:00"
    return f"{where}: {signed(slot.uplift)} % {interval(slot)}, {plural(slot.data_points, 'post')}, {among}"


def headline(told: Recommendation) -> str:
    """`585 posts, hours in Europe/Berlin`; in a file, where nobody sees what was typed."""
    if not told.data_points:
        return "No measured posts yet."
    period = f", {told.first_at:%Y-%m-%d} to {told.last_at:%Y-%m-%d}"
    return f"{plural(told.data_points, 'post')}{period}, hours in {safe(told.zone.key)}"


def file_words(told: Recommendation) -> list[str]:
    """The sentences under a heat map in a file."""
    if not told.slots:
        return [f"{safe(told.account)}: no measured posts yet."]
    hours = ", ".join(f"{rating.hour:02}:00" for rating in told.best_hours)
    return [
        f"Best hours: {hours}. {signal_words(told)}",
        f"{BEST} one of the ten best slots. {NO_POST} no post there yet. These are estimates, not raw cells.",
    ]
