"""What happens to many posts at once, as JSON objects, TSV rows and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ttp.cli import shapes, spreading
from ttp.cli.shapes import Json
from ttp.domain.errors import Hint, Problem, UsageError

if TYPE_CHECKING:
    from ttp.cli.pictures.page import Page
    from ttp.cli.views import Picture
    from ttp.services.bulk_in import Taken
    from ttp.services.files.fields import Fault
    from ttp.services.steps import Step

SHOWN = 20
"""Faults that a person is shown; a program gets them all."""
STEP = ("action", "id", "file", "changes", "scheduledAt", "accounts", "content")
IMPORTED = (
    "read",
    "added",
    "changed",
    "moved",
    "unchanged",
    "left",
    "rejected",
    "stored",
    "ids",
    "planned",
    "plan",
    "warnings",
)


def imported(taken: Taken, warnings: Sequence[str]) -> Json:
    """What became of the rows of a file. `left`: passed over, and why; `rejected`: why they cannot be taken;
    `planned`: what got a time by a plan, and `plan`: what is said of that."""
    counts = {what.value: many for what, many in taken.counts.items()}
    return {
        "read": taken.read,
        "added": counts.get("add", 0),
        "changed": counts.get("change", 0),
        "moved": counts.get("move", 0),
        "unchanged": counts.get("same", 0),
        "left": [{"row": row, "reason": why} for row, why in taken.left],
        "rejected": [fault(row, one) for row, one in taken.faults],
        "stored": taken.stored,
        "ids": taken.ids,
        "planned": spreading.planned(taken.spread),
        "plan": spreading.whole(taken.spread),
        "warnings": list(warnings),
    }


def fault(row: str, one: Fault) -> Json:
    """Why one row cannot be taken."""
    return {"row": row, "field": one.field or None, "problem": one.problem, "fix": one.fix}


def step(one: Step) -> Json:
    """What happens to one post, and which of its fields change."""
    from ttp.services.steps import changes

    post = one.post
    assert post is not None
    return {
        "action": one.what.value,
        "id": post.id,
        "file": one.where,
        "changes": list(changes(one)),
        "scheduledAt": shapes.instant(post.scheduled_at),
        "accounts": list(post.accounts),
        "content": post.content,
    }


def pictured(*, files: bool) -> Picture[Step]:
    """How people are shown what would become of posts. `files`: with the file of each."""

    def picture(steps: Sequence[Step], page: Page) -> Iterable[str]:
        from ttp.cli.pictures.steps import steps_picture

        return steps_picture(steps, page, files=files)

    return picture


def refused(said: str, faults: Sequence[tuple[str, Fault]], in_json: bool, *ways: Hint) -> UsageError:
    """That rows cannot be taken: for people a table of row, field, problem and fix."""
    if in_json:
        problems = [Problem(one.field, "row", f"row {row}: {one.problem}", hint=one.fix) for row, one in faults]
        return UsageError(said, *ways, problems=problems)
    lines = fault_table(faults[:SHOWN])
    if len(faults) > SHOWN:
        lines.append(f"{len(faults) - SHOWN} more; see them all with --json")
    return UsageError(said, *ways, details=lines)


def counted(many: int, thing: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{many} {thing}{'' if many == 1 else 's'}"


def summed(shape: Json) -> Json:
    """The same with the number of things in place of a list, and a plan's way: for tables and TSV."""
    summed = {name: len(value) if isinstance(value, list) else value for name, value in shape.items()}
    return {name: value["way"] if isinstance(value, dict) else value for name, value in summed.items()}


def fault_table(faults: Iterable[tuple[str, Fault]]) -> list[str]:
    """Row, field, problem and fix, in columns."""
    rows = [("ROW", "FIELD", "PROBLEM"), *((row, one.field or "-", one.problem) for row, one in faults)]
    widths = [min(max(len(row[column]) for row in rows), 32) for column in (0, 1)]
    fixes = [None, *(one.fix for _, one in faults)]
    lines = []
    for (row, field, problem), fix in zip(rows, fixes, strict=True):
        lines.append(f"{row:<{widths[0]}}  {field:<{widths[1]}}  {problem}")
        lines += [f"{'':<{widths[0]}}  {'':<{widths[1]}}  fix: {fix}"] if fix else []
    return lines
