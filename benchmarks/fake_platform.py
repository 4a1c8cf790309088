"""A fake X that answers every request after a fixed time, whatever the load.

`python -m benchmarks.fake_platform DELAY_S` prints its port. When stdin closes, it prints the arrival of every request
as one line of JSON. It checks nothing. The sandbox checks everything and would be the bottleneck.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

FIRST_ID = 1_890_000_000_000_000_000


@dataclass
class Arrivals:
    """The time of every request (seconds since 1970) and its method and path."""

    at: list[float] = field(default_factory=list)
    what: list[str] = field(default_factory=list)

    def times(self, begins: str) -> list[float]:
        """Return the times of the requests whose method and path start with `begins`."""
        return [at for at, what in zip(self.at, self.what, strict=True) if what.startswith(begins)]


class Answering(asyncio.Protocol):
    """One connection. Answers one request after another."""

    def __init__(self, delay_s: float, arrivals: Arrivals) -> None:
        self._delay_s = delay_s
        self._arrivals = arrivals
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        _, named, length = head.lower().partition(b"content-length:")
        size = int(length.split(b"\r\n", 1)[0]) if named else 0
        if len(rest) < size:
            return
        self._received = rest[size:]
        line = head.split(b"\r\n", 1)[0].rpartition(b" ")[0].decode("ascii", "replace")
        self._arrivals.at.append(time.time())
        self._arrivals.what.append(line)
        asyncio.get_running_loop().call_later(self._delay_s, self._answer, line, len(self._arrivals.at))

    def _answer(self, line: str, number: int) -> None:
        status, data = "200 OK", {"data": {"id": "7", "username": "bench"}}
        if line.startswith("POST "):
            status, data = "201 Created", {"data": {"id": str(FIRST_ID + number), "text": "as sent"}}
        elif line.startswith("GET /2/users/") and "/tweets" in line:
            data = {"meta": {"result_count": "0"}}
        body = json.dumps(data).encode()
        assert self._transport is not None
        self._transport.write(
            f"HTTP/1.1 {status}\r\nDate: {formatdate(usegmt=True)}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )


class Platform:
    """A running fake platform."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert process.stdout is not None
        self.port = int(process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def end(self) -> Arrivals:
        """Stop the process and return the requests it received."""
        requests, _ = self._process.communicate(timeout=60)
        return Arrivals(**json.loads(requests))


@contextmanager
def platform(delay_s: float) -> Iterator[Platform]:
    """Run a fake platform. `delay_s`: seconds from a request to its answer."""
    with subprocess.Popen(
        [sys.executable, "-m", __name__, str(delay_s)],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Platform(process)
        finally:
            if process.poll() is None:
                process.kill()


async def _serve(delay_s: float) -> None:
    loop, arrivals = asyncio.get_running_loop(), Arrivals()
    server = await loop.create_server(lambda: Answering(delay_s, arrivals), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps({"at": arrivals.at, "what": arrivals.what}))


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
