"""A post: what happened to it, and what a person can do with it, each after a confirmation."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import FileResponse, Response

from ttp.domain import permissions
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import NotFound, TtpError, UsageError
from ttp.domain.post import PostStatus
from ttp.domain.server.api_token import TokenCapability
from ttp.server.pages.compose import unsaved_edit
from ttp.server.pages.rendering import HEADERS, error_lines
from ttp.server.pages.visit import Visit
from ttp.server.problems import status_of
from ttp.services.queries import PostView
from ttp.services.undo import Undo, UndoRequest

DRAFT, PUBLISH, APPROVE = TokenCapability.DRAFT, TokenCapability.PUBLISH, TokenCapability.APPROVE
MOST_CHANGES = 50
_SHOWN_MEDIA = ("image/png", "image/jpeg", "image/webp", "image/gif", "video/mp4", "video/quicktime", "video/webm")


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a person is asked before something is done."""

    question: str
    button: str
    needs: TokenCapability
    explains: str = ""
    is_dangerous: bool = False


CONFIRMATIONS = {
    "publish": Confirmation(
        "Publish this post now?", "Publish now", PUBLISH, "It is sent to every account that has not got it yet."
    ),
    "retry": Confirmation(
        "Try the failed accounts again?",
        "Retry",
        PUBLISH,
        "Only what failed is sent. What is published is never sent again.",
    ),
    "resolve": Confirmation(
        "Is it live?",
        "Save",
        PUBLISH,
        "The platform did not say whether it published this. Look at the account, then say what you found.",
    ),
    "unschedule": Confirmation("Make this post a draft again?", "Unschedule", PUBLISH, "It loses its time."),
    "approve": Confirmation(
        "Approve this post?", "Approve", APPROVE, "If a person changes it, it needs approval again."
    ),
    "reject": Confirmation("Reject this post?", "Reject", APPROVE, "It becomes a draft again, with your reason."),
    "delete": Confirmation(
        "Delete this post?",
        "Delete",
        DRAFT,
        "What is published stays on the platforms. You can undo this for 30 days.",
        is_dangerous=True,
    ),
}


def show_post(visit: Visit) -> Response:
    return _post_page(visit)


def _post_page(visit: Visit, error: TtpError | None = None) -> Response:
    queries = visit.reading.queries
    post = queries.post(visit.post_id)
    changes = queries.changes(MOST_CHANGES, visit.post_id)
    actions = actions_of(visit, post)
    is_author = "approve" in actions and bool(visit.reading.approvals.of_author([visit.post_id], visit.person.name))
    return visit.page(
        "post.html",
        200 if error is None else status_of(error),
        post=post,
        metrics=post.metrics,
        attempts=queries.attempts(visit.post_id),
        changes=changes,
        actions=[name for name in actions if name != "approve"] if is_author else actions,
        is_author=is_author,
        missing=queries.missing_media(post),
        unsaved=unsaved_edit(visit, visit.post_id),
        error=error,
        lines=error_lines(error) if error else [],
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
    wanted = {**{name: one.needs for name, one in CONFIRMATIONS.items()}, "edit": DRAFT}
    return [name for name, can in possible.items() if can and visit.person.may(wanted[name])]


def ask(visit: Visit) -> Response:
    """Ask for a confirmation."""
    name = str(visit.request.path_params["action"])
    if name not in CONFIRMATIONS:
        raise NotFound(f"there is no page at {visit.request.url.path}")
    return _ask(visit, name)


def _ask(visit: Visit, name: str, error: TtpError | None = None) -> Response:
    found = CONFIRMATIONS[name]
    post = visit.services(found.needs).queries.post(visit.post_id)
    return visit.page(
        "confirm.html",
        200 if error is None else status_of(error),
        post=post,
        name=name,
        confirmation=found,
        reviewed=[d.account for d in post.active if d.state is DeliveryState.NEEDS_REVIEW],
        error=error,
        lines=error_lines(error) if error else [],
    )


def _done(visit: Visit, name: str, change: object) -> Response:
    """Make a change, a function without arguments. A refusal is shown on the page that asked, with what was typed."""
    assert callable(change)
    try:
        change()
    except NotFound:
        raise
    except TtpError as error:
        return _ask(visit, name, error)
    return visit.go("/queue" if name == "delete" else f"/posts/{visit.post_id}", done=name)


def publish(visit: Visit) -> Response:
    services = visit.services(PUBLISH, expected=visit.revision())
    return _done(visit, "publish", lambda: services.publishing.publish([visit.post_id]))


def retry(visit: Visit) -> Response:
    services = visit.services(PUBLISH, expected=visit.revision())
    return _done(visit, "retry", lambda: services.publishing.retry([visit.post_id], ()))


def resolve(visit: Visit) -> Response:
    services = visit.services(PUBLISH, expected=visit.revision())

    def change() -> None:
        found, where = visit.field("found"), visit.field("published").strip()
        if found not in ("yes", "no"):
            raise UsageError("say whether it is live")
        if found == "yes" and not where:
            raise UsageError("give the address or the id of the live post")
        services.publishing.resolve(visit.post_id, visit.field("account"), where if found == "yes" else None)

    return _done(visit, "resolve", change)


def unschedule(visit: Visit) -> Response:
    services = visit.services(PUBLISH, expected=visit.revision())
    return _done(visit, "unschedule", lambda: services.posts.unschedule([visit.post_id]))


def approve(visit: Visit) -> Response:
    services = visit.services(APPROVE, expected=visit.revision())
    return _done(visit, "approve", lambda: services.approvals.approve([visit.post_id], by=visit.person.name))


def reject(visit: Visit) -> Response:
    services = visit.services(APPROVE, expected=visit.revision())
    reason = visit.field("reason").strip() or None
    return _done(visit, "reject", lambda: services.approvals.reject([visit.post_id], reason))


def delete(visit: Visit) -> Response:
    services = visit.services(DRAFT, expected=visit.revision())
    return _done(visit, "delete", lambda: services.posts.delete([visit.post_id]))


def undo(visit: Visit) -> Response:
    """Undo the last change of a post, if it is still the one that the person saw."""
    services = visit.services(PUBLISH if visit.person.may(PUBLISH) else DRAFT)
    change = visit.field("change")
    if not change.isdecimal() or len(change) > 15:
        raise UsageError("the form names no change")
    services.queries.changes(1, visit.post_id)  # raises for a post that the person must not see
    try:
        Undo(services.posts).revert(UndoRequest(post=visit.post_id, only=(int(change),)))
    except NotFound:
        raise
    except TtpError as error:
        return _post_page(visit, error)
    try:
        visit.reading.queries.post(visit.post_id)
    except NotFound:  # its creation was undone
        return visit.go("/queue", done="undo")
    return visit.go(f"/posts/{visit.post_id}", done="undo")


def show_media(visit: Visit) -> Response:
    """Return a stored image or video, for its preview."""
    return media_answer(visit, str(visit.request.path_params["sha256"]))


def media_answer(visit: Visit, sha256: str) -> Response:
    """Return a stored file as a browser may show it. Raise NotFound."""
    from ttp.store import queries

    with visit.installation.database.reading() as db:
        item = queries.media_item(db, sha256) if db else None
    kind = visit.query("type") if item is None else item.mime
    path = visit.installation.media.folder / sha256
    is_name = len(sha256) == 64 and all(one in "0123456789abcdef" for one in sha256)
    if item is not None:
        visit.installation.media.has(item)  # fetches it, if it is only in a bucket
    if not is_name or kind not in _SHOWN_MEDIA or not path.is_file():
        raise NotFound("there is no such image")
    # A sandbox: whatever the file holds, it runs nothing.
    headers = {**HEADERS, "Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private"}
    return FileResponse(path, media_type=kind, headers=headers)
