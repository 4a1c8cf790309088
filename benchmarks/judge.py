"""One account judged: what each method recommends of it, against the truth or against later posts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from statistics import fmean
from typing import NamedTuple
from zoneinfo import ZoneInfo

from benchmarks.accounts import ACCOUNT, Account, simulated
from benchmarks.pages import Page, lift, windows
from benchmarks.rivals import Guess, kernel, mean_per_bucket
from ttp.domain.optimal import Rating, Recommendation, best, recommend
from ttp.domain.optimal.features import features
from ttp.domain.sample import Sample

RIVALS: Mapping[str, Callable[..., Guess]] = {"mean per bucket": mean_per_bucket, "kernel": kernel}
MODEL = "model"
VIRAL, VIRAL_AMONG = 100, 300
"""Times the most that any post of the account has collected; and the posts it is one of."""


class Judged(NamedTuple):
    """One value of one account. Calibration: value is 1 or 0, and `score` what was said."""

    measure: str
    posts: int
    method: str
    value: float
    score: float = 1.0


def judge_simulated(seed: int, posts: int, size: str) -> list[Judged]:
    """Efficiency of the five hours, the best slot and the ten; calibration; what one viral post costs."""
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
    judged += _calibration(account, found, posts, size)
    return judged + _viral(account, guesses, seed, posts) if posts == VIRAL_AMONG else judged


def _viral(account: Account, guesses: Mapping[str, Guess], seed: int, posts: int) -> list[Judged]:
    """What the same account loses where one of its posts collected a hundred times what the best did."""
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
        yield Judged(f"`uplift` of the top 5 hours, {size}: said", posts, MODEL, math.log1p(hour.uplift))
        yield Judged(f"`uplift` of the top 5 hours, {size}: true", posts, MODEL, effect)


def judge_page(page: Page, posts: int) -> list[Judged]:
    """The lift on what came next, for each method, the mean over the stretches of the account's history."""
    values: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for window in windows(page, posts):
        held_out = features(window.held_out, account=page.account, zone=page.zone)
        found = recommend(window.known, account=page.account, zone=page.zone)
        for name, guessed in _guesses(window.known, page.zone, page.account, found).items():
            for what, ranked, top in (("hour", guessed.hours, 5), ("slot", guessed.slots, 10)):
                lifted = lift(held_out, _top(ranked, top), what)
                if lifted is not None:
                    values.setdefault((what, name), []).append(lifted)
        said = fmean(math.log1p(hour.uplift) for hour in found.best_hours)
        rest = fmean(math.log1p(hour.uplift) for hour in found.hours if hour not in found.best_hours)
        values.setdefault(("said", MODEL), []).append((said - rest, 1))
    named = {"hour": "lift of the top 5 hours", "slot": "lift of the top 10 weekly slots", "said": "lift that was said"}
    return [
        Judged(named[what], posts, name, sum(v * w for v, w in of_windows) / sum(w for _, w in of_windows))
        for (what, name), of_windows in values.items()
    ]


def guess(found: Recommendation) -> Guess:
    """What the program recommends, in its order."""
    return Guess(_worth(found.hours), _worth(found.slots))


def _worth(ratings: Sequence[Rating]) -> list[float]:
    worth = [0.0] * len(ratings)
    for place, one in enumerate(best(ratings)):
        worth[24 * (one.day or 0) + (one.hour or 0)] = -place
    return worth


def _guesses(samples: Sequence[Sample], zone: ZoneInfo, account: str, found: Recommendation) -> dict[str, Guess]:
    rows = features(samples, account=account, zone=zone)
    return {name: rival(rows) for name, rival in RIVALS.items()} | {MODEL: guess(found)}


def _top(values: Sequence[float], many: int) -> set[int]:
    return set(sorted(range(len(values)), key=lambda place: -values[place])[:many])


def _efficiency(truth: Sequence[float], guessed: Sequence[float], top: int) -> float:
    return sum(truth[place] for place in _top(guessed, top)) / sum(truth[place] for place in _top(truth, top))
