"""Draw the runs of a sweep that CI makes. The seed is the commit, so that each commit tries others.

Set FAULTS_SEED to draw the sample of another commit again. Sweeps are nested loops, so every n-th run would be at the
same few places; here the runs are shuffled, most of them come from those that spoil a publishing call, and what a
run covers (kinds of post first) is spread evenly.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests.faults.fixed_cases import FIXED_CASES
from tests.faults.sweeps import Run

SEED = "FAULTS_SEED"
WITHOUT_GIT = "0"
"""The seed without git or without a commit."""
CALL_SHARE = 0.75
"""Of the sample of a sweep that spoils publishing calls and other requests: the share at publishing calls. Some sweeps
have no such runs; with this share at least half of all the runs of a sample are at a publishing call."""


@cache
def seed() -> str:
    """FAULTS_SEED, else the beginning of the commit's hash."""
    if given := os.environ.get(SEED):
        return given
    argv = ["git", "rev-parse", "--short=12", "HEAD"]
    try:
        found = subprocess.run(argv, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    except OSError:
        return WITHOUT_GIT
    return found.stdout.strip() or WITHOUT_GIT


def sample(name: str, runs: Iterable[Run], count: int, seed: str) -> list[Run]:
    """Return `count` of a sweep's runs, always the same ones for a seed, and the sweep's fixed cases after them."""
    listed = list(runs)
    drawn = _drawn(listed, count, random.Random(f"{seed} {name}")) if count < len(listed) else listed
    fixed = [run for case in FIXED_CASES if case.sweep == name for run in listed if case.names(run)]
    return [*drawn, *(run for run in fixed if run not in drawn)]


def _drawn(listed: list[Run], count: int, dice: random.Random) -> list[Run]:
    shuffled = dice.sample(listed, len(listed))
    calls = [run for run in shuffled if run.at_call]
    others = [run for run in shuffled if not run.at_call]
    at_calls = min(len(calls), max(-int(-count * CALL_SHARE // 1), count - len(others)))
    covered: Counter[tuple[int, str]] = Counter()
    drawn = [*_spread(calls, at_calls, covered), *_spread(others, count - at_calls, covered)]
    return dice.sample(drawn, len(drawn))


def _spread(runs: list[Run], count: int, covered: Counter[tuple[int, str]]) -> list[Run]:
    """Choose a number of runs, each time one whose kind, and then whose faults, were chosen least often."""
    alike: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        alike.setdefault(run.covers, []).append(run)
    taken = []
    for _ in range(count):
        covers = min(alike, key=lambda covers: [covered[pair] for pair in enumerate(covers)])
        covered.update(enumerate(covers))
        taken.append(alike[covers].pop())
        if not alike[covers]:
            del alike[covers]
    return taken
