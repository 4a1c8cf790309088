"""Tokens of the HTTP API and login links on a terminal."""

from __future__ import annotations

from ttp.cli.render.spec import OutputSpec
from ttp.views import tokens as views_tokens

TOKENS_SPEC = OutputSpec(
    views_tokens.TOKEN_FIELDS,
    ("id", "name", "capability", "accounts", "expiresAt", "revokedAt", "lastUsedAt"),
    views_tokens.token_json,
)
NEW_TOKEN_SPEC = OutputSpec(views_tokens.NEW_TOKEN_FIELDS, ("token",), views_tokens.token_json)
LOGIN_LINK_SPEC = OutputSpec(views_tokens.LOGIN_LINK_FIELDS, ("url",), views_tokens.login_link_json)
