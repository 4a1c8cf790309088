"""Posts as they are shown: with what they wait for, and what made them. A post that was told is never stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from ttp.domain import approval
from ttp.domain.account import Hold
from ttp.domain.config import Config
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.post import Post
from ttp.domain.recurrence import Repeat
from ttp.store import reads, recurrences
from ttp.store.unreadable import Unreadable


def told(db: sqlite3.Connection, posts: Sequence[Post], *, now: datetime, config: Config) -> list[Post]:
    """The posts, a few hundred at most, as they are to be shown now."""
    held: dict[str, Hold] = {}
    with suppress(Unreadable):  # `ttp doctor` tells of it
        held = held_accounts(db, now)
    repeats = recurrences.of_posts(db, [post.id or 0 for post in posts])
    needed = approval.is_needed(config)
    return [_told(post, held, needed=needed, repeat=repeats.get(post.id or 0)) for post in posts]


def held_accounts(db: sqlite3.Connection, now: datetime) -> dict[str, Hold]:
    """The accounts that are held now, by name."""
    held = reads.accounts(db, held_at=now)
    return {a.name: Hold(a.name, None if a.is_paused else a.hold_until, a.hold_reason) for a in held}


def _told(post: Post, held: dict[str, Hold], *, needed: bool, repeat: Repeat | None) -> Post:
    shown = post
    if repeat is not None:
        shown = replace(shown, repeat=repeat)
    if held:
        shown = replace(shown, deliveries=tuple(_held(d, held.get(d.account)) for d in post.deliveries))
    return approval.waiting(shown) if needed else shown


def _held(delivery: Delivery, hold: Hold | None) -> Delivery:
    """A delivery that would go out before its account's hold ends, with what it waits for."""
    due = delivery.next_at if delivery.state in (DeliveryState.PENDING, DeliveryState.RETRYING) else None
    if hold is None or due is None or (hold.until is not None and due >= hold.until):
        return delivery
    if hold.until is None:
        return replace(delivery, waiting_for="its account to be resumed", waiting_until=None)
    waiting = "the end of the account's hold" + (f": {hold.reason}" if hold.reason else "")
    return replace(delivery, waiting_for=waiting, waiting_until=hold.until)
