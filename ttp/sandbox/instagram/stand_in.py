"""Instagram's API as `graph.instagram.com` and `graph.facebook.com` speak it: which paths there are. Both hosts are one
here. A token knows which of the two logins it comes from, and the answers depend on it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from ttp.sandbox.instagram import comments, containers, login, reads
from ttp.sandbox.instagram.records import (
    FACEBOOK,
    INSTAGRAM,
    LIMITS,
    LOGINS,
    TROUBLES,
    InstagramAccount,
    InstagramSwitches,
    StoredContainer,
    new_id,
    switch_login,
)
from ttp.sandbox.instagram.requests import API
from ttp.sandbox.meta.records import DEAD
from ttp.sandbox.meta.requests import Params, allow_only, graph_error, no_such_node, own_post
from ttp.sandbox.records import SandboxAccount, SandboxPost
from ttp.sandbox.request_checks import BodyField
from ttp.sandbox.stand_in import SandboxPlatform, with_slashes
from ttp.sandbox.state import State


class SandboxInstagram(SandboxPlatform):
    """Instagram, with its two logins."""

    name, title = "instagram", "Instagram"
    rank = 9  # its paths begin with any version
    paths = re.compile(
        r"/v\d+\.\d+/|/me(/|$)|/(oauth/)?(refresh_)?access_token$|/oauth/authorize$|/(dialog|ig-api-upload)/|/debug_token$"
    )
    account, records, switches = InstagramAccount, (StoredContainer,), InstagramSwitches
    apps, logins = (INSTAGRAM, FACEBOOK), LOGINS
    limits, troubles = LIMITS, tuple(TROUBLES)
    account_fields = (
        BodyField("login", str, fits=LOGINS.__contains__, about='Instagram: "instagram" or "facebook"'),
        BodyField("short", bool, about="Instagram: a token of an hour, not exchanged yet"),
        BodyField(
            "dead",
            int,
            fits=lambda code: code == 0 or code in DEAD,
            sets="dead",
            about="Instagram: a subcode of 190 for its tokens",
        ),
        BodyField("hidesLikes", bool, sets="hides_likes", about="Instagram: likes are not shown"),
        BodyField("commentsOff", bool, sets="comments_off", about="Instagram: nobody may comment on its posts"),
        BodyField("trialReels", bool, sets="trial_reels", about="Instagram: trial reels are allowed"),
    )
    post_kinds: ClassVar = {"IMAGE": "", "REELS": "reel", "STORIES": "story", "CAROUSEL": "carousel"}
    help = "/oauth/authorize (Instagram Login), /v25.0/dialog/oauth (Facebook Login); https"

    def routes(self, state: State) -> list[BaseRoute]:
        route = partial(API.authenticated_route, state)
        return with_slashes(
            *login.facebook_routes(state),
            *login.routes(state),
            *containers.routes(state),
            route("/me", "GET", reads.me, "basic"),
            route("/{version}/{node}", "GET", reads.node, "basic"),
            route("/{version}/{node}", "DELETE", delete),
            route("/{version}/{node}/media", "GET", reads.media_list, "basic"),
            route("/{version}/{node}/media", "POST", containers.create, "publish"),
            route("/{version}/{node}/media_publish", "POST", containers.publish, "publish"),
            route("/{version}/{node}/stories", "GET", reads.stories, "basic"),
            route("/{version}/{node}/children", "GET", reads.children, "basic"),
            route("/{version}/{node}/comments", "GET", comments.listed, "comments"),
            route("/{version}/{node}/comments", "POST", comments.create, "comments"),
            route("/{version}/{node}/insights", "GET", reads.insights, "insights"),
            route("/{version}/{node}/content_publishing_limit", "GET", reads.publishing_limit, "publish"),
        )

    def new_account(self, state: State, name: str) -> InstagramAccount:
        made = InstagramAccount(name, f"17841{secrets.randbelow(10**12):012d}")
        return replace(made, scopes=made.default_scopes)

    def choose_tokens(self, account: InstagramAccount, order: Mapping[str, Any]) -> InstagramAccount:
        account = switch_login(account, order.get("login", account.login))
        if order.get("keepTokens") and account.access_token:
            return account
        return replace(account, short=order.get("short", False), dead=0)

    def past_post(self, state: State, account: SandboxAccount, order: Mapping[str, Any], at_ms: int) -> SandboxPost:
        kind, code = order.get("kind", "IMAGE"), secrets.token_urlsafe(8)
        shapes = ("video" if kind == "REELS" else "image",)
        made = SandboxPost(
            new_id(state), account.id, order["text"], (), at_ms, kind=kind, shortcode=code, shapes=shapes
        )
        return replace(made, alts=(None,))

    def no_such_path(self, request: Request, error: HTTPException) -> Response:
        return graph_error(2500, f"Unknown path components: {request.url.path}").response


async def delete(state: State, account: InstagramAccount, request: Request, params: Params) -> Response:
    """`DELETE /{media}`: deletes an own post and its comments, on Facebook Login only. Stories cannot be deleted.
    `DELETE /{comment}`: deletes an own comment."""
    allow_only(params, ())
    if (comment := comments.own_comment(state, account, request)) is not None:
        state.save(replace(comment, deleted=True))
        return JSONResponse({"success": True})
    post = own_post(state, account, request)
    if account.login != "facebook":
        raise no_such_node(post.id)
    if "instagram_manage_contents" not in account.scopes:
        raise graph_error(10, "(#10) This requires the instagram_manage_contents permission.")
    if post.kind == "STORIES":
        raise graph_error(-1, "Deleting is not supported for this type of media.", 2207073)
    below = [one for one in state.visible_posts() if one.parent == post.id]
    state.save(*(replace(one, deleted=True) for one in (post, *below)))
    return JSONResponse({"success": True, "deleted_id": post.id})


STAND_IN = SandboxInstagram()
