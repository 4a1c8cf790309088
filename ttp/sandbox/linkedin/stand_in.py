"""LinkedIn's API as `api.linkedin.com` and `www.linkedin.com` speak it: which paths there are."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ttp.sandbox.linkedin import login, media, posts
from ttp.sandbox.linkedin.records import (
    APP,
    LIMITS,
    TROUBLES,
    VISIBILITIES,
    LinkedInAccount,
    LinkedInAsset,
    LinkedInSwitches,
    new_number,
)
from ttp.sandbox.linkedin.requests import authenticated_route, closed_route, refusal
from ttp.sandbox.request_checks import BodyField
from ttp.sandbox.stand_in import SandboxPlatform
from ttp.sandbox.state import State

_WRITE = "w_member_social"


class SandboxLinkedIn(SandboxPlatform):
    name, title = "linkedin", "LinkedIn"
    paths = re.compile(r"/rest/|/oauth/v2/|/v2/userinfo$|/dms-uploads/")
    account, records, switches = LinkedInAccount, (LinkedInAsset,), LinkedInSwitches
    apps = (APP,)
    limits, troubles = LIMITS, tuple(TROUBLES)
    account_fields = (BodyField("partner", bool, sets="partner", about="LinkedIn: the app gets refresh tokens"),)
    post_kinds = dict.fromkeys(VISIBILITIES, "") | {
        "CONNECTIONS": "only connections see this",
        "LOGGED_IN": "only members see this",
    }
    help = "/oauth/v2/authorization; loopback or https"

    def routes(self, state: State) -> list[BaseRoute]:
        route = partial(authenticated_route, state)
        return [
            *login.routes(state),
            route("/v2/userinfo", "GET", _userinfo, "openid", "profile"),
            route("/rest/images", "POST", media.images, _WRITE),
            route("/rest/videos", "POST", media.videos, _WRITE),
            route("/rest/videos/{urn}", "GET", media.video),
            route("/rest/posts", "POST", posts.create, _WRITE),
            route("/rest/posts/{urn}", "DELETE", posts.delete, _WRITE),
            *(closed_route(state, path, "GET") for path in ("/rest/posts", "/rest/posts/{urn}", "/rest/images/{urn}")),
            Route("/dms-uploads/{urn}/{part:int}", media.upload_route(state), methods=["PUT"]),
        ]

    def new_account(self, state: State, name: str) -> LinkedInAccount:
        made = LinkedInAccount(name, secrets.token_urlsafe(7), client_id=APP.id, client_secret=APP.secret)
        return replace(made, scopes=made.default_scopes)

    def new_post_id(self, state: State, at_ms: int) -> str:
        return f"urn:li:share:{new_number(state, at_ms)}"

    def no_such_path(self, request: Request, error: HTTPException) -> Response:
        return refusal(error.status_code, "RESOURCE_NOT_FOUND", error.detail).response


async def _userinfo(state: State, account: LinkedInAccount, request: Request) -> Response:
    """`GET /v2/userinfo`: whose token it is."""
    return JSONResponse({"sub": account.user_id, "name": account.handle, "locale": "en-US"})


STAND_IN = SandboxLinkedIn()
