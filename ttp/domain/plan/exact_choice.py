"""The best hours for posts that all go to the same accounts: exact, whatever their number.

Such posts can change places, so all that matters is which hours are taken. Where hours are no closer than the least
gap, only days limit them: the allowed sets are a matroid, and taking the best hour that still fits, again and again,
is optimal (Rado, 1957). Where the gap counts, or accounts differ in when a day begins: hours lie on a line and every
limit is about consecutive ones, so the constraints are an interval matrix, totally unimodular, and the best total is a
concave function of the number of posts. A price for each post, found by bisection, then makes the dynamic program over
time take exactly as many as are wanted (Lagrangian relaxation, without a gap).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple


class Days(NamedTuple):
    """A limit for each day: the day of every hour, and how many posts still go on a day (one not named: any number)."""

    of: Sequence[int]
    room: Mapping[int, int]


def choose(at: Sequence[int], values: Sequence[int], gap: int, days: Sequence[Days], count: int) -> list[int]:
    """The `count` hours with the largest total value, or as many as fit; of equal choices the earlier hours.

    `at`: their instants in seconds, ascending; between two posts there are at least `gap` seconds. Places in `at`,
    ascending.
    """
    if len(days) <= 1 and all(later - earlier >= gap for earlier, later in pairwise(at)):
        return _one_by_one(values, days, count)
    line = Line.of(at, gap, days)
    count = min(count, _most(line, [0] * len(at), -1)[line.start] % _UNIT)
    return _walk(line, values, _price(line, values, count), count) if count > 0 else []


def _one_by_one(values: Sequence[int], days: Sequence[Days], count: int) -> list[int]:
    chosen: list[int] = []
    used: Counter[int] = Counter()
    of, room = days[0] if days else ([0] * len(values), {})
    for place in sorted(range(len(values)), key=lambda place: (-values[place], place)):
        if len(chosen) >= count:
            break
        day = of[place]
        if used[day] < room.get(day, count):
            used[day] += 1
            chosen.append(place)
    return sorted(chosen)


@dataclass(frozen=True, slots=True)
class Line:
    """The states of the dynamic program, those of the last hour first: which hour is decided in each, and the states
    that leaving it and taking it lead to (-1: its day is full). State 0 is the end."""

    hour: list[int]
    skip: list[int]
    take: list[int]
    start: int

    @classmethod
    def of(cls, at: Sequence[int], gap: int, days: Sequence[Days]) -> Line:
        """The line of some hours. A state of an hour counts, for each of `days`, the posts of its day so far."""
        binding = [_binding(one) for one in days]
        limits = [[one.room.get(day, 0) for day in one.of] for one in binding]
        hour, skip, take, base = [-1], [0], [0], [0] * (len(at) + 1)

        def led(here: int, there: int, more: int) -> list[int]:
            """Where the states of one hour lead; counts go on within a day, and begin again on the next."""
            places = [0]
            for limit, one in zip(limits, binding, strict=True):
                counts = range(limit[here] + 1)
                if there < len(at) and one.of[there] == one.of[here]:
                    places = [
                        place * (limit[there] + 1) + min(n + more, limit[there]) for place in places for n in counts
                    ]
                else:
                    size = limit[there] + 1 if there < len(at) else 1
                    places = [place * size for place in places for _ in counts]
            return [base[there] + place for place in places]

        for here in range(len(at) - 1, -1, -1):
            base[here] = len(hour)
            left = led(here, here + 1, 0)
            taken = led(here, bisect_left(at, at[here] + max(gap, 1), here + 1), 1)
            for place in _full(binding, limits, here):
                taken[place] = -1
            hour += [here] * len(left)
            skip += left
            take += taken
        return cls(hour, skip, take, base[0])


def _binding(days: Days) -> Days:
    """The limit without the days that have no more hours than room, where it never binds."""
    hours = Counter(days.of)
    return Days(days.of, {day: max(room, 0) for day, room in days.room.items() if room < hours[day]})


def _full(days: Sequence[Days], limits: Sequence[Sequence[int]], here: int) -> list[int]:
    """The states of an hour in which one of its days has no room left."""
    full = [False]
    for limit, one in zip(limits, days, strict=True):
        bound = one.of[here] in one.room
        full = [was or (bound and n == limit[here]) for was in full for n in range(limit[here] + 1)]
    return [place for place, is_full in enumerate(full) if is_full]


_UNIT = 1 << 20
"""A total and a number of posts are kept in one integer: total x _UNIT + number (or - number, to have the fewest)."""


def _price(line: Line, values: Sequence[int], count: int) -> int:
    """The highest price of a post at which `count` of them are still among the best choices."""
    low, dear = min(values), max(values) + 1
    while _most(line, values, low)[line.start] % _UNIT < count:
        dear, low = low, low - 2 * (dear - low)
    while dear - low > 1:
        price = (low + dear) // 2
        if _most(line, values, price)[line.start] % _UNIT >= count:
            low = price
        else:
            dear = price
    return low


def _most(line: Line, values: Sequence[int], price: int, sign: int = 1) -> list[int]:
    """For each state the largest total of (value - price) from there on, and with it the largest number of posts; with
    `sign` -1 the smallest."""
    worth = [(value - price) * _UNIT + sign for value in values]
    best = [0]
    for hour, skip, take in zip(line.hour[1:], line.skip[1:], line.take[1:], strict=True):
        left = best[skip]
        if take >= 0 and (taken := best[take] + worth[hour]) > left:
            best.append(taken)
        else:
            best.append(left)
    return best


def _walk(line: Line, values: Sequence[int], price: int, count: int) -> list[int]:
    """The earliest of the best choices at `price` with exactly `count` posts: between the fewest and the most that are
    best from a state on, each number can be had."""
    most, fewest = _most(line, values, price), _most(line, values, price, -1)
    chosen, state = [], line.start
    while count:
        hour, take = line.hour[state], line.take[state]
        best = most[state] // _UNIT
        if (
            take >= 0
            and most[take] // _UNIT + values[hour] - price == best
            and -fewest[take] % _UNIT <= count - 1 <= most[take] % _UNIT
        ):
            chosen.append(hour)
            state, count = take, count - 1
        else:
            state = line.skip[state]
    return chosen
