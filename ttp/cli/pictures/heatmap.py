"""`ttp optimal heatmap` on a terminal: seven days of 24 hours, in colour or in shades."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ttp.cli.pictures.heat import BEST, NO_POST, Scale, best_places, scale_of
from ttp.cli.pictures.page import Page
from ttp.cli.pictures.recommendation import head, no_posts, signal_words, signed, wrapped, zone_words
from ttp.domain.optimal import DAYS, Rating

if TYPE_CHECKING:
    from ttp.services.optimal import Advice

_INDENT = 6
_SHADES = " ░▒▓█"
_WHITE, _BLACK = 231, 16
_COLORS = ((236, _WHITE), (23, _WHITE), (30, _WHITE), (37, _BLACK), (79, _BLACK), (158, _BLACK), (230, _BLACK))
"""Background and ink of each level: dark to light, so that they differ without seeing the colours too."""


def heatmap_picture(advice: Advice, page: Page, *, zone_known: bool = True) -> Iterator[str]:
    """The week of one account. `zone_known`: somebody said in which zone its hours are."""
    told = advice.recommendation
    yield from head(told, page)
    if not told.slots:
        yield no_posts(advice.way)
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
    yield from wrapped(f"{BEST} the ten best   {NO_POST} no post of yours then   (estimates, not raw cells)", page)
    yield from wrapped(signal_words(told), page)
    if not zone_known:
        yield from zone_words(told, page)


def _cell(slot: Rating, scale: Scale, wide: int, page: Page, *, is_best: bool) -> str:
    """One hour: its shade, and in the place of the last column the mark it has."""
    level = scale.level(slot.uplift)
    mark = BEST if is_best else NO_POST if not slot.data_points else ""
    if page.color:
        return page.ground(f"{mark:>{wide}}", *_COLORS[level])
    return _SHADES[level] * (wide - len(mark)) + mark


def _legend(scale: Scale, page: Page) -> Iterator[str]:
    """Each level, and the uplift at which it begins."""
    for level in range(scale.levels):
        swatch = page.ground("  ", *_COLORS[level]) if page.color else _SHADES[level] * 2
        words = f"{signed(scale.starts(level))} %" if level else f"under {signed(scale.starts(1))} %"
        yield f"{swatch} {words}"
