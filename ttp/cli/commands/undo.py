"""`ttp undo`, `ttp redo` and `ttp history`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

from ttp import views
from ttp.cli.context import Context
from ttp.cli.errors import DONE, FAILED, PARTIAL, command_text
from ttp.cli.notices import print_warnings, time_text, warn_not_running
from ttp.cli.options import MOST, parse_id, with_output
from ttp.cli.parameters import argument, flag, option
from ttp.cli.render.changes import render_changes, render_history
from ttp.cli.render.labels import plural
from ttp.cli.render.spec import view_spec
from ttp.cli.terminal import escape_line
from ttp.domain.action import action
from ttp.domain.errors import Hint, TtpError, UsageError
from ttp.domain.time.formatting import format_instant, relative
from ttp.views.posts import change_json, id_ranges, undone_json

if TYPE_CHECKING:
    from ttp.services.undo import UndoneChange, UndoRequest, UndoResult
    from ttp.store.change_log import Change, LoggedChange

LISTED = 20
_FEW = 5
"""Posts of one change that are listed one by one."""

Count = Annotated[int | None, argument("[N]", "How many changes, newest first (1).", min=1, max=MOST)]
OfPost = Annotated[int | None, option("--post", "ID", "Only the last changes of this post.", parser=parse_id)]
Partial = Annotated[bool, flag("--partial", "Undo what can be undone, and skip the rest.")]
Rehearse = Annotated[bool, flag("--dry-run", "Only show what would change.")]


def _history_rows(one: LoggedChange) -> Iterable[views.Json]:
    """Yield a row for each post."""
    for post_id, text in one.texts.items():
        yield {**change_json(one), "id": post_id, "content": text}


UNDONE = view_spec(undone_json, ("id",))
CHANGES = view_spec(change_json, ("at", "command", "count", "posts"), render_changes)
HISTORY = view_spec(change_json, ("at", "actor", "command", "id", "content"), render_history, _history_rows)


@with_output(UNDONE, check=False, asks=True)
def undo(
    context: Context,
    count: Count = None,
    post: OfPost = None,
    list_: Annotated[bool, flag("--list", "List the changes that can be undone, newest first.")] = False,
    limit: Annotated[int | None, option("--limit", "N", "With --list: list N changes (20).", min=1)] = None,
    partial: Partial = False,
    dry_run: Rehearse = False,
) -> int:
    """Undo the last changes of posts.

    It undoes changes of the last 30 days, if nothing has changed the posts since. Publishing cannot be undone, and past
    times are not restored. On a terminal it asks, and skips what cannot be undone. In scripts that is refused, and
    several posts need --yes.

    Examples:
      ttp undo
      ttp undo 2 --dry-run
      ttp undo --post 41
      ttp undo --list
    """
    if list_:
        if count is not None or post is not None or partial or dry_run:
            raise UsageError("--list takes only --limit", Hint("see", "ttp undo --help"))
        context.out.check_fields(CHANGES)
        context.out.write_list(CHANGES, context.queries.changes(limit or LISTED))
        return DONE
    if limit is not None:
        raise UsageError("--limit needs --list", Hint("try", f"ttp undo --list --limit {limit}"))
    context.out.check_fields(UNDONE)
    return _undo_or_redo(context, count, post, again=False, partial=partial, dry_run=dry_run)


@with_output(UNDONE, asks=True)
def redo(
    context: Context, count: Count = None, post: OfPost = None, partial: Partial = False, dry_run: Rehearse = False
) -> int:
    """Redo the last changes that were undone.

    Examples:
      ttp redo
      ttp redo 2
    """
    return _undo_or_redo(context, count, post, again=True, partial=partial, dry_run=dry_run)


@with_output(HISTORY)
def history(
    context: Context,
    post_id: Annotated[int | None, argument("[ID]", "Only changes of this post.", parser=parse_id)] = None,
    limit: Annotated[int, option("--limit", "N", "List N changes (20).", min=1, max=MOST)] = LISTED,
) -> None:
    """Show who changed posts, newest first.

    It shows the changes of the last 30 days that ttp undo can revert, and undos, with the name of the token, or
    user@host, that made them; an agent's changes end in "via mcp". Instead of a change that was undone it shows the
    undo. A deleted post keeps its history.

    Examples:
      ttp history
      ttp history 38
      ttp history --limit 100 --json
    """
    context.out.write_list(HISTORY, context.queries.changes(limit, post_id, undos=True))


def _undo_or_redo(
    context: Context, count: int | None, post: int | None, *, again: bool, partial: bool, dry_run: bool
) -> int:
    from ttp.services.undo import UndoRequest

    skip = not again and post is None and context.out.for_people
    request = UndoRequest(count or 1, post, again=again, partial=partial, skip=skip)
    of_post = _way_to_post(context, count) if skip and count is not None and count > 1 else None
    try:
        result = context.undo.revert(request, rehearse=dry_run or not context.yes)
    except TtpError as error:
        error.hints = (*error.hints, *([of_post] if of_post else []))
        raise
    for reason in dict.fromkeys(why.message for why in result.skipped):
        context.out.note(f"skipped: {reason}")
    if of_post is not None:
        context.out.note(f"these are the last {count} changes; of post {count}:  {command_text(of_post.way)}")
    if not dry_run and not context.yes:
        if not _confirm_undo(context, result, request):
            return FAILED
        result = context.undo.revert(replace(request, only=tuple(change.id for change in result.changes)))
    for why in result.left:
        context.out.note(f"skipped: {why.message}")
    print_warnings(context.out, (problem for one in result.posts for problem in one.warnings))
    if not dry_run and any(one.post.scheduled_at and not one.post.deleted_at for one in result.posts):
        warn_not_running(context)
    context.out.write_list(UNDONE, result.posts, say=_sentences(context, result, again=again, dry_run=dry_run))
    return PARTIAL if result.left else DONE


def _way_to_post(context: Context, number: int) -> Hint | None:
    """Return the command that undoes the last change of the post with this id; None if it has none."""
    return Hint("try", action("undo", post=number), sure=False) if context.queries.changes(1, number) else None


def _confirm_undo(context: Context, result: UndoResult, request: UndoRequest) -> bool:
    """Show the changes and ask; without a terminal several posts need `--yes`."""
    command = "redo" if request.again else "undo"
    posts = plural(len({one.post.id for one in result.posts}), "post")
    what = "; ".join(_what(context, change, ones) for change, ones in _by_change(result))
    refusal = f"{command}ing {plural(len(result.changes), 'change')} of {posts}" if len(result.posts) != 1 else ""
    lead = f"{command.capitalize()} the last {request.count} changes" if request.count > 1 else command.capitalize()
    return context.confirm(f"{lead}: {what}?", refusal=refusal)


def _by_change(result: UndoResult) -> Iterable[tuple[Change, list[UndoneChange]]]:
    return [(change, list(ones)) for change, ones in groupby(result.posts, key=lambda one: one.change)]


def _what(context: Context, change: Change, ones: Sequence[UndoneChange]) -> str:
    """Return `scheduled post 41 "Hello", 3 min ago`."""
    done = change.command.removesuffix("e") + ("ned" if change.command == "plan" else "ed")
    now = context.now()
    when = f", {relative(change.at, now, short=True)}" if now - change.at >= timedelta(minutes=1) else ""
    if len(ones) == 1:
        words = escape_line(ones[0].post.content)
        text = f' "{words if len(words) <= 40 else words[:39] + "…"}"' if words else ""
        return f"{done} post {ones[0].post.id}{text}{when}"
    return f"{done} {len(ones)} posts ({id_ranges([one.post.id or 0 for one in ones])}){when}"


def _sentences(context: Context, result: UndoResult, *, again: bool, dry_run: bool) -> list[str]:
    done = "redo" if again else "undo"
    did = f"Would {done}" if dry_run else "Redone" if again else "Undone"
    lines = []
    for change, ones in _by_change(result):
        head = f"{did}: {_what(context, change, ones)}."
        if len(ones) == 1:
            lines.append(f"{head}  {_now(context, ones[0])}")
            continue
        lines.append(head)
        details = [one for one in ones if one.late or one.unapproved] if len(ones) > _FEW else ones
        lines += [f"  Post {one.post.id}: {_now(context, one)}" for one in details[:_FEW]]
        lines += [f"  and {len(details) - _FEW} more"] if len(details) > _FEW else []
    if not dry_run:
        lines.append("Undo:  ttp undo" if again else "Redo:  ttp redo")
    return lines


_STATUS = {"draft": "a draft", "published": "still published"}


def _now(context: Context, one: UndoneChange) -> str:
    """Return what a post is afterwards, and what it needs."""
    post = one.post
    if post.deleted_at is not None:
        return "It is deleted."
    if one.late is not None:
        passed = format_instant(one.late, context.zone)
        return f"It is a draft: {passed} has passed.  Give it a time:  ttp schedule {post.id} --at TIME"
    if post.status == "scheduled" and post.scheduled_at is not None:
        sentence = f"It is scheduled for {time_text(context, post, None)}."
    else:
        sentence = f"It is {_STATUS.get(post.status, post.status)}."
    return f"{sentence}  Approve it again:  ttp approve {post.id}" if one.unapproved else sentence
