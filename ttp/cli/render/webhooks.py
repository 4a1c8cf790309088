"""Webhooks and their calls on a terminal."""

from __future__ import annotations

from ttp.cli.render.spec import OutputSpec
from ttp.views import Json
from ttp.views import webhooks as views_webhooks

WEBHOOKS_SPEC = OutputSpec(
    views_webhooks.WEBHOOK_FIELDS,
    ("id", "url", "events", "accounts", "waiting", "givenUp"),
    views_webhooks.webhook_json,
)
NEW_WEBHOOK_SPEC = OutputSpec(views_webhooks.NEW_WEBHOOK_FIELDS, ("id", "secret"), views_webhooks.webhook_json)
CALLS_SPEC = OutputSpec(
    views_webhooks.CALL_FIELDS,
    ("id", "at", "event", "post", "state", "tries", "nextAt", "httpStatus", "message"),
    views_webhooks.call_json,
)
TEST_SPEC: OutputSpec[Json] = OutputSpec(views_webhooks.TEST_FIELDS, views_webhooks.TEST_FIELDS, dict)
REPLAY_SPEC: OutputSpec[Json] = OutputSpec(views_webhooks.REPLAY_FIELDS, views_webhooks.REPLAY_FIELDS, dict)
