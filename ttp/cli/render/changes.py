"""Changes of posts on a terminal: planned ones, rows with errors, `ttp undo --list` and `ttp history`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ttp.cli.errors import command_text
from ttp.cli.render.names import joined_names, names_in
from ttp.cli.render.page import Cell, Column, Page, Style, table_of
from ttp.cli.terminal import escape_line, escape_text
from ttp.domain.action import Action, WayOut
from ttp.domain.errors import Hint, Problem, UsageError
from ttp.views import Json
from ttp.views.files import ERRORS_SHOWN
from ttp.views.posts import id_ranges

if TYPE_CHECKING:
    from ttp.domain.row_reader import FieldError
    from ttp.services.bulk_edit import PlannedChange
    from ttp.store.change_log import LoggedChange

NO_CHANGES = "No changes in the last 30 days."


def refused_rows_error(
    message: str, faults: Sequence[tuple[str, FieldError]], in_json: bool, *ways: Hint
) -> UsageError:
    """Return the error for rows that cannot be imported; for people with a table of row, field, problem and fix."""
    if in_json:
        problems = [Problem(one.field, "row", f"row {row}: {one.problem}", hint=one.fix) for row, one in faults]
        return UsageError(message, *ways, problems=problems)
    lines = fault_table(faults[:ERRORS_SHOWN])
    if len(faults) > ERRORS_SHOWN:
        lines.append(f"{len(faults) - ERRORS_SHOWN} more; see them all with --json")
    return UsageError(message, *ways, details=lines)


def sum_lists(shape: Json) -> Json:
    """Return the JSON with counts instead of lists, for tables and TSV."""
    counts = {name: len(value) if isinstance(value, list) else value for name, value in shape.items()}
    return {name: value["way"] if isinstance(value, dict) else value for name, value in counts.items()}


def fault_table(faults: Iterable[tuple[str, FieldError]]) -> list[str]:
    """Return row, field, problem and fix in columns."""
    rows = [("ROW", "FIELD", "PROBLEM"), *((row, one.field or "-", one.problem) for row, one in faults)]
    widths = [min(max(len(row[column]) for row in rows), 32) for column in (0, 1)]
    fixes = [None, *(one.fix for _, one in faults)]
    lines = []
    for (row, field, problem), fix in zip(rows, fixes, strict=True):
        lines.append(f"{row:<{widths[0]}}  {field:<{widths[1]}}  {problem}")
        lines += [f"{'':<{widths[0]}}  {'':<{widths[1]}}  {fix_label(fix)}: {command_text(fix)}"] if fix else []
    return lines


def fix_label(fix: WayOut) -> str:
    return "see" if isinstance(fix, Action) and fix.name in ("account list", "show", "list") else "fix"


def render_changes(changes: Sequence[LoggedChange], page: Page) -> Iterator[str]:
    """Draw the changes that can be undone, newest first, with the N of `ttp undo N`."""
    if not changes:
        yield NO_CHANGES
        return
    yield from table_of(
        enumerate(changes, 1),
        page,
        (Column("N", right=True), lambda row: str(row[0])),
        (Column("WHEN"), lambda row: page.when(row[1].change.at)),
        (Column("", drop=1), lambda row: Cell(page.ago(row[1].change.at), "dim")),
        (Column("CHANGE"), lambda row: escape_text(row[1].change.command)),
        (Column("POSTS"), lambda row: id_ranges(list(row[1].texts))),
    )
    yield ""
    yield from page.flow([page.footer(), "Undo all changes down to N:  ttp undo N"])


def render_history(changes: Sequence[LoggedChange], page: Page) -> Iterator[str]:
    """Draw who changed posts, newest first; the text of a post that was changed alone."""
    if not changes:
        yield NO_CHANGES
        return
    yield from table_of(
        changes,
        page,
        (Column("WHEN"), lambda one: page.when(one.change.at)),
        (Column("", drop=1), lambda one: Cell(page.ago(one.change.at), "dim")),
        (Column("BY", most=page.width // 4), lambda one: escape_line(one.change.actor or "-")),
        (Column("CHANGE"), lambda one: escape_text(one.change.command)),
        (Column("POSTS", most=page.width // 4), lambda one: Cell(id_ranges(list(one.texts)), "bold")),
        (Column("TEXT"), lambda one: escape_line(" ".join(one.texts.values())) if len(one.texts) == 1 else ""),
        least=12,
    )
    yield ""
    yield page.footer()


_COLOURS: Mapping[str, Style] = {"add": "green", "cancel": "red"}


def render_steps(steps: Sequence[PlannedChange], page: Page, *, files: bool) -> Iterator[str]:
    """Draw a line per post: the action, the old and new time, and the fields that change. `files`: with its file."""
    if not steps:
        return
    from ttp.services.bulk_edit import changed_fields

    posts = [post for step in steps if (post := step.post) is not None]
    names = names_in(posts, page.width // 4)
    yield from table_of(
        zip(steps, posts, strict=True),
        page,
        (Column("", most=8), lambda row: Cell(row[0].what.value, _COLOURS.get(row[0].what, ""))),
        (Column("ID", right=True), lambda row: Cell("-" if row[1].id is None else str(row[1].id), "bold")),
        (Column("FILE", most=page.width // 3, shown=files), lambda row: escape_line(row[0].where)),
        (Column("WHEN"), lambda row: _when(row[0], page)),
        (
            Column("ACCOUNTS", drop=2, most=page.width // 4),
            lambda row: joined_names([names[one.account] for one in row[1].active], page.width // 4),
        ),
        (
            Column("CHANGES", drop=1, most=page.width // 4),
            lambda row: Cell(" ".join(changed_fields(row[0])) or "-", "dim"),
        ),
        (Column("TEXT"), lambda row: escape_line(row[1].content)),
        least=12,
    )
    yield ""
    yield page.footer()


def _when(step: PlannedChange, page: Page) -> str:
    from ttp.services.bulk_edit import ChangeKind

    before, after = (None if post is None else post.scheduled_at for post in (step.before, step.post))
    now = page.when(after) if after else "-"
    if step.what not in (ChangeKind.CHANGE, ChangeKind.MOVE) or before == after:
        return now
    return f"{page.when(before) if before else '-'} -> {now}"
