"""Recognise ttp's own files: no command writes to a path in their folders that a user names. A config file emptied by
an export would require no approval any more; a store replaced by one would be lost."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ttp.domain.errors import Hint, UsageError
from ttp.store.home.regular_file import open_regular, sync


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
        return self._has_name(_stat(real))

    def _has_name(self, found: os.stat_result | None) -> bool:
        """Return whether the file has a second name that belongs to ttp."""
        if found is None or not stat.S_ISREG(found.st_mode) or found.st_nlink < 2:
            return False
        return (found.st_dev, found.st_ino) in self._marks or any(_mark(path) == _of(found) for path in self._all())

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


def _of(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _mark(path: Path) -> tuple[int, int] | None:
    found = _stat(path)
    return None if found is None else _of(found)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):
        return None


def write(path: Path, text: str, errors: str = "strict") -> None:
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
