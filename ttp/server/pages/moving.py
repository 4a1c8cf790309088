"""Move a post to another time, from the calendar or its own small page, and undo it. The page after a change is reached
by a GET, also after a refusal: its address names the refused change, which is rehearsed there for the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.responses import Response

from ttp.domain.errors import NotFound, StateRefused, TtpError, UsageError
from ttp.domain.post import PostStatus
from ttp.domain.time.formatting import clock_text, day_text
from ttp.server.pages.visit import UndoButton, Visit, local_path, parse_number, redirect
from ttp.server.services import RequestServices
from ttp.services.queries import PostView
from ttp.services.undo import UndoRequest

CALENDAR = "/calendar"
_TYPED = ("at", "tz", "revision")
_OUTCOME = ("done", "post", "change", "refused", *_TYPED)
"""The words that a change adds to the address."""
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """A time to which a post can be moved. `icon`: of the sprite."""

    label: str
    icon: str
    at: datetime


def show_move(visit: Visit, error: TtpError | None = None) -> Response:
    """Show times to which a post can be moved, and a field for another."""
    services = visit.services("schedule")
    post = services.queries.post(visit.post_id)
    fixed = None
    try:
        _refuse_fixed(post)
    except TtpError as refused:
        fixed = refused
    before = urlsplit(visit.request.headers.get("referer", ""))
    return visit.page(
        "move.html",
        post=post,
        choices=None if fixed else list(_choices(services, post, visit.now)),
        typed=visit.field("at"),
        back_to=back_to(visit.field("back_to") or f"{before.path}?{before.query}"),
        day=lambda at: day_text(at.astimezone(visit.zone), year=False),
        error=error or fixed,
    )


def move(visit: Visit) -> Response:
    """Give a post the TIME of the form, which is one of the zone that the form names."""
    path, typed = back_to(visit.field("back_to")), {name: visit.field(name)[:_LONGEST] for name in _TYPED}
    services = visit.services("schedule", expected=parse_number(typed["revision"]))
    try:
        is_moved = _move(services, visit.post_id, typed)
    except NotFound:
        raise
    except TtpError:
        return _go(path, refused=visit.post_id, **typed)
    if not is_moved:
        return redirect(path)
    change = services.queries.changes(1, visit.post_id)[0].change
    return _go(path, done="moved", post=visit.post_id, change=change.id)


def go_after_undo(visit: Visit, error: TtpError | None) -> Response | None:
    """Return to the calendar from which a move was undone; None if the form is from elsewhere."""
    if not visit.field("back_to"):
        return None
    path, change = back_to(visit.field("back_to")), visit.field("change")
    if error is not None:
        return _go(path, refused=visit.post_id, change=change)
    return _go(path, done="back" if visit.field("back") else "undo", post=visit.post_id)


def refusal(visit: Visit) -> TtpError | None:
    """Return why the change that the address names was refused: what it says when it is rehearsed."""
    post_id = parse_number(visit.query("refused"))
    if post_id is None or not visit.may("schedule"):
        return None
    change = parse_number(visit.query("change"))
    try:
        if change is not None:
            services = visit.services("schedule")
            services.undo.revert(UndoRequest(post=post_id, only=(change,)), rehearse=True)
        else:
            typed = {name: visit.query(name)[:_LONGEST] for name in _TYPED}
            expected = parse_number(typed["revision"])
            _move(visit.services("schedule", expected=expected, dry_run=True), post_id, typed)
    except TtpError as error:
        return error
    return StateRefused(f"post {post_id} was not changed a moment ago: try it again")


def outcome(visit: Visit) -> dict[str, Any]:
    """Return the message about the change that the address names, and what undoes a move that is the last change."""
    post_id, change_id, done = (
        parse_number(visit.query("post")),
        parse_number(visit.query("change")),
        visit.query("done"),
    )
    if done not in ("moved", "undo") or post_id is None or not visit.may("schedule"):
        return {}
    try:
        post, changes = visit.reading.queries.post(post_id), visit.reading.queries.changes(1, post_id)
    except NotFound:
        return {}
    if post.scheduled_at is None:
        return {}
    local = post.scheduled_at.astimezone(visit.zone)
    where = f"{day_text(local, year=False)}, {clock_text(local)}"
    if done == "undo":
        return {"done": f"Undone: it is at {where} again."}
    last = changes[0].change if changes else None
    if last is None or last.id != change_id or last.command != "schedule":
        return {}
    calendar = back_to(f"{visit.request.url.path}?{visit.request.url.query}")
    return {
        "done": f"Moved to {where}",
        "bring_back": UndoButton(f"/posts/{post_id}/undo", change_id, back_to=calendar),
    }


def back_to(path: str) -> str:
    """Return the calendar's address that a form names, without the outcome of an earlier change."""
    base, _, query = (local_path(path) or "").partition("?")
    if base != CALENDAR:
        return CALENDAR
    words = [(name, word) for name, word in parse_qsl(query) if name not in _OUTCOME]
    return f"{base}?{urlencode(words)}" if words else base


def _go(path: str, **outcome: object) -> Response:
    words = urlencode({name: word for name, word in outcome.items() if word})
    return redirect(f"{path}{'&' if '?' in path else '?'}{words}")


def _move(services: RequestServices, post_id: int, typed: Mapping[str, str]) -> bool:
    """Return whether the post has another time now."""
    post = services.queries.post(post_id)
    _refuse_fixed(post)
    if not typed["at"].strip():
        raise UsageError("choose a time")
    accounts = services.posts.accounts_by_post([post_id])
    times = services.times.resolve_posts(typed["at"], accounts, typed["tz"] or services.zone.key)
    (saved,) = services.posts.schedule(times)
    return saved.post.scheduled_at != post.scheduled_at


def _refuse_fixed(post: PostView) -> None:
    if post.status is not PostStatus.SCHEDULED or post.scheduled_at is None:
        raise StateRefused(f"post {post.id} is {post.status} and cannot be moved")


def _choices(services: RequestServices, post: PostView, now: datetime) -> Iterator[Choice]:
    """Yield the usual times, without those that have passed or that the accounts do not have."""
    assert post.scheduled_at is not None
    accounts = services.posts.accounts_by_post([post.id or 0])
    for label, icon, words in (
        ("One hour later", "clock", "+1h"),
        ("Next best hour", "star", "optimal"),
        ("Next free slot", "queue", "next-slot"),
        ("A day later", "move", "+1d"),
        ("A week later", "move", "+7d"),
    ):
        try:
            if words.startswith("+"):
                times = services.times.shift_posts(words, [post], accounts)
            else:
                times = services.times.resolve_posts(words, accounts)
        except TtpError:
            continue
        at = times[post.id or 0].at
        if at > now and at != post.scheduled_at:
            yield Choice(label, icon, at)
