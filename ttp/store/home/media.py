"""The media folder: every image and video of a post as `media/<sha256>`, copied when the post is created.

A file is opened once, and checked and copied through that one descriptor, so that it cannot be swapped in between.
Files in the folder never change. An image converted for a platform is stored as `media/<sha256>.<form>`, its small
picture for pages as `media/<sha256>.thumbnail`.

With a bucket, each file is uploaded under the same name before a post can name it, and the folder is a cache: a missing
file is fetched, and checked against its name.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, BinaryIO, Protocol

from ttp.domain.errors import Bug, Busy, Conflict, Hint, NotFound, UsageError
from ttp.domain.media.item import NAMES, MediaItem, MediaUnavailable, StoredObject
from ttp.store.home.files import (
    NotRegular,
    flush_to_disk,
    make_home,
    nearest_folder,
    open_regular,
    sync,
    temporary_file,
)
from ttp.store.home.locks import media_adding_lock

if TYPE_CHECKING:
    from ttp.domain.media.probe import FileFacts

_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"[0-9a-f]{32}")


UPLOADED_AGAIN_AFTER = timedelta(hours=12)
"""Age of an object that a new post uses, after which it is uploaded again, so that no cleanup of another host takes it
for one that is left over."""


class Bucket(Protocol):
    """Media in a bucket. Each method raises MediaUnavailable if the bucket cannot be used."""

    @property
    def name(self) -> str: ...

    def find(self, sha256: str) -> StoredObject | None: ...
    def put(self, sha256: str, path: Path) -> None: ...
    def fetch(self, sha256: str, target: BinaryIO) -> None:
        """Write an object to `target`. Raises FileNotFoundError, MediaDamaged."""

    def delete(self, sha256: str) -> None: ...
    def objects(self) -> Iterator[StoredObject]: ...
    def check(self) -> None: ...


@dataclass(eq=False)
class MediaStore:
    """The media folder of one home. Files in `forbidden` folders are never accepted. `bucket`: has every file too.
    `adding`: keeps cleanups of all hosts away for a block."""

    folder: Path
    forbidden: tuple[Path, ...] = ()
    bucket: Bucket | None = None
    adding: Callable[[], AbstractContextManager[object]] | None = None
    _holding: ExitStack | None = field(default=None, init=False)

    @property
    def place(self) -> str:
        """Where the media are, for messages."""
        return str(self.folder) if self.bucket is None else f"the bucket {self.bucket.name}"

    def path(self, sha256: str, form: str = "") -> Path:
        """Return the path for this digest; with `form`, the path of its converted version."""
        if not is_digest(sha256):
            raise Bug(f'"{sha256}" is not a SHA-256')
        return self.folder / (f"{sha256}.{form}" if form else sha256)

    def has(self, item: MediaItem) -> bool:
        """Return whether the item's copy is complete. With a bucket, a missing one is fetched: raises MediaUnavailable,
        MediaDamaged, Busy."""
        if not self._has(item.sha256, item.bytes):
            return self._fetch(item.sha256, item.name)
        if self.bucket is not None:
            self._touch(self.path(item.sha256))
        return True

    @staticmethod
    def _touch(path: Path) -> None:
        """Note that a cached file is in use, so that it is not removed now."""
        with suppress(OSError):
            os.utime(path)

    def is_cached(self, item: MediaItem) -> bool:
        """Return whether the item's copy is in the folder. Fetches nothing."""
        return self._has(item.sha256, item.bytes)

    def exists(self, sha256: str) -> bool:
        """Return whether a file is here or in the bucket. Raises MediaUnavailable."""
        return self.path(sha256).exists() or (self.bucket is not None and self.bucket.find(sha256) is not None)

    def find_missing(self, media: Iterable[MediaItem]) -> list[MediaItem]:
        """Return the media that are nowhere. What the bucket has, or cannot be asked about, is not missing."""

        def is_missing(item: MediaItem) -> bool:
            if self._has(item.sha256, item.bytes):
                return False
            try:
                return self.bucket is None or self.bucket.find(item.sha256) is None
            except MediaUnavailable:
                return False

        return [item for item in media if is_missing(item)]

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Protect media added in the block from cleanup until it ends, when a post names them. For one thread."""
        try:
            with ExitStack() as self._holding:
                yield
        finally:
            self._holding = None

    def add(self, path: Path) -> MediaItem:
        """Copy a file into the folder and return its facts. A file that is stored already is not written again.

        Raises NotFound, Busy if the copy cannot be written, and UsageError for anything but an image or video with a
        fitting name outside ttp's own folders.
        """
        with open_source(path) as source:
            size = source.size()
            if any(path.resolve().is_relative_to(own.resolve()) for own in self.forbidden):
                why = f"{source} is in ttp's own folder, from which nothing is posted"
                raise UsageError(why, another_file_hint(path), flaw="own_folder")
            facts = read_source_facts(source, size)
            check_name(path, facts)
            sha256 = hash_source(source)
            with _writing(self.folder, str(source)), self._adding():
                if not self._has(sha256, size):
                    self._copy(source, sha256)
                self._upload(sha256)
        return _item(path_text(Path(path.name)), facts, size, sha256)

    def add_written(self, name: str, source: str, fetch: Callable[[BinaryIO], None]) -> MediaItem:
        """Add the file that `fetch` writes, under `name`. `source` is for messages. Raises UsageError unless it is an
        image or video, Busy if it cannot be written, and what `fetch` raises."""
        with _writing(self.folder, source), self._adding():
            with self._new_file() as file:
                fetch(file)
                file.flush()
                came = OpenMedia(Path(source), file.fileno(), source)
                size = came.size()
                facts, sha256 = read_source_facts(came, size), hash_source(came)
                self._keep(file, self.path(sha256))
            self._upload(sha256)
        return _item(name, facts, size, sha256)

    def find_stored(self, sha256: str, name: str) -> MediaItem | None:
        """Return a file of this folder that no post may know yet, under a name; None if it is missing."""
        path = self.path(sha256)
        if not path.exists() and not self._fetch(sha256, name):
            return None
        try:
            with open_source(path) as source:
                size = source.size()
                return _item(name, read_source_facts(source, size), size, sha256)
        except (NotFound, UsageError):
            return None

    def keep_upload(self, key: str, item: MediaItem) -> None:
        """Record which file was uploaded under a key, for as long as files without a post are kept. Raises Conflict if
        the key has another file, Busy."""
        known = self.upload(key)
        if known is None:
            with _writing(self.folder, item.name):
                self._write_upload(key, item)
            known = self.upload(key)
        if known is None or known.sha256 != item.sha256:
            raise Conflict("another file was sent under this key; prepare another upload")

    def upload(self, key: str) -> MediaItem | None:
        """Return the file that was uploaded under a key; None if it is missing."""
        if not _KEY.fullmatch(key):
            return None
        try:
            sha256, _, name = self._upload_path(key).read_text(encoding="utf-8").partition("\n")
        except OSError:
            return None
        return self.find_stored(sha256, name)

    def _upload_path(self, key: str) -> Path:
        return self.folder / f".upload-{key}"

    def _write_upload(self, key: str, item: MediaItem) -> None:
        """Write the record complete or not at all; another one stays."""
        with self._new_file() as file:
            file.write(f"{item.sha256}\n{item.name}".encode())
            flush_to_disk(file)
            with suppress(FileExistsError):
                os.link(file.name, self._upload_path(key))
        sync(self.folder)

    def ready_folder(self) -> Path:
        """Create the folder if needed, and return it. Raises Busy."""
        with _writing(self.folder, "media"):
            self._make_folder()
        return self.folder

    def store_converted(self, sha256: str, form: str, data: bytes) -> None:
        """Store the converted version of an image. Raises Busy if it cannot be written."""
        target = self.path(sha256, form)
        with _writing(self.folder, target.name), self._new_file() as file:
            file.write(data)
            self._keep(file, target)

    def find_converted(self, item: MediaItem, form: str) -> MediaItem | None:
        """Return the converted version of an image for `form`; None if it is missing or incomplete."""
        from ttp.domain.media.probe import UnusableMedia, read_facts  # here: most posts have no media

        try:
            if self.bucket is not None:
                self._touch(self.path(item.sha256, form))
            data = self.path(item.sha256, form).read_bytes()
            facts = read_facts(lambda at, length: data[at : at + length], len(data))
        except (OSError, UnusableMedia):
            return None
        return _item(item.name, facts, len(data), hashlib.sha256(data).hexdigest())

    def _has(self, sha256: str, size: int) -> bool:
        try:
            return self.path(sha256).stat().st_size == size
        except OSError:
            return False

    def upload_cached(self, sha256: str) -> None:
        """Upload a copy that is here and not in the bucket. Raises MediaUnavailable."""
        assert self.bucket is not None
        self.bucket.put(sha256, self.path(sha256))

    def _upload(self, sha256: str) -> None:
        """Upload a file to the bucket, if it is not there or may soon be cleaned up."""
        if self.bucket is None:
            return
        there = self.bucket.find(sha256)
        size = self.path(sha256).stat().st_size
        if there is None or there.bytes != size or datetime.now(UTC) - there.modified_at > UPLOADED_AGAIN_AFTER:
            self.bucket.put(sha256, self.path(sha256))

    def _fetch(self, sha256: str, name: str) -> bool:
        """Fetch a file from the bucket. Return False without a bucket, or if it lacks the file."""
        if self.bucket is None:
            return False
        with _writing(self.folder, name), self._new_file() as file:
            try:
                self.bucket.fetch(sha256, file)
            except FileNotFoundError:
                return False
            self._keep(file, self.path(sha256))
        return True

    @contextmanager
    def _adding(self) -> Iterator[None]:
        """Block cleanup until `holding` ends, or else the block."""
        with ExitStack() as here:
            stack = self._holding or here
            stack.enter_context(media_adding_lock(self.folder.parent))
            if self.adding is not None:
                stack.enter_context(self.adding())
            yield

    def _make_folder(self) -> None:
        make_home(self.folder.parent)
        self.folder.mkdir(mode=0o700, exist_ok=True)

    @contextmanager
    def _new_file(self) -> Iterator[BinaryIO]:
        """Yield a temporary file in the folder, for `_keep`."""
        self._make_folder()
        with temporary_file(self.folder, ".made-") as file:
            yield file

    def _keep(self, file: BinaryIO, path: Path) -> None:
        """Give a temporary file its name, durably."""
        flush_to_disk(file)
        Path(file.name).replace(path)
        sync(self.folder)

    def _copy(self, source: OpenMedia, sha256: str) -> None:
        with self._new_file() as copy:
            digest = hashlib.sha256()
            for chunk in source.chunks():
                digest.update(chunk)
                copy.write(chunk)
            if digest.hexdigest() != sha256:
                raise UsageError(f"{source} changed while it was read: try again when it is complete", flaw="changed")
            self._keep(copy, self.path(sha256))


@contextmanager
def _writing(folder: Path, source: str) -> Iterator[None]:
    """Turn errors of the disk into Busy."""
    try:
        yield
    except OSError as error:
        where = shlex.quote(str(folder.parent))
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise Busy(f"no room left for a copy of {source} in {folder}", Hint("see", f"df -h {where}")) from error
        raise Busy(f"{folder} cannot be written: {error.strerror}", Hint("see", f"ls -la {where}")) from error


def _item(name: str, facts: FileFacts, size: int, sha256: str) -> MediaItem:
    return MediaItem(name=name, bytes=size, sha256=sha256, **asdict(facts))


class TemporaryMedia(MediaStore):
    """A temporary folder of links to the media, for a preview that stores nothing. Only conversions of files that are
    stored already are kept beside them: they are a cache, and cleanup removes them with their originals."""

    def __init__(self, folder: Path, real: MediaStore) -> None:
        super().__init__(folder, real.forbidden)
        self._real = real

    def _has(self, sha256: str, size: int) -> bool:
        if not super()._has(sha256, size) and (self._real.path(sha256).is_file() or self._real._fetch(sha256, sha256)):
            self._link(sha256, self._real.path(sha256))
        return super()._has(sha256, size)

    def path(self, sha256: str, form: str = "") -> Path:
        kept = self._real.path(sha256, form) if form else None
        return kept if kept is not None and kept.is_file() else super().path(sha256, form)

    def store_converted(self, sha256: str, form: str, data: bytes) -> None:
        if self._real.path(sha256).is_file():
            with suppress(Busy):  # a preview needs no room there
                return self._real.store_converted(sha256, form, data)
        return super().store_converted(sha256, form, data)

    def find_stored(self, sha256: str, name: str) -> MediaItem | None:
        return self._real.find_stored(sha256, name)

    def _copy(self, source: OpenMedia, sha256: str) -> None:
        self._link(sha256, source.path)

    def _link(self, sha256: str, path: Path) -> None:
        self._make_folder()
        place = self.path(sha256)
        place.unlink(missing_ok=True)
        place.symlink_to(path.resolve())


@contextmanager
def temporary_media(real: MediaStore) -> Iterator[TemporaryMedia]:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="ttp-") as folder:
        yield TemporaryMedia(Path(folder) / "media", real)


_CHUNK = 1 << 20
SUFFIXES = {
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif", ".hif"),
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov", ".qt"),
    "video/webm": (".webm",),
    "audio/mpeg": (".mp3",),
    "audio/mp4": (".m4a", ".m4b"),
    "audio/ogg": (".ogg", ".oga", ".opus"),
    "audio/flac": (".flac",),
    "audio/wav": (".wav",),
}
_ONE_FAMILY = {"video/mp4", "video/quicktime", "audio/mp4"}  # the same boxes, and each is often named as another


def is_digest(text: str) -> bool:
    """Return whether a text is the SHA-256 of a file, in hex."""
    return _SHA256.fullmatch(text) is not None


def another_file_hint(given: object) -> Hint:
    """Suggest to give another file than `given`."""
    return Hint("try", "--media FILE", (str(given), "FILE"))


@dataclass(frozen=True, slots=True)
class OpenMedia:
    """An open file to post. Its text form is the path, or the address it came from."""

    path: Path
    file: int
    address: str | None = None

    def __str__(self) -> str:
        return self.address or path_text(self.path)

    def size(self) -> int:
        return os.fstat(self.file).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return that many bytes, fewer at the end. Raises UsageError if the disk fails."""
        try:
            return os.pread(self.file, length, offset)
        except OSError as error:
            why = f"{self} cannot be read: {error.strerror}"
            raise UsageError(why, another_file_hint(self.address or self.path), flaw="unreadable") from error

    def chunks(self) -> Iterator[bytes]:
        at = 0
        while chunk := self.read_at(at, _CHUNK):
            yield chunk
            at += len(chunk)


@contextmanager
def open_source(path: Path) -> Iterator[OpenMedia]:
    """Yield a file opened for reading. Raises NotFound, UsageError."""
    try:
        file = open_regular(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _missing_file(path) from error
    except NotRegular as error:
        why = f"{path_text(path)} is {error.kind}, not a file"
        raise UsageError(why, another_file_hint(path), flaw="not_a_file") from error
    except OSError as error:
        why = f"{path_text(path)} cannot be read: {error.strerror}"
        raise UsageError(why, another_file_hint(path), flaw="unreadable") from error
    try:
        yield OpenMedia(path, file)
    finally:
        os.close(file)


def read_source_facts(source: OpenMedia, size: int) -> FileFacts:
    """Return the media facts of a file. Raises UsageError unless it is a usable image or video."""
    from ttp.domain.media.probe import UnusableMedia, read_facts

    try:
        return read_facts(source.read_at, size)
    except UnusableMedia as error:
        hint = another_file_hint(source.address or source.path)
        raise UsageError(f"{source} {error.message}", hint, flaw=error.flaw) from error


def hash_source(source: OpenMedia) -> str:
    """Return the file's SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    for chunk in source.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def is_media_name(path: Path) -> bool:
    """Return whether the suffix is that of an image or a video."""
    return any(path.suffix.lower() in suffixes for suffixes in SUFFIXES.values())


def check_name(path: Path, facts: FileFacts) -> None:
    """Refuse a file name whose suffix names another media type than the bytes. Unknown suffixes are accepted."""
    named = next((mime for mime, suffixes in SUFFIXES.items() if path.suffix.lower() in suffixes), facts.mime)
    if named != facts.mime and not {named, facts.mime} <= _ONE_FAMILY:
        better = shlex.quote(path_text(path.with_suffix(SUFFIXES[facts.mime][0])))
        raise UsageError(
            f"{path_text(path)} is named as {NAMES[named]}, but its bytes are {NAMES[facts.mime]}",
            Hint("fix", f"mv {shlex.quote(path_text(path))} {better}"),
            flaw="other_kind",
        )


def _missing_file(path: Path) -> NotFound:
    """Return the error of a file that is not there. A command names other files only if the name means no others."""
    if meant := meant_files(path):
        options = " ".join(f"--media {shlex.quote(path_text(one))}" for one in meant)
        way = Hint("try", options, (str(path), *map(str, meant)))
    else:
        way = Hint("see", f"ls -la {nearest_folder(path)}")
    return NotFound(f"no file {path_text(path)}{did_you_mean(path)}", way)


DRIVES = Path("/mnt")
"""Where WSL has the drives of Windows."""


def meant_files(path: Path) -> list[Path]:
    """Return the files that a name means which no file has: written as in Windows, in other case or Unicode form, or
    several with commas between."""
    typed, names = PureWindowsPath(path.name), [Path(name.strip()) for name in str(path).split(",")]
    try:
        if len(typed.parts) > 1:
            has_drive = typed.drive[1:] == ":"
            base = DRIVES / typed.drive[0].lower() if has_drive else path.parent
            names = [base.joinpath(*typed.parts[has_drive:])]
        elif len(names) == 1:
            names = [one for one in path.parent.iterdir() if _folded(one) == _folded(path)]
            names = names if len(names) == 1 else []
        return names if all(name.is_file() for name in names) else []
    except (OSError, ValueError):
        return []


def _folded(path: Path) -> str:
    from unicodedata import normalize

    return normalize("NFC", path.name).casefold()


def similar_file(path: Path) -> Path | None:
    """Return the file with the most similar name in the folder. It may well be another photo."""
    from difflib import get_close_matches

    with suppress(OSError, ValueError):
        for name in get_close_matches(path.name, [entry.name for entry in path.parent.iterdir()], 1, 0.8):
            return path.with_name(name)
    return None


def did_you_mean(path: Path) -> str:
    """Return the question for a file that is not there, if another one has a similar name."""
    similar = None if meant_files(path) else similar_file(path)
    return f"; did you mean {path_text(Path(similar.name))}?" if similar else ""


def path_text(path: Path) -> str:
    """Return a path as text that can be stored and printed, even if its bytes are not UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")
