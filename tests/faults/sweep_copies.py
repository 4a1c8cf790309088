"""Sweeps of stores: copied to another machine, restored, set back; and disks that refuse, are locked or damaged."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from tests.faults.bench import PATIENCE_S, UNTIL_IDLE, Bench
from tests.faults.judge import Verdict
from tests.faults.posts import KINDS
from tests.faults.proxy import Fault
from tests.faults.sweeps import Run, Where, calls_of, ends_of, requests_of, spoiling
from tests.faults.troubles import TROUBLES
from tests.platforms.case import Kind
from ttp.store.home.journal import FILE

COPIED = ("copied to another machine", "restored from a backup", "put back as a folder", "put back as a file")


def copies() -> Iterator[Run]:
    """A copy is made while the post is pending, or open; then the post is published; then the copy publishes."""
    for how in COPIED:
        for when in ("pending", "sending"):
            for kind in KINDS.values():

                def go(bench: Bench, kind: Kind = kind, how: str = how, when: str = when) -> Verdict:
                    return _copied(bench, kind, how, when)

                place = f"{kind.name}, copied while {when}"
                # What a copy cannot know of (a TikTok upload that began after it was made) a person must look at.
                yield Run(
                    f"a store {how}",
                    place,
                    go,
                    ("published", "needs_review"),
                    covers=(kind.name, how),
                    at_call=when == "sending",
                )


def _copied(bench: Bench, kind: Kind, how: str, when: str) -> Verdict:
    kept = bench.folder / "kept"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(mode=0o700)

    def keep() -> None:
        bench.ok("backup", str(kept / "backup.db"))
        shutil.copytree(bench.home, kept / "home")

    def go(bench: Bench) -> None:
        _be_owned(bench)
        if when == "pending":
            keep()
        bench.settle()
        if bench.state() != "published":
            bench.amiss.append(f"the first publisher leaves it {bench.state()}")
        _put_back(bench, kept, how)
        refused = bench.run(*bench.until_idle)
        # A file that lacks nothing but an outcome is as a power cut leaves it: looked up, and never sent.
        if (how, when) == (COPIED[-1], "sending") and refused.wait() in ((0, 6) if kind.silent else (0,)):
            return
        if refused.wait() != 5 or "--take-over" not in refused.said:
            bench.amiss.append(f"it publishes unasked: {refused.code} {refused.said[:200]}")
        bench.settle("--take-over")

    fault = Fault("copied", True, act=keep) if when == "sending" else None
    return bench.case(kind, spoiling(kind, Where(call=0), fault), go)


def _be_owned(bench: Bench) -> None:
    """This machine publishes from the store, once before anything is due."""
    due = bench.sql("SELECT due_at FROM delivery WHERE parent_id IS NULL")[0][0]
    later = due + 3_600_000
    bench.sql("UPDATE delivery SET due_at = ?, next_at = ? WHERE parent_id IS NULL", later, later)
    bench.ok("run", "--once")
    bench.sql("UPDATE delivery SET due_at = ?, next_at = ? WHERE parent_id IS NULL", due, due)


def _put_back(bench: Bench, kept: Path, how: str) -> None:
    match how:
        case "restored from a backup":
            bench.ok("restore", str(kept / "backup.db"))
        case "put back as a file":
            for part in ("", "-wal", "-shm"):
                (bench.home / f"ttp.db{part}").unlink(missing_ok=True)
            shutil.copy(kept / "backup.db", bench.home / "ttp.db")
            (bench.home / "ttp.db").chmod(0o600)
        case _:
            shutil.rmtree(bench.home)
            shutil.copytree(kept / "home", bench.home)
            if how == "copied to another machine":
                bench.sql("UPDATE store SET host = 'what another machine is called here', host_name = 'pi'")


HELD = "the store is locked until the publisher is killed"
JOURNAL_S = 25.0
"""How long a process may take to write the outcome into its journal; it waits 30 s for the store."""
REFUSE = ("the disk refuses every write", "the store is locked for a second")


def disks() -> Iterator[Run]:
    """From one request on the disk refuses, until that run has ended; or another program holds the store: for a
    second, or until the publisher is killed."""
    for how in REFUSE:
        for lost in (None, "cut after", "cut before"):
            for kind in KINDS.values():
                for where in [w for w, _ in requests_of(kind)] if lost is None else calls_of(kind):

                    def go(
                        bench: Bench, kind: Kind = kind, where: Where = where, how: str = how, lost: str | None = lost
                    ) -> Verdict:
                        act = _refuse if how == REFUSE[0] else _lock
                        trouble = None if lost is None else TROUBLES[lost](bench, kind)
                        forward = trouble is None or trouble.forward
                        answer = None if trouble is None else trouble.answer
                        fault = Fault(how, forward, answer=answer, act=lambda: act(bench))
                        return bench.case(kind, spoiling(kind, where, fault))

                    place = f"{kind.name}, {where} {lost or 'answered'}"
                    yield Run(
                        how,
                        place,
                        go,
                        ends_of(kind, unsure=where.is_call),
                        covers=(kind.name, how, str(lost)),
                        at_call=where.is_call,
                    )

    for kind in KINDS.values():
        for where in calls_of(kind):

            def held(bench: Bench, kind: Kind = kind, where: Where = where) -> Verdict:
                fault = Fault(HELD, True, act=lambda: _lock(bench, lambda: _kill_with_journal(bench)))
                return bench.case(kind, spoiling(kind, where, fault))

            # Also what cannot be looked up is published: its outcome is in the journal.
            yield Run(
                HELD, f"{kind.name}, {where}", held, calls_most=kind.call_count, covers=(kind.name, HELD), at_call=True
            )


def _kill_with_journal(bench: Bench) -> None:
    """Kill the process once it has an outcome in its journal, or has had long enough for that."""
    journal, end = bench.home / FILE, time.monotonic() + JOURNAL_S
    while not journal.read_bytes().strip() and time.monotonic() < end:
        time.sleep(0.05)
    bench.kill()


def _refuse(bench: Bench) -> None:
    """Every further byte that the process writes into a file is refused."""
    for fork in bench.victims:
        with suppress(ProcessLookupError):
            resource.prlimit(fork.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def _lock(bench: Bench, work: Callable[[], None] = lambda: time.sleep(1.0)) -> None:
    """Hold the store as another program may, until some work is done."""
    taken = threading.Event()

    def hold() -> None:
        with closing(sqlite3.connect(bench.home / "ttp.db", isolation_level=None, timeout=60)) as db:
            db.execute("BEGIN IMMEDIATE")
            taken.set()
            work()
            db.execute("ROLLBACK")

    threading.Thread(target=hold, daemon=True).start()
    taken.wait(PATIENCE_S)


def _spoilt(name: str) -> Callable[[Bench], None]:
    def zero(bench: Bench) -> None:
        (bench.home / "ttp.db").write_bytes(b"")

    def cut(bench: Bench) -> None:
        data = (bench.home / "ttp.db").read_bytes()
        (bench.home / "ttp.db").write_bytes(data[: len(data) // 2])

    def page(bench: Bench) -> None:
        data = bytearray((bench.home / "ttp.db").read_bytes())
        for start in range(8192, len(data), 4096):
            data[start : start + 64] = b"\xa5" * 64
        (bench.home / "ttp.db").write_bytes(data)

    def text(bench: Bench) -> None:
        (bench.home / "ttp.db").write_bytes(b"this is no database " * 1000)

    def newer(bench: Bench) -> None:
        bench.sql("UPDATE alembic_version SET version_num = 'zzzz'")

    return {"zero length": zero, "cut in half": cut, "spoilt pages": page, "no database": text, "newer": newer}[name]


DAMAGES = ("zero length", "cut in half", "spoilt pages", "no database", "newer")


def damaged() -> Iterator[Run]:
    """A damaged store is neither published from nor replaced by an empty one."""
    for name in DAMAGES:
        for kind in (KINDS["x text"], KINDS["instagram photo"]):
            for argv in (UNTIL_IDLE, ("run", "--once"), ("publish", "1", "--yes")):

                def go(bench: Bench, kind: Kind = kind, name: str = name, argv: tuple[str, ...] = argv) -> Verdict:
                    return _damaged(bench, kind, name, argv)

                yield Run("a damaged store", f"{kind.name}, {name}, {' '.join(argv[:2])}", go, covers=(kind.name, name))


def _damaged(bench: Bench, kind: Kind, name: str, argv: tuple[str, ...]) -> Verdict:
    whole = bench.folder / "whole.db"

    def go(bench: Bench) -> None:
        shutil.copy(bench.home / "ttp.db", whole)
        for part in ("-wal", "-shm"):
            (bench.home / f"ttp.db{part}").unlink(missing_ok=True)
        _spoilt(name)(bench)
        before = (bench.home / "ttp.db").read_bytes()
        refused = bench.run(*argv)
        if refused.wait() != 5:
            bench.amiss.append(f"{name}: exit {refused.code}: {refused.said[:300]}")
        if bench.proxy.asked:
            bench.amiss.append(f"{name}: it asks {bench.proxy.asked[0].line}")
        if (bench.home / "ttp.db").read_bytes() != before:
            bench.amiss.append(f"{name}: the file was changed")
        for part in ("-wal", "-shm"):
            (bench.home / f"ttp.db{part}").unlink(missing_ok=True)
        shutil.copy(whole, bench.home / "ttp.db")
        (bench.home / "ttp.db").chmod(0o600)
        bench.settle()

    return bench.case(kind, lambda asked: None, go)
