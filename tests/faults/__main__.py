"""Run the fault sweeps, and print what went wrong and a table: the sample of CI, or with `--full` every run.

python -m tests.faults --full --jobs 4 --sweep kills
python -m tests.faults --platform bluesky [--sweep NAME] [--seconds N] [--count N]
python -m tests.faults --record [--platform NAME]
python -m tests.faults --mutants [NUMBER]
python -m tests.faults --store postgresql [--sweep NAME] [--full [--part K/N]] [--publishers NAME] [--count N]

With `--store postgresql` the posts are in a PostgreSQL that is started for it. Then come the sweeps of several
publishers; `--sweep`, `--platform` and `--count 0` leave them out, and `--publishers` the others.

`--record` makes no sweep: it publishes one post of each kind, and records its requests, which the sweeps spoil.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

from tests.faults.mutants import MUTANTS, some_mutants
from tests.faults.mutation import try_mutant
from tests.faults.posts import KINDS
from tests.faults.sample import SEED, seed
from tests.faults.sweep_user_programs import KINDS as PROGRAMS
from tests.faults.table import NOT_ON_POSTGRESQL, POSTGRESQL_SAMPLES, SAMPLES, Row, lines
from tests.faults.workers import Choice, bench_somewhere, made
from tests.memory import prefer_memory
from tests.platforms.case import find_cases


def main(argv: list[str] | None = None) -> int:
    prefer_memory()
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true", help="every run, not the sample")
    parser.add_argument("--jobs", type=int, default=4, help="runs beside each other")
    parser.add_argument(
        "--sweep", action="append", choices=[*{**SAMPLES, **POSTGRESQL_SAMPLES}], help="only this one (repeatable)"
    )
    parser.add_argument(
        "--platform",
        choices=sorted({one for kind in (*KINDS.values(), *PROGRAMS) for one in (kind.platform, kind.name)}),
        help="only this one, or (x comment) one kind of its posts",
    )
    parser.add_argument("--record", action="store_true", help="record the requests of each kind of post")
    parser.add_argument("--part", help="with --full: one part of all runs, evenly spread: 1/20 to 20/20")
    parser.add_argument("--seconds", type=float, default=math.inf, help="begin no run after so many")
    parser.add_argument("--story", action="store_true", help="show what happened in each run that is wrong")
    parser.add_argument(
        "--mutants",
        nargs="?",
        type=int,
        const=len(MUTANTS),
        metavar="NUMBER",
        help="show that the sweeps catch mistakes in ttp: all of them, or so many of them",
    )
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite", help="where the posts are")
    parser.add_argument(
        "--count",
        type=int,
        help="at most so many runs of each sweep. Default: those of CI's sample, and 7 of each of several publishers",
    )
    parser.add_argument("--publishers", metavar="NAME", help="postgresql: only this sweep of several publishers")
    said = parser.parse_args(argv)
    on_server, count = said.store == "postgresql", 7 if said.count is None else said.count
    if said.part is not None and not said.full:
        return _refuse("--part needs --full: without it the sample is made, which has no parts")
    part, parts = _part(said.part or "1/1")
    if not 1 <= part <= parts:
        return _refuse(f"--part {said.part}: not a part, as 1/20 to 20/20 are")
    if said.record:
        return _record(said.platform)
    if said.mutants:
        if said.full or said.sweep or said.platform:
            return _refuse("--mutants goes without --full, --sweep and --platform: each mutant has sweeps of its own")
        if on_server:
            return _publishers(count, said.publishers, said.jobs, mutants=True)
        return _mutants(said.jobs, said.mutants)
    sizes = POSTGRESQL_SAMPLES if on_server else SAMPLES
    for name in said.sweep or ():
        if name not in sizes:
            return _refuse(f"--sweep '{name}' is not made there: {NOT_ON_POSTGRESQL.get(name, 'a file has no server')}")
    wrong = 0
    if said.sweep or not said.publishers:
        with _server() if on_server else nullcontext() as server:
            sizes = dict.fromkeys(sizes, said.count) if said.count else sizes
            choice = Choice(said.full, part, parts, sizes, said.platform)
            wrong = _sweeps(choice, tuple(said.sweep or sizes), said.jobs, server, said.seconds, story=said.story)
    if on_server and count and (said.publishers or not (said.sweep or said.platform)):
        wrong |= _publishers(count, said.publishers, said.jobs)
    return wrong


@contextmanager
def _server() -> Iterator[str]:
    """A PostgreSQL of this command: the address of one of its databases."""
    from tests.faults.stores import open_server

    with tempfile.TemporaryDirectory(prefix="ttp-faults-") as folder, open_server(Path(folder)) as server:
        yield server


def _record(platform: str | None) -> int:
    from tests.faults.record import record

    with bench_somewhere() as bench:
        for case in find_cases().values():
            if platform in (None, case.name):
                print(f"{case.name}:", ", ".join(record(case, bench)) or "nothing changed", flush=True)
    return 0


def _publishers(count: int, only: str | None, jobs: int, *, mutants: bool = False) -> int:
    from tests.faults import sweep_publishers

    return sweep_publishers.main(count, only, mutants=mutants, jobs=jobs)


def _part(text: str) -> tuple[int, int]:
    """The two numbers of a part; 0/0 for anything else."""
    one, _, all_ = text.partition("/")
    return (int(one), int(all_)) if one.isdecimal() and all_.isdecimal() else (1, 0)


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return 2


def _told_seed() -> None:
    print(f"The sample of seed {seed()} ({SEED}={seed()} draws it again).", flush=True)


def _sweeps(
    choice: Choice, sweeps: tuple[str, ...], jobs: int, server: str | None, seconds: float, *, story: bool
) -> int:
    if not choice.full:
        _told_seed()
    wanted = {name: choice.of(name) for name in sweeps}
    total = sum(map(len, wanted.values()))
    rows: dict[str, Row] = {}
    platforms: dict[str, Row] = {}
    began, wrong = time.monotonic(), 0
    for count, (name, index, verdict) in enumerate(made(wanted, beside=jobs, server=server, seconds=seconds), 1):
        if count % 200 == 0:
            print(f"{count} of {total}", file=sys.stderr, flush=True)
        run = wanted[name][index]
        for table, name_of_row in ((rows, run.row), (platforms, run.platform)):
            table.setdefault(name_of_row, Row()).add(run, verdict)
        breaches = run.breaches(verdict)
        wrong += bool(breaches)
        for breach in breaches:
            print(f"wrong: {breach}", *(verdict.story if story else ()), sep="\n    ", flush=True)
        if breaches:
            print(f"    to make it in every sample: {run.fixed_case(name)}", flush=True)
    print(*lines("kind of fault", dict(sorted(rows.items()))), "", sep="\n")
    print(*lines("platform", dict(sorted(platforms.items()))), sep="\n")
    runs = sum(row.runs for row in rows.values())
    print(f"\n{runs} of {total} runs in {time.monotonic() - began:.0f} s, {jobs} at a time")
    return 1 if wrong else 0


def _mutants(jobs: int, count: int) -> int:
    _told_seed()
    names = some_mutants(seed(), count)
    survived = []
    with ExitStack() as held:
        benches = [held.enter_context(bench_somewhere()) for _ in range(jobs)]
        print("| mistake | sweep | caught after | of | by | because |\n|---|---|--:|--:|---|---|", flush=True)
        for name in names:
            caught = False
            for sweep in MUTANTS[name].sweeps:
                tried = try_mutant(name, sweep, benches)
                caught |= bool(tried.by)
                print(tried.line(), flush=True)
            if not caught:
                survived.append(name)
    for name in survived:
        print(f"no sweep catches: {name}", file=sys.stderr)
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
