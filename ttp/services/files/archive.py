"""Extract a zip archive that another person made: only ordinary files, only within the folder, only so much."""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from ttp.domain.errors import UsageError
from ttp.domain.text import clean_text

MOST_FILES = 5000
MOST_BYTES = 1_100_000_000
"""Bytes of all files together, extracted."""
MOST_RATIO = 200
"""How often a file may be as large as its compressed form. Texts shrink to a tenth, pictures and videos hardly."""
ANY_RATIO_BYTES = 1_000_000
"""Files up to this size may have any ratio."""
_MOST_AT_ONCE = 1000 * MOST_FILES
"""Most bytes of one read. `zipfile` reads the list of files at once, however long it is."""
_CHUNK = 1 << 16
_ENCRYPTED = 0x1
_NO_FOLDER = "__MACOSX"


def extract_archive(
    file: BinaryIO, target: Path, *, only: Callable[[str], bool] = lambda name: True, most: int = MOST_BYTES
) -> Path:
    """Extract an archive into an empty folder; return the folder with its files: `target`, or the only folder in it.
    `only`: whether a file is extracted; `most`: bytes of those.

    Raise UsageError for an archive that is damaged, encrypted or too large, or that names anything but ordinary files
    in the folder. Hidden files are skipped.
    """
    try:
        with ZipFile(cast("BinaryIO", _BoundedReads(file))) as archive:
            size = 0
            for entry, name in _checked([one for one in archive.infolist() if only(one.orig_filename)]):
                size += _extract(archive, entry, target / name, size, most)
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError) as error:
        raise UsageError(f"the archive is damaged or not whole: {clean_text(str(error))}") from None
    except OSError as error:
        raise UsageError(f"the archive cannot be extracted: {error.strerror or error}") from None
    inside = list(target.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else target


class _BoundedReads:
    """A file that is read in small pieces only."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.seekable, self.close = file.seek, file.tell, file.seekable, file.close

    def read(self, size: int = -1) -> bytes:
        if size > _MOST_AT_ONCE:
            raise BadZipFile("its list of files is too long")
        return self._file.read(_MOST_AT_ONCE if size < 0 else size)


def _checked(entries: list[ZipInfo]) -> Iterator[tuple[ZipInfo, str]]:
    """Yield the files to extract, each with its path. Nothing is extracted before all are checked."""
    if len(entries) > MOST_FILES:
        raise UsageError(f"the archive has {len(entries)} files, and at most {MOST_FILES} are accepted")
    by_path: dict[str, ZipInfo] = {}
    for entry in entries:
        name = entry.orig_filename
        path = PurePosixPath(name)
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or not path.parts:
            raise UsageError(f'the archive names "{clean_text(name)}", which is not a file in its folder')
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise UsageError(f'"{clean_text(name)}" in the archive is not an ordinary file')
        if entry.is_dir() or path.parts[0] == _NO_FOLDER or any(part.startswith(".") for part in path.parts):
            continue
        if str(path) in by_path:
            raise UsageError(f'the archive has "{clean_text(name)}" twice')
        if entry.flag_bits & _ENCRYPTED:
            raise UsageError(f'"{clean_text(name)}" in the archive is encrypted')
        if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise UsageError(f'"{clean_text(name)}" in the archive is compressed in an unusual way')
        by_path[str(path)] = entry
    yield from ((entry, name) for name, entry in by_path.items())


def _extract(archive: ZipFile, entry: ZipInfo, path: Path, before: int, most: int) -> int:
    """Write a file, and return its size. What its header says about the size is not believed. `before`: the bytes of
    files before it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with (
        archive.open(entry) as source,
        os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as to,
    ):
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if before + size > most:
                raise UsageError(f"the files of the archive have more than {most} bytes together")
            if size > max(ANY_RATIO_BYTES, MOST_RATIO * entry.compress_size):
                raise UsageError(f'"{clean_text(entry.filename)}" in the archive grows more than {MOST_RATIO} times')
            to.write(chunk)
    return size
