"""Database rows to domain objects, and domain values to columns: the one mapping, used by every reader and writer."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from ttp.domain.account import Account
from ttp.domain.attempt import Attempt, Kind, Phase
from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.media import MediaItem
from ttp.domain.post import ChosenBy, Post, PostStatus, Rejection
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store.corrupt_rows import list_of, number_of, object_of, reading, texts_of

Row = sqlite3.Row
Column = str | int | float | None
OwnKey = Callable[[int], str]
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
"""Made once: `json.dumps` would make one for each delivery that is stored."""
_POST = (
    *("id", "content", "status", "scheduled_at", "published_at", "created_at", "updated_at", "deleted_at"),
    *("max_lateness_s", "variants", "thread", "options", "key", "key_digest", "chosen_by", "rejected_at"),
    "rejected_why",
)
_DELIVERY = (
    *("id", "post_id", "account_id", "state", "due_at", "next_at", "remote_id", "url", "published_at", "tries"),
    *("attempts", "waiting_for", "waiting_until", "error_kind", "error_code", "error_message", "error_hint"),
    *("handle", "note", "taken_down_at", "approved_at", "platform", "account_handle"),
)
POSTS = f"SELECT {', '.join(_POST)} FROM post"
"""Selects the rows of posts that `post` reads fastest."""
DELIVERIES = (
    f"SELECT {', '.join(f'd.{name}' for name in _DELIVERY[:-2])}, a.platform, a.handle AS account_handle"
    " FROM delivery d JOIN account a ON a.id = d.account_id"
)
"""Selects the rows that `delivery_in_order` reads."""


def ms(instant: datetime | None) -> int | None:
    return None if instant is None else to_ms(instant)


# Rows repeat few values: the instants of a post are those of its deliveries, and there are few platforms and states.
@lru_cache(maxsize=1024)
def instant(value: int | None) -> datetime | None:
    return None if value is None else from_ms(value)


_known_instant = lru_cache(maxsize=1024)(from_ms)
_state = lru_cache(maxsize=64)(DeliveryState)
_status = lru_cache(maxsize=64)(PostStatus)


def text_of(value: object) -> str:
    """JSON as it is stored: keys sorted, no escapes, no spaces."""
    return _ENCODER.encode(dict(value) if isinstance(value, Mapping) else value)


def _as_it_is(value: Column) -> Column:
    return value


_FORMS: Mapping[str, Callable[[Any], Column]] = {
    "state": attrgetter("value"),
    "due_at": ms,
    "next_at": ms,
    "remote_id": _as_it_is,
    "url": _as_it_is,
    "published_at": ms,
    "tries": _as_it_is,
    "attempts": _as_it_is,
    "waiting_for": _as_it_is,
    "waiting_until": ms,
    "handle": text_of,
    "note": _as_it_is,
    "taken_down_at": ms,
    "approved_at": ms,
}
"""What a move can change of a delivery, but its error, and how it is stored."""


@reading("account")
def account(row: Row) -> Account:
    return Account(
        platform=row["platform"],
        handle=row["handle"],
        id=row["id"],
        user_id=row["user_id"],
        connected=bool(row["connected"]),
        needs_reconnect=bool(row["needs_reconnect"]),
        enabled=bool(row["enabled"]),
        timezone=row["timezone"],
        expires_at=instant(row["expires_at"]),
        scopes=list_of(row["scopes"]),
        hold_until=instant(row["hold_until"]),
        hold_reason=row["hold_reason"],
        options=texts_of(row["options"]),
    )


def account_columns(account: Account) -> dict[str, Column]:
    """All that can change of an account; its name stays."""
    return {
        "user_id": account.user_id,
        "connected": account.connected,
        "needs_reconnect": account.needs_reconnect,
        "enabled": account.enabled,
        "timezone": account.timezone,
        "expires_at": ms(account.expires_at),
        "scopes": text_of(list(account.scopes)),
        "hold_until": ms(account.hold_until),
        "hold_reason": account.hold_reason,
        "options": text_of(account.options),
    }


@reading("delivery")
def delivery(row: Row) -> Delivery:
    """`row` is a delivery joined with its account's `platform` and, as `account_handle`, its handle."""
    return _delivery([row[name] for name in _DELIVERY])


@reading("delivery")
def delivery_in_order(row: Row) -> Delivery:
    """The same of a row of DELIVERIES: by position, because a look-up by name searches the names each time."""
    return _delivery(row)


def _delivery(values: Iterable[Any]) -> Delivery:
    (
        delivery_id,
        post_id,
        account_id,
        state,
        due_at,
        next_at,
        remote_id,
        url,
        published_at,
        tries,
        attempts,
        waiting_for,
        waiting_until,
        error_kind,
        error_code,
        error_message,
        error_hint,
        handle,
        note,
        taken_down_at,
        approved_at,
        platform,
        account_handle,
    ) = values
    error = None
    if error_kind is not None:
        error = DeliveryError(Kind(error_kind), error_message, error_code, error_hint)
    return Delivery(
        account=f"{platform}/{account_handle}",
        platform=platform,
        state=_state(state),
        due_at=instant(due_at),
        next_at=instant(next_at),
        remote_id=remote_id,
        url=url,
        published_at=instant(published_at),
        tries=tries,
        attempts=attempts,
        waiting_for=waiting_for,
        waiting_until=instant(waiting_until),
        error=error,
        handle=object_of(handle),
        note=note,
        taken_down_at=instant(taken_down_at),
        approved_at=instant(approved_at),
        id=delivery_id,
        post_id=post_id,
        account_id=account_id,
    )


def delivery_columns(delivery: Delivery, before: Delivery | None = None) -> dict[str, Column]:
    """The columns of a delivery that a move can change; of those only what differs from `before` where it is given."""
    changed = {
        name: form(getattr(delivery, name))
        for name, form in _FORMS.items()
        if before is None or getattr(delivery, name) != getattr(before, name)
    }
    if before is None or delivery.error != before.error:
        error = delivery.error
        changed["error_kind"] = error.kind.value if error else None
        changed["error_code"] = error.code if error else None
        changed["error_message"] = error.message if error else None
        changed["error_hint"] = error.hint if error else None
    return changed


@reading("post_media")
def media(row: Row) -> MediaItem:
    return MediaItem(
        name=row["name"],
        mime=row["mime"],
        bytes=row["bytes"],
        sha256=row["sha256"],
        width=row["width"],
        height=row["height"],
        duration_ms=row["duration_ms"],
        codec=row["codec"],
        fps=row["fps"],
        moov_first=None if row["moov_first"] is None else bool(row["moov_first"]),
        alt=row["alt"],
        url=row["url"],
    )


def media_columns(item: MediaItem) -> dict[str, Column]:
    return {
        "sha256": item.sha256,
        "name": item.name,
        "mime": item.mime,
        "bytes": item.bytes,
        "width": item.width,
        "height": item.height,
        "duration_ms": item.duration_ms,
        "codec": item.codec,
        "fps": item.fps,
        "moov_first": item.moov_first,
        "alt": item.alt,
        "url": item.url,
    }


@reading("post")
def post(row: Row, deliveries: Sequence[Delivery], items: Sequence[MediaItem], tags: Sequence[str]) -> Post:
    return _post([row[name] for name in _POST], deliveries, items, tags)


@reading("post")
def post_in_order(
    row: Row,
    deliveries: Sequence[Delivery],
    items: Sequence[MediaItem],
    tags: Sequence[str],
    own_key: OwnKey | None = None,
) -> Post:
    """The same of a row of POSTS. `own_key`: gives a post without a key one, by its id."""
    return _post(row, deliveries, items, tags, own_key)


def _post(
    values: Iterable[Any],
    deliveries: Sequence[Delivery],
    items: Sequence[MediaItem],
    tags: Sequence[str],
    own_key: OwnKey | None = None,
) -> Post:
    (
        post_id,
        content,
        status,
        scheduled_at,
        published_at,
        created_at,
        updated_at,
        deleted_at,
        max_lateness_s,
        variants,
        thread,
        options,
        key,
        key_digest,
        chosen_by,
        rejected_at,
        rejected_why,
    ) = values
    return Post(
        content=content,
        deliveries=tuple(deliveries),
        status=_status(status),
        scheduled_at=instant(scheduled_at),
        published_at=instant(published_at),
        created_at=_known_instant(created_at),
        updated_at=_known_instant(updated_at),
        deleted_at=instant(deleted_at),
        max_lateness_s=number_of(max_lateness_s),
        media=tuple(items),
        variants=texts_of(variants),
        thread=list_of(thread),
        tags=tuple(tags),
        options=texts_of(options),
        key=own_key(post_id) if own_key is not None and not key else key,
        key_digest=key_digest,
        chosen_by=ChosenBy(chosen_by) if chosen_by else None,
        rejection=None if rejected_at is None else Rejection(from_ms(rejected_at), rejected_why),
        id=post_id,
    )


def post_columns(post: Post) -> dict[str, Column]:
    return {
        "content": post.content,
        "status": post.status.value,
        "scheduled_at": ms(post.scheduled_at),
        "published_at": ms(post.published_at),
        "created_at": ms(post.created_at),
        "updated_at": ms(post.updated_at),
        "deleted_at": ms(post.deleted_at),
        "max_lateness_s": post.max_lateness_s,
        "variants": text_of(post.variants),
        "thread": text_of(post.thread),
        "options": text_of(post.options),
        "key": post.key,
        "key_digest": post.key_digest,
        "chosen_by": post.chosen_by,
        "rejected_at": ms(post.rejection.at) if post.rejection else None,
        "rejected_why": post.rejection.why if post.rejection else None,
    }


@reading("attempt")
def attempt(row: Row) -> Attempt:
    """`row` is an attempt joined with its account's `platform` and `account_handle`."""
    return Attempt(
        account=f"{row['platform']}/{row['account_handle']}",
        number=row["number"],
        step=row["step"],
        phase=Phase(row["phase"]),
        at=from_ms(row["at"]),
        ended_at=instant(row["ended_at"]),
        outcome=row["outcome"],
        kind=Kind(row["kind"]) if row["kind"] else None,
        code=row["code"],
        http_status=row["http_status"],
        message=row["message"],
        fingerprint=row["fingerprint"],
        platform_at=instant(row["platform_at"]),
        boot_s=row["boot_s"],
        id=row["id"],
        delivery_id=row["delivery_id"],
    )
