"""Run publisher processes on prepared stores, one on SQLite or several on PostgreSQL, and measure them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import stores
from benchmarks.fake_platform import Arrivals, Platform, platform
from tests.faults.team import Postgres
from ttp.store.database import Database
from ttp.store.home.files import make_home
from ttp.store.postgresql.database import PostgresDatabase

ROOT = Path(__file__).parents[1]
AT_ONCE, PUBLISHERS = 64, 3
ANSWER_S = 0.1
LEAD_S = 4.0
"""Seconds between the start of the publishers and the first due time, enough to store the posts."""
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """Measurements of all publishers. `due`, `claimed` and `ended` are seconds since 1970, by delivery."""

    due: Mapping[int, float]
    claimed: Mapping[int, float]
    ended: Mapping[int, float]
    peak_mb: float
    cpu_s: float
    arrivals: Arrivals

    def claims_ms(self, share: float) -> float:
        """Return a quantile of the lateness of committed claims."""
        late = sorted(at - self.due[one] for one, at in self.claimed.items())
        return 1000 * late[min(len(late) - 1, int(len(late) * share))]

    def seconds(self) -> float:
        """Return the time from the first due time to the last committed outcome."""
        return max(self.ended.values()) - min(self.due.values())

    def share(self) -> float:
        """Return the share of the ideal rate, at which all connections are always waiting for an answer."""
        return len(self.arrivals.at) * ANSWER_S / AT_ONCE / self.seconds()


@dataclass(slots=True)
class Publisher:
    """One running publisher with its home."""

    home: Path
    process: subprocess.Popen[bytes]

    def output(self) -> str:
        return (self.home / "output").read_text()[-600:]

    def report(self) -> Mapping[str, Any]:
        """Return what it measured."""
        return dict(json.loads((self.home / "report.json").read_text()))


def publish(
    database: Database, times: Callable[[int], list[int]], environ: Mapping[str, str], homes: Sequence[Path] = ()
) -> Run:
    """Publish a post at each of the `times` (milliseconds since 1970; called with the first). AssertionError unless
    each is sent once. `homes`: those of several publishers; by default one has that of the store."""
    with platform(ANSWER_S) as x:
        with running(homes or [database.home], environ, x) as publishers:
            due = times(round(1000 * (time.time() + LEAD_S)))
            first, *_ = stores.schedule(database, due)
            with closing(database.connect()) as db:
                rows = db.execute("SELECT id, due_at FROM delivery WHERE post_id >= ?", (first,)).fetchall()
            assert time.time() + 1 < due[0] / 1000, "this machine is too slow to prepare the run in time"
            time.sleep(max(due) / 1000 - time.time())
            await_end(database, publishers, first)
            stop(publishers)
        arrivals = x.end()
    assert len(arrivals.times("POST ")) == len(due), publishers[0].output()
    reports = [one.report() for one in publishers]
    return Run(
        {row["id"]: row["due_at"] / 1000 for row in rows},
        dict(one for report in reports for one in report["claimed"]),
        dict(one for report in reports for one in report["ended"]),
        max(report["peak_mb"] for report in reports),
        sum(report["cpu_s"] for report in reports),
        arrivals,
    )


@contextmanager
def shared_store(folder: Path) -> Iterator[tuple[Database, dict[str, str], list[Path]]]:
    """Create a store on a server of PostgreSQL that waits for the disk. Yield it, and the environment and homes of its
    publishers."""
    folder.mkdir()
    server = Postgres(folder)
    with psycopg.connect(server.url(), autocommit=True) as session:
        session.execute("ALTER SYSTEM SET fsync = on")
        session.execute("SELECT pg_reload_conf()")
    make_home(folder / "store")
    database = PostgresDatabase(folder / "store", server.url())
    database.create()
    stores.add_accounts(database, stores.ACCOUNTS)
    homes = [folder / f"host{number}" for number in range(PUBLISHERS)]
    for home in homes:
        make_home(home)
        stores.put_tokens(home, stores.ACCOUNTS)
    try:
        yield database, {"TTP_STORE__URL": server.url()}, homes
    finally:
        server.close()


@contextmanager
def running(homes: Sequence[Path], environ: Mapping[str, str], x: Platform) -> Iterator[list[Publisher]]:
    """Run publishers until the end of the block. Those in the list then are killed if they still run."""
    publishers = [start(home, environ, x) for home in homes]
    try:
        for one in publishers:
            _wait(lambda: b"publisher.started" in (one.home / "output").read_bytes(), one)  # noqa: B023
        yield publishers
    finally:
        for one in publishers:
            if one.process.poll() is None:
                one.process.kill()
                one.process.wait()


def start(home: Path, environ: Mapping[str, str], x: Platform) -> Publisher:
    """Start a publisher."""
    settings = {
        "TTP_HOME": str(home),
        "TTP_PLATFORMS__X__BASE_URL": x.url,
        "TTP_PUBLISH__CONCURRENCY": str(AT_ONCE),
    }
    with (home / "output").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.instrumented_run", str(home / "report.json"), "run", "--jsonl"],
            cwd=ROOT,
            env={**{k: v for k, v in os.environ.items() if not k.startswith("TTP_")}, **settings, **environ},
            stdout=output,
            stderr=output,
        )
    return Publisher(home, process)


def stop(publishers: Sequence[Publisher]) -> None:
    """Stop publishers and wait for their reports."""
    for one in publishers:
        one.process.terminate()
    for one in publishers:
        one.process.wait(_PATIENCE_S)


def await_end(database: Database, publishers: Sequence[Publisher], first: int) -> None:
    """Wait until the posts from `first` on are published."""

    def is_over() -> bool:
        sql = "SELECT 1 FROM delivery WHERE post_id >= ? AND state <> 'published' LIMIT 1"
        with closing(database.connect()) as db:
            return db.execute(sql, (first,)).fetchone() is None

    _wait(is_over, publishers[0], every_s=0.5)  # reads this rarely do not slow the publisher


def _wait(is_over: Callable[[], bool], publisher: Publisher, every_s: float = 0.1) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not is_over():
        assert time.monotonic() < end, publisher.output()
        time.sleep(every_s)
