"""`ttp show`, `ttp log` and `ttp create --dry-run` on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

from ttp.cli.errors import command_text
from ttp.cli.render.labels import plural, size, state_word, status_word
from ttp.cli.render.names import names_within
from ttp.cli.render.page import Cell, Column, Page, table, table_of
from ttp.cli.render.spec import OutputSpec, view_spec
from ttp.cli.render.width import columns, cut, wrap
from ttp.cli.terminal import escape_line, escape_text, lines
from ttp.domain.action import drop_comment
from ttp.domain.delivery import LOOK, Delivery, DeliveryState
from ttp.domain.media.item import NAMES, MediaItem
from ttp.domain.post import ChosenBy, Metrics, PostStatus
from ttp.domain.post_fields import shown_fields
from ttp.domain.publishing.attempt import Attempt, Phase
from ttp.domain.time.formatting import Clocks, other_clocks
from ttp.views import Json
from ttp.views import posts as posts_module

if TYPE_CHECKING:
    from ttp.domain.media.image_fit import SentMedia
    from ttp.domain.parts.cards import Card
    from ttp.domain.post_history import HistoryEvent, PostHistory
    from ttp.services.preview import AccountVersion, PostPreview
    from ttp.services.queries import PostView


def render_attempts(attempts: Sequence[Attempt], page: Page) -> Iterator[str]:
    if not attempts:
        yield "No attempts yet."
        return
    names = names_within((one.account for one in attempts), page.width // 8)
    yield from table_of(
        attempts,
        page,
        (Column("WHEN"), lambda one: f"{page.day(one.at)} {page.second(one.at)}"),
        (Column("ACCOUNT", most=page.width // 5), lambda one: names[one.account]),
        (Column("TRY", right=True, drop=3), lambda one: str(one.number)),
        (Column("STEP", most=page.width // 4, drop=1), _step),
        (Column("OUTCOME"), _outcome),
        (Column("HTTP", right=True, drop=2), lambda one: "" if one.http_status is None else str(one.http_status)),
        (Column("MESSAGE"), lambda one: escape_line(_message(one)).removesuffix(":")),
        least=12,
        wrapped=True,
    )
    yield ""
    yield page.footer()


def _message(attempt: Attempt) -> str:
    return (f"{attempt.kind}: " if attempt.kind else "") + (attempt.message or "")


def _step(attempt: Attempt) -> str:
    """Return `part 3 of 5: POST /2/tweets`, the part first: a long step is cut at its end."""
    call, _, part = escape_text(attempt.step).partition(" (part ")
    step = f"part {part.removesuffix(')')}: {call}" if part else call
    return f"comment: {step}" if attempt.is_comment else step


def _outcome(attempt: Attempt) -> Cell:
    """Return the outcome in words. A publishing call without one is an open intent, whose result is unknown."""
    if attempt.outcome is None:
        return Cell("open", "magenta") if attempt.phase is Phase.PUBLISH else Cell("-", "dim")
    return Cell(escape_text(attempt.outcome.replace("_", " ")), "red" if attempt.kind else "")


_LABEL = 14
"""Columns of a label, `  Scheduled   `."""


def render_post(post: PostView, page: Page, past: PostHistory | None = None, clocks: Clocks = ()) -> Iterator[str]:
    """Draw everything about a post. `past`: its history; `clocks`: the zones of its accounts."""
    from ttp.domain.post_history import PostHistory

    past = past or PostHistory()
    events = past.events if len(past.events) > 1 else ()
    word, style = status_word(post)
    yield f"{page.paint(f'Post {post.id}', 'bold')}   {page.paint(word, style)}   {_tally(post)}"
    for label, values in _facts(post, page, clocks, with_created=not events):
        head = page.paint(f"  {label:<{_LABEL - 2}}", "dim")
        for piece in (piece for value in values for piece in wrap(value, page.width - _LABEL)):
            yield f"{head}{piece}".rstrip()
            head = " " * _LABEL
    if post.deliveries:
        yield ""
        heads = [Column("ACCOUNT", most=page.width // 3), Column("RESULT"), Column("WHEN", drop=1), Column("DETAIL")]
        rows = [cells for row in post.deliveries for cells in _post_rows(row, post, past, page)]
        yield from table(heads, rows, page, wrapped=True)
    if post.metrics:
        yield ""
        yield from _metrics(post.metrics, page)
    if events:
        yield ""
        yield from _history(events, post, page)
    following = list(_next(post))
    if following:
        yield ""
        yield f"Next:  {following[0]}"
        yield from (f"       {more}" for more in following[1:])


def _tally(post: PostView) -> str:
    done = sum(row.state is DeliveryState.PUBLISHED for row in post.active)
    if not post.active:
        return "no accounts yet"
    if post.status in (PostStatus.DRAFT, PostStatus.SCHEDULED):
        return f"for {plural(len(post.active), 'account')}"
    return f"{done} of {plural(len(post.active), 'account')} published"


def _metrics(newest: Mapping[str, Metrics], page: Page) -> Iterator[str]:
    """Draw `  Metrics  x/me  12 likes  900 views  2 h ago`, a line for each account."""
    head, width = "  Metrics  ", max(map(len, newest))
    for account, one in newest.items():
        counts = zip(one._fields, one[:4], strict=False)
        numbers = "  ".join(
            f"{count:,} {name[: -1 if count == 1 else None]}" for name, count in counts if count is not None
        )
        read = f"  ({page.ago(one.observed_at)})" if one.observed_at else ""
        line = f"{escape_text(account):<{width}}  {numbers}{read}"
        yield page.paint(head, "dim") + cut(line, page.width - len(head))
        head = " " * len(head)


def _history(events: Sequence[HistoryEvent], post: PostView, page: Page) -> Iterator[str]:
    """Draw `  History  14:02 created  18:00:00 publishing`, with days where they change."""
    day: date | None = page.local(post.scheduled_at).date() if post.scheduled_at else None
    pieces = []
    for one in events:
        own = page.local(one.at).date()
        clock = page.second(one.at) if one.by_publisher else page.time(one.at)
        pieces.append(f"{clock} {one.what}" if own == day else f"{page.day(one.at)} {clock} {one.what}")
        day = own
    head = page.paint("  History  ", "dim")
    for line in page._replace(width=page.width - 11).flow(pieces, "  "):
        yield head + line
        head = " " * 11


def _facts(post: PostView, page: Page, clocks: Clocks, *, with_created: bool) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield labels and their values; a label without values is not drawn."""
    if post.scheduled_at:
        beside = escape_text(other_clocks(post.scheduled_at, page.zone, clocks))
        yield "Scheduled", [_moment(post.scheduled_at, page), *([beside] if beside else []), *_chosen(post)]
    if approval := _approval(post, page):
        yield "Approval", [approval]
    if post.repeat:
        from ttp.domain.recurrence import times_of  # here: few posts are of repeats

        yield (
            "Repeat",
            [f"{post.repeat.id}   {escape_text(times_of(post.repeat))}   {escape_text(post.repeat.timezone)}"],
        )
    if post.published_at:
        yield "Published", [_moment(post.published_at, page)]
    if post.created_at and with_created:
        yield "Created", [f"{page.full_day(post.created_at)} {page.time(post.created_at)}"]
    yield "Media", [_media(item) for item in post.media]
    sent = ((name, one) for name, media in post.sent.items() for one in media if one.converted)
    yield "Sent", [f"{escape_text(name)}  {_sent(one)}" for name, one in sent]
    text = lines(post.content)
    count = f"({plural(len(text), 'line')}, {len(post.content)} ch)" if len(text) > 1 else ""
    yield "Text", [*text[:-1], _right(text[-1], count, page.width - _LABEL)]
    yield "Thread", [f"{number}. {escape_line(part)}" for number, part in enumerate(post.thread, 2)]
    yield (
        "Parts",
        [
            f"{escape_text(row.account)} {number}/{len(row.planned_parts)}: {escape_line(part)}"
            + "".join(f"  [{escape_line(item.name)}]" for item in media)
            for row in post.active
            for number, (part, media) in enumerate(
                zip(row.planned_parts, post.media_in(row, len(row.planned_parts)), strict=False), 1
            )
        ],
    )
    yield "Cards", _cards(post)
    yield "Variants", [f"{escape_text(key)}: {escape_line(text)}" for key, text in post.variants.items()]
    yield "Options", [f"{escape_text(key)}={escape_text(value)}" for key, value in post.options.items()]
    yield "Languages", [f"{escape_text(row.account)}: {escape_text(row.langs)}" for row in post.active if row.langs]
    yield "Tags", [escape_text(", ".join(post.tags))] if post.tags else []
    if post.key is not None:
        yield "Key", [escape_text(post.key)]
    for label, value in shown_fields(post):
        yield label, lines(value)


def _cards(post: PostView) -> list[str]:
    if not post.cards:
        return []
    from ttp.domain.parts.cards import cards_of  # here: most posts have no link

    return [line for card in cards_of(post) for line in card_lines(card)]


def card_lines(card: Card) -> list[str]:
    """Return what a link card shows, or what will happen to it."""
    if card.state == "waiting":
        return [f"{escape_line(card.url)}  fetched ten minutes before"]
    if card.title is None:
        return [f"{escape_line(card.note or '')}"]
    picture = f"{card.picture.width}x{card.picture.height} {size(card.picture.bytes)}" if card.picture else "no picture"
    shown = [f"{escape_line(card.title)}  ({picture})", escape_line(card.description)]
    return [escape_line(card.url), *(line for line in shown if line), *([escape_line(card.note)] if card.note else [])]


def _right(text: str, note: str, width: int) -> str:
    """Return a text with a note at the right edge, or after the text if both do not fit."""
    if not note:
        return text
    return text + " " * max(width - columns(text) - columns(note), 1) + note


def _moment(at: datetime, page: Page) -> str:
    """Return `Mon 23 Nov 2026 18:00 Europe/Berlin   (17:00 UTC, 19 h ago)`."""
    local = f"{page.full_day(at)} {page.time(at)} {page.zone_name()}"
    return f"{local}   ({page.utc(at)} UTC, {page.ago(at)})"


def _chosen(post: PostView) -> list[str]:
    """Return how ttp chose the time, if it did."""
    match post.chosen_by:
        case ChosenBy.PLAN:
            return ["by ttp plan"]
        case ChosenBy.EXPLORE:
            return ["by ttp plan, to explore"]
    return []


def _approval(post: PostView, page: Page) -> str:
    """Return whether the post is approved, rejected or waiting for approval."""
    if "approve" in post.needs():
        return "waits for approval" + (f", which gives it the time {post.asks_for}" if post.asks_for else "")
    if post.approved_at is not None:
        return f"approved {page.when(post.approved_at)}"
    if post.rejection is not None:
        why = f": {escape_line(post.rejection.why)}" if post.rejection.why else ""
        return f"rejected {page.when(post.rejection.at)}{why}"
    return ""


def _media(item: MediaItem) -> str:
    facts = [escape_line(item.name)]
    if item.width and item.height:
        facts.append(f"{item.width}x{item.height}")
    if item.duration_ms is not None:
        facts.append(f"{item.duration_ms / 1000:.1f} s")
    facts.append(size(item.bytes))
    facts += [f"({escape_text(item.place)})"] if item.place else []
    return "  ".join([*facts, *_said(item)])


def _said(item: MediaItem) -> Iterator[str]:
    """Yield what people say of an item."""
    if item.focus:
        yield f"focus: {item.focus}"
    if item.captions:
        yield f"captions: {plural(item.captions.count('-->'), 'line')}"
    if item.thumbnail:
        yield "with a thumbnail"
    yield _alt_text(item)


def _alt_text(item: MediaItem) -> str:
    if item.alt == "":
        return "decorative"
    return f"alt text: {escape_line(item.alt)}" if item.alt else "no alt text"


def _post_rows(row: Delivery, post: PostView, past: PostHistory, page: Page) -> Iterator[list[Cell]]:
    """Yield the row of a delivery, and that of its comment."""
    when = _row_time(row, post.scheduled_at, past.ended.get(row.id), page)
    yield [Cell(escape_text(row.account)), Cell(*state_word(row)), Cell(when), Cell(_detail(row, page))]
    if row.comment in post.comments and row.comment is not None:
        when = _row_time(row.comment, post.scheduled_at, past.ended.get(row.comment.id), page)
        detail = _detail(row.comment, page) or ("" if row.comment.due_at else "once the post is published")
        yield [Cell("  comment"), Cell(*state_word(row.comment)), Cell(when), Cell(detail)]


def _row_time(row: Delivery, scheduled_at: datetime | None, ended_at: datetime | None, page: Page) -> str:
    """Return when the delivery was published or failed, else when the publisher continues with it."""
    at = row.published_at or ended_at
    if at is None:
        return page.when(row.next_at) if row.next_at else "-"
    as_planned = scheduled_at is not None and page.full_day(scheduled_at) == page.full_day(at)
    return page.second(at) if as_planned else f"{page.day(at)} {page.second(at)}"


def waiting_text(row: Delivery) -> str:
    """Return what a delivery waits for; while its platform processes it, that is a sentence already."""
    if row.state is DeliveryState.RECONCILING:
        return "checking on the platform whether it was published"
    return row.waiting_for or "" if row.state is DeliveryState.PROCESSING else f"waits for {row.waiting_for}"


def _detail(row: Delivery, page: Page) -> str:
    """Return the link, what the delivery waits for, or what went wrong, and what a person should know."""
    if row.taken_down_at is not None:
        return f"deleted {page.when(row.taken_down_at)}"
    if row.state is DeliveryState.PUBLISHED:
        link = (row.url or row.remote_id or "").removeprefix("https://").removeprefix("www.")
        return "; ".join(filter(None, (escape_text(link), escape_line(row.note or ""))))
    parts = []
    if row.so_far and row.state not in (DeliveryState.FAILED, DeliveryState.NEEDS_REVIEW):  # there the error says so
        parts.append(escape_text(row.so_far))
    if row.waiting_for:
        until = f", until {page.when(row.waiting_until)}" if row.waiting_until else ""
        parts.append(f"{escape_line(waiting_text(row))}{until}")
    if row.note:
        parts.append(escape_line(row.note))
    if row.error:
        kind = "" if row.error.kind == "unknown" else row.error.kind
        code, message = row.error.code or kind, row.error.message.partition(LOOK)[0]
        parts.append(escape_line(message if code in message else f"{code} {message}"))
    return "; ".join(parts)


def _next(post: PostView) -> Iterator[str]:
    """Yield the next command for the post, and what it does."""
    if post.status is PostStatus.DRAFT and post.asks_for is None:
        yield f"ttp schedule {post.id} --at 'tomorrow 9am'" if post.active else f"ttp edit {post.id} --to ACCOUNT"
        return
    for row in (*post.deliveries, *post.comments):
        if row.state is DeliveryState.NEEDS_REVIEW:
            if row.error and (place := row.error.message.partition(LOOK)[2]):
                yield f"look at  {escape_text(place)}"
            which = f"{post.id} --account {escape_text(row.account)}{' --comment' if row.is_comment else ''}"
            yield f"ttp resolve {which} --published URL   (or --not-published)"
    for row in (*post.deliveries, *post.comments):
        if row.state is DeliveryState.RETRYING and row.error and row.error.hint:
            yield f"{escape_text(command_text(row.error.hint))}   (then it continues by itself)"
    if "approve" in post.needs():
        yield f"ttp approve {post.id}"
    failed = [row for row in (*post.deliveries, *post.comments) if row.state is DeliveryState.FAILED]
    if not failed:
        return
    drop = drop_comment(post.id)
    if hopeless := [row for row in failed if row.error and row.error.hint == drop]:  # no retry helps
        yield escape_text(command_text(drop))
        failed = [row for row in failed if row not in hopeless]
        if not failed:
            return
    fixes = dict.fromkeys(escape_text(command_text(row.error.hint)) for row in failed if row.error and row.error.hint)
    retry = f"ttp retry {post.id}"
    pages = [fix for fix in fixes if fix.startswith("ttp help ")]
    others = (fix for fix in fixes if fix not in pages and not f"{fix} ".startswith(f"{retry} "))
    yield " && ".join([*others, retry])
    yield from (f"(see before:  {page})" for page in pages)
    for row in failed:
        of = len(row.planned_parts) or 1 + len(post.thread)
        if 0 < len(row.parts) < of:
            yield f"(continues with part {len(row.parts) + 1} of {of} on {escape_text(row.account)})"
    published = [escape_text(row.account) for row in post.deliveries if row.state is DeliveryState.PUBLISHED]
    names = ", ".join(escape_text(row.account) for row in failed if not row.is_comment)
    if published and names:
        yield f"(publishes to {names} only, not to {', '.join(published)} again)"


def render_versions(versions: Sequence[AccountVersion], page: Page) -> Iterator[str]:
    """Draw what each account would get."""
    from ttp.domain.platform import LOST_ANSWER
    from ttp.domain.pricing import dollars
    from ttp.views.factors import factor_words

    for one in versions:
        for number, part in enumerate(one.parts, 1):
            head = page.paint(escape_text(one.account), "bold") if number == 1 else f"part {number}"
            use = page.paint(f"{part.length}/{part.limit}", "red" if part.length > part.limit else "")
            cost = f"   {one.title} charges {dollars(one.price)}" if number == 1 and one.price is not None else ""
            lost = f"   a lost answer: {LOST_ANSWER[one.proof]}" if number == 1 and one.proof is not None else ""
            yield f"{head}   {use}{cost}{lost}"
            yield from (f"  {row}".rstrip() for line in lines(part.text) for row in wrap(line, page.width - 2))
            media = ("  ".join([_sent(one), *_said(one.item)]) for one in part.media)
            yield from (f"  {row}" for line in media for row in wrap(line, page.width - 2))
            about = card_lines(part.card) if part.card is not None else ()
            yield from (f"  card: {row}" for line in about for row in wrap(line, page.width - 8))
        if one.comment is not None:
            use = f"{one.comment.length}/{one.comment.limit}"
            asks = f"{LOST_ANSWER['none']} unless it is found; sent at most once"
            words = asks if one.comment_proof == "none" else LOST_ANSWER[one.comment_proof or "none"]
            lost = f"   a lost answer: {words}" if one.comment_proof else ""
            yield f"comment   {page.paint(use, 'red' if one.comment.excess else '')}{lost}"
            text = lines(one.comment.text)
            yield from (f"  {row}".rstrip() for line in text for row in wrap(line, page.width - 2))
        if one.tagged:
            later = ", not shortened yet" if one.unshortened else ""
            yield f"  {plural(one.tagged, 'link')} with UTM parameters{later}"
        for line in one.factors:
            yield from (f"  {row}" for row in wrap(factor_words(line), page.width - 2))
        yield ""


def _sent(one: SentMedia) -> str:
    """Return an item, and what it is when it is sent."""
    facts = [escape_line(one.item.name), *_look(one.item)]
    if one.converted:
        cut = " cropped around its focus" if one.cropped else ""
        facts.append(f"sent as {NAMES[one.sent.mime]}  {'  '.join(_look(one.sent))}{cut}")
    return "  ".join(facts)


def _look(item: MediaItem) -> Iterator[str]:
    if item.width and item.height:
        yield f"{item.width}x{item.height}"
    if item.duration_ms is not None:
        yield f"{item.duration_ms / 1000:.1f} s"
    yield size(item.bytes)


def post_spec(
    warnings: Sequence[str] = (), past: PostHistory | None = None, clocks: Clocks = ()
) -> OutputSpec[PostView]:
    """`ttp show`, with what to warn of; `past`, `clocks`: for a render, what has happened to it, and the zones of its
    accounts."""
    view = replace(POST_SPEC, to_json=partial(posts_module.post_json, warnings=warnings)) if warnings else POST_SPEC
    return replace(view, render=partial(render_posts_in_full, past=past, clocks=clocks)) if past else view


def render_posts_in_full(
    posts: Sequence[PostView], page: Page, past: PostHistory | None = None, clocks: Clocks = ()
) -> Iterable[str]:
    for place, post in enumerate(posts):
        if place:
            yield ""
        yield from render_post(post, page, past, clocks)


def _delivery_rows(post: PostView) -> Iterable[Json]:
    for row in post.deliveries:
        yield {**posts_module.delivery_json(row), "errorMessage": row.error and row.error.message}
        if (comment := row.comment) in post.comments and comment is not None:
            fields = posts_module.delivery_json(comment)
            yield {
                **fields,
                "account": f"{row.account} comment",
                "errorMessage": comment.error and comment.error.message,
            }


POST_SPEC = OutputSpec(
    posts_module.POST_FIELDS,
    ("account", "state", "publishedAt", "url", "errorMessage"),
    posts_module.post_json,
    render_posts_in_full,
    rows=_delivery_rows,
)
"""`ttp show`; in TSV a row per delivery, and one for its comment."""


def preview_spec(warnings: Sequence[str]) -> OutputSpec[PostPreview]:
    """Return the spec of `ttp create --dry-run`."""
    return OutputSpec(
        posts_module.PREVIEW_FIELDS,
        ("account", "part", "length", "limit", "costUsd", "text"),
        partial(posts_module.preview_json, warnings=warnings),
        lambda previews, page: (line for one in previews for line in render_versions(one.versions, page)),
        posts_module.preview_rows,
    )


def _attempt_rows(attempt: Attempt) -> Iterable[Json]:
    row = posts_module.attempt_json(attempt)
    yield {**row, "account": f"{attempt.account} comment" if attempt.is_comment else attempt.account}


ATTEMPTS_SPEC = view_spec(
    posts_module.attempt_json,
    ("at", "account", "step", "outcome", "kind", "httpStatus", "message"),
    render_attempts,
    rows=_attempt_rows,
)
"""`ttp log`."""
