"""Publish with procrastinate, to compare: three workers, and a job for each post, at most one at a time for an account.

`PYTHON procrastinate_worker.py DATABASE PLATFORM POSTS ACCOUNTS WORKERS` prints the seconds from the due instant to the
end of the last job, as JSON. It needs procrastinate 3, httpx and psycopg_pool, and nothing of ttp: run it with the
Python of another environment. A job does what a delivery of ttp does: it commits an intent, makes the call, and commits
the outcome.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg_pool import AsyncConnectionPool

AT_ONCE = 64
LEAD_S = 6.0
_TABLE = "CREATE TABLE intent (id bigserial PRIMARY KEY, post bigint, at timestamptz, ended timestamptz, remote text)"
_DATABASE, _PLATFORM = sys.argv[1], sys.argv[2]
procrastinate: Any = importlib.import_module("procrastinate")
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=_DATABASE))
_open: dict[str, Any] = {}


async def publish(post: int) -> None:
    """Publish one post, with a durable intent before the call and its outcome after it."""
    async with _open["pool"].connection() as session:
        sql = "INSERT INTO intent (post, at) VALUES (%s, clock_timestamp()) RETURNING id"
        (intent,) = await (await session.execute(sql, (post,))).fetchone()
    client = _open["clients"][post % len(_open["clients"])]
    answer = await client.post(f"{_PLATFORM}/2/tweets", json={"text": f"Fresh beans, lot {post}"})
    async with _open["pool"].connection() as session:
        sql = "UPDATE intent SET ended = clock_timestamp(), remote = %s WHERE id = %s"
        await session.execute(sql, (answer.json()["data"]["id"], intent))


app.task(name="publish")(publish)


async def work() -> None:
    """Run one worker until it gets SIGTERM."""
    # Several clients: one with 64 connections looks through all of them for each request.
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    clients = [httpx.AsyncClient(limits=limits, trust_env=False) for _ in range(4)]
    pool = AsyncConnectionPool(_DATABASE, min_size=8, max_size=8, kwargs={"autocommit": True}, open=False)
    async with app.open_async(), pool:
        _open.update(pool=pool, clients=clients)
        await app.run_worker_async(concurrency=AT_ONCE, fetch_job_polling_interval=0.1)


async def defer(posts: int, accounts: int, due: datetime) -> None:
    """Schedule the posts, one account after another."""
    jobs = app.tasks["publish"]
    async with app.open_async():
        for number in range(posts):
            lock = f"x/shop{number % accounts}"
            await jobs.configure(lock=lock, schedule_at=due).defer_async(post=number)


def main(posts: int, accounts: int, workers: int) -> None:
    """Prepare the database, run the workers, and print how long they took."""
    with psycopg.connect(_DATABASE, autocommit=True) as session:
        session.execute(_TABLE)
    asyncio.run(_apply_schema())
    asyncio.run(defer(posts, accounts, datetime.now(UTC) + timedelta(days=1)))
    argv = [sys.executable, str(Path(__file__)), *sys.argv[1:6], "work"]
    processes = [subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(workers)]
    time.sleep(LEAD_S)  # until the workers are ready
    due = datetime.now(UTC) + timedelta(seconds=2)
    try:
        with psycopg.connect(_DATABASE, autocommit=True) as session:
            session.execute("UPDATE procrastinate_jobs SET scheduled_at = %s", (due,))
            while _ended(session) < posts and time.time() < due.timestamp() + 120:
                time.sleep(0.2)
            row = session.execute("SELECT count(ended), extract(epoch FROM max(ended)) FROM intent").fetchone()
        assert row is not None
        print(json.dumps({"published": row[0], "seconds": float(row[1]) - due.timestamp()}))
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(30)


async def _apply_schema() -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()


def _ended(session: psycopg.Connection[Any]) -> int:
    row = session.execute("SELECT count(ended) FROM intent").fetchone()
    assert row is not None
    return int(row[0])


if __name__ == "__main__":
    if sys.argv[6:] == ["work"]:
        os.setpgrp()
        asyncio.run(work())
    else:
        main(*map(int, sys.argv[3:6]))
