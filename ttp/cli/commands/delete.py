"""`ttp delete`, also from the platforms with `--remote`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from ttp.cli.context import Context
from ttp.cli.exit_codes import DONE, exit_code
from ttp.cli.hints import quote_command
from ttp.cli.notices import _few
from ttp.cli.options import NoInput, PostIds, Yes, ids_of, with_output
from ttp.cli.output import Output
from ttp.cli.prompt import confirmed
from ttp.cli.render import posts as posts_module
from ttp.cli.render.spec import OutputSpec
from ttp.domain.delivery import Delivery
from ttp.domain.errors import Hint, NotAllowed, PartlyFailed, ReconnectNeeded, TtpError
from ttp.domain.pricing import dollars
from ttp.services.remote_delete import Fate, Plan, TakenDown
from ttp.views import Json


def remove(context: Context, post_ids: Sequence[str], *, yes: bool, no_input: bool) -> int:
    """Remove posts from where they are published, and delete those of which nothing is left; the exit code.

    NotAllowed where nothing of what is published can be removed; nothing is done then.
    """
    context.out.expect(REMOVED)
    service = context.take_down
    plan = service.plan(ids_of(context, post_ids))
    if plan.impossible and not plan.possible:
        fates = [Fate(target.delivery, target.why_not, final=True) for target in plan.impossible]
        raise _error(fates, 0, post_ids)
    for target in plan.impossible if not yes else ():  # with a yes it is told once, at the end
        context.out.note(_kept(target.delivery, target.why_not or ""))
    if not confirmed(
        context.out,
        _question(plan),
        yes=yes,
        ask_anyway=not yes,
        no_input=no_input,
        refusal=_refusal(plan),
        again=quote_command("ttp", "delete", *post_ids, "--remote", "--yes"),
    ):
        return DONE
    done = service.run(plan)
    context.out.records(REMOVED, done, say=[line for post in done for line in _said(post)])
    return _finish(context.out, done, post_ids)


def _question(plan: Plan) -> str:
    posts = ", ".join(str(post_id) for post_id in plan.targets)
    if not plan.possible:
        return f"Delete {posts}? Nothing of it is published."
    places = ", ".join(dict.fromkeys(target.delivery.account for target in plan.possible))
    price = "".join(f" {title} takes {dollars(price)} for it." for title, price in plan.prices.items())
    return f"Remove {posts} from {places} for good?{price}"


def _refusal(plan: Plan) -> str:
    count = len(plan.possible)
    if not count:
        return f"{len(plan.targets)} {'post' if len(plan.targets) == 1 else 'posts'} would be deleted"
    what = "published post" if count == 1 else "published posts"
    price = "".join(f" ({dollars(price)} at {title})" for title, price in plan.prices.items())
    return f"{count} {what} would be removed for good{price}"


def _said(post: TakenDown) -> Iterable[str]:
    gone = [fate.delivery.account for fate in post.fates if fate.message is None]
    if gone:
        yield f"Removed post {post.post_id} from {', '.join(gone)}."
    yield f"Deleted post {post.post_id}." if post.deleted else f"Post {post.post_id} stays on the lists."


def _finish(out: Output, done: Sequence[TakenDown], post_ids: Sequence[str]) -> int:
    left = [fate for post in done for fate in post.fates if fate.message is not None]
    gone = sum(fate.message is None for post in done for fate in post.fates)
    errors = [post.error for post in done if post.error is not None]
    if left:
        errors.insert(0, _error(left, gone, post_ids))
    if not errors:
        return DONE
    error, *more = errors
    error.details = (*error.details, *(other.message for other in more))
    out.error(error)
    return exit_code(error)


def _error(left: Sequence[Fate], gone: int, post_ids: Sequence[str]) -> TtpError:
    """What could not be removed, each in a line, and what to do."""
    kept = [_kept(fate.delivery, fate.message or "") for fate in left]
    hints = [Hint("first", hint) for hint in dict.fromkeys(fate.hint for fate in left) if hint]
    if all(fate.final for fate in left):
        hints += [Hint("or only take it off the lists", quote_command("ttp", "delete", *post_ids))]
    else:
        hints += [
            Hint("then again" if hints else "again", quote_command("ttp", "delete", *post_ids, "--remote", "--yes"))
        ]
    kind: type[TtpError] = PartlyFailed
    if all(fate.reconnect for fate in left):
        kind = ReconnectNeeded
    elif not gone and all(fate.final for fate in left):
        kind = NotAllowed
    return kind(kept[0], *hints, details=kept[1:])


def _kept(delivery: Delivery, why: str) -> str:
    """Where something stays, why, and where it is."""
    where = delivery.url or delivery.remote_id
    place = f": {where}" if where else ""
    return f"post {delivery.post_id} stays on {delivery.account}{place} ({why})"


def _shape(post: TakenDown) -> Json:
    return {
        "id": post.post_id,
        "deleted": post.deleted,
        "remote": [
            {
                "account": fate.delivery.account,
                "remoteId": fate.delivery.remote_id,
                "url": fate.delivery.url,
                "takenDown": fate.message is None,
                "message": fate.message,
                "hint": fate.hint,
            }
            for fate in post.fates
        ],
    }


def _rows(post: TakenDown) -> Iterable[Json]:
    if post.deleted:
        yield {"id": post.post_id}


REMOVED: OutputSpec[TakenDown] = OutputSpec(("id", "deleted", "remote"), ("id",), _shape, rows=_rows)
"""In TSV the ids of the posts that are deleted."""


@with_output(verbose=True)
def delete(
    context: Context,
    post_ids: PostIds,
    remote: Annotated[
        bool, typer.Option("--remote", help="Also remove what is published, where the platform lets apps.")
    ] = False,
    yes: Yes = False,
    no_input: NoInput = False,
) -> int:
    """Take posts off the lists.

    Before they fire, or after they have ended; what was published stays published, unless --remote removes it from the
    platforms too. That asks first, or needs --yes.

    Example: ttp delete 41 42 --yes
    """
    if remote:
        return remove(context, post_ids, yes=yes, no_input=no_input)
    context.out.expect(posts_module.DELETED_SPEC)
    ids = ids_of(context, post_ids)
    several = f"{len(ids)} posts would be deleted"
    if not confirmed(
        context.out,
        f"Delete {_few(ids)}?",
        yes=yes or len(ids) == 1,
        ask_anyway=not yes,
        no_input=no_input,
        refusal=several,
        again=quote_command("ttp", "delete", *post_ids, "--yes"),
    ):
        return DONE
    posts = context.posts.delete(ids)
    gone = [post.id or 0 for post in posts]
    context.out.records(posts_module.DELETED_SPEC, gone, say=[f"Deleted {_few(gone)}.  Take it back:  ttp undo"])
    for post in posts:
        for url in post.live:
            context.out.note(f"post {post.id} stays published: {url}")
    for repeat_id, post_id in context.posts.repeats_of(gone):
        context.out.note(
            f"repeat {repeat_id} makes no more posts, for it was of post {post_id}; those that it made stay"
        )
    return DONE
