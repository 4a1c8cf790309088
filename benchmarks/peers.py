"""The same claims by other schedulers, where they are installed: so many jobs due in one instant, each a mark.

They publish nothing and record no outcome. Never a dependency: what is not importable is left out of the table.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

AHEAD_S = 3.0
PATIENCE_S = 30.0
_done: list[float] = []


def peers() -> dict[str, Callable[[Path, int], float]]:
    """By name, what measures the milliseconds from the due instant to the last claim of so many jobs."""
    known = {"APScheduler": ("apscheduler", _apscheduler), "huey": ("huey", _huey)}
    return {name: run for name, (module, run) in known.items() if importlib.util.find_spec(module)}


def mark() -> None:
    """The job."""
    _done.append(time.time())


def _waited(due: datetime, jobs: int) -> float:
    end = due.timestamp() + PATIENCE_S
    while len(_done) < jobs and time.time() < end:
        time.sleep(0.05)
    if len(_done) < jobs:
        return float("nan")
    return 1000 * (max(_done) - due.timestamp())


def _apscheduler(folder: Path, jobs: int) -> float:
    """With its SQLAlchemy job store, and told not to drop jobs that are late."""
    background: Any = importlib.import_module("apscheduler.schedulers.background")
    stores: Any = importlib.import_module("apscheduler.jobstores.sqlalchemy")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    _done.clear()
    scheduler = background.BackgroundScheduler(
        jobstores={"default": stores.SQLAlchemyJobStore(url=f"sqlite:///{folder / 'apscheduler.db'}")},
        job_defaults={"misfire_grace_time": None},
        timezone=UTC,
    )
    scheduler.start(paused=True)
    due = datetime.now(UTC) + timedelta(seconds=AHEAD_S + jobs / 100)
    for _ in range(jobs):
        scheduler.add_job(mark, "date", run_date=due)
    scheduler.resume()
    try:
        return _waited(due, jobs)
    finally:
        scheduler.shutdown(wait=False)


def _huey(folder: Path, jobs: int) -> float:
    """With its SQLite storage and one consumer of four threads."""
    huey: Any = importlib.import_module("huey")
    logging.getLogger("huey").setLevel(logging.ERROR)
    _done.clear()
    queue = huey.SqliteHuey(filename=str(folder / "huey.db"), fsync=True, utc=True)
    task = queue.task()(mark)
    due = datetime.now(UTC) + timedelta(seconds=AHEAD_S + jobs / 100)
    for _ in range(jobs):
        task.schedule(eta=due)
    consumer = queue.create_consumer(workers=4, check_worker_health=False)
    consumer._set_signal_handlers = lambda: None  # they are the main thread's
    thread = threading.Thread(target=consumer.start, daemon=True)
    thread.start()
    try:
        return _waited(due, jobs)
    finally:
        consumer.stop(graceful=False)
