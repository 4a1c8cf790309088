"""`ttp schedule`, `unschedule`: when posts go out."""

from __future__ import annotations

from dataclasses import replace

from ttp.cli import shapes, views
from ttp.cli.context import context
from ttp.cli.output import Output
from ttp.cli.params import At, First, PostIds, Strict, Tz, guarded, ids_of, printing
from ttp.cli.posts import offering, warn
from ttp.cli.times import Times, note_if_nothing_runs, note_if_unapproved, scheduled, waiting


@printing
def schedule(
    out: Output, post_ids: PostIds, at: At, tz: Tz = None, first: First = False, strict: Strict = False
) -> None:
    """Give posts a publish time, or a new one.

    Of failed and partial posts it moves the failed deliveries.

    Example: ttp schedule 3 --at 'tomorrow 9am'
    """
    out.expect(views.changed())
    guarded(out, strict=strict)
    times = Times(["ttp", "schedule", *post_ids], tz, first=first)
    with offering():
        saved = context().posts.schedule(ids_of(post_ids), at, times.read, first=first)
    times.notes(out)
    warnings = {one.post.id: [*warn(out, one.warnings), *times.made_room(out, one.moved)] for one in saved}
    posts = [one.post for one in saved]
    more = [*note_if_nothing_runs(out), *note_if_unapproved(out, waiting(posts))]
    view = replace(views.changed(), shape=lambda post: shapes.post(post, [*warnings[post.id], *more]))
    out.records(view, posts, say=[scheduled(post, times) for post in posts])


@printing
def unschedule(out: Output, post_ids: PostIds) -> None:
    """Take the time of posts away: drafts again.

    Example: ttp unschedule 3
    """
    out.expect(views.changed())
    posts = [saved.post for saved in context().posts.unschedule(ids_of(post_ids))]
    out.records(views.changed(), posts, say=[f"Post {post.id} is a draft again." for post in posts])
