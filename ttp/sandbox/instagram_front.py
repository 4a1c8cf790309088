"""Instagram's front door: Graph errors, parameters from query, form or JSON, the token check, usage headers."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.answers import Refused, bearer, content_type, json_body
from ttp.sandbox.state import Account, State

Params: TypeAlias = Mapping[str, str]
Work: TypeAlias = Callable[[State, Account, Request, Params], Awaitable[Response]]

NEWEST_VERSION = 27
_VERSION = re.compile(r"v([1-9]\d?)\.0")


def graph_error(code: int, message: str, subcode: int | None = None, transient: bool = False) -> Refused:
    """400 in the Graph API's error shape."""
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code}
    if subcode is not None:
        error |= {"error_subcode": subcode, "is_transient": transient, "error_user_title": message}
        error["error_user_msg"] = message
    error["fbtrace_id"] = "A" + secrets.token_urlsafe(16)
    return Refused(JSONResponse({"error": error}, 400))


def missing(node: str) -> Refused:
    """100/33: the id names nothing that this token may see."""
    return graph_error(
        100,
        f"Unsupported request. Object with ID '{node}' does not exist, cannot be loaded due to missing permissions,"
        " or does not support this operation.",
        33,
    )


def guarded(state: State, path: str, method: str, work: Work, scope: str | None = None) -> Route:
    """A route that asks for a live token with `scope` and hands over the parameters without the token."""

    async def endpoint(request: Request) -> Response:
        version = request.path_params.get("version")
        if version is not None and not ((m := _VERSION.fullmatch(version)) and int(m[1]) <= NEWEST_VERSION):
            raise graph_error(2500, f"Unknown path components: {request.url.path}")
        params = await _parameters(request)
        token = params.pop("access_token", None)
        account = signed_in(state, bearer(request.headers) or token)
        if scope is not None and scope not in account.scopes:
            raise graph_error(10, f"(#10) This requires the {scope} permission.")
        answer = await work(state, account, request, params)
        usage = {"call_count": 1, "total_cputime": 1, "total_time": 1}
        answer.headers["x-app-usage"] = json.dumps(usage)
        entry = {"type": "instagram", **usage, "estimated_time_to_regain_access": 0}
        answer.headers["x-business-use-case-usage"] = json.dumps({account.user_id: [entry]})
        return answer

    return Route(path, endpoint, methods=[method])


def signed_in(state: State, token: str | None) -> Account:
    """The account of a token. Code 2500 for none, 190 for an unknown (467) or an ended one (463)."""
    if not token:
        raise graph_error(2500, "An active access token must be used to query information about the current user.")
    account = state.account_of("instagram", token)
    if account is None:
        raise graph_error(190, "Error validating access token: the token is not valid.", 467)
    if account.expires_ms <= state.now_ms():
        raise graph_error(190, "Error validating access token: Session has expired.", 463)
    return account


def only(params: Params, allowed: Collection[str]) -> None:
    """Code 100 for a parameter that the contract does not name."""
    for name in params:
        if name not in allowed:
            raise graph_error(100, f"(#100) Unknown parameter {name}")


def chosen(params: Params, known: Mapping[str, Any], default: Collection[str] = ("id",)) -> dict[str, Any]:
    """The fields a request asks for, of those `known`; None marks a field that is not there. `id` always comes."""
    names = [n.strip() for n in params["fields"].split(",")] if "fields" in params else list(default)
    for name in names:
        if name not in known:
            raise graph_error(100, f"(#100) Tried accessing nonexisting field ({name})")
    return {n: known[n] for n in dict.fromkeys([*names, *(["id"] if "id" in known else [])]) if known[n] is not None}


async def _parameters(request: Request) -> dict[str, str]:
    """Query, form and JSON parameters in one mapping, as text; lists and objects as JSON text."""
    params = dict(request.query_params)
    match content_type(request):
        case "application/x-www-form-urlencoded" | "multipart/form-data":
            params |= {name: value for name, value in (await request.form()).multi_items() if isinstance(value, str)}
        case "application/json":
            try:
                body = await json_body(request)
            except ValueError:
                raise graph_error(100, "(#100) The body is not JSON") from None
            if not isinstance(body, dict):
                raise graph_error(100, "(#100) The body is no JSON object")
            params |= {name: v if isinstance(v, str) else json.dumps(v) for name, v in body.items()}
    return params
