"""`ttp metrics list`, `pull` and `summary`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ttp.cli.render.page import Cell, Column, Page, table
from ttp.cli.render.spec import OutputSpec
from ttp.cli.terminal import escape_text
from ttp.domain.metrics.sample import MAIN_COUNTS, Sample, Total
from ttp.views import metrics

if TYPE_CHECKING:
    from ttp.services.metrics.sync import PullResult


def render_totals(totals: Sequence[Total], page: Page) -> Iterator[str]:
    """Draw the totals of accounts; `-` for a count that no post has."""
    if not totals:
        yield "No metrics yet.  Get some:  ttp metrics pull --history 500   (or: ttp metrics import FILE)"
        return
    columns = [
        Column("ACCOUNT", most=page.width // 3),
        Column("POSTS", right=True),
        Column("SAMPLES", right=True, drop=3),
        Column("FROM", drop=2),
        Column("TO", drop=2),
        *(Column(name.upper(), right=True, drop=drop) for name, drop in zip(MAIN_COUNTS, (0, 1, 1, 0), strict=True)),
    ]
    rows = []
    for one in totals:
        days = [Cell("-" if at is None else page.date(at), "dim") for at in (one.first_at, one.last_at)]
        sums = [Cell("-" if count is None else f"{count:,}") for count in (getattr(one, name) for name in MAIN_COUNTS)]
        rows.append([Cell(escape_text(one.account)), Cell(f"{one.posts:,}"), Cell(f"{one.samples:,}"), *days, *sums])
    yield from table(columns, rows, page, least=8)
    yield ""
    yield page.footer()


TOTALS: OutputSpec[Total] = OutputSpec(
    metrics.TOTAL_FIELDS, metrics.TOTAL_FIELDS[:10], metrics.total_json, render_totals
)
"""`ttp metrics summary`."""


def render_samples(samples: Sequence[Sample], page: Page) -> Iterator[str]:
    """Draw samples; `-` for an unknown count."""
    if not samples:
        yield "No metrics yet.  Get some:  ttp metrics pull --history 500   (or: ttp metrics import FILE)"
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
    return [
        Cell(f"{page.date(sample.published_at)} {page.time(sample.published_at)}"),
        Cell(page.date(sample.observed_at), "dim"),
        Cell(escape_text(sample.account)),
        *(Cell("-" if count is None else f"{count:,}") for count in (getattr(sample, name) for name in MAIN_COUNTS)),
        Cell(escape_text(sample.remote_id), "dim"),
    ]


SAMPLES_SPEC = OutputSpec(
    metrics.SAMPLE_FIELDS,
    ("account", "remoteId", "publishedAt", "observedAt", *MAIN_COUNTS),
    metrics.sample_json,
    render_samples,
)
"""`ttp metrics list`."""
PULL_SPEC: OutputSpec[PullResult] = OutputSpec(
    metrics.PULL_FIELDS,
    ("account", "read", "inserted", "updated", "unchanged", "rejected"),
    metrics.pull_json,
    rows=lambda one: [{**metrics.pull_json(one), "rejected": len(one.rejected)}],
)
"""`ttp metrics pull`: a row per account."""
