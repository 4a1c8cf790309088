"""Notifications as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.domain.time.clock import format_json_instant
from ttp.views import Json

if TYPE_CHECKING:
    from ttp.domain.notification import Notification
    from ttp.publisher.notifications import Sent

NOTIFICATION_FIELDS = (
    *("id", "kind", "event", "state", "post", "account", "message", "createdAt", "tries", "nextTryAt", "sentAt"),
    *("error", "endedAt"),
)
SENT_FIELDS = ("kind", "sent", "error", "hint")


def notification_json(item: Notification) -> Json:
    """Return a notification. `endedAt`: when what it is about was over."""
    return {
        "id": item.id,
        "kind": item.kind,
        "event": item.event,
        "state": item.state,
        "post": item.post_id,
        "account": item.account,
        "message": item.message,
        "createdAt": format_json_instant(item.created_at),
        "tries": item.tries,
        "nextTryAt": format_json_instant(item.next_at),
        "sentAt": format_json_instant(item.sent_at),
        "error": item.error,
        "endedAt": format_json_instant(item.ended_at),
    }


def sent_json(item: Sent) -> Json:
    """Return how sending by one kind ended."""
    return {"kind": item.kind, "sent": item.error is None, "error": item.error, "hint": item.hint}
