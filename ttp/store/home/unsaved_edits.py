"""Unsaved edits of posts, as typed on the pages: `writing/page-POST-PERSON.json`. A scheduled post does
not change while it is edited, so its edit is kept here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ttp.domain.time.clock import utc_text
from ttp.store.home.editor_drafts import FOLDER
from ttp.store.home.files import disk_errors_as_busy, make_home, read_text, write_whole
from ttp.store.home.locks import lock_folder

KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class UnsavedEdit:
    kept_at: datetime
    fields: Mapping[str, Any]


class UnsavedEdits:
    """The edits of one home, by post and by the name of who types."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._folder = home / FOLDER

    def keep(self, post_id: int, person: str, edit: UnsavedEdit) -> None:
        """Replace what is kept, and forget what is older than KEPT_FOR. Raise Busy."""
        with self._locked():
            write_whole(self._path(post_id, person), json.dumps({"at": utc_text(edit.kept_at), "fields": edit.fields}))
            for path in self._folder.glob("page-*.json"):
                found = _read(path)
                if found is None or found.kept_at < edit.kept_at - KEPT_FOR:
                    path.unlink(missing_ok=True)

    def find(self, post_id: int, person: str) -> UnsavedEdit | None:
        """Return what is kept, if anything readable is."""
        return _read(self._path(post_id, person))

    def forget(self, post_id: int, person: str) -> None:
        """Delete what is kept. Raise Busy."""
        if self._path(post_id, person).exists():
            with self._locked():
                self._path(post_id, person).unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with disk_errors_as_busy(self._folder):
            make_home(self._home)
            self._folder.mkdir(mode=0o700, exist_ok=True)
            with lock_folder(self._folder):
                yield

    def _path(self, post_id: int, person: str) -> Path:
        return self._folder / f"page-{post_id}-{hashlib.sha256(person.encode()).hexdigest()[:16]}.json"


def _read(path: Path) -> UnsavedEdit | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        data = json.loads(read_text(path))
        return UnsavedEdit(datetime.fromisoformat(data["at"]), dict(data["fields"]))
    return None
