"""How a calendar is written: its JSON object, its TSV columns and its pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from typing import TYPE_CHECKING

from ttp.cli.shapes import Json, instant
from ttp.cli.views import View
from ttp.domain.calendar import CalendarRange, days_without_posts, time_of
from ttp.domain.post import Post

if TYPE_CHECKING:
    from ttp.cli.pictures.page import Page
    from ttp.domain.optimal.free_hours import FreeHour

ROW = ("date", "time", "id", "status", "accounts", "content", "scheduledAt", "publishedAt", "tags", "repeat")
WILL_COME = "coming"
"""The status of a row whose post is not made yet."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is drawn beside the posts: `gaps`, days to come without any; `free`, best slots that nobody holds (None: not
    asked for); `take`, the command that takes those, and `all_`, the one that prints every post; `clock`, the zone of
    dates and times in data."""

    span: CalendarRange
    gaps: tuple[date, ...] = ()
    free: tuple[FreeHour, ...] | None = None
    take: str = ""
    all_: str = ""
    clock: tzinfo = UTC


def gaps_of(span: CalendarRange, posts: Iterable[Post], today: date) -> tuple[date, ...]:
    return days_without_posts(span, {span.day(time_of(post)) for post in posts}, today)


def calendar(sheet: Sheet) -> View[Post]:
    """`ttp calendar`: a row for each post."""
    span = sheet.span

    def wrap(rows: list[Json]) -> Json:
        return {
            "span": span.name,
            "firstDay": f"{span.first}",
            "lastDay": f"{span.last}",
            "timezone": str(span.zone),
            "posts": rows,
            "gaps": [f"{day}" for day in sheet.gaps],
            "freeSlots": None if sheet.free is None else [_slot(slot, sheet.clock) for slot in sheet.free],
        }

    def picture(posts: Sequence[Post], page: Page) -> Iterable[str]:
        if span.is_week:
            from ttp.cli.pictures.calendar_week import week_picture

            return week_picture(posts, sheet, page)
        from ttp.cli.pictures.calendar_month import month_picture

        return month_picture(posts, sheet, page)

    columns = ("date", "time", "id", "accounts", "content")
    return View(ROW, columns, lambda post: _row(post, sheet.clock), picture, wrap=wrap)


def _row(post: Post, clock: tzinfo) -> Json:
    local = time_of(post).astimezone(clock)
    return {
        "date": f"{local:%Y-%m-%d}",
        "time": f"{local:%H:%M}",
        "id": post.id,
        "status": WILL_COME if post.id is None else post.status.value,
        "accounts": list(post.accounts),
        "content": post.content,
        "scheduledAt": instant(post.scheduled_at),
        "publishedAt": instant(post.published_at),
        "tags": list(post.tags),
        "repeat": post.repeat and post.repeat.id,
    }


def _slot(slot: FreeHour, clock: tzinfo) -> Json:
    local = slot.at.astimezone(clock)
    return {
        "at": instant(slot.at),
        "date": f"{local:%Y-%m-%d}",
        "time": f"{local:%H:%M}",
        "score": round(slot.score, 4),
    }
