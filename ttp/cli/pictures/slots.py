"""`ttp slots list` and `ttp slots preview` on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from zoneinfo import ZoneInfo

from ttp.cli.clean import one_line, safe
from ttp.cli.pictures.page import Page
from ttp.cli.pictures.table import Cell, Column, table
from ttp.domain.slot import Place

_NONE = "No slots yet.  Add some:  ttp slots add 'mon,wed,fri 09:00' --account x/me"


def slots_picture(places: Sequence[Place], page: Page, words: Callable[[str], str]) -> Iterator[str]:
    """The table of slots. `words` says a cron expression as a person would."""
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
            Cell(safe(slot.account)),
            Cell(words(slot.cron)),
            Cell(slot.timezone, "dim"),
            Cell(f"{_there(place, page).when(place.at)} ({page.ago(place.at)})"),
        ]
        if named:
            row.insert(4, Cell(one_line(slot.name or "-")))
        rows.append(row)
    yield from table(columns, rows, page, least=24)


def preview_picture(places: Sequence[Place], page: Page) -> Iterator[str]:
    """The coming instants, each in the zone of its slot, and the posts that hold them."""
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
    yield from table(columns, [_row(place, page) for place in places], page)


def _row(place: Place, page: Page) -> list[Cell]:
    held = one_line(f"{' '.join(map(str, place.posts))}  {place.content or ''}").rstrip()
    return [
        Cell(_in_its_zone(place, page)),
        Cell(page.ago(place.at), "dim"),
        Cell(place.slot.timezone, "dim"),
        Cell(_there(place, page).utc(place.at), "dim"),
        Cell(safe(place.slot.account)),
        Cell(held or "free", "" if held else "green"),
    ]


def _in_its_zone(place: Place, page: Page) -> str:
    there = _there(place, page)
    day = f"{there.weekday(place.at)} {there.month_day(place.at):>6} {there.local(place.at).year}"
    return f"{day} {there.time(place.at)}"


def _there(place: Place, page: Page) -> Page:
    return Page(page.now, ZoneInfo(place.slot.timezone), page.width)
