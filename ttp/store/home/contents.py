"""Recognize ttp's own files in its folders by their names. Everything else there belongs to others."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ttp.store.home.files import open_regular
from ttp.store.home.locks import try_lock

_NEW = r"(?:\.new)?"
_FILES = re.compile(
    r"\.?ttp\.db(?:-wal|-shm|-journal|\.new-\w+|\.damaged|\.before-[\w.-]+)*"
    r"|names\.db(?:\.new-\w+)?|(?:not-running|sleeps)\.noted"
    r"|publisher\.(?:lock|mark|[0-9a-f]{32}\.mark|json|journal|refused|json\.new-\d+)"
    + _NEW
    + r"|(?:media|webhooks)\.lock|server\.address"
    + _NEW
    + r"|credentials\.(?:json|lock)(?:\.damaged)?"
    + _NEW
)
_FOLDERS: Mapping[str, re.Pattern[str]] = {
    "media": re.compile(r"[0-9a-f]{64}(?:\.\w+)?|\.[0-9a-f]{64}-\d+|\.(?:fetched|made|upload|part)-.+"),
    "tokens": re.compile(r".+\.(?:lock|json)" + _NEW),
    "requests": re.compile(r"[0-9a-f]{32}\.lock"),
    "lent": re.compile(r"\.?[0-9a-f]{32}(?:\.\w+)?(?:-[0-9a-f]{8})?"),
    "writing": re.compile(r"(?:new-\w+|\d+(?:-\d+)?|page-\d+-[0-9a-f]{16})\.(?:md|json)[^/]*"),
}
_LOCKS = ("publisher.lock", "media.lock", "webhooks.lock", "credentials.lock")


@dataclass(frozen=True, slots=True)
class HomeContents:
    """The files of ttp in a home, and what else there is: foreign files, and links, which ttp never makes."""

    own: tuple[Path, ...]
    foreign: tuple[Path, ...]


def read_contents(home: Path) -> HomeContents:
    """Return what is in a home. Links are not followed below it. Raise OSError."""
    own: list[Path] = []
    foreign: list[Path] = []
    for path in _entries(home):
        if _is_folder(path) and (names := _FOLDERS.get(path.name)) is not None:
            for inner in _entries(path):
                (own if names.fullmatch(inner.name) and _is_file(inner) else foreign).append(inner)
        else:
            (own if _FILES.fullmatch(path.name) and _is_file(path) else foreign).append(path)
    return HomeContents(tuple(own), tuple(foreign))


def remove_empty_folders(home: Path) -> None:
    """Remove the folders that ttp made in a home, and the home, where they are empty and not links."""
    for folder in (*(home / name for name in _FOLDERS), home):
        if _is_folder(folder):
            with suppress(OSError):
                folder.rmdir()


def lock_files(home: Path) -> list[Path]:
    return [
        path
        for path in (
            *(home / name for name in _LOCKS),
            *(path for folder in ("tokens", "requests") for path in sorted((home / folder).glob("*.lock"))),
        )
        if _is_file(path)
    ]


def remove_lock_file(path: Path) -> bool:
    """Remove a lock file; return False if another process holds it. Raise OSError, Busy."""
    try:
        descriptor = open_regular(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        if not try_lock(descriptor, path):
            return False
        path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)
    return True


def _entries(folder: Path) -> Iterator[Path]:
    with suppress(FileNotFoundError, NotADirectoryError):
        yield from sorted(folder.iterdir())


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
