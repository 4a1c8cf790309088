"""Fail due deliveries that are not sent any more: too late, on an account that cannot publish, or replaced by a newer
post of their repeat."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta, tzinfo

from ttp.domain.account import Account, connect_action
from ttp.domain.action import action
from ttp.domain.delivery import Delivery, DeliveryError
from ttp.domain.event import Event, delivery_event, post_event
from ttp.domain.publishing.outcome import Kind
from ttp.domain.time.formatting import first_valid_zone, format_duration, format_instant, zone_label
from ttp.publisher.delivery_context import DeliveryContext
from ttp.store import accounts, claims, queries, repeats
from ttp.store.dialect import Connection

MOST = 500
ALL = sys.maxsize
_DAY = timedelta(days=1)


def fail_undeliverable(context: DeliveryContext, now: datetime, only: Collection[int] | None = None) -> None:
    """Fail due deliveries that are not sent any more, of the posts `only` if given, and emit events. MOST of each kind
    per transaction."""
    limit = timedelta(seconds=context.config.seconds("publish.max_lateness_s"))
    most = MOST if only is None else ALL
    approved = context.config.requires_approval

    def zone(delivery: Delivery, zones: Mapping[int, str]) -> tzinfo | None:
        return first_valid_zone(zones.get(delivery.account_id or 0), context.config.text("timezone"))

    def find(db: Connection) -> list[tuple[Delivery, DeliveryError]]:
        overdue = claims.overdue(db, now=now, limit=limit, most=most, quarantine=context.quarantine)
        zones = accounts.zones(db) if overdue else {}
        wrong = [(late.delivery, _missed(late, now, zone(late.delivery, zones), approved=approved)) for late in overdue]
        unusable = claims.due_on_unusable_accounts(db, now=now, most=most, quarantine=context.quarantine)
        wrong += [(d, _unusable(account)) for d, account in unusable]
        outdone = repeats.superseded_deliveries(
            db, now=now, most=most, approved=approved, quarantine=context.quarantine
        )
        zones = zones or (accounts.zones(db) if outdone else {})
        wrong += [(d, _superseded(d, recurrence_id, zone(d, zones))) for d, recurrence_id in outdone]
        return [(d, error) for d, error in wrong if only is None or d.post_id in only]

    def work(db: Connection) -> list[Event]:
        wrong = find(db)
        if wrong:
            # On a server a person may be giving them another time, or another publisher may claim them.
            post_ids = {d.post_id or 0 for d, _ in wrong}
            db.lock_posts(post_ids)
            wrong = [(d, error) for d, error in find(db) if d.post_id in post_ids]
        events = []
        for before, error in wrong:
            after = before.mark_failed(error)
            if claims.save_transition(db, before, after, now=now):
                events.append(delivery_event(after, now))
                if not after.is_comment:
                    end = post_event(queries.post_even_deleted(db, after.post_id or 0), now)
                    events += [end] if end is not None else []
        return events

    while events := context.run(work):
        for event in events:
            context.emit(event)


def _missed(late: claims.Late, now: datetime, zone: tzinfo | None, *, approved: bool) -> DeliveryError:
    """Return why a delivery was missed, in times of `zone`. `approved`: approval is required."""
    delivery = late.delivery
    assert delivery.due_at is not None
    due, free, here = (at.astimezone(zone) for at in (delivery.due_at, late.since, now))
    form = "%H:%M" if now - delivery.due_at < _DAY else "%d %b %H:%M"
    hold = f", waited for {delivery.platform} until {free:{form}}" if free > due else ""
    reason = "not sent by" if delivery.attempts or hold else "first publisher"
    unapproved = approved and delivery.approved_at is None
    if unapproved:
        reason = "waited for approval until"
    utc = delivery.due_at.astimezone(UTC)
    where = zone_label(zone, delivery.due_at) + ("" if not due.utcoffset() else f" ({utc:{form}} UTC)")
    message = f"due {due:{form}} {where}{hold}, {reason} {here:{form}} (limit {format_duration(late.allowed)})"
    if delivery.error is not None:
        message += f"; before that: {delivery.error.message}"
    return DeliveryError(Kind.MISSED, message, hint=action("approve" if unapproved else "retry", delivery.post_id))


def _superseded(delivery: Delivery, recurrence_id: int, zone: tzinfo | None) -> DeliveryError:
    assert delivery.due_at is not None
    message = f"due {format_instant(delivery.due_at, zone)}; a newer post of repeat {recurrence_id} replaces it"
    return DeliveryError(Kind.MISSED, message, hint=action("retry", delivery.post_id))


def _unusable(account: Account) -> DeliveryError:
    if not account.enabled:
        return DeliveryError(Kind.ACCOUNT, f"{account.name} is disabled", hint=action("account enable", account.name))
    why = "must be reconnected: its token no longer works" if account.needs_reconnect else "is not connected"
    return DeliveryError(Kind.AUTH, f"{account.name} {why}", hint=connect_action(account.name))
