"""Poll the sources that are due, next to publishing: late is no harm, and nothing of it ends a publisher."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from ttp.domain.errors import TtpError, describe_fault
from ttp.domain.permissions import Caller, Capability
from ttp.publisher.periodic import Alone, Stop
from ttp.services.application import Application, Installation
from ttp.store import sources as stored

FIRST_S, EVERY_S = 3.0, 30.0
MOST_OF_SHORT_RUN, SHORT_RUN_S = 4, 20.0
"""Sources that a short run polls after publishing, and the seconds that it gives to them."""
_BATCH = 50
_CALLER = Caller("source", Capability.PUBLISH, sees_private=True)


@dataclass
class SourcePolls:
    """`alone`: holds the lock of this work, which one process of a store does at a time. `faults`: bugs, each once."""

    installation: Installation
    alone: Alone
    faults: list[str] = field(default_factory=list)

    def poll_due(self, stop: Stop, most: int = _BATCH) -> None:
        """Poll sources that are due, those first that wait longest, until `stop`."""
        database, clock = self.installation.database, self.installation.clock
        with suppress(TtpError):  # what is wrong with the store is met and reported by whoever publishes
            with database.reading() as db:
                due = stored.due_sources(db, clock.now(), most) if db else []
            if not due or stop():
                return
            with self.alone() as is_mine:
                for source_id in due if is_mine else ():
                    if stop():
                        return
                    self._poll(source_id)

    def poll_few(self, stop: Stop) -> None:
        """Poll as many as a short run does."""
        self.poll_due(stop, MOST_OF_SHORT_RUN)

    def _poll(self, source_id: int) -> None:
        application = Application(self.installation, _CALLER)
        now = self.installation.clock.now()
        try:
            with application.database.reading() as db:
                source = stored.source(db, source_id) if db else None
            if source is not None and source.is_due(now):  # no other host polled it meanwhile
                application.polling.poll(source)
        except TtpError:
            return  # it was changed meanwhile, or the store is busy: its next turn comes
        except Exception as fault:  # noqa: BLE001 (whatever a feed causes, publishing goes on)
            text = f"source {source_id} was not read, by {describe_fault(fault)}"
            if text not in self.faults:
                self.faults.append(text)
