"""Changes of several posts that a person chose in a list: all or none, and one step of undo."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from starlette.responses import Response

from ttp.domain.errors import StateRefused, TtpError, UsageError
from ttp.server.pages.post_list import PAGE, list_address, show_posts
from ttp.server.pages.visit import Visit, parse_number
from ttp.server.services import RequestServices
from ttp.services.undo import UndoRequest

_SHIFT = re.compile(r"[+-]\s*\d")
_MOST_TOLD = 3


def _schedule(visit: Visit, services: RequestServices, ids: Sequence[int]) -> None:
    """To a time, or by a step from the time of each, such as `+1d`."""
    text = visit.field("at").strip()
    if not text:
        raise UsageError("say when: tomorrow 9am, next-slot, or +1d")
    accounts, zone = services.posts.accounts_by_post(ids), visit.zone.key
    if _SHIFT.match(text):
        times = services.times.shift_posts(text, services.queries.posts_by_id(ids), accounts, zone)
    else:
        times = services.times.resolve_posts(text, accounts, zone)
    services.posts.schedule(times)


def _tag(visit: Visit, services: RequestServices, ids: Sequence[int]) -> None:
    from ttp.services.bulk_edit import BulkEditRequest, apply_changes

    tags = tuple(tag.strip() for tag in visit.field("tag").split(",") if tag.strip())
    if not tags:
        raise UsageError("say which tag")
    posts = [services.posts.editable(post_id) for post_id in ids]
    begun = next((post for post in posts if post.status.has_begun), None)
    if begun is not None:
        raise StateRefused(f"post {begun.id} is {begun.status}, and keeps its tags")
    request = BulkEditRequest(remove_tags=tags) if visit.field("remove") else BulkEditRequest(add_tags=tags)
    steps = list(services.bulk_edit.plan(posts, request))
    faults = [(step.where, fault) for step in steps for fault in step.faults]
    if faults:
        raise _refusal([f"{where}: {fault.problem}" for where, fault in faults])
    apply_changes(services.posts, steps, "edit")


def _publish(visit: Visit, services: RequestServices, ids: Sequence[int]) -> None:
    rehearsal = RequestServices(visit.installation, services.caller, dry_run=True)
    if refused := rehearsal.publishing.publish(ids).refused:
        raise _refusal([error.message for error in refused])
    services.publishing.publish(ids)


CHANGES: Mapping[str, tuple[str, Callable[[Visit, RequestServices, Sequence[int]], object]]] = {
    "schedule": ("schedule", _schedule),
    "tag": ("edit", _tag),
    "publish": ("publish", _publish),
    "delete": ("delete", lambda visit, services, ids: services.posts.delete(ids)),
}
"""The changes of several posts, with the operation of each."""


def change_chosen(visit: Visit, name: str) -> Response:
    """Change all chosen posts, or none. A refusal is shown on the list, with what was chosen and typed."""
    if name == "schedule" and not visit.field("at").strip() and visit.field("tag").strip():
        name = "tag"  # Enter in the field of the tag presses the first button
    operation, change = CHANGES[name]
    try:
        ids = _ids(visit)
        change(visit, visit.services(operation), ids)
    except TtpError as error:
        return show_posts(visit, error)
    return visit.go(list_address(visit, done=f"chosen-{name}", post=ids[0]))


def undo_chosen(visit: Visit) -> Response:
    """Undo the change of several posts, if nothing was changed since."""
    change = parse_number(visit.field("change"))
    if change is None:
        raise UsageError("the form names no change")
    services = visit.services("schedule" if visit.may("schedule") else "undo")
    try:
        services.undo.revert(UndoRequest(only=(change,)))
    except TtpError as error:
        return show_posts(visit, error)
    return visit.go(list_address(visit, done="undo"))


def _ids(visit: Visit) -> list[int]:
    """Return the chosen posts: some, or without scripts all of the page."""
    shown = visit.field("shown").split(",") if visit.field("every") else []
    numbers = dict.fromkeys(map(parse_number, [*visit.fields("post"), *shown]))
    ids = [number for number in numbers if number]
    if not ids:
        raise UsageError("choose some posts first")
    if len(ids) > PAGE:
        raise UsageError(f"{len(ids)} posts are too many at once: {PAGE} is the most")
    return ids


def _refusal(messages: Sequence[str]) -> StateRefused:
    more = [f"and {len(messages) - _MOST_TOLD} more"] if len(messages) > _MOST_TOLD else []
    return StateRefused("nothing was changed", details=[*messages[:_MOST_TOLD], *more])
