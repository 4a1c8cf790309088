"""Find the best hours for any number of posts to the same accounts, exactly.

Such posts are interchangeable, so only the set of hours matters. If hours are at least the gap apart, only days limit
them: the allowed sets form a matroid, and greedily adding the best hour that fits is optimal (Rado, 1957). Otherwise,
hours lie on a line and every limit concerns consecutive hours. The constraints are an interval matrix, which is totally
unimodular, so the best total is a concave function of the number of posts. A price per post, found by bisection, makes
the dynamic program over time choose the wanted number (Lagrangian relaxation without a duality gap).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple


class Days(NamedTuple):
    """The day of every hour, and how many posts a day still has room for (without an entry: any number)."""

    of: Sequence[int]
    room: Mapping[int, int]


def choose(at: Sequence[int], values: Sequence[int], gap: int, days: Sequence[Days], count: int) -> list[int]:
    """Return the indexes of the `count` hours with the largest total, or as many as fit; of equal ones the earlier.
    `at`: instants of the hours in seconds, ascending. Two posts are at least `gap` seconds apart."""
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
    """The states of the dynamic program, last hour first. Each has its hour, and the states after skipping and after
    taking it (-1: its day is full). State 0 is the end."""

    hour: list[int]
    skip: list[int]
    take: list[int]
    start: int

    @classmethod
    def of(cls, at: Sequence[int], gap: int, days: Sequence[Days]) -> Line:
        """Build the states of some hours. A state counts, for each of `days`, the posts of its day so far."""
        binding = [_binding(one) for one in days]
        limits = [[one.room.get(day, 0) for day in one.of] for one in binding]
        hour, skip, take, base = [-1], [0], [0], [0] * (len(at) + 1)

        def led(here: int, there: int, more: int) -> list[int]:
            """Return the states that follow those of an hour; counts continue within a day and restart on the next."""
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
            skips = led(here, here + 1, 0)
            takes = led(here, bisect_left(at, at[here] + max(gap, 1), here + 1), 1)
            for place in _full(binding, limits, here):
                takes[place] = -1
            hour += [here] * len(skips)
            skip += skips
            take += takes
        return cls(hour, skip, take, base[0])


def _binding(days: Days) -> Days:
    """Return the limits that matter: of days with more hours than room."""
    hours = Counter(days.of)
    return Days(days.of, {day: max(room, 0) for day, room in days.room.items() if room < hours[day]})


def _full(days: Sequence[Days], limits: Sequence[Sequence[int]], here: int) -> list[int]:
    """Return the states of an hour in which one of its days is full."""
    full = [False]
    for limit, one in zip(limits, days, strict=True):
        bound = one.of[here] in one.room
        full = [was or (bound and n == limit[here]) for was in full for n in range(limit[here] + 1)]
    return [place for place, is_full in enumerate(full) if is_full]


_UNIT = 1 << 20
"""One integer holds a total and a number of posts: total x _UNIT + number (or - number, to prefer the fewest)."""


def _price(line: Line, values: Sequence[int], count: int) -> int:
    """Return the highest price per post at which some best choice has `count` posts."""
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
    """Return for each state the largest total of (value - price) from there on, with the largest number of posts that
    reaches it; with `sign` -1 the smallest number."""
    worth = [(value - price) * _UNIT + sign for value in values]
    best = [0]
    for hour, skip, take in zip(line.hour[1:], line.skip[1:], line.take[1:], strict=True):
        skip_total = best[skip]
        if take >= 0 and (take_total := best[take] + worth[hour]) > skip_total:
            best.append(take_total)
        else:
            best.append(skip_total)
    return best


def _walk(line: Line, values: Sequence[int], price: int, count: int) -> list[int]:
    """Return the earliest best choice at `price` with exactly `count` posts. From a state on, every number between the
    fewest and the most has a best choice."""
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
