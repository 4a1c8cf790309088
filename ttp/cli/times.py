"""The times of posts: resolved for a command, and in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from ttp.cli.context import Context
from ttp.cli.hints import command_text
from ttp.domain.action import OtherOptions, action
from ttp.domain.time.formatting import format_instant
from ttp.views.posts import moved_posts

if TYPE_CHECKING:
    from ttp.domain.errors import Hint
    from ttp.domain.post_input import PostInput
    from ttp.domain.time.resolve import ResolvedTime
    from ttp.services.posts import SavedPost
    from ttp.services.queries import PostView


def time_of_new(context: Context, wanted: PostInput, draft: int | None = None) -> ResolvedTime | None:
    """Return the time of a new post, if one was given. `draft`: what its text is saved as."""
    if wanted.at is None:
        return None
    accounts = context.posts.accounts_of_new(wanted)
    return context.times.resolve(wanted.at, accounts, wanted.tz, first=wanted.first, post=draft)


def time_of_edit(context: Context, post_id: int, wanted: PostInput) -> ResolvedTime | None:
    """Return the new time of a post that is edited, if one was given."""
    if wanted.at is None:
        return None
    accounts = context.posts.accounts_after_edit(post_id, wanted)
    return context.times.resolve(wanted.at, accounts, wanted.tz, post=post_id)


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
    said = moved_posts(saved, context.zone)
    for line in said:
        context.out.note(line)
    return said


def time_text(context: Context, at: datetime, time: ResolvedTime | None) -> str:
    """Return `Sun 31 Oct 2027 02:30 Europe/Berlin (00:30 UTC)`, in the zone of a resolved time if there is one."""
    return format_instant(at, time.zone if time else context.zone)


def scheduled_text(context: Context, post: PostView, time: ResolvedTime | None) -> str:
    """Return `Scheduled post 44 for … `."""
    assert post.scheduled_at is not None
    return f"Scheduled post {post.id} for {time_text(context, post.scheduled_at, time)}"
