"""`ttp repeat list` on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from ttp.cli.clean import one_line
from ttp.cli.pictures.page import Page
from ttp.cli.pictures.table import Cell, Column, table
from ttp.domain.recurrence import Recurrence, Tally
from ttp.domain.time.slot_parser import format_slot_times


def repeats_picture(tallies: Sequence[Tally], page: Page) -> Iterator[str]:
    """The table of recurrences, each with its next time on its own clock."""
    if not tallies:
        yield "Nothing is repeated.  Begin:  ttp repeat 3 --cron '0 9 * * 1'"
        return
    ending = any(tally.recurrence.until or tally.recurrence.count for tally in tallies)
    columns = [
        Column("ID", right=True),
        Column("WHAT", most=page.width // 4),
        Column("WHEN", most=page.width // 3),
        Column("ZONE", drop=3),
        Column("STATE"),
        Column("MADE", right=True, drop=1),
        Column("SKIPPED", right=True, drop=2),
        Column("MISSED", right=True),
        *([Column("ENDS", drop=1)] if ending else []),
        Column("NEXT"),
    ]
    yield from table(columns, [_row(tally, page, ending=ending) for tally in tallies], page, least=24)


def _row(tally: Tally, page: Page, *, ending: bool) -> list[Cell]:
    one = tally.recurrence
    there = Page(page.now, ZoneInfo(one.timezone), page.width)
    row = [
        Cell(str(one.id), "bold"),
        Cell(one_line(f"tag {one.pool}" if one.pool else f"post {one.post_id}")),
        Cell(format_slot_times(one.cron)),
        Cell(one.timezone, "dim"),
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
    """`after 12`, `30 Jun 2027`: the last day on which it can come."""
    said = [f"after {one.count}"] if one.count else []
    said += [there.date(one.until - timedelta(seconds=1))] if one.until else []
    return ", ".join(said) or "-"
