"""The heat map on a terminal, and what it shares with heat maps in files: levels and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ttp.cli.render.labels import plural
from ttp.cli.render.optimal import head, interval, no_posts, percent, signal_words, signed, wrapped, zone_words
from ttp.cli.render.page import Page
from ttp.cli.render.spec import OutputSpec, separate
from ttp.cli.terminal import escape_text
from ttp.domain.optimal import DAYS, Rating, Recommendation
from ttp.views.optimal import HEATMAP_FIELDS, AccountAdvice, heatmap_json, heatmap_rows, list_with_single

if TYPE_CHECKING:
    from ttp.services.optimal import Advice


NO_POST, BEST = "·", "★"
NUMBERS = "Numbers: expected engagement above the average of the account, in percent."
_LEAST_SPAN = 0.05
"""Least span of a scale, so that small differences do not look large."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Uplifts from `low` to `high` in equal levels; 0 is the lowest."""

    low: float
    high: float
    levels: int

    def level(self, uplift: float) -> int:
        share = (uplift - self.low) / (self.high - self.low)
        return max(0, min(self.levels - 1, int(share * self.levels)))

    def starts(self, level: int) -> float:
        """Return the uplift at which a level begins."""
        return self.low + (self.high - self.low) * level / self.levels


def scale_of(slots: Sequence[Rating], levels: int) -> Scale:
    """Return the scale from the worst to the best slot."""
    low, high = min(slot.uplift for slot in slots), max(slot.uplift for slot in slots)
    missing = max(0.0, _LEAST_SPAN - (high - low)) / 2
    return Scale(low - missing, high + missing, levels)


def best_places(told: Recommendation) -> frozenset[tuple[int | None, int | None]]:
    """Return weekday and hour of the ten best slots."""
    return frozenset((slot.day, slot.hour) for slot in told.best_slots)


def slot_words(slot: Rating, *, is_best: bool) -> str:
    """Return `Tuesday 18:00: +12 % (+3 to +21), 37 posts, 92 % chance to be in your top 10`."""
    among = f"{percent(slot.score)} chance to be in your top 10" + (", one of the ten best" if is_best else "")
    where = f"{DAYS[slot.day or 0]} {slot.hour:02}:00"
    return f"{where}: {signed(slot.uplift)} % {interval(slot)}, {plural(slot.data_points, 'post')}, {among}"


def headline(told: Recommendation) -> str:
    """Return `585 posts, …, hours in Europe/Berlin`, for a file."""
    if not told.data_points:
        return "No measured posts yet."
    period = f", {told.first_at:%Y-%m-%d} to {told.last_at:%Y-%m-%d}"
    return f"{plural(told.data_points, 'post')}{period}, hours in {escape_text(told.zone.key)}"


def file_words(told: Recommendation) -> list[str]:
    """Return the sentences below a heat map in a file."""
    if not told.slots:
        return [f"{escape_text(told.account)}: no measured posts yet."]
    hours = ", ".join(f"{rating.hour:02}:00" for rating in told.best_hours)
    return [
        f"Best hours: {hours}. {signal_words(told)}",
        f"{BEST} one of the ten best slots. {NO_POST} no post there yet. Values are smoothed estimates.",
    ]


_INDENT = 6
_SHADES = " ░▒▓█"
_WHITE, _BLACK = 231, 16
_COLORS = ((236, _WHITE), (23, _WHITE), (30, _WHITE), (37, _BLACK), (79, _BLACK), (158, _BLACK), (230, _BLACK))
"""Background and text of each level, dark to light: they differ in brightness too."""


def render_heatmap(advice: Advice, page: Page, *, zone_known: bool = True) -> Iterator[str]:
    """Draw the week of an account. `zone_known`: its time zone is set."""
    told = advice.recommendation
    yield from head(told, page)
    if not told.slots:
        yield no_posts(advice.data_action)
        return
    wide = 2 if page.width >= _INDENT + 48 else 1
    scale = scale_of(told.slots, len(_COLORS) if page.color else len(_SHADES))
    best = best_places(told)
    yield ""
    yield page.paint(" " * _INDENT + "".join(f"{hour:02}".ljust(3 * wide) for hour in range(0, 24, 3)).rstrip(), "dim")
    for day, name in enumerate(DAYS):
        cells = (
            _cell(slot, scale, wide, page, is_best=(slot.day, slot.hour) in best)
            for slot in told.slots[24 * day : 24 * day + 24]
        )
        yield f"  {name[:3]} {''.join(cells)}".rstrip()
    yield ""
    yield from (f"  {line}" for line in replace(page, width=page.width - 2).flow(_legend(scale, page)))
    yield from wrapped(f"{BEST} the ten best   {NO_POST} no post yet   (smoothed estimates)", page)
    yield from wrapped(signal_words(told), page)
    if not zone_known:
        yield from zone_words(told, page)


def _cell(slot: Rating, scale: Scale, wide: int, page: Page, *, is_best: bool) -> str:
    """Draw an hour: its shade, and its mark in the last column."""
    level = scale.level(slot.uplift)
    mark = BEST if is_best else NO_POST if not slot.data_points else ""
    if page.color:
        return page.ground(f"{mark:>{wide}}", *_COLORS[level])
    return _SHADES[level] * (wide - len(mark)) + mark


def _legend(scale: Scale, page: Page) -> Iterator[str]:
    """Yield each level and the uplift at which it begins."""
    for level in range(scale.levels):
        swatch = page.ground("  ", *_COLORS[level]) if page.color else _SHADES[level] * 2
        words = f"{signed(scale.starts(level))} %" if level else f"under {signed(scale.starts(1))} %"
        yield f"{swatch} {words}"


def heatmaps_spec(*, several: bool = False) -> OutputSpec[AccountAdvice]:
    """Return the spec of `ttp optimal heatmap`: the 168 slots of each account. `several`: rows name their account."""

    def render(all_told: Sequence[AccountAdvice], page: Page) -> Iterable[str]:
        yield from separate(render_heatmap(told.advice, page, zone_known=told.zone_known) for told in all_told)

    return OutputSpec(
        HEATMAP_FIELDS,
        (*(("account",) if several else ()), "day", "hour", "score", "uplift", "dataPoints"),
        heatmap_json,
        render,
        rows=lambda told: heatmap_rows(told.advice.recommendation),
        to_document=list_with_single("heatmap"),
    )
