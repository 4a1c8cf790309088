"""X's front door: problems in its words, the token check, rate limits and their headers. No endpoint lives here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox import trouble
from ttp.sandbox.records import Account
from ttp.sandbox.request_checks import Refused, bearer
from ttp.sandbox.state import State
from ttp.sandbox.x.prices import can_pay, pay, price
from ttp.sandbox.x.signature import signer

Work: TypeAlias = Callable[[State, Account, Request], Awaitable[Response]]

APP_ONLY = "sandbox-x-app-only"
"""The app's own bearer token, which stands for no user."""
_PROBLEMS = "https://api.x.com/2/problems/"


def problem(status: int, title: str, detail: str, kind: str = "about:blank", **more: Any) -> Refused:
    """A refusal in X's problem shape. `kind` is the last segment of `type`."""
    about = kind if kind == "about:blank" else _PROBLEMS + kind
    body = {"title": title, "detail": detail, "type": about, "status": status, **more}
    return Refused(JSONResponse(body, status, media_type="application/problem+json"))


def invalid(message: str, **parameters: Any) -> Refused:
    """400 in the words X uses for a bad parameter or body."""
    shown = {name: [str(value)] for name, value in parameters.items()}
    return problem(
        400,
        "Invalid Request",
        "One or more parameters to your request was invalid.",
        "invalid-request",
        errors=[{"message": message, "parameters": shown}],
    )


def forbidden(detail: str) -> Refused:
    """403 as X words most of its refusals."""
    return problem(403, "Forbidden", detail)


def not_found(resource: str, value: str) -> dict[str, Any]:
    """The entry of `errors` for a resource that does not exist."""
    return {
        "value": value,
        "detail": f"Could not find {resource} with id: [{value}].",
        "title": "Not Found Error",
        "resource_type": resource,
        "parameter": "id",
        "resource_id": value,
        "type": _PROBLEMS + "resource-not-found",
    }


def not_permitted_field(post_id: str, field: str) -> dict[str, Any]:
    """The entry of `errors` for a field of a post that this reader may not see."""
    return {
        "detail": f"Sorry, you are not authorized to access '{field}' on the Tweet with id : [{post_id}].",
        "title": "Field Authorization Error",
        "resource_type": "tweet",
        "parameter": "ids",
        "resource_id": post_id,
        "value": post_id,
        "field": field,
        "section": "data",
        "type": _PROBLEMS + "not-authorized-for-field",
    }


def guarded(state: State, path: str, method: str, work: Work, scopes: tuple[str, ...]) -> Route:
    """A route that asks for a live token with `scopes`, within the account's limit for 15 minutes and the credit.

    OAuth 1.0a keys have every scope.
    """
    name = f"{method} {path}"

    async def endpoint(request: Request) -> Response:
        account = await signed_in(state, request)
        limit = state.most(name, account)
        used, reset = state.quarter.spend(account.id, name, state.now_ms() / 1000)
        daily: dict[str, str] = {}
        try:
            if used > limit:
                raise problem(429, "Too Many Requests", "Too Many Requests")
            if bearer(request.headers) and not set(scopes) <= set(account.scopes):
                raise forbidden("You are not permitted to perform this action.")
            _untroubled(state, account, name)
            if name == "POST /2/tweets":
                daily = _day_of_posts(state, account)
            answer = await work(state, account, request)
        except Refused as refused:
            answer = refused.response
        if answer.status_code < 300:
            pay(state, price(method, path))
        answer.headers["x-rate-limit-limit"] = str(limit)
        answer.headers["x-rate-limit-remaining"] = str(max(0, limit - used))
        answer.headers["x-rate-limit-reset"] = str(reset)
        answer.headers.update(daily)
        return answer

    return Route(path, endpoint, methods=[method])


def _untroubled(state: State, account: Account, name: str) -> None:
    """The refusal that was ordered for this account, or the one for spent credit."""
    found = trouble.X.get(state.trouble_of(account))
    if found is not None and (found.all_calls or name == "POST /2/tweets"):
        raise problem(found.status, found.title, found.detail, found.kind, **found.more)
    method, _, path = name.partition(" ")
    if not can_pay(state, price(method, path)):
        credits = trouble.X["credits"]
        raise problem(credits.status, credits.title, credits.detail, credits.kind)


def _day_of_posts(state: State, account: Account) -> dict[str, str]:
    """Count one post of the app today; the headers that tell of it. 429 past the app's day."""
    limit = state.most("x posts a day", account)
    used, reset = state.day.spend(account.client_id or "", "x posts", state.now_ms() / 1000)
    told = {"limit": limit, "remaining": max(0, limit - used), "reset": reset}
    headers = {f"x-{who}-limit-24hour-{what}": str(n) for who in ("app", "user") for what, n in told.items()}
    if used > limit:
        refused = problem(429, "Too Many Requests", "Too Many Requests")
        refused.response.headers.update(headers)
        raise refused
    return headers


async def signed_in(state: State, request: Request) -> Account:
    """The account of the request's token or signature. 401 for none, an unknown or an ended one; 403 for the app's."""
    if (account := await signer(state, request)) is not None:
        return account
    token = bearer(request.headers)
    if token == APP_ONLY:
        raise problem(
            403,
            "Unsupported Authentication",
            "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint."
            " Supported authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context].",
            "unsupported-authentication",
        )
    account = state.account_of("x", token) if token else None
    if account is None or account.expires_ms <= state.now_ms():
        raise problem(401, "Unauthorized", "Unauthorized")
    return account
