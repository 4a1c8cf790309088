"""Evaluate each method's recommendation for one account against the truth or against later posts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from statistics import fmean, median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from benchmarks.baselines import Guess, kernel, mean_per_bucket
from benchmarks.real_accounts import Lift, Page, lift, windows
from benchmarks.simulated_accounts import ACCOUNT, NO_EFFECT, SEEN_AT, Account, moved, simulated
from ttp.domain.metrics.sample import Sample
from ttp.domain.optimal.factors import FEWEST_EACH, Factor, classes_of, find_factors, forms_of
from ttp.domain.optimal.features import USUAL_OF_ZEROS, features
from ttp.domain.optimal.free_hours import next_free_hour
from ttp.domain.optimal.recommendation import Evidence, Rating, Recommendation, Signal, rank, recommend

RIVALS: Mapping[str, Callable[..., Guess]] = {"mean per bucket": mean_per_bucket, "kernel": kernel}
MODEL = "model"
VIRAL, VIRAL_AMONG = 100, 300
"""A viral post gets 100 times the likes of the account's best post; tested on accounts with 300 posts."""
ZEROS, JUMP, WAITS = 0.2, 10.0, 4
"""The share of impossible zeros, the jump of the level, and how often the next hour is asked for."""
EVENING = range(17, 24)
"""Hours in which half of the posts hide their likes."""
FACTORLESS_LINES = "accounts with a line about what brought more, and nothing that did"
MOST_COUNTED = 30
"""A window with this many posts in the chosen hours or slots has full weight."""


class Judged(NamedTuple):
    """One measured value of one account. For calibration `value` is 1 or 0 and `score` the predicted probability."""

    measure: str
    posts: int
    method: str
    value: float
    score: float = 1.0
    weight: float = 1.0
    """Weight of the account in the mean over accounts."""


def judge_simulated(seed: int, posts: int, size: str) -> list[Judged]:
    """Measure the efficiency of the best hours and slots, the calibration, and the loss from one viral post."""
    account = simulated(seed, posts, size)
    found = recommend(account.samples, account=ACCOUNT, zone=account.zone)
    guesses = _guesses(account.samples, account.zone, ACCOUNT, found)
    judged = []
    for name, guessed in guesses.items():
        for what, truth, ranked, top in (
            ("top 5 hours", account.hour_values, guessed.hours, 5),
            ("best weekly slot", account.slot_values, guessed.slots, 1),
            ("top 10 weekly slots", account.slot_values, guessed.slots, 10),
        ):
            judged.append(Judged(f"efficiency of the {what}, {size}", posts, name, _efficiency(truth, ranked, top)))
    judged.append(Judged(f"accounts called `ok`, {size}", posts, MODEL, found.signal is Signal.OK))
    judged += _calibration(account, found, posts, size)
    return judged + _viral(account, guesses, seed, posts) if posts == VIRAL_AMONG else judged


def judge_no_effect(seed: int, posts: int) -> list[Judged]:
    """Measure how often evidence is claimed for an account whose hours are all equal."""
    account = simulated(seed, posts, NO_EFFECT)
    found = recommend(account.samples, account=ACCOUNT, zone=account.zone)
    some = found.evidence in (Evidence.SOME, Evidence.STRONG)
    return [
        Judged("accounts without any effect called `ok`", posts, MODEL, found.signal is Signal.OK),
        Judged("accounts without any effect with evidence `some` or `strong`", posts, MODEL, some),
    ]


def judge_factors(seed: int, posts: int, size: str) -> list[Judged]:
    """Measure how often a line is shown for an account whose kinds, lengths and pauses change nothing."""
    account = simulated(seed, posts, size, of_kinds=0.0)
    lines = find_factors(account.samples, account=ACCOUNT, zone=account.zone).lines
    return [Judged(f"{FACTORLESS_LINES}, {size}", posts, MODEL, bool(lines))]


def judge_lines(page: Page, posts: int) -> list[Judged]:
    """Measure how often a real account gets a line, how often one holds later, and how much of what it says comes.

    A line holds if later posts of its class have more log engagement than all later ones (of their kind, for lengths).
    """
    judged = []
    for window in windows(page, posts):
        lines = find_factors(window.known, account=page.account, zone=page.zone).lines
        judged.append(Judged("real accounts with a line about what brought more", posts, MODEL, bool(lines)))
        later = features(window.held_out, account=page.account, zone=page.zone)
        places = classes_of(later, forms_of(later, window.held_out))
        for line in lines:
            inside = [one.engagement for one, of_post in zip(later, places, strict=True) if line.place in of_post]
            usual = [
                one.engagement for one in later if line.place.factor is not Factor.LENGTH or one.kind == line.place.kind
            ]
            if FEWEST_EACH <= len(inside) <= len(usual) - FEWEST_EACH:
                came, what = fmean(inside) - fmean(usual), line.place.factor.value
                judged += [Judged(f"lines that hold later: {name}", posts, MODEL, came > 0) for name in (what, "all")]
                judged.append(Judged(f"lines, predicted: {what}", posts, MODEL, math.log1p(line.uplift)))
                judged.append(Judged(f"lines, later: {what}", posts, MODEL, came))
    return judged


def judge_hidden(seed: int, posts: int, size: str) -> list[Judged]:
    """Measure the efficiency if half of the evening posts hide their likes."""
    account, random = simulated(seed, posts, size), Random(seed)
    samples = [
        replace(one, likes=None)
        if one.published_at.astimezone(account.zone).hour in EVENING and random.random() < 0.5
        else one
        for one in account.samples
    ]
    found = recommend(samples, account=ACCOUNT, zone=account.zone)
    measure = f"efficiency of the top 5 hours, {size}, likes hidden on half of the evening's posts"
    return [
        Judged(measure, posts, name, _efficiency(account.hour_values, guessed.hours, 5))
        for name, guessed in _guesses(samples, account.zone, ACCOUNT, found).items()
    ]


def judge_zeros(seed: int, posts: int, size: str) -> list[Judged]:
    """Measure the efficiency lost if a fifth of the posts, of an account with many likes, have none at all."""
    account, random = simulated(seed, posts, size), Random(seed)
    if median(sample.engagement or 0 for sample in account.samples) < USUAL_OF_ZEROS:
        return []
    samples = [
        replace(one, likes=0, comments=0, shares=0) if random.random() < ZEROS else one for one in account.samples
    ]
    clean, spoilt = (
        _guesses(some, account.zone, ACCOUNT, recommend(some, account=ACCOUNT, zone=account.zone))
        for some in (account.samples, samples)
    )
    truth = account.hour_values
    return [
        Judged(
            f"efficiency lost by a fifth of impossible zeros, {size}",
            posts,
            name,
            _efficiency(truth, guessed.hours, 5) - _efficiency(truth, spoilt[name].hours, 5),
        )
        for name, guessed in clean.items()
    ]


def judge_jump(seed: int, posts: int) -> list[Judged]:
    """Measure how often an account without any effect, which grows tenfold when its habits change, is called `ok`."""
    found = recommend(moved(seed, posts, JUMP), account=ACCOUNT, zone=ZoneInfo("UTC"))
    claimed = math.log1p(found.best_hours[0].uplift)
    return [
        Judged("tenfold jump without any effect: called `ok`", posts, MODEL, found.signal is Signal.OK),
        Judged("tenfold jump without any effect: claimed log gain of the best hour", posts, MODEL, claimed),
    ]


def judge_wait(seed: int, posts: int, size: str) -> list[Judged]:
    """Measure how long the next hour lets an account without planned posts wait, and its true gain."""
    account, random = simulated(seed, posts, size), Random(seed)
    found = recommend(account.samples, account=ACCOUNT, zone=account.zone)
    judged = []
    for _ in range(WAITS):
        now = SEEN_AT + timedelta(hours=random.uniform(0, 168))
        (hour,) = next_free_hour([found], now=now, busy={}, min_gap_s=3600.0)
        wait, local = (hour.at - now) / timedelta(hours=1), hour.at.astimezone(account.zone)
        judged += [
            Judged(f"hours until `next`, {size}", posts, MODEL, wait),
            Judged(f"share of `next` within 24 hours, {size}", posts, MODEL, wait < 24),
            Judged(f"true log gain of `next`, {size}", posts, MODEL, account.slots[24 * local.weekday() + local.hour]),
        ]
    return judged


def _viral(account: Account, guesses: Mapping[str, Guess], seed: int, posts: int) -> list[Judged]:
    """Measure the efficiency lost if one post gets a hundred times the likes of the best post."""
    most = max(sample.likes or 0 for sample in account.samples)
    lucky = Random(seed).randrange(posts)
    samples = [replace(one, likes=VIRAL * max(most, 1)) if i == lucky else one for i, one in enumerate(account.samples)]
    again = _guesses(samples, account.zone, ACCOUNT, recommend(samples, account=ACCOUNT, zone=account.zone))
    truth = account.hour_values
    return [
        Judged(
            "efficiency lost by one viral post",
            posts,
            name,
            _efficiency(truth, guessed.hours, 5) - _efficiency(truth, again[name].hours, 5),
        )
        for name, guessed in guesses.items()
    ]


def _calibration(account: Account, found: Recommendation, posts: int, size: str) -> Iterator[Judged]:
    truly_best = _top(account.hour_values, 5)
    average = fmean(account.slots)
    for hour in found.hours:
        yield Judged(f"calibration error of `score`, {size}", posts, MODEL, hour.hour in truly_best, hour.score)
    for hour in found.best_hours:
        effect = fmean(account.slots[hour.hour or 0 :: 24]) - average
        inside = math.log1p(hour.low) <= effect <= math.log1p(hour.high)
        yield Judged(f"truth inside `low` to `high` of the top 5 hours (0.8), {size}", posts, MODEL, inside)
        yield Judged(f"`uplift` of the top 5 hours, {size}: predicted", posts, MODEL, math.log1p(hour.uplift))
        yield Judged(f"`uplift` of the top 5 hours, {size}: true", posts, MODEL, effect)


def judge_page(page: Page, posts: int) -> list[Judged]:
    """Measure the lift of later posts for each method, averaged over the windows of the account's history.

    Reported twice: with equal weights for all accounts, and weighted by the number of compared posts.
    """
    lifts: dict[tuple[str, str], list[Lift]] = {}
    said: list[float] = []
    for window in windows(page, posts):
        held_out = features(window.held_out, account=page.account, zone=page.zone)
        found = recommend(window.known, account=page.account, zone=page.zone)
        for name, guessed in _guesses(window.known, page.zone, page.account, found).items():
            for what, place, ranked, top in (
                ("top 5 hours", "hour", guessed.hours, 5),
                ("top 10 weekly slots", "slot", guessed.slots, 10),
            ):
                lifted = lift(held_out, _top(ranked, top), place)
                if lifted is not None:
                    lifts.setdefault((what, name), []).append(lifted)
        rest = fmean(math.log1p(hour.uplift) for hour in found.hours if hour not in found.best_hours)
        said.append(fmean(math.log1p(hour.uplift) for hour in found.best_hours) - rest)
    judged = [Judged("predicted lift", posts, MODEL, fmean(said))] if said else []
    for (what, name), of_windows in lifts.items():
        alike, weights = [min(one.inside, MOST_COUNTED) for one in of_windows], [one.posts for one in of_windows]
        judged.append(Judged(f"lift of the {what}", posts, name, _mean(of_windows, alike)))
        by_posts = _mean(of_windows, weights)
        judged.append(Judged(f"lift of the {what}, accounts by posts", posts, name, by_posts, weight=fmean(weights)))
    return judged


def _mean(lifts: Sequence[Lift], weights: Sequence[float]) -> float:
    return fmean([one.gain for one in lifts], weights)


def guess(found: Recommendation) -> Guess:
    """Return the recommendation of ttp as a ranking."""
    return Guess(_worth(found.hours), _worth(found.slots))


def _worth(ratings: Sequence[Rating]) -> list[float]:
    worth = [0.0] * len(ratings)
    for place, one in enumerate(rank(ratings)):
        worth[24 * (one.day or 0) + (one.hour or 0)] = -place
    return worth


def _guesses(samples: Sequence[Sample], zone: ZoneInfo, account: str, found: Recommendation) -> dict[str, Guess]:
    rows = features(samples, account=account, zone=zone)
    return {name: rival(rows) for name, rival in RIVALS.items()} | {MODEL: guess(found)}


def _top(values: Sequence[float], many: int) -> set[int]:
    return set(sorted(range(len(values)), key=lambda place: -values[place])[:many])


def _efficiency(truth: Sequence[float], guessed: Sequence[float], top: int) -> float:
    return sum(truth[place] for place in _top(guessed, top)) / sum(truth[place] for place in _top(truth, top))
