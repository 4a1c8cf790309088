"""A media folder for a moment: it leads to files where they are, and to what the real one has, and copies neither.

What is fetched, and what is converted, is in it alone, and gone with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ttp.store.media import MediaStore
from ttp.store.media_source import Source


class BorrowedMedia(MediaStore):
    def __init__(self, folder: Path, real: MediaStore) -> None:
        super().__init__(folder, real.forbidden)
        self._real = real

    def _has(self, sha256: str, size: int) -> bool:
        if not super()._has(sha256, size) and self._real.path(sha256).is_file():
            self._link(sha256, self._real.path(sha256))
        return super()._has(sha256, size)

    def _copy(self, source: Source, sha256: str) -> None:
        self._link(sha256, source.path)

    def _link(self, sha256: str, path: Path) -> None:
        self._make_folder()
        place = self.path(sha256)
        place.unlink(missing_ok=True)
        place.symlink_to(path.resolve())


@contextmanager
def borrowed(real: MediaStore) -> Iterator[BorrowedMedia]:
    """Such a folder, as long as the block."""
    with TemporaryDirectory(prefix="ttp-") as folder:
        yield BorrowedMedia(Path(folder) / "media", real)
