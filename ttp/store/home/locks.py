"""The publisher's lock: held by the kernel for as long as its process lives, and by one process per store.

Never a lease that runs out: a suspended process that wakes up after its lease is how queues post twice. Who holds the
lock is written in a file beside it, for people; nothing decides by that file.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ttp.domain.action import action
from ttp.domain.errors import Busy, Hint
from ttp.store.home import atomic_file
from ttp.store.home.paths import make_home
from ttp.store.home.regular_file import open_regular, read_text
from ttp.store.sqlite import translate_errors


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
        super().__init__(
            f"another `ttp run` publishes from this store{who}" + (f", and {doing}" if doing else ""),
            Hint("see", action("status")),
            *([Hint("fix", f"kill {holder.pid}")] if holder else []),
        )


MOST_TRIES = 1000


@contextmanager
def publisher_lock(home: Path, *, doing: str = "") -> Iterator[None]:
    """Hold the lock for the block. LockHeld at once if another process has it."""
    from filelock import FileLock, Timeout

    pass  # MOVED

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
    pass  # MOVED

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


_FILE = "media.lock"


@contextmanager
def adding(home: Path) -> Iterator[None]:
    """Hold the lock for adding, after whoever removes."""
    with _opened(home) as held:
        lock(held, LOCK_SH, home / _FILE)
        yield


@contextmanager
def removing(home: Path) -> Iterator[int | None]:
    """Hold the lock for removing, its open file; None where somebody adds now."""
    with _opened(home) as held:
        try:
            lock(held, LOCK_EX | LOCK_NB, home / _FILE)
        except BlockingIOError:
            yield None
        else:
            yield held


@contextmanager
def _opened(home: Path) -> Iterator[int]:
    make_home(home)
    with lock_trouble(home / _FILE):
        held = open_regular(home / _FILE, os.O_RDWR | os.O_CREAT)
    try:
        yield held
    finally:
        os.close(held)


_FOLDER = "tokens"


_LOOK_AGAIN_S = 0.02
"""How often a lock that another has is asked for."""


class TokenHeld(Busy):
    """Another process has the account's token in hand: it renews it, or publishes with it."""

    def __init__(self, account: str) -> None:
        super().__init__(f"another ttp has the token of {account} in hand", Hint("see", action("status")))


@contextmanager
def token_lock(home: Path, account: str, *, patience_s: float) -> Iterator[None]:
    """Hold the account's token for the block. TokenHeld where another holds it for longer than `patience_s`."""
    descriptor = _open_lock(home, account)
    try:
        end = time.monotonic() + patience_s
        while not _taken(descriptor, _path(home, account, "lock")):
            if time.monotonic() >= end:
                raise TokenHeld(account)
            time.sleep(_LOOK_AGAIN_S)
        yield
    finally:
        os.close(descriptor)


def _open_lock(home: Path, account: str) -> int:
    """The descriptor of the lock's file, which stays once it is made."""
    path = _path(home, account, "lock")
    try:
        return open_regular(path, os.O_RDWR | os.O_CREAT)
    except FileNotFoundError:
        _make_folder(home)
    except OSError as error:
        with lock_trouble(path):
            raise error
    with lock_trouble(path):
        return open_regular(path, os.O_RDWR | os.O_CREAT)


def _taken(descriptor: int, path: Path) -> bool:
    """Whether the kernel gave the lock. Taken directly: one is taken for each delivery, and filelock costs as much of
    that as its request does."""
    try:
        lock(descriptor, LOCK_EX | LOCK_NB, path)
    except BlockingIOError:
        return False
    return True


def note_begun(home: Path, account: str, token: str, at: datetime) -> None:
    """Write down, on disk when this comes back, that `token` is about to be spent. The lock must be held."""
    path = _path(home, account, "json")
    with translate_errors(path):
        atomic_file.write(path, json.dumps({"token": _mark(token), "at": at.isoformat()}))


def begun_at(home: Path, account: str, token: str) -> datetime | None:
    """When spending `token` was begun and not heard to end; None where it was not."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        note = json.loads(read_text(_path(home, account, "json")))
        if note["token"] == _mark(token):
            return datetime.fromisoformat(note["at"])
    return None


def forget_begun(home: Path, account: str) -> None:
    """What was begun has ended: its answer is stored, or it was refused."""
    _path(home, account, "json").unlink(missing_ok=True)


def _mark(token: str) -> str:
    import hashlib

    return hashlib.sha256(token.encode()).hexdigest()[:32]


def _path(home: Path, account: str, suffix: str) -> Path:
    """`tokens/x-me.lock` of `x/me`: handles hold no separators, and the same one in any case."""
    return home / _FOLDER / f"{account.lower().replace('/', '-', 1)}.{suffix}"


def _make_folder(home: Path) -> None:
    make_home(home)
    with translate_errors(home / _FOLDER):
        (home / _FOLDER).mkdir(mode=0o700, exist_ok=True)


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Wait until nobody else changes files of this folder, and let nobody else do so meanwhile; but on file systems
    that lock no folder (NFS). OSError."""
    lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
        yield
    finally:
        os.close(lock)


LOCK_SH, LOCK_EX, LOCK_NB = fcntl.LOCK_SH, fcntl.LOCK_EX, fcntl.LOCK_NB


NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL, errno.EBADF})
"""What `flock` answers on file systems that cannot lock the file."""


def lock(descriptor: int, how: int, path: Path) -> None:
    """Lock an open file as `flock` does. BlockingIOError where another process has it; Busy where it cannot be locked.
    `path`: where the file is, for the message."""
    with lock_trouble(path):
        fcntl.flock(descriptor, how)


@contextmanager
def lock_trouble(path: Path) -> Iterator[None]:
    """Turn what the file system says of a lock into Busy. What says that another process has it passes."""
    try:
        yield
    except (BlockingIOError, TimeoutError):
        raise
    except NotImplementedError as error:  # filelock, where there is no flock
        raise _no_locks(path) from error
    except OSError as error:
        if error.errno in NO_LOCKS:
            raise _no_locks(path) from error
        import shlex

        look = Hint("see", f"ls -la {shlex.quote(str(path.parent))}")
        raise Busy(f"{path} cannot be locked: {error.strerror or error}", look) from error


def _no_locks(path: Path) -> Busy:
    return Busy(
        f"the file system of {path.parent} cannot lock files, and without a lock two publishers could post the same",
        Hint("fix", "export TTP_HOME=FOLDER"),
    )
