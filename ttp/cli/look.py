"""`ttp list`, `show`, `log`, `status`, `account list`, `account show`: questions that change nothing.

They are answered before Typer is imported (see `at_once`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from ttp.cli import views
from ttp.cli.ahead import make_ahead
from ttp.cli.context import context
from ttp.cli.declared import Option
from ttp.cli.exit_codes import FAILED
from ttp.cli.filters import NeedsYou, OfKey, Search, Since, Statuses, Until, WithTags, post_filter
from ttp.cli.output import Output
from ttp.cli.params import MOST, AccountName, Accounts, Platforms, PostId, printing, read_id
from ttp.cli.pausing import pauses
from ttp.cli.times import quoted, typed

SHOWN = 50
MOST_DRAWN = 5
"""Posts on the line of `status`."""


@printing
def list_(
    out: Output,
    status: Statuses = None,
    platform: Platforms = None,
    account: Accounts = None,
    tag: WithTags = None,
    since: Since = None,
    until: Until = None,
    search: Search = None,
    key: OfKey = None,
    needs_you: NeedsYou = False,
    limit: Annotated[int | None, Option("--limit", metavar="N", help="At most so many.", min=0, max=MOST)] = None,
    after: Annotated[
        int | None, Option("--after", metavar="ID", help="Go on behind this post.", parser=read_id)
    ] = None,
    ids: Annotated[bool, Option("--ids", help="Only the ids, one a line.")] = False,
) -> None:
    """What is planned, what are drafts, what has ended.

    Example: ttp list --status failed,partial --json
    """
    out.expect(views.POSTS)
    shown = SHOWN if out.for_people and limit is None and not ids else None
    wanted = post_filter(
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
    make_ahead(out)
    posts = context().look.listed(wanted)
    paused = pauses(context().look.accounts())
    if shown is None:
        for line in paused:
            out.note(line)
    if ids:
        for post in posts:
            out.line(str(post.id))
        return
    if shown is None:
        out.records(views.POSTS, posts)
        return
    first = list(posts)
    filters = {"--status": status, "--platform": platform, "--account": account, "--tag": tag, "--since": since}
    asked = typed({**filters, "--until": until, "--search": search, "--key": key})
    again = quoted("ttp", "list", *asked, *(["--needs-you"] if needs_you else []))
    foot = [f"more:  {again} --after {first[shown - 1].id}"] if len(first) > shown else []
    out.records(views.POSTS, first[:shown], foot=[*foot, *paused])


@printing
def show(out: Output, post_id: PostId) -> None:
    """Everything about one post, and the next command.

    Example: ttp show 38
    """
    look = context().look
    post = look.post(post_id)
    said = [f"the copy of {name} is not there any more" for name in look.gone(post)]
    if said and post.status != "published":
        said.append(f"to publish it, give the media again:  ttp edit {post_id} --media FILE")
    for line in said:
        out.note(line)
    out.record(views.shown(said, look.past(post) if out.for_people else None), post)


@printing
def log(out: Output, post_id: PostId) -> None:
    """Every attempt at a post, step by step.

    A deleted post keeps its log.

    Example: ttp log 38 --json
    """
    out.records(views.ATTEMPTS, context().look.attempts(post_id))


@printing
def status(out: Output) -> int:
    """Who publishes, what is next, what needs you.

    Exit code 1 when posts are overdue and nothing runs that would publish them.

    Example: ttp status --json
    """
    asked = context().status
    health = asked.health(MOST_DRAWN if out.for_people else 0)
    health = replace(health, costs=asked.costs(), elsewhere=asked.elsewhere())
    out.record(views.STATUS, health)
    return FAILED if health.stalled else 0


@printing
def accounts(out: Output) -> None:
    """Every account, and whether its token works.

    Example: ttp account list --json
    """
    out.records(views.ACCOUNTS, context().look.accounts())


@printing
def account(out: Output, name: AccountName) -> None:
    """Everything about one account but its tokens, and the next command.

    Example: ttp account show x/me
    """
    out.record(views.ACCOUNT, context().look.account(name))
