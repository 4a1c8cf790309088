"""Uploads in parts: files in the media folder that grow part by part. Cleanup removes those that rest for a day."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO

from ttp.domain.errors import Busy, Conflict, NotFound, StateRefused
from ttp.store.home.files import write_whole
from ttp.store.home.locks import LOCK_EX, lock_file

MOST_OPEN = 20
"""Uploads of one token that are not complete."""
_PREFIX = ".part-"
_ID = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class PartialUpload:
    """An upload. `bytes`: its whole size; `received`: what has arrived. `sha256`: the stored file, once complete."""

    id: str
    name: str
    bytes: int
    received: int = 0
    sha256: str | None = None


class PartialUploads:
    def __init__(self, folder: Path, token_id: int) -> None:
        self._folder = folder
        self._token_id = token_id

    def create(self, name: str, size: int) -> PartialUpload:
        """Begin an upload. Raise StateRefused if too many have begun, Busy."""
        named = (
            path.name.removeprefix(_PREFIX).removesuffix(".json") for path in self._folder.glob(f"{_PREFIX}*.json")
        )
        begun = (self._read(upload_id) for upload_id in named)
        if sum(one is not None and one.sha256 is None for one in begun) >= MOST_OPEN:
            raise StateRefused(f"{MOST_OPEN} uploads have begun; complete or delete one first")
        upload = PartialUpload(secrets.token_hex(16), name, size)
        try:
            self._data(upload.id).touch(0o600, exist_ok=False)
            self._save(upload)
        except OSError as error:
            raise Busy(f"the upload cannot be stored: {error.strerror}") from None
        return upload

    def find(self, upload_id: str) -> PartialUpload:
        """Return an upload. Raise NotFound, also for those of other tokens."""
        found = self._read(upload_id)
        if found is None:
            raise NotFound(f"there is no upload {upload_id}")
        return found

    def append(self, upload_id: str, part: BinaryIO, offset: int) -> PartialUpload:
        """Add a part at its place. A part that was added before changes nothing. Raise NotFound, Conflict for another
        place than the next one, StateRefused for more bytes than the upload has, Busy."""
        upload = self.find(upload_id)
        if upload.sha256 is not None:
            return upload
        try:
            with self._data(upload_id).open("r+b") as file:
                lock_file(file.fileno(), LOCK_EX, self._data(upload_id))
                received, size = file.seek(0, os.SEEK_END), part.seek(0, os.SEEK_END)
                if offset + size > upload.bytes:
                    raise StateRefused(f"the upload has {upload.bytes} bytes, and this part goes beyond")
                if offset + size <= received:
                    return replace(upload, received=received)
                if offset != received:
                    raise Conflict(f"{received} bytes have arrived; send the part that begins there")
                part.seek(0)
                shutil.copyfileobj(part, file)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise Busy(f"the part cannot be stored: {error.strerror}") from None
        return replace(upload, received=offset + size)

    def open(self, upload: PartialUpload) -> BinaryIO:
        """Open what has arrived. Raise NotFound."""
        try:
            return self._data(upload.id).open("rb")
        except OSError:
            raise NotFound(f"there is no upload {upload.id}") from None

    def complete(self, upload: PartialUpload, sha256: str) -> PartialUpload:
        """Record the file that an upload became, and remove its parts."""
        done = replace(upload, received=upload.bytes, sha256=sha256)
        self._save(done)
        self._data(upload.id).unlink(missing_ok=True)
        return done

    def remove(self, upload_id: str) -> None:
        """Remove an upload. Raise NotFound."""
        self.find(upload_id)
        self._about(upload_id).unlink(missing_ok=True)
        self._data(upload_id).unlink(missing_ok=True)

    def _read(self, upload_id: str) -> PartialUpload | None:
        if not _ID.fullmatch(upload_id):
            return None
        try:
            said = json.loads(self._about(upload_id).read_text(encoding="utf-8"))
            if said.pop("token") != self._token_id:
                return None
            found = PartialUpload(**said)
            return found if found.sha256 else replace(found, received=self._data(upload_id).stat().st_size)
        except (OSError, ValueError):
            return None

    def _save(self, upload: PartialUpload) -> None:
        write_whole(self._about(upload.id), json.dumps({**asdict(upload), "token": self._token_id}))

    def _data(self, upload_id: str) -> Path:
        return self._folder / f"{_PREFIX}{upload_id}"

    def _about(self, upload_id: str) -> Path:
        return self._folder / f"{_PREFIX}{upload_id}.json"
