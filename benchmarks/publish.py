"""Measure the publisher: `python -m benchmarks.publish` prints one table. `--help` lists the options.

Every run starts a real `ttp run` process with an empty store in the temporary folder, against a fake X on this machine.
The best of several runs is shown, as other load on the machine only makes them worse.
"""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks import other_schedulers, publisher, raw_http
from benchmarks.stores import ACCOUNTS

POSTS = 1000
STORED, ALL_STORED = 100_000, 1_000_000
A_SECOND, STEADY_POSTS = 50, 1000
LATE, BESIDE = 4_000, 200
TRIED = 3
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `met`: None without a goal."""

    what: str
    value: str
    goal: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        verdict = "" if self.met is None else "met" if self.met else "missed"
        return f"| {self.what} | {self.value} | {self.goal} | {verdict} |"


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print each row at once."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.publish", description=__doc__)
    parser.add_argument("--full", action="store_true", help=f"{ALL_STORED:,} stored posts instead of {STORED:,}")
    parser.add_argument("--runs", type=int, default=TRIED, metavar="N", help="of how many runs the best is shown (3)")
    asked = parser.parse_args(argv)
    stored = ALL_STORED if asked.full else STORED
    print(f"{machine()}; the best of {asked.runs} runs.\n")
    print("| what | measured | goal | |\n|---|---|---|---|")
    for row in _rows(asked.runs, stored):
        print(row, flush=True)


def _rows(runs: int, stored: int) -> Iterator[Row]:
    yield from one_instant(runs)
    yield from one_after_another(runs, stored)
    yield from under_backlog(runs)
    yield from recovering(runs)
    yield from against_other_schedulers(runs)


def machine() -> str:
    """Describe the machine and its load."""
    load = os.getloadavg()[0]
    return (
        f"{time.strftime('%d %b %Y')}: {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
        f" (load {load:.1f} from other work at the start), Python {platform.python_version()},"
        f" SQLite {sqlite3.sqlite_version}"
    )


def one_instant(runs: int) -> list[Row]:
    """Measure posts that are all due at once, and the limits of the machine."""
    tried = _tries(runs, lambda folder: publisher.at_once(folder, POSTS))
    run = max(tried, key=publisher.Run.share)
    requests = len(run.arrivals.at)
    by_sockets = max(raw_http.sockets_share(requests) for _ in range(runs))
    by_httpx = max(raw_http.httpx_share(requests) for _ in range(runs))
    what = f"{POSTS:,} posts due in one instant on {ACCOUNTS} accounts, 64 at a time, answers after 100 ms"
    peak = max(one.peak_mb for one in tried)
    return [
        Row(f"{what}: share of the ideal rate", f"{run.share():.2f}", "0.9", run.share() >= 0.9),
        Row("… counting the publishing calls alone, not the token checks", f"{run.posting_share():.2f}"),
        Row("… the same requests by bare sockets, nothing stored", f"{by_sockets:.2f}"),
        Row("… by httpx in 64 threads, nothing stored", f"{by_httpx:.2f}"),
        Row("… CPU time of the publisher for each post", f"{1000 * run.cpu_s / POSTS:.1f} ms"),
        Row("… peak memory of the publisher", f"{peak:.0f} MB", "100 MB", peak < 100),
    ]


def one_after_another(runs: int, stored: int) -> list[Row]:
    """Measure posts at a steady rate, in a store with many more posts."""
    with _folder() as shared:
        home = publisher.filled(shared, stored)
        tried = _tries(runs, lambda folder: publisher.steady(folder, STEADY_POSTS, A_SECOND, home))
    run = min(tried, key=lambda one: one.claims_ms(0.99))
    late, peak = run.claims_ms(0.99), max(one.peak_mb for one in tried)
    what = f"{A_SECOND} posts a second, {stored:,} others stored"
    return [
        Row(f"{what}: lateness of a claim, p50", f"{run.claims_ms(0.5):.1f} ms"),
        Row("… p99", f"{late:.1f} ms", "10 ms", late < 10),
        Row("… peak memory of the publisher", f"{peak:.0f} MB", "100 MB", peak < 100),
    ]


def under_backlog(runs: int) -> list[Row]:
    """Measure posts that are due while a backlog is being published."""
    tried = _tries(runs, lambda folder: publisher.under_backlog(folder, LATE, BESIDE, A_SECOND))
    run = min(tried, key=lambda one: one.punctual_claims_ms(0.99))
    waited, last = run.punctual_claims_ms(0.99), run.seconds_to_last_claim()
    what = f"{A_SECOND} posts a second while {LATE:,} late posts are being published"
    return [
        Row(f"{what}: lateness of a punctual claim, p50", f"{run.punctual_claims_ms(0.5):.0f} ms"),
        Row("… p99", f"{waited:.0f} ms", "500 ms", waited < 500),
        Row("… from the first claim to the last claim of a late post", f"{last:.1f} s"),
    ]


def recovering(runs: int) -> list[Row]:
    """Measure the start after a publisher that was killed."""
    best = min(_tries(runs, lambda folder: publisher.first_look_s(folder, 10_000, 50)))
    return [Row("start with 10,000 posts and 50 open intents: to the first look-up", f"{best:.2f} s", "2 s", best < 2)]


def against_other_schedulers(runs: int) -> list[Row]:
    """Compare the last of many claims with the installed schedulers."""
    found = other_schedulers.installed_schedulers()
    if not found:
        return []
    own = min(_tries(runs, lambda folder: publisher.at_once(folder, publisher.AT_ONCE).claims_ms(1)))
    rows = [Row(f"{publisher.AT_ONCE} claims in one instant, to the last", "1 (ttp)")]
    for name, measure in found.items():
        best = min(_tries(runs, lambda folder, measure=measure: measure(folder, publisher.AT_ONCE)))  # type: ignore[misc]
        rows.append(Row(f"… {name}", f"{best / own:.1f}"))
    return rows


def _tries(runs: int, measure: Callable[[Path], T]) -> list[T]:
    """Return the results of several runs, each in an empty folder."""
    found = []
    for _ in range(runs):
        with _folder() as folder:
            found.append(measure(folder))
    return found


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ttp-benchmark-") as name:
        yield Path(name)


if __name__ == "__main__":
    main()
