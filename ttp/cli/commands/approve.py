"""`ttp approve` and `ttp reject`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ttp.cli.context import Context
from ttp.cli.notices import saved_posts_spec, time_text, warn_not_running
from ttp.cli.options import PostIds, existing_ids, with_output
from ttp.cli.parameters import option
from ttp.cli.terminal import escape_line
from ttp.domain.config import APPROVAL_SETTING
from ttp.domain.errors import Hint, UsageError

if TYPE_CHECKING:
    from ttp.services.queries import PostView


@with_output(saved_posts_spec())
def approve(context: Context, post_ids: PostIds) -> None:
    """Approve posts as they are now.

    Needed if publish.require_approval is true, and by a submitted draft, which it schedules. A later change of the
    text, media, accounts or time needs a new approval.

    Examples:
      ttp approve 41
      ttp approve 41 42 50-55
    """
    ids = existing_ids(context, post_ids)
    is_needed = context.config.requires_approval or any(post.asks_for for post in context.queries.posts_by_id(ids))
    posts = context.approvals.approve(ids, by=context.caller.approver)
    if not is_needed:
        context.out.note(f"approval is not required here: {APPROVAL_SETTING} is false")
    waiting = warn_not_running(context) if any(post.scheduled_at for post in posts) else []
    context.out.write_list(saved_posts_spec(waiting), posts, say=[_approved(context, post) for post in posts])


@with_output(saved_posts_spec())
def reject(
    context: Context,
    post_ids: PostIds,
    reason: Annotated[str | None, option("--reason", "TEXT", "Why; ttp show shows it.")] = None,
) -> None:
    """Reject posts: they become drafts again, with your reason.

    Examples:
      ttp reject 41 42
      ttp reject 41 --reason 'The price is wrong'
    """
    if reason is not None and not reason.strip():
        raise UsageError("the reason is empty", Hint("try", "leave out --reason"))
    posts = context.approvals.reject(existing_ids(context, post_ids), reason)
    context.out.write_list(
        saved_posts_spec(), posts, say=[f"Rejected post {post.id}: it is a draft again." for post in posts]
    )


def _approved(context: Context, post: PostView) -> str:
    """Return a line with the text that was approved: the person may have seen an older one."""
    to = ", ".join(post.accounts)
    if post.scheduled_at is None:
        return f"Approved draft {post.id} to {to}: {_beginning(post)} (when it gets a time, approve it again)"
    return f"Approved post {post.id} for {time_text(context, post, None)} to {to}: {_beginning(post)}"


def _beginning(post: PostView) -> str:
    words = escape_line(post.content)
    return (words if len(words) <= 60 else f"{words[:59]}…") + _unseen_cards(post)


def _unseen_cards(post: PostView) -> str:
    """Return which link cards have not been shown yet."""
    if all(post.cards.values()):
        return ""
    from ttp.domain.parts.cards import waiting_addresses

    return f" (card of {escape_line(', '.join(waiting_addresses(post)))}: fetched ten minutes before)"
