"""`ttp schedule`, `unschedule`: when posts go out."""

from __future__ import annotations

from dataclasses import replace

from ttp.cli.context import Context
from ttp.cli.notices import ids_needing_approval, print_warnings, warn_needs_approval, warn_not_running
from ttp.cli.options import At, BeforeOthers, PostIds, Strict, Tz, enable_strict_checks, existing_ids, with_output
from ttp.cli.post_input import naming_offers
from ttp.cli.render import posts as render_posts
from ttp.cli.times import print_moved, print_time_notes, scheduled_text
from ttp.views import posts as views_posts


@with_output()
def schedule(
    context: Context, post_ids: PostIds, at: At, tz: Tz = None, first: BeforeOthers = False, strict: Strict = False
) -> None:
    """Give posts a publish time, or a new one.

    Of failed and partial posts it moves the failed deliveries.

    Example: ttp schedule 3 --at 'tomorrow 9am'
    """
    context.out.check_fields(render_posts.saved_posts_spec())
    enable_strict_checks(context, strict=strict)
    accounts = context.posts.accounts_by_post(existing_ids(context, post_ids))
    with naming_offers(context):
        saved = context.posts.schedule(context.times.resolve_posts(at, accounts, tz, first=first), first=first)
    print_time_notes(context, [(one.post.id or 0, one.time) for one in saved])
    warnings = {one.post.id: [*print_warnings(context.out, one.warnings), *print_moved(context, one)] for one in saved}
    posts = [one.post for one in saved]
    more = [*warn_not_running(context), *warn_needs_approval(context, ids_needing_approval(posts))]
    view = replace(
        render_posts.saved_posts_spec(), to_json=lambda post: views_posts.post_json(post, [*warnings[post.id], *more])
    )
    context.out.write_list(view, posts, say=[scheduled_text(context, one.post, one.time) for one in saved])


@with_output()
def unschedule(context: Context, post_ids: PostIds) -> None:
    """Take the time of posts away: drafts again.

    Example: ttp unschedule 3
    """
    context.out.check_fields(render_posts.saved_posts_spec())
    posts = [saved.post for saved in context.posts.unschedule(existing_ids(context, post_ids))]
    context.out.write_list(
        render_posts.saved_posts_spec(), posts, say=[f"Post {post.id} is a draft again." for post in posts]
    )
