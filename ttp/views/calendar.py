"""The calendar as JSON objects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING

from ttp.domain.post import calendar_time
from ttp.domain.time.calendar_range import MONDAY, CalendarRange, days_without_posts
from ttp.domain.time.clock import format_json_instant, utc_text

if TYPE_CHECKING:
    from ttp.domain.optimal.free_hours import FreeHour
    from ttp.services.queries import PostView
    from ttp.views.answers import CalendarAnswer, CalendarRow, FreeSlotAnswer


COMING_STATUS = "coming"
"""Status of a row whose post does not exist yet."""


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """Extras of a calendar: `gaps`, coming days without posts; `free`, free best slots (None: not requested); `take`,
    the command that uses them; `all_`, the command that lists every post; `later`: the command that shows the
    next month or week, where this one has no posts to come and that one has."""

    span: CalendarRange
    gaps: tuple[date, ...] = ()
    free: tuple[FreeHour, ...] | None = None
    take: str = ""
    all_: str = ""
    later: str = ""
    week_begins: int = MONDAY


def gaps_of(span: CalendarRange, posts: Iterable[PostView], now: datetime) -> tuple[date, ...]:
    return days_without_posts(span, {span.day(calendar_time(post)) for post in posts}, span.day(now))


def calendar_json(sheet: CalendarPage, rows: Sequence[CalendarRow]) -> CalendarAnswer:
    """Return the object of `ttp calendar --json`; `rows`: those of its posts."""
    span = sheet.span
    return {
        "span": span.name,
        "firstDay": f"{span.first}",
        "lastDay": f"{span.last}",
        "timezone": str(span.zone),
        "posts": list(rows),
        "gaps": [f"{day}" for day in sheet.gaps],
        "freeSlots": None if sheet.free is None else [_slot(slot, span.zone) for slot in sheet.free],
    }


def calendar_row(post: PostView, zone: tzinfo) -> CalendarRow:
    """Return a post with its date and time in `zone`, that of the calendar."""
    local = calendar_time(post).astimezone(zone)
    return {
        "date": f"{local:%Y-%m-%d}",
        "time": f"{local:%H:%M}",
        "id": post.id,
        "status": COMING_STATUS if post.id is None else post.status.value,
        "accounts": list(post.accounts),
        "content": post.content,
        "scheduledAt": format_json_instant(post.scheduled_at),
        "publishedAt": format_json_instant(post.published_at),
        "tags": list(post.tags),
        "repeat": None if post.repeat is None else post.repeat.id,
    }


def _slot(slot: FreeHour, zone: tzinfo) -> FreeSlotAnswer:
    local = slot.at.astimezone(zone)
    return {
        "at": utc_text(slot.at),
        "date": f"{local:%Y-%m-%d}",
        "time": f"{local:%H:%M}",
        "score": round(slot.score, 4),
    }
