"""The media folder: every image and video of a post as `media/<sha256>`, copied when the post is made.

A file is opened once, and looked at, checked and copied through that one open file, so that nobody can swap it in
between. What is in the folder is never changed. An image that was converted for a platform is beside its original, as
`media/<sha256>.<form>`.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from ttp.domain.errors import Bug, Busy, Hint, UsageError
from ttp.domain.media import MediaItem
from ttp.domain.media_facts import Facts, Unreadable, read_facts
from ttp.store.database import make_home
from ttp.store.media_lock import adding
from ttp.store.media_source import Source, another, check_name, digest_of, facts_of, opened, shown

_SHA256 = re.compile(r"[0-9a-f]{64}")


class MediaStore:
    """The media folder of one home. Nothing in the folders (or files) `forbidden` is ever taken in."""

    def __init__(self, folder: Path, forbidden: tuple[Path, ...] = ()) -> None:
        self.folder = folder
        self.forbidden = forbidden
        self._holding: ExitStack | None = None

    def path(self, sha256: str, form: str = "") -> Path:
        """Where the bytes with this digest are, or would be; with `form`, what they were converted into for it."""
        if not _SHA256.fullmatch(sha256):
            raise Bug(f'"{sha256}" is no SHA-256')
        return self.folder / (f"{sha256}.{form}" if form else sha256)

    def has(self, item: MediaItem) -> bool:
        """Whether an item's bytes are still there."""
        return self._has(item.sha256, item.bytes)

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Nothing that is added in the block is removed before its end, when a post names it. By one thread."""
        try:
            with ExitStack() as self._holding:
                yield
        finally:
            self._holding = None

    def add(self, path: Path) -> MediaItem:
        """Take a copy of a file, and say what it is. The same bytes a second time write nothing.

        NotFound if there is none. UsageError if it is no plain file, no image or video, is named as what it is not, or
        is one of ttp's own. Busy if the copy cannot be written.
        """
        with opened(path) as source:
            size = source.size()
            if any(path.resolve().is_relative_to(own.resolve()) for own in self.forbidden):
                raise UsageError(f"{source} is in ttp's own folder, from which nothing is posted", another(path))
            facts = facts_of(source, size)
            check_name(path, facts)
            sha256 = digest_of(source)
            with _writing(self.folder, str(source)), self._adding():
                if not self._has(sha256, size):
                    self._copy(source, sha256)
        return _item(shown(Path(path.name)), facts, size, sha256)

    def take(self, name: str, source: str, fetch: Callable[[BinaryIO], None]) -> MediaItem:
        """Take in what `fetch` writes into the file that it is given, under `name`. `source`: for messages.

        UsageError if it is no image or video; Busy if it cannot be written; raises what `fetch` raises.
        """
        with _writing(self.folder, source), self._adding():
            self._make_folder()
            handle, fresh = mkstemp(prefix=".fetched-", dir=self.folder)
            path = Path(fresh)
            try:
                with os.fdopen(handle, "w+b") as file:
                    fetch(file)
                    file.flush()
                    os.fsync(file.fileno())
                    came = Source(Path(source), file.fileno(), source)
                    size = came.size()
                    facts, sha256 = facts_of(came, size), digest_of(came)
                path.replace(self.path(sha256))
            finally:
                path.unlink(missing_ok=True)
            _sync(self.folder)
        return _item(name, facts, size, sha256)

    def keep(self, sha256: str, form: str, data: bytes) -> None:
        """Keep what an image was converted into. Busy if it cannot be written."""
        target = self.path(sha256, form)
        with _writing(self.folder, target.name):
            self._make_folder()
            handle, fresh = mkstemp(prefix=".made-", dir=self.folder)
            path = Path(fresh)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                path.replace(target)
            finally:
                path.unlink(missing_ok=True)

    def made(self, item: MediaItem, form: str) -> MediaItem | None:
        """What an image was converted into for `form`; None where it was not, or the copy is not whole."""
        try:
            data = self.path(item.sha256, form).read_bytes()
            facts = read_facts(lambda at, length: data[at : at + length], len(data))
        except (OSError, Unreadable):
            return None
        return _item(item.name, facts, len(data), hashlib.sha256(data).hexdigest())

    def _has(self, sha256: str, size: int) -> bool:
        try:
            return self.path(sha256).stat().st_size == size
        except OSError:
            return False

    @contextmanager
    def _adding(self) -> Iterator[None]:
        """Keep the folder from being swept: to the end of `holding`, or else of the block."""
        with ExitStack() as here:
            (self._holding or here).enter_context(adding(self.folder.parent))
            yield

    def _make_folder(self) -> None:
        make_home(self.folder.parent)
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def _copy(self, source: Source, sha256: str) -> None:
        """Write the copy beside its place, sync it, and move it there at once."""
        fresh = self.folder / f".{sha256}-{os.getpid()}"
        self._make_folder()
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


@contextmanager
def _writing(folder: Path, source: str) -> Iterator[None]:
    """Turn what the disk refuses into Busy."""
    try:
        yield
    except OSError as error:
        where = shlex.quote(str(folder.parent))
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise Busy(f"no room left for a copy of {source} in {folder}", Hint("look", f"df -h {where}")) from error
        raise Busy(f"{folder} cannot be written: {error.strerror}", Hint("look", f"ls -la {where}")) from error


def _item(name: str, facts: Facts, size: int, sha256: str) -> MediaItem:
    return MediaItem(
        name=name,
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


def _sync(folder: Path) -> None:
    """Make a rename in a folder last."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
