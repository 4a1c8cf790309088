"""`ttp slots` and `ttp repeat list` on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from ttp.cli.render.page import Cell, Column, Page, table_of
from ttp.cli.render.spec import OutputSpec, view_spec
from ttp.cli.terminal import escape_line, escape_text
from ttp.domain.recurrence import Recurrence, RecurrenceCounts, times_of
from ttp.domain.slot import SlotInstant
from ttp.domain.time.formatting import zone_city
from ttp.domain.time.slot_parser import format_slot_times
from ttp.views.slots import begun_repeat_json, repeat_json, slot_instant_json, slot_json


def render_repeats(tallies: Sequence[RecurrenceCounts], page: Page) -> Iterator[str]:
    """Draw the repeats, each with its next time in its own zone."""
    if not tallies:
        yield "No repeats yet.  Create one:  ttp repeat ID 'mon 9:00'"
        return
    ending = any(tally.recurrence.until or tally.recurrence.count for tally in tallies)
    missed = any(tally.missed for tally in tallies)
    ended = any(tally.recurrence.state != "active" for tally in tallies)
    yield from table_of(
        tallies,
        page,
        (Column("ID", right=True), lambda tally: Cell(str(tally.recurrence.id), "bold")),
        (Column("WHAT", most=page.width // 4), lambda tally: escape_line(_what(tally.recurrence))),
        (Column("WHEN", most=page.width // 3), lambda tally: escape_line(times_of(tally.recurrence))),
        (Column("ZONE"), lambda tally: Cell(_zone(tally.recurrence.timezone, page), "dim")),
        (Column("STATE", drop=0 if ended else 3), lambda tally: _state(tally.recurrence.state)),
        (Column("MADE", right=True, drop=5), lambda tally: str(tally.made)),
        (Column("SKIPPED", right=True, drop=6), lambda tally: str(tally.skipped)),
        (
            Column("MISSED", right=True, drop=0 if missed else 4),
            lambda tally: Cell(str(tally.missed), "magenta" if tally.missed else ""),
        ),
        (Column("ENDS", drop=2, shown=ending), lambda tally: _end(tally.recurrence, page)),
        (Column("NEXT"), lambda tally: _next(tally.next_at, tally.recurrence.timezone, page)),
        least=24,
    )
    for one in (tally.recurrence for tally in tallies):
        if len(times := times_of(one)) > page.width // 3:  # cut in the table, and to be typed again
            yield f"  {one.id}: {escape_line(times)}"


def _what(one: Recurrence) -> str:
    return f"tag {one.pool}" if one.pool else f"post {one.post_id}"


def _state(state: str) -> Cell:
    return Cell(state, "" if state == "active" else "dim")


def _zone(timezone: str, page: Page) -> str:
    return timezone if page.width > 100 else zone_city(ZoneInfo(timezone), page.now)


def _next(at: datetime | None, timezone: str, page: Page) -> str:
    return f"{_there(timezone, page).when(at)} ({page.ago(at)})" if at else "-"


def _end(one: Recurrence, page: Page) -> str:
    """Return when a repeat ends: `after 12`, `30 Jun 2027`."""
    parts = [f"after {one.count}"] if one.count else []
    parts += [_there(one.timezone, page).date(one.until - timedelta(seconds=1))] if one.until else []
    return ", ".join(parts) or "-"


_NONE = "No slots yet.  Add some:  ttp slots add 'mon,wed,fri 09:00' --account x/me"


def render_slots(places: Sequence[SlotInstant], page: Page) -> Iterator[str]:
    if not places:
        yield _NONE
        return
    named = any(place.slot.name for place in places)
    yield from table_of(
        places,
        page,
        (Column("ID", right=True), lambda place: Cell(str(place.slot.id), "bold")),
        (Column("ACCOUNT", most=page.width // 3), lambda place: escape_text(place.slot.account)),
        (Column("SLOT", most=page.width // 3), lambda place: format_slot_times(place.slot.cron)),
        (Column("ZONE", drop=1), lambda place: Cell(place.slot.timezone, "dim")),
        (Column("NAME", drop=2, most=page.width // 4, shown=named), lambda place: escape_line(place.slot.name or "-")),
        (Column("NEXT"), lambda place: _next(place.at, place.slot.timezone, page)),
        least=24,
    )


def render_preview(places: Sequence[SlotInstant], page: Page) -> Iterator[str]:
    """Draw the next slot times, each in its own zone, and the posts that fill them."""
    if not places:
        yield _NONE
        return
    yield from table_of(
        places,
        page,
        (Column("WHEN"), lambda place: _in_its_zone(place, page)),
        (Column("", drop=3), lambda place: Cell(page.ago(place.at), "dim")),
        (Column("ZONE", drop=1), lambda place: Cell(place.slot.timezone, "dim")),
        (Column("UTC", drop=2), lambda place: Cell(_there(place.slot.timezone, page).utc(place.at), "dim")),
        (Column("ACCOUNT", most=page.width // 3), lambda place: escape_text(place.slot.account)),
        (Column("POST"), _post),
    )


def _post(place: SlotInstant) -> Cell:
    ids = " ".join("-" if post is None else str(post) for post in place.posts)
    text = escape_line(f"{ids}  {place.content or ''}").rstrip()
    return Cell(text or "free", "" if text else "green")


def _in_its_zone(place: SlotInstant, page: Page) -> str:
    there = _there(place.slot.timezone, page)
    day = f"{there.weekday(place.at)} {there.month_day(place.at):>6} {there.local(place.at).year}"
    return f"{day} {there.time(place.at)}"


def _there(timezone: str, page: Page) -> Page:
    return page._replace(zone=ZoneInfo(timezone))


def begun_spec(posts: Sequence[int], warnings: Sequence[str]) -> OutputSpec[RecurrenceCounts]:
    """Return the spec of `ttp repeat ID`, with the ids of the created posts and warnings."""
    to_json = partial(begun_repeat_json, posts=posts, warnings=warnings)
    return replace(REPEATS_SPEC, keys=begun_repeat_json, columns=("id",), to_json=to_json)


REPEATS_SPEC = view_spec(
    repeat_json,
    (
        "id",
        "state",
        "post",
        "pool",
        "cron",
        "timezone",
        "nextAt",
        "made",
        "skipped",
        "missed",
        "until",
        "count",
        "rule",
        "times",
    ),
    render_repeats,
)
"""`ttp repeat list`."""
CHANGED_REPEATS_SPEC = replace(REPEATS_SPEC, columns=("id",))
"""Commands that change a repeat."""
SLOTS_SPEC = view_spec(slot_json, ("id", "account", "cron", "timezone", "name", "nextAt"), render_slots)
"""`ttp slots list` and `ttp slots add`."""
PREVIEW_SPEC = view_spec(slot_instant_json, ("at", "account", "slot", "post", "content"), render_preview)
"""`ttp slots preview`."""
