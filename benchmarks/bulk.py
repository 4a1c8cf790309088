"""Measure the speed and memory of importing and exporting posts: `python -m benchmarks.bulk`.

Every row is a real `ttp` process on a store on disk.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

SMALL, LARGE = 10_000, 100_000
GOAL_S = 10.0
FIRST = datetime(2099, 1, 1)  # noqa: DTZ001 (a local time; the file's timezone is UTC)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("| what | CPU s | wall s | memory MB |\n|---|---|---|---|")
        for rows in (SMALL, LARGE):
            sheet = _sheet(folder / f"posts-{rows}.csv", rows, "at")
            home = _home(folder / f"home-{rows}")
            _row(f"import, {rows:,} rows", home, ["import", str(sheet), "-q"])
            _row("the same file again", home, ["import", str(sheet), "-q"])
            _row("export to CSV", home, ["export", str(folder / f"out-{rows}.csv"), "-q"])
            _row("export to JSON", home, ["export", str(folder / f"out-{rows}.json"), "-q"])
        others = _sheet(folder / "others.csv", SMALL, "at", "Other")
        home = _home(folder / "full", ["import", str(folder / f"posts-{SMALL}.csv"), "-q"])
        _row(f"import, {SMALL:,} rows into a store with as many", home, ["import", str(others), "-q"])
        slots = ["slots", "add", "--cron", "0,30 * * * *", "--account", "x/me"]
        for what, at, options in (
            ("next-slot for each", "next-slot", []),
            ("--spread slots", "", ["--spread", "slots", "--days", "366"]),
            ("--spread even", "", ["--spread", "even", "--days", "366"]),
        ):
            sheet = _sheet(folder / "waiting.csv", SMALL, at)
            home = _home(folder / what, slots)
            _row(f"import, {SMALL:,} rows, {what}", home, ["import", str(sheet), "-q", *options])


def _sheet(path: Path, rows: int, at: str, says: str = "Post") -> Path:
    """Write a CSV file of posts with a link and two tags each. `at`: the text of their times; `at`: every 5 minutes."""
    lines = ["accounts,at,text,tags"]
    for n in range(rows):
        then = f"{FIRST + timedelta(minutes=5 * n):%Y-%m-%d %H:%M}" if at == "at" else at
        lines.append(f'x/me,{then},"{says} number {n}: see https://example.com/{n}","a,b{n % 7}"')
    path.write_text("\n".join(lines) + "\n")
    return path


def _home(home: Path, *before: Sequence[str]) -> Path:
    """Create a store with an account, and run some commands on it."""
    _run(home, ["account", "add", "x/me", "--credentials", "-"], b'{"accessToken": "t"}')
    for argv in before:
        _run(home, argv)
    return home


def _row(what: str, home: Path, argv: Sequence[str]) -> None:
    processor, wall, megabytes = _run(home, argv)
    goal = f" (goal: {GOAL_S:.0f})" if f"{SMALL:,}" in what else ""
    print(f"| {what} | {processor:.1f} | {wall:.1f}{goal} | {megabytes:.0f} |", flush=True)


def _run(home: Path, argv: Sequence[str], given: bytes = b"") -> tuple[float, float, float]:
    """Run ttp, and return its CPU seconds, wall seconds and peak memory."""
    environment = {**os.environ, "TTP_HOME": str(home), "TTP_TZ": "UTC", "TTP_PLAN__MIN_GAP_S": "0"}
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "ttp", *argv], env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert process.stdin is not None
    process.stdin.write(given)
    process.stdin.close()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, argv
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss * unit / 1e6


if __name__ == "__main__":
    main()
