"""Tables of plain text: aligned, within the page, columns left out one by one where it is narrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ttp.cli.pictures.cells import columns as taken
from ttp.cli.pictures.cells import cut, widest, wrap
from ttp.cli.pictures.page import Page, Style

_INDENT = 2
_GAP = 2
_LEAST = 4


class Cell(NamedTuple):
    """One safe text of a table, and how it is painted."""

    text: str
    style: Style = ""


@dataclass(frozen=True, slots=True)
class Column:
    """`drop`: the column with the highest rank is left out first where the page is narrow; 0 and the last one stay.
    `most`: columns of the terminal beyond which a cell is cut."""

    title: str
    right: bool = False
    drop: int = 0
    most: int = 1000


def table(
    columns: Sequence[Column], rows: Iterable[Sequence[Cell]], page: Page, *, least: int = 16, wrapped: bool = False
) -> Iterator[str]:
    """The lines of a table. The last column takes the room that is left, `least` terminal columns if it needs them;
    what is longer is cut, or goes on in the next line where `wrapped`."""
    head = [Cell(column.title, "dim") for column in columns]
    body = [head, *rows]
    widths = _widths(columns, body, page.width, least)
    last = max(widths)
    for row in body:
        tail = wrap(row[last].text, widths[last]) if wrapped else [cut(row[last].text, widths[last])]
        cells = [(place, cut(row[place].text, widths[place]), row[place].style) for place in widths if place != last]
        yield _line(columns, widths, [*cells, (last, tail[0], row[last].style)], page)
        for more in tail[1:]:
            blank = [(place, "", row[place].style) for place, _, _ in cells]
            yield _line(columns, widths, [*blank, (last, more, row[last].style)], page)


def _widths(columns: Sequence[Column], body: Sequence[Sequence[Cell]], width: int, least: int) -> dict[int, int]:
    """The columns that are shown (by place) and how wide each is."""
    last = len(columns) - 1
    others = {place: min(columns[place].most, max(widest(row[place].text) for row in body)) for place in range(last)}
    wanted = max(widest(row[last].text) for row in body)

    def room() -> int:
        return width - _INDENT - sum(wide + _GAP for wide in others.values())

    while room() < min(wanted, least) and any(columns[place].drop for place in others):
        del others[max(others, key=lambda place: columns[place].drop)]
    while room() < min(wanted, _LEAST) and any(wide > _LEAST for wide in others.values()):
        others[max(others, key=lambda place: others[place])] -= 1
    return {**others, last: max(1, min(wanted, room()))}


def _line(columns: Sequence[Column], widths: dict[int, int], cells: list[tuple[int, str, Style]], page: Page) -> str:
    while cells and not cells[-1][1]:
        cells.pop()
    drawn = []
    for place, text, style in cells:
        blanks = " " * (widths[place] - taken(text))
        painted = page.paint(text, style)
        if columns[place].right:
            drawn.append(blanks + painted)
        else:
            drawn.append(painted if place == cells[-1][0] else painted + blanks)
    return (" " * _INDENT + (" " * _GAP).join(drawn)).rstrip()
