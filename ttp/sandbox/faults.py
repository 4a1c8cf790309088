"""Ordered faults: which requests go wrong and how, and the layer that carries them out."""

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

from ttp.sandbox.request_checks import BodyField, validation_errors
from ttp.sandbox.stand_in import find_stand_ins, platform_of
from ttp.sandbox.state import Answered, Now

_DOES = ("status", "cut_before", "cut_after", "hang", "body")


@dataclass(slots=True)
class Fault:
    """What goes wrong with the `nth` matching request and the `times - 1` that follow.

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
        """Count a matching request, and return whether it goes wrong. `path` is searched with and without query."""
        platform = platform_of(path)
        if platform is None or self.platform not in (None, platform.name) or self.method not in (None, method):
            return False
        if not (self.path.search(path) or (query and self.path.search(f"{path}?{query}"))):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


def read_fault(order: object) -> Fault:
    """Return the fault that a control request orders. ValueError with everything that is wrong with it."""
    found = validation_errors(order, _FIELDS)
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


def find_fault(faults: list[Fault], method: str, path: str, query: str) -> Fault | None:
    """Return the first fault that applies to this request. Every matching fault counts it."""
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


_FIELDS = (
    BodyField("do", str, required=True, fits=_DOES.__contains__),
    BodyField("path", str, fits=_is_pattern),
    BodyField("platform", str, fits=lambda name: name in {one.name for one in find_stand_ins()}),
    BodyField("method", str, fits=str.isupper),
    BodyField("nth", int, fits=lambda n: n >= 1),
    BodyField("times", int, fits=lambda n: n >= 1),
    BodyField("status", int, fits=lambda n: 200 <= n <= 599),
    BodyField("headers", dict, fits=_are_headers),
    BodyField("body", str),
    BodyField("effect", bool),
)
HANG_S = 600.0
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?")
NOT_HERE = "The sandbox answers requests for 127.0.0.1 and localhost only."
NONE_OVER: Mapping[str, str | None] = {}


class FaultMiddleware:
    """ASGI middleware. `release` ends every hanging request. The server sets it when it stops."""

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
        send = self._log(scope, send)
        fault = find_fault(self.faults, scope["method"], scope["path"], scope["query_string"].decode("latin-1"))
        if fault is None:
            await self.app(scope, receive, self._dated(send))
            return
        # The whole request is read first: the client has sent everything, so it always sees a lost answer.
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
        """Let the application answer, and return its messages instead of sending them."""
        answer: list[Message] = []

        async def replay() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def collect(message: Message) -> None:
            answer.append(message)

        await self.app(scope, replay, collect)
        return answer

    def _log(self, scope: Scope, send: Send) -> Send:
        """Remember the status of a platform's answer; a cut request has none."""

        async def log(message: Message) -> None:
            if message["type"] == "http.response.start" and platform_of(scope["path"]) is not None:
                self.answered.append((scope["method"], scope["path"], message["status"]))
            await send(message)

        return log

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
    """Return whether a `Host` header names this machine. The port may be a forwarded one, so any will do."""
    name = _HOST.fullmatch(host)
    if name is None:
        return False
    bare = name[1].strip("[]").lower()
    try:
        return bare == "localhost" or ip_address(bare).is_loopback
    except ValueError:
        return False


async def _send_altered(fault: Fault, answer: list[Message], send: Send) -> None:
    """Send the fault's answer. What it leaves out comes from the real one, if there was one."""
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
    # Returning before the server has seen the connection close would count as a missing answer.
    await _disconnected(receive)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
