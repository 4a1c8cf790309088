"""`ttp plan` on a terminal: a line for each post, what it is worth, and what the whole gains over an even spread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ttp.cli.clean import one_line, safe
from ttp.cli.pictures.marks import plural, several, short_name
from ttp.cli.pictures.page import Page
from ttp.cli.pictures.table import Cell, Column, table
from ttp.domain.account import Platform
from ttp.domain.plan import Assignment, Basis
from ttp.domain.post import Post

if TYPE_CHECKING:
    from ttp.services.planning import Proposal

_WIDE = 110
_SAME = 0.005
"""Less than this is not shown of a score."""


def plan_picture(
    rows: Sequence[Assignment],
    found: Proposal,
    notes: Sequence[str],
    page: Page,
    places: Mapping[int, str] | None = None,
) -> Iterator[str]:
    """The plan by time, in the zone of its accounts where they share one, else in the page's. `places`: where the posts
    stand in a file, by the numbers that they have instead of ids."""
    zones = {zone.key: zone for zone in found.zones.values()}
    page = replace(page, zone=next(iter(zones.values()))) if len(zones) == 1 else page
    days = f"{page.full_day(found.limits.start)} to {page.full_day(found.limits.end)}"
    yield from page.flow(
        [page.paint(f"Plan of {plural(len(rows), 'post')}", "bold"), days, f"hours in {page.zone_name()}"]
    )
    if len(zones) > 1:
        yield "  " + ", ".join(f"{safe(name)} in {zone.key}" for name, zone in found.zones.items())
    yield ""
    posts = [found.posts[one.id] for one in rows]
    with_handle = frozenset(Platform) if page.width >= _WIDE else several(posts)
    columns = [
        Column("ID" if places is None else "ROW", right=places is None, most=page.width // 3),
        Column("WHEN"),
        Column("SCORE", right=True),
        Column("ACCOUNTS", drop=1, most=page.width // 3),
        Column("TEXT"),
    ]
    yield from table(
        columns,
        [
            _row(one, post, with_handle, page, one_line(places[one.id]) if places else str(one.id))
            for one, post in zip(rows, posts, strict=True)
        ],
        page,
        least=12,
    )
    yield ""
    yield from _told(found, notes, places)


def _row(one: Assignment, post: Post, with_handle: frozenset[Platform], page: Page, name: str) -> list[Cell]:
    accounts = " ".join(short_name(row, handle=row.platform in with_handle) for row in post.active)
    return [
        Cell(name, "bold"),
        Cell(f"{page.weekday(one.at)} {page.month_day(one.at):>6} {page.time(one.at)}"),
        Cell(f"{round(100 * one.score)} %" + (" ?" if one.explored else "")),
        Cell(accounts),
        Cell(one_line(post.content)),
    ]


def _told(found: Proposal, notes: Sequence[str], places: Mapping[int, str] | None) -> Iterator[str]:
    plan = found.plan
    if Basis.SCORES in plan.basis.values():
        best = "no plan has more" if plan.bound - plan.score < _SAME else f"no plan has more than {plan.bound:.2f}"
        yield f"  Score {plan.score:.2f}, and {best}.  An even spread has {plan.even_score:.2f}."
    if any(one.explored for one in plan.assignments):
        yield "  ? an hour to learn about, by --explore."
    if plan.left_out:
        yield f"  Without room: {' '.join(places[one] if places else str(one) for one in plan.left_out)}"
    yield from (f"  {safe(line[:1].upper())}{safe(line[1:])}." for line in notes)
