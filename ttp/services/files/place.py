"""Media beside an export: copies of the files that its posts name."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path, PurePosixPath

from ttp.domain.errors import Busy, Hint, UsageError
from ttp.domain.media import MediaItem
from ttp.services.files.fields import name_of
from ttp.store.media import MediaStore
from ttp.store.own_files import OwnFiles

MEDIA = "media"
"""The folder beside an export that its media are copied into."""


class MediaBeside:
    """Copies of media in the folder `media` beside an export. `gone`: names whose bytes are not in the store."""

    def __init__(self, folder: Path, store: MediaStore, own: OwnFiles) -> None:
        self._folder = folder / MEDIA
        self._store = store
        self._own = own
        self._placed: dict[tuple[str, str], str] = {}
        self.gone: list[str] = []

    @property
    def count(self) -> int:
        """How many files there are of it."""
        return len(self._placed)

    def name(self, item: MediaItem) -> str:
        """What the export calls an item: its address, or the copy of it that is beside the export now.
        UsageError, Busy."""
        if item.url is not None:
            return item.url
        if not self._store.has(item):
            self.gone.append(item.name)
            return name_of(item)
        known = (item.sha256, item.name)
        if known not in self._placed:
            try:
                self._placed[known] = f"{MEDIA}/{self._placed_as(item)}"
            except OSError as error:
                raise Busy(f"{self._folder} cannot be written: {error.strerror}") from error
        return self._placed[known]

    def _placed_as(self, item: MediaItem) -> str:
        """Copy the item, unless it is there; another file of its name is left alone."""
        plain = PurePosixPath(item.name.replace("\\", "_")).name.lstrip(".") or "media"
        named = PurePosixPath(plain)
        self._own.refuse(self._folder)
        for name in (plain, f"{named.stem}-{item.sha256[:12]}{named.suffix}"):
            path = self._folder / name
            if path.is_file() and _digest(path) == item.sha256:
                return name
            if not path.exists():
                self._folder.mkdir(exist_ok=True)
                fresh = self._folder / f".{item.sha256}"
                shutil.copyfile(self._store.path(item.sha256), fresh)
                fresh.replace(path)
                return name
        elsewhere = Hint("give another folder", "FOLDER", (str(self._folder.parent), "FOLDER"))
        raise UsageError(f"{self._folder} has other files where {item.name} is to be", elsewhere)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
