"""A loopback proxy between `ttp` and the sandbox that makes chosen requests fail. Knows no platform.

Requests are counted from 0 in the order in which they arrive, over all processes that use it. A connection to the
client is kept open as the client wishes; each request is passed on over a new connection.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_RANGE = re.compile(rb"\r\ncontent-range: *bytes \d+-(\d+)/(\d+)", re.IGNORECASE)
_CONNECTION = re.compile(rb"\r\nconnection:[^\r]*", re.IGNORECASE)
_PIECE = 1 << 18


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that arrived: its number, method and path with query. `last`: no further piece of a file follows."""

    index: int
    method: str
    path: str
    at: float
    last: bool = True

    @property
    def line(self) -> str:
        """Method and path, without the query."""
        return f"{self.method} {self.path.split('?')[0]}"


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with a request.

    `forward`: whether the platform gets it; `after_s`: how much later. Then: `act` (kill a process, move a clock), and
    an answer: the platform's own, or `answer` made of it (None cuts the connection), `wait_s` later.
    """

    name: str
    forward: bool
    after_s: float = 0.0
    wait_s: float = 0.0
    answer: Callable[[bytes], bytes | None] | None = None
    act: Callable[[], None] | None = None
    cut: bool = False
    """Send the answer and reset the connection before its stated length is reached."""


@dataclass
class Proxy:
    """Listens on 127.0.0.1 until it is closed. `plan` says what happens to a request; None: nothing."""

    target: tuple[str, int]
    plan: Callable[[Asked], Fault | None] = lambda asked: None
    asked: list[Asked] = field(default_factory=list)
    spoiled: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._turn = threading.Lock()
        self._busy = 0
        self._open = True
        threading.Thread(target=self._accept, name="fault-proxy", daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def rest(self, patience_s: float = 60.0) -> None:
        """Wait until nothing is under way to the platform any more."""
        end = time.monotonic() + patience_s
        while self._busy:
            assert time.monotonic() < end, "a request is under way for ever"
            time.sleep(0.005)

    def begin(self, plan: Callable[[Asked], Fault | None]) -> None:
        """Forget what was asked, and follow another plan."""
        with self._turn:
            self.asked, self.spoiled, self.plan = [], [], plan

    def close(self) -> None:
        self._open = False
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while self._open:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client, suppress(OSError):
            rest = b""
            while True:
                head, rest = _read_head(client, rest)
                if not head:
                    return
                length = int(found[1]) if (found := _LENGTH.search(head)) else 0
                body, rest = _read_body(client, rest, length)
                if len(body) < length:  # the client went away in the middle of its request
                    return
                with self._turn:
                    self._busy += 1
                try:
                    goes_on = self._answered(client, head, body)
                finally:
                    with self._turn:
                        self._busy -= 1
                if not goes_on:
                    return

    def _answered(self, client: socket.socket, head: bytes, body: bytes) -> bool:
        """Answer one request. False: the connection is over."""
        method, path = head.split(b" ", 2)[:2]
        with self._turn:
            last = (found := _RANGE.search(head)) is None or int(found[1]) + 1 == int(found[2])
            asked = Asked(len(self.asked), method.decode(), path.decode(), time.monotonic(), last)
            self.asked.append(asked)
            fault = self.plan(asked)
            if fault is not None:
                self.spoiled.append((asked.index, fault.name))
        if fault is None:
            client.sendall(self._forward(head, body))
            return True
        if fault.after_s:
            time.sleep(fault.after_s)
        real = self._forward(head, body) if fault.forward else b""
        if fault.act is not None:
            fault.act()
        if fault.wait_s:
            time.sleep(fault.wait_s)
        answer = real if fault.answer is None else fault.answer(real)
        if answer:
            client.sendall(answer)
        if not answer or fault.cut:
            # A reset, as where a machine on the way has gone.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        return True

    def _forward(self, head: bytes, body: bytes) -> bytes:
        with socket.create_connection(self.target) as server:
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with suppress(OSError):  # it may answer and close before it has read everything
                server.sendall(_CONNECTION.sub(b"", head)[:-2] + b"Connection: close\r\n\r\n")
                server.sendall(body)
            pieces = []
            while piece := server.recv(_PIECE):
                pieces.append(piece)
        answer_head, _, answer_body = b"".join(pieces).partition(b"\r\n\r\n")
        return _CONNECTION.sub(b"", answer_head) + b"\r\n\r\n" + answer_body


def made(status: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """An answer made by hand."""
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}"]).encode() + b"\r\n\r\n" + body


def _read_head(client: socket.socket, rest: bytes) -> tuple[bytes, bytes]:
    while b"\r\n\r\n" not in rest:
        piece = client.recv(_PIECE)
        if not piece:
            return b"", b""
        rest += piece
    head, _, rest = rest.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest


def _read_body(client: socket.socket, rest: bytes, length: int) -> tuple[bytes, bytes]:
    pieces, got = [rest], len(rest)
    while got < length:
        piece = client.recv(_PIECE)
        if not piece:
            break
        pieces.append(piece)
        got += len(piece)
    whole = b"".join(pieces)
    return whole[:length], whole[length:]
