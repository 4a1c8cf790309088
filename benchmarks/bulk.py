"""How fast posts go in and out, and how much memory that takes: `python -m benchmarks.bulk`, one table.

Every row is a real `ttp` in a process of its own, on a store on the disk.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SMALL, LARGE = 10_000, 40_000
GOAL_S = 10.0


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'what':<44} {'seconds':>8} {'MB':>6}")
        for rows in (SMALL, LARGE):
            home = Path(folder) / f"home-{rows}"
            sheet = _sheet(Path(folder) / f"posts-{rows}.csv", rows)
            _run(home, ["account", "add", "x/me", "--credentials", "-"], b'{"accessToken": "t"}')
            for what, argv in (
                ("import", ["import", str(sheet), "-q"]),
                ("the same file again", ["import", str(sheet), "-q"]),
                ("export to CSV", ["export", str(Path(folder) / f"out-{rows}.csv"), "-q"]),
                ("export to JSON", ["export", str(Path(folder) / f"out-{rows}.json"), "-q"]),
            ):
                seconds, megabytes = _run(home, argv)
                goal = f"   goal: {GOAL_S:.0f} s" if (what, rows) == ("import", SMALL) else ""
                print(f"{what + f', {rows:,} posts':<44} {seconds:8.1f} {megabytes:6.0f}{goal}")


def _sheet(path: Path, rows: int) -> Path:
    """A sheet of posts spread over a year, each with a link and two tags."""
    lines = ["accounts,at,text,tags"]
    for n in range(rows):
        day, hour = f"2099-{1 + n % 12:02}-{1 + n // 12 % 28:02}", f"{n // 336 % 24:02}:{n % 60:02}"
        lines.append(f'x/me,{day} {hour},"Post number {n}: see https://example.com/{n}","a,b{n % 7}"')
    path.write_text("\n".join(lines) + "\n")
    return path


def _run(home: Path, argv: list[str], given: bytes = b"") -> tuple[float, float]:
    """Run ttp; the seconds that it took, and the most memory that it held."""
    environment = {**os.environ, "TTP_HOME": str(home), "TTP_TZ": "UTC"}
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
    return time.monotonic() - began, usage.ru_maxrss * unit / 1e6


if __name__ == "__main__":
    main()
