"""Routes: slots, repeats, plans, the calendar, the best hours, numbers and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Path, Query

from ttp.domain.errors import UsageError
from ttp.domain.optimal.free_hours import ANYWHERE
from ttp.domain.recurrence import Recurrence, end_of_day
from ttp.domain.time.cron import parse_cron
from ttp.domain.time.durations import parse_duration
from ttp.domain.time.slot_parser import parse_rule_of, parse_slot_times
from ttp.server.answers import JsonAnswer
from ttp.server.inputs import (
    AccountChoice,
    ChosenAccounts,
    Empty,
    FilteredPosts,
    PlanInput,
    RepeatInput,
    ShortText,
    SlotInput,
    Words,
    Zone,
    split,
)
from ttp.server.requests import ChangeServices, Services
from ttp.services.planning import no_room_error
from ttp.views.calendar import CalendarPage, calendar_json, calendar_row, gaps_of
from ttp.views.metrics import sample_json, total_json
from ttp.views.optimal import (
    AccountAdvice,
    free_hour_json,
    heatmap_json,
    heatmaps_json,
    next_hours_json,
    recommendation_json,
    recommendations_json,
    week_json,
)
from ttp.views.plan import proposal_json
from ttp.views.report import report_json
from ttp.views.slots import begun_repeat_json, repeat_json, slot_instant_json, slot_json

if TYPE_CHECKING:
    from ttp.server.services import RequestServices

MOST_SAMPLES = 1000
SlotId = Annotated[int, Path(ge=1, le=10**15)]
RepeatId = Annotated[int, Path(ge=1, le=10**15)]
COOL_DOWN_S = 30 * 86_400.0


def list_slots(services: Services, account: Words = None) -> JsonAnswer:
    """List the weekly times at which accounts post."""
    accounts = services.queries.select_accounts(split(account) or None, None)
    return JsonAnswer([slot_json(slot) for slot in services.slots.all(accounts)])


def add_slots(body: SlotInput, services: ChangeServices) -> JsonAnswer:
    """Add weekly times to accounts. An existing slot is kept. A dry run only checks, and answers none."""
    accounts = services.queries.find_accounts(body.accounts)
    if (body.times is None) == (body.cron is None):
        raise UsageError("give either times or cron")
    crons = parse_slot_times(body.times) if body.times is not None else [parse_cron(body.cron or "")]
    zones = [(account, services.times.weekly_zone([account], body.timezone).key) for account in accounts]
    added = services.slots.add(zones, crons, body.name)
    if services.dry_run:
        return JsonAnswer([])
    slots = {shown.slot.id: shown for shown in services.slots.all(accounts)}
    return JsonAnswer([slot_json(slots[one.slot.id]) for one in added], 201)


def preview_slots(
    services: Services, account: Words = None, count: Annotated[int, Query(ge=1, le=1000)] = 10
) -> JsonAnswer:
    """List the next slot times, and which posts fill them."""
    instants = services.calendar.slots_preview(services.queries.select_accounts(split(account) or None, None), count)
    return JsonAnswer([slot_instant_json(instant) for instant in instants])


def remove_slot(slot_id: SlotId, services: ChangeServices) -> JsonAnswer:
    """Remove a slot. Posts at its times keep them."""
    services.slots.remove([str(slot_id)])
    return JsonAnswer({"id": slot_id, "removed": True})


def list_repeats(services: Services) -> JsonAnswer:
    return JsonAnswer([repeat_json(repeat) for repeat in services.repeats.all()])


def add_repeat(body: RepeatInput, services: ChangeServices) -> JsonAnswer:
    """Repeat a post, or the posts of a tag in turn. Each time a new post is created in advance."""
    result = services.repeats.begin(_recurrence(services, body))
    warnings = [*result.told, *(problem.message for problem in result.warnings)]
    ids = [None if services.dry_run else post.id for post in result.made]
    shape = begun_repeat_json(result.tally, ids, warnings)
    return JsonAnswer(shape, 200 if services.dry_run else 201)


def skip_repeat(repeat_id: RepeatId, services: ChangeServices, body: Empty = None) -> JsonAnswer:
    """Skip the next time of a repeat, and delete the post that was created for it."""
    return JsonAnswer(repeat_json(services.repeats.skip(repeat_id).tally))


def pause_repeat(repeat_id: RepeatId, services: ChangeServices, body: Empty = None) -> JsonAnswer:
    """Pause a repeat, and delete its posts that are not published yet, except those that were changed by hand."""
    return JsonAnswer(repeat_json(services.repeats.pause(repeat_id).tally))


def resume_repeat(repeat_id: RepeatId, services: ChangeServices, body: Empty = None) -> JsonAnswer:
    """Resume a repeat from now on; times that have passed are not made up for."""
    return JsonAnswer(repeat_json(services.repeats.resume(repeat_id).tally))


def stop_repeat(repeat_id: RepeatId, services: ChangeServices, body: Empty = None) -> JsonAnswer:
    """Stop a repeat for good, and delete its posts that are not published yet, except those that were changed by
    hand."""
    return JsonAnswer(repeat_json(services.repeats.stop(repeat_id).tally))


def plan_drafts(services: ChangeServices, body: PlanInput | None = None) -> JsonAnswer:
    """Spread drafts over the coming days, at the best free hours of their accounts, and schedule all or none. A dry
    run answers the plan."""
    body = body or PlanInput.model_validate({})
    ids = _drafts(services, body)
    if not ids:
        return JsonAnswer(proposal_json(None, scheduled=False))
    request = services.planning.request(
        body.days,
        start=body.from_,
        per_day=body.perDay,
        gap_s=body.minGapS,
        quiet_hours=body.quietHours,
        blackout=body.blackout,
        tz=body.timezone,
    )
    proposal = services.planning.propose(ids, request)
    if proposal.plan.left_out and not body.partly:
        raise no_room_error(proposal, request)
    if not services.dry_run:
        services.planning.schedule(proposal)
    warnings = dict.fromkeys(problem.message for problem in proposal.warnings)
    return JsonAnswer(proposal_json(proposal, scheduled=not services.dry_run, warnings=warnings))


def _drafts(services: RequestServices, body: PlanInput) -> list[int]:
    if body.ids is not None and body.tags is not None:
        raise UsageError("give ids or tags, not both")
    if body.ids is not None:
        return services.queries.ids([(post_id, post_id) for post_id in body.ids]) if body.ids else []
    return services.queries.draft_ids(body.tags or ())


def _recurrence(services: RequestServices, body: RepeatInput) -> Recurrence:
    if (body.post is None) == (body.pool is None):
        raise UsageError("give either post or pool")
    if [body.times, body.cron, body.rule].count(None) != 2:
        raise UsageError("give one of times, cron and rule")
    if (body.pool is not None and body.texts is not None) or (body.pool is None and body.coolDownS is not None):
        raise UsageError("texts need a post, and coolDownS needs a pool")
    if body.texts is not None and len(body.texts) < 2:
        raise UsageError("texts are at least two")
    accounts = services.queries.accounts_of(body.post) if body.post is not None else []
    zone = services.times.weekly_zone(accounts, body.timezone)
    when = parse_rule_of(body.times, body.cron, body.rule)
    return Recurrence(
        when.cron,
        zone.key,
        rule=when.rule,
        anchor=when.anchor,
        post_id=body.post,
        pool=body.pool,
        cool_down_s=None if body.pool is None else COOL_DOWN_S if body.coolDownS is None else body.coolDownS,
        until=None if body.until is None else end_of_day(body.until, zone),
        count=body.count,
        texts=tuple(body.texts or ()),
    )


def get_calendar(
    services: Services,
    which: FilteredPosts,
    when: Annotated[ShortText | None, Query(description="`2026-12`, `2026-W49`, a date, `next` or `prev`.")] = None,
    week: Annotated[bool, Query(description="A week instead of a month.")] = False,
    account: Words = None,
    platform: Words = None,
    timezone: Zone = None,
) -> JsonAnswer:
    """Return what is published when, in a month or a week, with the days without posts; of a week also the best free
    hours."""
    span = services.days(when, week=week, tz=timezone)
    posts = services.calendar.posts(span, which)
    free = None
    if span.is_week:  # by accounts with numbers: the zones of the others are not looked up
        accounts = services.queries.select_accounts(split(account) or None, split(platform) or None)
        free = services.planning.free_hours(accounts, span, posts, timezone)
    gaps = () if which.statuses else gaps_of(span, posts, services.clock.now())
    return JsonAnswer(calendar_json(CalendarPage(span, gaps, free), [calendar_row(post, span.zone) for post in posts]))


def get_optimal(
    services: Services,
    chosen: ChosenAccounts,
    everything: Annotated[bool, Query(alias="all", description="All hours, days and weekly slots.")] = False,
) -> JsonAnswer:
    """Return which hours and days bring accounts more engagement."""
    rows = [recommendation_json(advice, everything=everything) for advice in _advice(services, chosen)]
    return JsonAnswer(recommendations_json(rows))


def get_next_hours(
    services: Services,
    chosen: ChosenAccounts,
    count: Annotated[int | None, Query(ge=1, le=50)] = None,
    within: Annotated[ShortText | None, Query(description="Take the best hour within this time: `24h`.")] = None,
) -> JsonAnswer:
    """Return the next good free hour of accounts together, or `count` of them."""
    reach = services.optimal.reach(parse_duration(within)) if within else ANYWHERE
    hours = services.optimal.next(chosen.accounts, chosen.zones, count or 1, reach=reach)
    return JsonAnswer(next_hours_json([free_hour_json(hour) for hour in hours], counted=count is not None))


def get_week(services: Services, chosen: ChosenAccounts) -> JsonAnswer:
    """Return the hours of every day, best first."""
    return JsonAnswer(week_json(services.optimal.week(chosen.accounts, chosen.zones).days))


def get_heatmap(services: Services, chosen: ChosenAccounts) -> JsonAnswer:
    """Return the rating of each hour of the week."""
    return JsonAnswer(heatmaps_json([heatmap_json(advice) for advice in _advice(services, chosen)]))


def list_samples(
    services: Services, account: Words = None, limit: Annotated[int, Query(ge=0, le=MOST_SAMPLES)] = MOST_SAMPLES
) -> JsonAnswer:
    """List samples of published posts, newest post first."""
    accounts = services.queries.select_accounts(split(account) or None, None)
    samples = services.metrics.samples(accounts, limit) if accounts else ()
    return JsonAnswer([sample_json(sample) for sample in samples])


def list_totals(services: Services, account: Words = None) -> JsonAnswer:
    """List the totals of each account: posts, samples, and sums of the newest ones."""
    accounts = services.queries.select_accounts(split(account) or None, None)
    totals = services.metrics.totals(accounts) if accounts else []
    return JsonAnswer([total_json(total) for total in totals if total.samples or account])


def get_report(
    services: Services,
    chosen: ChosenAccounts,
    when: Annotated[ShortText | None, Query(description="`2026-11`, `2026-W48` or `prev`.")] = None,
    since: Annotated[ShortText | None, Query(description="Posts from this time on: a TIME, a date, or `7d`.")] = None,
    until: Annotated[ShortText | None, Query(description="Posts before this time.")] = None,
    by: Annotated[ShortText | None, Query(description="Also by `account,platform,kind,hour,day,tag`.")] = None,
    timezone: Zone = None,
) -> JsonAnswer:
    """Return how posts did, by default in the last 30 days, compared with the previous period."""
    span = None if when is None else services.days(when, tz=timezone, begun=True)
    bounds = services.bound("since", since), services.bound("until", until)
    return JsonAnswer(report_json(services.reports.report(chosen.accounts, span, *bounds, by=split(by), tz=timezone)))


def _advice(services: RequestServices, chosen: AccountChoice) -> list[AccountAdvice]:
    pairs = zip(chosen.accounts, chosen.zones, strict=True)
    return [AccountAdvice(services.optimal.advise(account, zone)) for account, zone in pairs]
