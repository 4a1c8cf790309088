"""Measure how long commands take: `python -m benchmarks.startup` prints one table of ratios.

Every number is a multiple of `python -c pass` in the same run: the lowest CPU time and wall time of all rounds. A round
runs every command once, so that all rows see the same load. "of its libraries" is the CPU time as a multiple of a
minimal Typer program with one option that imports the libraries the command needs.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
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
BARE = """\
import typer
{imports}
app = typer.Typer(add_completion=False, rich_markup_mode=None)

@app.command()
def bare(name: str = typer.Option("", "--name")) -> None:
    print(name)

app()
"""
"""A minimal program that reads an option with Typer."""
PEERS = {"toot": "toot", "httpie": "http", "sqlite-utils": "sqlite-utils", "awscli": "aws"}
# {late} is a scheduled post, {draft} a draft. The libraries needed in addition to Typer follow after #.
BEFORE_TYPER = """
1.5  --version
2    --help
2    __complete post
2    __complete post 50
2    __complete account x/
2    __complete tag
"""
BY_TYPER = """
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
20   slots add "mon 09:00" --account x/shop1 # dateutil
20   repeat list # dateutil
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


class Row(NamedTuple):
    """One command, its goal, and the libraries it needs in addition to Typer (None: not even Typer)."""

    words: tuple[str, ...]
    goal: str
    libraries: tuple[str, ...] | None


class Best(NamedTuple):
    """The lowest times in seconds."""

    cpu: float
    wall: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--posts", type=int, default=POSTS, help="stored posts, one in ten still to come")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each row the least of so many")
    parser.add_argument("--home", type=Path, help="a folder that keeps the store for the next time")
    parser.add_argument("--peers", type=Path, help="the bin folder of an environment with toot, httpie, …")
    parser.add_argument("--only", default="", help="only commands that begin so")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = asked.home or folder / "home"
        if not home.exists():
            fill(make_store(home), asked.posts, coming=asked.posts // 10)
        environ = _environment(home, folder)
        wanted = [row for row in _rows(_prepared(folder, environ)) if " ".join(row.words).startswith(asked.only)]
        best = _measured(_commands(wanted, folder, _peers(asked.peers)), environ, asked.rounds)
        _print(wanted, best, folder)


def _prepared(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Create the files and posts that the commands use, by their names in the tables above."""
    (folder / "posts.csv").write_text("text,tags\nHello,launch\n")
    newest = datetime.now(UTC) - timedelta(days=8)
    times = (newest - timedelta(hours=7 * number) for number in range(200))
    rows = [f"x/shop1,r{number},{at:%Y-%m-%dT%H:%MZ},{number % 50},1,2,300" for number, at in enumerate(times)]
    (folder / "metrics.csv").write_text("account,remoteId,publishedAt,likes,comments,shares,views\n" + "\n".join(rows))
    told = {"folder": str(folder)}
    for name, words in (
        ("metrics", ["metrics", "import", str(folder / "metrics.csv")]),
        ("draft", ["create", "A draft", "--to", "x/shop1", "-q"]),
        ("late", ["create", "Late", "--to", "x/shop1", "--at", "2099-11-30T09:00Z", "-q"]),
    ):
        ran = subprocess.run([TTP, *words], env=environ, capture_output=True, text=True, check=True)
        told[name] = ran.stdout.strip()
    return told


def _rows(told: Mapping[str, str]) -> list[Row]:
    rows = []
    for uses_typer, table in ((False, BEFORE_TYPER), (True, BY_TYPER)):
        for line in table.strip().splitlines():
            typed, _, libraries = line.partition(" # ")
            goal, *words = shlex.split(typed)
            known = tuple(word.format_map(told) for word in words)
            rows.append(Row(known, goal, tuple(libraries.split()) if uses_typer else None))
    return rows


def _commands(rows: Sequence[Row], folder: Path, peers: Mapping[str, list[str]]) -> dict[object, list[str]]:
    """Return the commands of a round."""
    commands: dict[object, list[str]] = {"pass": [sys.executable, "-c", "pass"]}
    for libraries in dict.fromkeys(row.libraries for row in rows if row.libraries is not None):
        program = folder / f"bare_{'_'.join(libraries)}.py"
        program.write_text(BARE.format(imports="\n".join(f"import {name}" for name in libraries)))
        commands[libraries] = [sys.executable, str(program)]
    return commands | {row.words: [TTP, *row.words] for row in rows} | dict(peers)


def _environment(home: Path, folder: Path) -> dict[str, str]:
    """Return an environment in which Python writes bytecode, so that not every start compiles the program."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "TTP_"))}
    return environ | {"TTP_HOME": str(home), "TTP_TZ": "UTC", "HOME": str(folder)}


def _measured(commands: Mapping[object, list[str]], environ: Mapping[str, str], rounds: int) -> dict[object, Best]:
    best: dict[object, Best] = {}
    for turn in range(rounds + 1):
        for name, argv in commands.items():
            took = _run(argv, environ)
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


def _peers(folder: Path | None) -> dict[str, list[str]]:
    """Return the command that prints the version of each installed program."""
    path = None if folder is None else str(folder)
    found = {name: shutil.which(program, path=path) for name, program in PEERS.items()}
    return {name: [program, "--version"] for name, program in found.items() if program}


def _print(rows: Sequence[Row], best: Mapping[object, Best], folder: Path) -> None:
    bare = best["pass"]
    print(f"python -c pass: {1000 * bare.cpu:.1f} ms of CPU time, {1000 * bare.wall:.1f} ms\n")
    print("| command | CPU | wall | goal | of its libraries |")
    print("|---|---|---|---|---|")

    def line(name: str, took: Best, goal: str = "", share: str = "") -> None:
        print(f"| {name} | {took.cpu / bare.cpu:.1f} | {took.wall / bare.wall:.1f} | {goal} | {share} |")

    for row in rows:
        took = best[row.words]
        share = "" if row.libraries is None else f"{took.cpu / best[row.libraries].cpu:.2f}"
        line(f"`ttp {shlex.join(row.words).replace(f'{folder}/', '')}`", took, row.goal, share)
    for name in PEERS:
        if name in best:
            line(f"{name} --version", best[name])
    for libraries in dict.fromkeys(row.libraries for row in rows if row.libraries is not None):
        line(" + ".join(("a bare Typer program", *libraries)), best[libraries])


if __name__ == "__main__":
    main()
