"""The API of Threads as `graph.threads.net` speaks it: which paths there are. Its login and token paths are Instagram's
too; the app and the token decide whose they are."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from ttp.sandbox.consent import LoginPage, authorization_route, is_https
from ttp.sandbox.meta.requests import graph_error
from ttp.sandbox.meta.tokens import TokenEndpoints
from ttp.sandbox.records import HOUR_MS, SandboxAccount, SandboxPost
from ttp.sandbox.stand_in import SandboxPlatform, with_slashes
from ttp.sandbox.state import State
from ttp.sandbox.threads import containers, reads
from ttp.sandbox.threads.records import (
    APP,
    BASIC,
    DELETE,
    LIMITS,
    READ_REPLIES,
    TROUBLES,
    ThreadsAccount,
    ThreadsContainer,
    ThreadsSwitches,
    new_id,
)
from ttp.sandbox.threads.requests import API

_PAGE = LoginPage(
    platform="threads",
    required=("client_id", "redirect_uri", "response_type", "scope"),
    optional=("state",),
    scopes=ThreadsAccount.granted,
    needed_scope=BASIC,
    may_redirect=is_https,
    code_ms=HOUR_MS,
    denied={"error": "access_denied", "error_reason": "user_denied", "error_description": "The user denied."},
    fragment="#_",
)
_TOKENS = TokenEndpoints(
    API,
    "",
    "th",
    approve=lambda account, code: replace(account, scopes=code.scopes),
    is_flat=lambda state: True,
    names_permissions=False,
    may_have_version=False,
)


class SandboxThreads(SandboxPlatform):
    """Threads."""

    name, title = "threads", "Threads"
    rank = 8  # its version is one that Instagram's paths match, too
    paths = re.compile(r"/v1\.0/")
    account, records, switches = ThreadsAccount, (ThreadsContainer,), ThreadsSwitches
    apps = (APP,)
    limits, troubles = LIMITS, tuple(TROUBLES)
    post_kinds: ClassVar = {"TEXT": "", "IMAGE": "", "VIDEO": "", "CAROUSEL": "carousel"}
    help = "/oauth/authorize; https"

    def routes(self, state: State) -> list[BaseRoute]:
        route = partial(API.authenticated_route, state)
        return with_slashes(
            authorization_route(state, "/oauth/authorize", _PAGE),
            *_TOKENS.routes(state),
            route("/v1.0/{node}", "GET", reads.node, "basic"),
            route("/v1.0/{node}", "DELETE", reads.delete, DELETE),
            route("/v1.0/{node}/threads", "GET", reads.posts, "basic"),
            route("/v1.0/{node}/threads", "POST", containers.create, "publish"),
            route("/v1.0/{node}/threads_publish", "POST", containers.publish, "publish"),
            route("/v1.0/{node}/replies", "GET", reads.replies, READ_REPLIES),
            route("/v1.0/{node}/insights", "GET", reads.insights, "insights"),
            route("/v1.0/{node}/threads_publishing_limit", "GET", reads.publishing_limit, "publish"),
        )

    def new_account(self, state: State, name: str) -> ThreadsAccount:
        return ThreadsAccount(name, f"25{secrets.randbelow(10**15):015d}", scopes=ThreadsAccount.granted)

    def choose_tokens(self, account: ThreadsAccount, order: Mapping[str, Any]) -> ThreadsAccount:
        dead = order.get("dead", 0 if not order.get("keepTokens") else account.dead)
        return replace(account, short=order.get("short", False), dead=dead)

    def new_post_id(self, state: State, at_ms: int) -> str:
        return new_id(state)

    def past_post(self, state: State, account: SandboxAccount, order: Mapping[str, Any], at_ms: int) -> SandboxPost:
        made = super().past_post(state, account, order, at_ms)
        return replace(made, kind=order.get("kind", "TEXT"), shortcode=secrets.token_urlsafe(8))

    def no_such_path(self, request: Request, error: HTTPException) -> Response:
        return graph_error(2500, f"Unknown path components: {request.url.path}").response


STAND_IN = SandboxThreads()
