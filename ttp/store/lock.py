"""The publisher's lock: held by the kernel for as long as its process lives, and by one process per store.

Never a lease that runs out: a suspended process that wakes up after its lease is how queues post twice. Who holds the
lock is written in a file beside it, for people; nothing decides by that file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ttp.domain.errors import Busy, Hint
from ttp.store.regular_file import open_regular, read_text


@dataclass(frozen=True, slots=True)
class Holder:
    """Who publishes, or published last. `mode`: `loop`, `once`, `until-idle`, `publish`, `migrate`. `left`: what it
    leaves alone because a row of the store cannot be read."""

    pid: int
    mode: str
    since: datetime
    last_run_at: datetime
    left: tuple[str, ...] = ()


class LockHeld(Busy):
    """Another process holds the lock."""

    def __init__(self, holder: Holder | None, doing: str = "") -> None:
        self.holder = holder
        who = f" (pid {holder.pid}, since {holder.since.astimezone():%a %d %b %H:%M %Z})" if holder else ""
        kill = f"kill {holder.pid}" if holder else "ttp status"
        super().__init__(
            f"another `ttp run` publishes from this store{who}" + (f", and {doing}" if doing else ""),
            Hint("look", "ttp status"),
            Hint("stop it", kill),
        )


MOST_TRIES = 1000


@contextmanager
def publisher_lock(home: Path, *, doing: str = "") -> Iterator[None]:
    """Hold the lock for the block. LockHeld at once if another process has it."""
    from filelock import FileLock, Timeout

    from ttp.store.file_lock import lock_trouble

    # These arguments matter: fallback_to_soft would leave a lock that survives its process, thread_local one that a
    # worker thread cannot see.
    lock = FileLock(home / "publisher.lock", timeout=0, thread_local=False, fallback_to_soft=False, mode=0o600)
    tries = 0
    while not lock.is_locked:
        try:
            with lock_trouble(home / "publisher.lock"):
                lock.acquire()
        except Timeout:
            # `is_held` of another process, which takes the lock for a moment, is no publisher; what stays is.
            tries += 1
            if tries > MOST_TRIES or is_held(home):
                raise LockHeld(read_holder(home), doing) from None
    try:
        yield
    finally:
        lock.release()


def is_held(home: Path) -> bool:
    """Whether a living process holds the lock now. Busy where that cannot be found out."""
    from ttp.store.file_lock import LOCK_NB, LOCK_SH, lock, lock_trouble

    path = home / "publisher.lock"
    try:
        descriptor = open_regular(path, os.O_RDWR)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        with lock_trouble(path):
            raise error
    try:
        lock(descriptor, LOCK_SH | LOCK_NB, path)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def write_holder(home: Path, holder: Holder) -> None:
    """Say who publishes. Atomic, readable by the owner only."""
    text = json.dumps(
        {
            "pid": holder.pid,
            "mode": holder.mode,
            "since": holder.since.isoformat(),
            "lastRunAt": holder.last_run_at.isoformat(),
            "left": holder.left,
        }
    )
    fresh = home / f"publisher.json.new-{os.getpid()}"
    descriptor = open_regular(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    fresh.replace(home / "publisher.json")


def read_holder(home: Path) -> Holder | None:
    """Who publishes or published last; None where nobody ever did, or the file cannot be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        data = json.loads(read_text(home / "publisher.json"))
        return Holder(
            int(data["pid"]),
            str(data["mode"]),
            datetime.fromisoformat(data["since"]),
            datetime.fromisoformat(data["lastRunAt"]),
            tuple(map(str, data.get("left", ()))),
        )
    return None
