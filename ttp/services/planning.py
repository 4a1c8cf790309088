"""Plans: drafts proposed for the best free hours of their accounts, and scheduled there in one transaction.

A proposal changes nothing. What it rests on, that the posts are drafts and that their accounts have no other posts
than then, is looked at again inside the transaction that schedules it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ttp.domain.account import Account
from ttp.domain.errors import ContentRefused, Hint, Problem, StateRefused, TtpError
from ttp.domain.plan import Diary, Draft, Exploring, Limits, Plan, spread
from ttp.domain.post import ChosenBy, Post, PostStatus
from ttp.domain.quiet import Quiet
from ttp.domain.optimal.free import LEAD
from ttp.services.book import Book, Saved, of
from ttp.services.changes import no_accounts, no_such_post, timed
from ttp.services.optimal import Optimal
from ttp.store import reads

LONGEST_DAYS = 366
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plan is to be like. `start` None: now; `days` of 24 hours from then on."""

    days: int
    start: datetime | None = None
    per_day: int | None = None
    gap_s: float = 3600.0
    quiet: Quiet = field(default_factory=Quiet)
    explore: float = 0.0
    seed: str | None = None
    """None: one that follows from the posts and the hour, so that asking again gives the same."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan that nothing has been done about yet."""

    plan: Plan
    limits: Limits
    posts: Mapping[int, Post]
    diaries: Mapping[str, Diary]
    enough_days: int | None = None
    """Where posts were left out: days in which all would fit, if a year has as many."""

    @property
    def zones(self) -> dict[str, ZoneInfo]:
        """By account: the zone of its hours and days."""
        return {name: diary.told.zone for name, diary in self.diaries.items()}

    @property
    def unknown(self) -> list[str]:
        """The accounts of which nothing is known."""
        return [name for name, diary in self.diaries.items() if not diary.told.data_points]


class Planning:
    def __init__(self, book: Book, optimal: Optimal) -> None:
        self._book = book
        self._optimal = optimal

    def propose(self, ids: Sequence[int], asked: Asked, zone: Callable[[Account], ZoneInfo]) -> Proposal:
        """Times for some drafts. StateRefused or ContentRefused where one of them could not be scheduled at all."""
        posts = self._drafts(ids)
        known = {account.name: account for account in self._book.accounts()}
        accounts = [known[name] for name in dict.fromkeys(name for post in posts for name in sorted(post.accounts))]
        now = self._book.clock.now()
        start = max(asked.start or now, now + LEAD)
        limits = Limits(start, start + asked.days * _DAY, asked.per_day, asked.gap_s, asked.quiet)
        busy = self._busy(accounts, limits)
        diaries = {one.name: Diary(self._optimal.recommend(one, zone(one)), busy[one.name]) for one in accounts}
        drafts = [Draft(post.id or 0, tuple(sorted(post.accounts))) for post in posts]
        seed = f"{now:%Y-%m-%d %H} {' '.join(map(str, ids))}" if asked.seed is None else asked.seed
        plan = spread(drafts, diaries, limits, Exploring(asked.explore, seed))
        enough = _enough_days(drafts, diaries, limits) if plan.left_out else None
        return Proposal(plan, limits, {post.id or 0: post for post in posts}, diaries, enough)

    def schedule(self, proposal: Proposal) -> list[Saved]:
        """Give the posts of a proposal their times: all of them, or none."""
        assigned = {one.id: one for one in proposal.plan.assignments}
        known = self._book.accounts()
        named = [account for account in known if account.name in proposal.diaries]
        unchanged = False

        def change(post: Post) -> tuple[Post, tuple[Problem, ...]]:
            nonlocal unchanged
            if not unchanged:  # once, under the lock of the transaction
                unchanged = self._busy(named, proposal.limits) == {
                    name: diary.busy for name, diary in proposal.diaries.items()
                }
            if not unchanged or post.accounts != proposal.posts[post.id or 0].accounts:
                raise StateRefused(
                    "posts were scheduled or changed since this was planned", Hint("plan again", "ttp plan")
                )
            _refuse_other_than_draft(post)
            one = assigned[post.id or 0]
            moved = timed(post, one.at, ChosenBy.EXPLORE if one.explored else ChosenBy.PLAN)
            return moved, self._book.judge(moved, known, timed=True)

        return self._book.change(list(assigned), change)

    def _drafts(self, ids: Sequence[int]) -> list[Post]:
        """The posts, all of which could be scheduled as they are. Of several that could not, each is named."""
        wanted = list(dict.fromkeys(ids))
        with self._book.database.reading() as db:
            posts = list(reads.posts_by_id(db, wanted)) if db else []
        missing = set(wanted) - {post.id for post in posts}
        if missing:
            raise no_such_post(min(missing))
        self._book.fit(wanted)
        known = self._book.accounts()
        refusals: dict[int, TtpError] = {}
        for post in posts:
            try:
                _refuse_other_than_draft(post)
                if not of(post, known):
                    raise no_accounts(post, known)
                self._book.judge(post, known, timed=True)
            except (StateRefused, ContentRefused) as refused:
                refusals[post.id or 0] = refused
        if refusals:
            raise _all_of(refusals, len(posts))
        return posts

    def _busy(self, accounts: Sequence[Account], limits: Limits) -> dict[str, list[datetime]]:
        """When each account has posts that matter to a plan: also those of the first day, and one gap before."""
        since = limits.start - max(2 * _DAY, timedelta(seconds=limits.gap_s))
        with self._book.database.reading() as db:
            return {one.name: reads.busy_instants(db, one.id or 0, since) if db else [] for one in accounts}


def _refuse_other_than_draft(post: Post) -> None:
    if post.status is PostStatus.SCHEDULED:
        raise StateRefused(f"post {post.id} is scheduled already", Hint("make it a draft", f"ttp unschedule {post.id}"))
    if post.status is not PostStatus.DRAFT:
        raise StateRefused(f"post {post.id} is {post.status}, and no draft", Hint("look at it", f"ttp show {post.id}"))


def _all_of(refusals: Mapping[int, TtpError], asked: int) -> TtpError:
    """One error for all posts that cannot be scheduled."""
    (post_id, first), *more = refusals.items()
    if not isinstance(first, StateRefused) and asked > 1:
        first = ContentRefused(f"post {post_id}: {first.message}", *first.hints, problems=first.problems)
    if not more:
        return first
    kind = type(first)
    return kind(
        f"{len(refusals)} of {asked} posts cannot be scheduled",
        *dict.fromkeys(hint for refused in refusals.values() for hint in refused.hints),
        problems=[problem for refused in refusals.values() for problem in refused.problems],
        details=[
            refused.message if isinstance(refused, StateRefused) else f"post {one}: {refused.message}"
            for one, refused in refusals.items()
        ],
    )


def _enough_days(drafts: Sequence[Draft], diaries: Mapping[str, Diary], limits: Limits) -> int | None:
    """Days in which all drafts fit, not many more than needed; None where a year is too short."""
    days = round((limits.end - limits.start) / _DAY)
    while days < LONGEST_DAYS:
        days = min(LONGEST_DAYS, days + max(1, days // 2))
        if not spread(drafts, diaries, replace(limits, end=limits.start + days * _DAY)).left_out:
            return days
    return None
