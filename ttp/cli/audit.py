"""`ttp audit`: the whole store, replayed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ttp.cli import views
from ttp.cli.context import context
from ttp.cli.exit_codes import DONE, FAILED
from ttp.cli.output import Output
from ttp.cli.params import printing
from ttp.cli.shapes import Json

if TYPE_CHECKING:
    from ttp.cli.pictures.page import Page
    from ttp.services.audit import Check

COLUMNS = ("status", "name", "message")


def _shape(checks: list[Check]) -> Json:
    return {
        "checks": [
            {"name": one.name, "what": one.what, "checked": one.checked, "wrong": one.wrong, "breaches": one.breaches}
            for one in checks
        ],
        "ok": not any(one.wrong for one in checks),
    }


def _rows(checks: list[Check]) -> Iterable[Json]:
    for one in checks:
        status = "fail" if one.wrong else "ok"
        yield {"status": status, "name": one.name, "message": f"{one.checked - one.wrong} of {one.checked} {one.what}"}
        for breach in one.breaches:
            yield {"status": "fail", "name": one.name, "message": breach}


def _picture(found: Sequence[list[Check]], page: Page) -> Iterable[str]:
    """Every row in full: a breach that is cut says nothing."""
    from ttp.cli.clean import one_line
    from ttp.cli.pictures.table import Cell, Column, table

    rows = [row for checks in found for row in _rows(checks)]
    if not rows:
        return ["Nothing is stored yet."]
    cells = [[Cell(one_line(str(row[name]))) for name in COLUMNS] for row in rows]
    return table([Column(name) for name in COLUMNS], cells, page, wrapped=True)


AUDIT: views.View[list[Check]] = views.View(("checks", "ok"), COLUMNS, _shape, _picture, rows=_rows)


@printing
def audit(out: Output) -> int:
    """Prove from the records that nothing was published twice.

    Replays every publishing call and look-up that was ever recorded: no delivery was done twice, an intent stands
    before each outcome, every state and status follows, every remote id belongs to one delivery. Also checks that the
    store is not a copy. Exit code 1 where something is wrong.

    Example: ttp audit --json
    """
    out.expect(AUDIT)
    from ttp.services.audit import Audit

    checks = Audit(context().database).run()
    out.record(AUDIT, checks)
    return FAILED if any(one.wrong for one in checks) else DONE
