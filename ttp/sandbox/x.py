"""X's API as `api.x.com` speaks it: which paths there are, what they need, and their limits per 15 minutes."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox import x_media, x_posts, x_reads
from ttp.sandbox.answers import Endpoint
from ttp.sandbox.credentials import iso
from ttp.sandbox.limits import Limits
from ttp.sandbox.state import Account, State
from ttp.sandbox.x_front import guarded, invalid, renew_token

_READ = ("tweet.read", "users.read")
_WRITE = ("tweet.read", "tweet.write", "users.read")
_MEDIA = ("media.write",)
_USER_FIELDS = ("id", "name", "username")


def routes(state: State) -> list[Route]:
    """The paths of X over `state`."""
    route = partial(guarded, state, Limits(window_s=900))

    async def token(request: Request) -> Response:
        return await renew_token(state, request)

    renew: Endpoint = token
    return [
        Route("/2/oauth2/token", renew, methods=["POST"]),
        route("/2/users/me", "GET", me, 75, _READ),
        route("/2/users/{id}/tweets", "GET", x_reads.timeline, 900, _READ),
        route("/2/tweets", "GET", x_reads.by_ids, 5000, _READ),
        route("/2/tweets", "POST", x_posts.create, 100, _WRITE),
        route("/2/tweets/{id}", "DELETE", x_posts.delete, 50, _WRITE),
        route("/2/media/upload", "GET", x_media.status, 1000, _MEDIA),
        route("/2/media/upload/initialize", "POST", x_media.initialize, 1875, _MEDIA),
        route("/2/media/upload/{id}/append", "POST", x_media.append, 1875, _MEDIA),
        route("/2/media/upload/{id}/finalize", "POST", x_media.finalize, 1875, _MEDIA),
        route("/2/media/metadata", "POST", x_media.metadata, 500, _MEDIA),
    ]


async def me(state: State, account: Account, request: Request) -> Response:
    """`GET /2/users/me`: the token's own user."""
    known = {
        "id": account.user_id,
        "name": account.handle,
        "username": account.handle,
        "created_at": iso(0),
        "protected": False,
        "verified": False,
    }
    for name in request.query_params:
        if name not in ("user.fields", "expansions", "post.fields", "tweet.fields"):
            raise invalid(f"The query parameter [{name}] is not one of [user.fields,expansions,post.fields]", name=name)
    wanted = {*_USER_FIELDS, *request.query_params.get("user.fields", "").split(",")}
    return JSONResponse({"data": {key: value for key, value in known.items() if key in wanted}})
