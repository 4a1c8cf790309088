"""Measure how fast other schedulers claim jobs that are all due at once. Each job only notes its time.

They publish nothing and record no outcome. Schedulers that are not installed are left out of the table.
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


def installed_schedulers() -> dict[str, Callable[[Path, int], float]]:
    """Return, for each installed scheduler, a function that measures the milliseconds to the last claim."""
    known = {"APScheduler": ("apscheduler", _apscheduler), "huey": ("huey", _huey)}
    return {name: run for name, (module, run) in known.items() if importlib.util.find_spec(module)}


def mark() -> None:
    """Note the time of the claim."""
    _done.append(time.time())


def _waited(due: datetime, jobs: int) -> float:
    end = due.timestamp() + PATIENCE_S
    while len(_done) < jobs and time.time() < end:
        time.sleep(0.05)
    if len(_done) < jobs:
        return float("nan")
    return 1000 * (max(_done) - due.timestamp())


def _apscheduler(folder: Path, jobs: int) -> float:
    """Measure APScheduler with its SQLAlchemy job store. Late jobs are not dropped."""
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
    """Measure huey with its SQLite storage and one consumer with four threads."""
    huey: Any = importlib.import_module("huey")
    logging.getLogger("huey").setLevel(logging.ERROR)
    _done.clear()
    queue = huey.SqliteHuey(filename=str(folder / "huey.db"), fsync=True, utc=True)
    task = queue.task()(mark)
    due = datetime.now(UTC) + timedelta(seconds=AHEAD_S + jobs / 100)
    for _ in range(jobs):
        task.schedule(eta=due)
    consumer = queue.create_consumer(workers=4, check_worker_health=False)
    consumer._set_signal_handlers = lambda: None  # only the main thread may set them
    thread = threading.Thread(target=consumer.start, daemon=True)
    thread.start()
    try:
        return _waited(due, jobs)
    finally:
        consumer.stop(graceful=False)
