"""Print the posts, notes and warnings that follow a change of posts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from ttp.cli.context import Context
from ttp.cli.errors import command_text
from ttp.cli.output import Output
from ttp.cli.render.post import render_posts_in_full
from ttp.cli.render.spec import OutputSpec
from ttp.cli.terminal import escape_text
from ttp.domain.account import Account, connect_action
from ttp.domain.action import Action, OtherOptions, WayOut, action
from ttp.domain.errors import Hint, Problem, TtpError
from ttp.domain.time.formatting import format_instant
from ttp.views import posts as notices
from ttp.views.posts import Notice, moved_posts

if TYPE_CHECKING:
    from ttp.domain.login_end import LoginEnd
    from ttp.domain.post import PostFields
    from ttp.domain.time.resolve import ResolvedTime
    from ttp.services.post_changes import SavedPost
    from ttp.services.queries import PostView


def paused_account_notes(accounts: Sequence[Account]) -> list[str]:
    """Return notes about paused accounts, with the command that resumes them."""
    paused = [account for account in accounts if account.is_paused]
    if paused and len(paused) == len(accounts):
        return ["Publishing is paused; due posts wait:  ttp resume"]
    return [f"{account.name} is paused; its posts wait:  ttp resume --account {account.name}" for account in paused]


def note_unnotified(context: Context) -> None:
    """Print a note if nobody is notified when something needs a person."""
    if not context.installation.notified_names:
        from ttp.domain.notification import NOBODY

        context.out.note(f"{NOBODY}\nfix:  ttp notify add desktop")


def note_new_account(context: Context, account: Account) -> None:
    """Print what a person must know of an account: that local files cannot be posted to it, or that only a person can
    settle a lost answer."""
    from ttp.services.doctor import media_host_advice

    if (advice := media_host_advice(context.config, [account], context.platforms)) is not None:
        sentence, way = advice
        context.out.note(f"{sentence}\nfix: {command_text(way)}")
    if context.proof_for(account) == "none":
        context.out.note(
            f"{account.name}: if the answer to a post is lost, it is needs_review until you say whether it is live"
        )


def login_note(login: LoginEnd) -> str:
    """Return when a login ends, with the command for a new one."""
    return f"{escape_text(login.message)}:  {command_text(connect_action(escape_text(login.account)))}"


def saved_post_message(context: Context, saved: SavedPost, tz: str | None) -> list[str]:
    """Return what was saved; for a draft also how to schedule it, at the best free hour if one is known."""
    post = saved.post
    if saved.replayed:
        return [f"Post {post.id} was created before with this key."]
    if post.scheduled_at is not None:
        return [scheduled_text(context, post, saved.time)]
    if not post.accounts:
        name = next((one.name for one in context.queries.accounts()), "ACCOUNT")
        return [f"Saved draft {post.id}.  Choose its accounts:  ttp edit {post.id} --to {name}"]
    slot = suggested_hour(context, post.accounts, tz) if context.out.for_people else None
    if slot is None:
        return [f"Saved draft {post.id}.  Schedule it:  ttp schedule {post.id} --at 'tomorrow 9am'"]
    return [f"Saved draft {post.id}.", f"Best free hour: {slot}.  Use it:  ttp schedule {post.id} --at optimal"]


def suggested_hour(context: Context, names: Sequence[str], tz: str | None) -> str | None:
    """Return the hour that `--at optimal` would choose; None without metrics."""
    from ttp.domain.optimal.recommendation import signed_percent

    hour = context.times.suggest_hour(context.queries.find_accounts(names), tz)
    if hour is None:
        return None
    shown = format_instant(hour.at, context.times.zone((), tz), context.queries.account_clocks(names))
    return f"{shown}, {signed_percent(hour.uplift)} %"


def saved_posts_spec(warnings: Sequence[str] = (), *, replayed: bool = False) -> OutputSpec[PostView]:
    """Return the spec of created or changed posts; in TSV their ids."""
    to_json = partial(notices.post_json, warnings=warnings, replayed=replayed)
    return OutputSpec((*notices.POST_FIELDS, "replayed"), ("id",), to_json, render_posts_in_full)


def print_saved_post(context: Context, saved: SavedPost, *lines: str, timed: bool = True) -> None:
    """Print notes about a saved post, then the post."""
    print_time_notes(context, [(saved.post.id or 0, saved.time)])
    warnings = [*print_warnings(context.out, saved.warnings), *print_moved(context, saved)]
    if timed and saved.post.scheduled_at is not None and not saved.replayed:
        warnings += warn_not_running(context)
    warnings += _warn_needs_approval(context, notices.ids_needing_approval([saved.post]))
    try:
        context.out.write_one(saved_posts_spec(warnings, replayed=saved.replayed), saved.post, say=lines)
    except TtpError as error:  # a full disk: the user must know before trying again
        raise TtpError(
            f"{error.message}; post {saved.post.id} was stored", Hint("see", f"ttp show {saved.post.id}")
        ) from None


def print_warnings(out: Output, problems: Iterable[Problem]) -> list[str]:
    """Print warnings as notes, each once; return them for `warnings` in JSON."""
    different: dict[str, Problem] = {}
    for problem in problems:
        if problem.code == "alt_missing" and problem.message in different:  # of several posts
            problem = replace(problem, hint=action("list", no_alt=True))
        different[problem.message] = problem
    for problem in different.values():
        out.note(problem.message + hint_line(problem.hint))
    return list(different)


def hint_line(hint: WayOut | None) -> str:
    """Return a line of a note with the command of a hint; nothing without an action."""
    if not isinstance(hint, Action):
        return ""
    return f"\n{'see' if hint.name in ('show', 'list') else 'fix'}: {command_text(hint)}"


def name_posts(ids: Sequence[int]) -> str:
    """Return `post 41`, or `posts 41 42 …` with at most eight ids."""
    if len(ids) == 1:
        return f"post {ids[0]}"
    return "posts " + " ".join(str(i) for i in ids[:8]) + (" …" if len(ids) > 8 else "")


def warn_not_running(context: Context) -> list[str]:
    """Note that no publisher runs, and return it for `warnings` in JSON. A person reads it once a day, below the
    answer; and once ever that a machine with a battery publishes only while it is awake."""
    from ttp.services.status import NOT_RUNNING, SLEEPS  # here: a draft needs none of this

    status, stopped = context.status, context.status.nothing_publishes()
    if not context.out.for_people:
        return _print_notice(context, notices.NOT_RUNNING) if stopped else []
    if context.out.quiet:
        return []
    if stopped:
        if status.claim_note(NOT_RUNNING, timedelta(days=1)):
            way = command_text(notices.NOT_RUNNING.hints[0].way)
            context.out.below.append(f"{notices.NOT_RUNNING.message.rstrip('.')}:  {way}")
    elif status.publishes_here() and status.claim_note(SLEEPS, timedelta.max, lambda: _sleeps(context)):
        context.out.below.append("Nothing is published while this computer sleeps:  docs/how-to/always-on.md")
    return []


def _sleeps(context: Context) -> bool:
    """Return whether this is a laptop, and posts go to a platform elsewhere: not to a sandbox."""
    from ttp.services.attachments.cards import is_rehearsed
    from ttp.services.installation.battery import has_battery

    return has_battery() and not is_rehearsed(context.posts.accounts(), context.platforms, context.config)


def warn_of_scheduled(context: Context, ids: Sequence[int]) -> list[str]:
    """Print notes about what keeps scheduled posts from being published; return them for `warnings` in JSON."""
    return [*warn_not_running(context), *_warn_needs_approval(context, ids)]


def _print_notice(context: Context, notice: Notice) -> list[str]:
    """Print a notice and its hints, one a line; return them for `warnings` in JSON."""
    lines = list(notice.lines(command_text))
    context.out.note("\n".join(lines))
    return [] if context.out.quiet else [" ".join(lines)]


def _warn_needs_approval(context: Context, ids: Sequence[int]) -> list[str]:
    """Print a note about posts that wait for approval; return it for `warnings` in JSON."""
    if not ids or not context.config.requires_approval:
        return []
    return _print_notice(context, notices.needs_approval(ids))


def print_time_notes(context: Context, times: Iterable[tuple[int, ResolvedTime | None]]) -> None:
    """Print what a person should know of the times of stored posts: an hour that comes twice, what was chosen."""
    notes: dict[tuple[str, Hint | None], list[int]] = {}
    for post_id, time in times:
        if time is not None and time.note:
            notes.setdefault((time.note, time.note_hint), []).append(post_id)
    for (note, hint), ids in notes.items():
        way = hint and hint.way
        if isinstance(way, OtherOptions):
            way = action("schedule", *ids, **dict(way.options))
        context.out.note(note + (f"\n{hint.label}: {command_text(way)}" if hint and way else ""))


def print_moved(context: Context, saved: SavedPost) -> list[str]:
    """Print which posts made room; return the same for JSON's `warnings`."""
    lines = moved_posts(saved, context.zone) if saved.moved else []
    context.out.note(*lines)
    return lines


def time_text(context: Context, post: PostFields, time: ResolvedTime | None) -> str:
    """Return `Sun 31 Oct 2027 02:30 Europe/Berlin (00:30 UTC)`, in the zone of a resolved time if there is one, and on
    the clocks of the post's accounts where these differ."""
    assert post.scheduled_at is not None
    if time is not None:
        return format_instant(post.scheduled_at, time.zone, time.clocks)
    return format_instant(post.scheduled_at, context.zone, context.queries.account_clocks(post.accounts))


def scheduled_text(context: Context, post: PostView, time: ResolvedTime | None) -> str:
    """Return `Scheduled post 44 for … `."""
    return f"Scheduled post {post.id} for {time_text(context, post, time)}"
