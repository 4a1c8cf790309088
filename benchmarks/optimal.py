"""Measure the quality and speed of the recommendation: `python -m benchmarks.optimal` prints two tables.

Efficiency: the true engagement of the recommended hours as a share of that of the best hours, on simulated accounts.
Lift: the log gain of later posts of real accounts in the recommended hours over other hours. Both with their standard
error over accounts.
"""

from __future__ import annotations

import argparse
import math
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from multiprocessing import Pool
from statistics import fmean

from benchmarks.evaluation import (
    FACTORLESS_LINES,
    MODEL,
    RIVALS,
    Judged,
    judge_factors,
    judge_hidden,
    judge_jump,
    judge_lines,
    judge_no_effect,
    judge_page,
    judge_simulated,
    judge_wait,
    judge_zeros,
)
from benchmarks.optimal_speed import speed
from benchmarks.publish import machine
from benchmarks.real_accounts import is_held_out, pages
from benchmarks.simulated_accounts import NO_EFFECT, SIZES

POSTS, POSTS_OF_PAGES, HIDDEN_AMONG = (100, 300, 1000), (300, 1000), 300
FEWER, FACTORLESS = (30, *POSTS), (NO_EFFECT, "realistic")


def _by_size(measure: str, *goals: float) -> dict[tuple[str, int], float]:
    return {(measure, posts): goal for posts, goal in zip(POSTS, goals, strict=True)}


GOALS = {
    **_by_size("efficiency of the top 5 hours, strong", 0.91, 0.96, 0.98),
    **_by_size("efficiency of the top 5 hours, realistic", 0.93, 0.95, 0.975),
    ("efficiency of the best weekly slot, strong", 1000): 0.88,
    ("efficiency of the best weekly slot, realistic", 1000): 0.89,
    ("efficiency of the top 10 weekly slots, strong", 100): 0.775,
    ("efficiency of the top 10 weekly slots, realistic", 100): 0.835,
    **_by_size("accounts without any effect called `ok`", 0.05, 0.05, 0.05),
    **_by_size("tenfold jump without any effect: called `ok`", 0.05, 0.05, 0.05),
    **_by_size("efficiency lost by a fifth of impossible zeros, realistic", 0.01, 0.01, 0.01),
    **_by_size("efficiency lost by a fifth of impossible zeros, strong", 0.01, 0.01, 0.01),
    **_by_size("hours until `next`, realistic", 30, 30, 30),
    **_by_size("share of `next` within 24 hours, realistic", 0.5, 0.5, 0.5),
    **{(f"{FACTORLESS_LINES}, {size}", posts): 0.05 for posts in FEWER for size in FACTORLESS},
    **{("lines that hold later: all", posts): 0.9 for posts in FEWER[:3]},
}
CALIBRATION, CALIBRATED = "calibration error of `score`", 0.02
VIRAL, VIRAL_COSTS = "efficiency lost by one viral post", 0.005
AT_MOST = (VIRAL, FACTORLESS_LINES, "accounts without", "tenfold jump", "efficiency lost", "hours until")
"""How the measures begin that are better if they are smaller."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.optimal", description=__doc__)
    parser.add_argument("--accounts", type=int, default=100, metavar="N", help="simulated accounts of each sort (100)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the first of them (0)")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), metavar="N", help="that share the work")
    parser.add_argument("--no-speed", action="store_true", help="leave the second table out")
    parser.add_argument("--all-pages", action="store_true", help="include real accounts on which choices were made")
    asked = parser.parse_args(argv)
    seeds = range(asked.seed, asked.seed + asked.accounts)
    real = [page for page in pages() if asked.all_pages or is_held_out(page)]
    print(f"{machine()}; seeds {seeds.start} to {seeds.stop - 1}, {len(real)} real accounts.\n", flush=True)
    tasks: list[Callable[[], list[Judged]]] = [
        partial(judge_simulated, seed, posts, size) for posts in reversed(POSTS) for size in SIZES for seed in seeds
    ]
    tasks += [partial(judge_no_effect, seed, posts) for posts in POSTS for seed in seeds]
    sizes = (*SIZES, NO_EFFECT)
    tasks += [partial(judge_wait, seed, posts, size) for posts in POSTS for size in sizes for seed in seeds]
    tasks += [partial(judge_zeros, seed, posts, size) for posts in POSTS for size in SIZES for seed in seeds]
    tasks += [partial(judge_jump, seed, posts) for posts in POSTS for seed in seeds]
    tasks += [partial(judge_hidden, seed, HIDDEN_AMONG, size) for size in SIZES for seed in seeds]
    tasks += [partial(judge_factors, seed, posts, size) for posts in FEWER for size in FACTORLESS for seed in seeds]
    tasks += [partial(judge_lines, page, posts) for posts in FEWER[:3] for page in real]
    tasks += [partial(judge_page, page, posts) for posts in POSTS_OF_PAGES for page in real]
    with Pool(asked.processes, os.nice, (1,)) as pool:
        judged = list(chain.from_iterable(pool.imap_unordered(_call, tasks)))
    for line in table(judged):
        print(line)
    if not asked.no_speed:
        for line in speed():
            print(line, flush=True)


def _call(task: Callable[[], list[Judged]]) -> list[Judged]:
    return task()


def table(judged: Iterable[Judged]) -> Iterator[str]:
    """Print a line for each measure and number of posts, with a column for each method."""
    found: dict[tuple[str, int], dict[str, list[Judged]]] = defaultdict(lambda: defaultdict(list))
    for one in judged:
        found[one.measure, one.posts][one.method].append(one)
        if one.measure.startswith(CALIBRATION):
            found[one.measure, 0][one.method].append(one)
    methods = (*RIVALS, MODEL)
    yield f"| measure | posts | {' | '.join(methods)} | goal | |"
    yield "|---" * (len(methods) + 4) + "|"
    for (measure, posts), by_method in sorted(found.items()):
        goal = _goal(measure, posts)
        cells = [_cell(measure, by_method[method]) if method in by_method else "" for method in methods]
        verdict = "" if goal is None else _verdict(measure, by_method[MODEL], goal)
        yield f"| {measure} | {posts or 'all'} | {' | '.join(cells)} | {'' if goal is None else goal} | {verdict} |"


def _goal(measure: str, posts: int) -> float | None:
    if measure == VIRAL:
        return VIRAL_COSTS
    return CALIBRATED if posts == 0 else GOALS.get((measure, posts))


def _verdict(measure: str, of_model: Sequence[Judged], goal: float) -> str:
    if measure.startswith(CALIBRATION):
        return "met" if calibration_error(of_model) <= goal else "missed"
    value = fmean(one.value for one in of_model)
    return "met" if (value <= goal if measure.startswith(AT_MOST) else round(value, 3) >= goal) else "missed"


def _cell(measure: str, of_method: Sequence[Judged]) -> str:
    if measure.startswith(CALIBRATION):
        return f"{calibration_error(of_method):.3f}"
    values, weights = [one.value for one in of_method], [one.weight for one in of_method]
    if len(values) < 2:
        return ""
    mean, share = fmean(values, weights), len(values) / (len(values) - 1)
    error = math.sqrt(share * sum((w * (v - mean)) ** 2 for v, w in zip(values, weights, strict=True))) / sum(weights)
    return f"{mean:.3f} ± {error:.3f}"


def calibration_error(said: Iterable[Judged]) -> float:
    """Return the expected calibration error over ten bins (Naeini, Cooper and Hauskrecht, 2015)."""
    bins: Mapping[int, list[Judged]] = defaultdict(list)
    for one in said:
        bins[min(int(10 * one.score), 9)].append(one)
    whole = sum(map(len, bins.values()))
    return sum(abs(sum(one.value - one.score for one in of_bin)) for of_bin in bins.values()) / whole


if __name__ == "__main__":
    main()
