"""`ttp publish`, `ttp retry` and `ttp resolve`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from ttp.cli import options
from ttp.cli.context import Context
from ttp.cli.errors import DONE, FAILED, PARTIAL, RECONNECT
from ttp.cli.notices import print_warnings, saved_posts_spec, warn_not_running
from ttp.cli.output import Output
from ttp.cli.parameters import argument, flag, option
from ttp.cli.render.labels import plural
from ttp.domain.action import other_options
from ttp.domain.errors import Hint, UsageError
from ttp.domain.time.formatting import format_instant

if TYPE_CHECKING:
    from ttp.domain.post import PostFields
    from ttp.services.publishing import PublishResult


@options.with_output(saved_posts_spec(), check=False, verbose=True, asks=True)
def publish(
    context: Context,
    post_ids: options.PostIds,
    no_wait: Annotated[bool, flag("--no-wait", "Queue the posts for the publisher; do not wait.")] = False,
) -> int:
    """Publish posts now, and wait for the result.

    It shows the accounts and the first lines, and asks. Without a terminal it needs --yes.

    Examples:
      ttp publish 44
      ttp publish 44 45 --yes --json
      ttp publish 44 --no-wait
    """
    from ttp.domain.post_edit import no_accounts_error
    from ttp.domain.pricing import price_notes

    _expect(context.out, no_wait=no_wait)
    ids = options.existing_ids(context, post_ids)
    context.publisher.refuse_elsewhere()
    posts = context.queries.posts_by_id(ids)
    if not any(post.accounts for post in posts):
        raise no_accounts_error(posts[0], context.posts.accounts(), context.platforms)
    print_warnings(context.out, [note for post in posts for note in price_notes(post, context.platforms)])
    question = "\n".join([*(_first_line(post) for post in posts), "Publish now?"])
    if not context.confirm(question, refusal=f"publishing {plural(len(posts), 'post')} now"):
        return FAILED
    return _follow(context, context.publishing.publish(ids), no_wait=no_wait)


@options.with_output(saved_posts_spec(), check=False, verbose=True, asks=True)
def retry(
    context: Context,
    post_ids: Annotated[list[str] | None, argument("[ID...]", "Post ids and ranges.")] = None,
    account: options.Accounts = None,
    failed: Annotated[bool, flag("--failed", "All failed posts; lists them first, and asks.")] = False,
    platform: options.Platforms = None,
    since: Annotated[
        str | None, option("--since", "DURATION", "With --failed: only posts due within this time: 7d.")
    ] = None,
    no_wait: Annotated[bool, flag("--no-wait", "Queue the posts for the publisher; do not wait.")] = False,
) -> int:
    """Retry failed deliveries, and only those.

    A published delivery is never published again. One that needs review must be resolved first.

    Examples:
      ttp retry 38
      ttp retry 38 --account x/me
      ttp retry --failed --since 7d --yes
    """
    _expect(context.out, no_wait=no_wait)
    if post_ids and failed:
        raise UsageError("name posts or use --failed, not both", Hint("try", other_options(failed=None)))
    if not post_ids and not failed:
        raise UsageError("name posts, or use --failed", Hint("try", other_options(failed=True)))
    context.publisher.refuse_elsewhere()
    if not failed:
        if platform or since:
            raise UsageError("--platform and --since go with --failed", Hint("see", "ttp retry --help"))
        ids = options.existing_ids(context, post_ids or [])
        return _follow(context, context.publishing.retry(ids, options.split_list(account) or ()), no_wait=no_wait)
    names = _accounts(context, options.split_list(account), options.split_list(platform))
    posts = [] if names == () else context.queries.failed_posts(names or (), options.parse_optional_duration(since))
    if not posts:
        context.out.write_list(saved_posts_spec(), [], say=["Nothing to retry."])
        return DONE
    if not context.yes:
        context.out.note("\n".join(["failed posts:", *(_first_line(post) for post in posts)]))
    counted = plural(len(posts), "post")
    if not context.confirm(f"Retry {counted}?", refusal=f"retrying {counted}"):
        return FAILED
    return _follow(context, context.publishing.retry([post.id or 0 for post in posts], names or ()), no_wait=no_wait)


@options.with_output(saved_posts_spec())
def resolve(
    context: Context,
    post_id: options.PostId,
    account: Annotated[
        str | None, option("--account", "ACCOUNT", "The account whose delivery needs review, if several do.")
    ] = None,
    published: Annotated[str | None, option("--published", "URL_OR_ID", "It was published: its address or id.")] = None,
    not_published: Annotated[bool, flag("--not-published", "It was not published.")] = False,
    comment: Annotated[bool, flag("--comment", "It is about the comment on the post.")] = False,
) -> None:
    """Say whether a delivery that needs review was published.

    --not-published makes it failed; ttp retry then publishes it again.

    Examples:
      ttp resolve 36 --not-published
      ttp resolve 36 --account x/me --published https://x.com/i/status/1890
    """
    if (published is None) != not_published:
        raise UsageError("give either --published URL_OR_ID or --not-published", Hint("see", f"ttp show {post_id}"))
    account = _account_in_review(context, post_id, comment=comment) if account is None else account
    post = context.publishing.resolve(post_id, account, published, comment=comment)
    lines = _resolved_lines(context, post, account, published, comment=comment)
    context.out.write_one(saved_posts_spec(), post, say=lines)


def _account_in_review(context: Context, post_id: int, *, comment: bool) -> str:
    """Return the account of the only delivery that needs review. UsageError if there are several, or none of several.

    Of one delivery in another state the service tells why it cannot be resolved.
    """
    post = context.queries.post(post_id)
    active = post.comments if comment else post.active
    names = [one.account for one in active if one.state == "needs_review"] or [one.account for one in active]
    if not names:
        what = "no comment" if comment else "no account"
        raise UsageError(f"post {post_id} has {what}", Hint("see", f"ttp show {post_id}"))
    if len(names) != 1:
        hints = [Hint("try", other_options(account=name)) for name in names]
        raise UsageError("name the account with --account", *hints)
    return names[0]


def _resolved_lines(
    context: Context, post: PostFields, account: str, published: str | None, *, comment: bool
) -> list[str]:
    """Return how the delivery was resolved, and for a thread the parts that are still to be published."""
    (named,) = context.queries.find_accounts([account])
    halves = [d for d in post.active if d.account == named.name and d.state == "failed" and d.so_far]
    if published is None or comment or not halves:
        what = f"The comment on post {post.id}" if comment else f"Post {post.id}"
        return [f"{what} for {account} is {'not published' if published is None else 'published'}."]
    return [halves[0].so_far or "", f"The rest:  ttp retry {post.id}"]


def _expect(out: Output, *, no_wait: bool) -> None:
    """Refuse unknown --fields before anything is done. UsageError."""
    from ttp.cli.commands.run import expect
    from ttp.publisher.loop import Mode

    if no_wait:
        out.check_fields(saved_posts_spec())
    else:
        expect(out, Mode.PUBLISH)


def _follow(context: Context, queued: PublishResult, *, no_wait: bool) -> int:
    """Publish the posts, or wait for the running publisher; return the exit code."""
    from ttp.cli.commands.run import PublishReport
    from ttp.publisher.loop import Mode

    for refused in queued.refused:
        context.out.error(refused)
    if no_wait:
        warnings = warn_not_running(context)
        message = f"Queued: {' '.join(map(str, queued.ids))}"
        context.out.write_list(saved_posts_spec(warnings), context.queries.posts_by_id(queued.ids), say=[message])
        return PARTIAL if queued.refused else DONE
    report = PublishReport(context, Mode.PUBLISH)
    ended = context.publisher.publish(frozenset(queued.ids), report.tell)
    posts = context.queries.posts_by_id(queued.ids)
    report.finish(posts, ended.notes)
    for post in posts:
        for delivery in post.active:
            if delivery.state == "pending" and delivery.waiting_for:
                until = (
                    f", until {format_instant(delivery.waiting_until, context.zone)}" if delivery.waiting_until else ""
                )
                context.out.note(f"post {post.id} to {delivery.account} waits for {delivery.waiting_for}{until}")
    code = report.exit_code(ended, posts)
    return PARTIAL if queued.refused and code in (DONE, RECONNECT) else code


def _accounts(context: Context, names: Sequence[str] | None, platforms: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the names of the accounts that match both filters; None without filters."""

    if names is None and platforms is None:
        return None
    look = context.queries
    accounts = look.accounts() if names is None else look.find_accounts(names)
    platform_names = [context.platforms.find(name).name for name in platforms or ()]
    return tuple(one.name for one in accounts if platforms is None or one.platform in platform_names)


def _first_line(post: PostFields) -> str:
    text = next(iter(post.content.splitlines()), "") or "(no text)"
    if post.comments and post.status == "published":  # that is not sent again
        text = f"comment: {next(iter((post.comment or '').splitlines()), '')}"
    return f"  {post.id}  {', '.join(post.accounts) or 'no account'}  {text}"
