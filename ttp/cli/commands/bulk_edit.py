"""`ttp edit --where …`: one change of many posts."""

from __future__ import annotations

import shlex
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from ttp.cli.commands.list import NO_MATCH
from ttp.cli.context import Context
from ttp.cli.errors import DONE, FAILED, quote_command
from ttp.cli.notices import print_warnings
from ttp.cli.options import PostOptions
from ttp.cli.render import changes
from ttp.cli.render import posts as posts_module
from ttp.cli.render.labels import plural
from ttp.cli.render.spec import OutputSpec
from ttp.domain.errors import Hint, PastTime, TimeRefused, TtpError, UsageError
from ttp.domain.time.durations import duration_parts, total_duration
from ttp.views import files

if TYPE_CHECKING:
    from ttp.services.bulk_edit import BulkEditRequest, PlannedChange
    from ttp.services.time_resolver import Shift
    from ttp.store.queries import PostFilter

VIEW: OutputSpec[PlannedChange] = OutputSpec(
    files.CHANGE_FIELDS,
    ("action", "id", "changes", "scheduledAt", "accounts", "content"),
    files.change_json,
    partial(changes.render_steps, files=False),
)
WORDS = PostOptions._fields[:-1]
"""The filters of `--where`, which are those of `ttp list`."""


@dataclass(frozen=True, slots=True)
class BulkOptions:
    """The changes that `ttp edit --where` can make, as typed."""

    replace_link: tuple[str, str] | None = None
    shift: str | None = None
    account: str | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    delete: bool = False


def edit_many(context: Context, where: str, bulk_options: BulkOptions, *, dry_run: bool) -> int:
    """Show what would happen to the posts that `where` names, ask, and do it in one transaction."""
    if bulk_options.delete:
        return _delete_many(context, where, bulk_options, dry_run=dry_run)
    from ttp.services.bulk_edit import apply_changes, refuse_forbidden

    context.out.check_fields(VIEW)
    edit = _edit(bulk_options)
    posts = context.queries.posts(_filter(context, where))
    steps = list(context.bulk_edit.plan(posts, edit))
    faults = [(step.where, fault) for step in steps for fault in step.faults]
    if faults:
        raise changes.refused_rows_error(
            "some posts cannot be changed this way; nothing was changed", faults, context.out.in_json
        )
    if not dry_run:
        refuse_forbidden(context.posts, steps)
    context.out.write_list(VIEW, steps, none="Nothing would change.")
    print_warnings(context.out, (problem for step in steps for problem in step.warnings))
    if steps and dry_run:
        context.out.note("--dry-run: nothing was changed")
    if not steps or dry_run:
        return DONE
    amount = plural(len(steps), "post")
    if not context.confirm(f"Change {amount}?", refusal=f"changing {amount}"):
        return FAILED
    apply_changes(context.posts, steps, "edit")
    context.out.note(f"Changed {amount}.  Undo:  ttp undo")
    return DONE


def _delete_many(context: Context, where: str, bulk_options: BulkOptions, *, dry_run: bool) -> int:
    if bulk_options != BulkOptions(delete=True):
        raise UsageError("--delete takes no other change", Hint("see", "ttp edit --help"))
    if not context.out.for_people:
        context.out.check_fields(posts_module.DELETED_SPEC)
    views = context.queries.views(_filter(context, where))
    posts = list(views)
    ids = [post.id or 0 for post in posts]
    amount = plural(len(ids), "post")
    if context.out.for_people:
        context.out.write_list(posts_module.POSTS_SPEC, posts, none=NO_MATCH)
    if dry_run:
        if not context.out.for_people:
            context.out.write_list(posts_module.WOULD_DELETE_SPEC, ids)
        context.out.note("--dry-run: nothing was deleted")
        return DONE
    if not posts:
        if not context.out.for_people:
            context.out.write_list(posts_module.DELETED_SPEC, [])
        return DONE
    if not context.confirm(f"Delete {amount}?", refusal=f"deleting {amount}"):
        return FAILED
    context.posts.delete(ids)
    context.out.write_list(posts_module.DELETED_SPEC, ids, say=[f"Deleted {amount}.  Undo:  ttp undo"])
    return DONE


def _filter(context: Context, where: str) -> PostFilter:
    """Parse `status=scheduled tag=launch`. UsageError."""
    values: dict[str, list[str]] = {}
    try:
        words = shlex.split(where)
    except ValueError:
        raise UsageError("--where has an unclosed quote") from None
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in WORDS:
            raise UsageError(
                f'unknown filter in --where: "{word}"',
                Hint("try", "--where 'status=scheduled tag=launch'"),
                Hint("try", ", ".join(WORDS)),
            )
        values.setdefault(name, []).append(value)
    if not values:
        raise UsageError("--where is empty", Hint("try", "--where status=scheduled"))
    several = {name: values.get(name) for name in WORDS[:4]}
    one = {name: values[name][-1] for name in WORDS[4:] if name in values}
    return PostOptions(**several, **one).parse(context)  # type: ignore[arg-type]  # by name


def shifted_time(context: Context, post_id: int, step: str, at: str | None, tz: str | None) -> str:
    """Return the time of a post moved by `step`, ISO 8601. Raises like `shift_posts`."""
    if at is not None:
        raise UsageError("give either --at or --shift", Hint("see", "ttp edit --help"))
    context.posts.editable(post_id)  # else a step that cannot be read would suggest one that is refused
    posts, accounts = context.queries.posts_by_id([post_id]), context.posts.accounts_by_post([post_id])
    try:
        time = context.times.shift_posts(step, posts, accounts, tz)[post_id]
    except PastTime:
        raise
    except TimeRefused as error:  # of `--shift +1 day`, where the shell made `day` the text of the post
        for place, (before, after) in enumerate(pairwise(context.line.parts)):
            if before.words != ("--shift", step) or after.metavar != "TEXT|-" or " " in after.words[0]:
                continue
            error.hints = (Hint("see", "ttp edit --help"),)
            whole = f"{step} {after.words[0]}"
            with suppress(TtpError):
                context.times.shift_posts(whole, posts, accounts, tz)
                start, end = context.line.around(place)
                error.hints = (Hint("try", quote_command("ttp", *start, "--shift", whole, *end[1:])),)
        raise
    return time.at.astimezone(time.zone).isoformat()


def need_of_where(post_id: int, option: str, value: str) -> UsageError:
    """Return the error of an option for many posts, with the command that does it to one."""
    words: list[str] = []
    if option == "--account" and "=" not in value:
        words = ["edit", str(post_id), "--to", value]
    elif option == "--delete":
        words = ["delete", str(post_id)]
    hint = Hint("try", quote_command("ttp", *words)) if words else Hint("see", "ttp help edit --all")
    return UsageError(f"{option} needs --where", hint)


def _edit(bulk_options: BulkOptions) -> BulkEditRequest:
    from ttp.services.bulk_edit import BulkEditRequest

    if bulk_options == BulkOptions():
        ways = ("--add-tag TAG", "--shift +1d", "--account x/old=x/new", "--replace-link OLD NEW", "--delete")
        raise UsageError("nothing to change", *(Hint("try", way) for way in ways))
    pair = None
    if bulk_options.account is not None:
        old, equals, new = bulk_options.account.partition("=")
        if not equals or "/" not in old or "/" not in new:
            raise UsageError(f'--account "{bulk_options.account}" is not OLD=NEW', Hint("try", "--account x/old=x/new"))
        pair = (old.strip(), new.strip())
    shift = None if bulk_options.shift is None else _shift(bulk_options.shift)
    return BulkEditRequest(bulk_options.replace_link, shift, pair, bulk_options.add_tags, bulk_options.remove_tags)


def _shift(text: str) -> Shift:
    """Parse `+1d`: days and weeks keep the time of day, hours and less are elapsed time. UsageError."""
    from ttp.services.time_resolver import Shift

    sign, rest = text[:1], text[1:]
    parts = duration_parts(rest)
    if sign not in ("+", "-") or parts is None:
        raise UsageError(
            f'--shift "{text}" is not a step such as +1d', Hint("try", "--shift +1d"), Hint("try", "--shift -2h")
        )
    factor = 1 if sign == "+" else -1
    days = factor * total_duration(tuple(part for part in parts if part[1] in ("d", "w")))
    more = factor * total_duration(tuple(part for part in parts if part[1] not in ("d", "w")))

    return Shift(days, more)
