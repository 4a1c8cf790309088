"""The sandbox as an ASGI application in this process, on a clock that tests move."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import httpx
import pytest

from ttp.sandbox.control import change_settings
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.server import build_app
from ttp.sandbox.state import State

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def tick(self, **duration: float) -> None:
        self.at += timedelta(**duration)


@dataclass
class Web:
    """Sends requests to a sandbox as one account."""

    state: State
    clock: Clock
    app: Any
    credentials: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, signed: bool = True, **request: Any) -> httpx.Response:
        if signed:
            request["headers"] = {"Authorization": f"Bearer {self.token}", **request.get("headers", {})}

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8700") as client:
                return await client.request(method, path, **request)

        return asyncio.run(go())

    def get(self, path: str, **request: Any) -> httpx.Response:
        return self.call("GET", path, **request)

    def post(self, path: str, **request: Any) -> httpx.Response:
        return self.call("POST", path, **request)

    def account(self, name: str, **options: Any) -> Web:
        """Return the same sandbox as another account, which is created or gets new tokens."""
        made = self.post("/_sandbox/accounts", signed=False, json={"account": name, **options})
        assert made.status_code == 201, made.text
        return Web(self.state, self.clock, self.app, made.json()["credentials"])

    def set(self, **settings: Any) -> None:
        """Change switches of the sandbox."""
        change_settings(self.state, settings)

    def posts(self) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = self.get("/_sandbox/posts", signed=False).json()
        return seen

    @property
    def token(self) -> str:
        return self.credentials.get("accessToken", "")

    @property
    def user_id(self) -> str:
        return self.credentials["userId"]


@pytest.fixture
def web() -> Web:
    clock = Clock()
    state = State(now=clock)
    return Web(state, clock, build_app(state))


@pytest.fixture
def x(web: Web) -> Web:
    return web.account("x/demo")


@pytest.fixture
def instagram(web: Web) -> Web:
    return web.account("instagram/demo")


@pytest.fixture
def tiktok(web: Web) -> Web:
    return web.account("tiktok/demo")


class _Files(BaseHTTPRequestHandler):
    files: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        body = self.files.get(self.path)
        self.send_response(302 if self.path == "/moved" else 404 if body is None else 200)
        if self.path == "/moved":
            self.send_header("Location", "/photo.jpg")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: Any) -> None:
        pass


@dataclass
class Host:
    """A web server on loopback whose files tests put there."""

    url: str
    files: dict[str, bytes]


@pytest.fixture(scope="session")
def _web_server() -> Generator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Files) as server:
        thread = Thread(target=partial(server.serve_forever, poll_interval=0.02))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def host(_web_server: str) -> Generator[Host]:
    _Files.files.update({"/photo.jpg": PHOTO.read_bytes(), "/clip.mp4": CLIP.read_bytes()})
    yield Host(_web_server, _Files.files)
    _Files.files.clear()
