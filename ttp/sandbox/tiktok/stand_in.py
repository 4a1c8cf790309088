"""TikTok's API as `open.tiktokapis.com` speaks it: which paths there are. Each ends with a slash."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from ttp.sandbox.records import SandboxAccount, SandboxPost
from ttp.sandbox.request_checks import BodyField, are_among
from ttp.sandbox.stand_in import SandboxPlatform
from ttp.sandbox.state import State
from ttp.sandbox.tiktok import login, publish, videos
from ttp.sandbox.tiktok.records import (
    APP,
    FAILURES,
    INTERACTIONS,
    LEVELS,
    LIMITS,
    PUBLIC,
    SELF_ONLY,
    TROUBLES,
    StoredUpload,
    TikTokAccount,
    TikTokSwitches,
    new_id,
)
from ttp.sandbox.tiktok.requests import authenticated_route


class SandboxTikTok(SandboxPlatform):
    name, title = "tiktok", "TikTok"
    paths = re.compile(r"/v2/|/video/")
    account, records, switches = TikTokAccount, (StoredUpload,), TikTokSwitches
    apps = (APP,)
    limits, troubles = LIMITS, (*TROUBLES, *(f"fail:{name}" for name in FAILURES))
    account_fields = (
        BodyField("unaudited", bool, about="TikTok: the app may only post with SELF_ONLY, to private accounts"),
        BodyField(
            "privacyLevels",
            list,
            fits=are_among(LEVELS),
            sets="privacy_levels",
            about="TikTok: choices; a private account lacks PUBLIC_TO_EVERYONE",
        ),
        BodyField(
            "switchedOff",
            list,
            fits=are_among(INTERACTIONS),
            sets="switched_off",
            about='TikTok: of "comment", "duet", "stitch"',
        ),
        BodyField("maxVideoS", int, fits=lambda n: n > 0, sets="max_video_s", about="TikTok: longest video in seconds"),
    )
    post_kinds = dict.fromkeys(LEVELS, "") | {SELF_ONLY: "only the author sees this"}
    help = "/v2/auth/authorize/; loopback with a port or https"

    def routes(self, state: State) -> list[BaseRoute]:
        for unfinished in [one for one in state.table(StoredUpload).values() if one.done_ms is None]:
            if unfinished.id not in state.pieces:  # a state folder has no bytes, so the upload starts again
                state.save(replace(unfinished, received=0))
        route = partial(authenticated_route, state)
        root, either = "/v2/post/publish", ("video.publish", "video.upload")
        return [
            *login.routes(state),
            Route("/video/", partial(publish.put_chunk, state), methods=["PUT"]),
            route(f"{root}/creator_info/query/", "POST", publish.creator_info, "video.publish"),
            route(f"{root}/video/init/", "POST", publish.init_video, "video.publish"),
            route(f"{root}/inbox/video/init/", "POST", publish.init_inbox, "video.upload"),
            route(f"{root}/content/init/", "POST", publish.init_photos, *either),
            route(f"{root}/status/fetch/", "POST", publish.fetch_status, *either),
            route(f"{root}/cancel/", "POST", publish.cancel, *either),
            route("/v2/video/list/", "POST", videos.video_list, "video.list"),
            route("/v2/video/query/", "POST", videos.video_query, "video.list"),
            route("/v2/user/info/", "GET", videos.user_info),
        ]

    def new_account(self, state: State, name: str) -> TikTokAccount:
        made = TikTokAccount(name, f"-000{secrets.token_hex(16)}", client_id=APP.id, client_secret=APP.secret)
        return replace(made, scopes=made.default_scopes)

    def change_account(self, account: TikTokAccount, order: Mapping[str, Any]) -> SandboxAccount:
        account = replace(account, audited=not order.get("unaudited", not account.audited))
        return super().change_account(account, order)

    def past_post(self, state: State, account: SandboxAccount, order: Mapping[str, Any], at_ms: int) -> SandboxPost:
        kind = order.get("kind", PUBLIC)
        made = SandboxPost(new_id(state, at_ms), account.id, order["text"], (), at_ms, kind=kind, shapes=("video",))
        return replace(made, private=kind == SELF_ONLY)

    def no_such_path(self, request: Request, error: HTTPException) -> Response:
        return PlainTextResponse("Unsupported path", error.status_code)


STAND_IN = SandboxTikTok()
