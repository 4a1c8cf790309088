"""How `ttp metrics summary` looks: its JSON objects, its TSV columns, its picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ttp.cli.shapes import Json, instant
from ttp.cli.views import View
from ttp.domain.sample import Total

if TYPE_CHECKING:
    from ttp.cli.pictures.page import Page

COUNTS = ("likes", "comments", "shares", "views", "saves", "reach")
SHOWN = COUNTS[:4]
TOTAL = ("account", "posts", "samples", "from", "to", "observedAt", *COUNTS)


def total(item: Total) -> Json:
    """What is stored of one account; its counts are sums of the posts' newest samples."""
    return {
        "account": item.account,
        "posts": item.posts,
        "samples": item.samples,
        "from": instant(item.first_at),
        "to": instant(item.last_at),
        "observedAt": instant(item.observed_at),
        **{name: getattr(item, name) for name in COUNTS},
    }


def _picture(totals: Sequence[Total], page: Page) -> Iterator[str]:
    """The table of accounts; a sum that no post told is `-`."""
    from ttp.cli.clean import safe
    from ttp.cli.pictures.table import Cell, Column, table

    if not totals:
        yield "No samples yet.  Get some:  ttp metrics pull --history 200   (or ttp metrics import FILE)"
        return
    columns = [
        Column("ACCOUNT", most=page.width // 3),
        Column("POSTS", right=True),
        Column("SAMPLES", right=True, drop=3),
        Column("FROM", drop=2),
        Column("TO", drop=2),
        *(Column(name.upper(), right=True, drop=drop) for name, drop in zip(SHOWN, (0, 1, 1, 0), strict=True)),
    ]
    rows = []
    for one in totals:
        days = [Cell("-" if at is None else page.date(at), "dim") for at in (one.first_at, one.last_at)]
        sums = [Cell("-" if count is None else f"{count:,}") for count in (getattr(one, name) for name in SHOWN)]
        rows.append([Cell(safe(one.account)), Cell(f"{one.posts:,}"), Cell(f"{one.samples:,}"), *days, *sums])
    yield from table(columns, rows, page, least=8)
    yield ""
    yield page.footer()


TOTALS: View[Total] = View(TOTAL, TOTAL[:10], total, _picture)
"""`ttp metrics summary`."""
