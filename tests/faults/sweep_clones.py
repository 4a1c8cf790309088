"""The sweep of stores copied on the same machine, at every moment of a post's life and by every means.

The copy runs at once, and with `publish.any_machine` when the original is done: it is refused each time.
The original publishes as without the copy.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

from tests.faults.bench import Bench
from tests.faults.judge import Verdict
from tests.faults.posts import KINDS
from tests.faults.proxy import Asked, Fault
from tests.faults.sweeps import Run, Where, requests_of, spoiling
from tests.platforms.case import Kind

WAYS = {
    "cp -a": 'cp -a "$1" "$2"',
    "rsync -a": 'rsync -a "$1/" "$2"',
    "tar": 'mkdir -m 700 "$2" && tar -C "$1" -c . | tar -C "$2" -xp',
    "reflink": 'cp -a --reflink=always "$1" "$2"',
}
BEFORE = ("due", "not due yet")
AFTER = "published"


@cache
def ways() -> tuple[str, ...]:
    """The means that this machine has."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        source.mkdir()
        (source / "file").write_text("x")
        return tuple(way for number, way in enumerate(WAYS) if _copy(way, source, Path(folder) / str(number)))


def clones() -> Iterator[Run]:
    """Copies of a store that has published nothing yet: before its post is due, at each request of it, and after it."""
    for way in ways():
        for kind in KINDS.values():
            requests = [where for where, _ in requests_of(kind)]
            moments: list[str | Where] = [*BEFORE, *requests, AFTER]
            for moment in moments:

                def go(bench: Bench, kind: Kind = kind, way: str = way, moment: str | Where = moment) -> Verdict:
                    return _cloned(bench, kind, way, moment)

                at_call = isinstance(moment, Where) and moment.is_call
                place = f"{kind.name}, {moment}"
                yield Run(f"a folder copied by {way}", place, go, covers=(kind.name, way), at_call=at_call)


def _copy(way: str, source: Path, target: Path) -> bool:
    ran = subprocess.run(["sh", "-c", WAYS[way], "sh", str(source), str(target)], capture_output=True, check=False)
    # A file that is replaced meanwhile makes cp and rsync complain, and tar where it grows.
    return ran.returncode in (0, 1, 24) and target.is_dir() and any(target.iterdir())


def _cloned(bench: Bench, kind: Kind, way: str, moment: str | Where) -> Verdict:
    clone = bench.folder / "clone"
    made: list[bool] = []

    def make() -> None:
        shutil.rmtree(clone, ignore_errors=True)
        if not _copy(way, bench.home, clone):
            bench.amiss.append(f"{way} copies nothing")
        made.append(True)
        refused("false")

    def refused(any_machine: str) -> None:
        run = bench.run(*bench.until_idle, HOME=str(clone), PUBLISH__ANY_MACHINE=any_machine)
        if run.wait() != 5 or "--take-over" not in run.said:
            bench.amiss.append(f"a copy publishes: {run.code} {run.said[:200]}")

    def go(bench: Bench) -> None:
        due = bench.sql("SELECT due_at FROM delivery WHERE parent_id IS NULL")[0][0]
        if moment == "not due yet":
            _give_time(bench.home, due + 3_600_000)
            bench.ok("run", "--once")
        if moment in BEFORE:
            make()
        if moment == "not due yet":
            for home in (bench.home, clone):
                _give_time(home, due)
        bench.settle()
        if not made:  # how often a platform is asked for a status varies: some of the last requests may not be made
            make()
        refused("true")

    plan = spoiling(kind, moment, Fault("copied", True, act=make)) if isinstance(moment, Where) else _nothing
    return bench.case(kind, plan, go)


def _nothing(asked: Asked) -> Fault | None:
    return None


def _give_time(home: Path, at: int) -> None:
    with closing(sqlite3.connect(home / "ttp.db", isolation_level=None, timeout=30)) as db:
        db.execute("UPDATE delivery SET due_at = ?, next_at = ? WHERE parent_id IS NULL", (at, at))
