"""`ttp certify`: its table, and its report as a Markdown page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ttp.cli.render.page import Cell, Column, Page, Style, table
from ttp.cli.render.spec import OutputSpec
from ttp.cli.terminal import escape_line
from ttp.views.certification import CERTIFIED_FIELDS, ReportHead, certified_json

if TYPE_CHECKING:
    from ttp.publisher.certification import CertifiedPost

_STYLES: dict[str, Style] = {"verified": "green", "skipped": "dim"}


def certification_spec(head: ReportHead) -> OutputSpec[CertifiedPost]:
    """Return the spec of a report; its JSON document has the rows as `results`."""
    return OutputSpec(
        CERTIFIED_FIELDS,
        ("kind", "outcome", "lookUp", "deleted", "remoteIds"),
        certified_json,
        render_results,
        to_document=lambda rows: {**head.as_json(), "results": rows},
    )


def render_results(results: Sequence[CertifiedPost], page: Page) -> Iterator[str]:
    heads = [Column("KIND"), Column("OUTCOME"), Column("LOOK-UP"), Column("DELETED"), Column("DETAIL")]
    rows = [
        [
            Cell(one.kind),
            Cell(one.outcome.replace("_", " "), _STYLES.get(one.outcome, "red")),
            Cell(one.look_up or "-"),
            Cell(_yes_or_no(one)),
            Cell(escape_line(one.message or one.url or " ".join(one.remote_ids))),
        ]
        for one in results
    ]
    yield from table(heads, rows, page, wrapped=True)


def report_lines(head: ReportHead, results: Sequence[CertifiedPost]) -> Iterator[str]:
    """Yield the lines of the report as a Markdown page, without the account's name."""
    known = head.as_json()
    server = f" ({head.software})" if head.software else ""
    yield f"# ttp with {head.title}{server}\n\n"
    yield f"{known['date']}, ttp {known['ttp']}, Python {known['python']}, {known['system']}\n\n"
    yield "| kind | outcome | look-up | deleted | seconds | id | remark |\n|---|---|---|---|--:|---|---|\n"
    for one in results:
        row = certified_json(one)
        cells = (
            one.kind,
            one.outcome,
            one.look_up,
            _yes_or_no(one),
            row["tookS"],
            " ".join(one.remote_ids),
            one.message,
        )
        yield "| " + " | ".join(_cell(value) for value in cells) + " |\n"


def _cell(value: object) -> str:
    return "" if value is None else escape_line(str(value)).replace("|", "\\|")


def _yes_or_no(one: CertifiedPost) -> str:
    return "-" if one.deleted is None else "yes" if one.deleted else "no"
