"""`Page`, which says how to draw (width, colour, zone, now), and `table`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from ttp.cli.render.names import names_within
from ttp.cli.render.width import columns, cut, widest, wrap
from ttp.cli.render.width import columns as taken
from ttp.domain.time.formatting import DAYS, MONTHS

T = TypeVar("T")
Style: TypeAlias = Literal["", "bold", "dim", "red", "green", "magenta"]
_CODES = {"bold": "1", "dim": "38;5;243", "red": "31", "green": "38;5;28", "magenta": "35"}
"""Colours that are readable on black and on white. Red and magenta are the terminal's own. Its green is often too light
on white and its faint too weak, so those two are fixed, with a contrast of 4.5 to 1 on both. Colour is never the only
sign of a state."""
_PAINT = re.compile("\x1b\\[[0-9;]*m")
_NEAR = timedelta(days=7)


class Page(NamedTuple):
    """How to draw. Times are shown in `zone` and relative to `now`."""

    now: datetime
    zone: tzinfo = UTC
    width: int = 80
    color: bool = False

    def paint(self, text: str, style: Style) -> str:
        """Return the text in a style, if there is colour."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.color and style and text else text

    def ground(self, text: str, background: int, ink: int) -> str:
        """Return the text in two of the 256 terminal colours, if there is colour."""
        return f"\x1b[48;5;{background};38;5;{ink}m{text}\x1b[0m" if self.color else text

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def zone_name(self) -> str:
        """Return `Europe/Berlin`, or the offset of a zone without a name."""
        return str(getattr(self.zone, "key", None) or self.zone)

    def footer(self) -> str:
        """Return `Times in Europe/Berlin (UTC+01:00).`, with the present offset."""
        offset = self.local(self.now).strftime("%z")
        named = "" if self.zone_name().startswith("UTC") else f" (UTC{offset[:3]}:{offset[3:5]})"
        return f"Times in {self.zone_name()}{named}."

    def day(self, at: datetime) -> str:
        """Return `today`, `Wed 25` within a week, else `25 Dec`, with the year if it differs."""
        local, today = self.local(at), self.local(self.now)
        if local.date() == today.date():
            return "today"
        if abs(local.date() - today.date()) <= _NEAR:
            return f"{self.weekday(at)} {local.day}"
        return self.date(at)

    def date(self, at: datetime) -> str:
        """Return `25 Dec`, with the year if it is not the present one."""
        year = self.local(at).year
        return self.month_day(at) if year == self.local(self.now).year else f"{self.month_day(at)} {year}"

    def month_day(self, at: datetime) -> str:
        """Return `25 Dec`."""
        local = self.local(at)
        return f"{local.day} {MONTHS[local.month - 1][:3]}"

    def weekday(self, at: datetime) -> str:
        """Return `Wed`."""
        return DAYS[self.local(at).weekday()]

    def time(self, at: datetime) -> str:
        """Return `18:00`."""
        return f"{self.local(at):%H:%M}"

    def second(self, at: datetime) -> str:
        """Return `18:00:03`."""
        return f"{self.local(at):%H:%M:%S}"

    def when(self, at: datetime) -> str:
        """Return `today 18:00`, `Wed 25 12:00`, `25 Dec 12:00`."""
        return f"{self.day(at)} {self.time(at)}"

    def full_day(self, at: datetime) -> str:
        """Return `Mon 23 Nov 2026`."""
        return f"{self.weekday(at)} {self.month_day(at)} {self.local(at).year}"

    def utc(self, at: datetime) -> str:
        """Return the time in UTC, `17:00`, with the day if it differs."""
        utc = at.astimezone(UTC)
        day = "" if utc.date() == self.local(at).date() else f"{DAYS[utc.weekday()]} "
        return f"{day}{utc:%H:%M}"

    def ago(self, at: datetime) -> str:
        """Return `in 4 h`, `19 h ago`: the largest unit, rounded down."""
        return self._ago(at, parts=1)

    def ago_long(self, at: datetime) -> str:
        """Return `in 4 h 14 min`: the two largest units."""
        return self._ago(at, parts=2)

    def _ago(self, at: datetime, parts: int) -> str:
        seconds = round(abs(at - self.now).total_seconds())
        units = (("d", seconds // 86400), ("h", seconds // 3600 % 24), ("min", seconds // 60 % 60), ("s", seconds % 60))
        first = next((place for place, (_, count) in enumerate(units) if count), None)
        if first is None:
            return "now"
        text = " ".join(f"{count} {unit}" for unit, count in units[first : first + parts] if count)
        return f"in {text}" if at > self.now else f"{text} ago"

    def flow(self, pieces: Iterable[str], gap: str = "   ") -> list[str]:
        """Return the pieces in lines, as many in each as fit."""
        lines: list[str] = []
        for piece in pieces:
            if lines and columns(_PAINT.sub("", lines[-1] + gap + piece)) <= self.width:
                lines[-1] += gap + piece
            else:
                lines.append(piece)
        return lines


_INDENT = 2
_GAP = 2
_LEAST = 4


class Cell(NamedTuple):
    """An escaped text of a table, and its style."""

    text: str
    style: Style = ""


class Column(NamedTuple):
    """A column. On a narrow page the one with the highest `drop` is left out first; 0 and the last column stay. `most`:
    cells are cut to so many terminal columns. `shown`: whether `table_of` draws it at all."""

    title: str
    right: bool = False
    drop: int = 0
    most: int = 1000
    shown: bool = True


def heading(field: str) -> str:
    """Return a column's heading for a field of JSON: EXPIRES for `expiresAt`."""
    return re.sub("(?<=[a-z])(?=[A-Z])", " ", field.removesuffix("At")).upper()


def readable(field: str, value: object, page: Page) -> object:
    """Return what a person reads for a JSON value: an instant as a day and a time, nothing as a dash."""
    if value is None:
        return "-"
    if field.endswith("At") and isinstance(value, str):
        at = datetime.fromisoformat(value)
        return f"{page.date(at)} {page.time(at)}"
    return value


_BELOW = 6
"""Blanks before a cell that is below its row."""


def table(
    columns: Sequence[Column], rows: Iterable[Sequence[Cell]], page: Page, *, least: int = 16, wrapped: bool = False
) -> Iterator[str]:
    """Draw a table. The last column gets the remaining room, at least `least` terminal columns; longer cells are cut,
    or wrapped if `wrapped`; one with a longer word, such as an address, has lines of its own below. Account names are
    shortened if one is too long for its column. On a page with room for all of it, nothing is."""
    body = [[Cell(column.title, "dim") for column in columns], *map(list, rows)]
    if _INDENT + sum(_natural(body)) + _GAP * (len(columns) - 1) <= page.width:
        columns = [column._replace(most=page.width) for column in columns]
    _shorten_names(columns, body[1:])
    widths = _widths(columns, body, page.width, least)
    last = max(widths)
    for row in body:
        tail = wrap(row[last].text, widths[last]) if wrapped else [cut(row[last].text, widths[last])]
        below = list[str]()
        if len(tail) > 1 and any(word.isascii() and len(word) > widths[last] for word in row[last].text.split(" ")):
            tail, below = [""], wrap(row[last].text, page.width - _BELOW)
        cells = [(place, cut(row[place].text, widths[place]), row[place].style) for place in widths if place != last]
        yield _line(columns, widths, [*cells, (last, tail[0], row[last].style)], page)
        for more in tail[1:]:
            blank = [(place, "", row[place].style) for place, _, _ in cells]
            yield _line(columns, widths, [*blank, (last, more, row[last].style)], page)
        yield from (" " * _BELOW + page.paint(line, row[last].style) for line in below)


def table_of(
    items: Iterable[T],
    page: Page,
    *fields: tuple[Column, Callable[[T], Cell | str]],
    least: int = 16,
    wrapped: bool = False,
) -> Iterator[str]:
    """Draw a table with a row for each item. `fields`: each column, and its cell; a text is a cell without a style."""
    return table(*columns_and_rows(items, *fields), page, least=least, wrapped=wrapped)


def columns_and_rows(
    items: Iterable[T], *fields: tuple[Column, Callable[[T], Cell | str]]
) -> tuple[list[Column], list[list[Cell]]]:
    shown = [(column, cell) for column, cell in fields if column.shown]
    rows = [[Cell(one) if isinstance(one := cell(item), str) else one for _, cell in shown] for item in items]
    return [column for column, _ in shown], rows


def _natural(body: Sequence[Sequence[Cell]]) -> list[int]:
    """Return the width of each column where no cell is cut."""
    return [max(widest(row[place].text) for row in body) for place in range(len(body[0]))]


def _shorten_names(columns: Sequence[Column], rows: Sequence[list[Cell]]) -> None:
    """Shorten the names of accounts that are too long for a column of them."""
    for place, column in enumerate(columns):
        if column.title == "ACCOUNT" and any(taken(row[place].text) > column.most for row in rows):
            names = names_within((row[place].text for row in rows), column.most)
            for row in rows:
                row[place] = row[place]._replace(text=names[row[place].text])


def _widths(columns: Sequence[Column], body: Sequence[Sequence[Cell]], width: int, least: int) -> dict[int, int]:
    """Return the columns that are shown, by place, and their widths."""
    last = len(columns) - 1
    *before, natural = _natural(body)
    others = {place: min(columns[place].most, natural_width) for place, natural_width in enumerate(before)}

    def room() -> int:
        return width - _INDENT - sum(wide + _GAP for wide in others.values())

    while room() < min(natural, least) and any(columns[place].drop for place in others):
        del others[max(others, key=lambda place: columns[place].drop)]
    while room() < min(natural, _LEAST) and any(wide > _LEAST for wide in others.values()):
        others[max(others, key=lambda place: others[place])] -= 1
    return {**others, last: max(1, min(natural, room()))}


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
