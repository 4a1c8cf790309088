"""Measure publishers: `python -m benchmarks.publish` prints one table. `--help` lists the options.

Every run starts real `ttp run` processes on a store in the temporary folder, against a fake X on this machine. The best
of several runs is shown, as other load on the machine only makes them worse.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sqlite3
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import httpx

from benchmarks import fake_platform, publishers, stores
from benchmarks.publishers import ANSWER_S, AT_ONCE, PUBLISHERS, Run
from ttp.store.database import Database

STORED, ALL_STORED = 100_000, 1_000_000
A_SECOND = 50
Row = tuple[str, str, str]
"""What was measured, its value and its goal."""
T = TypeVar("T")


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print each row at once."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.publish", description=__doc__)
    parser.add_argument("--full", action="store_true", help=f"{ALL_STORED:,} stored posts instead of {STORED:,}")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="of how many runs the best is shown (3)")
    parser.add_argument("--postgresql", action="store_true", help="only several publishers on one PostgreSQL server")
    options = parser.parse_args(argv)
    print(f"{machine()}; the best of {options.runs} runs.\n")
    print("| what | measured | goal |\n|---|---|---|")
    stored = ALL_STORED if options.full else STORED
    for row in several(full=options.full) if options.postgresql else one(options.runs, stored):
        print(f"| {' | '.join(row)} |", flush=True)


def machine() -> str:
    """Describe the machine and its load."""
    load = os.getloadavg()[0]
    return (
        f"{time.strftime('%d %b %Y')}: {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
        f" (load {load:.1f} from other work at the start), Python {platform.python_version()},"
        f" SQLite {sqlite3.sqlite_version}"
    )


def one(runs: int, stored: int) -> Iterator[Row]:
    """Measure one publisher on SQLite."""
    posts = 1000
    run = max(
        _tries(runs, lambda home: publishers.publish(stores.make_store(home), lambda first: [first] * posts, {})),
        key=Run.share,
    )
    by_httpx = max(httpx_share(len(run.arrivals.at)) for _ in range(runs))
    what = (
        f"{posts:,} posts due in one instant on {stores.ACCOUNTS} accounts, {AT_ONCE} at a time, answers after 100 ms"
    )
    yield f"{what}: share of the ideal rate", f"{run.share():.2f}", ""
    yield "… the same requests by httpx in threads, nothing stored", f"{by_httpx:.2f}", ""
    yield "… ttp / httpx", f"{run.share() / by_httpx:.2f}", "0.9"
    yield "… processor time of the publisher for each post", f"{1000 * run.cpu_s / posts:.1f} ms", ""
    with _folder() as folder:
        filled = folder / "filled"
        stores.fill(stores.make_store(filled), stored)
        tried = _tries(runs, lambda home: publishers.publish(_copied(filled, home), _steadily(1000), {}))
    run = min(tried, key=lambda one: one.claims_ms(0.99))
    yield f"{A_SECOND} posts a second, {stored:,} stored: lateness of a claim, p50", f"{run.claims_ms(0.5):.1f} ms", ""
    yield "… p99", f"{run.claims_ms(0.99):.1f} ms", "10 ms"
    yield "… peak memory of the publisher", f"{run.peak_mb:.0f} MB", "100 MB"


def several(*, full: bool) -> Iterator[Row]:
    """Measure several publishers on one store in PostgreSQL."""
    posts, steady = (4000, 3000) if full else (600, 500)

    def run(times: Callable[[int], list[int]]) -> Run:
        with _folder() as folder, publishers.shared_store(folder / "team") as (shared, environ, homes):
            os.environ["TTP_HOME"] = str(shared.home)
            return publishers.publish(shared, times, environ, homes)

    rate = run(lambda first: [first] * posts)
    what = f"{posts:,} posts due in one instant on {stores.ACCOUNTS} accounts, {PUBLISHERS} publishers"
    yield f"{what}: posts a second", f"{posts / rate.seconds():.0f}", ""
    yield "… processor time of the publishers for each post", f"{1000 * rate.cpu_s / posts:.1f} ms", ""
    late = run(_steadily(steady))
    yield f"{A_SECOND} posts a second: lateness of a claim, p50", f"{late.claims_ms(0.5):.0f} ms", ""
    yield "… p99", f"{late.claims_ms(0.99):.0f} ms", "100 ms"


def httpx_share(requests: int) -> float:
    """Return the share of the ideal rate that threads with one httpx client each reach. No publisher with httpx can
    exceed it."""
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # shared: creating one takes as long as several requests
    with fake_platform.platform(ANSWER_S) as x:
        numbers = iter(range(requests))

        def work() -> None:
            with httpx.Client(trust_env=False, verify=trust) as client:
                for _ in numbers:
                    client.post(f"{x.url}/2/tweets", content=b'{"text":"Fresh beans, lot 1"}')

        threads = [threading.Thread(target=work) for _ in range(AT_ONCE)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - began
        x.end()
    return requests * ANSWER_S / AT_ONCE / seconds


def _steadily(posts: int) -> Callable[[int], list[int]]:
    return lambda first: [first + number * 1000 // A_SECOND for number in range(posts)]


def _copied(filled: Path, home: Path) -> Database:
    """Return a copy of a store that a publisher accepts, flushed to disk so that the first commits do not wait."""
    shutil.copytree(filled, home)
    (home / "publisher.mark").unlink(missing_ok=True)
    copy = Database(home)
    with closing(copy.connect()) as db:
        db.execute("UPDATE store SET mark = NULL")
    with copy.path.open("rb") as file:
        os.fsync(file.fileno())
    return copy


def _tries(runs: int, measure: Callable[[Path], T]) -> list[T]:
    """Return the results of several runs, each with a home of its own."""
    results = []
    for _ in range(runs):
        with _folder() as folder:
            results.append(measure(folder / "home"))
    return results


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ttp-benchmark-") as name:
        yield Path(name)


if __name__ == "__main__":
    main()
