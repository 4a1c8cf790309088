"""Give drafts times over the coming days, with the highest total score that the limits allow. Reads no clock and no
store. Posts to the same accounts get their hours in the given order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random

from ttp.domain.plan.assignment import arrange, best_beside, total
from ttp.domain.plan.bound import Picks
from ttp.domain.plan.grid import Family, Grid, Occupancy
from ttp.domain.plan.scoring import (
    ON_SLOTS,
    SCALE,
    TOGETHER,
    AccountSchedule,
    Basis,
    Draft,
    PlanLimits,
    PlanMethod,
    ScoredHours,
    basis_of,
    has_data,
)

DENSER = 4
"""Try up to so many posts a day more than an even share, before allowing any number."""
ANY = 24 * 60
"""More posts than a day has hours."""


@dataclass(frozen=True, slots=True)
class Exploring:
    """With probability `share` a post is placed by one draw of the posterior instead of the score (Thompson, 1933), so
    that little-known slots are tried now and then. The same `seed` chooses the same."""

    share: float = 0.0
    seed: str = ""


NEVER = Exploring()


@dataclass(frozen=True, slots=True)
class Assignment:
    id: int
    at: datetime
    score: float
    """Probability that it is one of the ten best slots of the week; the mean of several accounts."""
    explored: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    assignments: tuple[Assignment, ...]
    """By time."""
    even_score: float
    """The total of an even spread of the same posts under the same limits."""
    bound: float
    """A total that no plan exceeds; exploring posts count with their scores."""
    per_day: int | None
    """The limit of posts a day; None: any number."""
    left_out: tuple[int, ...] = ()
    """Posts that do not fit."""
    basis: Mapping[tuple[str, ...], Basis] = field(default_factory=dict)
    """How posts to each set of accounts were placed."""

    @property
    def score(self) -> float:
        return math.fsum(one.score for one in self.assignments)


def spread(
    drafts: Sequence[Draft],
    schedules: Mapping[str, AccountSchedule],
    limits: PlanLimits,
    exploring: Exploring = NEVER,
    way: PlanMethod = PlanMethod.OPTIMAL,
) -> Plan:
    """The best plan that was found. Every draft has accounts, all of them in `schedules`. Deterministic."""
    if way is PlanMethod.SLOTS:
        return _in_turn(drafts, schedules, limits)
    scored = ScoredHours(drafts, schedules, limits, way)
    every = scored.families({draft.id for draft in drafts}, evenly=True)
    per_day, grid, evenly = _fitting(scored, every, limits.per_day)
    if TOGETHER in grid.calendars:
        grid = _on_days_of(grid, evenly)
    explorers = {draft.id: random for draft, random in _explorers(drafts, schedules, exploring)}
    families = scored.families({draft.id for draft in drafts} - explorers.keys())
    arranged = arrange(grid, families)
    placed = [
        (draft, hour)
        for family, hours in zip(families, arranged.picks, strict=True)
        for draft, hour in zip(
            (draft for draft in scored.drafts[family.accounts] if draft.id not in explorers), hours, strict=False
        )
    ]
    slack = (arranged.bound - total(families, arranged.picks)) / SCALE
    picks = list(arranged.picks)
    for draft in drafts:
        if draft.id in explorers:
            families, picks = [*families, scored.draw_family(draft, explorers[draft.id])], [*picks, []]
            picks[-1] = best_beside(grid, families, picks, len(picks) - 1)
            placed += [(draft, hour) for hour in picks[-1]]
    assignments = [
        Assignment(draft.id, scored.hours[hour], scored.score(draft.accounts, hour), draft.id in explorers)
        for draft, hour in placed
    ]
    there = {one.id for one in assignments}
    return Plan(
        tuple(sorted(assignments, key=lambda one: (one.at, one.id))),
        math.fsum(scored.score(f.accounts, h) for f, hours in zip(every, evenly, strict=True) for h in hours),
        math.fsum([slack, *(one.score for one in assignments)]),
        per_day,
        tuple(draft.id for draft in drafts if draft.id not in there),
        scored.basis,
    )


def _in_turn(drafts: Sequence[Draft], schedules: Mapping[str, AccountSchedule], limits: PlanLimits) -> Plan:
    """Place posts of accounts with slots on the next free ones, and then the others evenly over waking hours."""
    basis = {
        accounts: basis_of(accounts, schedules, limits, PlanMethod.SLOTS)
        for accounts in dict.fromkeys(d.accounts for d in drafts)
    }
    on_slots = [draft for draft in drafts if basis[draft.accounts] in ON_SLOTS]
    scored = ScoredHours(on_slots, schedules, limits, PlanMethod.SLOTS)
    places = assign_in_order(scored, scored.grid(limits.per_day or ANY), on_slots)
    in_slots = [
        Assignment(draft.id, scored.hours[places[draft.id]], scored.score(draft.accounts, places[draft.id]))
        for draft in on_slots
        if draft.id in places
    ]
    others = [draft for draft in drafts if basis[draft.accounts] not in ON_SLOTS]
    if others:
        of = {draft.id: draft.accounts for draft in on_slots}
        busier = {
            name: replace(schedule, busy=sorted([*schedule.busy, *(one.at for one in in_slots if name in of[one.id])]))
            for name, schedule in schedules.items()
        }
        in_slots += spread(others, busier, limits, way=PlanMethod.EVEN).assignments
    there = {one.id for one in in_slots}
    score = math.fsum(one.score for one in in_slots)
    return Plan(
        tuple(sorted(in_slots, key=lambda one: (one.at, one.id))),
        score,
        score,
        limits.per_day,
        tuple(draft.id for draft in drafts if draft.id not in there),
        basis,
    )


def assign_in_order(scored: ScoredHours, grid: Grid, drafts: Sequence[Draft]) -> dict[int, int]:
    """Return the index of the slot of each post by its id, without the posts that do not fit. A slot that is too close
    for one post of some accounts is too close for all later ones, so each set of accounts examines every slot once."""
    ahead = {accounts: iter(scored.open_hours(accounts)) for accounts in scored.drafts}
    occupancy = Occupancy(grid)
    hours_by_id: dict[int, int] = {}
    for draft in drafts:
        hour = next((hour for hour in ahead[draft.accounts] if occupancy.take(draft.accounts, hour)), None)
        if hour is not None:
            hours_by_id[draft.id] = hour
    return hours_by_id


def _fitting(scored: ScoredHours, every: Sequence[Family], per_day: int | None) -> tuple[int | None, Grid, Picks]:
    """Return the limit of posts a day (given, or the smallest at which all fit), its grid and its even spread."""
    fewest = scored.fewest_a_day()
    for cap in (per_day,) if per_day is not None else (*range(fewest, fewest + DENSER), ANY):
        grid = scored.grid(cap)
        picks = arrange(grid, every, quickly=True).picks
        if sum(map(len, picks)) == sum(family.count for family in every):
            break
    return None if cap == ANY else cap, grid, picks


def _on_days_of(grid: Grid, picks: Picks) -> Grid:
    """Return a grid that limits the posts that are one a day to the days of some picks, spread evenly: the
    best days may be next to each other."""
    calendar = grid.calendars[TOGETHER]
    days = {calendar.day[hour] for hours in picks for hour in hours}
    calendar = replace(calendar, room={day: int(day in days) for day in calendar.room})
    return replace(grid, calendars={**grid.calendars, TOGETHER: calendar})


def _explorers(
    drafts: Sequence[Draft], schedules: Mapping[str, AccountSchedule], exploring: Exploring
) -> Iterator[tuple[Draft, Random]]:
    """Yield the posts that explore, each with its random generator. Accounts without data do not explore."""
    for draft in drafts:
        random = Random(f"{exploring.seed} {draft.id}")  # noqa: S311 (a repeatable choice, no secret)
        if random.random() < exploring.share and has_data(draft.accounts, schedules):
            yield draft, random
