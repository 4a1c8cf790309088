"""`ttp approve-link …`."""

from __future__ import annotations

from typing import Annotated

import typer

from ttp.cli import options
from ttp.cli.commands.server.serve import server_address
from ttp.cli.context import Context
from ttp.cli.parameters import argument, flag, option
from ttp.cli.render import server as render
from ttp.cli.render.labels import plural
from ttp.domain.errors import Hint, UsageError
from ttp.domain.time.formatting import format_instant
from ttp.views.posts import id_ranges
from ttp.views.server import ApprovalAddress

approve_link = typer.Typer()


@options.subcommand(approve_link, "create", render.NEW_APPROVAL_LINK_SPEC)
def create(
    context: Context,
    post_ids: Annotated[list[str] | None, argument("[ID...]", "Posts and ranges: 41 42 50-55; or filters.")] = None,
    tag: options.WithTags = None,
    account: options.Accounts = None,
    week: Annotated[bool, flag("--week", "Only posts due within 7 days.")] = False,
    until: options.Until = None,
    name: Annotated[str, option("--name", "NAME", "Who decides; ttp history names them.")] = "client",
    expires: Annotated[str | None, option("--expires", "DURATION", "How long it works (7d).")] = None,
) -> None:
    """Print a link to approve posts without a login.

    It opens one page with the posts that wait for approval. It works until it expires or you revoke it. A post that
    changes must be approved again. The word create can be left out.

    Examples:
      ttp approve-link create --tag client --week
      ttp approve-link create 41 42 50-55 --name marketing
    """
    filters = tag or account or week or until
    if post_ids and filters:
        raise UsageError("name posts or filter them, not both", Hint("see", "ttp approve-link create --help"))
    if week and until:
        raise UsageError(
            "--week means --until 'in 7d'; give only one of them", Hint("see", "ttp approve-link create --help")
        )
    works_for = options.parse_optional_duration(expires)
    if post_ids:
        posts = context.queries.posts_by_id(options.existing_ids(context, post_ids))
    else:
        typed = options.PostOptions(account=account, tag=tag, until="in 7d" if week else until, needs_you=True)
        posts = list(context.queries.views(typed.parse(context)))
    address = server_address(context)
    made = context.installation.approval_links.create_set(posts, name, context.caller, works_for)
    link = made.link
    count = plural(len(link.post_ids), "post")
    lines = [f"{name} can decide about {count} until {format_instant(link.expires_at, context.zone)}:"]
    lines.append(f"{address}/approve/{made.secret}")
    if made.left_out:
        context.out.note(f"left out, because their authors cannot approve them: {id_ranges(made.left_out)}")
    others = {post.id or 0 for post in posts} - {*link.post_ids, *made.left_out}
    if post_ids and others:
        context.out.note(f"left out, because they do not wait for approval: {id_ranges([*others])}")
    context.out.write_one(render.NEW_APPROVAL_LINK_SPEC, ApprovalAddress(link, lines[1], made.left_out), say=lines)


@options.subcommand(approve_link, "list", render.APPROVAL_LINKS_SPEC)
def list_(context: Context) -> None:
    """List the links that still work, without their secrets.

    Examples:
      ttp approve-link list
      ttp approve-link list --json
    """
    links = context.installation.approval_links.all()
    context.out.write_list(render.APPROVAL_LINKS_SPEC, links, none="No links.  Create one:  ttp approve-link --week")


@options.subcommand(approve_link, "revoke", render.APPROVAL_LINKS_SPEC)
def revoke(
    context: Context,
    link_id: Annotated[int, argument("ID", "The id of a link: ttp approve-link list.", min=1, max=options.MOST)],
) -> None:
    """Revoke a link. It stops working at once.

    Examples:
      ttp approve-link revoke 3
    """
    link = context.installation.approval_links.revoke(link_id)
    context.out.write_one(render.APPROVAL_LINKS_SPEC, link, say=[f"Revoked approval link {link.id} of {link.name}."])
