"""Poll the sources that are due, next to publishing: being late does no harm, and nothing of it ends a publisher."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ttp.domain.errors import TtpError, describe_fault
from ttp.domain.permissions import Caller, Capability
from ttp.publisher.periodic import Stop
from ttp.services.application import Application, Installation
from ttp.store import sources as stored

_CALLER = Caller("source", Capability.PUBLISH, sees_private=True)


def poll_sources(installation: Installation, source_ids: Collection[int], stop: Stop) -> Iterator[str]:
    """Poll sources, until `stop`. Yield the bugs that occurred."""
    for source_id in source_ids:
        if stop():
            return
        application = Application(installation, _CALLER)
        try:
            with application.database.reading() as db:
                source = stored.source(db, source_id) if db else None
            if source is not None and source.is_due(installation.clock.now()):  # no other host polled it meanwhile
                application.polling.poll(source)
        except TtpError:
            continue  # it was changed meanwhile, or the store is busy: its next turn comes
        except Exception as fault:  # noqa: BLE001 (whatever a feed causes, publishing goes on)
            yield f"source {source_id} was not read, by {describe_fault(fault)}"
