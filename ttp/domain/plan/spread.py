"""Drafts over the coming days: a time for each, at the highest total score that the limits allow.

Reads no clock and no store. Posts that go to the same accounts get their hours in the order in which they were named.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random

from ttp.domain.plan.board import ON_SLOTS, SCALE, Basis, Board, Diary, Draft, Limits, Way, basis_of
from ttp.domain.plan.grid import Family, Grid
from ttp.domain.plan.search import Picks
from ttp.domain.plan.together import arrange, best_beside, total
from ttp.domain.plan.turn import in_turn

DENSER = 4
"""How many more posts a day are tried than an even share, before any number is allowed."""
ANY = 24 * 60
"""More posts than a day has hours."""


@dataclass(frozen=True, slots=True)
class Exploring:
    """Each post goes, with probability `share`, where one draw of the posterior is best (Thompson, 1933), not where the
    score is highest: so slots of which little is known are tried now and then. The same `seed` chooses the same."""

    share: float = 0.0
    seed: str = ""


NEVER = Exploring()


@dataclass(frozen=True, slots=True)
class Assignment:
    id: int
    at: datetime
    score: float
    """Probability that it is among the best ten slots of the week; the mean over several accounts."""
    explored: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    assignments: tuple[Assignment, ...]
    """By time."""
    even_score: float
    """The total of an even spread of the same posts under the same limits."""
    bound: float
    """What no plan of the posts that do not explore exceeds, with the scores of those that do."""
    per_day: int | None
    """The limit of a day that was kept; None: any number."""
    left_out: tuple[int, ...] = ()
    """Posts for which there was no room."""
    basis: Mapping[tuple[str, ...], Basis] = field(default_factory=dict)
    """By what the posts to each set of accounts were placed."""

    @property
    def score(self) -> float:
        return math.fsum(one.score for one in self.assignments)


def spread(
    drafts: Sequence[Draft],
    diaries: Mapping[str, Diary],
    limits: Limits,
    exploring: Exploring = NEVER,
    way: Way = Way.OPTIMAL,
) -> Plan:
    """The best plan that was found. Every draft has accounts, all of them in `diaries`. Deterministic."""
    if way is Way.SLOTS:
        return _in_turn(drafts, diaries, limits)
    board = Board(drafts, diaries, limits, way)
    every = board.families({draft.id for draft in drafts}, evenly=True)
    per_day, grid, evenly = _fitting(board, every, limits.per_day)
    explorers = {draft.id: random for draft, random in _explorers(drafts, board, exploring)}
    families = board.families({draft.id for draft in drafts} - explorers.keys())
    arranged = arrange(grid, families)
    placed = [
        (draft, hour)
        for family, hours in zip(families, arranged.picks, strict=True)
        for draft, hour in zip(
            (draft for draft in board.drafts[family.accounts] if draft.id not in explorers), hours, strict=False
        )
    ]
    slack = (arranged.bound - total(families, arranged.picks)) / SCALE
    picks = list(arranged.picks)
    for draft in drafts:
        if draft.id in explorers:
            families, picks = [*families, board.drawn(draft, explorers[draft.id])], [*picks, []]
            picks[-1] = best_beside(grid, families, picks, len(picks) - 1)
            placed += [(draft, hour) for hour in picks[-1]]
    assignments = [
        Assignment(draft.id, board.hours[hour], board.score(draft.accounts, hour), draft.id in explorers)
        for draft, hour in placed
    ]
    there = {one.id for one in assignments}
    return Plan(
        tuple(sorted(assignments, key=lambda one: (one.at, one.id))),
        math.fsum(board.score(f.accounts, h) for f, hours in zip(every, evenly, strict=True) for h in hours),
        math.fsum([slack, *(one.score for one in assignments)]),
        per_day,
        tuple(draft.id for draft in drafts if draft.id not in there),
        board.basis,
    )


def _in_turn(drafts: Sequence[Draft], diaries: Mapping[str, Diary], limits: Limits) -> Plan:
    """Those whose accounts have slots on the next of them, and then the others evenly over waking hours."""
    basis = {
        accounts: basis_of(accounts, diaries, limits, Way.SLOTS)
        for accounts in dict.fromkeys(d.accounts for d in drafts)
    }
    on_slots = [draft for draft in drafts if basis[draft.accounts] in ON_SLOTS]
    board = Board(on_slots, diaries, limits, Way.SLOTS)
    places = in_turn(board, board.grid(limits.per_day or ANY), on_slots)
    given = [
        Assignment(draft.id, board.hours[places[draft.id]], board.score(draft.accounts, places[draft.id]))
        for draft in on_slots
        if draft.id in places
    ]
    others = [draft for draft in drafts if basis[draft.accounts] not in ON_SLOTS]
    if others:
        of = {draft.id: draft.accounts for draft in on_slots}
        busier = {
            name: replace(diary, busy=sorted([*diary.busy, *(one.at for one in given if name in of[one.id])]))
            for name, diary in diaries.items()
        }
        given += spread(others, busier, limits, way=Way.EVEN).assignments
    there = {one.id for one in given}
    score = math.fsum(one.score for one in given)
    return Plan(
        tuple(sorted(given, key=lambda one: (one.at, one.id))),
        score,
        score,
        limits.per_day,
        tuple(draft.id for draft in drafts if draft.id not in there),
        basis,
    )


def _fitting(board: Board, every: Sequence[Family], per_day: int | None) -> tuple[int | None, Grid, Picks]:
    """The limit of a day, given or the smallest at which all posts find room; its grid, and the even spread on it."""
    fewest = board.fewest_a_day()
    for cap in (per_day,) if per_day is not None else (*range(fewest, fewest + DENSER), ANY):
        grid = board.grid(cap)
        picks = arrange(grid, every, quickly=True).picks
        if sum(map(len, picks)) == sum(family.count for family in every):
            break
    return None if cap == ANY else cap, grid, picks


def _explorers(drafts: Sequence[Draft], board: Board, exploring: Exploring) -> Iterator[tuple[Draft, Random]]:
    """The posts that explore, each with the chance that chose it; where nothing is known there is nothing to draw."""
    for draft in drafts:
        random = Random(f"{exploring.seed} {draft.id}")  # noqa: S311 (a repeatable choice, no secret)
        if random.random() < exploring.share and board.known(draft.accounts):
            yield draft, random
