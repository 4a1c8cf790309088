"""`ttp calendar --week` on a terminal: days beside one another, hours below; where it is narrow, day after day."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from ttp.cli.clean import one_line, safe
from ttp.cli.pictures.calendar import NOW, STAR, WEEKDAYS, days_name, fitted, foot, heading, label, names
from ttp.cli.pictures.cells import columns, cut, turns
from ttp.cli.pictures.marks import SIGNS, several, sign
from ttp.cli.pictures.page import Page, Style
from ttp.domain.account import Platform
from ttp.domain.calendar import time_of
from ttp.domain.post import Post

if TYPE_CHECKING:
    from ttp.cli.calendar_view import Sheet
    from ttp.domain.optimal.free_hours import FreeHour

_AXIS = (9, 12, 15, 18, 21)
"""Hours that have a line, whether or not something is in them."""
_GRID = 70
"""Columns below which the days stand below one another."""
_LEFT, _WIDEST, _ROOMY = 7, 26, 13
_MOST, _MOST_A_DAY = 3, 6
"""Posts that are shown of an hour of a day in the grid, and of a day in the list."""
_NAME, _TEXT = 2, 8
"""Columns from which on the beginning of an account's name, and of a text, says something."""


def week_picture(posts: Sequence[Post], sheet: Sheet, page: Page) -> Iterator[str]:
    """The seven days with their posts, the free best slots and the present."""
    page = replace(page, zone=sheet.span.zone)
    if page.width < _GRID:
        yield from _days(posts, sheet, page)
    else:
        yield from _grid(posts, sheet, page)
    yield ""
    yield from foot(posts, sheet, page)


def _grid(posts: Sequence[Post], sheet: Sheet, page: Page) -> Iterator[str]:
    """A column for each day; a line for each hour that has something, or more where several things are in it."""
    wide = min(_WIDEST, (page.width - _LEFT) // 7)
    days, width = sheet.span.days, _LEFT + 7 * wide
    yield from _heading(sheet, page, width)
    yield ""
    today = sheet.span.day(page.now)
    heads = [_drawn(_day_name(day), "bold" if day == today else "", page) for day in days]
    yield _line("", heads, wide, page)
    cells = _cells(posts, sheet, wide - (2 if wide >= _ROOMY else 1), page)
    present = page.local(page.now).hour if sheet.span.holds(page.now) else _AXIS[0]
    named = {*_AXIS, *(hour for hour, _ in cells)}
    for hour in sorted(named | {present}):
        here = [[*cells.get((hour, day), ())] for day in days]
        if hour == present and today in days:
            _put_now(here[days.index(today)], page)
        for place in range(max(1, *map(len, here))):
            row = [one[place] if place < len(one) else _NOTHING for one in here]
            yield _line(f" {hour:02}:00" if place == 0 and hour in named else "", row, wide, page)
    yield page.paint(" " * _LEFT + "─" * (width - _LEFT - 1), "dim")
    yield _line(" posts", [_count(day, posts, sheet, page) for day in days], wide, page)


class _Drawn(NamedTuple):
    """A piece of a line as it is painted, the columns that it takes, and its instant."""

    painted: str
    taken: int
    at: datetime | None = None


_NOTHING = _Drawn("", 0)


def _drawn(text: str, style: Style, page: Page, at: datetime | None = None) -> _Drawn:
    return _Drawn(page.paint(text, style), columns(text), at)


def _line(left: str, row: Sequence[_Drawn], wide: int, page: Page) -> str:
    cells = "".join(one.painted + " " * (wide - one.taken) for one in row)
    return f"{page.paint(left, 'dim')}{' ' * (_LEFT - len(left))}{cells}".rstrip()


def _cells(posts: Sequence[Post], sheet: Sheet, room: int, page: Page) -> dict[tuple[int, date], list[_Drawn]]:
    """What is to be seen of each hour of each day, in order: posts, the first ones where they are many, and stars."""
    with_handle = several(posts) if room >= _ROOMY else ()
    found: dict[tuple[int, date], list[_Drawn]] = {}
    for (hour, day), some in _by_hour(posts, page).items():
        shown = some if len(some) <= _MOST else some[: _MOST - 1]
        cell = found[hour, day] = [_post(post, room, with_handle, page) for post in shown]
        if hidden := some[len(shown) :]:
            cell.append(_drawn(*_others(hidden), page, time_of(hidden[0])))
    for slot in sheet.free or ():
        local = page.local(slot.at)
        cell = found.setdefault((local.hour, local.date()), [])
        cell.append(_drawn(STAR if not local.minute else f":{local.minute:02} {STAR}", "green", page, slot.at))
        cell.sort(key=_instant)
    return found


def _others(hidden: Sequence[Post]) -> tuple[str, Style]:
    """`+7` for posts that there is no room for, with the sign of one that needs a person."""
    wrong = [one for one in ("!", "?") if one in map(sign, hidden)]
    return f"+{len(hidden)} {''.join(wrong[:1])}".rstrip(), "red" if wrong else "dim"


def _by_hour(posts: Sequence[Post], page: Page) -> dict[tuple[int, date], list[Post]]:
    found: dict[tuple[int, date], list[Post]] = {}
    for post in posts:
        local = page.local(time_of(post))
        found.setdefault((local.hour, local.date()), []).append(post)
    return found


def _post(post: Post, room: int, with_handle: Collection[Platform], page: Page) -> _Drawn:
    """The minute if it is not the full hour, and number; accounts and text where there is room; its sign at the end."""
    at = time_of(post)
    minute = page.local(at).minute
    text = " ".join(part for part in (f":{minute:02}" if minute else "", label(post)) if part)
    for more, least in ((names(post, with_handle), _NAME), (one_line(post.content), _TEXT)):
        rest = room - 2 - columns(text) - (1 if text else 0)
        if more and rest >= least and not turns(more):
            text = f"{text} {cut(more, rest)}".lstrip()
    return _Drawn(fitted(text, sign(post), room, page), room, at)


def _put_now(cell: list[_Drawn], page: Page) -> None:
    """The present, in its place among what is in its hour."""
    cell.append(_drawn(f"{NOW}{page.time(page.now)}", "bold", page, page.now))
    cell.sort(key=_instant)


def _instant(one: _Drawn) -> datetime:
    assert one.at is not None
    return one.at


def _count(day: date, posts: Sequence[Post], sheet: Sheet, page: Page) -> _Drawn:
    """How many posts a day has and, where there are some, how many went wrong; of one without any, whether it is a
    gap."""
    here = [post for post in posts if sheet.span.day(time_of(post)) == day]
    wrong = sum(sign(post) in ("!", "?") for post in here)
    if wrong:
        return _drawn(f"{len(here)} ({wrong} !)", "red", page)
    return _drawn("0  gap", "magenta", page) if day in sheet.gaps else _drawn(f"{len(here)}", "", page)


def _days(posts: Sequence[Post], sheet: Sheet, page: Page) -> Iterator[str]:
    """A line for each post and each free slot, under one another, the days in order."""
    yield from _heading(sheet, page, page.width)
    yield ""
    with_handle, today = several(posts), sheet.span.day(page.now)
    for day in sheet.span.days:
        here = [post for post in posts if sheet.span.day(time_of(post)) == day]
        shown = here if len(here) <= _MOST_A_DAY else here[: _MOST_A_DAY - 1]
        lines = [(time_of(post), _told(post, with_handle, page)) for post in shown]
        lines += [(s.at, f"{page.time(s.at)}  {page.paint(STAR, 'green')}") for s in _free(sheet, day)]
        if day == today:
            lines.append((page.now, page.paint(f"{page.time(page.now)}  {NOW}", "bold")))
        lines.sort(key=lambda line: line[0])
        said = [line for _, line in lines]
        said += [page.paint(*_others(here[len(shown) :]))] if len(here) > len(shown) else []
        said = [page.paint("gap", "magenta"), *said] if day in sheet.gaps else said
        for place, line in enumerate(said or [""]):
            name = page.paint(_day_name(day), "bold" if day == today else "") if place == 0 else " " * 6
            yield f" {name}  {line}".rstrip()


def _told(post: Post, with_handle: Collection[Platform], page: Page) -> str:
    one = sign(post)
    said = " ".join(part for part in (label(post), names(post, with_handle)) if part)
    text = cut(f"{said}  {one_line(post.content)}", page.width - 19)
    return f"{page.time(time_of(post))}  {page.paint(one, SIGNS[one][1])}  {text}"


def _free(sheet: Sheet, day: date) -> list[FreeHour]:
    return [slot for slot in sheet.free or () if sheet.span.day(slot.at) == day]


def _heading(sheet: Sheet, page: Page, width: int) -> Iterator[str]:
    span = sheet.span
    signs = [f"best slots {STAR}"] if sheet.free else []
    signs += [f"now {NOW}"] if span.holds(page.now) else []
    left = [f"Week {span.first.isocalendar().week}", days_name(span), safe(page.zone_name())]
    return heading(left, "   ".join(signs), width, page)


def _day_name(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()]} {day.day:>2}"
