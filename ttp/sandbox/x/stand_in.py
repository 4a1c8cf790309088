"""X's API as `api.x.com` speaks it: which paths there are, and which scopes they need."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from ttp.sandbox.records import SandboxAccount
from ttp.sandbox.request_checks import BodyField
from ttp.sandbox.stand_in import SandboxPlatform
from ttp.sandbox.state import State
from ttp.sandbox.x import login, media, posts, reads
from ttp.sandbox.x.records import (
    API_KEY,
    APP_ONLY,
    CONFIDENTIAL,
    LIMITS,
    PUBLIC,
    TROUBLES,
    XAccount,
    XMedia,
    XSwitches,
    new_id,
)
from ttp.sandbox.x.requests import authenticated_route, problem

_READ = ("tweet.read", "users.read")
_WRITE = ("tweet.read", "tweet.write", "users.read")
_MEDIA = ("media.write",)


class SandboxX(SandboxPlatform):
    name, title = "x", "X"
    paths = re.compile(r"/2/|/i/oauth2/")
    account, records, switches = XAccount, (XMedia,), XSwitches
    apps = (PUBLIC, CONFIDENTIAL)
    limits, troubles = LIMITS, tuple(TROUBLES)
    account_fields = (
        BodyField("confidential", bool, about="X: the app has a secret"),
        BodyField("signed", bool, about="X: answers with OAuth 1.0a keys"),
        BodyField("premium", bool, sets="premium", about="X: long texts and videos"),
    )
    help = f"""/i/oauth2/authorize; http://127.0.0.1 or https
    app-only bearer {APP_ONLY}; OAuth 1.0a API key {API_KEY[0]}, secret {API_KEY[1]}"""

    def routes(self, state: State) -> list[BaseRoute]:
        route = partial(authenticated_route, state)
        return [
            *login.routes(state),
            route("/2/users/me", "GET", reads.me, _READ),
            route("/2/users/{id}/tweets", "GET", reads.timeline, _READ),
            route("/2/tweets", "GET", reads.by_ids, _READ),
            route("/2/tweets", "POST", posts.create, _WRITE),
            route("/2/tweets/{id}", "GET", reads.by_id, _READ),
            route("/2/tweets/{id}", "DELETE", posts.delete, _WRITE),
            route("/2/media/upload", "GET", media.status, _MEDIA),
            route("/2/media/upload", "POST", media.upload, _MEDIA),
            route("/2/media/upload/initialize", "POST", media.initialize, _MEDIA),
            route("/2/media/upload/{id}/append", "POST", media.append, _MEDIA),
            route("/2/media/upload/{id}/finalize", "POST", media.finalize, _MEDIA),
            route("/2/media/metadata", "POST", media.metadata, _MEDIA),
        ]

    def new_account(self, state: State, name: str) -> XAccount:
        made = XAccount(name, new_id(state), client_id=PUBLIC.id)
        return replace(made, scopes=made.default_scopes)

    def choose_tokens(self, account: XAccount, order: Mapping[str, Any]) -> XAccount:
        if "confidential" not in order:
            return account
        app = CONFIDENTIAL if order["confidential"] else PUBLIC
        return replace(account, client_id=app.id, client_secret=app.secret)

    def change_account(self, account: XAccount, order: Mapping[str, Any]) -> SandboxAccount:
        if order.get("signed"):
            token = f"{account.user_id}-{secrets.token_urlsafe(30)}"
            account = replace(account, signing=(*API_KEY, token, secrets.token_urlsafe(33)))
        return super().change_account(account, order)

    def credentials(self, account: XAccount, order: Mapping[str, Any]) -> dict[str, str]:
        if not order.get("signed") or not account.signing:
            return account.credentials()
        key, secret, token, token_secret = account.signing
        keys = {"apiKey": key, "apiSecret": secret, "accessToken": token, "accessTokenSecret": token_secret}
        return {**keys, "userId": account.user_id}

    def new_post_id(self, state: State, at_ms: int) -> str:
        return new_id(state, at_ms)

    def no_such_path(self, request: Request, error: HTTPException) -> Response:
        return problem(error.status_code, error.detail, error.detail).response


STAND_IN = SandboxX()
