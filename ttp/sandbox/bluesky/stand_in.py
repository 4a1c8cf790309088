"""Bluesky as one server of its network: the account's server, the AppView and the video service at one address."""

from __future__ import annotations

import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from ttp.sandbox.bluesky import feed, repo, sessions
from ttp.sandbox.bluesky.records import (
    APP_PASSWORD,
    LIMITS,
    OWN_PASSWORD,
    TROUBLES,
    Blob,
    BlueskyAccount,
    BlueskySwitches,
    StoredRecord,
    VideoJob,
    new_did,
    new_key,
)
from ttp.sandbox.request_checks import BodyField
from ttp.sandbox.stand_in import SandboxPlatform
from ttp.sandbox.state import State


class SandboxBluesky(SandboxPlatform):
    name, title = "bluesky", "Bluesky"
    paths = re.compile(r"/xrpc/")
    account, records, switches = BlueskyAccount, (Blob, StoredRecord, VideoJob), BlueskySwitches
    limits, troubles = LIMITS, tuple(TROUBLES)
    account_fields = (
        BodyField("moved", bool, sets="moved", about="Bluesky: its posts are on another server now"),
        BodyField("unconfirmed", bool, sets="unconfirmed", about="Bluesky: its e-mail address is not confirmed"),
    )
    help = f"no page; app password {APP_PASSWORD}, the accounts' own password {OWN_PASSWORD}"

    def routes(self, state: State) -> list[BaseRoute]:
        return [*sessions.routes(state), *repo.routes(state), *feed.routes(state), *repo.video_routes(state)]

    def new_account(self, state: State, name: str) -> BlueskyAccount:
        return BlueskyAccount(name, new_did())

    def new_post_id(self, state: State, at_ms: int) -> str:
        return new_key(at_ms)

    def no_such_path(self, request: Request, error: HTTPException) -> Response:
        said = {404: "MethodNotImplemented", 405: "InvalidRequest"}.get(error.status_code, "InvalidRequest")
        status = 501 if error.status_code == 404 else error.status_code
        return JSONResponse({"error": said, "message": error.detail}, status)


STAND_IN = SandboxBluesky()
