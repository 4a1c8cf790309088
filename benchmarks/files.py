"""Compare what reads and writes many rows with the `sqlite3` program: `python -m benchmarks.files [--rows N]`.

`ttp metrics import` and `.import` read the same CSV files into tables with the same indexes. `ttp export` and `ttp
list` write a whole store; `sqlite3` joins the same rows of five tables and writes them as CSV.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

ROWS = 1_000_000
IMPORT_GOAL, EXPORT_GOAL = 2, 8
ACCOUNTS = ("x/me", "instagram/shop", "tiktok/shop")
HEADER = "account,remoteId,publishedAt,observedAt,likes,comments,shares,views,saves,reach,kind,text"
_FIRST = datetime(2016, 1, 1, tzinfo=UTC)
_TABLE = """
CREATE TABLE sample (account TEXT, remoteId TEXT, publishedAt TEXT, observedAt TEXT, likes INTEGER, comments INTEGER,
  shares INTEGER, views INTEGER, saves INTEGER, reach INTEGER, kind TEXT, text TEXT,
  UNIQUE (account, remoteId, observedAt));
CREATE INDEX sample_newest ON sample (account, publishedAt DESC);
.import --csv --skip 1 {file} sample
"""
JOINED = (
    "SELECT p.*, d.*, a.platform, a.handle, m.*, t.tag FROM post p"
    " LEFT JOIN delivery d ON d.post_id = p.id LEFT JOIN account a ON a.id = d.account_id"
    " LEFT JOIN post_media m ON m.post_id = p.id LEFT JOIN post_tag t ON t.post_id = p.id"
    " WHERE p.deleted_at IS NULL"
)
COMMANDS = (
    *(("export", "--format", name) for name in ("csv", "json", "jsonl", "ics")),
    *(("list", "--format", name) for name in ("json", "jsonl", "tsv")),
)


class Usage(NamedTuple):
    """CPU seconds, wall seconds and peak memory (MB) of a process."""

    cpu: float
    wall: float
    memory: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"of a file of metrics, and posts of a store ({ROWS:,})")
    rows = parser.parse_args().rows
    sqlite = shutil.which("sqlite3") or sys.exit("the sqlite3 program is needed")
    print("| what | CPU s | of sqlite3 | goal | wall s | memory MB |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="ttp-files-") as folder:
        for line in (*imports(Path(folder), sqlite, rows), *exports(Path(folder), sqlite, rows)):
            print(line, flush=True)


def imports(folder: Path, sqlite: str, rows: int) -> Iterator[str]:
    """Yield the lines about samples in the order of their ids, and in none."""
    for order in ("sorted", "shuffled"):
        file = folder / f"{order}.csv"
        write(file, rows, order)
        least = measure([sqlite, str(folder / f"{order}.db")], folder, _TABLE.format(file=file))
        yield _line(f"{rows:,} {order} rows: `sqlite3 .import`", least, least)
        for what in ("ttp metrics import", "the same file again"):
            yield _line(what, measure(_ttp("metrics", "import", file, "--quiet"), folder / order), least, IMPORT_GOAL)


def exports(folder: Path, sqlite: str, posts: int) -> Iterator[str]:
    """Yield the lines about a store of so many posts."""
    home = folder / "home"
    # In a new process: the peak memory of a child process includes that of its parent.
    filling = multiprocessing.get_context("spawn").Process(target=_fill, args=(home, posts))
    filling.start()
    filling.join()
    assert filling.exitcode == 0
    least = measure([sqlite, "-csv", str(home / "ttp.db"), JOINED], home)
    yield _line(f"{posts:,} posts: `sqlite3`", least, least)
    for argv in COMMANDS:
        goal = EXPORT_GOAL if argv[0] == "export" and argv[-1] in ("csv", "json") else None
        yield _line(f"`ttp {' '.join(argv)}`", measure(_ttp(*argv), home), least, goal)


def _fill(home: Path, posts: int) -> None:
    from benchmarks.stores import fill, make_store

    fill(make_store(home), posts)


def write(file: Path, rows: int, order: str) -> None:
    """Write a CSV file in ttp's format: samples of different posts of three accounts over ten years."""
    chance = random.Random(1)
    numbers = list(range(rows))
    if order == "shuffled":
        chance.shuffle(numbers)
    gap = timedelta(days=3600) / max(rows, 1)
    with file.open("w", encoding="utf-8") as out:
        out.write(f"{HEADER}\n")
        for number in numbers:
            at = _FIRST + number * gap
            counts = ",".join(str(chance.randrange(most)) for most in (2000, 100, 50, 100_000, 90, 90_000))
            out.write(
                f"{ACCOUNTS[number % 3]},{10**17 + number * 7919},{at:%Y-%m-%dT%H:%M:%SZ},"
                f"{at + timedelta(days=7):%Y-%m-%dT%H:%M:%SZ},{counts},{('image', 'video')[number % 2]},post {number}\n"
            )


def _ttp(*words: object) -> list[str]:
    return [sys.executable, "-m", "ttp", *map(str, words)]


def measure(argv: Sequence[str], home: Path, script: str = "") -> Usage:
    """Run a program without its output. `script`: what it reads."""
    began = time.monotonic()
    process = subprocess.Popen(
        argv,
        env={**os.environ, "TTP_HOME": str(home), "TTP_TZ": "UTC"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(script)
    process.stdin.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    assert status == 0, argv
    unit = 1 if sys.platform == "darwin" else 1024
    return Usage(usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss * unit / 1e6)


def _line(what: str, usage: Usage, least: Usage, goal: int | None = None) -> str:
    ratio = f"{usage.cpu / least.cpu:.1f}"
    return f"| {what} | {usage.cpu:.1f} | {ratio} | {goal or ''} | {usage.wall:.1f} | {usage.memory:.0f} |"


if __name__ == "__main__":
    main()
