"""The tools that look at accounts, times and the queue, and plan drafts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pydantic import Field

from ttp.domain.errors import UsageError
from ttp.domain.optimal.free_hours import Reach
from ttp.domain.time.clock import utc_text
from ttp.domain.time.durations import parse_duration
from ttp.mcp.answers import StatusNowAnswer
from ttp.mcp.arguments import Arguments, Write
from ttp.mcp.tool import tool
from ttp.mcp.tools.posts import ChosenPosts, approval_warnings, not_running, post_filter, split
from ttp.services.application import Application as Services
from ttp.services.planning import USUAL_DAYS, no_room_error
from ttp.views.accounts import account_json
from ttp.views.answers import AccountAnswer, CalendarAnswer, PlanAnswer, TemplateAnswer
from ttp.views.calendar import CalendarPage, calendar_json, calendar_row, gaps_of
from ttp.views.number_answers import NextHoursAnswer, OptimalAnswer, ReportAnswer
from ttp.views.optimal import AccountAdvice, free_hour_json, next_hours_json, recommendation_json, recommendations_json
from ttp.views.plan import proposal_json
from ttp.views.report import report_json
from ttp.views.source_answers import ItemPreviewAnswer, SourceAnswer
from ttp.views.sources import item_preview_json, source_json
from ttp.views.status import status_json
from ttp.views.templates import template_json

if TYPE_CHECKING:
    from ttp.domain.account import Account


class Nothing(Arguments):
    """No arguments."""


@tool("template list")
def list_templates(services: Services, args: Nothing) -> list[TemplateAnswer]:
    """List the templates, which make the texts of posts: their variables and their texts."""
    return [template_json(one) for one in services.templates.files.all()]


@tool("source list")
def list_sources(services: Services, args: Nothing) -> list[SourceAnswer]:
    """List the sources: feeds whose new items become posts, and how many of their items became posts."""
    return [source_json(one) for one in services.sources.all()]


class PreviewSource(Arguments):
    id: int = Field(ge=1, description="That of a source.")


@tool("source preview")
def preview_source(services: Services, args: PreviewSource) -> list[ItemPreviewAnswer]:
    """Show what each account would get of the three newest items of a source. Stores nothing."""
    source = services.sources.source(args.id)
    return [item_preview_json(one) for one in services.sources.preview(source)]


@tool("account list")
def list_accounts(services: Services, args: Nothing) -> list[AccountAnswer]:
    """List the accounts, whether they are connected, and their timezones."""
    return [account_json(account) for account in services.queries.accounts()]


@tool("status")
def status(services: Services, args: Nothing) -> StatusNowAnswer:
    """Show the time now, whether a publisher runs, the next post, what is overdue, and what needs a person.

    `timezone` is that of times without one. `limits` are those that are nearly used up.
    """
    now, zone = services.clock.now(), services.zone
    return {
        "now": utc_text(now),
        "weekday": f"{now.astimezone(zone):%A}",
        "timezone": str(zone),
        **status_json(services.status.full_health()),
    }


class OfAccounts(Arguments):
    accounts: list[str] | None = None
    platforms: list[str] | None = None
    tz: str | None = Field(None, description="Instead of each account's own timezone.")


def _chosen(services: Services, args: OfAccounts) -> tuple[Account, ...]:
    return services.queries.select_accounts(split(args.accounts or None), split(args.platforms or None))


class BestTimes(OfAccounts):
    limit: int | None = Field(None, ge=1, le=168, description="Also so many slots of the week, best first.")


@tool("optimal")
def best_times(services: Services, args: BestTimes) -> OptimalAnswer:
    """Show which hours and days bring each account more engagement, learned from its own posts.

    `uplift` is the expected gain over the account's average (0.2: 20 % more), `low` and `high` its 80 % interval.
    Trust it only as far as `signal` says: none, thin or ok. `factors` are kinds of posts, lengths and pauses that
    brought more.
    """
    advice = [
        AccountAdvice(services.optimal.advise(account, services.times.account_zone(account, args.tz)))
        for account in _chosen(services, args)
    ]
    rows = [recommendation_json(one, everything=args.limit is not None) for one in advice]
    for row in rows:
        row.pop("hours", None)
        row.pop("days", None)
        row["slots"] = sorted(row.get("slots", []), key=lambda slot: -slot["uplift"])[: args.limit]
    return recommendations_json(rows)


class NextSlot(OfAccounts):
    count: int | None = Field(None, ge=1, le=50, description="So many hours instead of one.")
    from_: str | None = Field(None, alias="from", description="From this time on: next monday.")
    until: str | None = Field(None, description="Before this time: 2d, friday.")


@tool("optimal next")
def next_slot(services: Services, args: NextSlot) -> NextHoursAnswer:
    """Find the next good free hours, for several accounts together; none without metrics.

    `uplift` is the expected gain over the average (0.2: 20 % more), by which an hour is chosen; `score` the
    probability, from 0 to 1, that it is one of the ten best hours of the week. `later`: a better hour to wait for,
    which `until` its `within` chooses.
    """
    accounts = _chosen(services, args)
    zones = services.times.account_zones(accounts, args.tz)
    start, end = services.times.window(args.from_, args.until, args.tz)
    reach = Reach(start=start, end=end)
    hours = services.optimal.next(accounts, zones, args.count or 1, reach=reach)
    if end is not None and not hours:
        raise services.optimal.no_hour_error(accounts, reach=reach)
    return next_hours_json([free_hour_json(hour) for hour in hours], counted=args.count is not None)


class PlanDrafts(Write):
    ids: list[int] | None = Field(None, description="Without ids and tags: all drafts.")
    tags: list[str] | None = Field(None, description="Drafts with one of these.")
    from_: str | None = Field(None, alias="from", description="Plan from this time on; else from now.")
    days: int = Field(USUAL_DAYS, ge=1, le=366, description="To plan for.")
    per_day: int | None = Field(None, ge=1, description="Most posts of an account a day; else as few as needed.")
    one_a_day: bool = Field(False, description="One draft a day, evenly spread, when people are awake.")
    min_gap: str | None = Field(None, description="Least time between two posts of an account: 3h.")
    quiet_hours: str | None = Field(None, description="Hours without posts: 22:00-07:00.")
    blackout: list[str] | None = Field(None, description="Days without posts: 2026-12-24..2026-12-26.")
    tz: str | None = Field(None, description="Instead of each account's own timezone.")
    partly: bool = Field(False, description="If not all fit, plan those that do.")


@tool("plan", rehearses=True)
def plan_drafts(services: Services, args: PlanDrafts) -> PlanAnswer:
    """Spread drafts over the coming days, at the best free hours of their accounts, and schedule all or none.

    With `dryRun` it only answers the plan. `score` is as in next_slot; `evenScore` is the sum of an even spread.
    """
    ids = _drafts(services, args)
    if not ids:
        return proposal_json(None, scheduled=False)
    with services.naming_choices():
        request = services.planning.request(
            args.days,
            start=args.from_,
            per_day=args.per_day,
            gap_s=None if args.min_gap is None else parse_duration(args.min_gap).total_seconds(),
            quiet_hours=args.quiet_hours,
            blackout=args.blackout,
            tz=args.tz,
            one_a_day=args.one_a_day,
        )
        proposal = services.planning.propose(ids, request)
    if proposal.plan.left_out and not args.partly:
        raise no_room_error(proposal, request)
    messages = Counter(problem.message for problem in proposal.warnings)
    warnings = [text if times == 1 else f"each of {times} posts: {text}" for text, times in messages.items()]
    if args.dry_run:
        return proposal_json(proposal, scheduled=False, warnings=warnings)
    saved = services.planning.schedule(proposal)
    warnings += not_running(services)
    warnings += approval_warnings(services, [post.post for post in saved])
    return proposal_json(proposal, scheduled=True, warnings=warnings)


def _drafts(services: Services, args: PlanDrafts) -> list[int]:
    if args.ids is not None and args.tags is not None:
        raise UsageError("give ids or tags, not both")
    if args.ids is not None:
        return services.queries.ids([(post_id, post_id) for post_id in args.ids])
    return services.queries.draft_ids(split(args.tags) or ())


class ShowCalendar(OfAccounts, ChosenPosts):
    like = "list_posts"
    when: str | None = Field(None, description="2026-12, 2026-W49, a date, next or prev; else now.")
    week: bool = Field(False, description="A week instead of a month; it also has free best hours.")


@tool("calendar")
def calendar(services: Services, args: ShowCalendar) -> CalendarAnswer:
    """Show what is published when, in a month or a week, with the days that have no post."""
    span = services.days(args.when, week=args.week, tz=args.tz)
    posts = services.calendar.posts(span, post_filter(services, args))
    free = services.planning.free_hours(_chosen(services, args), span, posts, args.tz) if span.is_week else None
    gaps = () if args.statuses else gaps_of(span, posts, services.clock.now())
    return calendar_json(CalendarPage(span, gaps, free), [calendar_row(post, span.zone) for post in posts])


class ShowReport(OfAccounts):
    limit: int = Field(3, ge=0, le=200, description="Posts among the best, and among the worst.")
    posts: bool = Field(False, description="Also `limit` posts, newest first.")
    when: str | None = Field(None, description="A month or a week: 2026-11, 2026-W48 or prev; else the last 30 days.")
    since: str | None = Field(None, description="Posts from this time on: 7d (days ago), a date.")
    until: str | None = Field(None, description="Posts before this time.")
    by: list[str] | None = Field(None, description="Also by account, platform, kind, hour, day or tag.")


@tool("report")
def report(services: Services, args: ShowReport) -> ReportAnswer:
    """Show how posts did, compared with the previous period, and each with what its hour and kind usually bring.

    `change` is the share by which a number grew, of a group its median, whose 80 % interval is `medianLow` to
    `medianHigh`. `usual` is what a post like this brings, `difference` how far it was from that. `factors`, what
    brought more, are of all measured posts.
    """
    span = None if args.when is None else services.days(args.when, tz=args.tz, begun=True)
    bounds = services.bound("since", args.since), services.bound("until", args.until)
    by = split(args.by) or ()
    answer = report_json(services.reports.report(_chosen(services, args), span, *bounds, by=by, tz=args.tz))
    answer["best"], answer["worst"] = answer["best"][: args.limit], answer["worst"][: args.limit]
    answer["posts"] = answer["posts"][: args.limit if args.posts else 0]
    return answer


TOOLS = (
    list_accounts,
    list_templates,
    list_sources,
    preview_source,
    best_times,
    next_slot,
    plan_drafts,
    calendar,
    report,
    status,
)
