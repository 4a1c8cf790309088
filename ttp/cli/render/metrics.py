"""`ttp metrics list`, `pull` and `summary`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ttp.cli.render.page import Cell, Column, Page, table_of
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
    yield from table_of(
        totals,
        page,
        (Column("ACCOUNT", most=page.width // 3), lambda one: escape_text(one.account)),
        (Column("POSTS", right=True), lambda one: f"{one.posts:,}"),
        (Column("SAMPLES", right=True, drop=3), lambda one: f"{one.samples:,}"),
        (Column("FROM", drop=2), lambda one: _date(one.first_at, page)),
        (Column("TO", drop=2), lambda one: _date(one.last_at, page)),
        (Column("LIKES", right=True), lambda one: _count(one.likes)),
        (Column("COMMENTS", right=True, drop=1), lambda one: _count(one.comments)),
        (Column("SHARES", right=True, drop=1), lambda one: _count(one.shares)),
        (Column("VIEWS", right=True), lambda one: _count(one.views)),
        least=8,
    )
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
    yield from table_of(
        samples,
        page,
        (Column("PUBLISHED"), lambda one: f"{page.date(one.published_at)} {page.time(one.published_at)}"),
        (Column("READ", drop=2), lambda one: _date(one.observed_at, page)),
        (Column("ACCOUNT", most=page.width // 3), lambda one: escape_text(one.account)),
        (Column("LIKES", right=True), lambda one: _count(one.likes)),
        (Column("COMMENTS", right=True, drop=1), lambda one: _count(one.comments)),
        (Column("SHARES", right=True, drop=1), lambda one: _count(one.shares)),
        (Column("VIEWS", right=True, drop=1), lambda one: _count(one.views)),
        (Column("POST"), lambda one: Cell(escape_text(one.remote_id), "dim")),
        least=8,
    )
    yield ""
    yield page.footer()


def _date(at: datetime | None, page: Page) -> Cell:
    return Cell("-" if at is None else page.date(at), "dim")


def _count(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


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
