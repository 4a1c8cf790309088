"""`ttp undo --list` on a terminal: the changes that can be taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from ttp.cli.clean import safe
from ttp.cli.pictures.page import Page
from ttp.cli.pictures.table import Cell, Column, table


def changes_picture(changes: Sequence[tuple[datetime, str, str]], page: Page) -> Iterator[str]:
    """The N of `ttp undo N` for each, when it was made, the command, and the numbers of its posts; the newest first."""
    if not changes:
        yield "Nothing was changed in the last 30 days."
        return
    columns = [Column("N", right=True), Column("WHEN"), Column("", drop=1), Column("CHANGE"), Column("POSTS")]
    rows = [
        [
            Cell(str(number)),
            Cell(page.when(at)),
            Cell(page.ago(at), "dim"),
            Cell(safe(command)),
            Cell(safe(ids)),
        ]
        for number, (at, command, ids) in enumerate(changes, 1)
    ]
    yield from table(columns, rows, page)
    yield ""
    yield from page.flow([page.footer(), "Take back all down to N:  ttp undo N"])
