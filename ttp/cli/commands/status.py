"""`ttp status`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

from ttp.cli.context import Context
from ttp.cli.errors import FAILED, command_text
from ttp.cli.options import with_output
from ttp.cli.parameters import flag
from ttp.cli.render.labels import approve_command, plural, sign, size
from ttp.cli.render.names import Names, names_in, short_names
from ttp.cli.render.page import Page
from ttp.cli.render.spec import name_value_rows, view_spec
from ttp.cli.render.width import columns, cut, pad, wrap, wrap_sentence
from ttp.cli.terminal import escape_line, escape_text
from ttp.domain.account import Hold, connect_action
from ttp.domain.errors import Hint, UsageError
from ttp.domain.health import Health, PlatformCosts, PublisherInfo, RegisteredPublisher
from ttp.domain.pricing import dollars
from ttp.domain.publishing.rate_limit import Limit
from ttp.views import status as status_module
from ttp.views.posts import MOST_NAMED

if TYPE_CHECKING:
    from ttp.domain.post import PostFields


_TIMELINE = 5
"""Posts on the timeline."""
STATUS_SPEC = view_spec(
    status_module.status_json,
    ("name", "value"),
    lambda healths, page: render_status(healths[0], page),
    rows=lambda health: name_value_rows(status_module.status_json(health)),
)


@with_output(STATUS_SPEC)
def status(
    context: Context,
    notify: Annotated[bool, flag("--notify", "Also send the notifications that are new; for cron.")] = False,
) -> int:
    """Show the publisher, the next post, and what needs your action.

    Exit code 1 if posts are overdue and no publisher runs. With --notify you get one message (notify.to) when posts
    become overdue, and one when they no longer are.

    Examples:
      ttp status
      ttp status --json
      ttp status --notify > /dev/null
    """
    if notify:
        _notify(context)
    health = context.status.full_health(_TIMELINE if context.out.for_people else 0)
    context.out.write_one(STATUS_SPEC, health)
    return FAILED if health.is_stalled else 0


def _notify(context: Context) -> None:
    if not context.notifications.kinds:
        raise UsageError("notify.to is not set", Hint("try", "ttp notify add desktop"))
    for one in context.notifications.look():
        if one.error is not None:
            context.out.note(f"{one.kind}: {one.error}")


_LABEL = 9
_SCARCE = 0.2
"""Limits are shown if less than this share of them is left."""


def render_status(health: Health, page: Page) -> Iterator[str]:
    for line in _alarms(health):
        first, *rest = wrap_sentence(line, page.width - 2)
        yield page.paint(f"! {first}", "red")
        yield from (page.paint(f"  {more}", "red") for more in rest)
    yield from _labelled(_publishing(health, page), page)
    if drawn := list(timeline(health.coming, page)):
        yield from ("", *drawn)
    yield from _labelled(_standing(health, page), page)


def _names(health: Health) -> Names:
    """Return the names of the accounts of the facts below the alarms. Commands have the full names."""
    rows = health.next_post.active if health.next_post else ()
    named = [
        *(row.account for row in rows),
        *(one.account for one in health.holds),
        *(one.account for one in health.limits),
    ]
    return short_names(named, with_handle=True)


def _labelled(lines: Iterable[tuple[str, str]], page: Page) -> Iterator[str]:
    for label, text in lines:
        first, *rest = wrap(text, page.width - _LABEL)
        yield f"{label:<{_LABEL}}{first}".rstrip()
        yield from (f"{'':{_LABEL}}{more}" for more in rest)


def _alarms(health: Health) -> Iterator[str]:
    for why in (health.clock, health.elsewhere):
        if why is not None:
            yield "; ".join([why.message, *(f"{hint.label}: {command_text(hint.way)}" for hint in why.hints)])
    if health.publisher.is_outdated:
        old = health.publisher.version
        yield f"the publisher still runs ttp {old}: stop it and start it again (a service: ttp service install)"
    for part in health.unreadable:
        yield f"skipped: {part}:  ttp doctor"
    paused = [hold.account for hold in health.holds if hold.until is None]
    if paused:
        yield f"publishing is paused for {', '.join(map(escape_text, paused))}:  ttp resume"
    needs = health.needs
    if needs.review:
        yield f"{_posts(needs.review, needs.comments)} may be live:  ttp show {needs.review[0]}"
    for name in needs.reconnect:
        yield f"{escape_text(name)} must be reconnected:  {command_text(connect_action(escape_text(name)))}"
    if needs.retry_after_reconnect:
        ids, posts = needs.retry_after_reconnect, _posts(needs.retry_after_reconnect, needs.comments)
        yield f"{posts} failed because of that; once it is reconnected:  ttp retry {_command_ids(ids)}"
    if needs.retry:
        yield f"{_posts(needs.retry, needs.comments)} failed:  ttp retry {_command_ids(needs.retry)}"
    if health.logins:
        from ttp.cli.notices import login_note
    for login in health.logins:
        yield login_note(login)
    for source in health.sources:
        if source.message is not None:
            yield f"{escape_line(source.message)}:  ttp source show {source.id}"
    for one in health.webhooks:
        if one.given_up:
            what = plural(one.given_up, "event")
            yield f"{what} could not be sent to {escape_text(one.host)}:  ttp webhook replay {one.id}"
    if health.is_stalled:
        are = "is" if health.overdue == 1 else "are"
        yield f"{plural(health.overdue, 'post')} {are} overdue and no publisher runs:  ttp run"


def _posts(ids: Sequence[int], comments: Collection[int]) -> str:
    """Return `post 5`, `2 posts (7, 5)`. `comments`: the posts of which it is the comment alone."""
    posts = f"post {ids[0]}" if len(ids) == 1 else f"{len(ids)} posts ({', '.join(map(str, ids[:MOST_NAMED]))})"
    if not set(ids) <= set(comments):
        return posts
    return f"the comment{'s' * (len(ids) > 1)} on {posts}"


def _command_ids(ids: Sequence[int]) -> str:
    return " ".join(map(str, ids[:MOST_NAMED]))


def _publishing(health: Health, page: Page) -> Iterator[tuple[str, str]]:
    yield _publisher(health.publisher, page)
    if len(health.publishers) > 1:
        yield "hosts", "; ".join(_host(one, page) for one in health.publishers)
    yield "next", _next(health, page)
    counts = [f"{plural(health.waiting, 'post')} scheduled"]
    counts += [f"{health.overdue} overdue"] if health.overdue else []
    counts += [f"{health.held} due and on hold"] if health.held else []
    yield "waiting", ", ".join(counts)
    if ids := health.needs.approve:
        yield "approve", f"{plural(len(ids), 'post')} waiting for approval:  {approve_command(ids)}"


def _standing(health: Health, page: Page) -> Iterator[tuple[str, str]]:
    names = _names(health)
    yield "notify", ", ".join(health.notify) or "nobody:  ttp notify add desktop"
    yield "holds", "; ".join(_hold(hold, names, page) for hold in health.holds) or "none"
    if health.media.files:
        yield "media", f"{plural(health.media.files, 'file')}, {size(health.media.bytes)}"
    for costs in health.costs:
        if costs.posts:
            yield "costs", _costs(costs)
    scarce = [limit for limit in health.limits if limit.share_left < _SCARCE]
    if scarce:
        yield "limits", "; ".join(_limit(limit, names, page) for limit in scarce)


def _publisher(publisher: PublisherInfo, page: Page) -> tuple[str, str]:
    last = f"last run {page.ago(publisher.last_run_at)}" if publisher.last_run_at else ""
    if publisher.running:
        pid = f"pid {publisher.pid}" if publisher.pid is not None else ""
        since = f"since {page.day(publisher.since)} {page.time(publisher.since)}" if publisher.since else ""
        return "running", ", ".join(part for part in (pid, since) if part)
    if last and publisher.mode == "once":
        return "cron", last
    return "stopped", f"no publisher runs{', ' + last if last else ''}:  ttp run"


def _host(one: RegisteredPublisher, page: Page) -> str:
    in_hand = f"{plural(one.accounts, 'account')} in hand"
    return f"{one.host} (pid {one.pid}, {in_hand}, reported {page.ago(one.last_report_at)})"


def _next(health: Health, page: Page) -> str:
    at, post = health.next_due_at, health.next_post
    if at is None:
        return "nothing"
    when = f"{page.day(at)} {page.time(at)} ({page.ago_long(at)}, {page.utc(at)} UTC)"
    if post is None:
        return when
    comments = [row for row in post.comments if row.next_at == at]
    rows = comments or [row for row in post.active if row.state in ("pending", "retrying")]
    accounts = " ".join(_names(health)[row.account] for row in rows)
    return f"{post.id}  {when}   {'comment on ' * bool(comments)}{accounts}"


def _hold(hold: Hold, names: Names, page: Page) -> str:
    until = f" until {page.day(hold.until)} {page.time(hold.until)}" if hold.until else ""
    reason = f" ({escape_line(hold.reason)})" if hold.reason else ""
    return f"{names[hold.account]}{until}{reason}"


def _costs(costs: PlatformCosts) -> str:
    what = f"the next {plural(costs.posts, 'post')}" if costs.more else plural(costs.posts, "post")
    return f"{costs.title} will charge {dollars(costs.thousandths)} for {what}"


def _limit(limit: Limit, names: Names, page: Page) -> str:
    until = f" until {page.day(limit.resets_at)} {page.time(limit.resets_at)}" if limit.resets_at else ""
    remainder = "none" if limit.limit is None else f"{limit.left} of {limit.limit}"
    return f"{names[limit.account]} {escape_text(limit.label)}: {remainder} left{until}"


_LEAST = 15
"""Columns of a post on the timeline."""


def timeline(posts: Sequence[PostFields], page: Page) -> Iterator[str]:
    """Yield three lines that show the next posts, as many as fit; nothing for fewer than two.

    Posts of one minute share a mark.
    """
    now = f"now {page.time(page.now)}"
    start = len(now) + 4
    room = (page.width - start) // _LEAST
    together: dict[str, list[PostFields]] = {}
    for post in posts:
        together.setdefault(page.when(post.scheduled_at or page.now), []).append(post)
    shown = list(together.values())[: max(room, 0)]
    if len(posts) < 2 or not shown:
        return
    step, short = (page.width - start) // len(shown), names_in(posts)
    times, line, names = now.ljust(start), " ├".ljust(start, "─"), " " * start
    for group in shown:
        times += _cell(page.when(group[0].scheduled_at or page.now), step)
        line += sign(group[0]).ljust(step, "─")
        accounts = dict.fromkeys(short[row.account] for post in group for row in post.active)
        ids = " ".join(str(post.id) for post in group)
        text = " ".join([ids, *accounts])
        names += _cell(text if columns(text) <= step - 2 else f"{ids} {plural(len(accounts), 'account')}", step)
    yield from (times.rstrip(), f"{line[: page.width - 1]}▸", names.rstrip())


def _cell(text: str, step: int) -> str:
    return pad(cut(text, step - 2), step)
