"""Instagram's API as `graph.instagram.com` and `graph.facebook.com` speak it: which paths there are.

Both hosts are one here: a token knows which of the two logins it comes from, and the answers follow it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.instagram import containers, facebook_login, insights, login, reads, upload
from ttp.sandbox.instagram.front import Params, graph_error, guarded, missing, only
from ttp.sandbox.records import Account
from ttp.sandbox.state import State


def routes(state: State) -> list[Route]:
    """The paths of Instagram over `state`, each also with a slash behind it, as Meta's own SDK sends them."""
    route = partial(guarded, state)
    found = [
        *facebook_login.routes(state),
        *login.routes(state),
        *upload.routes(state),
        route("/me", "GET", reads.me, "basic"),
        route("/{version}/{node}", "GET", reads.node, "basic"),
        route("/{version}/{node}", "POST", reads.change, "basic"),
        route("/{version}/{node}", "DELETE", delete),
        route("/{version}/{node}/media", "GET", reads.media_list, "basic"),
        route("/{version}/{node}/media", "POST", containers.create, "publish"),
        route("/{version}/{node}/media_publish", "POST", containers.publish, "publish"),
        route("/{version}/{node}/stories", "GET", reads.stories, "basic"),
        route("/{version}/{node}/children", "GET", reads.children, "basic"),
        route("/{version}/{node}/insights", "GET", insights.insights, "insights"),
        route("/{version}/{node}/content_publishing_limit", "GET", reads.publishing_limit, "publish"),
    ]
    slashed = [Route(f"{known.path}/", known.endpoint, methods=list(known.methods or ())) for known in found]
    return [*found, *slashed]


async def delete(state: State, account: Account, request: Request, params: Params) -> Response:
    """`DELETE /{media}`: takes an own post down; on Facebook Login only, and never a story."""
    only(params, set())
    wanted = request.path_params["node"]
    post = state.posts.get(wanted)
    if account.login != "facebook" or post is None or post.account != account.id or post.deleted:
        raise missing(wanted)
    if "instagram_manage_contents" not in account.scopes:
        raise graph_error(10, "(#10) This requires the instagram_manage_contents permission.")
    if post.kind == "STORIES":
        raise graph_error(-1, "Deleting is not supported for this type of media.", 2207073)
    state.keep(replace(post, deleted=True))
    return JSONResponse({"success": True, "deleted_id": post.id})
