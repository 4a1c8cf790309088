"""`ttp copy`."""

from __future__ import annotations

from ttp.cli import options
from ttp.cli.context import Context
from ttp.cli.notices import saved_posts_spec


@options.with_output(saved_posts_spec())
def copy(context: Context, post_id: options.PostId) -> None:
    """Copy a post to a new draft.

    The draft has its text, accounts, media, tags and options, and no time.

    Examples:
      ttp copy 38
      ttp copy 38 -q | xargs ttp edit -e
    """
    from ttp.services.new_posts import copy_post

    saved = copy_post(context.posts, post_id)
    message = f"Copied post {post_id} to draft {saved.post.id}.  Change it:  ttp edit {saved.post.id}"
    context.out.write_one(saved_posts_spec(), saved.post, say=[message])
