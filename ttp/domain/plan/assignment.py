"""Find the best hours for families of posts that share accounts.

A family is all posts to the same accounts. Families without a common account are independent, and each is solved
exactly (`choose`). Families that share one are a set packing problem, for which no fast exact method is known. They are
improved one family at a time, each exactly given the others, from starts that prices suggest. Every place on an account
(a stretch of the least gap, a day) has a price that keeps the families apart, found by the subgradient method (Held,
Wolfe and Crowder, 1974). The same prices prove that no plan is better than `bound`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ttp.domain.plan.bound import Picks, Prices, Search
from ttp.domain.plan.exact_choice import Days, choose
from ttp.domain.plan.grid import Family, Grid

ROUNDS, FEWEST_ROUNDS, WORK = 150, 16, 700_000
"""The most and the fewest rounds of prices; within them as many as examine `WORK` hours of families."""
START_EVERY = 15
"""Rounds of prices between two plans that start from them."""
CHOICES, SEARCHED = 50_000, 60
"""The limits of the final search: choices examined, and posts."""


@dataclass(frozen=True, slots=True)
class Arranged:
    """The hours of each family, and a total that no arrangement of as many posts exceeds."""

    picks: Picks
    bound: int


def arrange(grid: Grid, families: Sequence[Family], *, quickly: bool = False) -> Arranged:
    """Place as many posts as possible at the best total. `quickly`: return the first plan with room for all posts."""
    picks: Picks = [[] for _ in families]
    bound = 0
    for part in parts(families):
        arrangement = _arrange(grid, [families[i] for i in part], quickly=quickly)
        for i, hours in zip(part, arrangement.picks, strict=True):
            picks[i] = hours
        bound += arrangement.bound
    return Arranged(picks, bound)


def total(families: Sequence[Family], picks: Sequence[Sequence[int]]) -> int:
    """Return the sum of the values of the picked hours."""
    return sum(family.values[i] or 0 for family, hours in zip(families, picks, strict=True) for i in hours)


def parts(families: Sequence[Family]) -> list[list[int]]:
    """Return the indexes of the families in groups that share no account."""
    parts: list[tuple[set[str], list[int]]] = []
    for i, family in enumerate(families):
        joined, members = set(family.accounts), [i]
        apart = []
        for accounts, others in parts:
            if accounts & joined:
                joined |= accounts
                members = others + members
            else:
                apart.append((accounts, others))
        parts = [*apart, (joined, members)]
    return [sorted(members) for _, members in parts]


def _arrange(grid: Grid, families: Sequence[Family], *, quickly: bool) -> Arranged:
    """Place families that share accounts."""
    by_size = sorted(range(len(families)), key=lambda i: -len(families[i].accounts))
    best = improve_picks(grid, families, place_families(grid, families, by_size))
    missing = sum(family.count for family in families) > sum(map(len, best))
    if len(families) == 1 or (quickly and not missing):
        return Arranged(best, total(families, best))
    # Adding the same to every value does not change the choice among plans of equally many posts. It makes all values
    # positive, and while not all posts fit, one more post worth more than all that the others could lose.
    largest = max(abs(value or 0) for family in families for value in family.values)
    bonus = 1 + largest * (1 + 2 * sum(family.count for family in families) * missing)
    raised = [Family(f.accounts, f.count, [None if v is None else v + bonus for v in f.values]) for f in families]
    prices = Prices(grid, raised)
    rounds = max(FEWEST_ROUNDS, min(ROUNDS, WORK // (len(families) * len(grid.at))))
    for turn in range(1, rounds + 1):
        if prices.best.total <= total(raised, best):
            break
        prices.step(total(raised, best))
        if turn % START_EVERY == 0 or turn == rounds:
            start = place_families(grid, families, by_size, prices.best.worth)
            best = max(best, improve_picks(grid, families, start), key=lambda picks: total(raised, picks))
    search = Search(grid, raised, prices.best, total(raised, best), CHOICES)
    all_seen = sum(map(len, best)) <= SEARCHED and search.run()
    best = search.found or best
    bound = total(raised, best) if all_seen else prices.best.total
    return Arranged(best, bound - bonus * sum(map(len, best)))


def place_families(
    grid: Grid, families: Sequence[Family], order: Sequence[int], values: Sequence[Sequence[float]] | None = None
) -> Picks:
    """Place each family in turn at its best hours that those before it leave free."""
    picks: Picks = [[] for _ in families]
    for i in order:
        picks[i] = best_beside(grid, families, picks, i, None if values is None else values[i])
    return picks


def improve_picks(grid: Grid, families: Sequence[Family], picks: Picks) -> Picks:
    """Place each family again at the best hours that all others leave free, until that no longer helps."""
    i, useless = 0, 1 if len(families) == 1 else 0
    while useless < len(families):
        again = best_beside(grid, families, picks, i)
        if _rank(families[i], again) > _rank(families[i], picks[i]):
            picks[i], useless = again, 1
        else:
            useless += 1
        i = (i + 1) % len(families)
    return picks


def _rank(family: Family, hours: Sequence[int]) -> tuple[int, int]:
    return len(hours), total([family], [hours])


def best_beside(
    grid: Grid, families: Sequence[Family], picks: Picks, i: int, values: Sequence[float] | None = None
) -> list[int]:
    """Return the best hours of one family if the others keep theirs. `values`: to choose by, not the family's."""
    family = families[i]
    allowed = [value is not None for value in family.values]
    days: dict[str, Days] = {}
    for account in family.accounts:
        others = [
            hour
            for j, (other, hours) in enumerate(zip(families, picks, strict=True))
            if j != i and account in other.accounts
            for hour in hours
        ]
        allowed = [a and b for a, b in zip(allowed, grid.free(account, others), strict=True)]
        room = grid.days(account, others)
        zone = grid.calendars[account].zone
        if zone in days:  # the days are the same, so the smaller room counts
            both = days[zone].room
            room = Days(room.of, {day: min(n, both.get(day, n)) for day, n in {**both, **room.room}.items()})
        days[zone] = room
    hours = [hour for hour, is_open in enumerate(allowed) if is_open]
    own = [family.values[hour] or 0 for hour in hours] if values is None else [round(values[hour]) for hour in hours]
    limits = [Days([one.of[hour] for hour in hours], one.room) for one in days.values() if one.room]
    return [hours[k] for k in choose([grid.at[hour] for hour in hours], own, grid.gap, limits, family.count)]
