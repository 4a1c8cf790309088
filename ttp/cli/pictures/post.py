"""`ttp show` on a terminal: one post, a row per delivery, what it waits for, and the next command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from ttp.cli.clean import lines, one_line, safe
from ttp.cli.pictures.cells import columns, wrap
from ttp.cli.pictures.marks import plural, size, state_word, status_word
from ttp.cli.pictures.page import Page
from ttp.cli.pictures.table import Cell, Column, table
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.media import MediaItem
from ttp.domain.past import Happened, Past
from ttp.domain.post import ChosenBy, Post, PostStatus

_LABEL = 14
"""Columns of `  Scheduled   `."""


def post_picture(post: Post, page: Page, past: Past | None = None) -> Iterator[str]:
    """Everything about one post; `past`: with what has happened to it."""
    past = past or Past()
    events = past.events if len(past.events) > 1 else ()
    word, style = status_word(post)
    yield f"{page.paint(f'Post {post.id}', 'bold')}   {page.paint(word, style)}   {_tally(post)}"
    for label, values in _facts(post, page, with_created=not events):
        head = page.paint(f"  {label:<{_LABEL - 2}}", "dim")
        for piece in (piece for value in values for piece in wrap(value, page.width - _LABEL)):
            yield f"{head}{piece}".rstrip()
            head = " " * _LABEL
    if post.deliveries:
        yield ""
        heads = [Column("ACCOUNT", most=page.width // 3), Column("RESULT"), Column("WHEN", drop=1), Column("DETAIL")]
        yield from table(heads, [_row(row, post, past, page) for row in post.deliveries], page, wrapped=True)
    if events:
        yield ""
        yield from _history(events, post, page)
    following = list(_next(post))
    if following:
        yield ""
        yield f"Next:  {following[0]}"
        yield from (f"       {more}" for more in following[1:])


def _tally(post: Post) -> str:
    done = sum(row.state is DeliveryState.PUBLISHED for row in post.active)
    if not post.active:
        return "no accounts yet"
    if post.status in (PostStatus.DRAFT, PostStatus.SCHEDULED):
        return f"for {plural(len(post.active), 'account')}"
    return f"{done} of {plural(len(post.active), 'account')} published"


def _history(events: Sequence[Happened], post: Post, page: Page) -> Iterator[str]:
    """`  History  14:02 created  18:00:00 publishing`; a day where it is another than before, at first than that of
    the post's time."""
    day: date | None = page.local(post.scheduled_at).date() if post.scheduled_at else None
    said = []
    for one in events:
        own = page.local(one.at).date()
        clock = page.second(one.at) if one.by_publisher else page.time(one.at)
        said.append(f"{clock} {one.what}" if own == day else f"{page.day(one.at)} {clock} {one.what}")
        day = own
    head = page.paint("  History  ", "dim")
    for line in replace(page, width=page.width - 11).flow(said, "  "):
        yield head + line
        head = " " * 11


def _facts(post: Post, page: Page, *, with_created: bool) -> Iterator[tuple[str, Sequence[str]]]:
    """The labelled lines; a label without values is not shown."""
    if post.scheduled_at:
        yield "Scheduled", [_moment(post.scheduled_at, page), *_chosen(post)]
    if approval := _approval(post, page):
        yield "Approval", [approval]
    if post.repeat:
        yield "Repeat", [f"{post.repeat.id}   {safe(post.repeat.cron)}   {safe(post.repeat.timezone)}"]
    if post.published_at:
        yield "Published", [_moment(post.published_at, page)]
    if post.created_at and with_created:
        yield "Created", [f"{page.full_day(post.created_at)} {page.time(post.created_at)}"]
    yield "Media", [_media(item) for item in post.media]
    text = lines(post.content)
    count = f"({plural(len(text), 'line')}, {len(post.content)} ch)" if len(text) > 1 else ""
    yield "Text", [*text[:-1], _right(text[-1], count, page.width - _LABEL)]
    yield "Thread", [f"{number}. {one_line(part)}" for number, part in enumerate(post.thread, 2)]
    yield "Variants", [f"{safe(key)}: {one_line(text)}" for key, text in post.variants.items()]
    yield "Options", [f"{safe(key)}={safe(value)}" for key, value in post.options.items()]
    yield "Tags", [safe(", ".join(post.tags))] if post.tags else []
    if post.key is not None:
        yield "Key", [safe(post.key)]
    if post.max_lateness_s is not None:
        yield "At most", [f"{post.max_lateness_s:g} s late"]


def _right(text: str, note: str, width: int) -> str:
    """`text` with `note` at the right edge, or after it where both do not fit in a line."""
    if not note:
        return text
    return text + " " * max(width - columns(text) - columns(note), 1) + note


def _moment(at: datetime, page: Page) -> str:
    """`Mon 23 Nov 2026 18:00 Europe/Berlin   (17:00 UTC, 19 h ago)`."""
    local = f"{page.full_day(at)} {page.time(at)} {page.zone_name()}"
    return f"{local}   ({page.utc(at)} UTC, {page.ago(at)})"


def _chosen(post: Post) -> list[str]:
    """How the time was chosen, where nobody named it."""
    match post.chosen_by:
        case ChosenBy.PLAN:
            return ["by ttp plan"]
        case ChosenBy.EXPLORE:
            return ["by ttp plan, to explore"]
    return []


def _approval(post: Post, page: Page) -> str:
    """Whether somebody approved it, or said no; nothing where nobody did and nobody need."""
    if "approve" in post.needs():
        return "waits for approval"
    if post.approved_at is not None:
        return f"approved {page.when(post.approved_at)}"
    if post.rejection is not None:
        why = f": {one_line(post.rejection.why)}" if post.rejection.why else ""
        return f"rejected {page.when(post.rejection.at)}{why}"
    return ""


def _media(item: MediaItem) -> str:
    facts = [one_line(item.name)]
    if item.width and item.height:
        facts.append(f"{item.width}x{item.height}")
    if item.duration_ms is not None:
        facts.append(f"{item.duration_ms / 1000:.1f} s")
    return "  ".join([*facts, size(item.bytes), f"alt text: {one_line(item.alt) if item.alt else 'none'}"])


def _row(row: Delivery, post: Post, past: Past, page: Page) -> list[Cell]:
    when = _row_time(row, post.scheduled_at, past.ended.get(row.account), page)
    return [Cell(safe(row.account)), Cell(*state_word(row)), Cell(when), Cell(_detail(row, page))]


def _row_time(row: Delivery, scheduled_at: datetime | None, ended_at: datetime | None, page: Page) -> str:
    """When it was published or failed, to the second; before that, when the publisher next has something to do for
    it."""
    at = row.published_at or ended_at
    if at is None:
        return page.when(row.next_at) if row.next_at else "-"
    as_planned = scheduled_at is not None and page.full_day(scheduled_at) == page.full_day(at)
    return page.second(at) if as_planned else f"{page.day(at)} {page.second(at)}"


def _detail(row: Delivery, page: Page) -> str:
    """The link, or what is waited for and until when, or what went wrong."""
    if row.taken_down_at is not None:
        return f"taken down {page.when(row.taken_down_at)}"
    if row.state is DeliveryState.PUBLISHED:
        return safe((row.url or row.remote_id or "").removeprefix("https://").removeprefix("www."))
    parts = []
    if row.so_far and row.state not in (DeliveryState.FAILED, DeliveryState.NEEDS_REVIEW):  # there the error says so
        parts.append(safe(row.so_far))
    if row.waiting_for:
        until = f", until {page.when(row.waiting_until)}" if row.waiting_until else ""
        parts.append(f"waits for {one_line(row.waiting_for)}{until}")
    if row.error:
        code = row.error.code or row.error.kind
        parts.append(one_line(row.error.message if code in row.error.message else f"{code} {row.error.message}"))
    return "; ".join(parts)


def _next(post: Post) -> Iterator[str]:
    """The command that the post needs now, and what it will and will not do."""
    if post.status is PostStatus.DRAFT:
        yield f"ttp schedule {post.id} --at 'tomorrow 9am'" if post.active else f"ttp edit {post.id} --to x/me"
        return
    for row in post.deliveries:
        if row.state is DeliveryState.NEEDS_REVIEW:
            yield f"ttp resolve {post.id} --account {safe(row.account)} --published URL   (or --not-published)"
    for row in post.deliveries:
        if row.state is DeliveryState.RETRYING and row.error and row.error.hint:
            yield f"{safe(row.error.hint)}   (once that is done; it waits)"
    if "approve" in post.needs():
        yield f"ttp approve {post.id}"
    failed = [row for row in post.deliveries if row.state is DeliveryState.FAILED]
    if not failed:
        return
    fixes = dict.fromkeys(safe(row.error.hint) for row in failed if row.error and row.error.hint)
    retry = f"ttp retry {post.id}"
    yield " && ".join([*(fix for fix in fixes if fix != retry), retry])
    for row in failed:
        of = len(post.parts_for(row.account, row.platform))
        if 0 < len(row.parts) < of:
            yield f"(goes on with part {len(row.parts) + 1} of {of} on {safe(row.account)})"
    published = [safe(row.account) for row in post.deliveries if row.state is DeliveryState.PUBLISHED]
    if published:
        names = ", ".join(safe(row.account) for row in failed)
        yield f"(publishes to {names} only, never to {', '.join(published)} again)"
