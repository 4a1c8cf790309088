"""The page of a post, and the changes that a person makes there after a confirmation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from ttp.domain import permissions
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import NotFound, TtpError, UsageError
from ttp.domain.post import PostStatus
from ttp.domain.post_fields import shown_fields
from ttp.server.pages.compose import unsaved_edit
from ttp.server.pages.visit import Visit, local_path, parse_number
from ttp.server.services import RequestServices
from ttp.services.preview import with_sent
from ttp.services.queries import PostView
from ttp.services.undo import UndoRequest

MOST_CHANGES = 50


def _resolve(visit: Visit, services: RequestServices) -> None:
    answer, where = visit.field("found"), visit.field("published").strip()
    if answer not in ("yes", "no"):
        raise UsageError("say whether it is live")
    if answer == "yes" and not where:
        raise UsageError("give the address or the id of the live post")
    services.publishing.resolve(visit.post_id, visit.field("account"), where if answer == "yes" else None)


@dataclass(frozen=True, slots=True)
class PostAction:
    """A change of a post that a person confirms first: the operation of its name."""

    change: Callable[[Visit, RequestServices], object]
    question: str
    button: str
    explains: str
    is_dangerous: bool = False


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
        "Retry",
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
        "It becomes a draft again, with your reason.",
    ),
    "delete": PostAction(
        lambda visit, services: services.posts.delete([visit.post_id]),
        "Delete this post?",
        "Delete",
        "What is published stays on the platforms. You can undo this for 30 days.",
        is_dangerous=True,
    ),
}


def show_post(visit: Visit, error: TtpError | None = None) -> Response:
    queries = visit.reading.queries
    post = with_sent(visit.reading.posts, queries.post(visit.post_id))
    changes = queries.changes(MOST_CHANGES, visit.post_id)
    actions = actions_of(visit, post)
    is_author = "approve" in actions and bool(visit.reading.approvals.of_author([visit.post_id], visit.person.name))
    return visit.page(
        "post.html",
        post=post,
        facts=shown_fields(post),
        metrics=post.metrics,
        attempts=queries.attempts(visit.post_id),
        changes=changes,
        actions=[name for name in actions if name != "approve"] if is_author else actions,
        is_author=is_author,
        missing=queries.missing_media(post),
        unsaved=unsaved_edit(visit, visit.post_id),
        may_undo=bool(changes) and visit.post_id not in changes[0].created and visit.may("post undo"),
        bring_back=bring_back(visit),
        error=error,
    )


def actions_of(visit: Visit, post: PostView) -> list[str]:
    """Return what the person can do with a post now, most urgent first."""
    states = {d.state for d in post.active}
    needs = post.needs()
    is_open = bool(states & permissions.OPEN) and not post.in_flight
    possible = {
        "resolve": "review" in needs,
        "retry": DeliveryState.FAILED in states,
        "approve": "approve" in needs,
        "reject": "approve" in needs,
        "edit": post.status is not PostStatus.PUBLISHED and not post.in_flight and "review" not in needs,
        "publish": is_open and DeliveryState.PENDING in states,
        "unschedule": post.status is PostStatus.SCHEDULED,
        "delete": not post.in_flight and "review" not in needs,
    }
    return [name for name, can in possible.items() if can and visit.may(name)]


def ask(visit: Visit) -> Response:
    name = str(visit.request.path_params["action"])
    if name not in ACTIONS:
        raise NotFound(f"there is no page at {visit.request.url.path}")
    return _confirmation_page(visit, name)


def _confirmation_page(visit: Visit, name: str, error: TtpError | None = None) -> Response:
    action = ACTIONS[name]
    post = visit.services(name).queries.post(visit.post_id)
    return visit.page(
        "confirm.html",
        error=error,
        post=post,
        name=name,
        action=action,
        reviewed=[d.account for d in post.active if d.state is DeliveryState.NEEDS_REVIEW],
    )


def change_post(visit: Visit, name: str) -> Response:
    """Make a confirmed change. A refusal is shown on the page that asked, with what was typed."""
    action = ACTIONS[name]
    services = visit.services(name, expected=visit.revision())
    try:
        action.change(visit, services)
    except NotFound:
        raise
    except TtpError as error:
        return _confirmation_page(visit, name, error)
    if name == "delete":
        return visit.go("/queue", done=name, post=visit.post_id)
    return visit.go(local_path(visit.field("next")) or f"/posts/{visit.post_id}", done=name)


def ask_again(visit: Visit, error: TtpError, name: str) -> Response:
    """Ask once more, with what was typed."""
    return _confirmation_page(visit, name, error)


@dataclass(frozen=True, slots=True)
class BringBack:
    """The change that a button takes back or does again. `way`: `undo` or `redo`."""

    post_id: int
    change_id: int
    way: str


def bring_back(visit: Visit) -> BringBack | None:
    """Return what brings back a post that was just deleted, or a change that was just undone, as the address says."""
    done = visit.query("done")
    post_id = visit.request.path_params.get("post_id") or parse_number(visit.query("post"))
    if done not in ("delete", "undo") or not post_id or not visit.may("post undo"):
        return None
    if done == "undo":
        undone = visit.reading.queries.undone_change(post_id)
        return BringBack(post_id, undone.id, "redo") if undone else None
    changes = visit.reading.queries.changes(1, post_id)
    is_deleted = bool(changes) and changes[0].change.command == "delete"
    return BringBack(post_id, changes[0].change.id, "undo") if is_deleted else None


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
        return _refused_undo(visit, error)
    return visit.go(f"/posts/{visit.post_id}", done="back" if back else "undo")


def _refused_undo(visit: Visit, error: TtpError) -> Response:
    try:
        return show_post(visit, error)
    except NotFound:  # it is deleted
        raise error from None
