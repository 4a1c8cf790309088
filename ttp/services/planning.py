"""Plans: drafts proposed for the best free hours of their accounts, and scheduled there in one transaction.

A proposal changes nothing. What it rests on, that the posts are drafts and that their accounts have no other posts
than then, is looked at again inside the transaction that schedules it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from sqlite3 import Connection
from zoneinfo import ZoneInfo

from ttp.domain.account import Account
from ttp.domain.errors import ContentRefused, Hint, StateRefused, TtpError
from ttp.domain.optimal.free import LEAD
from ttp.domain.plan import Diary, Draft, Exploring, Limits, Plan, spread
from ttp.domain.post import ChosenBy, Post, PostStatus
from ttp.domain.quiet import Quiet
from ttp.services.book import Book, Saved, of
from ttp.services.changes import no_accounts, no_such_post, settled, timed
from ttp.services.optimal import Optimal
from ttp.store import posts as store
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
        self._book.fit(list(dict.fromkeys(ids)))
        with self._book.database.reading() as db:
            posts = [saved.post for saved in self._drafts(db, ids)]
        known = {account.name: account for account in self._book.accounts()}
        accounts = [known[name] for name in dict.fromkeys(name for post in posts for name in sorted(post.accounts))]
        now = self._book.clock.now()
        start = max(asked.start or now, now + LEAD)
        limits = Limits(start, start + asked.days * _DAY, asked.per_day, asked.gap_s, asked.quiet)
        with self._book.database.reading() as db:
            busy = self._busy(db, accounts, limits)
        diaries = {one.name: Diary(self._optimal.recommend(one, zone(one)), busy[one.name]) for one in accounts}
        drafts = [Draft(post.id or 0, tuple(sorted(post.accounts))) for post in posts]
        seed = f"{now:%Y-%m-%d %H} {' '.join(map(str, ids))}" if asked.seed is None else asked.seed
        plan = spread(drafts, diaries, limits, Exploring(asked.explore, seed))
        enough = _enough_days(drafts, diaries, limits) if plan.left_out else None
        return Proposal(plan, limits, {post.id or 0: post for post in posts}, diaries, enough)

    def schedule(self, proposal: Proposal) -> list[Saved]:
        """Give the posts of a proposal their times: all of them, or none."""
        now, saved = self._book.clock.now(), []
        with self._book.database.writing() as db:
            accounts = [one for one in reads.accounts(db) if one.name in proposal.diaries]
            drafts = self._drafts(db, [one.id for one in proposal.plan.assignments])
            if self._busy(db, accounts, proposal.limits) != {n: d.busy for n, d in proposal.diaries.items()} or any(
                draft.post.accounts != proposal.posts[draft.post.id or 0].accounts for draft in drafts
            ):
                raise StateRefused(
                    "posts were scheduled or changed since this was planned",
                    Hint("see them, and plan again", "ttp list --status scheduled,draft"),
                )
            for draft, one in zip(drafts, proposal.plan.assignments, strict=True):
                by = ChosenBy.EXPLORE if one.explored else ChosenBy.PLAN
                saved.append(replace(draft, post=settled(timed(draft.post, one.at, by), now)))
            stored = store.retime(db, [one.post for one in saved])
        return [replace(one, post=post) for one, post in zip(saved, stored, strict=True)]

    def _drafts(self, db: Connection | None, ids: Sequence[int]) -> list[Saved]:
        """The posts, all of which could be scheduled as they are, with what to warn of. Of several that could not, each
        is named."""
        wanted = list(dict.fromkeys(ids))
        posts = list(reads.posts_by_id(db, wanted)) if db else []
        missing = set(wanted) - {post.id for post in posts}
        if missing:
            raise no_such_post(min(missing))
        known = reads.accounts(db) if db else []
        drafts: list[Saved] = []
        refusals: dict[int, TtpError] = {}
        for post in posts:
            try:
                _refuse_other_than_draft(post)
                if not of(post, known):
                    raise no_accounts(post, known)
                drafts.append(Saved(post, self._book.judge(post, known, timed=True)))
            except (StateRefused, ContentRefused) as refused:
                refusals[post.id or 0] = refused
        if refusals:
            raise _all_of(refusals, len(posts))
        return drafts

    @staticmethod
    def _busy(db: Connection | None, accounts: Sequence[Account], limits: Limits) -> dict[str, list[datetime]]:
        """When each account has posts that matter to a plan: also those of the first day, and one gap before."""
        since = limits.start - max(2 * _DAY, timedelta(seconds=limits.gap_s))
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
