"""`ttp status` on a terminal: what needs a person first, then who publishes, what is next, what is held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ttp.cli.escape import escape_line, escape_text
from ttp.cli.hints import command_text
from ttp.cli.render.labels import approve_command, plural, short_name, sign, size
from ttp.cli.render.page import Page
from ttp.cli.render.spec import OutputSpec, name_value_rows
from ttp.cli.render.width import cut, pad, wrap
from ttp.domain.account import Hold
from ttp.domain.health import Health, PlatformCosts, PublisherInfo
from ttp.domain.pricing import dollars
from ttp.domain.rate_limit import Limit
from ttp.views import status as status_module

if TYPE_CHECKING:
    from ttp.domain.post import PostFields


_LABEL = 9


_SCARCE = 0.2
"""Limits are shown once less than this part of them is left."""


def render_status(health: Health, page: Page) -> Iterator[str]:
    """The state of the store's publishing."""
    for line in _alarms(health):
        first, *rest = wrap(line, page.width - 2)
        yield page.paint(f"! {first}", "red")
        yield from (page.paint(f"  {more}", "red") for more in rest)
    yield from _labelled(_publishing(health, page), page)
    if drawn := list(timeline(health.coming, page)):
        yield from ("", *drawn)
    yield from _labelled(_standing(health, page), page)


def _labelled(lines: Iterable[tuple[str, str]], page: Page) -> Iterator[str]:
    for label, text in lines:
        first, *rest = wrap(text, page.width - _LABEL)
        yield f"{label:<{_LABEL}}{first}"
        yield from (f"{'':{_LABEL}}{more}" for more in rest)


def _alarms(health: Health) -> Iterator[str]:
    for why in (health.clock, health.elsewhere):
        if why is not None:
            yield "; ".join([why.message, *(f"{hint.label}: {command_text(hint.way)}" for hint in why.hints)])
    for left in health.unreadable:
        yield f"skipped: {left}; ttp doctor"
    needs = health.needs
    parts = []
    if needs.review:
        parts.append(f"{plural(len(needs.review), 'post')} may be live ({_ids(needs.review)})")
    if needs.reconnect:
        names = ", ".join(escape_text(name) for name in needs.reconnect)
        parts.append(f"{plural(len(needs.reconnect), 'account')} must be reconnected ({names})")
    if needs.retry:
        parts.append(f"{plural(len(needs.retry), 'post')} failed ({_ids(needs.retry)})")
    if parts:
        yield ", ".join(parts)
    if health.stalled:
        are = "is" if health.overdue == 1 else "are"
        yield f"{plural(health.overdue, 'post')} {are} overdue and nothing publishes: ttp run"


def _ids(ids: tuple[int, ...]) -> str:
    return ", ".join(str(one) for one in ids)


def _publishing(health: Health, page: Page) -> Iterator[tuple[str, str]]:
    yield _publisher(health.publisher, page)
    yield "next", _next(health, page)
    counts = [f"{plural(health.waiting, 'post')} scheduled"]
    counts += [f"{health.overdue} overdue"] if health.overdue else []
    counts += [f"{health.held} due and held"] if health.held else []
    yield "waiting", ", ".join(counts)
    if ids := health.needs.approve:
        yield "approve", f"{plural(len(ids), 'post')} waiting for approval:  {approve_command(ids)}"


def _standing(health: Health, page: Page) -> Iterator[tuple[str, str]]:
    yield "holds", "; ".join(_hold(hold, page) for hold in health.holds) or "none"
    if health.media.files:
        yield "media", f"{plural(health.media.files, 'file')}, {size(health.media.bytes)}"
    for costs in health.costs:
        if costs.posts:
            yield "costs", _costs(costs)
    scarce = [limit for limit in health.limits if limit.share_left < _SCARCE]
    if scarce:
        yield "limits", "; ".join(_limit(limit, page) for limit in scarce)


def _publisher(publisher: PublisherInfo, page: Page) -> tuple[str, str]:
    last = f"last run {page.ago(publisher.last_run_at)}" if publisher.last_run_at else ""
    if publisher.running:
        pid = f"pid {publisher.pid}" if publisher.pid is not None else ""
        since = f"since {page.day(publisher.since)} {page.time(publisher.since)}" if publisher.since else ""
        return "running", ", ".join(part for part in (pid, since) if part)
    if last and publisher.mode not in (None, "loop"):
        return "cron", last
    return "stopped", f"nothing publishes now{', ' + last if last else ''}: ttp run"


def _next(health: Health, page: Page) -> str:
    at, post = health.next_due_at, health.next_post
    if at is None:
        return "nothing"
    when = f"{page.day(at)} {page.time(at)} ({page.ago_long(at)}, {page.utc(at)} UTC)"
    if post is None:
        return when
    accounts = " ".join(short_name(row, handle=True) for row in post.active)
    return f"{post.id}  {when}   {accounts}"


def _hold(hold: Hold, page: Page) -> str:
    until = f" until {page.day(hold.until)} {page.time(hold.until)}" if hold.until else ""
    reason = f" ({escape_line(hold.reason)})" if hold.reason else ""
    return f"{escape_text(hold.account)}{until}{reason}"


def _costs(costs: PlatformCosts) -> str:
    what = f"the next {plural(costs.posts, 'post')}" if costs.more else plural(costs.posts, "post")
    return f"{costs.title} will charge {dollars(costs.thousandths)} for {what}"


def _limit(limit: Limit, page: Page) -> str:
    until = f" until {page.day(limit.resets_at)} {page.time(limit.resets_at)}" if limit.resets_at else ""
    left = "none" if limit.limit is None else f"{limit.left} of {limit.limit}"
    return f"{escape_text(limit.account)} {escape_text(limit.label)}: {left} left{until}"


_LEAST = 15
"""Columns of a post, so that `Wed 25 12:00` stands apart from the next."""


def timeline(posts: Sequence[PostFields], page: Page) -> Iterator[str]:
    """Three lines for posts with a time, the next one first; as many as there is room for. None for fewer than two."""
    now = f"now {page.time(page.now)}"
    start = len(now) + 4
    room = (page.width - start) // _LEAST
    shown = list(posts[: max(room, 0)])
    if len(shown) < 2:
        return
    step = (page.width - start) // len(shown)
    times, line, names = now.ljust(start), " ├".ljust(start, "─"), " " * start
    day = page.local(page.now).date()
    for post in shown:
        at = post.scheduled_at or page.now
        times += _cell(_when(at, day, page), step)
        day = page.local(at).date()
        line += sign(post).ljust(step, "─")
        accounts = " ".join(short_name(row, handle=False) for row in post.active)
        names += _cell(f"{post.id} {accounts}", step)
    yield from (times.rstrip(), f"{line[: page.width - 1]}▸", names.rstrip())


def _when(at: datetime, day: object, page: Page) -> str:
    """The time, with its day where that is another than that of the one before."""
    return page.time(at) if page.local(at).date() == day else page.when(at)


def _cell(text: str, step: int) -> str:
    return pad(cut(text, step - 2), step)


STATUS_SPEC: OutputSpec[Health] = OutputSpec(
    status_module.STATUS_FIELDS,
    ("name", "value"),
    status_module.status_json,
    lambda healths, page: render_status(healths[0], page),
    rows=lambda health: name_value_rows(status_module.status_json(health)),
)
"""`ttp status`."""
