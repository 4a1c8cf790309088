"""Compare the speed and memory of `ttp metrics import` with the `sqlite3` program's `.import`.

    python -m benchmarks.ingest [--rows N]

Both read the same file into a table with the same indexes, one process after the other. Wall time includes start-up and
the disk. CPU time is more reliable on a busy machine.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

FEW = 10_000
GOAL = 2.0
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


@dataclass(frozen=True, slots=True)
class Run:
    """Wall seconds, CPU seconds and peak memory (MB) of a process."""

    wall: float
    cpu: float
    memory: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    sqlite = shutil.which("sqlite3")
    if sqlite is None:
        sys.exit("the sqlite3 program is needed")
    ttp = Path(sysconfig.get_path("scripts"), "ttp")
    with tempfile.TemporaryDirectory(prefix="ttp-ingest-") as name:
        folder = Path(name)
        table = []
        for title, shuffled in (("posts in the order of their ids", False), ("in no order", True)):
            file, few = folder / "many.csv", folder / "few.csv"
            write(file, rows, shuffled=shuffled)
            write(few, FEW, shuffled=shuffled)
            theirs = imported_by_sqlite(sqlite, file, folder)
            ours = imported_by_ttp(ttp, file, folder / "home")
            again = imported_by_ttp(ttp, file, folder / "home", keep=True)
            small = imported_by_ttp(ttp, few, folder / "home")
            table += [
                (f"{rows:,} rows, {title}: sqlite3 .import", theirs, None),
                ("  ttp metrics import", ours, theirs),
                ("  the same file again", again, theirs),
                (f"  ttp, {FEW:,} rows", small, None),
            ]
    print_table(table)


def write(file: Path, rows: int, *, shuffled: bool) -> None:
    """Write a CSV file in ttp's format: samples of different posts of three accounts over ten years."""
    chance = random.Random(1)
    numbers = list(range(rows))
    if shuffled:
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


def imported_by_sqlite(program: str, file: Path, folder: Path) -> Run:
    database = folder / "theirs.db"
    database.unlink(missing_ok=True)
    return measured([program, str(database)], _TABLE.format(file=file))


def imported_by_ttp(program: Path, file: Path, home: Path, *, keep: bool = False) -> Run:
    if not keep:
        shutil.rmtree(home, ignore_errors=True)
    return measured([str(program), "metrics", "import", str(file), "--quiet"], "", TTP_HOME=str(home))


def measured(argv: Sequence[str], given: str, **environ: str) -> Run:
    """Run a program and return its usage. An intermediate process measures it alone, without earlier children."""
    code = (
        "import json, resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss)\n"
    )
    start = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-c", code, *argv],
        input=given,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environ},
    )
    wall = time.perf_counter() - start
    cpu, memory = ran.stdout.split()
    return Run(wall, float(cpu), float(memory) / (1024 if sys.platform != "darwin" else 1024 * 1024))


def print_table(table: Sequence[tuple[str, Run, Run | None]]) -> None:
    print(f"| {'what':<62} | wall s | CPU s | ratio (goal {GOAL:g}) | memory MB |")
    print("|---|---|---|---|---|")
    for title, run, other in table:
        ratio = "" if other is None else f"{run.wall / other.wall:.2f} wall, {run.cpu / other.cpu:.2f} CPU"
        print(f"| {title:<62} | {run.wall:6.1f} | {run.cpu:6.1f} | {ratio:<28} | {run.memory:4.0f} |")


if __name__ == "__main__":
    main()
