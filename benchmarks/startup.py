"""Measure how long commands take: `python -m benchmarks.startup` prints one table of ratios.

Every number is a multiple of `python -c pass` in the same run: the lowest CPU time and wall time of all rounds. A round
runs every command once, so that all rows see the same load.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from benchmarks.stores import fill, make_store

POSTS, ROUNDS = 1_000_000, 10
TTP = str(Path(sys.executable).with_name("ttp"))
# {late} is a scheduled post, {draft} a draft.
COMMANDS = """
1.5  --version
2    --help
2    __complete post
2    __complete post 50
2    __complete account x/
2    __complete tag
9    list --limit 50
10   list --limit 50 --json
10   list --format table --color always
10   list --status published --search lot --limit 50
9    show {late}
10   show {late} --format table
10   status
11   status --json
10   log {late}
10   account list --json
10   list --help
10   create --help
12   create Hello
13   create "New on the menu" --to x/shop1 --at 2099-12-01T09:00Z
13   create https://example.com/menu --to x/shop1 --at 2099-12-03T09:00Z
20   edit {late} Changed
20   unschedule {late}
20   schedule {late} --at 2099-12-02T09:00Z
20   account add x/other
20   account set x/shop1 --tz UTC
20   config show
20   config get timezone
20   slots list
20   slots add "mon 09:00" --account x/shop1
20   repeat list
20   metrics list --limit 50
20   metrics summary --account x/shop1
20   metrics import {folder}/metrics.csv
20   optimal --account x/shop1
20   plan {draft} --dry-run
20   pause --account x/shop2
20   resume --account x/shop2
20   import {folder}/posts.csv
20   export {folder}/out.json --limit 50 --force
20   completion bash
20   help time
"""


class Best(NamedTuple):
    """The lowest times in seconds."""

    cpu: float
    wall: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--posts", type=int, default=POSTS, help="stored posts, one in ten still to come")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each row the least of so many")
    parser.add_argument("--only", default="", help="only commands that begin so")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = folder / "home"
        fill(make_store(home), options.posts, coming=options.posts // 10)
        environ = _environment(home, folder)
        goals = _rows(_prepared(folder, environ))
        goals = {words: goal for words, goal in goals.items() if " ".join(words).startswith(options.only)}
        _print(goals, _measured(list(goals), environ, options.rounds), folder)


def _prepared(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Create the files and posts that the commands use, by their names in the tables above."""
    (folder / "posts.csv").write_text("text,tags\nHello,launch\n")
    newest = datetime.now(UTC) - timedelta(days=8)
    times = (newest - timedelta(hours=7 * number) for number in range(200))
    rows = [f"x/shop1,r{number},{at:%Y-%m-%dT%H:%MZ},{number % 50},1,2,300" for number, at in enumerate(times)]
    (folder / "metrics.csv").write_text("account,remoteId,publishedAt,likes,comments,shares,views\n" + "\n".join(rows))
    names = {"folder": str(folder)}
    for name, words in (
        ("metrics", ["metrics", "import", str(folder / "metrics.csv")]),
        ("draft", ["create", "A draft", "--to", "x/shop1", "-q"]),
        ("late", ["create", "Late", "--to", "x/shop1", "--at", "2099-11-30T09:00Z", "-q"]),
    ):
        ran = subprocess.run([TTP, *words], env=environ, capture_output=True, text=True, check=True)
        names[name] = ran.stdout.strip()
    return names


def _rows(names: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Return the goals of the commands."""
    lines = (shlex.split(line) for line in COMMANDS.strip().splitlines())
    return {tuple(word.format_map(names) for word in words): goal for goal, *words in lines}


def _environment(home: Path, folder: Path) -> dict[str, str]:
    """Return an environment in which Python writes bytecode, so that not every start compiles the program."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "TTP_"))}
    return environ | {"TTP_HOME": str(home), "TTP_TZ": "UTC", "HOME": str(folder)}


def _measured(
    commands: Sequence[tuple[str, ...]], environ: Mapping[str, str], rounds: int
) -> dict[tuple[str, ...], Best]:
    """Return the lowest times of each command, and of a bare Python (no words)."""
    best: dict[tuple[str, ...], Best] = {}
    for turn in range(rounds + 1):
        for name in ((), *commands):
            took = _run([TTP, *name] if name else [sys.executable, "-c", "pass"], environ)
            if turn:  # the first round fills the caches
                before = best.get(name, took)
                best[name] = Best(min(before.cpu, took.cpu), min(before.wall, took.wall))
    return best


def _run(argv: Sequence[str], environ: Mapping[str, str]) -> Best:
    began = time.perf_counter()
    process = subprocess.Popen(
        argv, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{shlex.join(argv)} ended with {process.returncode}")
    return Best(usage.ru_utime + usage.ru_stime, time.perf_counter() - began)


def _print(goals: Mapping[tuple[str, ...], str], best: Mapping[tuple[str, ...], Best], folder: Path) -> None:
    bare = best[()]
    print(f"python -c pass: {1000 * bare.cpu:.1f} ms of CPU time, {1000 * bare.wall:.1f} ms\n")
    print("| command | CPU | wall | goal |\n|---|---|---|---|")
    for words, goal in goals.items():
        ratios = f"{best[words].cpu / bare.cpu:.1f} | {best[words].wall / bare.wall:.1f}"
        print(f"| `ttp {shlex.join(words).replace(f'{folder}/', '')}` | {ratios} | {goal} |")


if __name__ == "__main__":
    main()
