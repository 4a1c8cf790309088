"""The page of a post, and the changes that a person makes there after a confirmation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from starlette.responses import Response

from ttp.domain import permissions
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import NotFound, PartlyFailed, Stale, TtpError, UsageError
from ttp.domain.post import PostStatus
from ttp.domain.post_edit import PostInput
from ttp.domain.post_fields import shown_fields
from ttp.server.pages.compose.form import read_repeat
from ttp.server.pages.compose.page import unsaved_edit
from ttp.server.pages.moving import go_after_undo
from ttp.server.pages.post_events import post_events
from ttp.server.pages.troubles import form_name, troubles_of
from ttp.server.pages.visit import UndoButton, Visit, local_path, parse_number
from ttp.server.services import RequestServices
from ttp.services.new_posts import copy_post
from ttp.services.preview import stored_versions, with_sent
from ttp.services.queries import PostView
from ttp.services.repeats import Repeats
from ttp.services.undo import UndoRequest

MOST_CHANGES = 50


def _resolve(visit: Visit, services: RequestServices) -> None:
    answer, where = visit.field("found"), visit.field("published").strip()
    if answer not in ("yes", "no"):
        raise UsageError("say whether it is live")
    if answer == "yes" and not where:
        raise UsageError("give the address or the id of the live post")
    account, _, comment = visit.field("account").partition(" ")
    services.publishing.resolve(visit.post_id, account, where if answer == "yes" else None, comment=bool(comment))


def _leave_out(visit: Visit, services: RequestServices) -> None:
    post, account = services.queries.post(visit.post_id), visit.field("account") or visit.query("account")
    if account not in post.accounts:
        raise UsageError("the form names no account of this post")
    services.posts.edit(visit.post_id, PostInput(to=tuple(name for name in post.accounts if name != account)), None)


def _delete_remote(visit: Visit, services: RequestServices) -> None:
    """Delete it from the platforms, and then here. The message names the platforms where it stays."""
    if services.queries.post(visit.post_id).revision != visit.revision():
        raise Stale(f"post {visit.post_id} was changed since you read it; nothing was deleted")
    (done,) = services.remote_delete.run(services.remote_delete.plan([visit.post_id]))
    if done.error is not None:
        raise done.error
    kept = [f"it stays on {fate.delivery.account}: {fate.message}" for fate in done.fates if fate.message is not None]
    if kept:
        raise PartlyFailed(kept[0], details=kept[1:])


def _repeat(visit: Visit, services: RequestServices) -> None:
    accounts = services.queries.accounts_of(visit.post_id)
    services.repeats.begin(
        read_repeat(services, accounts, visit.field("times"), visit.field("until"), post_id=visit.post_id)
    )


def _change_repeat(visit: Visit, services: RequestServices, change: Callable[[Repeats, int], object]) -> None:
    number = parse_number(visit.field("repeat"))
    if number is None or number not in repeats_of(services, services.queries.post(visit.post_id)):
        raise UsageError("the form names no repeat of this post")
    change(services.repeats, number)


@dataclass(frozen=True, slots=True)
class PostAction:
    """A change of a post that a person confirms first: the operation of its name."""

    change: Callable[[Visit, RequestServices], object]
    question: str
    button: str
    explains: str
    is_dangerous: bool = False
    operation: str = ""
    """Where it has not the name of the action."""


ACTIONS = {
    "publish": PostAction(
        lambda visit, services: services.publishing.publish([visit.post_id]),
        "Publish this post now?",
        "Publish now",
        "It is sent to every account that has not got it yet.",
    ),
    "retry": PostAction(
        lambda visit, services: services.publishing.retry([visit.post_id], ()),
        "Try the failed accounts again?",
        "Try again",
        "Only what failed is sent. What is published is never sent again.",
    ),
    "resolve": PostAction(
        _resolve,
        "Is it live?",
        "Save",
        "The platform did not say whether it published this. Look at the account, then say what you found.",
    ),
    "unschedule": PostAction(
        lambda visit, services: services.posts.unschedule([visit.post_id]),
        "Make this post a draft again?",
        "Unschedule",
        "It loses its time.",
    ),
    "approve": PostAction(
        lambda visit, services: services.approvals.approve([visit.post_id], by=visit.person.name),
        "Approve this post?",
        "Approve",
        "If a person changes it, it needs approval again.",
    ),
    "reject": PostAction(
        lambda visit, services: services.approvals.reject([visit.post_id], visit.field("reason").strip() or None),
        "Reject this post?",
        "Reject",
        "It becomes a draft again, with your reason. Of a published post, only the comment is stopped.",
    ),
    "delete": PostAction(
        lambda visit, services: services.posts.delete([visit.post_id]),
        "Delete this post?",
        "Delete",
        "What is published stays on the platforms. You can undo this for 30 days.",
        is_dangerous=True,
    ),
    "delete-remote": PostAction(
        _delete_remote,
        "Delete this post, also on the platforms?",
        "Delete everywhere",
        "A post deleted on a platform cannot be restored.",
        is_dangerous=True,
        operation="delete --remote",
    ),
    "copy": PostAction(
        lambda visit, services: copy_post(services.posts, visit.post_id).post.id,
        "Use this post again?",
        "Copy",
        "A new draft gets its text, pictures, accounts and options.",
    ),
    "leave-out": PostAction(
        _leave_out,
        "Leave this account out?",
        "Leave out",
        "The post stays for the other accounts.",
        operation="edit",
    ),
    "comment": PostAction(
        lambda visit, services: services.posts.edit(
            visit.post_id, PostInput(comment=visit.field("comment").strip()), None
        ),
        "Change the first comment?",
        "Save",
        "Each account replies with it to its own post, if it has not done that yet. Without a text there is none.",
        operation="edit",
    ),
    "comment-now": PostAction(
        lambda visit, services: services.publishing.publish([visit.post_id]),
        "Publish the first comment now?",
        "Publish now",
        "Each account replies with it to its own post, if it has not done that yet.",
        operation="publish",
    ),
    "repeat": PostAction(
        _repeat,
        "Repeat this post?",
        "Repeat",
        "Each time a new post is made in advance, which you can still change.",
        operation="repeat add",
    ),
    "repeat-skip": PostAction(
        partial(_change_repeat, change=Repeats.skip),
        "Skip the next time?",
        "Skip the next",
        "The post that was made for it is deleted.",
        operation="repeat skip",
    ),
    "repeat-stop": PostAction(
        partial(_change_repeat, change=Repeats.stop),
        "Stop the repeat?",
        "Stop",
        "Its posts that are not published yet are deleted, except those that were changed by hand.",
        is_dangerous=True,
        operation="repeat stop",
    ),
}


def operation_of(name: str) -> str:
    return ACTIONS[name].operation or name if name in ACTIONS else name


def repeats_of(services: RequestServices, post: PostView) -> list[int]:
    """Return the repeats that made a post, or that copy it."""
    own = [] if post.repeat is None else [post.repeat.id]
    return [*own, *(number for number, _ in services.queries.repeats_of([post.id or 0]))]


def show_post(visit: Visit, error: TtpError | None = None) -> Response:
    queries = visit.reading.queries
    try:
        post = with_sent(visit.reading.posts, queries.post(visit.post_id))
    except NotFound as gone:
        return _deleted_page(visit, gone)
    changes = queries.changes(1, visit.post_id)
    actions, attempts = actions_of(visit, post), queries.attempts(visit.post_id)
    numbers = repeats_of(visit.reading, post)
    repeats = visit.reading.repeats.all() if numbers and visit.may("repeat list") else []
    is_author = "approve" in actions and bool(visit.reading.approvals.of_author([visit.post_id], visit.person.name))
    return visit.page(
        "post.html",
        post=post,
        facts=list(
            shown_fields(replace(post, comment=None, comment_after_s=None if post.comment else post.comment_after_s))
        ),
        attempts=attempts,
        changes=changes,
        events=post_events(post, queries.changes(MOST_CHANGES, visit.post_id, undos=True), attempts),
        troubles=troubles_of(visit, post, actions),
        versions=stored_versions(visit.reading.posts, post),
        repeats=[one for one in repeats if one.recurrence.id in numbers and one.recurrence.state != "ended"],
        actions=[name for name in actions if name != "approve"] if is_author else actions,
        is_author=is_author,
        missing=queries.missing_media(post),
        unsaved=unsaved_edit(visit, visit.post_id),
        may_stop=visit.may("repeat stop"),
        may_link="approve" in post.needs() and visit.may("approvals"),
        may_undo=bool(changes) and visit.post_id not in changes[0].created and visit.may("post undo"),
        bring_back=bring_back(visit),
        error=error,
    )


def _deleted_page(visit: Visit, gone: NotFound) -> Response:
    """Show that a post is deleted, with the way back. Raise the error for a post that never was."""
    back = _undo_of_deletion(visit, visit.post_id)
    return visit.page("post_deleted.html", error=gone, back=back if visit.may("post undo") else None)


def actions_of(visit: Visit, post: PostView) -> list[str]:
    """Return what the person can do with a post now, most urgent first."""
    states = {d.state for d in post.active}
    needs = post.needs()
    is_open = bool(states & permissions.OPEN) and not post.in_flight
    possible = {
        "resolve": "review" in needs,
        "retry": DeliveryState.FAILED in states | {d.state for d in post.comments},
        "approve": "approve" in needs,
        "reject": "approve" in needs,
        "edit": post.status is not PostStatus.PUBLISHED and not post.in_flight and "review" not in needs,
        "comment": post.status is PostStatus.PUBLISHED
        and not post.in_flight
        and any(d.state in permissions.OPEN for d in post.comments),
        "publish": is_open and DeliveryState.PENDING in states,
        "comment-now": DeliveryState.PENDING not in states
        and not post.in_flight
        and any(d.state is DeliveryState.PENDING and d.due_at is not None for d in post.comments),
        "unschedule": post.status is PostStatus.SCHEDULED,
        "repeat": bool(post.active) and post.repeat is None,
        "delete": not post.in_flight and "review" not in needs,
        "delete-remote": not post.in_flight and "review" not in needs and any(d.is_live for d in post.deliveries),
        "copy": True,
    }
    return [name for name, can in possible.items() if can and visit.may(operation_of(name))]


def ask(visit: Visit) -> Response:
    name = str(visit.request.path_params["action"])
    if name not in ACTIONS:
        raise NotFound(f"there is no page at {visit.request.url.path}")
    return confirmation_page(visit, name=name)


def confirmation_page(visit: Visit, error: TtpError | None = None, *, name: str) -> Response:
    """Ask before the change of a name. `error`: why it was refused; what was typed stays."""
    services = visit.services(operation_of(name))
    post = services.queries.post(visit.post_id)
    return visit.page(
        "confirm.html",
        error=error,
        post=post,
        name=name,
        action=ACTIONS[name],
        typed={one: visit.field(one) or visit.query(one) for one in ("account", "found", "published", "repeat")},
        reviewed=[form_name(d) for d in (*post.active, *post.comments) if d.state is DeliveryState.NEEDS_REVIEW],
        targets=services.remote_delete.plan([visit.post_id]).targets[visit.post_id] if name == "delete-remote" else (),
    )


def change_post(visit: Visit, name: str) -> Response:
    """Make a confirmed change. A refusal is shown on the page that asked, with what was typed."""
    # Deleting on a platform changes the post before it is deleted here, and compares the revision itself.
    expected = None if name == "delete-remote" else visit.revision()
    services = visit.services(operation_of(name), expected=expected)
    try:
        result = ACTIONS[name].change(visit, services)
    except NotFound:
        raise
    except TtpError as error:
        return confirmation_page(visit, error, name=name)
    if name == "copy":
        return visit.go(f"/posts/{result}/edit", done=name)
    if name in ("delete", "delete-remote"):
        return visit.go("/queue", done=name, post=visit.post_id)
    if not services.queries.posts_by_id([visit.post_id]):  # it was made for the time that is skipped
        return visit.go("/queue", done=name)
    address = local_path(visit.field("next"))
    if address is None:
        return visit.go(f"/posts/{visit.post_id}", done=name)
    return visit.go(address, done=name, post=visit.post_id)


def bring_back(visit: Visit) -> UndoButton | None:
    """Return what brings back a post that was just deleted, or a change that was just undone, as the address says."""
    done = visit.query("done")
    post_id = visit.request.path_params.get("post_id") or parse_number(visit.query("post"))
    if done not in ("delete", "undo") or not post_id or not visit.may("post undo"):
        return None
    if done == "undo":
        undone = visit.reading.queries.undone_change(post_id)
        return UndoButton(f"/posts/{post_id}/undo", undone.id, "redo") if undone else None
    return _undo_of_deletion(visit, post_id)


def _undo_of_deletion(visit: Visit, post_id: int) -> UndoButton | None:
    """Return what takes back the deletion of a post, if that was its last change."""
    changes = visit.reading.queries.changes(1, post_id)  # raises for posts of others
    is_deleted = bool(changes) and changes[0].change.command == "delete"
    return UndoButton(f"/posts/{post_id}/undo", changes[0].change.id, "undo") if is_deleted else None


def undo(visit: Visit) -> Response:
    """Undo the last change of a post, if it is still the one that the person saw; or bring back what is gone."""
    services = visit.services("schedule" if visit.may("schedule") else "post undo")
    change, back = parse_number(visit.field("change")), visit.field("back")
    if change is None:
        raise UsageError("the form names no change")
    last = services.queries.changes(1, visit.post_id)  # raises for a post that the person must not see
    if back != "redo" and last and last[0].change.id == change and visit.post_id in last[0].created:
        return visit.go(f"/posts/{visit.post_id}/delete")  # which asks first
    try:
        services.undo.revert(UndoRequest(post=visit.post_id, again=back == "redo", only=(change,)))
    except NotFound:
        raise
    except TtpError as error:
        return go_after_undo(visit, error) or _refused_undo(visit, error)
    return go_after_undo(visit, None) or visit.go(f"/posts/{visit.post_id}", done="back" if back else "undo")


def _refused_undo(visit: Visit, error: TtpError) -> Response:
    try:
        return show_post(visit, error)
    except NotFound:  # it is deleted
        raise error from None
