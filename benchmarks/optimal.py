"""Measure the quality of the recommendation: `python -m benchmarks.optimal` prints a table.

Efficiency: the true engagement of the recommended hours as a share of that of the best hours, on simulated accounts.
Lift: the log gain of later posts of real accounts in the recommended hours over other hours. Both with their standard
error over accounts.
"""

from __future__ import annotations

import argparse
import math
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from multiprocessing import Pool
from statistics import fmean, stdev

from benchmarks.evaluation import (
    FACTORLESS_LINES,
    Judged,
    judge_factors,
    judge_lines,
    judge_no_effect,
    judge_page,
    judge_simulated,
    judge_wait,
)
from benchmarks.publish import machine
from benchmarks.real_accounts import is_held_out, pages
from benchmarks.simulated_accounts import NO_EFFECT, SIZES

POSTS, POSTS_OF_PAGES = (100, 300, 1000), (300, 1000)
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
    **_by_size("hours until `next`, realistic", 30, 30, 30),
    **_by_size("share of `next` within 24 hours, realistic", 0.5, 0.5, 0.5),
    **{(f"{FACTORLESS_LINES}, {size}", posts): 0.05 for posts in FEWER for size in FACTORLESS},
    **{("lines that hold later: all", posts): 0.9 for posts in FEWER[:3]},
}
for _size in SIZES:
    GOALS |= _by_size(f"efficiency lost by a fifth of impossible zeros, {_size}", 0.01, 0.01, 0.01)
    GOALS[f"efficiency lost by one viral post, {_size}", 300] = 0.005
CALIBRATION, CALIBRATED = "calibration error of `score`", 0.02
AT_MOST = (FACTORLESS_LINES, "accounts without", "tenfold jump", "efficiency lost", "hours until")
"""How the measures begin that are better if they are smaller."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.optimal", description=__doc__)
    parser.add_argument("--accounts", type=int, default=100, metavar="N", help="simulated accounts of each sort (100)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the first of them (0)")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), metavar="N", help="that share the work")
    parser.add_argument("--all-pages", action="store_true", help="include real accounts on which choices were made")
    options = parser.parse_args(argv)
    seeds = range(options.seed, options.seed + options.accounts)
    real = [page for page in pages() if options.all_pages or is_held_out(page)]
    print(f"{machine()}; seeds {seeds.start} to {seeds.stop - 1}, {len(real)} real accounts.\n", flush=True)
    sizes = (*SIZES, NO_EFFECT)
    tasks: list[Callable[[], list[Judged]]] = [
        *(partial(judge_simulated, seed, posts, size) for posts in POSTS[::-1] for size in SIZES for seed in seeds),
        *(partial(judge_no_effect, seed, posts) for posts in POSTS for seed in seeds),
        *(partial(judge_wait, seed, posts, size) for posts in POSTS for size in sizes for seed in seeds),
        *(partial(judge_factors, seed, posts, size) for posts in FEWER for size in FACTORLESS for seed in seeds),
        *(partial(judge_lines, page, posts) for posts in FEWER[:3] for page in real),
        *(partial(judge_page, page, posts) for posts in POSTS_OF_PAGES for page in real),
    ]
    with Pool(options.processes, os.nice, (1,)) as pool:
        judged = list(chain.from_iterable(pool.imap_unordered(_call, tasks)))
    for line in table(judged):
        print(line)


def _call(task: Callable[[], list[Judged]]) -> list[Judged]:
    return task()


def table(judged: Iterable[Judged]) -> Iterator[str]:
    """Return a line for each measure and number of posts."""
    values: dict[tuple[str, int], list[Judged]] = defaultdict(list)
    for one in judged:
        values[one.measure, one.posts].append(one)
        if one.measure.startswith(CALIBRATION):
            values[one.measure, 0].append(one)
    yield "| measure | posts | model | goal | |\n|---|---|---|---|---|"
    for (measure, posts), some in sorted(values.items()):
        goal = CALIBRATED if posts == 0 else GOALS.get((measure, posts))
        verdict = "" if goal is None else _verdict(measure, some, goal)
        yield f"| {measure} | {posts or 'all'} | {_cell(measure, some)} | {'' if goal is None else goal} | {verdict} |"


def _verdict(measure: str, some: Sequence[Judged], goal: float) -> str:
    if measure.startswith(CALIBRATION):
        return "met" if calibration_error(some) <= goal else "missed"
    value = fmean(one.value for one in some)
    return "met" if (value <= goal if measure.startswith(AT_MOST) else round(value, 3) >= goal) else "missed"


def _cell(measure: str, some: Sequence[Judged]) -> str:
    if measure.startswith(CALIBRATION):
        return f"{calibration_error(some):.3f}"
    values = [one.value for one in some]
    return f"{fmean(values):.3f} ± {stdev(values) / math.sqrt(len(values)):.3f}" if len(values) > 1 else ""


def calibration_error(some: Iterable[Judged]) -> float:
    """Return the expected calibration error over ten bins (Naeini, Cooper and Hauskrecht, 2015)."""
    bins: dict[int, list[Judged]] = defaultdict(list)
    for one in some:
        bins[min(int(10 * one.score), 9)].append(one)
    whole = sum(map(len, bins.values()))
    return sum(abs(sum(one.value - one.score for one in of_bin)) for of_bin in bins.values()) / whole


if __name__ == "__main__":
    main()
