"""Backups of the store, and restoring one. Media and credentials are in no backup: they are files of their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ttp.store import backup
from ttp.store.database import Database
from ttp.store.home.media import MediaStore
from ttp.store.home.own_files import OwnFiles


@dataclass(frozen=True, slots=True)
class Copied:
    """What a backup holds. `media`: how many media files it names and does not hold."""

    file: Path
    bytes: int
    posts: int
    media: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What the store holds now. `kept`: where the one before it is; `missing`: how many media files of posts that are
    not published are not here."""

    file: Path
    posts: int
    kept: Path | None
    missing: int


class Copies:
    def __init__(self, database: Database, media: MediaStore, own: OwnFiles) -> None:
        """`own`: where no backup is written to."""
        self._database = database
        self._media = media
        self._own = own

    def back_up(self, target: Path) -> Copied:
        """Write a backup, safe while something publishes. NotFound without a store; UsageError for a file that is
        something else, or in a folder of ttp's own; Busy, Damaged."""
        self._own.refuse(target)
        backup.back_up(self._database, target)
        with self._database.reading() as db:
            assert db is not None
            return Copied(target, target.stat().st_size, backup.count_posts(db), len(backup.media_named(db)))

    def restore(self, file: Path) -> Restored:
        """Put a backup in the store's place, and keep that one beside it. LockHeld while something publishes; NotFound,
        Damaged, NewerStore. The store then waits for `ttp run --take-over`."""
        kept = backup.restore(self._database, file)
        with self._database.reading() as db:
            assert db is not None
            named = backup.media_named(db, unpublished=True)
            missing = sum(not self._media.path(sha256).exists() for sha256 in named)
            return Restored(file, backup.count_posts(db), kept, missing)
