"""The tools that give posts times, publish them, and decide about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pydantic import Field

from ttp.domain.action import action, other_options
from ttp.domain.errors import Hint, Problem, UsageError
from ttp.mcp.arguments import PostId, Write
from ttp.mcp.tool import tool
from ttp.mcp.tools.posts import AT, AT_ZONE, ChangePost, OfAt, not_running, require_post, saved_posts_json, split
from ttp.services.application import Application as Services
from ttp.services.preview import preview_due
from ttp.views.answers import PostAnswer
from ttp.views.posts import post_json, preview_json

if TYPE_CHECKING:
    from ttp.services.publishing import PublishResult


class SchedulePost(OfAt, Write):
    id: PostId | None = None
    ids: list[int] | None = Field(None, max_length=1000, description="Or several posts.")
    at: str | None = Field(None, description=AT)
    shift: str | None = Field(None, description="Instead of `at`, move each: +1d, -2h, friday (same clock time).")
    tz: str | None = Field(None, description=AT_ZONE)


@tool("schedule")
def schedule_post(services: Services, args: SchedulePost) -> list[PostAnswer]:
    """Give posts a time or a new one, all or none. Of a failed or partial post only the failed deliveries move."""
    ids = args.ids or ([args.id] if args.id else [])
    missing = [*([] if ids else ["id"]), *([] if args.at or args.shift else ["at"])]
    if missing:
        problems = [Problem(one, "missing", f"schedule_post needs the argument {one}") for one in missing]
        raise UsageError(problems[0].message, problems=problems)
    if args.id and args.ids:
        raise UsageError("give either id or ids")
    if args.shift and (args.at or args.from_ or args.until or args.first):
        raise UsageError("give either shift, or at with its arguments")
    accounts = services.posts.accounts_by_post(services.queries.ids([(one, one) for one in ids]))
    with services.naming_choices():
        if args.shift:
            posts = services.queries.posts_by_id(list(accounts))
            times = services.times.shift_posts(args.shift, posts, accounts, args.tz)
        else:
            chooser = services.times.between(args.from_, args.until, args.tz)
            times = chooser.resolve_posts(args.at or "", accounts, args.tz, first=args.first)
        saved = services.posts.schedule(times, first=args.first)
    return saved_posts_json(services, saved)


@tool("unschedule")
def unschedule_post(services: Services, args: ChangePost) -> list[PostAnswer]:
    """Make a scheduled post a draft again."""
    return [post_json(saved.post) for saved in services.posts.unschedule(require_post(services, args.id))]


class PublishPost(ChangePost):
    wait: bool = Field(
        True,
        description="Wait for the result, which can take minutes. false: queue it, and ask get_post later.",
    )


@tool("publish", leaves=True, repeatable=True)
def publish_post(services: Services, args: PublishPost) -> list[PostAnswer]:
    """Publish a post now. Followers see it. What is published already is never published again.

    Look at the state of each delivery in the answer: some may have failed.
    """
    ids = require_post(services, args.id)
    services.refuse_elsewhere()
    return _followed(services, args, services.publishing.publish(ids))


class RetryPost(PublishPost):
    accounts: list[str] | None = Field(None, description="Only the deliveries to these accounts.")


@tool("retry", leaves=True)
def retry_post(services: Services, args: RetryPost) -> list[PostAnswer]:
    """Publish the failed deliveries of a post again, and only those. `dryRun` has what goes where."""
    ids = require_post(services, args.id)
    services.refuse_elsewhere()
    return _followed(services, args, services.publishing.retry(ids, split(args.accounts) or ()))


def _followed(services: Services, args: PublishPost, queued: PublishResult) -> list[PostAnswer]:
    ids = queued.ids
    if args.dry_run:
        return [
            preview_json(one, [why.message for why in one.warnings])
            for one in preview_due(services.posts, queued.posts)
        ]
    if not args.wait:
        return _posts(services, ids, not_running(services))
    services.publish(frozenset(ids))
    return _posts(services, ids)


def _posts(services: Services, ids: Iterable[int], warnings: Iterable[str] = ()) -> list[PostAnswer]:
    warnings = list(warnings)
    return [post_json(post, warnings) for post in services.queries.posts_by_id(list(ids))]


class ResolvePost(ChangePost):
    account: str = Field(description="That of the delivery that needs review.")
    published: str | None = Field(None, description="The address or the id of the post there.")
    not_published: bool = False
    comment: bool = Field(False, description="It is the first comment that needs review.")


@tool("resolve")
def resolve_post(services: Services, args: ResolvePost) -> PostAnswer:
    """Say whether a delivery that needs review was published. Only a person who looked there can know.

    `notPublished` makes it failed; `retry_post` then publishes it again.
    """
    if (args.published is None) != args.not_published:
        raise UsageError("give either published or notPublished", Hint("see", action("show", args.id)))
    return post_json(services.publishing.resolve(args.id, args.account, args.published, comment=args.comment))


@tool("approve")
def approve_post(services: Services, args: ChangePost) -> list[PostAnswer]:
    """Approve a post as it is now, for a person who has read it. A later change needs a new approval.

    Who wrote or changed a post cannot approve it.
    """
    posts = services.approvals.approve(require_post(services, args.id), by=services.caller.approver)
    warnings = not_running(services) if any(post.scheduled_at for post in posts) else []
    return [post_json(post, warnings) for post in posts]


class RejectPost(ChangePost):
    reason: str | None = Field(None, description="Why, for who wrote it.")


@tool("reject")
def reject_post(services: Services, args: RejectPost) -> list[PostAnswer]:
    """Reject a post: it becomes a draft again, with the reason."""
    if args.reason is not None and not args.reason.strip():
        raise UsageError("the reason is empty", Hint("try", other_options(reason=None)))
    return [post_json(post) for post in services.approvals.reject(require_post(services, args.id), args.reason)]


TOOLS = (
    schedule_post,
    unschedule_post,
    publish_post,
    retry_post,
    resolve_post,
    approve_post,
    reject_post,
)
