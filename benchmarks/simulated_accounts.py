"""Simulated accounts: the true engagement of each hour of the week, and posts drawn from it.

Everything is determined by a seed. The simulation shares no assumption with the model that it tests: its curves are
bumps instead of waves, its counts have a different noise, and its posting habits follow those of people.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import fmean, pstdev
from zoneinfo import ZoneInfo

from ttp.domain.metrics.sample import Sample

ACCOUNT = "instagram/simulated"
ZONES = (
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Africa/Nairobi",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Sydney",
)
SIZES = {"strong": (0.55, 0.15), "realistic": (0.17, 0.05)}
"""Median standard deviation of the log effects of hours and of days."""
NO_EFFECT = "none"
"""The size of an account whose hours are all equal."""
SEEN_AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
"""Time of the one snapshot of all posts: a week after the end of daylight saving time in Europe."""
_KINDS = ("text", "image", "video")

Curve = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Account:
    """A simulated account with its true effects and its samples."""

    zone: ZoneInfo
    slots: list[float]
    """Log engagement of each hour of the week, Monday 0:00 first."""
    samples: list[Sample]

    @property
    def slot_values(self) -> list[float]:
        """Relative engagement of each slot."""
        return [math.exp(effect) for effect in self.slots]

    @property
    def hour_values(self) -> list[float]:
        """Relative engagement of each hour, averaged over the days."""
        values = self.slot_values
        return [fmean(values[hour::24]) for hour in range(24)]


def simulated(seed: int, posts: int, size: str, *, of_kinds: float = 0.5) -> Account:
    """Return an account with this many posts and effects of `strong`, `realistic` or `none` size. `of_kinds`: the sd of
    the log effects of kinds."""
    random = Random(f"{size} {posts} {seed}")
    zone = ZoneInfo(random.choice(ZONES))
    slots = _truth(random, size)
    samples = _samples(random, zone, slots, posts, of_kinds)
    return Account(zone, slots, _with_texts(samples, Random(f"texts {size} {posts} {seed}")))


def moved(seed: int, posts: int, jump: float) -> list[Sample]:
    """Return posts of an account without any effect that moves from mornings to evenings at some
    post of the middle third, and from then on gets `jump` times as much."""
    random = Random(f"moved {posts} {seed}")
    noise, level, change = random.uniform(0.4, 1.0), math.log(random.uniform(30, 1000)), random.uniform(1 / 3, 2 / 3)
    mornings, evenings = (range(first, first + 4) for first in (random.randrange(6, 10), random.randrange(16, 20)))
    samples = []
    for number in range(posts):
        has_moved = number >= change * posts
        hour = random.choice(evenings if has_moved else mornings) if random.random() < 0.95 else random.randrange(24)
        at = SEEN_AT - timedelta(days=posts - number + 7)
        at = at.replace(hour=hour, minute=random.randrange(60))
        likes = _count(random, math.exp(level + random.gauss(0, noise) + math.log(jump) * has_moved))
        samples.append(Sample(ACCOUNT, f"p{number}", at, SEEN_AT, likes, 0, 0))
    return samples


# --- true effects ---


def _bump(at: float, width: float) -> Curve:
    """Return a bump with height 1 over the clock, periodic at midnight."""
    return lambda hour: math.exp((math.cos(2 * math.pi * (hour - at) / 24) - 1) * (24 / (2 * math.pi * width)) ** 2)


def _curve(random: Random) -> tuple[str, Curve]:
    name = random.choice(("evening", "double", "flat", "night", "lunch", "weekend-shifted", "morning"))
    near, width = random.gauss(0, 1), random.uniform(0.9, 2.5)
    if name == "double":
        first, second = _bump(8 + near, width), _bump(19.5 + random.gauss(0, 1), width)
        share = random.uniform(0.5, 1.1)
        return name, lambda hour: share * first(hour) + second(hour)
    if name == "flat":
        low = _bump(4 + near, 3)
        return name, lambda hour: -0.15 * low(hour)
    tops = {"evening": 20.0, "night": 23.5, "lunch": 12.5, "weekend-shifted": 18.0, "morning": 8.0}
    top = _bump(tops[name] + near, width)
    return name, top


def _truth(random: Random, size: str) -> list[float]:
    """Return the log effect of each slot: of hours and days, and in most accounts a smooth interaction of both."""
    of_hours, of_days = SIZES.get(size, (0.0, 0.0))
    name, curve = _curve(random)
    asleep = _bump(4 + random.gauss(0, 1), 3)
    depth = random.uniform(0, 0.6) if name != "night" else 0.0
    shift = random.uniform(2, 5) * random.choice((-1, 1)) if name == "weekend-shifted" else 0.0
    rough = [random.gauss(0, 1) for _ in range(24)]
    hours = [
        [curve(hour - shift * (day > 4)) - depth * asleep(hour) + 0.06 * rough[hour] for hour in range(24)]
        for day in range(7)
    ]
    sd = of_hours * math.exp(random.gauss(0, 0.35)) * (0.3 if name == "flat" else 1)
    scale = sd / pstdev(fmean(day[hour] for day in hours) for hour in range(24))
    days = [random.gauss(0, of_days) for _ in range(7)]
    mixed = _mixed(random) if random.random() < 0.75 else [0.0] * 168
    slots = [
        scale * hours[day][hour] + days[day] + 0.45 * sd * mixed[24 * day + hour]
        for day in range(7)
        for hour in range(24)
    ]
    average = fmean(slots)
    return [slot - average for slot in slots]


def _mixed(random: Random) -> list[float]:
    """Return a smooth interaction of day and hour with unit standard deviation and no effect of the hour alone.

    Half of them change slowly from day to day; in the other half each day is independent.
    """
    slowly = random.random() < 0.5
    waves = []
    for k in (1, 2, 3):
        if slowly:
            turns = [(random.gauss(0, 1), random.gauss(0, 1), random.choice((-1, 1))) for _ in range(2)]
            waves.append(
                [[sum(a * math.cos(sign * 2 * math.pi * day / 7) for a, _, sign in turns) / k,
                  sum(b * math.sin(sign * 2 * math.pi * day / 7) for _, b, sign in turns) / k] for day in range(7)]
            )  # fmt: skip
        else:
            waves.append([[random.gauss(0, 1) / k, random.gauss(0, 1) / k] for _ in range(7)])
    surface = [
        [
            sum(
                c[day][0] * math.cos(2 * math.pi * k * hour / 24) + c[day][1] * math.sin(2 * math.pi * k * hour / 24)
                for k, c in enumerate(waves, start=1)
            )
            for hour in range(24)
        ]
        for day in range(7)
    ]
    usual = [fmean(day[hour] for day in surface) for hour in range(24)]
    flat = [day[hour] - usual[hour] for day in surface for hour in range(24)]
    sd = pstdev(flat)
    return [value / sd for value in flat]


# --- posts and their counts ---


def _samples(random: Random, zone: ZoneInfo, slots: list[float], posts: int, of_kinds: float) -> list[Sample]:
    times = _times(random, zone, posts)
    base = math.exp(random.uniform(math.log(1.5), math.log(3000)))
    growth, bent = math.exp(random.uniform(0, math.log(10))), random.uniform(0.6, 1.6)
    quality, viral = random.uniform(0.6, 1.3), random.uniform(0.01, 0.05)
    half_life = timedelta(hours=math.exp(random.uniform(math.log(0.4), math.log(24))))
    more = {kind: random.gauss(0, of_kinds) for kind in _KINDS}
    tied = random.random() < 0.6
    favourite = [random.choice(_KINDS) for _ in range(4)]
    samples = []
    for number, at in enumerate(times):
        local = at.astimezone(zone)
        of_hour = favourite[local.hour // 6]
        kind = of_hour if tied and random.random() < 0.7 else random.choice(_KINDS)
        level = math.log(base) + math.log(growth) * (number / posts) ** bent + more[kind]
        level += slots[24 * local.weekday() + local.hour] + random.gauss(0, quality)
        if random.random() < viral:
            level += random.uniform(math.log(5), math.log(50))
        collected = 1 - 0.5 ** ((SEEN_AT - at) / half_life)
        likes, comments, shares = (_count(random, share * collected * math.exp(level)) for share in (0.8, 0.12, 0.08))
        samples.append(Sample(ACCOUNT, f"p{number}", at, SEEN_AT, likes, comments, shares, kind=kind))
    return samples


def _with_texts(samples: list[Sample], random: Random) -> list[Sample]:
    """Return the samples with texts that change nothing: of a usual length for each kind, every fourth with a link in
    half of the accounts."""
    usual, links = {kind: random.uniform(3.2, 5.2) for kind in _KINDS}, random.choice((0.0, 0.25))
    return [
        replace(
            one,
            text=("https://example.org " if random.random() < links else "")
            + "x" * round(math.exp(random.gauss(usual[one.kind or "text"], 0.6))),
        )
        for one in samples
    ]


def _count(random: Random, mean: float) -> int:
    """Return a Poisson count: by multiplication, or from a normal distribution if the mean is large."""
    if mean > 60:
        return max(0, round(random.gauss(mean, math.sqrt(mean))))
    below, product, count = math.exp(-mean), random.random(), 0
    while product > below:
        product *= random.random()
        count += 1
    return count


def _times(random: Random, zone: ZoneInfo, posts: int) -> list[datetime]:
    """Return the times of publishing, oldest first. Half of the accounts change their habit midway."""
    first, second = _habit(random), _habit(random)
    switches = random.random() < 0.75
    a_day = math.exp(random.uniform(math.log(0.4), math.log(6)))
    times: list[datetime] = []
    day = SEEN_AT.astimezone(zone).date()
    while len(times) < posts:
        weights = second if switches and len(times) < posts / 2 else first
        for _ in range(int(a_day) + (random.random() < a_day % 1)):
            place = random.choices(range(168), weights)[0]
            if place // 24 != day.weekday():
                # Use the habit of that day. Days without posts stay empty.
                today = weights[24 * day.weekday() : 24 * day.weekday() + 24]
                if random.random() > sum(today) / (sum(weights) / 7):
                    continue
                place = 24 * day.weekday() + random.choices(range(24), today)[0]
            moment = timedelta(hours=place % 24, minutes=random.randrange(60))
            wall = datetime(day.year, day.month, day.day, tzinfo=zone) + moment
            if wall.astimezone(UTC) < SEEN_AT:
                times.append(wall.astimezone(UTC))
        day -= timedelta(days=1)
    return sorted(times[:posts])


def _habit(random: Random) -> list[float]:
    """Return how often the account posts in each hour of the week."""
    name = random.choice(("office", "few slots", "broad"))
    if name == "office":
        opens, closes, weekend = random.randrange(7, 10), random.randrange(16, 20), random.uniform(0, 0.3)
        usual = [1.0 if opens <= hour < closes else 0.04 for hour in range(24)]
        return [share * (weekend if day > 4 else 1) for day in range(7) for share in usual]
    if name == "few slots":
        chosen = random.sample(range(6, 24), random.randrange(3, 6))
        return [1.0 if hour in chosen else 0.06 for _ in range(7) for hour in range(24)]
    wakes = random.randrange(5, 9)
    usual = [0.15 if (hour - wakes) % 24 > 17 else random.uniform(0.5, 1.5) for hour in range(24)]
    return [usual[hour] * random.uniform(0.7, 1.3) for _ in range(7) for hour in range(24)]
