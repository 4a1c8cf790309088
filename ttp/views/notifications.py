"""Notifications as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.views import Json, attributes_json

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
    return attributes_json(item, NOTIFICATION_FIELDS, post=item.post_id, nextTryAt=item.next_at)


def sent_json(item: Sent) -> Json:
    """Return how sending by one kind ended."""
    return attributes_json(item, SENT_FIELDS, sent=item.error is None)
