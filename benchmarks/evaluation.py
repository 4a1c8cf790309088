"""Evaluate the recommendation for one account against the truth or against later posts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from statistics import fmean, median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from benchmarks.real_accounts import Lift, Page, lift, windows
from benchmarks.simulated_accounts import ACCOUNT, NO_EFFECT, SEEN_AT, Account, moved, simulated
from ttp.domain.metrics.sample import Sample
from ttp.domain.optimal.factors import FEWEST_EACH, Factor, classes_of, find_factors, forms_of
from ttp.domain.optimal.features import USUAL_OF_ZEROS, features
from ttp.domain.optimal.free_hours import next_free_hour
from ttp.domain.optimal.recommendation import Evidence, Rating, Recommendation, Signal, rank, recommend

VIRAL = 100
"""A viral post gets 100 times the likes of the account's best post."""
ZEROS, JUMP, WAITS = 0.2, 10.0, 4
"""The share of impossible zeros, the jump of the level, and how often the next hour is asked for."""
FACTORLESS_LINES = "accounts with a line about what brought more, and nothing that did"
MOST_COUNTED = 30
"""A window with this many posts in the chosen hours or slots has full weight."""


class Judged(NamedTuple):
    """One measured value of one account. For calibration `value` is 1 or 0 and `score` the predicted probability."""

    measure: str
    posts: int
    value: float
    score: float = 1.0


def judge_simulated(seed: int, posts: int, size: str) -> list[Judged]:
    """Measure the efficiency of the best hours and slots, the calibration, and what spoilt samples cost."""
    account = simulated(seed, posts, size)
    advice = _recommend(account, account.samples)
    usual = _efficiency(account.hour_values, _worth(advice.hours), 5)
    slots = _worth(advice.slots)
    judged = [
        Judged(f"efficiency of the top 5 hours, {size}", posts, usual),
        Judged(f"efficiency of the best weekly slot, {size}", posts, _efficiency(account.slot_values, slots, 1)),
        Judged(f"efficiency of the top 10 weekly slots, {size}", posts, _efficiency(account.slot_values, slots, 10)),
        Judged(f"accounts called `ok`, {size}", posts, advice.signal is Signal.OK),
        *_calibration(account, advice, posts, size),
    ]
    for what, spoil in _SPOILT.items():
        samples = spoil(account, Random(seed))
        if samples is not None:
            hours = _worth(_recommend(account, samples).hours)
            lost = usual - _efficiency(account.hour_values, hours, 5)
            judged.append(Judged(f"efficiency lost by {what}, {size}", posts, lost))
    return judged


def _one_viral(account: Account, random: Random) -> list[Sample]:
    most = max(sample.likes or 0 for sample in account.samples)
    lucky = random.randrange(len(account.samples))
    return [replace(one, likes=VIRAL * max(most, 1)) if i == lucky else one for i, one in enumerate(account.samples)]


def _with_zeros(account: Account, random: Random) -> list[Sample] | None:
    if median(sample.engagement or 0 for sample in account.samples) < USUAL_OF_ZEROS:
        return None
    return [replace(one, likes=0, comments=0, shares=0) if random.random() < ZEROS else one for one in account.samples]


_SPOILT: Mapping[str, Callable[[Account, Random], list[Sample] | None]] = {
    "one viral post": _one_viral,
    "a fifth of impossible zeros": _with_zeros,
}


def judge_no_effect(seed: int, posts: int) -> list[Judged]:
    """Measure how often evidence is claimed for an account whose hours are all equal: also for one that grows tenfold
    when its habits change."""
    account = simulated(seed, posts, NO_EFFECT)
    advice = _recommend(account, account.samples)
    jumped = recommend(moved(seed, posts, JUMP), account=ACCOUNT, zone=ZoneInfo("UTC"))
    claimed = math.log1p(jumped.best_hours[0].uplift)
    some = advice.evidence in (Evidence.SOME, Evidence.STRONG)
    return [
        Judged("accounts without any effect called `ok`", posts, advice.signal is Signal.OK),
        Judged("accounts without any effect with evidence `some` or `strong`", posts, some),
        Judged("tenfold jump without any effect: called `ok`", posts, jumped.signal is Signal.OK),
        Judged("tenfold jump without any effect: claimed log gain of the best hour", posts, claimed),
    ]


def judge_factors(seed: int, posts: int, size: str) -> list[Judged]:
    """Measure how often a line is shown for an account whose kinds, lengths and pauses change nothing."""
    account = simulated(seed, posts, size, of_kinds=0.0)
    lines = find_factors(account.samples, account=ACCOUNT, zone=account.zone).lines
    return [Judged(f"{FACTORLESS_LINES}, {size}", posts, bool(lines))]


def judge_lines(page: Page, posts: int) -> list[Judged]:
    """Measure how often a real account gets a line, how often one holds later, and how much of what it says comes.

    A line holds if later posts of its class have more log engagement than all later ones (of their kind, for lengths).
    """
    judged = []
    for window in windows(page, posts):
        lines = find_factors(window.known, account=page.account, zone=page.zone).lines
        judged.append(Judged("real accounts with a line about what brought more", posts, bool(lines)))
        later = features(window.held_out, account=page.account, zone=page.zone)
        places = classes_of(later, forms_of(later, window.held_out))
        for line in lines:
            inside = [one.engagement for one, of_post in zip(later, places, strict=True) if line.place in of_post]
            usual = [
                one.engagement for one in later if line.place.factor is not Factor.LENGTH or one.kind == line.place.kind
            ]
            if FEWEST_EACH <= len(inside) <= len(usual) - FEWEST_EACH:
                came, what = fmean(inside) - fmean(usual), line.place.factor.value
                judged += [Judged(f"lines that hold later: {name}", posts, came > 0) for name in (what, "all")]
                judged.append(Judged(f"lines, predicted: {what}", posts, math.log1p(line.uplift)))
                judged.append(Judged(f"lines, later: {what}", posts, came))
    return judged


def judge_wait(seed: int, posts: int, size: str) -> list[Judged]:
    """Measure how long the next hour lets an account without planned posts wait, and its true gain."""
    account, random = simulated(seed, posts, size), Random(seed)
    advice = _recommend(account, account.samples)
    judged = []
    for _ in range(WAITS):
        now = SEEN_AT + timedelta(hours=random.uniform(0, 168))
        (hour,) = next_free_hour([advice], now=now, busy={}, min_gap_s=3600.0)
        wait, local = (hour.at - now) / timedelta(hours=1), hour.at.astimezone(account.zone)
        judged += [
            Judged(f"hours until `next`, {size}", posts, wait),
            Judged(f"share of `next` within 24 hours, {size}", posts, wait < 24),
            Judged(f"true log gain of `next`, {size}", posts, account.slots[24 * local.weekday() + local.hour]),
        ]
    return judged


def _calibration(account: Account, advice: Recommendation, posts: int, size: str) -> Iterator[Judged]:
    truly_best = _top(account.hour_values, 5)
    average = fmean(account.slots)
    for hour in advice.hours:
        yield Judged(f"calibration error of `score`, {size}", posts, hour.hour in truly_best, hour.score)
    for hour in advice.best_hours:
        effect = fmean(account.slots[hour.hour or 0 :: 24]) - average
        inside = math.log1p(hour.low) <= effect <= math.log1p(hour.high)
        yield Judged(f"truth inside `low` to `high` of the top 5 hours (0.8), {size}", posts, inside)
        yield Judged(f"`uplift` of the top 5 hours, {size}: predicted", posts, math.log1p(hour.uplift))
        yield Judged(f"`uplift` of the top 5 hours, {size}: true", posts, effect)


def judge_page(page: Page, posts: int) -> list[Judged]:
    """Measure the lift of later posts, averaged over the windows of the account's history."""
    lifts: dict[str, list[Lift]] = {}
    predicted: list[float] = []
    for window in windows(page, posts):
        held_out = features(window.held_out, account=page.account, zone=page.zone)
        advice = recommend(window.known, account=page.account, zone=page.zone)
        for what, place, ratings, top in (
            ("top 5 hours", "hour", advice.hours, 5),
            ("top 10 weekly slots", "slot", advice.slots, 10),
        ):
            lifted = lift(held_out, _top(_worth(ratings), top), place)
            if lifted is not None:
                lifts.setdefault(what, []).append(lifted)
        rest = fmean(math.log1p(hour.uplift) for hour in advice.hours if hour not in advice.best_hours)
        predicted.append(fmean(math.log1p(hour.uplift) for hour in advice.best_hours) - rest)
    judged = [Judged("predicted lift", posts, fmean(predicted))] if predicted else []
    for what, of_windows in lifts.items():
        weights = [min(one.inside, MOST_COUNTED) for one in of_windows]
        judged.append(Judged(f"lift of the {what}", posts, fmean([one.gain for one in of_windows], weights)))
    return judged


def _recommend(account: Account, samples: Sequence[Sample]) -> Recommendation:
    return recommend(samples, account=ACCOUNT, zone=account.zone)


def _worth(ratings: Sequence[Rating]) -> list[float]:
    """Return the ratings by their hours or slots, as a ranking."""
    worth = [0.0] * len(ratings)
    for place, one in enumerate(rank(ratings)):
        worth[24 * (one.day or 0) + (one.hour or 0)] = -place
    return worth


def _top(values: Sequence[float], many: int) -> set[int]:
    return set(sorted(range(len(values)), key=lambda place: -values[place])[:many])


def _efficiency(truth: Sequence[float], ranked: Sequence[float], top: int) -> float:
    return sum(truth[place] for place in _top(ranked, top)) / sum(truth[place] for place in _top(truth, top))
