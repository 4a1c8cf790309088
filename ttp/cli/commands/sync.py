"""`ttp sync`."""

from __future__ import annotations

import os
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Annotated

from ttp.cli.context import Context
from ttp.cli.errors import DONE, FAILED, PARTIAL, quote_command
from ttp.cli.notices import hint_line, warn_of_scheduled
from ttp.cli.options import Strict, enable_strict_checks, with_output
from ttp.cli.output import Output
from ttp.cli.parameters import argument, flag
from ttp.cli.render import changes
from ttp.cli.render.labels import plural
from ttp.cli.render.spec import OutputSpec
from ttp.domain.errors import Hint, NotFound, UsageError
from ttp.views import files as files_module
from ttp.views.posts import ids_needing_approval

if TYPE_CHECKING:
    from ttp.services.bulk_edit import PlannedChange
    from ttp.services.files.sync import SyncPlan

VIEW: OutputSpec[PlannedChange] = OutputSpec(
    files_module.CHANGE_FIELDS,
    ("action", "id", "file", "changes"),
    files_module.change_json,
    partial(changes.render_steps, files=True),
    to_document=lambda rows: {"plan": rows},
)


_DONE = {"add": "added", "change": "changed", "move": "moved", "cancel": "cancelled"}


@with_output(VIEW, asks=True)
def sync(
    context: Context,
    dir: Annotated[str, argument("DIR", "A folder of Markdown files with front matter.")],
    check: Annotated[bool, flag("--check", "Change nothing; exit code 6 if something would change.")] = False,
    prune: Annotated[bool, flag("--prune", "Cancel posts whose file was deleted.")] = False,
    write_status: Annotated[bool, flag("--write-status", "Write ids, statuses and addresses into the files.")] = False,
    strict: Strict = False,
) -> int:
    """Sync posts with a folder of Markdown files.

    It adds, changes, reschedules and cancels posts to match the files. It shows the changes and asks; without a
    terminal it needs --yes or --check. Posts that are published or being published do not change.

    Examples:
      ttp sync content --check
      ttp sync content
      ttp sync content --prune --yes --write-status
    """
    from ttp.services.bulk_edit import refuse_forbidden
    from ttp.services.files.import_source import open_source

    enable_strict_checks(context, strict=strict)
    if dir != "-" and not os.path.exists(dir):  # noqa: PTH110 (never raises)
        near = _folder_near(dir)
        way = quote_command("ttp", "export", dir, "--format", "md")
        raise NotFound(f"no folder {dir}", Hint("try", near, (dir, near)) if near else Hint("fix", way))
    service = context.sync
    with open_source(dir, None, {}, context.platforms) as source:
        if source.binary is not None:
            raise NotFound(f"{dir} is not a folder", Hint("try", quote_command("ttp", "import", dir)))
        if write_status:
            context.own_files.refuse(source.folder, dir)
        plan = service.plan(source, prune=prune)
        _notes(context.out, dir, plan)
        if not check:
            _refuse_emptied(dir, plan)
            refuse_forbidden(context.posts, plan.drift)
        context.out.write_list(VIEW, plan.drift, none="Nothing would change." if check else "Nothing to change.")
        if check:
            return PARTIAL if plan.drift else DONE
        counts = Counter(step.what for step in plan.drift)
        work = ", ".join(f"{kind} {plural(count, 'post')}" for kind, count in counts.items())
        if plan.drift and not context.confirm(f"{work.capitalize()}?", refusal=f'"{work}"'):
            return FAILED
        changed = service.apply(plan)
        if plan.drift:
            past = (f"{_DONE.get(kind, kind)} {plural(count, 'post')}" for kind, count in counts.items())
            context.out.note(", ".join(past))
        if write_status:
            service.write_results(source)
    if any(step.post is not None and step.post.scheduled_at is not None for step in plan.drift):
        warn_of_scheduled(context, ids_needing_approval(context.queries.posts_by_id(changed)))
    return DONE


def _notes(out: Output, dir: str, plan: SyncPlan) -> None:
    """Print notes about the files. UsageError if some have errors."""
    out.note(*plan.notes)
    if plan.faults:
        files = len({where for where, _ in plan.faults})
        message = f"{plural(files, 'file')} {'has' if files == 1 else 'have'} errors; nothing was changed"
        raise changes.refused_rows_error(message, plan.faults, out.in_json)
    warned = {problem.message: (problem, step.where) for step in plan.drift for problem in step.warnings}
    for problem, where in warned.values():
        out.note(f"{problem.message} ({where})" + hint_line(problem.hint))
    for step in plan.other[: files_module.ERRORS_SHOWN]:
        out.note(f"{step.where} has a different text now; {step.why}, and does not change")
    if plan.orphans:
        ids = " ".join(str(post.id) for post in plan.orphans[:20])
        again = quote_command("ttp", "sync", dir, "--prune")
        posts = plural(len(plan.orphans), "post")
        out.note(f"{posts} with no file any more: {ids}\ncancel:  {again}")


def _folder_near(name: str) -> str | None:
    """Return the folder beside it whose name is near."""
    from difflib import get_close_matches
    from pathlib import Path

    place = Path(name)
    try:
        folders = [one.name for one in place.parent.iterdir() if one.is_dir()]
    except OSError:  # none is there, or it may not be read
        return None
    near = get_close_matches(place.name, folders, 1)
    return str(place.with_name(near[0])) if near else None


def _refuse_emptied(dir: str, plan: SyncPlan) -> None:
    """Raise UsageError if an empty folder would cancel all its posts: it may be the wrong one, or not mounted."""
    from ttp.services.bulk_edit import ChangeKind

    if len(plan.steps) > 1 and all(step.what is ChangeKind.CANCEL for step in plan.steps):
        ids = [str(step.before.id) for step in plan.steps if step.before is not None]
        raise UsageError(
            f"{dir} is empty, and --prune would cancel all of its {len(ids)} posts",
            Hint("see", quote_command("ttp", "sync", dir, "--prune", "--check")),
            Hint("try", f"ttp delete {' '.join(ids[:20])}{' …' if len(ids) > 20 else ''}"),
        )
