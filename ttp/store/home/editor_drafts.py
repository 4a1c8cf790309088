"""Texts being written in an editor: `writing/NAME.md`, and `NAME.json` with what is known about it.

NAME is the post's id, or `new-…` before there is one. The JSON file stays locked while ttp or its editor uses the text;
an unlocked one was left behind. A text that was not saved as a post is never deleted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from ttp.domain.action import action
from ttp.domain.errors import Busy, Conflict, Hint
from ttp.store.home.files import disk_errors_as_busy, make_home, open_regular, read_bytes, write_whole
from ttp.store.home.locks import try_lock

FOLDER = "writing"
_KINDS = {"base": str, "first": bool, "saving": bool}
"""What the JSON file holds, by the fields of EditorDraft."""


@dataclass(eq=False)
class EditorDraft:
    """One locked text.

    `base`: the fields of the post that the text was made from. `first`: the new post goes in front of the posts in its
    slot. `saving`: a post is being made of it.
    """

    path: Path
    lock: int
    base: str | None = None
    first: bool = False
    saving: bool = False

    def remember(self, **fields: object) -> None:
        """Store what is known about it. Raises Busy."""
        for name, value in fields.items():
            setattr(self, name, value)
        with disk_errors_as_busy(self.path):
            data = json.dumps({name: getattr(self, name) for name in _KINDS}).encode()
            os.ftruncate(self.lock, 0)
            os.pwrite(self.lock, data, 0)
            os.fsync(self.lock)

    def read(self) -> str:
        """Return the text, with bytes that are not UTF-8 as lone surrogates; empty if the file is gone. Raises Busy."""
        with disk_errors_as_busy(self.path), suppress(FileNotFoundError):
            return read_bytes(self.path).decode("utf-8", "surrogateescape")
        return ""

    def write(self, text: str) -> None:
        """Replace the text atomically. Raises Busy."""
        with disk_errors_as_busy(self.path):
            write_whole(self.path, text, "surrogateescape")

    def set_aside(self) -> Path:
        """Keep the text under another name, start with an empty one, and return the path. Raises Busy."""
        number = 1
        while (aside := self.path.with_name(f"{self.path.stem}-{number}.md")).exists():
            number += 1
        with disk_errors_as_busy(self.path):
            self.path.replace(aside)
        self.remember(base=None)
        return aside

    def discard(self) -> None:
        """Delete it and the backup copies that editors make of it, after its text was saved. Errors are ignored."""
        copies = list(self.path.parent.glob(f"{self.path.name}*"))
        for path in (self.path, *copies, metadata_path(self.path)):  # the locked file last: nobody takes the text up
            _remove(path)


class EditorDrafts:
    def __init__(self, home: Path) -> None:
        self._home = home
        self._folder = home / FOLDER

    @contextmanager
    def begin(self, path: Path | None = None) -> Iterator[EditorDraft]:
        """Yield an empty text for a new post, or one that was left behind. Raises Busy; Conflict if another editor has
        it by now."""
        self._make_folder()
        is_new, numbers = path is None, count(1)
        while path is None:
            path = self._folder / f"new-{next(numbers)}.md"
            with disk_errors_as_busy(self._folder):
                try:
                    path.touch(0o600, exist_ok=False)
                except FileExistsError:
                    path = None
        with self._held(path) as one:
            if one is None:
                raise Conflict(f"{path} is open in another editor", Hint("fix", action("create", edit=True)))
            yield EditorDraft(path, one.lock) if is_new else one

    @contextmanager
    def of_post(self, post_id: int) -> Iterator[EditorDraft]:
        """Yield the text of a post as it was left, or an empty one. Raises Busy; Conflict if another editor has it."""
        self._make_folder()
        with self._held(self._folder / f"{post_id}.md") as one:
            if one is None:
                raise Conflict(f"post {post_id} is open in another editor", Hint("see", action("show", post_id)))
            yield one

    def left_behind(self) -> Path | None:
        """Return a text for a new post that no editor has open. Empty ones are deleted."""
        for path in sorted(self._folder.glob("new-*.md")):
            with suppress(Busy), self._held(path) as one:
                if one is not None and one.read().strip():
                    return path
                if one is not None:
                    one.discard()
        return None

    @contextmanager
    def _held(self, path: Path) -> Iterator[EditorDraft | None]:
        """Yield the locked text at a path; None if another process has it."""
        lock = _locked(metadata_path(path))
        if lock is None:
            yield None
            return
        try:
            yield EditorDraft(path, lock, **_read(lock))
        finally:
            if not path.exists():
                _remove(metadata_path(path))
            os.close(lock)

    def _make_folder(self) -> None:
        with disk_errors_as_busy(self._folder):
            make_home(self._home)
            self._folder.mkdir(mode=0o700, exist_ok=True)


def metadata_path(path: Path) -> Path:
    return path.with_suffix(".json")


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _locked(path: Path) -> int | None:
    """Open and lock the file at a path; return None if another process has it. Raises Busy."""
    while True:
        with disk_errors_as_busy(path):
            descriptor = open_regular(path, os.O_RDWR | os.O_CREAT)
        if not try_lock(descriptor, path):
            os.close(descriptor)
            return None
        with suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        os.close(descriptor)  # whoever had it took it away meanwhile


def _read(lock: int) -> dict[str, Any]:
    """Return the valid part of the JSON file."""
    try:
        data = json.loads(os.pread(lock, 1 << 20, 0) or b"{}")
    except ValueError:  # cut short when the machine went down
        return {}
    fields = data if isinstance(data, dict) else {}
    return {name: fields[name] for name, kind in _KINDS.items() if isinstance(fields.get(name), kind)}
