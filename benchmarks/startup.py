"""How long every command takes to start and answer: `python -m benchmarks.startup`, one table of ratios.

Every number is a multiple of `python -c pass` in the same run, the best of all rounds, for processor time and for wall
time. A round runs everything once, in turn, so that all rows see the same machine. "of its libraries": processor time
as a multiple of a bare Typer program with one option that imports the libraries which the command cannot do without.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.stores import fill, make_store
from ttp.cli.completion import SHELLS

POSTS, ROUNDS = 1_000_000, 10
BARE = """\
import typer
{imports}
app = typer.Typer(add_completion=False, rich_markup_mode=None)

@app.command()
def bare(name: str = typer.Option("", "--name")) -> None:
    print(name)

app()
"""
"""What any program pays that reads an option with Typer."""
PEERS = {"toot": "toot", "httpie": "http", "sqlite-utils": "sqlite-utils", "awscli": "aws"}


class Row(NamedTuple):
    """One command, its goal as a multiple of `python -c pass`, and the libraries that it must load (None: not even
    Typer)."""

    words: tuple[str, ...]
    goal: float
    libraries: tuple[str, ...] | None = ()


class Best(NamedTuple):
    """The least that something took, in seconds."""

    cpu: float
    wall: float


def rows(folder: Path) -> list[Row]:
    """What is measured, in this order; `folder` is for what commands write."""

    def row(words: str, goal: float, *libraries: str) -> Row:
        return Row(tuple(word.replace("FOLDER", str(folder)) for word in words.split()), goal, libraries)

    def at_once(words: str, goal: float = 8) -> Row:
        return Row(tuple(words.split()), goal, None)

    return [
        at_once("--version", 1.5),
        at_once("--help"),
        *(at_once(f"complete {what}", 2) for what in ("post", "account", "tag")),
        at_once("list --limit 50"),
        at_once("list --limit 50 --json"),
        at_once("list --format table --color always"),
        at_once("list --status published --tag launch"),
        at_once("show 38"),
        at_once("show 38 --format table"),
        at_once("status"),
        at_once("status --json"),
        at_once("log 38"),
        at_once("account list --json"),
        row("list --help", 8),
        row("create --help", 8),
        row("create Hello", 20),
        row("create Hello --to x/shop1 --at 2099-12-01T09:00Z", 20),
        row("edit 500009 Changed", 20),
        row("schedule 500010 --at 2099-12-02T09:00Z", 20),
        row("unschedule 500010", 20),
        row("delete 500011", 20),
        row("account add x/other", 20),
        row("account set x/shop1 --tz UTC", 20),
        row("config show", 20),
        row("config get timezone", 20),
        row("slots list", 20),
        row("slots add x/shop1 fri 18:00", 20),
        row("repeat list", 20),
        row("metrics list", 20),
        row("metrics summary", 20),
        row("optimal --account x/shop1", 20),
        row("calendar", 20),
        row("plan 500012 --dry-run", 20),
        row("doctor", 20),
        row("pause x/shop2", 20),
        row("resume x/shop2", 20),
        row("export FOLDER/out.json --limit 50 --force", 20),
        row("import FOLDER/in.csv", 20),
        *(row(f"completion {shell}", 20) for shell in SHELLS[:1]),
        row("help time", 20),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--posts", type=int, default=POSTS, help="stored posts")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each row the best of so many")
    parser.add_argument("--home", type=Path, help="a folder that keeps the store for the next time")
    parser.add_argument("--peers", type=Path, help="the bin folder of an environment with toot, httpie, …")
    parser.add_argument("--only", default="", help="only rows that begin so")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = asked.home or Path(folder) / "home"
        if not home.exists():
            fill(make_store(home), asked.posts)
        (Path(folder) / "in.csv").write_text("text,tags\nHello,launch\n")
        wanted = [one for one in rows(Path(folder)) if " ".join(one.words).startswith(asked.only)]
        _print(*_measured(wanted, Path(folder), home, _peers(asked.peers), asked.rounds))


def _measured(
    wanted: Sequence[Row], folder: Path, home: Path, peers: Mapping[str, Sequence[str]], rounds: int
) -> tuple[list[tuple[str, Row | None, Best, Best | None]], Best]:
    """Of each row and peer its name, the best that it took, and what its libraries alone took; and of a bare Python."""
    program = str(Path(sys.executable).with_name("ttp"))
    bare = {libraries: _bare(folder, libraries) for libraries in {row.libraries for row in wanted} - {None}}
    commands = {
        "pass": [sys.executable, "-c", "pass"],
        **{name: [sys.executable, str(path)] for name, path in bare.items()},
        **{row.words: [program, *row.words] for row in wanted},
        **peers,
    }
    # Bytecode is kept where there is none yet, as an installer does: else each start would compile the program.
    environ = {name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "TTP_"))}
    environ |= {"TTP_HOME": str(home), "TTP_TZ": "UTC", "HOME": str(folder)}
    best: dict[object, Best] = {}
    for turn in range(rounds + 1):
        for name, argv in commands.items():
            took = _run(argv, environ)
            if turn:  # the first one fills the caches
                before = best.get(name, took)
                best[name] = Best(min(before.cpu, took.cpu), min(before.wall, took.wall))
    lines: list[tuple[str, Row | None, Best, Best | None]] = []
    for row in wanted:
        libraries = best[row.libraries] if row.libraries is not None else None
        lines.append(("ttp " + " ".join(row.words).replace(f"{folder}/", ""), row, best[row.words], libraries))
    lines += [(f"{name} --version", None, best[name], None) for name in peers]
    lines += [(" + ".join(("a bare Typer", *name)), None, best[name], None) for name in bare]
    return lines, best["pass"]


def _bare(folder: Path, libraries: Sequence[str]) -> Path:
    path = folder / f"bare_{'_'.join(libraries)}.py"
    path.write_text(BARE.format(imports="\n".join(f"import {name}" for name in libraries)))
    return path


def _run(argv: Sequence[str], environ: Mapping[str, str]) -> Best:
    began = time.perf_counter()
    process = subprocess.Popen(
        argv, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return Best(usage.ru_utime + usage.ru_stime, time.perf_counter() - began)


def _peers(folder: Path | None) -> dict[str, list[str]]:
    """The programs that are installed, and how each is asked for its version."""
    path = None if folder is None else str(folder)
    found = {name: shutil.which(program, path=path) for name, program in PEERS.items()}
    return {name: [program, "--version"] for name, program in found.items() if program}


def _print(lines: Sequence[tuple[str, Row | None, Best, Best | None]], bare: Best) -> None:
    print(f"python -c pass: {1000 * bare.cpu:.1f} ms of processor time, {1000 * bare.wall:.1f} ms\n")
    print("| command | processor | wall | goal | of its libraries |")
    print("|---|---|---|---|---|")
    for name, row, took, libraries in lines:
        goal = f"{row.goal:g}" if row else ""
        share = "" if libraries is None else f"{took.cpu / libraries.cpu:.2f}"
        print(f"| `{name}` | {took.cpu / bare.cpu:.1f} | {took.wall / bare.wall:.1f} | {goal} | {share} |")


if __name__ == "__main__":
    main()
