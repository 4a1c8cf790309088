"""Refuse foreign host names and origins, and bodies that are too large or too slow, and add safe headers to answers."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ttp.domain.errors import NotAllowed, TtpError
from ttp.domain.server import command_protocol
from ttp.server.problems import SlowRequest, TooLarge, WrongHost, error_answer

MOST_BODY_BYTES = 2_000_000
MOST_UPLOAD_BYTES = 1_100_000_000
"""The longest videos that platforms take have a gigabyte; a form has some bytes more."""
UPLOADS, IMPORTS, METRICS = "/v1/media", "/v1/imports", "/v1/metrics"
PARTS = f"{UPLOADS}/uploads"
SIGNED_UPLOADS = "/api/media/uploads/"
"""Paths of uploads that were prepared before."""
SHARED = "/share"
"""Where the share sheet of a phone sends what a person shares. It is no page, so the browser says `Origin: null`."""
FORM_UPLOADS = frozenset({"/compose", "/compose/media", SHARED})
AGENTS = "/mcp"
BODY_TIMEOUT_S = 30.0
"""Seconds that each part of a body may take."""
SAFE_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Headers of every answer that does not set its own, errors too."""
LEAST_BYTES_PER_S = 1000
"""A body that comes more slowly than this, after its first BODY_TIMEOUT_S, is refused."""


class Guard:
    """`hosts`: the names by which clients may call this server; None for a socket that only this machine reaches.

    A page in a browser can reach a server on loopback under its own name (DNS rebinding), but not choose `Host`.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None) -> None:
        self._app = app
        self._hosts = None if hosts is None else frozenset(name.lower() for name in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = _with_safe_headers(send)
        refused = self._refusal(scope)
        if refused is not None:
            await error_answer(refused, scope["path"])(scope, receive, send)
            return
        await self._app(scope, _Body(receive, _most_bytes(scope)).receive, send)

    def _refusal(self, scope: Scope) -> TtpError | None:
        headers = scope["headers"]
        if self._hosts is not None:
            hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
            if len(hosts) != 1 or host_name(hosts[0]) not in self._hosts:
                return WrongHost("this server has another name: start it with --allow-host NAME to add one")
        must_be_own = scope["path"] == AGENTS or any(name == b"cookie" for name, _ in headers)
        if must_be_own and has_foreign_origin(headers) and not is_shared(scope):
            return NotAllowed("a page of another site may not call this server")
        lengths = [value for name, value in headers if name == b"content-length"]
        if lengths and (not lengths[0].isdigit() or int(lengths[0][:20]) > _most_bytes(scope)):
            return too_large(_most_bytes(scope))
        return None


def _with_safe_headers(send: Send) -> Send:
    """Return a `send` that adds the SAFE_HEADERS that an answer lacks."""
    safe = {name.lower().encode(): value.encode() for name, value in SAFE_HEADERS.items()}

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            names = {name.lower() for name, _ in headers}
            headers += [(name, value) for name, value in safe.items() if name not in names]
            message = {**message, "headers": headers}
        await send(message)

    return send_with_headers


def has_foreign_origin(headers: Collection[tuple[bytes, bytes]]) -> bool:
    """Return whether an `Origin` is another than the `Host`, which has been checked."""
    hosts = [value.lower() for name, value in headers if name == b"host"]
    origins = [value.lower().partition(b"://") for name, value in headers if name == b"origin"]
    return any(scheme not in (b"http", b"https") or [host] != hosts for scheme, _, host in origins)


def is_shared(scope: Scope) -> bool:
    """Return whether this goes to SHARED, and no page of another site says that it sends it. A hidden frame of one can
    say `null` too, but then without the cookie of a session, which is `SameSite=Lax`."""
    return scope["path"] == SHARED and all(value == b"null" for name, value in scope["headers"] if name == b"origin")


def has_own_origin(headers: Collection[tuple[bytes, bytes]]) -> bool:
    """Return whether an `Origin` says that a page of this server sends a request."""
    return any(name == b"origin" for name, _ in headers) and not has_foreign_origin(headers)


class _Body:
    """Receives a body, and counts its bytes and seconds."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._bytes = 0
        self._began = 0.0
        self._ended = False

    async def receive(self) -> Message:
        if self._ended:
            return await self._receive()
        now = asyncio.get_running_loop().time()
        self._began = self._began or now
        left = self._began + BODY_TIMEOUT_S + self._bytes / LEAST_BYTES_PER_S - now
        try:
            message = await asyncio.wait_for(self._receive(), min(BODY_TIMEOUT_S, left))
        except TimeoutError:
            raise SlowRequest(f"after {now - self._began + BODY_TIMEOUT_S:.0f} seconds the body had not come") from None
        self._bytes += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if self._bytes > self._most:
            raise too_large(self._most)
        return message


def _most_bytes(scope: Scope) -> int:
    path = scope["path"]
    is_file = path in (UPLOADS, IMPORTS, METRICS, command_protocol.PATH) or path in FORM_UPLOADS
    return MOST_UPLOAD_BYTES if is_file or path.startswith((f"{PARTS}/", SIGNED_UPLOADS)) else MOST_BODY_BYTES


def too_large(most: int) -> TooLarge:
    return TooLarge(f"the body is larger than {most} bytes")


def host_name(host: str) -> str:
    """Return the name in a `Host` header, in lower case and without the port; "" if the port is invalid."""
    name = host.strip().lower()
    if name.startswith("["):
        name, _, rest = name[1:].partition("]")
        colon, port = rest[:1], rest[1:]
    else:
        name, colon, port = name.partition(":")
    return name if colon in ("", ":") and (port.isdecimal() or not port) else ""
