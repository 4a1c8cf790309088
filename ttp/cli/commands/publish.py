"""`ttp run`, `publish`, `retry`, `resolve`: what goes out, now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ttp.cli.context import Context
from ttp.cli.exit_codes import DONE, PARTIAL, RECONNECT
from ttp.cli.hints import option_words, quote_command
from ttp.cli.notices import print_warnings, warn_not_running
from ttp.cli.options import (
    Accounts,
    NoInput,
    Platforms,
    PostId,
    PostIds,
    Yes,
    existing_ids,
    parse_optional_duration,
    split_list,
    with_output,
)
from ttp.cli.output import Output
from ttp.cli.prompt import confirm
from ttp.cli.render import posts as render_posts
from ttp.domain.errors import Hint, UsageError
from ttp.domain.time.formatting import format_instant

if TYPE_CHECKING:
    from ttp.domain.post import PostFields
    from ttp.services.publishing import PublishResult


@with_output(verbose=True)
def publish(
    context: Context,
    post_ids: PostIds,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Only queue it for the publisher that runs.")] = False,
    yes: Yes = False,
    no_input: NoInput = False,
) -> int:
    """Publish posts now, and follow them to their end.

    Shows their accounts and first lines, and asks. Where there is no terminal, --yes is needed.

    Example: ttp publish 44
    """
    from ttp.domain.pricing import price_notes

    _expect(context.out, no_wait=no_wait)
    ids = existing_ids(context, post_ids)
    context.runner.refuse_elsewhere()
    posts = context.look.many(ids)
    print_warnings(context.out, [note for post in posts for note in price_notes(post, context.platforms)])
    question = "\n".join([*(_first_line(post) for post in posts), "Publish now?"])
    if not confirm(
        context.out,
        question,
        yes=yes,
        ask_anyway=not yes,
        no_input=no_input,
        refusal=f"{len(posts)} {'post' if len(posts) == 1 else 'posts'} would be published now",
        again=quote_command("ttp", "publish", *post_ids, *(["--no-wait"] if no_wait else []), "--yes"),
    ):
        return DONE
    return _follow(context, context.outgoing.publish(ids), no_wait=no_wait)


@with_output(verbose=True)
def retry(
    context: Context,
    post_ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="Numbers of posts.")] = None,
    account: Accounts = None,
    failed: Annotated[bool, typer.Option("--failed", help="Every failed post; lists them first.")] = False,
    platform: Platforms = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DURATION", help="Due within this: 7d.")] = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Only queue it for the publisher that runs.")] = False,
    yes: Yes = False,
    no_input: NoInput = False,
) -> int:
    """Publish failed deliveries again, and only those.

    What is published is never published again; what may be live must be resolved first.

    Example: ttp retry 38 --account x/me
    """
    _expect(context.out, no_wait=no_wait)
    here = context
    if bool(post_ids) == failed:
        raise UsageError("name posts, or say --failed", Hint("try", "ttp retry --failed --since 7d"))
    here.runner.refuse_elsewhere()
    if not failed:
        if platform or since:
            raise UsageError("--platform and --since go with --failed", Hint("see", "ttp retry --help"))
        ids = existing_ids(context, post_ids or [])
        return _follow(context, here.outgoing.retry(ids, split_list(account) or ()), no_wait=no_wait)
    names = _accounts(context, split_list(account), split_list(platform))
    posts = [] if names == () else here.look.failed(names or (), parse_optional_duration(since))
    if not posts:
        context.out.write_list(render_posts.saved_posts_spec(), [], say=["Nothing has failed."])
        return DONE
    if not yes:
        context.out.note("\n".join(["these have failed:", *(_first_line(post) for post in posts)]))
    asked = option_words({"--account": account, "--platform": platform, "--since": since})
    if not confirm(
        context.out,
        "Retry them?",
        yes=yes,
        ask_anyway=not yes,
        no_input=no_input,
        refusal=f"{len(posts)} {'post' if len(posts) == 1 else 'posts'} would be retried",
        again=quote_command("ttp", "retry", "--failed", *asked, "--yes"),
    ):
        return DONE
    return _follow(context, here.outgoing.retry([post.id or 0 for post in posts], names or ()), no_wait=no_wait)


@with_output()
def resolve(
    context: Context,
    post_id: PostId,
    account: Annotated[str, typer.Option("--account", metavar="ACCOUNT", help="The account that needs review.")],
    published: Annotated[
        str | None, typer.Option("--published", metavar="URL_OR_ID", help="It is live: its address or id.")
    ] = None,
    not_published: Annotated[bool, typer.Option("--not-published", help="It is not live.")] = False,
) -> None:
    """Settle a delivery that may or may not be live.

    Not published makes it failed; then ttp retry sends it again.

    Example: ttp resolve 36 --account x/me --published https://x.com/i/status/1890000000000000000
    """
    context.out.check_fields(render_posts.saved_posts_spec())
    if (published is None) != not_published:
        raise UsageError("say either --published URL_OR_ID or --not-published", Hint("see", f"ttp show {post_id}"))
    post = context.outgoing.resolve(post_id, account, published)
    context.out.write_one(render_posts.saved_posts_spec(), post, say=_settled(context, post, account, published))


def _settled(context: Context, post: PostFields, account: str, published: str | None) -> list[str]:
    """What a person settled; of a thread what is left to publish."""
    (named,) = context.look.named([account])
    halves = [d for d in post.active if d.account == named.name and d.state == "failed" and d.so_far]
    if published is None or not halves:
        return [f"Post {post.id} for {account} is {'not published' if published is None else 'published'}."]
    return [halves[0].so_far or "", f"The rest:  ttp retry {post.id}"]


def _expect(out: Output, *, no_wait: bool) -> None:
    """Refuse picked fields that the answer will not have, before anything is done. UsageError."""
    from ttp.cli.commands.run import expect
    from ttp.publisher.loop import Mode

    if no_wait:
        out.check_fields(render_posts.saved_posts_spec())
    else:
        expect(out, Mode.PUBLISH)


def _follow(context: Context, queued: PublishResult, *, no_wait: bool) -> int:
    """Publish or follow the posts to their end; the exit code that they deserve."""
    from ttp.cli.commands.run import PublishReport
    from ttp.publisher.loop import Mode

    here = context
    for refused in queued.refused:
        context.out.error(refused)
    if no_wait:
        warnings = warn_not_running(context)
        said = f"Queued: {' '.join(map(str, queued.ids))}"
        context.out.write_list(render_posts.saved_posts_spec(warnings), here.look.many(queued.ids), say=[said])
        return PARTIAL if queued.refused else DONE
    report = PublishReport(context, Mode.PUBLISH)
    ended = here.runner.publish(frozenset(queued.ids), report.tell)
    posts = here.look.many(queued.ids)
    report.finish(posts, ended.notes)
    for post in posts:
        for delivery in post.active:
            if delivery.state == "pending" and delivery.waiting_for:
                until = f", until {format_instant(delivery.waiting_until, here.zone)}" if delivery.waiting_until else ""
                context.out.note(f"post {post.id} to {delivery.account} waits for {delivery.waiting_for}{until}")
    code = report.exit_code(ended, posts)
    return PARTIAL if queued.refused and code in (DONE, RECONNECT) else code


def _accounts(context: Context, names: Sequence[str] | None, platforms: Sequence[str] | None) -> tuple[str, ...] | None:
    """The names of the accounts that both filters leave; None where nothing was filtered."""

    if names is None and platforms is None:
        return None
    look = context.look
    found = look.accounts() if names is None else look.named(names)
    wanted = [context.platforms.find(name).name for name in platforms or ()]
    return tuple(one.name for one in found if platforms is None or one.platform in wanted)


def _first_line(post: PostFields) -> str:
    text = next(iter(post.content.splitlines()), "") or "(no text)"
    return f"  {post.id}  {', '.join(post.accounts) or 'no account'}  {text}"
