"""What the pictures of a month and of a week share: a heading, what stands under them, a post in few words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from ttp.cli.clean import one_line, safe
from ttp.cli.pictures.cells import columns, cut, pad
from ttp.cli.pictures.marks import SIGNS, plural, short_name, sign
from ttp.cli.pictures.page import Page
from ttp.cli.pictures.posts import approvals
from ttp.domain.account import Platform
from ttp.domain.calendar import CalendarRange
from ttp.domain.post import Post

if TYPE_CHECKING:
    from ttp.cli.calendar_view import Sheet

STAR, NOW, GAP = "★", "▸", "-"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def month_name(day: date) -> str:
    """`November 2026`."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def days_name(span: CalendarRange) -> str:
    """`23 to 29 November 2026`, with the month and the year of its first day where they are others."""
    first, last = span.first, span.last
    before = f"{first.day}" if first.month == last.month else f"{first.day} {_MONTHS[first.month - 1]}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"{before}{year} to {last.day} {month_name(last)}"


def heading(left: Sequence[str], right: str, width: int, page: Page) -> Iterator[str]:
    """The first of `left` bold, the others beside it, and `right` at the far end; one under another where it is
    narrow."""
    plain = "   ".join(left)
    line = "   ".join([page.paint(left[0], "bold"), *left[1:]])
    if right and columns(plain) + columns(right) + 3 <= width:
        yield line + " " * (width - columns(plain) - columns(right)) + right
    else:
        yield from replace(page, width=width).flow(
            [page.paint(left[0], "bold"), *left[1:], *([right] if right else [])]
        )


def names(post: Post, with_handle: Collection[Platform]) -> str:
    """The accounts of a post, shortly: `ig x/me`; of a pool's that is still to be chosen, its tag."""
    found = " ".join(short_name(row, handle=row.platform in with_handle) for row in post.active)
    return found or (one_line(post.tags[0]) if post.id is None and post.tags else "")


def label(post: Post) -> str:
    """Its number; of what will come, nothing."""
    return "" if post.id is None else str(post.id)


def fitted(text: str, end: str, room: int, page: Page) -> str:
    """`text` cut to the room, and a sign at the end of it in its colour."""
    return pad(cut(text, room - 2), room - 1) + page.paint(end, SIGNS[end][1])


def foot(posts: Sequence[Post], sheet: Sheet, page: Page) -> Iterator[str]:
    """What the signs mean that are there, who needs a person, and how the free slots are taken."""
    if not posts:
        yield "No posts here.  Write one:  ttp create 'Hello'"
    there = {sign(post) for post in posts}
    pieces = [f"{page.paint(one, style)} {words}" for one, (words, style) in SIGNS.items() if one in there]
    if sheet.gaps and not sheet.span.is_week:
        pieces.append(f"{page.paint(GAP, 'magenta')} gap")
    needy = next((post for post in posts if post.needs() not in ((), ("approve",))), None)
    if needy is not None:
        pieces.append(f"Post {needy.id} needs you:  ttp show {needy.id}")
    pieces += approvals(posts)
    said = f"{plural(len(sheet.free), 'free best slot')} this week:" if sheet.free else ""
    fits = columns(f"{said}  {sheet.take}") <= page.width
    yield from page.flow([*pieces, *([f"{said}  {safe(sheet.take)}"] if said and fits else [])])
    if not fits:
        yield from (said, f"  {safe(sheet.take)}")
