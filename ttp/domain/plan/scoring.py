"""Score the coming hours for each draft: turn recommendations and schedules into a grid of integers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from statistics import fmean

from ttp.domain.optimal.free_hours import full_hours, score_at
from ttp.domain.optimal.recommendation import AWAKE, BEST_SLOTS, Recommendation
from ttp.domain.plan.assignment import parts
from ttp.domain.plan.grid import AccountCalendar, Family, Grid, even
from ttp.domain.time.clock import EPOCH
from ttp.domain.time.quiet_hours import QuietHours

SCALE = 100_000
"""Scores are compared to five decimals."""
UNKNOWN = BEST_SLOTS / 168
"""The score of a slot without data: the probability that any slot is one of the ten best."""
_SECOND = timedelta(seconds=1)
TOGETHER = "together"
"""The name of an account that all posts of a plan share, where it has one of them a day. It is no account's name."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A post to be placed, and its sorted accounts."""

    id: int
    accounts: tuple[str, ...]


class PlanMethod(StrEnum):
    """How to place posts.

    `OPTIMAL`: in the best hours, or evenly without data. `EVEN`: evenly over the accounts' weekly slots, or over waking
    hours without slots. `SLOTS`: each in turn in the next free slot, or evenly over waking hours without slots.
    """

    OPTIMAL = "optimal"
    SLOTS = "slots"
    EVEN = "even"


class Basis(StrEnum):
    """How posts to the same accounts were placed."""

    SCORES = "scores"
    SLOTS_IN_TURN = "slots in turn"
    SLOTS = "slots"
    HOURS = "waking hours"


ON_SLOTS = frozenset({Basis.SLOTS, Basis.SLOTS_IN_TURN})


@dataclass(frozen=True, slots=True)
class AccountSchedule:
    """One account's recommendation (with its zone), and the sorted instants of its posts and weekly slots."""

    recommendation: Recommendation
    busy: Sequence[datetime] = ()
    slots: Sequence[datetime] = ()


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """Limits of a plan: from `start` until before `end`, and at least `gap_s` seconds between two posts of an account.
    `per_day`: the most posts of an account on a day of its wall clock; None: the fewest with which all fit."""

    start: datetime
    end: datetime
    per_day: int | None = None
    gap_s: float = 3600.0
    quiet: QuietHours = field(default_factory=QuietHours)


def has_data(accounts: Iterable[str], schedules: Mapping[str, AccountSchedule]) -> bool:
    return any(schedules[account].recommendation.slots for account in accounts)


def slots_of(accounts: Iterable[str], schedules: Mapping[str, AccountSchedule], limits: PlanLimits) -> set[datetime]:
    """Return the slots that are common to all of these accounts that have slots."""
    own = [set(slots) for account in accounts if (slots := schedules[account].slots)]
    return {at for at in set.intersection(*own) if limits.start <= at < limits.end} if own else set()


def basis_of(
    accounts: tuple[str, ...], schedules: Mapping[str, AccountSchedule], limits: PlanLimits, way: PlanMethod
) -> Basis:
    """Return how posts to these accounts are placed."""
    if way is PlanMethod.OPTIMAL and has_data(accounts, schedules):
        return Basis.SCORES
    if not slots_of(accounts, schedules, limits):
        return Basis.HOURS
    return Basis.SLOTS_IN_TURN if way is PlanMethod.SLOTS else Basis.SLOTS


class ScoredHours:
    """The instants of a plan, with the day and score of each account at each. Instants are the full hours of the first
    account of each set, or the common slots of its accounts."""

    def __init__(
        self,
        drafts: Sequence[Draft],
        schedules: Mapping[str, AccountSchedule],
        limits: PlanLimits,
        way: PlanMethod = PlanMethod.OPTIMAL,
    ) -> None:
        self._schedules, self._limits = schedules, limits
        self.drafts: dict[tuple[str, ...], list[Draft]] = {}
        for draft in drafts:
            self.drafts.setdefault(draft.accounts, []).append(draft)
        self.basis = {accounts: basis_of(accounts, schedules, limits, way) for accounts in self.drafts}
        own = {accounts: self._instants(accounts) for accounts in self.drafts}
        self.hours = sorted(set().union(*own.values()))
        local = {
            account: [at.astimezone(schedules[account].recommendation.zone) for at in self.hours]
            for account in dict.fromkeys(account for accounts in self.drafts for account in accounts)
        }
        self._day = {account: [at.toordinal() for at in clocks] for account, clocks in local.items()}
        self._score = {account: self._scores(account) for account in local}
        closed = {account: [limits.quiet.covers(at) for at in clocks] for account, clocks in local.items()}
        asleep = {
            account: [not limits.quiet.hours and at.hour not in AWAKE for at in clocks]
            for account, clocks in local.items()
        }
        self._open = {
            accounts: [
                at in own[accounts] and not any(closed[account][hour] for account in accounts)
                for hour, at in enumerate(self.hours)
            ]
            for accounts in self.drafts
        }
        self._liked = {
            accounts: [
                is_open and (self.basis[accounts] in ON_SLOTS or not any(asleep[account][hour] for account in accounts))
                for hour, is_open in enumerate(self._open[accounts])
            ]
            for accounts in self.drafts
        }

    def _instants(self, accounts: tuple[str, ...]) -> set[datetime]:
        if self.basis[accounts] in ON_SLOTS:
            return slots_of(accounts, self._schedules, self._limits)
        zone = self._schedules[accounts[0]].recommendation.zone
        return set(full_hours(self._limits.start, self._limits.end, zone))

    def open_hours(self, accounts: tuple[str, ...]) -> list[int]:
        """Return the indexes in `hours` at which posts to these accounts may be published."""
        return [hour for hour, is_open in enumerate(self._open[accounts]) if is_open]

    def _scores(self, account: str) -> list[float]:
        recommendation = self._schedules[account].recommendation
        return [score_at(recommendation, at) if recommendation.slots else UNKNOWN for at in self.hours]

    def score(self, accounts: Sequence[str], hour: int) -> float:
        return fmean(self._score[account][hour] for account in accounts if account != TOGETHER)

    def fewest_a_day(self) -> int:
        """Return the posts a day of the busiest account if its posts are spread over its open days."""
        posts = Counter(account for accounts, drafts in self.drafts.items() for account in accounts for _ in drafts)
        fewest = 1
        for account, count in posts.items():
            open_days = {
                day
                for accounts, is_open in self._open.items()
                if account in accounts
                for day, there in zip(self._day[account], is_open, strict=True)
                if there
            }
            fewest = max(fewest, math.ceil(count / max(len(open_days), 1)))
        return fewest

    def grid(self, per_day: int) -> Grid:
        """Return the grid with `per_day` posts a day, less what is scheduled."""
        calendars = {}
        for account, day in self._day.items():
            schedule = self._schedules[account]
            zone = schedule.recommendation.zone
            used = Counter(at.astimezone(zone).toordinal() for at in schedule.busy)
            room = {one: (1 if account == TOGETHER else per_day) - used[one] for one in set(day)}
            calendars[account] = AccountCalendar(zone.key, day, room, [(at - EPOCH) // _SECOND for at in schedule.busy])
        gap = math.ceil(self._limits.gap_s)
        return Grid([(at - EPOCH) // _SECOND for at in self.hours], gap, calendars)

    def families(self, drafts: Collection[int], *, evenly: bool = False) -> list[Family]:
        """Return these posts by their accounts, valued by score, or by an even spread (`evenly`, or without scores)."""
        counts = {key: sum(draft.id in drafts for draft in group) for key, group in self.drafts.items()}
        by_score = [
            Family(accounts, count, self._values(accounts, [self._worth(accounts, h) for h in range(len(self.hours))]))
            for accounts, count in counts.items()
        ]
        by_accounts = {}
        for part in parts(by_score):
            together = [by_score[i] for i in part]
            liked = [self._liked[family.accounts] for family in together]
            for family, spread in zip(together, even(together, liked), strict=True):
                by_scores = self.basis[family.accounts] is Basis.SCORES and not evenly
                by_accounts[family.accounts] = family if by_scores else spread
        return [by_accounts[accounts] for accounts in counts]

    def _worth(self, accounts: tuple[str, ...], hour: int) -> float:
        """Return the score of an hour; for posts that are one a day, less where people sleep. A day has few good
        hours, so an untried hour of the night could win."""
        asleep = TOGETHER in accounts and not self._liked[accounts][hour]
        return self.score(accounts, hour) - (1 if asleep else 0)

    def draw_family(self, draft: Draft, random: Random) -> Family:
        """Return a family of one post, valued by one draw of each account's posterior."""
        recommendations = [self._schedules[account].recommendation for account in draft.accounts]
        draws = [(one.zone, random.choice(one.draws).slots) for one in recommendations if one.slots]
        clocks = ([(at.astimezone(zone), slots) for zone, slots in draws] for at in self.hours)
        effects = [fmean(slots[24 * local.weekday() + local.hour] for local, slots in of_hour) for of_hour in clocks]
        return Family(draft.accounts, 1, self._values(draft.accounts, effects))

    def _values(self, accounts: tuple[str, ...], worth: Sequence[float]) -> list[int | None]:
        return [
            round(SCALE * value) if is_open else None
            for value, is_open in zip(worth, self._open[accounts], strict=True)
        ]
