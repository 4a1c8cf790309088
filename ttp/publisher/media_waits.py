"""Posts whose media cannot be read here: while the bucket does not answer, only what is cached is claimed.

Other hosts may claim the rest; here it waits, and `ttp status` says why. Once every RETRY_S one delivery tries again.
"""

from __future__ import annotations

from ttp.domain.time.clock import Clock
from ttp.store import queries
from ttp.store.dialect import Connection
from ttp.store.home.media import MediaStore
from ttp.store.row_mapper import Quarantine

RETRY_S = 30.0


class MediaWaits:
    """What waits, as the quarantine's `waiting`. Safe to use from several threads."""

    def __init__(self, media: MediaStore, quarantine: Quarantine, clock: Clock) -> None:
        self._media = media
        self._quarantine = quarantine
        self._clock = clock
        self._until: float | None = None

    @property
    def is_on(self) -> bool:
        return self._until is not None

    def begin(self, why: str) -> bool:
        """Wait: the bucket cannot be used. Return False if that is known."""
        is_new = not self._quarantine.waiting_for
        self._until = self._clock.boot() + RETRY_S
        self._quarantine.waiting_for = f"posts wait for media that only the bucket has: {why}"
        return is_new

    def end(self) -> None:
        """Wait no more: the bucket answered."""
        self._until = None
        self._quarantine.waiting_for = ""

    def look(self, db: Connection) -> None:
        """Find the due posts that wait now."""
        if self._until is None:
            self._quarantine.waiting = frozenset()
            return
        due = queries.media_due(db, self._clock.now())
        away = dict.fromkeys(post_id for post_id, item in due if not self._media.is_cached(item))
        if self._clock.boot() >= self._until:
            self._until = self._clock.boot() + RETRY_S
            away.pop(next(iter(away), 0), None)
        self._quarantine.waiting = frozenset(away)
