"""Build what publishes: what is open on the store, and the loop with its workers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from ttp.domain.event import Sink
from ttp.publisher.clients import Clients
from ttp.publisher.coordination import Coordination
from ttp.publisher.delivery_context import DeliveryContext, MediaWaits
from ttp.publisher.late_cards import LateCards
from ttp.publisher.loop import Loop, Mode
from ttp.publisher.reconcile import longest_call_s
from ttp.publisher.worker_pool import WorkerPool
from ttp.services.application import Installation
from ttp.store.home.journal import Journal
from ttp.store.machine.ownership import Owner
from ttp.store.row_mapper import Quarantine


def open_coordination(
    installation: Installation, mode: Mode, emit: Sink, *, owner: Owner, is_owner: bool
) -> Coordination:
    """Open a session on the store, of its only publisher or of one of several. `is_owner`: this machine owns the store
    already."""
    evict_after = timedelta(seconds=installation.config.seconds("publish.evict_after_s"))
    longest_s = longest_call_s(installation.config)
    session = installation.database.publisher_session(mode.value, evict_after, longest_s)
    if not session.is_shared:
        return Coordination(installation, session, emit, is_owner=is_owner)
    from ttp.publisher.shared_coordination import SharedCoordination

    gives_up = mode is not Mode.LOOP
    return SharedCoordination(installation, session, emit, owner=owner, is_owner=is_owner, gives_up=gives_up)


def build_loop(
    installation: Installation,
    coordination: Coordination,
    *,
    mode: Mode,
    owner: Owner,
    clients: Clients,
    workers: WorkerPool,
    journal: Journal,
    quarantine: Quarantine,
    heartbeat: Callable[[datetime], None],
    late_cards: LateCards | None = None,
) -> Loop:
    """Build the loop of one run. `owner`: this machine, as owner of the store."""
    context = DeliveryContext(
        coordination=coordination,
        installation=installation,
        clients=clients,
        journal=journal,
        quarantine=quarantine,
        media_waits=MediaWaits(installation.media, quarantine, coordination.clock)
        if installation.media.bucket is not None
        else None,
        late_cards=late_cards,
        note_intent=owner.note_intent,
    )
    return Loop(
        context,
        workers,
        heartbeat=heartbeat,
        make_ahead=None
        if mode is Mode.PUBLISH
        else lambda: installation.occurrences.make_due(),  # imports repeats then
        refusal=owner.refusal_if_replaced,
    )
