"""Measure the export of a whole store against the `sqlite3` program.

    python -m benchmarks.export [--posts N] [--home DIR]

Every row is a real process. `sqlite3` does the minimum: it joins the same rows of five tables and writes them as CSV.
If the program is not installed, Python's `sqlite3` module does it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

POSTS = 1_000_000
GOAL = 8.0
JOINED = (
    "SELECT p.*, d.*, a.platform, a.handle, m.*, t.tag FROM post p"
    " LEFT JOIN delivery d ON d.post_id = p.id LEFT JOIN account a ON a.id = d.account_id"
    " LEFT JOIN post_media m ON m.post_id = p.id LEFT JOIN post_tag t ON t.post_id = p.id"
    " WHERE p.deleted_at IS NULL"
)
_IN_PYTHON = """
import csv, sqlite3, sys
csv.writer(sys.stdout).writerows(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]))
"""
COMMANDS = (
    *(("export", "--format", format) for format in ("csv", "json", "jsonl", "ics")),
    *(("list", "--format", format) for format in ("json", "jsonl", "tsv")),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=POSTS)
    parser.add_argument("--rounds", type=int, default=1, help="everything runs so often; the least counts")
    parser.add_argument("--home", type=Path, help="a folder that keeps the store for the next time")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = asked.home or Path(folder) / "home"
        if not (home / "ttp.db").exists():
            # In a new process: the peak memory of a child process includes that of its parent.
            filling = multiprocessing.get_context("spawn").Process(target=_fill, args=(home, asked.posts))
            filling.start()
            filling.join()
            assert filling.exitcode == 0
        _measure(home, asked.rounds)


def _fill(home: Path, posts: int) -> None:
    from benchmarks.stores import fill, make_store

    fill(make_store(home), posts)


def _measure(home: Path, rounds: int) -> None:
    asked = [_sqlite3(home / "ttp.db"), *([sys.executable, "-m", "ttp", *argv] for argv in COMMANDS)]
    best: dict[str, tuple[float, float, float]] = {}
    for _ in range(rounds):
        for name, argv in zip(("sqlite3", *(f"ttp {' '.join(argv)}" for argv in COMMANDS)), asked, strict=True):
            found = _run(argv, {"TTP_HOME": str(home), "TTP_TZ": "UTC"})
            best[name] = min(best.get(name, found), found)
    least = best["sqlite3"][0]
    print("| what | CPU s | of sqlite3 | wall s | memory MB |\n|---|---|---|---|---|")
    for name, (processor, wall, megabytes) in best.items():
        goal = f" (goal: {GOAL:.0f})" if name.endswith(("export --format csv", "export --format json")) else ""
        print(f"| `{name}` | {processor:.1f} | {processor / least:.1f}{goal} | {wall:.1f} | {megabytes:.0f} |")


def _sqlite3(store: Path) -> Sequence[str]:
    program = shutil.which("sqlite3")
    return [program, "-csv", str(store), JOINED] if program else [sys.executable, "-c", _IN_PYTHON, str(store), JOINED]


def _run(argv: Sequence[str], more: Mapping[str, str]) -> tuple[float, float, float]:
    """Run a program without its output, and return its CPU seconds, wall seconds and peak memory."""
    began = time.monotonic()
    process = subprocess.Popen(argv, env={**os.environ, **more}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    assert status == 0, argv
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss * unit / 1e6


if __name__ == "__main__":
    main()
