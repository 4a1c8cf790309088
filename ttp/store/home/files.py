"""The folders and files of ttp: made private, opened without waiting for another program, and replaced as a whole.
Opening a named pipe waits for a writer: so files are opened without waiting, and the type is checked on the descriptor,
where it cannot be swapped. No command writes to a path in ttp's folders that a user names: a config file emptied by an
export would require no approval any more, and a store replaced by one would be lost."""

from __future__ import annotations

import errno
import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO, cast

from ttp.domain.errors import Busy, Hint, UsageError


def nearest_folder(path: Path) -> str:
    """Return the nearest existing folder of a missing path, quoted for a shell."""
    folder = next((one for one in path.parents if os.path.isdir(one)), Path())  # noqa: PTH112 (never raises)
    return shlex.quote(str(folder))


def expand_user(text: str, what: str = "") -> Path:
    """Return the path with `~` and `~name` expanded. Raises UsageError for an unknown user; `what`: its source."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        prefix = f"{what}: " if what else ""
        name = text.partition("/")[0]
        raise UsageError(f'{prefix}no user is called "{name[1:]}" here', Hint("try", f"./{text}")) from None


_LOOSE = stat.S_IRWXG | stat.S_IRWXO
_FULL = (errno.ENOSPC, errno.EDQUOT)


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Create a folder, and the missing ones above it with their usual mode, if it does not exist. Raises OSError. It
    takes any depth, unlike `mkdir(parents=True)`, which calls itself for each of them."""
    missing = list(takewhile(lambda folder: not folder.is_dir(), (path, *path.parents)))
    for folder in reversed(missing[1:]):
        folder.mkdir(exist_ok=True)
    path.mkdir(mode=mode, exist_ok=True)


def make_home(home: Path) -> None:
    """Create the home folder, private to its owner. An empty existing folder is made private. Raises Busy."""
    try:
        make_folder(home, 0o700)
        if stat.S_IMODE(home.stat().st_mode) & _LOOSE and not any(p.name != "config.toml" for p in home.iterdir()):
            home.chmod(0o700)
    except OSError as error:
        if error.errno in _FULL:
            raise no_room(home) from error
        why = "a file is in its place" if isinstance(error, FileExistsError) else error.strerror or error
        raise Busy(
            f"the folder of the store, {home}, cannot be made or used: {why}",
            Hint("fix", "export TTP_HOME=FOLDER"),
        ) from error
    refuse_loose_modes(home)


def refuse_loose_modes(*paths: Path) -> None:
    """Raise Busy, with the chmod to run, for files and folders that others can access."""
    for path in paths:
        with suppress(FileNotFoundError):
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & _LOOSE:
                needed = "700" if path.is_dir() else "600"
                raise Busy(
                    f"{path} is readable by other users (mode {mode:o})",
                    Hint("fix", f"chmod {needed} {quote_path(path)}"),
                )


def no_room(path: Path) -> Busy:
    return Busy(f"no room left for the store {path}", Hint("see", f"df -h {quote_path(path.parent)}"))


def disk_error(path: Path, error: OSError) -> Busy:
    """Return the error for a file or folder that cannot be written."""
    look = "df -h" if error.errno in _FULL else "ls -la"
    return Busy(f"{path} cannot be written: {error.strerror}", Hint("see", f"{look} {quote_path(path.parent)}"))


@contextmanager
def disk_errors_as_busy(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise disk_error(path, error) from error


def quote_path(path: Path) -> str:
    return shlex.quote(str(path))


_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
_MOST_LINKS = 40
"""Links that a system follows in one path."""


class NotRegular(OSError):
    """The path is not a regular file. `kind`: what it is, with its article."""

    def __init__(self, path: Path, kind: str) -> None:
        super().__init__(errno.EINVAL, f"it is {kind}, not a file", str(path))
        self.kind = kind


def open_regular(path: Path, flags: int = os.O_RDONLY, *, null: bool = False) -> int:
    """Open a regular file without waiting; a new one is private to its owner.

    Raises NotRegular for anything else, OSError if it cannot be opened. `null`: treat the null device as an empty file.
    """
    try:
        descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, 0o600)
    except ValueError:
        raise OSError(errno.EINVAL, "no file can have that name", str(path)) from None
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket, or a pipe without a reader
            raise NotRegular(path, kind_of(path.stat())) from None
        if error.errno == errno.EISDIR:
            raise NotRegular(path, "a folder") from None
        raise
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) or (null and os.path.samestat(status, os.stat(os.devnull))):  # noqa: PTH116
        return descriptor
    os.close(descriptor)
    raise NotRegular(path, kind_of(status))


def sync(path: Path) -> None:
    """Make a file, or the new names in a folder, last: after a power cut there could be the old ones."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def kind_of(status: os.stat_result) -> str:
    """Return the kind of a file that is not regular, with its article."""
    return _KINDS.get(stat.S_IFMT(status.st_mode), "something else")


def read_text(path: Path, *, null: bool = False) -> str:
    """Return the text of a regular file in UTF-8. Raises OSError, UnicodeDecodeError."""
    with os.fdopen(open_regular(path, null=null), encoding="utf-8") as file:
        return file.read()


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a regular file. Raises OSError."""
    with os.fdopen(open_regular(path), "rb") as file:
        return file.read()


def is_below(path: Path, folder: Path) -> bool:
    """Return whether a path leads into a folder, links followed."""
    try:
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
    except ValueError:  # a NUL
        return False


def text_of_path(path: Path | str) -> str:
    r"""A path as text that can be stored: bytes that are not UTF-8 become `\xNN`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def open_input(path: Path) -> BinaryIO:
    """Open a file that a user named, also a stream such as `/dev/stdin` or `<(command)`. Raises OSError."""
    number = stream_number(path)
    return os.fdopen(open_regular(path) if number is None else os.dup(number), "rb")


def stream_number(path: Path) -> int | None:
    """Return the descriptor that a path such as `/dev/stdout` or `/dev/fd/63` names; else None."""
    streams = os.path.realpath("/dev/fd")
    for _ in range(_MOST_LINKS):
        try:
            path = Path(os.path.realpath(path.parent), path.name)
            if str(path.parent) == streams:
                return int(path.name) if path.name.isdecimal() else None
            path = path.parent / os.readlink(path)  # noqa: PTH115 (raises less)
        except (OSError, ValueError):
            return None
    return None


def write_whole(path: Path, text: str, errors: str = "strict") -> None:
    """Replace a file durably. Raises OSError. One process at a time: see `lock_folder`. `errors`: as for `open`."""
    fresh = path.with_name(path.name + ".new")
    descriptor = open_regular(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors=errors, newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    # Without this a power cut may bring the old file back, and with it a refresh token that is spent.
    sync(path.parent)


@contextmanager
def temporary_file(folder: Path, prefix: str) -> Iterator[BinaryIO]:
    """Yield a new file, private to its owner, which is deleted at the end of the block unless it was renamed."""
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile(dir=folder, prefix=prefix, delete=False) as file:
        try:
            yield cast("BinaryIO", file)
        finally:
            Path(file.name).unlink(missing_ok=True)


def flush_to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


@dataclass(frozen=True)
class OwnFiles:
    """`folders`: everything in them belongs to ttp; `files`: its files elsewhere. They need not exist."""

    folders: tuple[Path, ...]
    files: tuple[Path, ...] = ()

    def refuse(self, path: Path, typed: str | None = None) -> None:
        """Raise UsageError for a path in ttp's folders. `typed`: the word that named it."""
        if not self.own(path):
            return
        typed = typed or str(path)
        other = next((name for name in _elsewhere(path) if not self.own(Path(name).expanduser())), None)
        raise UsageError(
            f"{typed} is in ttp's own folder, or is one of its files: only ttp writes there",
            *([Hint("try", other, (typed, other))] if other else []),
        )

    def own(self, path: Path) -> bool:
        """Return whether a path leads to ttp's files: also through links, `..`, other mounts or hard links."""
        try:
            real = Path(os.path.realpath(path))
        except ValueError:  # no file can have that name
            return False
        way = (real, *real.parents)
        if any(one in self._real for one in way) or any(_mark(one) in self._marks for one in way):
            return True
        status = _stat(real)
        may_have_other_name = status is not None and stat.S_ISREG(status.st_mode) and status.st_nlink > 1
        return may_have_other_name and any(_mark(path) == _mark(real) for path in self._all())

    @cached_property
    def _real(self) -> frozenset[Path]:
        return frozenset(Path(os.path.realpath(one)) for one in self._places())

    @cached_property
    def _marks(self) -> frozenset[tuple[int, int]]:
        return frozenset(mark for one in self._real if (mark := _mark(one)) is not None)

    def _places(self) -> Iterator[Path]:
        """Yield the folders and files, and what links in the folders lead to: media may be on another disk."""
        yield from (*self.folders, *self.files)
        for folder in self.folders:
            try:
                yield from (Path(entry.path) for entry in os.scandir(folder) if entry.is_symlink())
            except OSError:
                continue

    def _all(self) -> Iterator[Path]:
        for place in self._real:
            for folder, _, names in os.walk(place):
                yield from (Path(folder, name) for name in names)


def _elsewhere(path: Path) -> Iterator[str]:
    yield path.name
    yield f"new-{path.name}"
    yield str(Path.home() / path.name)


def _mark(path: Path) -> tuple[int, int] | None:
    status = _stat(path)
    return None if status is None else (status.st_dev, status.st_ino)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):
        return None
