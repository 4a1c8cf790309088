"""`ttp list` on a terminal, and the specs of commands that delete posts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ttp.cli.render.labels import approve_command, mark, plural, status_word
from ttp.cli.render.names import Names, joined_names, names_in
from ttp.cli.render.page import Cell, Column, Page, table
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
_METRICS = (("LIKES", 3), ("COMMENTS", 6), ("SHARES", 7), ("VIEWS", 3))
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
    counts = [add_metrics(post.metrics.values())[:4] if wide else () for post in posts]
    places = [place for place in range(len(_METRICS)) if any(one and one[place] is not None for one in counts)]
    columns = [
        Column("ID", right=True),
        Column("WHEN"),
        Column("", drop=3),
        *([Column("UTC", drop=5)] if wide else []),
        Column("STATUS"),
        Column("ACCOUNTS", drop=2, most=room),
        *([Column("MEDIA", drop=4)] if wide else []),
        *(Column(_METRICS[place][0], right=True, drop=_METRICS[place][1]) for place in places),
        Column("TEXT"),
    ]
    days = [_day(at, page, wide=wide) if (at := _time(post)) else "" for post in posts]
    longest = max(map(len, days))  # aligns the times
    rows = []
    for post, day, numbers in zip(posts, days, counts, strict=True):
        row = _row(post, f"{day:<{longest}}", names, page, wide=wide)
        row[-1:-1] = [Cell("-" if (count := numbers[place]) is None else f"{count:,}") for place in places]
        rows.append(row)
    yield from table(columns, rows, page, least=24 if places else 12)
    yield ""
    yield from page.flow([page.footer(), *_legend(posts)])


def _row(post: PostView, day: str, names: Names, page: Page, *, wide: bool) -> list[Cell]:
    at = _time(post)
    accounts = [f"{names[row.account]} {mark(row)}".rstrip() for row in post.active]
    when = f"{day} {page.time(at)}" if at else "-"
    row = [
        Cell(str(post.id), "bold"),
        Cell(when),
        Cell(page.ago(at) if at else "", "dim"),
        Cell(*status_word(post)),
        Cell(joined_names(accounts, page.width // 3, "  " if wide else " ") or "-"),
        Cell(escape_line(post.content)),
    ]
    if wide:
        row.insert(3, Cell(page.utc(at) if at else "-", "dim"))
        row.insert(-1, Cell(_media(post.media) or "-"))
    return row


def _time(post: PostView) -> datetime | None:
    return post.scheduled_at or post.published_at


def _day(at: datetime, page: Page, *, wide: bool) -> str:
    """Return `Tue  1 Dec`, or a shorter form on a narrow page. One-digit days are padded."""
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
