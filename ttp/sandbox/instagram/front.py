"""Instagram's front door: Graph errors, parameters from query, form or JSON, the token check, usage headers."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.faults import platform_of
from ttp.sandbox.records import Account
from ttp.sandbox.request_checks import Refused, bearer, content_type, json_body
from ttp.sandbox.state import State

Params: TypeAlias = Mapping[str, str]
Work: TypeAlias = Callable[[State, Account, Request, Params], Awaitable[Response]]

NEWEST_VERSION = 27
REGAIN_MINUTES = 60
"""What a throttled account is told to wait."""
PERMISSIONS = {
    "instagram": {
        "basic": "instagram_business_basic",
        "publish": "instagram_business_content_publish",
        "insights": "instagram_business_manage_insights",
    },
    "facebook": {
        "basic": "instagram_basic",
        "publish": "instagram_content_publish",
        "insights": "instagram_manage_insights",
    },
}
"""What each of the two logins calls a permission."""
DEAD = {
    458: "The user has not authorized application.",
    459: "The user is enrolled in a blocking, logged-in checkpoint.",
    460: "The session has been invalidated because the user changed their password.",
    463: "Session has expired.",
    464: "The session user is not confirmed.",
    467: "The session is invalid because the user logged out.",
    492: "The session is invalid.",
}
"""Subcodes of code 190, and their words."""
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
    """A route that asks for a live token with `scope` and hands over the parameters without the token.

    `scope` is a name of `PERMISSIONS`, or a permission by its own name.
    """

    async def endpoint(request: Request) -> Response:
        version = request.path_params.get("version")
        if version is not None and not ((m := _VERSION.fullmatch(version)) and int(m[1]) <= NEWEST_VERSION):
            if platform_of(request.url.path) in ("x", "tiktok"):
                raise HTTPException(404)  # their unknown paths end up here too, since any version may come first
            raise graph_error(2500, f"Unknown path components: {request.url.path}")
        params = await parameters(request)
        token = params.pop("access_token", None)
        account = signed_in(state, token := bearer(request.headers) or token)
        _check_proof(state, token or "", params.pop("appsecret_proof", None))
        used, _ = state.day.spend(account.id, "calls", state.now_ms() / 1000)
        percent = 100 * used // state.most("instagram calls a day", account)
        try:
            if percent >= 100 or state.trouble_of(account) == "throttled":
                percent = 100
                raise graph_error(80002, "(#80002) There have been too many calls to this Instagram account.")
            _permitted(account, scope)
            answer = await work(state, account, request, params)
        except Refused as refused:
            answer = refused.response
        usage = {"call_count": percent, "total_cputime": percent // 2, "total_time": percent // 2}
        answer.headers["x-app-usage"] = json.dumps(usage)
        regain = REGAIN_MINUTES if percent >= 100 else 0
        entry = {"type": "instagram", **usage, "estimated_time_to_regain_access": regain}
        answer.headers["x-business-use-case-usage"] = json.dumps({account.user_id: [entry]})
        return answer

    return Route(path, endpoint, methods=[method])


def _check_proof(state: State, token: str, proof: str | None) -> None:
    """Code 100 for an `appsecret_proof` that is not the HMAC-SHA256 of the token with the secret of an app."""
    if proof is None:
        return
    secrets_known = [app.secret for app in state.apps.values() if app.platform == "instagram" and app.secret]
    proofs = [hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest() for secret in secrets_known]
    if proof not in proofs:
        raise graph_error(100, "Invalid appsecret_proof provided in the API argument")


def _permitted(account: Account, scope: str | None) -> None:
    """Code 10 for a permission that the user did not grant."""
    if scope is None:
        return
    needed = PERMISSIONS[account.login].get(scope, scope)
    if needed not in account.scopes:
        raise graph_error(10, f"(#10) Application does not have permission for this action: {needed} is needed.")


def signed_in(state: State, token: str | None) -> Account:
    """The account of a token. Code 2500 for none, 190 for an unknown (467), an ended (463) or a dead one (its own)."""
    if not token:
        raise graph_error(2500, "An active access token must be used to query information about the current user.")
    account = state.account_of("instagram", token)
    if account is None:
        raise graph_error(190, "Error validating access token: the token is not valid.", 467)
    if account.dead:
        raise graph_error(190, f"Error validating access token: {DEAD[account.dead]}", account.dead)
    if account.expires_ms <= state.now_ms() and token != account.page_token:
        raise graph_error(190, "Error validating access token: Session has expired.", 463)
    return account


def only(params: Params, allowed: Collection[str]) -> None:
    """Code 100 for a parameter that is neither `allowed` nor one that Meta's own SDK adds to every list."""
    for name in params:
        if name not in allowed and name != "summary":
            raise graph_error(100, f"(#100) Unknown parameter {name}")


async def parameters(request: Request) -> dict[str, str]:
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
