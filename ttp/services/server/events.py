"""Read the events of posts, and delete old ones."""

from __future__ import annotations

from collections.abc import Sequence

from ttp.domain.errors import TtpError
from ttp.domain.time.clock import Clock
from ttp.store import events as store
from ttp.store.database import Database
from ttp.store.events import StoredEvent


class Events:
    def __init__(self, database: Database, clock: Clock, within: frozenset[int] | None = None) -> None:
        """`within`: the ids of the only accounts there are for this user; posts to others have no events."""
        self._database = database
        self._clock = clock
        self._within = within

    def after(self, event_id: int, most: int, upto: int | None = None) -> Sequence[StoredEvent]:
        """Return the first events with a greater id. `upto`: a `newest_id`, else the present one. Raises Busy."""
        with self._database.reading() as db:
            if db is None:
                return ()
            last = db.settled_id("event") if upto is None else upto
            return store.events_after(db, event_id, last, most=most, within=self._within)

    def newest_id(self) -> int:
        """Return the highest id that an event ever had, once none before it can still come; 0 for none. Raises Busy."""
        with self._database.reading() as db:
            return db.settled_id("event") if db else 0

    def start(self, event_id: int | None) -> int:
        """Return the id after which a reader begins that knows an event: at the newest one if it knows none, or one
        that the store does not have, which was put back then. Raises Busy."""
        with self._database.reading() as db:
            if db is None:
                return 0
            return db.settled_id("event") if event_id is None or event_id > db.highest_id("event") else event_id

    def delete_old(self) -> list[str]:
        """Delete the events that are kept no longer. Return what failed, as sentences."""
        before = self._clock.now() - store.KEPT_FOR
        try:
            with self._database.reading() as db:
                is_needed = db is not None and store.has_old(db, before)
            if is_needed:
                with self._database.writing() as db:
                    store.delete_old(db, before)
        except TtpError as error:
            return [f"old events could not be deleted: {error.message}"]
        return []
