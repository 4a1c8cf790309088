"""Render templates, with the filters that write values in HTML."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ttp.domain.delivery import APPROVAL, DeliveryState
from ttp.domain.media.item import NAMES
from ttp.domain.media.limits import size_text
from ttp.domain.metrics.report import change
from ttp.domain.parts.cards import cards_of
from ttp.domain.parts.links import host_of
from ttp.domain.post import Metrics, PostStatus, add_metrics
from ttp.domain.recurrence import Recurrence, Repeat, times_of
from ttp.domain.time.clock import format_json_instant
from ttp.domain.time.formatting import clock_text, day_text, format_duration, format_iso, other_clocks, zone_label
from ttp.domain.time.zones import wall_text
from ttp.platforms import BUILT_IN
from ttp.server.pages.pictures import FOCUS, crop, fold_text, mark_links, shape
from ttp.server.pages.static import static_address

if TYPE_CHECKING:
    from ttp.domain.errors import TtpError
    from ttp.services.queries import PostView

FOLDER = Path(__file__).parent.parent
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self';"
        " manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # Not no-referrer: browsers then send `Origin: null` with forms, which hides whether they are foreign.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
STATES = {
    "draft": "Draft",
    "scheduled": "Scheduled",
    "publishing": "Publishing",
    "published": "Published",
    "failed": "Failed",
    "partial": "Partly published",
    "pending": "Waiting",
    "claimed": "Publishing",
    "sending": "Publishing",
    "processing": "The platform is processing it",
    "retrying": "Will be retried",
    "reconciling": "Checking whether it is live",
    "needs_review": "Needs review",
    "cancelled": "Left out",
    "coming": "From a repeat",
    "approval": "Waits for approval",
    "hold": "On hold",
}
"""The word for the status of a post or the state of a delivery."""
SHAPES = {
    "pending": "scheduled",
    "claimed": "publishing",
    "sending": "publishing",
    "processing": "publishing",
    "reconciling": "retrying",
    "needs_review": "review",
    "cancelled": "leftout",
}
"""The outline of a status or state, where it has not the same name."""
_LEAST_COMPRESSED, _LEVEL = 1000, 4


def page_answer(request: Request, name: str, values: Mapping[str, Any], status: int = 200) -> Response:
    """Return a page, compressed where the browser reads that.

    How well it is compressed tells a foreign site nothing: cookies come with its links only, and it sees no answers.
    """
    content, headers = _environment().get_template(name).render(values).encode(), dict(HEADERS)
    if len(content) >= _LEAST_COMPRESSED and "gzip" in request.headers.get("accept-encoding", ""):
        content, headers["Content-Encoding"] = gzip.compress(content, _LEVEL, mtime=0), "gzip"
    return HTMLResponse(content, status, headers=headers)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        instant=_instant,
        brief=_brief,
        counted=numbers_text,
        repeated=_repeated,
        clock=_clock,
        asked=_asked,
        typed=typed_time,
        others=other_clocks,
        weblink=web_address,
        state=_state,
        linkcards=cards_of,
        crop=crop,
        shape=shape,
        folded=fold_text,
        host=host_of,
        marked=mark_links,
        kind=NAMES.__getitem__,
        size=size_text,
        ago=_ago,
        look=look_of,
        network=network_name,
        change=change,
        thousands=_thousands,
        duration=lambda seconds: format_duration(timedelta(seconds=seconds)),
    )
    environment.globals.update(APPROVAL=APPROVAL, FOCUS=FOCUS, SHAPES=SHAPES, NETWORKS=BUILT_IN, static=static_address)
    return environment


def network_name(platform: str) -> str:
    """Return the name of a network for people."""
    return BUILT_IN.get(platform) or platform.title()


def look_of(post: PostView) -> str:
    """Return the state that a shape shows: what needs a person first, then what the post waits for."""
    needs, states = post.needs(), {row.state for row in post.active}
    if post.id is None:
        return "coming"
    if "review" in needs:
        return "needs_review"
    if post.status in (PostStatus.FAILED, PostStatus.PARTIAL):
        return post.status
    if "approve" in needs:
        return "approval"
    if DeliveryState.RETRYING in states:
        return "retrying"
    is_held = post.status is PostStatus.SCHEDULED and any(row.waiting_for for row in post.active)
    return "hold" if is_held else post.status


def _instant(at: datetime | None, zone: tzinfo, *, named: bool = False) -> str:
    """`Fri 27 Nov 2026 09:00`, in a `time` element; `named`: with its zone."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    text = f"{day_text(local)} {clock_text(local.replace(second=0))}" + (f" {zone_label(zone, at)}" if named else "")
    return Markup('<time datetime="{}">{}</time>').format(format_json_instant(at), text)


def _brief(at: datetime, zone: tzinfo, now: datetime, *, clock: bool = True) -> str:
    """`Fri 27 Nov 09:00`, for rows: the year only where it is another one."""
    local = at.astimezone(zone)
    year = "" if local.year == now.astimezone(zone).year else f" {local.year}"
    text = f"{local:%a} {local.day} {local:%b}{year}" + (f" {local:%H:%M}" if clock else "")
    return Markup('<time datetime="{}">{}</time>').format(format_json_instant(at), text)


def _asked(text: str, zone: tzinfo) -> str:
    """Return the TIME that a submitted draft asks for: an instant, or a word such as `next-slot`."""
    try:
        return _instant(datetime.fromisoformat(text), zone, named=True)
    except ValueError:
        return text


def typed_time(at: datetime, zone: tzinfo) -> str:
    """Return the text that a form in `zone` reads as this instant: `2026-12-01 09:00`."""
    return wall_text(at, zone) or format_iso(at, zone)


def _clock(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone).replace(second=0)
    return Markup('<time datetime="{}">{}</time>').format(format_json_instant(at), clock_text(local))


def _ago(at: datetime, now: datetime) -> str:
    """`in 4 h` or `3 d ago`."""
    length = format_duration(at - now, short=True)
    return f"in {length}" if at > now else f"{length} ago"


def _state(name: str) -> str:
    return STATES.get(name, name)


def _thousands(number: float | None) -> str:
    return "–" if number is None else f"{number:,.0f}"


def numbers_text(metrics: Iterable[Metrics]) -> str:
    """`61 likes, 9 comments`: the sums of the known numbers."""
    total = add_metrics(metrics)
    counts = zip(("like", "comment", "share", "view"), total[:4], strict=True)
    return ", ".join(f"{_thousands(n)} {name}{'' if n == 1 else 's'}" for name, n in counts if n is not None)


def _repeated(one: Recurrence | Repeat) -> str:
    """Return `Every Mon, Wed at 09:00`, or less simple times as they are typed."""
    words = times_of(one)
    days, _, times = words.partition(" ")
    if not re.fullmatch("[0-9:,]+", times):
        return f"Repeats: {words}"
    names = {"daily": "day", "weekdays": "weekday", "weekends": "weekend day"}
    return f"Every {names.get(days) or days.title().replace(',', ', ')} at {times.replace(',', ', ')}"


def web_address(url: str | None) -> str | None:
    """Return an address that a page may link to; None for others, such as `javascript:`."""
    return url if url and url.startswith(("https://", "http://")) else None


def error_lines(error: TtpError) -> list[str]:
    return [error.message, *(line.strip() for line in error.details)]
