"""`ttp list`, `ttp show` and `ttp log`."""

from __future__ import annotations

from typing import Annotated

import typer

from ttp.cli.context import Context
from ttp.cli.hints import option_words, quote_command
from ttp.cli.notices import paused_account_notes
from ttp.cli.options import (
    MOST,
    Accounts,
    NeedsYou,
    OfKey,
    Platforms,
    PostId,
    Search,
    Since,
    Statuses,
    Until,
    WithTags,
    parse_id,
    parse_post_filter,
    with_output,
)
from ttp.cli.render import post as post_module
from ttp.cli.render import posts as posts_module

SHOWN = 50


MOST_DRAWN = 5
"""Posts on the line of `status`."""


@with_output()
def list_(
    context: Context,
    status: Statuses = None,
    platform: Platforms = None,
    account: Accounts = None,
    tag: WithTags = None,
    since: Since = None,
    until: Until = None,
    search: Search = None,
    key: OfKey = None,
    needs_you: NeedsYou = False,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", help="At most so many.", min=0, max=MOST)] = None,
    after: Annotated[
        int | None, typer.Option("--after", metavar="ID", help="Go on behind this post.", parser=parse_id)
    ] = None,
    ids: Annotated[bool, typer.Option("--ids", help="Only the ids, one a line.")] = False,
) -> None:
    """What is planned, what are drafts, what has ended.

    Example: ttp list --status failed,partial --json
    """
    context.out.check_fields(posts_module.POSTS_SPEC)
    shown = SHOWN if context.out.for_people and limit is None and not ids else None
    wanted = parse_post_filter(
        context,
        "list",
        status=status,
        platform=platform,
        account=account,
        tag=tag,
        since=since,
        until=until,
        search=search,
        key=key,
        needs_you=needs_you,
        limit=limit if shown is None else shown + 1,
        after=after,
    )
    posts = context.look.listed(wanted)
    paused = paused_account_notes(context.look.accounts())
    if shown is None:
        for line in paused:
            context.out.note(line)
    if ids:
        for post in posts:
            context.out.line(str(post.id))
        return
    if shown is None:
        context.out.write_list(posts_module.POSTS_SPEC, posts)
        return
    first = list(posts)
    filters = {"--status": status, "--platform": platform, "--account": account, "--tag": tag, "--since": since}
    asked = option_words({**filters, "--until": until, "--search": search, "--key": key})
    again = quote_command("ttp", "list", *asked, *(["--needs-you"] if needs_you else []))
    foot = [f"more:  {again} --after {first[shown - 1].id}"] if len(first) > shown else []
    context.out.write_list(posts_module.POSTS_SPEC, first[:shown], foot=[*foot, *paused])


@with_output()
def show(context: Context, post_id: PostId) -> None:
    """Everything about one post, and the next command.

    Example: ttp show 38
    """
    look = context.look
    post = look.post(post_id)
    said = [f"the copy of {name} is not there any more" for name in look.gone(post)]
    if said and post.status != "published":
        said.append(f"to publish it, give the media again:  ttp edit {post_id} --media FILE")
    for line in said:
        context.out.note(line)
    context.out.write_one(post_module.post_spec(said, look.past(post) if context.out.for_people else None), post)


@with_output()
def log(context: Context, post_id: PostId) -> None:
    """Every attempt at a post, step by step.

    A deleted post keeps its log.

    Example: ttp log 38 --json
    """
    context.out.write_list(post_module.ATTEMPTS_SPEC, context.look.attempts(post_id))
