"""Mastodon's API as a server of one of several software speaks it: its paths, and the scopes that they need."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from ttp.sandbox.mastodon import login, media, statuses
from ttp.sandbox.mastodon.records import (
    APP,
    DELETES,
    LIMITS,
    MEDIA,
    POSTS,
    TROUBLES,
    Attachment,
    Details,
    MastodonAccount,
    MastodonSwitches,
    UsedKey,
    new_id,
)
from ttp.sandbox.mastodon.requests import authenticated_route
from ttp.sandbox.request_checks import BodyField
from ttp.sandbox.stand_in import SandboxPlatform, with_slashes
from ttp.sandbox.state import State

_READ, _WRITE = "read:statuses", "write:statuses"


class SandboxMastodon(SandboxPlatform):
    name, title = "mastodon", "Mastodon"
    paths = re.compile(r"/api/v[12]/|/oauth/(token|revoke)$|/\.well-known/(nodeinfo|webfinger)|/nodeinfo/")
    account, records, switches = MastodonAccount, (Attachment, Details, UsedKey), MastodonSwitches
    apps = (APP,)
    limits, troubles = LIMITS, tuple(TROUBLES)
    account_fields = (
        BodyField(
            "privacy",
            str,
            fits=statuses.VISIBILITIES.__contains__,
            sets="privacy",
            about="Mastodon: who sees posts that do not say",
        ),
    )
    help = "/oauth/authorize of an app that POST /api/v1/apps has made; what it registered"

    def demo_handle(self, address: str) -> str:
        """The sandbox is the account's server, so its address is part of the handle."""
        return f"demo@{address}"

    def routes(self, state: State) -> list[BaseRoute]:
        route = partial(authenticated_route, state)
        return with_slashes(
            *login.routes(state),
            route("/api/v1/accounts/verify_credentials", "GET", statuses.verify, "read:accounts"),
            route("/api/v1/accounts/{id}/statuses", "GET", statuses.list_statuses, _READ),
            route("/api/v1/statuses", "POST", statuses.create, _WRITE, POSTS),
            route("/api/v1/statuses", "GET", statuses.by_ids, _READ),
            route("/api/v1/statuses/{id}", "GET", statuses.by_id, _READ),
            route("/api/v1/statuses/{id}", "DELETE", statuses.delete, _WRITE, DELETES),
            route("/api/v1/statuses/{id}/source", "GET", statuses.source, _READ),
            route("/api/v2/search", "GET", statuses.search, "read:search"),
            route("/api/v2/media", "POST", media.upload, "write:media", MEDIA),
            route("/api/v1/media", "POST", media.upload, "write:media", MEDIA),
            route("/api/v1/media/{id}", "GET", media.status, "write:media"),
        )

    def new_account(self, state: State, name: str) -> MastodonAccount:
        made = MastodonAccount(name, new_id(state), client_id=APP.id, client_secret=APP.secret)
        return replace(made, scopes=made.default_scopes)

    def new_post_id(self, state: State, at_ms: int) -> str:
        return new_id(state, at_ms)

    def no_such_path(self, request: Request, error: HTTPException) -> Response:
        return JSONResponse(
            {"error": "Record not found" if error.status_code == 404 else error.detail}, error.status_code
        )


STAND_IN = SandboxMastodon()
