"""Propose times for drafts, and schedule a proposal in one transaction. A proposal changes nothing. The transaction
checks again that the posts are drafts and that their accounts have the same posts as before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ttp.domain.account import Account
from ttp.domain.action import action, other_options
from ttp.domain.errors import ContentRefused, Hint, Problem, StateRefused, TtpError, UsageError
from ttp.domain.optimal.free_hours import LEAD, FreeHour
from ttp.domain.optimal.recommendation import recommend
from ttp.domain.plan.planner import Exploring, Plan, spread
from ttp.domain.plan.scoring import TOGETHER, AccountSchedule, Draft, PlanLimits, PlanMethod
from ttp.domain.post import ChosenBy, Post, PostFields, PostStatus
from ttp.domain.post_edit import content_refusal, no_accounts_error, with_derived_status, with_post_id, with_time
from ttp.domain.time.calendar_range import CalendarRange
from ttp.domain.time.quiet_hours import QuietHours, parse_blackout, parse_quiet_hours
from ttp.domain.time.resolve import resolve_bound
from ttp.services.budget import BudgetCheck
from ttp.services.optimal import HoursOfSpan, Optimal
from ttp.services.post_changes import SavedPost
from ttp.services.posts import Posts
from ttp.services.queries import accounts_of, missing_post_error
from ttp.services.slots import Availability, Slots
from ttp.services.time_resolver import TimeResolver
from ttp.store import accounts as stored_accounts
from ttp.store import posts as store
from ttp.store import queries
from ttp.store.dialect import Connection

USUAL_DAYS = 14
LONGEST_DAYS = 366
_DAY = timedelta(days=1)
_MOST_MORE = 4
"""Posts a day more than the limit that are tried."""


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """A request for a plan: `days` of 24 hours from `start` on, as it was typed; None: now."""

    days: int
    start: str | None = None
    per_day: int | None = None
    gap_s: float = 3600.0
    quiet: QuietHours = field(default_factory=QuietHours)
    way: PlanMethod = PlanMethod.OPTIMAL
    explore: float = 0.0
    tz: str | None = None
    """The zone of hours and days; None: each account's own."""
    seed: str | None = None
    """None: derived from the posts and the hour, so that asking again gives the same plan."""
    one_a_day: bool = False
    """At most one of these posts a day, whatever accounts it goes to."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan that is not scheduled yet."""

    plan: Plan
    limits: PlanLimits
    way: PlanMethod
    posts: Mapping[int, Post]
    schedules: Mapping[str, AccountSchedule]
    agenda: Availability
    """The accounts' posts that it was made with."""
    enough_days: int | None = None
    """Days in which all posts fit, if some were left out and a year is long enough."""
    enough_per_day: int | None = None
    """Posts a day with which all fit, if some were left out because of the limit."""
    warnings: tuple[Problem, ...] = ()
    """About the drafts, such as what a platform charges for them."""

    @property
    def zones(self) -> dict[str, ZoneInfo]:
        """The zone of each account's hours and days."""
        return {name: one.recommendation.zone for name, one in self.schedules.items()}

    def scheduled_already(self) -> dict[str, int]:
        """Return how many posts each account has in the days of the plan, if it has any."""
        busy = {
            name: sum(self.limits.start <= at < self.limits.end for at in one.busy)
            for name, one in self.schedules.items()
        }
        return {name: count for name, count in busy.items() if count}

    @property
    def without_data(self) -> list[str]:
        return [name for name, one in self.schedules.items() if not one.recommendation.data_points]


class Planning:
    def __init__(self, posts: Posts, optimal: Optimal, slots: Slots, resolver: TimeResolver) -> None:
        self._posts = posts
        self._resolver = resolver
        self._optimal = optimal
        self._slots = slots

    def request(
        self,
        days: int = USUAL_DAYS,
        *,
        start: str | None = None,
        per_day: int | None = None,
        gap_s: float | None = None,
        quiet_hours: str | None = None,
        blackout: Sequence[str] | None = None,
        tz: str | None = None,
        **more: Any,
    ) -> PlanRequest:
        """Return a request as it was typed, with the settings for limits that are None. Raise UsageError, TimeRefused.

        `more`: the other fields of a request.
        """
        config = self._posts.config
        self._start(start, (), tz)  # refused before drafts and rows are read
        return PlanRequest(
            days,
            start,
            per_day,
            config.seconds("plan.min_gap_s") if gap_s is None else gap_s,
            QuietHours(
                parse_quiet_hours(config.text("plan.quiet_hours") if quiet_hours is None else quiet_hours),
                parse_blackout(config.texts("plan.blackout") if blackout is None else blackout),
            ),
            tz=tz,
            **more,
        )

    def free_hours(
        self, accounts: Iterable[Account], span: CalendarRange, posts: Iterable[PostFields], tz: str | None = None
    ) -> tuple[FreeHour, ...]:
        """Return the best free hours of a week for the enabled accounts that have data. `posts`: those of the week."""
        return self.hours(accounts, span, posts, tz).free

    def hours(
        self, accounts: Iterable[Account], span: CalendarRange, posts: Iterable[PostFields], tz: str | None = None
    ) -> HoursOfSpan:
        """Return the same, with the gain of each hour."""
        with_data = self._optimal.with_data([account for account in accounts if account.enabled])
        return self._optimal.hours_between(with_data, self._resolver.account_zones(with_data, tz), span, posts)

    def propose(self, ids: Sequence[int], request: PlanRequest) -> Proposal:
        """Propose times for drafts. StateRefused or ContentRefused if one of them cannot be scheduled at all, or they
        pass the budget of a month."""
        self._posts.convert_media(list(dict.fromkeys(ids)))
        with self._posts.database.reading() as db:
            drafts = self._drafts(db, ids)
        proposal = self.place({post.id or 0: post for post, _ in drafts}, request, self.agenda(request.gap_s))
        budget = self._budget()
        for one in proposal.plan.assignments:
            _add_to_budget(budget, with_time(proposal.posts[one.id], one.at))
        placed = {one.id for one in proposal.plan.assignments}
        return replace(proposal, warnings=tuple(one for post, about in drafts if post.id in placed for one in about))

    def agenda(self, gap_s: float) -> Availability:
        """Return the posts that matter to a plan, from the first day and one gap before."""
        return Availability(self._posts.database, self._posts.clock.now() - max(2 * _DAY, timedelta(seconds=gap_s)))

    def place(self, posts: Mapping[int, Post], request: PlanRequest, agenda: Availability) -> Proposal:
        """Propose times for posts with accounts, by any numbers, around the posts of `agenda`."""
        by_name = {account.name: account for account in self._posts.accounts()}
        named = dict.fromkeys(name for post in posts.values() for name in sorted(post.accounts))
        accounts = [by_name[name] for name in named]
        now = self._posts.clock.now()
        start = max(self._start(request.start, accounts, request.tz), now + LEAD)
        limits = PlanLimits(start, start + request.days * _DAY, request.per_day, request.gap_s, request.quiet)
        schedules = {
            one.name: AccountSchedule(
                self._optimal.recommend(one, self._resolver.account_zone(one, request.tz)),
                tuple(agenda.of(one)),
                self._slots_of(one, limits),
            )
            for one in accounts
        }
        agenda.depend_on(accounts)
        everyone = dict(schedules)
        together = (TOGETHER,) if request.one_a_day else ()
        if together:
            zone = self._resolver.zone((), request.tz)
            everyone[TOGETHER] = AccountSchedule(recommend((), account=TOGETHER, zone=zone))
        drafts = [Draft(number, (*sorted(post.accounts), *together)) for number, post in posts.items()]
        seed = f"{now:%Y-%m-%d %H} {' '.join(map(str, posts))}" if request.seed is None else request.seed
        plan = spread(drafts, everyone, limits, Exploring(request.explore, seed), request.way)
        plan = replace(plan, basis={tuple(n for n in names if n in by_name): by for names, by in plan.basis.items()})
        if not plan.left_out:
            return Proposal(plan, limits, request.way, posts, schedules, agenda)
        enough = self._enough_days(drafts, everyone, limits, request.way, accounts)
        per_day = _enough_per_day(drafts, everyone, limits, request.way)
        return Proposal(plan, limits, request.way, posts, schedules, agenda, enough, per_day)

    def _start(self, text: str | None, accounts: Sequence[Account], tz: str | None) -> datetime:
        """Return the instant from which accounts are planned for. Raise TimeRefused."""
        now = self._posts.clock.now()
        zone = self._resolver.zone(() if text is None else accounts, tz)
        return now if text is None else resolve_bound(text, now=now, zone=zone, option="from", ahead=True)

    def schedule(self, proposal: Proposal) -> list[SavedPost]:
        """Schedule all posts of a proposal, or none."""
        now, changed = self._posts.clock.now(), list[Post]()
        with self._posts.database.writing() as db:
            proposal.agenda.refuse_changed(db)
            db.lock_posts(one.id for one in proposal.plan.assignments)
            drafts = self._drafts(db, [one.id for one in proposal.plan.assignments])
            if any(draft.accounts != proposal.posts[draft.id or 0].accounts for draft, _ in drafts):
                raise StateRefused(
                    "posts were changed since this was planned", Hint("see", action("list", status="draft"))
                )
            budget = self._budget()
            for (draft, _), one in zip(drafts, proposal.plan.assignments, strict=True):
                by = ChosenBy.EXPLORE if one.explored else ChosenBy.PLAN
                after = with_time(draft, one.at, by)
                _add_to_budget(budget, after, db)
                changed.append(with_derived_status(after, now, draft))
            stored = queries.posts_by_id(db, store.save(db, changed, self._posts.recorder("plan")))
            return [
                SavedPost(self._posts.view(db, post), warnings)
                for (_, warnings), post in zip(drafts, stored, strict=True)
            ]

    def _budget(self) -> BudgetCheck:
        return BudgetCheck(self._posts.database, self._posts.config, self._posts.platforms, self._posts.clock)

    def _slots_of(self, account: Account, limits: PlanLimits) -> tuple[datetime, ...]:
        return tuple(self._slots.within(account, limits.start, limits.end))

    def _enough_days(
        self,
        drafts: Sequence[Draft],
        schedules: Mapping[str, AccountSchedule],
        limits: PlanLimits,
        way: PlanMethod,
        accounts: Sequence[Account],
    ) -> int | None:
        """Return a number of days in which all drafts fit, not many more than needed; None if a year is too short."""
        days = round((limits.end - limits.start) / _DAY)
        while days < LONGEST_DAYS:
            days = min(LONGEST_DAYS, days + max(1, days // 2))
            longer = replace(limits, end=limits.start + days * _DAY)
            slots = {one.name: replace(schedules[one.name], slots=self._slots_of(one, longer)) for one in accounts}
            more = {**schedules, **slots}
            if not spread(drafts, more, longer, way=way).left_out:
                return days
        return None

    def _drafts(self, db: Connection | None, ids: Sequence[int]) -> list[tuple[Post, tuple[Problem, ...]]]:
        """Return the drafts with their warnings. The error names each post that cannot be scheduled."""
        post_ids = list(dict.fromkeys(ids))
        posts = list(queries.posts_by_id(db, post_ids)) if db else []
        missing = set(post_ids) - {post.id for post in posts}
        if missing:
            raise missing_post_error(db, min(missing), self._posts.caller, self._posts.clock.now())
        accounts = stored_accounts.accounts(db) if db else []
        drafts = []
        refusals: dict[int, TtpError] = {}
        for post in posts:
            try:
                _refuse_other_than_draft(post)
                if not accounts_of(post, accounts):
                    raise no_accounts_error(post, accounts, self._posts.platforms)
                drafts.append((post, self._posts.check_post(post, accounts, timed=True, db=db)))
            except (StateRefused, ContentRefused) as refused:
                refusals[post.id or 0] = refused
        if refusals:
            raise _combine_refusals(refusals, len(posts))
        return drafts


def _enough_per_day(
    drafts: Sequence[Draft], schedules: Mapping[str, AccountSchedule], limits: PlanLimits, way: PlanMethod
) -> int | None:
    """Return the least number of posts a day above the limit with which all drafts fit; None without one."""
    if limits.per_day is None:
        return None
    tried = (replace(limits, per_day=limits.per_day + more) for more in range(1, _MOST_MORE + 1))
    return next((one.per_day for one in tried if not spread(drafts, schedules, one, way=way).left_out), None)


def _add_to_budget(budget: BudgetCheck, post: Post, db: Connection | None = None) -> None:
    """Add what a post costs at its time. Raise ContentRefused if it would pass the budget of a month."""
    if (refused := content_refusal(list(budget.problems(post, db)))) is not None:
        raise with_post_id(refused, post.id or 0)
    budget.add_pending(post)


def _refuse_other_than_draft(post: Post) -> None:
    if post.status is PostStatus.SCHEDULED:
        raise StateRefused(f"post {post.id} is scheduled already", Hint("fix", action("unschedule", post.id)))
    if post.status is not PostStatus.DRAFT:
        raise StateRefused(f"post {post.id} is {post.status}, not a draft", Hint("see", action("show", post.id)))


def _combine_refusals(refusals: Mapping[int, TtpError], count: int) -> TtpError:
    """Combine the errors of all posts that cannot be scheduled."""
    (post_id, first), *more = refusals.items()
    if isinstance(first, ContentRefused) and count > 1:
        first = with_post_id(first, post_id)
    if not more:
        return first
    kind = type(first)
    return kind(
        f"{len(refusals)} of {count} posts cannot be scheduled",
        *dict.fromkeys(hint for refused in refusals.values() for hint in refused.hints),
        problems=[problem for refused in refusals.values() for problem in refused.problems],
        details=[
            refused.message if isinstance(refused, StateRefused) else f"post {one}: {refused.message}"
            for one, refused in refusals.items()
        ],
    )


def no_room_error(proposal: Proposal, request: PlanRequest, notes: Sequence[str] = ()) -> UsageError:
    """Return the error for drafts that do not fit, and what to change. `notes`: how the others were placed."""
    count = len(proposal.plan.left_out)
    days = "1 day" if request.days == 1 else f"{request.days} days"
    return UsageError(
        f"{count} of {len(proposal.posts)} drafts do not fit into {days}",
        *more_room(proposal, request),
        *([Hint("try", other_options(partly=True))] if count < len(proposal.posts) else []),
        details=["not planned: " + " ".join(map(str, proposal.plan.left_out)), *_in_the_way(proposal), *notes],
    )


def _in_the_way(proposal: Proposal) -> list[str]:
    """Return the sentence about posts that have their times already, and take room from a plan."""
    counts = ", ".join(f"{count} of {name}" for name, count in proposal.scheduled_already().items())
    return [f"posts with a time in these days take room, too: {counts}"] if counts else []


def more_room(proposal: Proposal, request: PlanRequest) -> list[Hint]:
    """Return the hints that give a plan more days, or more posts a day."""
    ways = [other_options(week=False, days=str(proposal.enough_days))] if proposal.enough_days else []
    if proposal.enough_per_day is not None:
        ways.append(other_options(per_day=str(proposal.enough_per_day)))
    return [Hint("try", way) for way in ways]
