"""Tokens of the HTTP API, login links, webhooks and their calls as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ttp.views import Json, attributes_json

if TYPE_CHECKING:
    from ttp.domain.server.webhook import CallResult
    from ttp.services.server.api_tokens import NamedToken
    from ttp.services.server.people import LoginAddress
    from ttp.services.server.webhooks import NamedWebhook
    from ttp.store.server.approval_links import ApprovalLink
    from ttp.store.server.webhooks import WebhookCall


TOKEN_FIELDS = ("id", "name", "capability", "accounts", "createdAt", "expiresAt", "revokedAt", "lastUsedAt", "timezone")
NEW_TOKEN_FIELDS = (*TOKEN_FIELDS, "token")


def token_json(item: NamedToken) -> Json:
    """Return a token. `accounts` null: all accounts. `token`, the secret, is present only when it was just created."""
    shape = attributes_json(item.token, TOKEN_FIELDS, accounts=item.accounts)
    return shape if item.secret is None else {**shape, "token": item.secret}


LOGIN_LINK_FIELDS = ("name", "capabilities", "accounts", "url")


def login_link_json(item: LoginAddress) -> Json:
    """Return a login link. `accounts` null: all accounts."""
    return attributes_json(item, LOGIN_LINK_FIELDS)


APPROVAL_LINK_FIELDS = ("id", "name", "createdBy", "posts", "expiresAt")
NEW_APPROVAL_LINK_FIELDS = (*APPROVAL_LINK_FIELDS, "leftOut", "url")


class ApprovalAddress(NamedTuple):
    """A link for approval that was just created. `left_out`: ids of posts."""

    link: ApprovalLink
    url: str
    left_out: tuple[int, ...]


def approval_link_json(link: ApprovalLink) -> Json:
    return attributes_json(link, APPROVAL_LINK_FIELDS, posts=link.post_ids)


def new_approval_link_json(made: ApprovalAddress) -> Json:
    """Return a link with its address. `leftOut`: posts that its maker or whoever gets it has written."""
    return {**approval_link_json(made.link), "leftOut": list(made.left_out), "url": made.url}


WEBHOOK_FIELDS = ("id", "url", "events", "accounts", "allowPrivate", "createdAt", "rotatedUntil", "waiting", "givenUp")
NEW_WEBHOOK_FIELDS = (*WEBHOOK_FIELDS, "secret")
CALL_FIELDS = ("id", "at", "event", "post", "state", "tries", "nextAt", "endedAt", "httpStatus", "message")
TEST_FIELDS = ("webhook", "ok", "httpStatus", "message")
REPLAY_FIELDS = ("webhook", "events")


def webhook_json(item: NamedWebhook) -> Json:
    """Return a webhook. `events`, `accounts` null: all. `rotatedUntil`: until then the previous secret signs too."""
    calls = {"waiting": item.counts.waiting, "givenUp": item.counts.given_up}
    shape = attributes_json(
        item.webhook, WEBHOOK_FIELDS, accounts=item.accounts, allowPrivate=item.webhook.private, **calls
    )
    return shape if item.secret is None else {**shape, "secret": item.secret}


def call_json(call: WebhookCall) -> Json:
    """Return a call. `id` is that of the event; `message`: why the last try failed."""
    event = {"id": call.event_id, "at": call.event_at, "post": call.post_id}
    return attributes_json(call, CALL_FIELDS, httpStatus=call.status, **event)


def test_json(webhook_id: int, result: CallResult) -> Json:
    return {"webhook": webhook_id, "ok": result.message is None, "httpStatus": result.status, "message": result.message}


def replay_json(webhook_id: int, events: list[int]) -> Json:
    """Return which events are sent again, by their ids."""
    return {"webhook": webhook_id, "events": events}
