"""`ttp calendar`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from ttp.cli.context import Context
from ttp.cli.errors import option_words, quote_command
from ttp.cli.notices import paused_account_notes
from ttp.cli.options import (
    Accounts,
    Platforms,
    Statuses,
    WithTags,
    parse_post_filter,
    select_accounts,
    split_list,
    with_output,
)
from ttp.cli.output import Output
from ttp.cli.render.calendar import calendar as view
from ttp.domain.errors import Hint, UsageError
from ttp.domain.post import calendar_time
from ttp.domain.time.calendar_range import parse_calendar_range
from ttp.domain.time.zones import parse_zone
from ttp.views.calendar import CalendarPage, gaps_of
from ttp.views.posts import MOST_NAMED

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.domain.optimal.free_hours import FreeHour
    from ttp.domain.time.calendar_range import CalendarRange
    from ttp.services.queries import PostView


@with_output()
def calendar(
    context: Context,
    when: Annotated[
        str | None, typer.Argument(metavar="[WHEN]", help="2026-12, 2026-W49, a date, next or prev; else now.")
    ] = None,
    month: Annotated[bool, typer.Option("--month", help="Show a month (the default).")] = False,
    week: Annotated[bool, typer.Option("--week", help="Show a week, Monday to Sunday.")] = False,
    ics: Annotated[bool, typer.Option("--ics", help="Print an iCalendar file, for a phone.")] = False,
    status: Statuses = None,
    platform: Platforms = None,
    account: Accounts = None,
    tag: WithTags = None,
    tz: Annotated[
        str | None, typer.Option("--tz", metavar="ZONE", help="Show days and times of this time zone.")
    ] = None,
) -> None:
    """Show what is published when, in a month or a week.

    A gap is an empty day between days with posts. The week also shows the best free hours of accounts with metrics.
    Drafts have no time and are not shown.

    Examples:
      ttp calendar
      ttp calendar --week next --account x/me
      ttp calendar 2026-12 --ics > posts.ics
    """

    def again(days: Sequence[str], tz: str | None = tz) -> str:
        """Return this command with other days or another zone."""
        filters = {"--status": status, "--platform": platform, "--account": account, "--tag": tag, "--tz": tz}
        return quote_command("ttp", "calendar", *days, *option_words(filters), *(["--ics"] if ics else []))

    here = context
    days = [*(["--month"] if month else []), *(["--week"] if week else []), *([when] if when else [])]
    zone = here.zone if tz is None else parse_zone(tz, retype=lambda name: again(days, name))
    today = here.now().astimezone(zone).date()
    span = parse_calendar_range(when, month=month, week=week, today=today, zone=zone, retype=again)
    _refuse(context.out, status, again(days), ics=ics)
    context.out.check_fields(view(CalendarPage(span)))
    wanted = parse_post_filter(context, "calendar", status=status, platform=platform, account=account, tag=tag)
    posts = context.calendar.posts(span, wanted)
    if ics:
        context.out.document(here.export.calendar(posts))
        return
    paused = paused_account_notes(here.look.accounts())
    for line in [] if context.out.for_people else paused:
        context.out.note(line)
    sheet = CalendarPage(
        span,
        clock=UTC if tz is None else zone,
        gaps=() if status else gaps_of(span, posts, today),
        all_=again([span.name, "--format", "tsv"]),
    )
    if span.is_week and (context.out.for_people or context.out.format == "json"):
        sheet = _with_free_slots(context, sheet, posts, account, platform, tz)
    context.out.write_list(view(sheet), posts, foot=paused)


def _with_free_slots(
    context: Context,
    sheet: CalendarPage,
    posts: Sequence[PostView],
    names: list[str] | None,
    platforms: list[str] | None,
    tz: str | None,
) -> CalendarPage:
    """Return the page with the best hours of its week that are free for all chosen accounts with metrics."""
    optimal = context.optimal
    accounts = optimal.with_data([one for one in select_accounts(context, names, platforms) if one.enabled])
    coming = {one.name: [calendar_time(post) for post in posts if one.name in post.accounts] for one in accounts}
    zones = [context.times.account_zone(one, tz) for one in accounts]
    free = optimal.free_between(accounts, zones, (sheet.span.start, sheet.span.end), coming)
    return replace(sheet, free=tuple(free), take=_take(context, sheet.span, free, accounts, tz) if free else "")


def _take(
    context: Context, span: CalendarRange, free: Sequence[FreeHour], accounts: Sequence[Account], tz: str | None
) -> str:
    """Return the command that plans drafts of these accounts, or a new post at the first free hour."""
    from ttp.domain.time.formatting import format_iso

    here = context
    ids = map(str, context.calendar.drafts(accounts, min(len(free), MOST_NAMED)))
    start = max(span.start, here.now())
    days = 1 + (free[-1].at - start) // timedelta(days=1)
    plan = [*ids, *(["--from", f"{span.first}"] if start == span.start else []), "--days", f"{days}"]
    if plan[0].isdecimal():
        return quote_command("ttp", "plan", *plan, *option_words({"--tz": tz}), "--dry-run")
    to = ",".join(one.name for one in accounts)
    return quote_command("ttp", "create", "TEXT", "--to", to, "--at", format_iso(free[0].at, span.zone))


def _refuse(out: Output, status: list[str] | None, again: str, *, ics: bool) -> None:
    """Raise UsageError for drafts, and for formats that a calendar file does not have."""
    if "draft" in [name.lower() for name in split_list(status) or ()]:
        raise UsageError("drafts have no time and are in no calendar", Hint("see", "ttp list --status draft"))
    if ics and (out.in_json or out.fields):
        raise UsageError("--ics writes a calendar file, without --json and --fields", Hint("try", again))
