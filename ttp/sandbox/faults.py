"""Faults on order: which requests go wrong, and how. Counts requests; does nothing to them itself."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import format_datetime
from ipaddress import ip_address
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ttp.sandbox.request_checks import Key, breaches
from ttp.sandbox.state import Answered, Now

PLATFORM_PATHS = {
    "x": re.compile(r"/2/|/i/oauth2/"),
    "tiktok": re.compile(r"/v2/|/video/"),
    "instagram": re.compile(
        r"/v\d+\.\d+/|/me(/|$)|/(refresh_)?access_token$|/(oauth|dialog|ig-api-upload)/|/debug_token$"
    ),
}


DOES = ("status", "cut_before", "cut_after", "hang", "body")


def platform_of(path: str) -> str | None:
    """The platform that a path belongs to; None for the control paths."""
    return next((name for name, pattern in PLATFORM_PATHS.items() if pattern.match(path)), None)


@dataclass(slots=True)
class Fault:
    """What goes wrong with the `nth` matching request and the `times - 1` after it.

    `status` answers without effect; `cut_before` and `cut_after` close the connection before or after the effect;
    `hang` never answers; `body` lets the request have its effect and answers something else. `effect` decides for
    `status` and `hang` whether the request has its effect first.
    """

    do: str
    path: re.Pattern[str]
    platform: str | None = None
    method: str | None = None
    nth: int = 1
    times: int = 1
    status: int | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    """Headers of the answer; None leaves one out (`Date` is sent otherwise)."""
    body: str | None = None
    effect: bool = False
    seen: int = 0

    def counts(self, method: str, path: str, query: str) -> bool:
        """Whether this request is to go wrong; counts it if it matches. `path` is searched with and without query."""
        platform = platform_of(path)
        if platform is None or self.platform not in (None, platform) or self.method not in (None, method):
            return False
        if not (self.path.search(path) or (query and self.path.search(f"{path}?{query}"))):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


def fault_from(order: object) -> Fault:
    """The fault that a control request orders. ValueError with every breach of its shape."""
    found = breaches(order, _KEYS)
    if found or not isinstance(order, dict):
        raise ValueError("; ".join(found))
    if order["do"] == "status" and "status" not in order:
        raise ValueError("status: is required for do=status")
    if order["do"] in ("cut_before", "cut_after", "body") and "effect" in order:
        raise ValueError(f"effect: is fixed for do={order['do']}")
    fields: dict[str, Any] = dict(order)
    fields["path"] = re.compile(order.get("path", ""))
    fields["effect"] = order.get("effect", order["do"] in ("cut_after", "body"))
    return Fault(**fields)


def due(faults: list[Fault], method: str, path: str, query: str) -> Fault | None:
    """The first fault that this request falls under. Every matching fault counts it."""
    hit = [fault for fault in faults if fault.counts(method, path, query)]
    return hit[0] if hit else None


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _are_headers(headers: dict[str, object]) -> bool:
    return all(value is None or isinstance(value, str) for value in headers.values())


_KEYS = (
    Key("do", str, required=True, fits=DOES.__contains__),
    Key("path", str, fits=_is_pattern),
    Key("platform", str, fits=PLATFORM_PATHS.__contains__),
    Key("method", str, fits=str.isupper),
    Key("nth", int, fits=lambda n: n >= 1),
    Key("times", int, fits=lambda n: n >= 1),
    Key("status", int, fits=lambda n: 200 <= n <= 599),
    Key("headers", dict, fits=_are_headers),
    Key("body", str),
    Key("effect", bool),
)


HANG_S = 600.0


_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?")


NOT_HERE = "The sandbox answers requests for 127.0.0.1 and localhost only."


NONE_OVER: Mapping[str, str | None] = {}


class Edge:
    """ASGI middleware. `release` ends every hanging request; the server sets it when it stops."""

    def __init__(
        self, app: ASGIApp, now: Now, faults: list[Fault], release: asyncio.Event, answered: deque[Answered]
    ) -> None:
        self.app = app
        self.now = now
        self.answered = answered
        self.faults = faults
        self.release = release

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if not is_loopback(Headers(scope=scope).get("host", "")):
            await PlainTextResponse(NOT_HERE, 421)(scope, receive, self._dated(send))
            return
        send = self._noted(scope, send)
        fault = due(self.faults, scope["method"], scope["path"], scope["query_string"].decode("latin-1"))
        if fault is None:
            await self.app(scope, receive, self._dated(send))
            return
        # The whole request is read first: the client has sent everything, so what it sees is always a lost answer.
        body = await Request(scope, receive).body()
        answer = await self._effect(scope, body) if fault.effect else []
        match fault.do:
            case "status" | "body":
                await _send_altered(fault, answer, self._dated(send, fault.headers))
            case "hang":
                waiter = asyncio.ensure_future(self.release.wait())
                gone = asyncio.ensure_future(_disconnected(receive))
                await asyncio.wait((waiter, gone), timeout=HANG_S, return_when=asyncio.FIRST_COMPLETED)
                waiter.cancel()
                gone.cancel()
                await _cut(scope, receive)
            case _:
                await _cut(scope, receive)

    async def _effect(self, scope: Scope, body: bytes) -> list[Message]:
        """Let the application answer to nobody; returns its messages."""
        answer: list[Message] = []

        async def replay() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def collect(message: Message) -> None:
            answer.append(message)

        await self.app(scope, replay, collect)
        return answer

    def _noted(self, scope: Scope, send: Send) -> Send:
        """Write down what a platform's request was answered with; a cut one was not."""

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start" and platform_of(scope["path"]) is not None:
                self.answered.append((scope["method"], scope["path"], message["status"]))
            await send(message)

        return noted

    def _dated(self, send: Send, over: Mapping[str, str | None] = NONE_OVER) -> Send:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["date"] = format_datetime(self.now().astimezone(UTC), usegmt=True)
                for name, value in over.items():
                    if value is None:
                        del headers[name]
                    else:
                        headers[name] = value
            await send(message)

        return dated


def is_loopback(host: str) -> bool:
    """Whether a `Host` header names this machine. Any port will do: it may be forwarded, and proves nothing."""
    name = _HOST.fullmatch(host)
    if name is None:
        return False
    bare = name[1].strip("[]").lower()
    try:
        return bare == "localhost" or ip_address(bare).is_loopback
    except ValueError:
        return False


async def _send_altered(fault: Fault, answer: list[Message], send: Send) -> None:
    """The fault's answer; what it does not say is taken from the real one, if there was any."""
    start: Message = answer[0] if answer else {"status": 200, "headers": [(b"content-type", b"application/json")]}
    body = b"".join(message.get("body", b"") for message in answer[1:]) if fault.body is None else fault.body.encode()
    headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": fault.status or start["status"], "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _cut(scope: Scope, receive: Receive) -> None:
    """Close the connection without an answer. ConnectionResetError where no real socket carries the request."""
    transport = scope.get("state", {}).get("transport")
    if transport is None:
        raise ConnectionResetError("the sandbox cut the connection")
    transport.abort()
    # Returning before the server has seen the connection go would count as an application that forgot to answer.
    await _disconnected(receive)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
