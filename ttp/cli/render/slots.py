"""`ttp slots` and `ttp repeat list` on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from ttp.cli.render.page import Cell, Column, Page, table
from ttp.cli.render.spec import OutputSpec
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
    columns = [
        Column("ID", right=True),
        Column("WHAT", most=page.width // 4),
        Column("WHEN", most=page.width // 3),
        Column("ZONE"),
        Column("STATE", drop=0 if ended else 3),
        Column("MADE", right=True, drop=5),
        Column("SKIPPED", right=True, drop=6),
        Column("MISSED", right=True, drop=0 if missed else 4),
        *([Column("ENDS", drop=2)] if ending else []),
        Column("NEXT"),
    ]
    yield from table(columns, [_row(tally, page, ending=ending) for tally in tallies], page, least=24)
    for one in (tally.recurrence for tally in tallies):
        if len(times := times_of(one)) > page.width // 3:  # cut in the table, and to be typed again
            yield f"  {one.id}: {escape_line(times)}"


def _row(tally: RecurrenceCounts, page: Page, *, ending: bool) -> list[Cell]:
    one = tally.recurrence
    there = Page(page.now, ZoneInfo(one.timezone), page.width)
    row = [
        Cell(str(one.id), "bold"),
        Cell(escape_line(f"tag {one.pool}" if one.pool else f"post {one.post_id}")),
        Cell(escape_line(times_of(one))),
        Cell(one.timezone if page.width > 100 else zone_city(there.zone, page.now), "dim"),
        Cell(one.state, "" if one.state == "active" else "dim"),
        Cell(str(tally.made)),
        Cell(str(tally.skipped)),
        Cell(str(tally.missed), "magenta" if tally.missed else ""),
        Cell(f"{there.when(tally.next_at)} ({page.ago(tally.next_at)})" if tally.next_at else "-"),
    ]
    if ending:
        row.insert(-1, Cell(_end(one, there)))
    return row


def _end(one: Recurrence, there: Page) -> str:
    """Return when a repeat ends: `after 12`, `30 Jun 2027`."""
    parts = [f"after {one.count}"] if one.count else []
    parts += [there.date(one.until - timedelta(seconds=1))] if one.until else []
    return ", ".join(parts) or "-"


_NONE = "No slots yet.  Add some:  ttp slots add 'mon,wed,fri 09:00' --account x/me"


def render_slots(places: Sequence[SlotInstant], page: Page) -> Iterator[str]:
    """Draw the table of slots."""
    if not places:
        yield _NONE
        return
    named = any(place.slot.name for place in places)
    columns = [
        Column("ID", right=True),
        Column("ACCOUNT", most=page.width // 3),
        Column("SLOT", most=page.width // 3),
        Column("ZONE", drop=1),
        *([Column("NAME", drop=2, most=page.width // 4)] if named else []),
        Column("NEXT"),
    ]
    rows = []
    for place in places:
        slot = place.slot
        row = [
            Cell(str(slot.id), "bold"),
            Cell(escape_text(slot.account)),
            Cell(format_slot_times(slot.cron)),
            Cell(slot.timezone, "dim"),
            Cell(f"{_there(place, page).when(place.at)} ({page.ago(place.at)})"),
        ]
        if named:
            row.insert(4, Cell(escape_line(slot.name or "-")))
        rows.append(row)
    yield from table(columns, rows, page, least=24)


def render_preview(places: Sequence[SlotInstant], page: Page) -> Iterator[str]:
    """Draw the next slot times, each in its own zone, and the posts that fill them."""
    if not places:
        yield _NONE
        return
    columns = [
        Column("WHEN"),
        Column("", drop=3),
        Column("ZONE", drop=1),
        Column("UTC", drop=2),
        Column("ACCOUNT", most=page.width // 3),
        Column("POST"),
    ]
    yield from table(columns, [_slots_row(place, page) for place in places], page)


def _slots_row(place: SlotInstant, page: Page) -> list[Cell]:
    ids = " ".join("-" if post is None else str(post) for post in place.posts)
    text = escape_line(f"{ids}  {place.content or ''}").rstrip()
    return [
        Cell(_in_its_zone(place, page)),
        Cell(page.ago(place.at), "dim"),
        Cell(place.slot.timezone, "dim"),
        Cell(_there(place, page).utc(place.at), "dim"),
        Cell(escape_text(place.slot.account)),
        Cell(text or "free", "" if text else "green"),
    ]


def _in_its_zone(place: SlotInstant, page: Page) -> str:
    there = _there(place, page)
    day = f"{there.weekday(place.at)} {there.month_day(place.at):>6} {there.local(place.at).year}"
    return f"{day} {there.time(place.at)}"


def _there(place: SlotInstant, page: Page) -> Page:
    return Page(page.now, ZoneInfo(place.slot.timezone), page.width)


def begun_spec(posts: Sequence[int], warnings: Sequence[str]) -> OutputSpec[RecurrenceCounts]:
    """Return the spec of `ttp repeat ID`, with the ids of the created posts and warnings."""
    to_json = partial(begun_repeat_json, posts=posts, warnings=warnings)
    return replace(REPEATS_SPEC, keys=begun_repeat_json, columns=("id",), to_json=to_json)


REPEATS_SPEC: OutputSpec[RecurrenceCounts] = OutputSpec(
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
    ),
    repeat_json,
    render_repeats,
)
"""`ttp repeat list`."""
CHANGED_REPEATS_SPEC = replace(REPEATS_SPEC, columns=("id",))
"""Commands that change a repeat."""
SLOTS_SPEC: OutputSpec[SlotInstant] = OutputSpec(
    slot_json, ("id", "account", "cron", "timezone", "name", "nextAt"), slot_json, render_slots
)
"""`ttp slots list` and `ttp slots add`."""
PREVIEW_SPEC: OutputSpec[SlotInstant] = OutputSpec(
    slot_instant_json, ("at", "account", "slot", "post", "content"), slot_instant_json, render_preview
)
"""`ttp slots preview`."""
REMOVED_SLOTS_SPEC: OutputSpec[int] = OutputSpec(
    ("id", "removed"), ("id",), lambda slot_id: {"id": slot_id, "removed": True}
)
"""`ttp slots remove`, by id."""
