"""Tokens of the HTTP API, login links, webhooks and their calls as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.domain.time.clock import format_json_instant
from ttp.views import Json

if TYPE_CHECKING:
    from ttp.domain.server.webhook import CallResult
    from ttp.services.server.api_tokens import NamedToken
    from ttp.services.server.people import LoginAddress
    from ttp.services.server.webhooks import NamedWebhook
    from ttp.store.server.webhooks import WebhookCall


TOKEN_FIELDS = (
    "id",
    "name",
    "capability",
    "accounts",
    "createdAt",
    "expiresAt",
    "revokedAt",
    "lastUsedAt",
)
NEW_TOKEN_FIELDS = (*TOKEN_FIELDS, "token")


def token_json(item: NamedToken) -> Json:
    """Return a token. `accounts` null: all accounts. `token`, the secret, is present only when it was just created."""
    token = item.token
    shape: Json = {
        "id": token.id,
        "name": token.name,
        "capability": token.capability,
        "accounts": None if item.accounts is None else list(item.accounts),
        "createdAt": format_json_instant(token.created_at),
        "expiresAt": format_json_instant(token.expires_at),
        "revokedAt": format_json_instant(token.revoked_at),
        "lastUsedAt": format_json_instant(token.last_used_at),
    }
    return shape if item.secret is None else {**shape, "token": item.secret}


LOGIN_LINK_FIELDS = ("name", "capabilities", "accounts", "url")


def login_link_json(item: LoginAddress) -> Json:
    """Return a login link. `accounts` null: all accounts."""
    return {
        "name": item.name,
        "capabilities": list(item.capabilities),
        "accounts": None if item.accounts is None else list(item.accounts),
        "url": item.url,
    }


WEBHOOK_FIELDS = (
    "id",
    "url",
    "events",
    "accounts",
    "allowPrivate",
    "createdAt",
    "rotatedUntil",
    "waiting",
    "givenUp",
)
NEW_WEBHOOK_FIELDS = (*WEBHOOK_FIELDS, "secret")
CALL_FIELDS = (
    "id",
    "at",
    "event",
    "post",
    "state",
    "tries",
    "nextAt",
    "endedAt",
    "httpStatus",
    "message",
)
TEST_FIELDS = ("webhook", "ok", "httpStatus", "message")
REPLAY_FIELDS = ("webhook", "events")


def webhook_json(item: NamedWebhook) -> Json:
    """Return a webhook. `events`, `accounts` null: all. `rotatedUntil`: until then the previous secret signs too."""
    webhook = item.webhook
    shape: Json = {
        "id": webhook.id,
        "url": webhook.url,
        "events": None if webhook.events is None else list(webhook.events),
        "accounts": None if item.accounts is None else list(item.accounts),
        "allowPrivate": webhook.private,
        "createdAt": format_json_instant(webhook.created_at),
        "rotatedUntil": format_json_instant(webhook.rotated_until),
        "waiting": item.counts.waiting,
        "givenUp": item.counts.given_up,
    }
    return shape if item.secret is None else {**shape, "secret": item.secret}


def call_json(call: WebhookCall) -> Json:
    """Return a call. `id` is that of the event; `message`: why the last try failed."""
    return {
        "id": call.event_id,
        "at": format_json_instant(call.event_at),
        "event": call.event,
        "post": call.post_id,
        "state": call.state,
        "tries": call.tries,
        "nextAt": format_json_instant(call.next_at),
        "endedAt": format_json_instant(call.ended_at),
        "httpStatus": call.status,
        "message": call.message,
    }


def test_json(webhook_id: int, result: CallResult) -> Json:
    return {
        "webhook": webhook_id,
        "ok": result.message is None,
        "httpStatus": result.status,
        "message": result.message,
    }


def replay_json(webhook_id: int, events: list[int]) -> Json:
    """Return which events are sent again, by their ids."""
    return {"webhook": webhook_id, "events": events}
