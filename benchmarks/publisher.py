"""Run publisher processes on prepared stores and measure them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from benchmarks import stores
from benchmarks.fake_platform import Arrivals, Platform, platform
from ttp.store.database import Database

ROOT = Path(__file__).parents[1]
AT_ONCE = 64
LATE_BY_MS = 3_600_000
ANSWER_S = 0.1
LEAD_S = 4.0
"""Seconds between the start of the publisher and the first due time, enough to store the posts."""


@dataclass(frozen=True, slots=True)
class Run:
    """Measurements of one publisher. `due`, `claimed` and `ended` are seconds since 1970, by delivery."""

    due: dict[int, float]
    claimed: dict[int, float]
    ended: dict[int, float]
    peak_mb: float
    cpu_s: float
    arrivals: Arrivals

    def claims_ms(self, share: float) -> float:
        """Return a quantile of the lateness of committed claims."""
        return 1000 * quantile([at - self.due[number] for number, at in self.claimed.items()], share)

    def punctual_claims_ms(self, share: float) -> float:
        """Return the same quantile for the posts that were not late from the start."""
        start = max(self.due.values()) - LATE_BY_MS / 2000
        return 1000 * quantile([at - self.due[one] for one, at in self.claimed.items() if self.due[one] > start], share)

    def seconds(self) -> float:
        """Return the time from the first due time to the last committed outcome."""
        return max(self.ended.values()) - min(self.due.values())

    def seconds_to_last_claim(self) -> float:
        """Return the time from the first claim to the last."""
        return max(self.claimed.values()) - min(self.claimed.values())

    def share(self) -> float:
        """Return the share of the ideal rate, at which all connections are always waiting for an answer."""
        return len(self.arrivals.at) * ANSWER_S / AT_ONCE / self.seconds()

    def posting_share(self) -> float:
        """Return the same share for the publishing calls only, without token checks."""
        return len(self.arrivals.times("POST ")) * ANSWER_S / AT_ONCE / self.seconds()


def at_once(folder: Path, posts: int) -> Run:
    """Publish posts that are all due at the same time."""
    return _published(folder, lambda first: [first] * posts)


def steady(folder: Path, posts: int, a_second: int, stored: Path) -> Run:
    """Publish posts at a steady rate, in a copy of the home `stored`, which has many more posts."""
    return _published(folder, lambda first: [first + number * 1000 // a_second for number in range(posts)], stored)


def under_backlog(folder: Path, late: int, posts: int, a_second: int) -> Run:
    """Publish posts at a steady rate while `late` posts that are an hour late are being published without a gap."""

    def due(first: int) -> list[int]:
        return [*(first + number * 1000 // a_second for number in range(posts)), *[first - LATE_BY_MS] * late]

    return _published(folder, due, settings={"TTP_PUBLISH__CATCH_UP_GAP_S": "0"})


def first_look_s(folder: Path, posts: int, intents: int) -> float:
    """Return the seconds from the start of a publisher to its first look-up, after a publisher that was killed."""
    with platform(ANSWER_S) as x:
        database = stores.make_store(folder / "home")
        stores.schedule(database, [_ms(time.time() + 86_400)] * posts)
        stores.leave_open(database, intents)
        began = time.time()
        with _publisher(folder, x, "run") as process:
            time.sleep(LEAD_S)
            process.terminate()
            process.wait(60)
        looks = x.end().times("GET /2/users/7/tweets")
    assert len(looks) >= intents, f"{len(looks)} look-ups of {intents} open intents"
    return looks[0] - began


def filled(folder: Path, posts: int) -> Path:
    """Create a home with this many posts that are not due, for `steady`."""
    database = stores.make_store(folder / "filled")
    stores.fill(database, posts)
    return database.home


def quantile(values: Iterable[float], share: float) -> float:
    """Return the quantile of the values at `share`."""
    found = sorted(values)
    return found[min(len(found) - 1, int(len(found) * share))]


def _published(
    folder: Path,
    due: Callable[[int], list[int]],
    stored: Path | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Run:
    home = folder / "home"
    with platform(ANSWER_S) as x:
        if stored is None:
            database = stores.make_store(home)
        else:
            shutil.copytree(stored, home)
            (home / "publisher.mark").unlink(missing_ok=True)
            database = Database(home)
            with closing(database.connect()) as db:
                db.execute("UPDATE store SET mark = NULL")  # accept the copy, which the publisher would refuse
            _sync(database.path)
        with _publisher(folder, x, "run", settings=settings) as process:
            _await_start(folder / "said", process)
            times = due(_ms(time.time() + LEAD_S))
            posts = stores.schedule(database, times)
            with closing(database.connect()) as db:
                found = db.execute("SELECT id, due_at FROM delivery WHERE post_id >= ?", (posts[0],)).fetchall()
            assert time.time() + 1 < times[0] / 1000, "this machine is too slow to prepare the run in time"
            time.sleep(max(times) / 1000 - time.time())
            while _left(database, posts[0]) and process.poll() is None:
                time.sleep(0.5)  # reads this rarely do not slow the publisher
            process.terminate()
            process.wait(60)
        arrivals = x.end()
    report = json.loads((folder / "report.json").read_text())
    sent = len(arrivals.times("POST "))
    assert sent == len(posts), f"{sent} posts arrived of {len(posts)}: {(folder / 'said').read_bytes()[-600:]!r}"
    return Run(
        {row["id"]: row["due_at"] / 1000 for row in found},
        dict(report["claimed"]),
        dict(report["ended"]),
        report["peak_mb"],
        report["cpu_s"],
        arrivals,
    )


def _await_start(said: Path, process: subprocess.Popen[bytes]) -> None:
    while b"publisher.started" not in said.read_bytes():
        assert process.poll() is None, said.read_bytes()[-600:]
        time.sleep(0.1)


def _sync(path: Path) -> None:
    """Flush a copied file to disk, so that the first commits do not wait for it."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _left(database: Database, first: int) -> bool:
    with closing(database.connect()) as db:
        sql = "SELECT 1 FROM delivery WHERE post_id >= ? AND state <> 'published' LIMIT 1"
        return db.execute(sql, (first,)).fetchone() is not None


@contextmanager
def _publisher(
    folder: Path, x: Platform, *argv: str, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a publisher, and kill it at the end of the block if it still runs."""
    settings = {
        **settings,
        "TTP_HOME": str(folder / "home"),
        "TTP_PLATFORMS__X__BASE_URL": x.url,
        "TTP_PUBLISH__CONCURRENCY": str(AT_ONCE),
    }
    with (
        (folder / "said").open("wb") as said,
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.instrumented_run", str(folder / "report.json"), *argv, "--jsonl"],
            cwd=ROOT,
            env={**{k: v for k, v in os.environ.items() if not k.startswith("TTP_")}, **settings},
            stdout=said,
            stderr=said,
        ) as process,
    ):
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def _ms(at: float) -> int:
    return round(at * 1000)
