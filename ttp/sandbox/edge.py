"""The outermost layer: the `Date` of every answer in the sandbox's clock, and ordered faults. Knows no rules.

It refuses requests for another host's name: a web page could make its own name lead to this machine (DNS rebinding),
and then order and read everything here.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from datetime import UTC
from email.utils import format_datetime
from ipaddress import ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ttp.sandbox.faults import Fault, due, platform_of
from ttp.sandbox.state import Answered, Now

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
