"""`ttp delete --remote`: removes posts from the platforms, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ttp.cli import options
from ttp.cli.context import Context
from ttp.cli.errors import DONE, FAILED, exit_code, quote_command
from ttp.cli.output import Output
from ttp.cli.render import posts as render_posts
from ttp.cli.render.labels import plural
from ttp.domain.delivery import Delivery
from ttp.domain.errors import Hint, NotAllowed, PartlyFailed, ReconnectNeeded, TtpError

if TYPE_CHECKING:
    from ttp.services.remote_delete import DeletedPost, DeletePlan, DeleteResult


def delete_remote(context: Context, post_ids: Sequence[str]) -> int:
    """Remove posts from the platforms, and delete those that are removed everywhere; return the exit code. NotAllowed,
    and nothing is done, if no platform can remove any of them."""
    context.out.check_fields(render_posts.REMOTE_DELETE_SPEC)
    service = context.remote_delete
    plan = service.plan(options.existing_ids(context, post_ids))
    if plan.impossible and not plan.possible:
        from ttp.services.remote_delete import DeleteResult

        fates = [DeleteResult(target.delivery, target.why_not, final=True) for target in plan.impossible]
        raise _delete_error(fates, 0, post_ids)
    for target in plan.impossible if not context.yes else ():  # with --yes the end says so
        context.out.note(_kept_because(target.delivery, target.why_not or ""))
    if not context.confirm(_delete_question(plan), refusal=_delete_refusal(plan)):
        return FAILED
    done = service.run(plan)
    context.out.write_list(
        render_posts.REMOTE_DELETE_SPEC, done, say=[line for post in done for line in _deleted_lines(post)]
    )
    return _finish_delete(context.out, done, post_ids)


def _delete_question(plan: DeletePlan) -> str:
    posts = ", ".join(str(post_id) for post_id in plan.targets)
    if not plan.possible:
        return f"Delete {posts}? None of it is published."
    places = ", ".join(dict.fromkeys(target.delivery.account for target in plan.possible))
    from ttp.domain.pricing import dollars

    price = "".join(f" {title} charges {dollars(price)}." for title, price in plan.prices.items())
    return f"Delete {posts} from {places}? This cannot be undone.{price}"


def _delete_refusal(plan: DeletePlan) -> str:
    count = len(plan.possible)
    if not count:
        return f"deleting {plural(len(plan.targets), 'post')}"
    from ttp.domain.pricing import dollars

    price = "".join(f" ({dollars(price)} at {title})" for title, price in plan.prices.items())
    return f"deleting {plural(count, 'published post')} from the platforms{price}"


def _deleted_lines(post: DeletedPost) -> Iterable[str]:
    gone = [fate.delivery.account for fate in post.fates if fate.message is None]
    if gone:
        yield f"Deleted post {post.post_id} from {', '.join(gone)}."
    yield f"Deleted post {post.post_id}." if post.deleted else f"Post {post.post_id} is kept in ttp."


def _finish_delete(out: Output, done: Sequence[DeletedPost], post_ids: Sequence[str]) -> int:
    failures = [fate for post in done for fate in post.fates if fate.message is not None]
    gone = sum(fate.message is None for post in done for fate in post.fates)
    errors = [post.error for post in done if post.error is not None]
    if failures:
        errors.insert(0, _delete_error(failures, gone, post_ids))
    if not errors:
        return DONE
    error, *more = errors
    error.details = (*error.details, *(other.message for other in more))
    out.error(error)
    return exit_code(error)


def _delete_error(failures: Sequence[DeleteResult], gone: int, post_ids: Sequence[str]) -> TtpError:
    """Return the error that lists what could not be deleted."""
    kept = [_kept_because(fate.delivery, fate.message or "") for fate in failures]
    hints = [Hint("fix", hint) for hint in dict.fromkeys(fate.hint for fate in failures) if hint]
    if all(fate.final for fate in failures):
        hints += [Hint("try", quote_command("ttp", "delete", *post_ids))]
    else:
        hints += [Hint("try", quote_command("ttp", "delete", *post_ids, "--remote", "--yes"))]
    kind: type[TtpError] = PartlyFailed
    if all(fate.reconnect for fate in failures):
        kind = ReconnectNeeded
    elif not gone and all(fate.final for fate in failures):
        kind = NotAllowed
    return kind(kept[0], *hints, details=kept[1:])


def _kept_because(delivery: Delivery, why: str) -> str:
    """Return which delivery stays published, where, and why."""
    where = delivery.url or delivery.remote_id
    place = f": {where}" if where else ""
    return f"post {delivery.post_id} stays published on {delivery.account}{place} ({why})"
