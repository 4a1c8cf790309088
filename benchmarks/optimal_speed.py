"""Measure `ttp optimal` on stores of 100 to a million samples: the query by index, the model, the ratings,
and what brought more."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from benchmarks.stores import make_store
from ttp.domain.account import Account
from ttp.domain.config import Config
from ttp.domain.optimal import model, recommendation
from ttp.domain.time.clock import SystemClock
from ttp.services.optimal import Optimal

STORED = (100, 1000, 20_000, 1_000_000)
RUNS = 5
GOAL_S = 0.4
_HOUR_MS = 3_600_000


def speed() -> Iterator[str]:
    """Print the second table of `benchmarks.optimal`."""
    yield "\n| stored samples of one account | CPU time, best of five | goal | |\n|---|---|---|---|"
    for stored in STORED:
        with tempfile.TemporaryDirectory() as folder:
            best = _best_s(Path(folder) / "home", stored)
        yield f"| {stored:,} | {best:.2f} s | {GOAL_S} s | {'met' if best < GOAL_S else 'missed'} |"


def _best_s(home: Path, stored: int) -> float:
    database = make_store(home, accounts=1)
    with closing(database.connect()) as db:
        db.execute("BEGIN")
        db.executemany(
            "INSERT INTO sample (account_id, remote_id, published_at, observed_at, likes, comments, shares, kind)"
            " VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
            _rows(stored),
        )
        db.execute("COMMIT")
    optimal = Optimal(database, SystemClock(), Config({}))
    account = Account("x", "shop1", id=1)

    def advise() -> None:
        recommendation._rate.cache_clear()
        model.estimate.cache_clear()
        optimal.advise(account, ZoneInfo("Europe/Berlin"))

    return min(_timed(advise) for _ in range(RUNS))


def _rows(stored: int) -> Iterator[tuple[object, ...]]:
    """Store a post every seven hours, with one sample each. Batches limit memory; the file gets one transaction."""
    random = Random(1)
    now = time.time_ns() // 1_000_000 - 100 * _HOUR_MS
    for number in range(stored):
        at = now - (stored - number) * 25_200_000 // max(1, stored // 20_000)
        likes = round(math.exp(random.gauss(4 + 0.3 * math.cos(at / _HOUR_MS / 24 * 2 * math.pi), 1)))
        yield f"p{number}", at, at + 72 * _HOUR_MS, likes, likes // 9, likes // 20, random.choice(("image", "video"))


def _timed(call: Callable[[], object]) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started
