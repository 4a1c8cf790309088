"""`/_sandbox/…`: accounts with their credentials, what followers would see, and faults on order (INTERFACE.md)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.answers import Key, Refused, breaches, json_body
from ttp.sandbox.credentials import SCOPES, as_credentials, iso, new_account, renewed
from ttp.sandbox.faults import Fault, fault_from
from ttp.sandbox.state import Account, Post, State

_NAME = re.compile(r"(instagram|tiktok|x)/[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_ACCOUNT_KEYS = (
    Key("account", str, required=True, fits=lambda name: bool(_NAME.fullmatch(name))),
    Key("expired", bool),
    Key("accessExpired", bool),
    Key("ageS", int, fits=lambda n: n >= 0),
    Key("unaudited", bool),
    Key("unlimited", bool),
    Key("confidential", bool),
    Key("scopes", list, fits=lambda names: all(isinstance(name, str) for name in names)),
)


def routes(state: State, faults: list[Fault]) -> list[Route]:
    """The control paths over `state` and the list of faults in force."""

    async def accounts(request: Request) -> Response:
        return JSONResponse([_shown(account) for account in state.accounts.values()])

    async def add_account(request: Request) -> Response:
        order = await _order(request)
        if found := breaches(order, _ACCOUNT_KEYS):
            raise _bad("; ".join(found))
        account = _ordered_account(state, order)
        state.keep(account)
        return JSONResponse(_shown(account), 201)

    async def posts(request: Request) -> Response:
        return JSONResponse([_seen(post) for post in state.visible_posts()])

    async def add_fault(request: Request) -> Response:
        try:
            faults.append(fault_from(await _order(request)))
        except ValueError as breach:
            raise _bad(str(breach)) from None
        return JSONResponse({"faults": len(faults)}, 201)

    async def clear_faults(request: Request) -> Response:
        faults.clear()
        return JSONResponse({"faults": 0})

    return [
        Route("/_sandbox/accounts", accounts, methods=["GET"]),
        Route("/_sandbox/accounts", add_account, methods=["POST"]),
        Route("/_sandbox/posts", posts, methods=["GET"]),
        Route("/_sandbox/faults", add_fault, methods=["POST"]),
        Route("/_sandbox/faults", clear_faults, methods=["DELETE"]),
    ]


def _ordered_account(state: State, order: dict[str, Any]) -> Account:
    """The account an order describes. One that exists gets new credentials; what the order leaves out stays."""
    name = order["account"]
    account = state.accounts.get(name) or new_account(state, name)
    secret = account.client_secret
    if account.platform == "x" and "confidential" in order:
        secret = "sandbox-x-secret" if order["confidential"] else None
    account = replace(
        account,
        audited=not order.get("unaudited", not account.audited),
        limited=not order.get("unlimited", not account.limited),
        client_secret=secret,
        scopes=tuple(order.get("scopes", account.scopes or SCOPES[account.platform])),
    )
    account = renewed(state, account, issued_ms=state.now_ms() - order.get("ageS", 0) * 1000)
    ended = state.now_ms() - 1000
    if order.get("expired") or order.get("accessExpired"):
        account = replace(account, expires_ms=min(account.expires_ms, ended))
    if order.get("expired"):
        account = replace(account, refresh_expires_ms=min(account.refresh_expires_ms, ended))
    return account


def _shown(account: Account) -> dict[str, Any]:
    return {"account": account.id, "credentials": as_credentials(account)}


def _seen(post: Post) -> dict[str, Any]:
    return {
        "platform": post.platform,
        "account": post.account,
        "id": post.id,
        "text": post.text,
        "media": list(post.media),
        "at": iso(post.at_ms),
        "parent": post.parent,
    }


async def _order(request: Request) -> Any:
    try:
        return await json_body(request)
    except ValueError as breach:
        raise _bad(str(breach)) from None


def _bad(message: str) -> Refused:
    return Refused(JSONResponse({"error": message}, 400))
