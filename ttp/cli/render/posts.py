"""`ttp list` on a terminal, and the specs of commands that delete posts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from ttp.cli.render.labels import approve_command, mark, plural, status_word
from ttp.cli.render.names import Names, joined_names, names_in
from ttp.cli.render.page import Cell, Column, Page, table_of
from ttp.cli.render.spec import OutputSpec
from ttp.cli.terminal import escape_line
from ttp.domain.delivery import IN_FLIGHT
from ttp.domain.media.item import MediaItem
from ttp.domain.post import add_metrics
from ttp.views import posts as posts_module

if TYPE_CHECKING:
    from ttp.services.queries import PostView
    from ttp.services.remote_delete import DeletedPost


_WIDE = 110
_METRICS = (("likes", 3), ("comments", 6), ("shares", 7), ("views", 3))
"""The columns of known numbers on a wide page. On a less wide one the highest are left out first."""


def render_posts(posts: Sequence[PostView], page: Page) -> Iterator[str]:
    """Draw the posts, and below them the zone and the legend."""
    if not posts:
        yield "No posts yet.  Create one:  ttp create 'Hello'"
        return
    wide = page.width >= _WIDE
    room = page.width // 3
    marked = 2 if any(mark(row) for post in posts for row in post.active) else 0
    names = names_in(posts, room, with_handle=wide, between=marked + (2 if wide else 1))
    longest = max(len(_day(post, page, wide=wide)) for post in posts)  # aligns the times
    numbers = [
        (Column(name.upper(), right=True, drop=drop), partial(_count, name))
        for name, drop in _METRICS
        if wide and any(_count(name, post) != "-" for post in posts)
    ]
    yield from table_of(
        posts,
        page,
        (Column("ID", right=True), lambda post: Cell(str(post.id), "bold")),
        (Column("WHEN"), lambda post: _when(post, longest, page, wide=wide)),
        (Column("", drop=3), lambda post: Cell(page.ago(at) if (at := _time(post)) else "", "dim")),
        (Column("UTC", drop=5, shown=wide), lambda post: Cell(page.utc(at) if (at := _time(post)) else "-", "dim")),
        (Column("STATUS"), lambda post: Cell(*status_word(post))),
        (Column("ACCOUNTS", drop=2, most=room), lambda post: _accounts(post, names, room, wide=wide)),
        (Column("MEDIA", drop=4, shown=wide), lambda post: _media(post.media) or "-"),
        *numbers,
        (Column("TEXT"), lambda post: escape_line(post.content)),
        least=24 if numbers else 12,
    )
    yield ""
    yield from page.flow([page.footer(), *_legend(posts)])


def _accounts(post: PostView, names: Names, room: int, *, wide: bool) -> str:
    accounts = [f"{names[row.account]} {mark(row)}".rstrip() for row in post.active]
    return joined_names(accounts, room, "  " if wide else " ") or "-"


def _count(name: str, post: PostView) -> str:
    count = getattr(add_metrics(post.metrics.values()), name)
    return "-" if count is None else f"{count:,}"


def _time(post: PostView) -> datetime | None:
    return post.scheduled_at or post.published_at


def _when(post: PostView, longest: int, page: Page, *, wide: bool) -> str:
    at = _time(post)
    return f"{_day(post, page, wide=wide):<{longest}} {page.time(at)}" if at else "-"


def _day(post: PostView, page: Page, *, wide: bool) -> str:
    """Return `Tue  1 Dec`, or a shorter form on a narrow page. One-digit days are padded."""
    at = _time(post)
    if at is None:
        return ""
    day = f"{page.weekday(at)} {page.date(at):>6}" if wide else page.day(at)
    number = str(page.local(at).day)
    return day if wide or len(number) > 1 else day.replace(number, f" {number}", 1)


def _media(media: Sequence[MediaItem]) -> str:
    images = sum(item.is_image for item in media)
    counts = ((images, "image"), (len(media) - images, "video"))
    return ", ".join(plural(count, thing) for count, thing in counts if count)


def _legend(posts: Sequence[PostView]) -> Iterator[str]:
    """Yield what the signs mean, and the command for the first post that needs a person."""
    marks = {mark(row) for post in posts for row in post.active}
    if any(row.state in IN_FLIGHT for post in posts for row in (*post.deliveries, *post.comments)):
        yield "~ in progress"
    if "!" in marks:
        yield "! failed"
    review = next((post for post in posts if "review" in post.needs()), None)
    if review:
        yield f"? may be live, look:  ttp show {review.id}"
    needy = [post for post in posts if post.needs() not in ((), ("approve",))]
    if needy and needy != [review]:
        first = next(post for post in needy if post is not review)
        yield f"Post {first.id} needs you:  ttp show {first.id}"
    yield from approvals(posts)


def approvals(posts: Sequence[PostView]) -> Iterator[str]:
    """Yield the command that approves the posts that wait for approval."""
    if unapproved := [post.id for post in posts if post.id is not None and "approve" in post.needs()]:
        wait = "1 post waits" if len(unapproved) == 1 else f"{len(unapproved)} posts wait"
        yield f"{wait} for approval:  {approve_command(unapproved)}"


POSTS_SPEC = OutputSpec(
    posts_module.POST_FIELDS,
    ("id", "status", "scheduledAt", "accounts", "content"),
    posts_module.post_json,
    render_posts,
)
"""`ttp list`."""
DELETED_SPEC: OutputSpec[int] = OutputSpec(("id", "deleted"), ("id",), posts_module.deleted_json)
"""`ttp delete`, by id."""
WOULD_DELETE_SPEC: OutputSpec[int] = OutputSpec(
    ("id", "deleted"), ("id",), lambda post_id: {"id": post_id, "deleted": False}
)
"""`ttp edit --where … --delete --dry-run`, by id."""
REMOTE_DELETE_SPEC: OutputSpec[DeletedPost] = OutputSpec(
    posts_module.REMOTE_DELETE_FIELDS,
    ("id",),
    posts_module.remote_delete_json,
    rows=lambda post: [{"id": post.post_id}] if post.deleted else [],
)
"""`ttp delete --remote`; in TSV the ids of the deleted posts."""
