"""Locks in TTP_HOME: of the publisher, the media folder, credentials, tokens, uploads and folders.

The kernel holds them as long as the process lives. Never a lease that expires: a suspended process that wakes up after
its lease is how queues post twice. The publisher is also described in `publisher.json`, for people; nothing is decided
by that file.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from ttp import __version__
from ttp.domain.action import action
from ttp.domain.errors import Busy, Hint
from ttp.store.home import files
from ttp.store.home.files import disk_errors_as_busy, make_home, open_regular, quote_path, read_text
from ttp.store.sqlite import translate_errors


class Holder(NamedTuple):
    """The process that publishes, or published last. `mode`: `loop`, `once`, `until-idle`, `publish`, `migrate`.
    `left`: reasons why posts or accounts are skipped; `version`: of the program that it runs, if known."""

    pid: int
    mode: str
    since: datetime
    last_run_at: datetime
    left: tuple[str, ...] = ()
    version: str | None = __version__


class LockHeld(Busy):
    """Another process holds the lock."""

    def __init__(self, holder: Holder | None, doing: str = "") -> None:
        self.holder = holder
        who = f" (pid {holder.pid}, since {holder.since.astimezone():%a %d %b %H:%M %Z})" if holder else ""
        super().__init__(
            f"another publisher runs on this store{who}" + (f", and {doing}" if doing else ""),
            # A command that must change the store's schema first cannot show its status.
            *(() if doing else (Hint("see", action("status")),)),
            *([Hint("fix", f"kill {holder.pid}")] if holder and doing else []),  # else one publisher is enough
        )


MOST_TRIES = 1000
CREDENTIALS_PATIENCE_S = 30.0
"""Seconds to wait while another process changes the credentials file."""


@contextmanager
def publisher_lock(home: Path, *, doing: str = "") -> Iterator[None]:
    """Hold the publisher's lock for the block. Raises LockHeld at once if another process has it."""
    from filelock import FileLock, Timeout

    # These arguments matter: fallback_to_soft would leave a lock that survives its process, thread_local one that a
    # worker thread cannot see.
    make_home(home)
    lock = FileLock(home / "publisher.lock", timeout=0, thread_local=False, fallback_to_soft=False, mode=0o600)
    tries = 0
    while not lock.is_locked:
        try:
            with lock_errors_as_busy(home / "publisher.lock"):
                lock.acquire()
        except Timeout:
            # Another process may hold it for a moment, in `is_publisher_running`; for longer if it gets no turn there.
            tries += 1
            if tries > MOST_TRIES or is_publisher_running(home):
                raise LockHeld(read_holder(home), doing) from None
            time.sleep(min(tries, 100) / 10_000)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def credentials_lock(home: Path) -> Iterator[None]:
    """Hold the lock of the credentials file for the block. Raises Busy, TimeoutError after CREDENTIALS_PATIENCE_S."""
    from filelock import FileLock

    path = home / "credentials.lock"
    lock = FileLock(path, timeout=CREDENTIALS_PATIENCE_S, fallback_to_soft=False, mode=0o600)
    with ExitStack() as locks:
        with lock_errors_as_busy(path):
            locks.enter_context(lock)
        yield


def is_publisher_running(home: Path) -> bool:
    """Return whether a living process holds the publisher's lock. Raises Busy if unknown."""
    path = home / "publisher.lock"
    with lock_errors_as_busy(path):
        try:
            descriptor = open_regular(path, os.O_RDWR)
        except (FileNotFoundError, NotADirectoryError):
            return False
    try:
        return not try_lock(descriptor, path, LOCK_SH)
    finally:
        os.close(descriptor)


def write_holder(home: Path, holder: Holder) -> None:
    """Describe this publisher in `publisher.json`, atomically and readable only by the owner. Raises Busy."""
    text = json.dumps(
        {
            "pid": holder.pid,
            "mode": holder.mode,
            "since": holder.since.isoformat(),
            "lastRunAt": holder.last_run_at.isoformat(),
            "left": holder.left,
            "version": holder.version,
        }
    )
    path, fresh = home / "publisher.json", home / f"publisher.json.new-{os.getpid()}"
    with disk_errors_as_busy(path):
        try:
            descriptor = open_regular(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)


def read_holder(home: Path) -> Holder | None:
    """Return the publisher of now or the last one; None if there never was one or the file is unreadable."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        data = json.loads(read_text(home / "publisher.json"))
        return Holder(
            int(data["pid"]),
            str(data["mode"]),
            datetime.fromisoformat(data["since"]),
            datetime.fromisoformat(data["lastRunAt"]),
            tuple(map(str, data.get("left", ()))),
            data.get("version"),
        )
    return None


_FILE, _WEBHOOKS = "media.lock", "webhooks.lock"


@contextmanager
def media_adding_lock(home: Path) -> Iterator[None]:
    """Hold the shared lock for adding media; waits for a process that removes some."""
    with _opened(home, _FILE) as file:
        lock_file(file, LOCK_SH, home / _FILE)
        yield


@contextmanager
def media_removing_lock(home: Path) -> Iterator[int | None]:
    """Hold the exclusive lock for removing media and yield its file; None if a process adds media."""
    with _opened(home, _FILE) as file:
        yield file if try_lock(file, home / _FILE) else None


@contextmanager
def webhook_lock(home: Path) -> Iterator[bool]:
    """Hold the lock for sending webhooks. Yield False if another process sends them."""
    with _opened(home, _WEBHOOKS) as file:
        yield try_lock(file, home / _WEBHOOKS)


@contextmanager
def _opened(home: Path, name: str) -> Iterator[int]:
    make_home(home)
    with lock_errors_as_busy(home / name):
        file = open_regular(home / name, os.O_RDWR | os.O_CREAT)
    try:
        yield file
    finally:
        os.close(file)


_FOLDER = "tokens"
_LOOK_AGAIN_S = 0.02
"""Seconds between two attempts to get a lock."""


class TokenLocked(Busy):
    """Another process uses the account's token, to refresh it or to publish."""

    def __init__(self, account: str) -> None:
        super().__init__(f"another ttp has the token of {account} in hand", Hint("see", action("status")))


@contextmanager
def token_lock(home: Path, account: str, *, patience_s: float) -> Iterator[None]:
    """Hold the account's token for the block. Raises TokenLocked after `patience_s` seconds."""
    path = _path(home, account, "lock")
    descriptor = _open_lock(path, home)
    try:
        end = time.monotonic() + patience_s
        while not try_lock(descriptor, path):
            if time.monotonic() >= end:
                raise TokenLocked(account)
            time.sleep(_LOOK_AGAIN_S)
        yield
    finally:
        os.close(descriptor)


def _open_lock(path: Path, home: Path) -> int:
    """Open the lock's file, which is created once and stays."""
    with lock_errors_as_busy(path):
        try:
            return open_regular(path, os.O_RDWR | os.O_CREAT)
        except FileNotFoundError:
            _make_folder(home)
            return open_regular(path, os.O_RDWR | os.O_CREAT)


class RefreshRecord(Protocol):
    """Whether a refresh of an account's token is under way or got no answer. Its lock must be held."""

    @property
    def is_shared(self) -> bool:
        """Whether another host may have refreshed the token before this record was opened."""

    def begin(self, token: str, at: datetime) -> datetime | None:
        """Record durably that the token is about to be sent. Return when a refresh with it began whose end was never
        recorded; that time stays."""

    def end(self) -> None:
        """Delete the record: the answer is stored, or the refresh was refused."""


class FileRefreshRecord:
    is_shared = False

    def __init__(self, home: Path, account: str) -> None:
        self._path = _path(home, account, "json")

    def begin(self, token: str, at: datetime) -> datetime | None:
        begun = self._begun(token)
        with translate_errors(self._path):
            files.write_whole(self._path, json.dumps({"token": mark_token(token), "at": (begun or at).isoformat()}))
        return begun

    def _begun(self, token: str) -> datetime | None:
        with suppress(OSError, ValueError, KeyError, TypeError):
            note = json.loads(read_text(self._path))
            if note["token"] == mark_token(token):
                return datetime.fromisoformat(note["at"])
        return None

    def end(self) -> None:
        self._path.unlink(missing_ok=True)


def mark_token(token: str) -> str:
    """Return what identifies a token in a record and says nothing about it."""
    import hashlib

    return hashlib.sha256(token.encode()).hexdigest()[:32]


def _path(home: Path, account: str, suffix: str) -> Path:
    """Return `tokens/x-me.lock` for `x/me`. Handles contain no separators; their case does not matter."""
    return home / _FOLDER / f"{account.lower().replace('/', '-', 1)}.{suffix}"


def _make_folder(home: Path) -> None:
    make_home(home)
    with translate_errors(home / _FOLDER):
        (home / _FOLDER).mkdir(mode=0o700, exist_ok=True)


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold an exclusive lock on a folder; without effect where folders cannot be locked (NFS). Raises OSError."""
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
"""Errors of `flock` on file systems that cannot lock the file."""


def lock_file(descriptor: int, how: int, path: Path) -> None:
    """Lock an open file with `flock`. Raises BlockingIOError if another process has it, Busy if it cannot be locked.
    `path` is for the message."""
    with lock_errors_as_busy(path):
        fcntl.flock(descriptor, how)


def try_lock(descriptor: int, path: Path, how: int = LOCK_EX) -> bool:
    """Return whether the kernel gave the lock. Raises Busy if the file cannot be locked. Not by filelock, which costs
    as much as a delivery's request."""
    try:
        lock_file(descriptor, how | LOCK_NB, path)
    except BlockingIOError:
        return False
    return True


@contextmanager
def lock_errors_as_busy(path: Path) -> Iterator[None]:
    """Turn errors of locking into Busy, except those that say another process has the lock."""
    try:
        yield
    except (BlockingIOError, TimeoutError):
        raise
    except NotImplementedError as error:  # filelock, on a system without flock
        raise _no_locks(path) from error
    except OSError as error:
        if error.errno in NO_LOCKS:
            raise _no_locks(path) from error
        look = Hint("see", f"ls -la {quote_path(path.parent)}")
        raise Busy(f"{path} cannot be locked: {error.strerror or error}", look) from error


def _no_locks(path: Path) -> Busy:
    return Busy(
        f"the file system of {path.parent} cannot lock files, and without a lock two publishers could post the same",
        Hint("fix", "export TTP_HOME=FOLDER"),
    )
