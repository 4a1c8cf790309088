"""Run several publishers on one store in PostgreSQL, each with its own home, and measure what they do together."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import stores
from benchmarks.fake_platform import Platform, platform
from benchmarks.publisher import ANSWER_S, LEAD_S, ROOT
from ttp.store.database import Database
from ttp.store.home.files import make_home
from ttp.store.postgresql.database import PostgresDatabase

PUBLISHERS = 3
AT_ONCE = 64
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast some posts were published. `requests`: publishing calls, one for each post if nothing went wrong."""

    posts: int
    requests: int
    seconds: float
    cpu_ms: float
    """Processor time of all publishers for each post, with their start."""

    @property
    def a_second(self) -> float:
        return self.posts / self.seconds


@dataclass(slots=True)
class Publisher:
    """One running publisher with its home."""

    home: Path
    process: subprocess.Popen[bytes]

    def report(self) -> dict[str, list[tuple[int, float]]]:
        """Return what it measured; nothing if it was killed."""
        path = self.home / "report.json"
        return dict(json.loads(path.read_text())) if path.exists() else {"claimed": [], "ended": []}


def measure_rate(folder: Path, address: str, posts: int) -> Rate:
    """Publish posts that are all due at the same time, with PUBLISHERS processes."""
    with platform(ANSWER_S) as x:
        database = make_store(folder, address)
        with running(folder, address, x) as publishers:
            due = time.time() + LEAD_S
            stores.schedule(database, [round(due * 1000)] * posts)
            await_end(database, publishers)
            stop(publishers)
        requests = len(x.end().times("POST "))
    reports = [one.report() for one in publishers]
    ended = [at for report in reports for _, at in report["ended"]]
    cpu_s = sum(float(json.loads((one.home / "report.json").read_text())["cpu_s"]) for one in publishers)
    return Rate(posts, requests, max(ended) - due, 1000 * cpu_s / posts)


def measure_lateness(folder: Path, address: str, posts: int, a_second: int) -> list[float]:
    """Publish posts at a steady rate, and return how late each was claimed, in milliseconds."""
    with platform(ANSWER_S) as x:
        database = make_store(folder, address)
        with running(folder, address, x) as publishers:
            first = time.time() + LEAD_S
            times = [round(1000 * (first + number / a_second)) for number in range(posts)]
            ids = stores.schedule(database, times)
            with closing(database.connect()) as db:
                sql = "SELECT id, due_at FROM delivery WHERE post_id >= ?"
                due = {row["id"]: row["due_at"] / 1000 for row in db.execute(sql, (ids[0],))}
            await_end(database, publishers, times[-1] / 1000)
            stop(publishers)
        x.end()
    claimed = [one for publisher in publishers for one in publisher.report()["claimed"]]
    return [1000 * (at - due[number]) for number, at in claimed if number in due]


def measure_takeover(folder: Path, address: str, kills: int) -> list[float]:
    """Kill publishers in mid-flight, and return the seconds until another one continued with each delivery that was
    being sent: until its next event or step."""
    found: list[float] = []
    with platform(ANSWER_S) as x:
        database = make_store(folder, address)
        with running(folder, address, x) as publishers:
            for number in range(kills):
                stores.schedule(database, [round(time.time() * 1000) + 500] * 2 * stores.ACCOUNTS)
                victim = publishers[number % len(publishers)]
                _wait(lambda: len(_in_hand(database, victim)) >= 8, lambda: "idle: " + _said([victim]))  # noqa: B023
                in_hand = _in_hand(database, victim)
                killed = time.time()
                victim.process.send_signal(signal.SIGKILL)
                victim.process.wait()
                publishers[number % len(publishers)] = start(victim.home, address, x)
                await_end(database, publishers)
                found += _continued_after(database, in_hand, killed)
            stop(publishers)
        x.end()
    return found


def procrastinate_rate(python: str, address: str, x: Platform, posts: int) -> float:
    """Return how many posts a second as many workers of procrastinate publish."""
    numbers = [str(number) for number in (posts, stores.ACCOUNTS, PUBLISHERS)]
    argv = [python, str(Path(__file__).with_name("procrastinate_worker.py")), address, x.url, *numbers]
    said = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=600).stdout
    found = json.loads(said)
    return float(found["published"] / found["seconds"])


def make_store(folder: Path, address: str) -> Database:
    """Create a store in an empty database."""
    make_home(folder)
    database = PostgresDatabase(folder, address)
    database.create()
    stores.add_accounts(database, stores.ACCOUNTS)
    return database


@contextmanager
def running(folder: Path, address: str, x: Platform) -> Iterator[list[Publisher]]:
    """Run publishers until the end of the block. Those in the list then are killed if they still run."""
    publishers = []
    try:
        for number in range(PUBLISHERS):
            home = folder / f"host{number}"
            make_home(home)
            stores.put_tokens(home, stores.ACCOUNTS)
            publishers.append(start(home, address, x))
        for one in publishers:
            _await_start(one)
        yield publishers
    finally:
        for one in publishers:
            if one.process.poll() is None:
                one.process.kill()
                one.process.wait()


def start(home: Path, address: str, x: Platform) -> Publisher:
    """Start a publisher."""
    settings = {
        "TTP_HOME": str(home),
        "TTP_STORE__URL": address,
        "TTP_PLATFORMS__X__BASE_URL": x.url,
        "TTP_PUBLISH__CONCURRENCY": str(AT_ONCE),
    }
    with (home / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.instrumented_run", str(home / "report.json"), "run", "--jsonl"],
            cwd=ROOT,
            env={**{k: v for k, v in os.environ.items() if not k.startswith("TTP_")}, **settings},
            stdout=said,
            stderr=said,
        )
    return Publisher(home, process)


def stop(publishers: Sequence[Publisher]) -> None:
    """Stop publishers and wait for their reports."""
    for one in publishers:
        one.process.terminate()
    for one in publishers:
        one.process.wait(_PATIENCE_S)


def await_end(database: Database, publishers: Sequence[Publisher], last_due: float = 0.0) -> None:
    """Wait until everything that is scheduled is published, or is looked up because a publisher was killed."""
    time.sleep(max(0.0, last_due - time.time()))
    _wait(lambda: not _left(database), lambda: "not everything was published: " + _said(publishers))


def _left(database: Database) -> bool:
    with closing(database.connect()) as db:
        return (
            db.execute("SELECT 1 FROM delivery WHERE state NOT IN ('published', 'reconciling') LIMIT 1").fetchone()
            is not None
        )


def _await_start(one: Publisher) -> None:
    said = one.home / "said"
    _wait(lambda: b"publisher.started" in said.read_bytes(), lambda: "no publisher started: " + _said([one]))


def _wait(is_over: Callable[[], bool], what: Callable[[], str]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not is_over():
        assert time.monotonic() < end, what()
        time.sleep(0.1)


def _said(publishers: Sequence[Publisher]) -> str:
    return "\n".join((one.home / "said").read_text()[-500:] for one in publishers)


def _in_hand(database: Database, victim: Publisher) -> dict[int, int]:
    """Return the account of each delivery that a publisher is sending."""
    sql = """
    SELECT d.id, d.account_id FROM publisher p
    JOIN pg_locks l ON l.pid = p.session_pid AND l.locktype = 'advisory' AND l.classid = 'account'::regclass::oid
    JOIN delivery d ON d.account_id = l.objid::bigint AND d.state = 'sending'
    WHERE p.pid = ?
    """
    with closing(database.connect()) as db:
        return {row["id"]: row["account_id"] for row in db.execute(sql, (victim.process.pid,))}


def _continued_after(database: Database, in_hand: dict[int, int], killed: float) -> list[float]:
    """Return the seconds from the kill to what first happened to each of these deliveries after it."""
    sql = """
    SELECT min(at) FROM (
        SELECT at FROM attempt WHERE delivery_id = :delivery
        UNION ALL SELECT e.at FROM event e JOIN delivery d ON d.post_id = e.post_id WHERE d.id = :delivery
    ) AS steps WHERE at > :killed
    """
    with closing(database.connect()) as db:
        values = ({"delivery": delivery, "killed": round(killed * 1000)} for delivery in in_hand)
        steps = [db.execute(sql, one).fetchone()[0] for one in values]
    return [at / 1000 - killed for at in steps if at is not None]
