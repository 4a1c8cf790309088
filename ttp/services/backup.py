"""Back up the store, and restore a backup. Media and credentials are separate files and not included."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from ttp.domain.action import action
from ttp.domain.errors import Hint, UsageError
from ttp.store.copies import backup
from ttp.store.database import Database
from ttp.store.home.files import OwnFiles
from ttp.store.home.media import MediaStore


@dataclass(frozen=True, slots=True)
class BackupResult:
    """A written backup. `media`: number of media files it refers to but does not contain."""

    file: Path
    bytes: int
    posts: int
    media: int


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """The restored store. `kept`: where the replaced one is; `missing`: media files of unpublished posts."""

    file: Path
    posts: int
    kept: Path | None
    missing: int


class Backups:
    def __init__(self, database: Database, media: MediaStore, own: OwnFiles) -> None:
        """`own`: folders of ttp, where no backup may be written."""
        self._database = database
        self._media = media
        self._own = own

    def back_up(self, target: Path) -> BackupResult:
        """Write a backup; safe while the publisher runs. Raise NotFound without a store, UsageError if `target` is
        another kind of file or in a folder of ttp, Busy, Damaged."""
        self._own.refuse(target)
        if not self._database.has_files:
            raise backup.refuse_own_backup(shlex.quote(self._database.name), shlex.quote(str(target)))
        backup.back_up(self._database, target)
        with self._database.reading() as db:
            assert db is not None
            return BackupResult(target, target.stat().st_size, backup.count_posts(db), len(backup.media_named(db)))

    def verify(self, file: Path) -> BackupResult:
        """Read a whole backup, of a file or by pg_dump. Raise NotFound, Damaged, NewerStore if it is unusable."""
        posts, media = backup.read_dump(file) if backup.is_dump(file) else backup.verify(file)
        return BackupResult(file, file.stat().st_size, posts, media)

    def restore(self, file: Path) -> RestoreResult:
        """Replace the store by a backup; the replaced one is kept. The new store then waits for `ttp run --take-over`.
        Raise LockHeld while the publisher runs, NotFound, Damaged, NewerStore."""
        if not self._database.has_files:
            raise UsageError(
                f"the store {self._database.name} is in PostgreSQL: restore into an empty database, and use that",
                Hint("fix", f"pg_restore --no-owner --dbname=DATABASE {shlex.quote(str(file))}"),
                Hint("see", action("help", "postgresql")),
            )
        kept = backup.restore(self._database, file)
        with self._database.reading() as db:
            assert db is not None
            named = backup.media_named(db, unpublished=True)
            missing = sum(not self._media.exists(sha256) for sha256 in named)
            return RestoreResult(file, backup.count_posts(db), kept, missing)
