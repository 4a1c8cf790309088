"""The media folder: every image and video of a post as `media/<sha256>`, copied when the post is made.

A file is opened once, and looked at, checked and copied through that one open file, so that nobody can swap it in
between. What is in the folder is never changed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ttp.domain.errors import Bug, Busy, Hint, NotFound, UsageError
from ttp.domain.media import NAMES, MediaItem
from ttp.domain.media_facts import Facts, Unreadable, read_facts
from ttp.store.database import make_home

_CHUNK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_SUFFIXES = {
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov", ".qt"),
    "video/webm": (".webm",),
}
_ONE_FAMILY = {"video/mp4", "video/quicktime"}  # the same boxes, and each is often named as the other
_ANOTHER = Hint("give another", "--media FILE")


class MediaStore:
    """The media folder of one home. Nothing in the folders (or files) `forbidden` is ever taken in."""

    def __init__(self, folder: Path, forbidden: tuple[Path, ...] = ()) -> None:
        self.folder = folder
        self._forbidden = forbidden

    def path(self, sha256: str) -> Path:
        """Where the bytes with this digest are, or would be."""
        if not _SHA256.fullmatch(sha256):
            raise Bug(f'"{sha256}" is no SHA-256')
        return self.folder / sha256

    def add(self, path: Path) -> MediaItem:
        """Take a copy of a file, and say what it is. The same bytes a second time write nothing.

        NotFound if there is none. UsageError if it is no plain file, no image or video, is named as what it is not, or
        is one of ttp's own. Busy if the copy cannot be written.
        """
        with _opened(path) as source:
            size = source.size()
            if any(path.resolve().is_relative_to(own.resolve()) for own in self._forbidden):
                raise UsageError(f"{source} is in ttp's own folder, from which nothing is posted", _ANOTHER)
            try:
                facts = read_facts(source.read_at, size)
            except Unreadable as error:
                raise UsageError(f"{source} {error.message}", _ANOTHER) from error
            _check_name(path, facts)
            sha256 = _digest(source)
            if not self._has(sha256, size):
                self._copy(source, sha256)
        return MediaItem(
            name=_shown(Path(path.name)),
            mime=facts.mime,
            bytes=size,
            sha256=sha256,
            width=facts.width,
            height=facts.height,
            duration_ms=facts.duration_ms,
            codec=facts.codec,
            fps=facts.fps,
            moov_first=facts.moov_first,
        )

    def _has(self, sha256: str, size: int) -> bool:
        try:
            return self.path(sha256).stat().st_size == size
        except OSError:
            return False

    def _copy(self, source: _Source, sha256: str) -> None:
        """Write the copy beside its place, sync it, and move it there at once."""
        fresh = self.folder / f".{sha256}-{os.getpid()}"
        with _writing(self.folder, source):
            make_home(self.folder.parent)
            self.folder.mkdir(mode=0o700, exist_ok=True)
            target = os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            try:
                with os.fdopen(target, "wb") as copy:
                    digest = hashlib.sha256()
                    for chunk in source.chunks():
                        digest.update(chunk)
                        copy.write(chunk)
                    copy.flush()
                    os.fsync(copy.fileno())
                if digest.hexdigest() != sha256:
                    raise UsageError(f"{source} changed while it was read", Hint("once it is whole", "try again"))
                fresh.replace(self.path(sha256))
            finally:
                fresh.unlink(missing_ok=True)
            _sync(self.folder)


@dataclass(frozen=True, slots=True)
class _Source:
    """An open file that somebody wants to post. In a text it is its path."""

    path: Path
    file: int

    def __str__(self) -> str:
        return _shown(self.path)

    def size(self) -> int:
        """Its size in bytes. UsageError if it is no plain file."""
        found = os.fstat(self.file)
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(f"{self} is {_KINDS.get(stat.S_IFMT(found.st_mode), 'no file')}, not a file", _ANOTHER)
        return found.st_size

    def read_at(self, offset: int, length: int) -> bytes:
        """That many bytes, fewer at the end. UsageError if the disk cannot give them."""
        try:
            return os.pread(self.file, length, offset)
        except OSError as error:
            raise UsageError(f"{self} cannot be read: {error.strerror}", _ANOTHER) from error

    def chunks(self) -> Iterator[bytes]:
        at = 0
        while chunk := self.read_at(at, _CHUNK):
            yield chunk
            at += len(chunk)


@contextmanager
def _opened(path: Path) -> Iterator[_Source]:
    """A file open for reading. Never waits, as opening a named pipe would for its writer."""
    if path.parts[:1] in (("http:",), ("https:",)):
        raise UsageError("media by web address cannot be taken yet", _ANOTHER)
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"no file {_shown(path)}", *_like(path)) from error
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ENXIO:  # what opening a socket answers
            raise UsageError(f"{_shown(path)} is a socket, not a file", _ANOTHER) from error
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"{_shown(path)} cannot be read: {why}", _ANOTHER) from error
    try:
        yield _Source(path, file)
    finally:
        os.close(file)


@contextmanager
def _writing(folder: Path, source: _Source) -> Iterator[None]:
    """Turn what the disk refuses into Busy."""
    try:
        yield
    except OSError as error:
        where = shlex.quote(str(folder.parent))
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise Busy(f"no room left for a copy of {source} in {folder}", Hint("look", f"df -h {where}")) from error
        raise Busy(f"{folder} cannot be written: {error.strerror}", Hint("look", f"ls -la {where}")) from error


def _digest(source: _Source) -> str:
    digest = hashlib.sha256()
    for chunk in source.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _check_name(path: Path, facts: Facts) -> None:
    """Refuse a name that says another kind than the bytes. A suffix that says no kind at all is no matter."""
    named = next((mime for mime, suffixes in _SUFFIXES.items() if path.suffix.lower() in suffixes), facts.mime)
    if named != facts.mime and {named, facts.mime} != _ONE_FAMILY:
        better = shlex.quote(_shown(path.with_suffix(_SUFFIXES[facts.mime][0])))
        raise UsageError(
            f"{_shown(path)} is named as {NAMES[named]}, but its bytes are {NAMES[facts.mime]}",
            Hint("rename it", f"mv {shlex.quote(_shown(path))} {better}"),
        )


def _like(path: Path) -> tuple[Hint, ...]:
    """The file in the same folder that was probably meant."""
    from difflib import get_close_matches

    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except (OSError, ValueError):
        return ()
    near = get_close_matches(path.name, names, n=1)
    return tuple(Hint("did you mean", f"--media {shlex.quote(_shown(path.with_name(name)))}") for name in near)


def _shown(path: Path) -> str:
    """A path as text that can be stored and printed, also where its bytes are no UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def _sync(folder: Path) -> None:
    """Make a rename in a folder last."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
