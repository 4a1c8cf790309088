"""`ttp import`: posts out of files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated

from ttp.cli import bulk_shapes, views
from ttp.cli.context import context
from ttp.cli.declared import Argument, Option
from ttp.cli.exit_codes import DONE, PARTIAL
from ttp.cli.output import Output
from ttp.cli.params import Strict, Tz, guarded, printing, read_pairs, split_list
from ttp.cli.times import note_if_nothing_runs
from ttp.domain.errors import Hint, UsageError

if TYPE_CHECKING:
    from ttp.services.bulk_in import Taken

VIEW = views.facts_view(bulk_shapes.IMPORTED)
LONG = 500
"""Rows from which on it takes long enough for a person to be told how far it is."""


@printing
def import_(
    out: Output,
    file: Annotated[str, Argument(metavar="FILE|DIR|-", help="CSV, JSON, JSON lines, or a folder of Markdown.")],
    to: Annotated[
        list[str] | None, Option("--to", metavar="ACCOUNT", help="Where rows go that name no account.")
    ] = None,
    tz: Tz = None,
    map_: Annotated[
        list[str] | None,
        Option("--map", metavar="COLUMN=FIELD", help="What a column is; its number where there is no header."),
    ] = None,
    dates: Annotated[
        str | None, Option("--dates", metavar="ORDER", help="dmy or mdy: how 12/11/2026 is meant.")
    ] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Look at every row, store no post.")] = False,
    partial: Annotated[bool, Option("--partial", help="Take the rows that can be taken.")] = False,
    strict: Strict = False,
) -> int:
    """Make posts of a sheet, a JSON file or a folder of Markdown files.

    All rows or none: one that cannot be taken is told with its field and what to write instead. The same file again
    changes what changed and adds nothing.

    Example: ttp import month.csv --to x/me --dry-run
    """
    from ttp.cli.row_times import RowTimes
    from ttp.services.files.source import opened
    from ttp.services.intake import Rules

    out.expect(VIEW)
    guarded(strict)
    rules = Rules(accounts=split_list(to) or (), tz=tz)
    stdin = sys.stdin.buffer if sys.stdin is not None else None
    with opened(file, stdin, _columns(map_), _order(dates)) as source, _progress(out) as tell:
        taken = context().bulk_in.take(source, RowTimes(), rules, dry_run=dry_run, partial=partial, tell=tell)
    for note in source.notes:
        out.note(note)
    if taken.refused and not partial:
        raise _refused(taken, dry_run=dry_run, in_json=out.in_json)
    return _told(out, taken, dry_run=dry_run)


def _told(out: Output, taken: Taken, *, dry_run: bool) -> int:
    """Say what became of the rows; the exit code that this deserves."""
    warnings = []
    for problem, row, many in taken.warnings.values():
        more = f" (row {row}, and {many - 1} more)" if many > 1 else f" (row {row})"
        warnings.append(problem.message)
        out.note(problem.message + more + (f"\n{problem.hint}" if problem.hint else ""))
    for row, why in taken.left[: bulk_shapes.SHOWN]:
        out.note(f"row {row} is left alone: {why}")
    if taken.faults:
        out.note(
            "\n".join([_some(taken.refused, taken.read), *bulk_shapes.fault_table(taken.faults[: bulk_shapes.SHOWN])])
        )
    if taken.timed and taken.stored:
        warnings += note_if_nothing_runs(out)
    shape = bulk_shapes.imported(taken, warnings)
    out.record(VIEW, shape if out.in_json else bulk_shapes.summed(shape), say=[_sentence(taken, dry_run=dry_run)])
    return PARTIAL if taken.refused else DONE


def _sentence(taken: Taken, *, dry_run: bool) -> str:
    shape = bulk_shapes.summed(bulk_shapes.imported(taken, ()))
    names = ("added", "changed", "moved", "unchanged", "left")
    said = ", ".join(f"{shape[name]} {name}" for name in names if shape[name] or name in ("added", "unchanged"))
    return f"{bulk_shapes.counted(taken.read, 'row')}: {said}." + (" Nothing was stored: --dry-run." if dry_run else "")


def _refused(taken: Taken, *, dry_run: bool, in_json: bool) -> UsageError:
    """That rows cannot be taken."""
    rest = [] if taken.refused == taken.read else [Hint("to take the others all the same, add", "--partial")]
    said = _some(taken.refused, taken.read) + ("" if dry_run else ", so none was taken")
    return bulk_shapes.refused(said, taken.faults, in_json, *rest)


def _some(refused: int, read: int) -> str:
    return f"{refused} of {bulk_shapes.counted(read, 'row')} cannot be taken"


def _columns(texts: list[str] | None) -> dict[str, str]:
    """`--map` options: fields by column. UsageError for a field that there is not."""
    from ttp.services.files.fields import FIELDS, field_named
    from ttp.services.files.foreign import LINK

    found = {}
    for column, name in read_pairs(texts, "--map").items():
        field = LINK if name == LINK else field_named(name)
        if field is None:
            raise UsageError(f'no field "{name}"', Hint("the fields", ", ".join((*FIELDS, LINK))))
        found[column] = field
    return found


def _order(dates: str | None) -> str | None:
    from ttp.services.files.foreign import DATES

    if dates is not None and dates not in DATES:
        raise UsageError(f'--dates is {" or ".join(DATES)}, not "{dates}"')
    return dates


@contextmanager
def _progress(out: Output) -> Iterator[Callable[[int], object]]:
    """How many rows were looked at, on stderr while the block runs, where a person can see it and has to wait."""
    if out.quiet or sys.stderr is None or not sys.stderr.isatty():
        yield lambda read: None
        return
    with ExitStack() as shown:
        tells: list[Callable[[int], object]] = []

        def tell(read: int) -> None:
            if read >= LONG and not tells:
                tells.append(shown.enter_context(_bar()))
            for one in tells:
                one(read)

        yield tell


@contextmanager
def _bar() -> Iterator[Callable[[int], object]]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn("line"), TextColumn("{task.completed} rows", markup=False))
    with Progress(*columns, console=Console(stderr=True, color_system=None), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda read: bar.update(task, completed=read)
