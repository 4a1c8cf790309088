"""The kernel's lock of an open file, and what is said where a file system has none."""

from __future__ import annotations

import errno
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ttp.domain.errors import Busy, Hint

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

        look = Hint("look", f"ls -la {shlex.quote(str(path.parent))}")
        raise Busy(f"{path} cannot be locked: {error.strerror or error}", look) from error


def _no_locks(path: Path) -> Busy:
    return Busy(
        f"the file system of {path.parent} cannot lock files, and without a lock two publishers could post the same",
        Hint("use a folder on a local disk", "export TTP_HOME=FOLDER"),
    )
