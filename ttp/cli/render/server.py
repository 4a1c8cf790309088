"""Tokens of the HTTP API, login links, webhooks and their calls on a terminal."""

from __future__ import annotations

from ttp.cli.render.spec import OutputSpec
from ttp.views import Json
from ttp.views import server as views_server

TOKENS_SPEC = OutputSpec(
    views_server.TOKEN_FIELDS,
    ("id", "name", "capability", "accounts", "expiresAt", "revokedAt", "lastUsedAt", "timezone"),
    views_server.token_json,
)
NEW_TOKEN_SPEC = OutputSpec(views_server.NEW_TOKEN_FIELDS, ("token",), views_server.token_json)
LOGIN_LINK_SPEC = OutputSpec(views_server.LOGIN_LINK_FIELDS, ("url",), views_server.login_link_json)

APPROVAL_LINKS_SPEC = OutputSpec(
    views_server.APPROVAL_LINK_FIELDS, views_server.APPROVAL_LINK_FIELDS, views_server.approval_link_json
)
NEW_APPROVAL_LINK_SPEC = OutputSpec(
    views_server.NEW_APPROVAL_LINK_FIELDS, ("url",), views_server.new_approval_link_json
)


WEBHOOKS_SPEC = OutputSpec(
    views_server.WEBHOOK_FIELDS, ("id", "url", "events", "accounts", "waiting", "givenUp"), views_server.webhook_json
)
NEW_WEBHOOK_SPEC = OutputSpec(views_server.NEW_WEBHOOK_FIELDS, ("id", "secret"), views_server.webhook_json)
CALLS_SPEC = OutputSpec(
    views_server.CALL_FIELDS,
    ("id", "at", "event", "post", "state", "tries", "nextAt", "httpStatus", "message"),
    views_server.call_json,
)
TEST_SPEC: OutputSpec[Json] = OutputSpec(views_server.TEST_FIELDS, views_server.TEST_FIELDS, dict)
REPLAY_SPEC: OutputSpec[Json] = OutputSpec(views_server.REPLAY_FIELDS, views_server.REPLAY_FIELDS, dict)
