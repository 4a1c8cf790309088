"""`ttp metrics list` on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ttp.cli.clean import safe
from ttp.cli.pictures.page import Page
from ttp.cli.pictures.table import Cell, Column, table
from ttp.domain.sample import Sample


def samples_picture(samples: Sequence[Sample], page: Page) -> Iterator[str]:
    """The table of samples; a count that was not told is `-`."""
    if not samples:
        yield "No samples yet.  Get some:  ttp metrics pull --history 200   (or ttp metrics import FILE)"
        return
    columns = [
        Column("PUBLISHED"),
        Column("READ", drop=2),
        Column("ACCOUNT", most=page.width // 3),
        Column("LIKES", right=True),
        Column("COMMENTS", right=True, drop=1),
        Column("SHARES", right=True, drop=1),
        Column("VIEWS", right=True, drop=1),
        Column("POST"),
    ]
    yield from table(columns, [_row(sample, page) for sample in samples], page, least=8)
    yield ""
    yield page.footer()


def _row(sample: Sample, page: Page) -> list[Cell]:
    counts = (sample.likes, sample.comments, sample.shares, sample.views)
    return [
        Cell(f"{page.date(sample.published_at)} {page.time(sample.published_at)}"),
        Cell(page.date(sample.observed_at), "dim"),
        Cell(safe(sample.account)),
        *(Cell("-" if count is None else f"{count:,}") for count in counts),
        Cell(safe(sample.remote_id), "dim"),
    ]
