"""`ttp import`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

from ttp.cli.commands.plan import DAYS
from ttp.cli.context import Context
from ttp.cli.errors import DONE, PARTIAL
from ttp.cli.notices import hint_line, warn_of_scheduled
from ttp.cli.options import (
    DateOrder,
    Days,
    From,
    PerDay,
    Strict,
    TemplateName,
    TimeZone,
    Variables,
    enable_strict_checks,
    parse_pairs,
    split_list,
    with_output,
)
from ttp.cli.parameters import argument, flag, option
from ttp.cli.progress import progress
from ttp.cli.render import changes, spec
from ttp.cli.render import plan as render_plan
from ttp.cli.render.labels import plural
from ttp.cli.terminal import escape_text
from ttp.domain.action import other_options
from ttp.domain.errors import Hint, UsageError
from ttp.views import files
from ttp.views.posts import ids_needing_approval

if TYPE_CHECKING:
    from ttp.services.files.import_plan import ImportRules
    from ttp.services.files.import_source import ImportSource
    from ttp.services.files.importer import ImportResult, ImportScheduler, RowPlan
    from ttp.services.planning import PlanRequest


VIEW = spec.name_value_spec(files.import_json)


@with_output(VIEW)
def import_(
    context: Context,
    file: Annotated[str, argument("FILE|DIR|-", "CSV, JSON, JSON lines, or a folder of Markdown.")],
    to: Annotated[list[str] | None, option("--to", "A,B", "Accounts for rows without one.")] = None,
    tz: TimeZone = None,
    map_: Annotated[
        list[str] | None, option("--map", "COLUMN=FIELD", "The field of a column; its number if unnamed.")
    ] = None,
    template: TemplateName = None,
    var: Variables = None,
    dates: DateOrder = None,
    spread: Annotated[
        str | None, option("--spread", "WAY", "Plan rows without a time: optimal, slots or even.")
    ] = None,
    from_: From = None,
    days: Days = None,
    per_day: PerDay = None,
    dry_run: Annotated[bool, flag("--dry-run", "Check every row, and store nothing.")] = False,
    partial: Annotated[bool, flag("--partial", "Import the rows without errors, and skip the rest.")] = False,
    strict: Strict = False,
) -> int:
    """Import posts from a sheet, a JSON file or a folder of Markdown files.

    The first row of a sheet names its fields: text, to, at, tz, media, alt, tags; --map gives other names theirs.
    It imports all rows or none, and names the row, the field and a fix of each error. Importing a file again changes
    only what differs. With --template, other columns are variables.

    Examples:
      ttp import month.csv --to x/me --dry-run
      ttp import month.csv --spread optimal
      ttp import content/ --partial
      ttp import products.csv --template product --spread slots
    """
    from ttp.services.files.import_plan import ImportRules
    from ttp.services.files.import_source import open_source

    enable_strict_checks(context, strict=strict)
    stdin = sys.stdin.buffer if sys.stdin is not None else None
    rules, plan = (
        ImportRules(accounts=split_list(to) or (), tz=tz, template=template, vars=parse_pairs(var, "--var")),
        spread_scheduler(context, spread, from_, days, per_day, tz),
    )
    with open_source(file, stdin, _columns(map_), context.platforms, dates) as source:
        source.has_template = template is not None
        result = _import_rows(context, source, rules, plan, dry_run=dry_run, partial=partial)
    if result.refused and not partial:
        raise _refused(result, dry_run=dry_run, in_json=context.out.in_json)
    if result.spread and result.spread.left_out and not partial:
        assert plan is not None
        raise no_room(result.spread, plan.request)
    return _print_result(context, result, dry_run=dry_run)


def _import_rows(
    context: Context,
    source: ImportSource,
    rules: ImportRules,
    plan: ImportScheduler | None,
    *,
    dry_run: bool,
    partial: bool,
) -> ImportResult:
    """Import the rows, and print notes about the file."""
    from ttp.services.files.importer import ImportResult

    done = ImportResult()
    with progress(context.out, escape_text(source.name), 1, counted=False) as tell:
        try:
            context.importer.run(
                source, rules, dry_run=dry_run, partial=partial, report=tell, spreading=plan, done=done
            )
        except KeyboardInterrupt:
            context.out.note(f"stopped: {'everything' if done.stored else 'nothing'} was stored")
            raise
    context.out.note(*source.notes, *done.time_notes)
    return done


def _print_result(context: Context, result: ImportResult, *, dry_run: bool) -> int:
    """Print the result; return the exit code."""
    from ttp.cli.render.plan import spread_spec

    warnings = []
    if result.spread and context.out.for_people and not context.out.fields:
        context.out.write_list(spread_spec(result.spread), result.spread.assignments)
    if result.spread and result.spread.left_out:
        context.out.note(left_over(result.spread))
    for problem, row, many in result.warnings.values():
        more = f" (row {row}, and {many - 1} more)" if many > 1 else f" (row {row})"
        warnings.append(problem.message)
        context.out.note(problem.message + more + hint_line(problem.hint))
    for row, why in result.left[: files.ERRORS_SHOWN]:
        context.out.note(f"row {row} was skipped: {why}")
    if result.faults:
        context.out.note(
            "\n".join([_some(result.refused, result.read), *changes.fault_table(result.faults[: files.ERRORS_SHOWN])])
        )
    if result.timed and result.stored:
        needed = context.config.requires_approval
        scheduled = ids_needing_approval(context.queries.posts_by_id(result.ids)) if needed else []
        warnings += warn_of_scheduled(context, scheduled)
    shape = files.import_json(result, warnings)
    context.out.write_one(
        VIEW, shape if context.out.in_json else changes.sum_lists(shape), say=[_sentence(result, dry_run=dry_run)]
    )
    return PARTIAL if result.refused or (result.spread and result.spread.left_out) else DONE


def _sentence(result: ImportResult, *, dry_run: bool) -> str:
    shape = changes.sum_lists(files.import_json(result, ()))
    names = ("added", "changed", "moved", "unchanged", "left")
    counts = ", ".join(f"{shape[name]} {name}" for name in names if shape[name] or name in ("added", "unchanged"))
    if result.refused:
        counts += f", {result.refused} with errors"
    if result.spread:
        counts += f"; {shape['planned']} planned"
    return f"{plural(result.read, 'row')}: {counts}." + (" --dry-run: nothing was stored." if dry_run else "")


def _refused(result: ImportResult, *, dry_run: bool, in_json: bool) -> UsageError:
    """Return the error that lists the rows with errors."""
    rest = [] if result.refused == result.read else [Hint("try", other_options(partial=True))]
    message = _some(result.refused, result.read) + ("" if dry_run else "; nothing was imported")
    return changes.refused_rows_error(message, result.faults, in_json, *rest)


def _some(refused: int, read: int) -> str:
    return f"{refused} of {plural(read, 'row')} {'has' if refused == 1 else 'have'} errors"


def _columns(texts: list[str] | None) -> dict[str, str]:
    """Parse `--map` into fields by column. UsageError."""
    from ttp.services.files.csv_file import LINK
    from ttp.services.files.fields import FIELDS, find_field

    fields = {}
    for column, name in parse_pairs(texts, "--map").items():
        field = LINK if name == LINK else find_field(name)
        if field is None:
            raise UsageError(f'no field "{name}"', Hint("see", ", ".join((*FIELDS, LINK))))
        fields[column] = field
    return fields


_NAMED = 20
"""Rows that an error lists."""


def spread_scheduler(
    context: Context, way: str | None, start: str | None, days: int | None, per_day: int | None, tz: str | None
) -> ImportScheduler | None:
    """Return the plan of `--spread`; None without it. UsageError."""
    from ttp.domain.plan.scoring import PlanMethod
    from ttp.domain.time.grammar import parse_time
    from ttp.services.files.importer import ImportScheduler

    if way is None:
        for name, value in (("--from", start), ("--days", days), ("--per-day", per_day)):
            if value is not None:
                ways = [Hint("try", other_options(spread=PlanMethod.OPTIMAL.value))]
                is_file_kind = name == "--from" and not any(
                    map(parse_time, (f"{value}", f"{value} 9am"))
                )  # `--from buffer`
                raise UsageError(f"{name} needs --spread", *([] if is_file_kind else ways))
        return None
    if way not in list(PlanMethod):
        raise UsageError(
            f'--spread is optimal, slots or even, not "{way}"',
            Hint("try", other_options(spread=PlanMethod.OPTIMAL.value)),
        )
    request = context.planning.request(days or DAYS, start=start, per_day=per_day, way=PlanMethod(way), tz=tz)
    return ImportScheduler(context.posts, context.planning, request)


def no_room(row_plan: RowPlan, request: PlanRequest) -> UsageError:
    """Return the error that says how many rows do not fit, and what to change."""
    from ttp.services.planning import more_room

    left_out = row_plan.left_out
    return UsageError(
        f"{len(left_out)} of {len(row_plan.rows)} rows without a time do not fit into {plural(request.days, 'day')},"
        " so nothing was imported",
        *more_room(row_plan.proposal, request),
        Hint("try", other_options(partial=True)),
        details=[
            "not planned: " + " ".join(left_out[:_NAMED]) + (" …" if len(left_out) > _NAMED else ""),
            *render_plan.placement_notes(row_plan.proposal),
            *render_plan.limit_notes(row_plan.proposal),
        ],
    )


def left_over(row_plan: RowPlan) -> str:
    """Return the note that rows without room became drafts."""
    left_out = row_plan.left_out
    rows = " ".join(left_out[:_NAMED]) + (" …" if len(left_out) > _NAMED else "")
    return f"{len(left_out)} of {len(row_plan.rows)} rows did not fit and are drafts: {rows}"
