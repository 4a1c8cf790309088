"""Choose what starts now, in one transaction: look-ups first, then due deliveries."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from ttp.domain.delivery import Delivery
from ttp.publisher.coordination import BusyAccounts, LoopTurn
from ttp.publisher.delivery_context import DeliveryContext, DeliveryTask
from ttp.publisher.delivery_worker import DeliveryWorker
from ttp.publisher.reconcile import LookupJob
from ttp.publisher.worker_pool import Job, WorkerPool
from ttp.store import accounts, claims, queries
from ttp.store.dialect import Connection
from ttp.store.rate_limits import Pace


class Selection(NamedTuple):
    """What to start. `wake_at`: when there may be more."""

    look_ups: list[DeliveryTask]
    deliveries: list[DeliveryTask]
    wake_at: datetime | None


class Claimer:
    def __init__(self, context: DeliveryContext) -> None:
        config = context.config
        self._context = context
        self._places = claims.Places(config.count("publish.concurrency"))
        self._gap = timedelta(seconds=config.seconds("publish.catch_up_gap_s"))
        min_gap = timedelta(seconds=config.seconds("publish.min_gap_s"))
        self._pace = Pace(min_gap, config.count("publish.per_day"), config.requires_approval)

    def renew_holds(self, now: datetime) -> None:
        """Shorten holds that came from earlier settings."""
        self._context.run(lambda db: self._pace.renew(db, now))

    def claim(
        self,
        workers: WorkerPool,
        now: datetime,
        *,
        cutoff: datetime,
        only: Collection[int] | None,
        may_look_up: Callable[[Delivery], bool],
    ) -> Selection:
        """Claim deliveries that are due at `cutoff`, of the posts `only` if given, as far as workers are free."""
        context, coordination = self._context, self._context.coordination
        jobs, at_work = workers.jobs, workers.at_work
        free = self._places.total - len(at_work)
        self._places.late &= {job.task.delivery.id or 0 for job in at_work}
        busy, delivery_ids = accounts_in_hand(jobs), {job.task.delivery.id or 0 for job in jobs}
        due: claims.Due = {
            "now": now,
            "cutoff": cutoff,
            "catch_up_gap": self._gap,
            "only": only,
            "approved": context.config.requires_approval,
            "quarantine": context.quarantine,
        }

        def ask_look_ups(db: Connection) -> Callable[[], list[Delivery]]:
            return claims.due_lookups(
                db, now=now, most=sys.maxsize, without=delivery_ids, quarantine=context.quarantine
            )

        turn = LoopTurn(due, busy, self._places, free, ask_look_ups)

        def work(db: Connection) -> Selection:
            read_look_ups, ready, again_at = coordination.begin_turn(db, turn)
            # After the accounts are locked: what another publisher has sent from them counts.
            if self._pace.hold(db, now):
                ready = None
            if context.media_waits is not None and context.media_waits.look(db):
                ready = None
            look_ups: list[Delivery] = []
            account_ids = set(busy.look_ups)  # one at a time per account: a hanging one must not use up the workers
            for delivery in read_look_ups():
                if len(look_ups) < free and delivery.account_id not in account_ids and may_look_up(delivery):
                    account_ids.add(delivery.account_id or 0)
                    look_ups += coordination.lock_look_up(db, delivery, now)
            claimed = coordination.claim(db, turn, ready, free=free - len(look_ups))
            tasks, wake_at = self._tasks(db, [*look_ups, *claimed], now)
            wakes = [at for at in (wake_at, again_at) if at is not None]
            return Selection(tasks[: len(look_ups)], tasks[len(look_ups) :], min(wakes, default=None))

        return context.run(work)

    def _tasks(
        self, db: Connection, deliveries: Sequence[Delivery], now: datetime
    ) -> tuple[list[DeliveryTask], datetime | None]:
        """Return deliveries with their posts and accounts, read in this transaction, and when more may become due. Load
        their rate limits."""
        context = self._context
        names = {d.account_id or 0: d.account for d in deliveries}
        approved = context.config.requires_approval
        with db.together():
            read_wake = claims.next_wake(db, now=now, catch_up_gap=self._gap, approved=approved)
            if deliveries:
                account_rows = accounts.ask_accounts(db, names)
                post_rows = queries.ask_posts_even_deleted(db, [d.post_id or 0 for d in deliveries])
                load_limits = context.installation.limits.recall(db, names)
        wake_at = read_wake()
        if not deliveries:
            return [], wake_at
        by_id, posts = accounts.read_accounts(account_rows), post_rows.read()
        load_limits()
        session = context.writer.session
        return [DeliveryTask(d, posts[d.post_id or 0], by_id[d.account_id or 0], session) for d in deliveries], wake_at


def accounts_in_hand(jobs: Collection[Job]) -> BusyAccounts:
    def account_ids(kind: type[DeliveryWorker | LookupJob]) -> frozenset[int]:
        return frozenset(job.task.account.id or 0 for job in jobs if isinstance(job, kind))

    return BusyAccounts(account_ids(DeliveryWorker), account_ids(LookupJob))
