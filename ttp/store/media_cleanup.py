"""Measure the media folder and remove copies that no post needs.

A copy stays while one of its posts may still be published or an undo may need it, and then for as long as the settings
say. A file that no post ever named (a crash between copy and post) is removed after a day. Never runs while a process
adds media.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ttp.domain.media.item import MediaItem, MediaUse
from ttp.domain.time.clock import to_ms
from ttp.store.database import Database
from ttp.store.dialect import Connection, List, in_list
from ttp.store.home.locks import media_removing_lock
from ttp.store.row_mapper import split_batches

if TYPE_CHECKING:
    from ttp.store.home.media import MediaStore

ORPHANS_STAY = timedelta(days=1)
"""Time that a copy without a post is kept."""
IN_USE = timedelta(hours=1)
"""Time since its last use in which a copy is not removed from a cache: a request may be reading it."""
_COPY = re.compile(r"([0-9a-f]{64})(\.[a-z0-9.-]+)?")

# When the last post that names the bytes ended; NULL while one may still be published. A post that needs review may
# turn out not to be published, and be tried again.
_ENDED = f"""
SELECT m.sha256, CASE WHEN max(CASE
    WHEN p.deleted_at IS NULL AND (p.status IN ('draft', 'scheduled', 'publishing') OR EXISTS (
        SELECT 1 FROM delivery d WHERE d.post_id = p.id AND d.parent_id IS NULL
            AND d.state NOT IN ('published', 'failed', 'cancelled')
    )) THEN 1 ELSE 0 END) = 1 THEN NULL ELSE max(p.updated_at) END AS ended_at
FROM (
    SELECT sha256, post_id FROM post_media WHERE {in_list("sha256", "digests")}
    UNION ALL SELECT thumbnail, post_id FROM post_media WHERE {in_list("thumbnail", "digests")}
    UNION ALL SELECT sha256, post_id FROM card_picture WHERE {in_list("sha256", "digests")}
) m JOIN post p ON p.id = m.post_id GROUP BY m.sha256
"""


def media_use(folder: Path) -> MediaUse:
    """Return how many copies the media folder holds, converted ones included, and their bytes."""
    try:
        copies = [entry for entry in _entries(folder) if _COPY.fullmatch(entry.name)]
        sizes = [entry.stat(follow_symlinks=False).st_size for entry in copies]
    except OSError:
        return MediaUse()  # no folder yet, or a copy that went at this moment
    return MediaUse(len(sizes), sum(sizes))


def missing_media(folder: Path, media: Iterable[MediaItem]) -> list[MediaItem]:
    """Return the media whose copies are missing or incomplete."""

    def is_there(item: MediaItem) -> bool:
        try:
            return (folder / item.sha256).stat().st_size == item.bytes
        except OSError:
            return False

    return [item for item in media if not is_there(item)]


def needed_digests(db: Connection, digests: Iterable[str], *, ended_by: datetime) -> set[str]:
    """Return the digests of posts that may still be published or ended after `ended_by`."""
    rows = db.execute(_ENDED, {"digests": List(sorted(digests))})
    return {row[0] for row in rows if row[1] is None or row[1] > to_ms(ended_by)}


def remove_unneeded(folder: Path, database: Database, *, now: datetime, keep: timedelta) -> int:
    """Remove copies that are not needed and return how many. Skipped while a process adds media. `keep`: how long
    copies stay after the last of their posts ended. Raises Busy, Damaged."""
    if not folder.is_dir() or not database.exists():
        return 0
    with media_removing_lock(database.home) as lock:
        if lock is None:
            return 0
        os.utime(lock)
        # The file system's own clock: the times of files are by it.
        old = os.fstat(lock).st_mtime - ORPHANS_STAY.total_seconds()
        removed = 0
        with database.translating_errors(), closing(database.connect()) as db:
            for batch in split_batches(sorted(_entries(folder), key=lambda entry: entry.name)):
                removed += _sweep(db, batch, old, now, keep)
        return removed


def clean_bucket(media: MediaStore, database: Database, *, now: datetime, keep: timedelta) -> int:
    """Delete the objects of a bucket that are not needed, and upload copies here that are needed and not in it (of a
    store whose media were in a folder). Return how many were deleted. Skipped while a host adds media. Raises
    MediaUnavailable, Busy, Damaged.

    An object that was uploaded within a day is never deleted: a host may just have added it.
    """
    from ttp.store.change_log import media_needed_for_undo  # here: `status` measures the folder only

    assert media.bucket is not None
    if not database.exists():
        return 0
    with media_removing_lock(database.home) as here, database.media_removing_lock() as everywhere:
        if here is None or not everywhere:
            return 0
        there = {one.sha256: one for one in media.bucket.objects()}
        removed = 0
        with database.translating_errors(), closing(database.connect()) as db:
            undoable = media_needed_for_undo(db, now)
            for digests in split_batches(sorted(there)):
                kept = needed_digests(db, digests, ended_by=now - keep) | undoable
                for sha256 in digests:
                    if sha256 not in kept and now - there[sha256].modified_at > ORPHANS_STAY:
                        media.bucket.delete(sha256)
                        removed += 1
            here_only = sorted({entry.name for entry in _copies(media.folder)} - set(there))
            for digests in split_batches(here_only):
                for sha256 in sorted(needed_digests(db, digests, ended_by=now - keep)):
                    media.upload_cached(sha256)
        return removed


def shrink_cache(media: MediaStore, home: Path, most_bytes: int) -> int:
    """Remove copies that the bucket has too, those used longest ago first, until the folder has at most `most_bytes`.
    What was used within IN_USE stays. Return how many were removed. Skipped while a process adds media."""
    assert media.bucket is not None
    with media_removing_lock(home) as lock:
        if lock is None or not media.folder.is_dir():
            return 0
        os.utime(lock)
        old = os.fstat(lock).st_mtime - IN_USE.total_seconds()
        copies = [(max(stat.st_mtime, stat.st_atime), stat.st_size, entry) for entry, stat in _sizes(media.folder)]
        remaining_bytes = sum(size for _, size, _ in copies)
        if remaining_bytes <= most_bytes:
            return 0
        there = {one.sha256 for one in media.bucket.objects()}
        removed = 0
        for used_at, size, entry in sorted(copies, key=lambda copy: copy[:2]):
            if remaining_bytes <= most_bytes or used_at > old:
                break
            match = _COPY.fullmatch(entry.name)
            if match is not None and match[1] in there:
                Path(entry.path).unlink(missing_ok=True)
                remaining_bytes -= size
                removed += 1
        return removed


def _copies(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield the originals in the folder, which may not exist."""
    if folder.is_dir():
        yield from (entry for entry in _entries(folder) if len(entry.name) == 64 and _COPY.fullmatch(entry.name))


def _sizes(folder: Path) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
    for entry in _entries(folder):
        with suppress(FileNotFoundError):
            yield entry, entry.stat(follow_symlinks=False)


def _sweep(db: Connection, batch: list[os.DirEntry[str]], old: float, now: datetime, keep: timedelta) -> int:
    """Remove the files of one batch that are not needed, in one transaction: a retry comes before or sees them gone."""
    from ttp.store.change_log import media_needed_for_undo

    named = {entry.name: match[1] for entry in batch if (match := _COPY.fullmatch(entry.name))}
    with db.transaction():
        ended = {row[0] for row in db.execute(_ENDED, {"digests": List(sorted(set(named.values())))})}
        kept = needed_digests(db, set(named.values()), ended_by=now - keep) | media_needed_for_undo(db, now)
        gone = 0
        for entry in batch:
            digest = named.get(entry.name)
            if digest in kept or (digest not in ended and entry.stat(follow_symlinks=False).st_mtime > old):
                continue
            Path(entry.path).unlink(missing_ok=True)
            gone += 1
    return gone


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return [entry for entry in entries if entry.is_file(follow_symlinks=False)]
