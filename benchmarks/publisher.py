"""Publishers at work in processes of their own, on stores that are made for them: the measured runs."""

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
from benchmarks.platform import Arrivals, Platform, platform
from ttp.store.database import Database

ROOT = Path(__file__).parents[1]
AT_ONCE = 64
LATE_BY_MS = 3_600_000
ANSWER_S = 0.1
LEAD_S = 4.0
"""From the start of the publisher to the first due instant: the posts are stored by then, and it has seen them."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one publisher did. `due`, `claimed` and `ended` in seconds since 1970, by delivery."""

    due: dict[int, float]
    claimed: dict[int, float]
    ended: dict[int, float]
    peak_mb: float
    cpu_s: float
    arrivals: Arrivals

    def claims_ms(self, share: float) -> float:
        """How late a claim was on the disk: the quantile at `share`."""
        return 1000 * quantile([at - self.due[number] for number, at in self.claimed.items()], share)

    def punctual_claims_ms(self, share: float) -> float:
        """The same for those posts that were not late from the start."""
        start = max(self.due.values()) - LATE_BY_MS / 2000
        return 1000 * quantile([at - self.due[one] for one, at in self.claimed.items() if self.due[one] > start], share)

    def seconds(self) -> float:
        """From the first due instant to the last outcome on the disk."""
        return max(self.ended.values()) - min(self.due.values())

    def seconds_to_last_claim(self) -> float:
        """From the first claim to the last."""
        return max(self.claimed.values()) - min(self.claimed.values())

    def share(self) -> float:
        """Of the rate that is possible: every request waits for its answer, as many at once as may be."""
        return len(self.arrivals.at) * ANSWER_S / AT_ONCE / self.seconds()

    def posting_share(self) -> float:
        """The same, counting the publishing calls alone: as if an account's token had never to be checked."""
        return len(self.arrivals.times("POST ")) * ANSWER_S / AT_ONCE / self.seconds()


def at_once(folder: Path, posts: int) -> Run:
    """All posts due in the same instant."""
    return _published(folder, lambda first: [first] * posts)


def steady(folder: Path, posts: int, a_second: int, stored: Path) -> Run:
    """Posts due one after another, in a copy of the home `stored` with its many more posts."""
    return _published(folder, lambda first: [first + number * 1000 // a_second for number in range(posts)], stored)


def under_backlog(folder: Path, late: int, posts: int, a_second: int) -> Run:
    """Posts due one after another while so many that are an hour late are caught up with, without a gap."""

    def due(first: int) -> list[int]:
        return [*(first + number * 1000 // a_second for number in range(posts)), *[first - LATE_BY_MS] * late]

    return _published(folder, due, settings={"TTP_PUBLISH__CATCH_UP_GAP_S": "0"})


def first_look_s(folder: Path, posts: int, intents: int) -> float:
    """Seconds from the start of a publisher to its first look-up, where the last one died in mid-request."""
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
    """A home with so many posts that are not due, for `steady`."""
    database = stores.make_store(folder / "filled")
    stores.fill(database, posts)
    return database.home


def quantile(values: Iterable[float], share: float) -> float:
    """The value below which `share` of them lie."""
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
                db.execute("UPDATE store SET mark = NULL")  # a store of its own, not a copy that is refused
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
                time.sleep(0.5)  # a writer beside it would be felt; a reader this seldom is not
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
    """Have a copied file on the disk, so that the first commits do not wait for that."""
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
    """A publisher for the block; it does not outlive it."""
    settings = {
        **settings,
        "TTP_HOME": str(folder / "home"),
        "TTP_PLATFORMS__X__BASE_URL": x.url,
        "TTP_PUBLISH__CONCURRENCY": str(AT_ONCE),
    }
    with (
        (folder / "said").open("wb") as said,
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.watched", str(folder / "report.json"), *argv, "--jsonl"],
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
