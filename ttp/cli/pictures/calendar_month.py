"""`ttp calendar` on a terminal: a month, a sign for each post, and the next posts under it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from ttp.cli.clean import one_line, safe
from ttp.cli.pictures.calendar import GAP, WEEKDAYS, foot, heading, label, month_name, names
from ttp.cli.pictures.cells import pad
from ttp.cli.pictures.marks import SIGNS, several, sign
from ttp.cli.pictures.page import Page
from ttp.cli.pictures.table import Cell, Column, table
from ttp.domain.account import Platform
from ttp.domain.calendar import time_of
from ttp.domain.post import Post

if TYPE_CHECKING:
    from ttp.cli.calendar_view import Sheet

LISTED = 8
"""Posts that are named under the month."""
_DAY, _WIDEST = 4, 16
_NARROW, _WITH_HANDLES = 70, 80


def month_picture(posts: Sequence[Post], sheet: Sheet, page: Page) -> Iterator[str]:
    """The days of the month in weeks, from Monday on, each with the number of its week."""
    span = sheet.span
    page = replace(page, zone=span.zone)
    left = 5 if page.width >= _NARROW else 4
    wide = min(_WIDEST, (page.width - left) // 7)
    weeks = [day for day in span.days if day.weekday() == 0 or day == span.first]
    numbers = f"weeks {weeks[0].isocalendar().week} to {weeks[-1].isocalendar().week}"
    yield from heading([month_name(span.first)], f"{safe(page.zone_name())}, {numbers}", left + 7 * wide, page)
    yield ""
    head = "".join(pad(f" {name}", wide) for name in WEEKDAYS)
    yield page.paint(f"{' ' * left}{head}".rstrip(), "dim")
    held: dict[date, list[Post]] = {}
    for post in posts:
        held.setdefault(span.day(time_of(post)), []).append(post)
    for start in weeks:
        week = start.isocalendar()[:2]
        number = page.paint(f"{week[1]:>{left - 2}}", "dim")
        cells = (_cell(day, held.get(day, ()), sheet, wide, page) for day in span.days if day.isocalendar()[:2] == week)
        yield f"{number}  {' ' * (start.weekday() * wide)}{''.join(cells)}".rstrip()
    yield from _listed(posts, sheet, page)
    yield ""
    yield from foot(posts, sheet, page)


def _cell(day: date, posts: Sequence[Post], sheet: Sheet, wide: int, page: Page) -> str:
    """The day, in brackets if it is today, and its signs, the most urgent first."""
    today = sheet.span.day(page.now)
    if day == today:
        number = page.paint(f"[{day.day:>2}]", "bold")
    else:
        number = f" {page.paint(f'{day.day:>2}', 'dim' if day < today else '')} "
    if day in sheet.gaps:
        return number + page.paint(GAP, "magenta") + " " * (wide - _DAY - 1)
    room = max(1, wide - _DAY - 1)
    signs, more = _some(sorted((sign(post) for post in posts), key=list(SIGNS).index), room)
    drawn = "".join(page.paint(one, SIGNS[one][1]) for one in signs)
    return number + drawn + more + " " * (wide - _DAY - len(signs) - len(more))


def _some(signs: list[str], room: int) -> tuple[list[str], str]:
    """As many of the signs as there is room for, and `+3` for the others; a bare `+` where there is none for that."""
    if len(signs) <= room:
        return signs, ""
    for shown in range(room - 2, 0, -1):
        more = f"+{len(signs) - shown}"
        if shown + len(more) <= room:
            return signs[:shown], more
    return signs[:1], "+" if room > 1 else ""


def _listed(posts: Sequence[Post], sheet: Sheet, page: Page) -> Iterator[str]:
    """The next posts of the month, of one that is over the first ones, and the command for the others."""
    after = [post for post in posts if time_of(post) >= page.now]
    wanted = after if sheet.span.holds(page.now) else posts
    if not wanted:
        return
    with_handle = frozenset(Platform) if page.width >= _WITH_HANDLES else several(wanted)
    titles = [
        Column(""),
        Column(""),
        Column("", right=True),
        Column("", drop=1, most=page.width // 3),
        Column(""),
    ]
    yield from table(titles, [_line(post, with_handle, page) for post in wanted[:LISTED]], page, least=12)
    if len(wanted) > LISTED:
        yield f"  +{len(wanted) - LISTED}, all of them:  {safe(sheet.all_)}"


def _line(post: Post, with_handle: frozenset[Platform], page: Page) -> list[Cell]:
    at, one = time_of(post), sign(post)
    return [
        Cell(f"{page.time(at)} {page.day(at)}"),
        Cell(one, SIGNS[one][1]),
        Cell(label(post), "bold"),
        Cell(names(post, with_handle)),
        Cell(one_line(post.content)),
    ]
