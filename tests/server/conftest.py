"""The server as an ASGI application in this process, on the store of the test's command line."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette import routing

from tests.conftest import Fill, Program
from ttp.cli.context import Context
from ttp.domain.server.api_token import TokenCapability
from ttp.server.app import build_app
from ttp.server.pages.login import Backoff
from ttp.server.process import listen
from ttp.services.server.api_tokens import ApiTokens
from ttp.store.accounts import accounts as stored_accounts

BASE = "http://127.0.0.1:8765"


@dataclass
class Api:
    """Sends requests with one token."""

    ttp: Program
    app: FastAPI
    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = {**self.headers, **request.pop("headers", {})}
        if self.token is not None:
            headers = {"Authorization": f"Bearer {self.token}", **headers}

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
                return await client.request(method, path, headers=headers, **request)

        if threading.current_thread() is threading.main_thread():
            return _loop().run(go(), context=copy_context())
        return asyncio.run(go())

    def get(self, path: str, **request: Any) -> httpx.Response:
        return self("GET", path, **request)

    def post(self, path: str, json: Any = None, **request: Any) -> httpx.Response:
        return self("POST", path, **({} if json is None else {"json": json}), **request)

    def patch(self, path: str, json: Any, **request: Any) -> httpx.Response:
        return self("PATCH", path, json=json, **request)

    def ok(self, method: str, path: str, json: Any = None, **request: Any) -> Any:
        """Send what must succeed; its JSON."""
        answer = self(method, path, **({} if json is None else {"json": json}), **request)
        assert answer.status_code < 300, (answer.status_code, answer.text)
        return answer.json()

    def refused(self, method: str, path: str, status: int, code: str, json: Any = None, **request: Any) -> Any:
        """Send what must be refused so; the problem."""
        answer = self(method, path, **({} if json is None else {"json": json}), **request)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        found = answer.json()
        assert (answer.status_code, found["status"], found["code"]) == (status, status, code), answer.text
        return found

    def set(self, key: str, value: str) -> None:
        """Set a key of the configuration, and start again."""
        self.ttp.ok("config", "set", key, value)
        self.app = build_app(Context(self.ttp.clock).installation)

    def having(self, capability: str, *accounts: str, name: str | None = None) -> Api:
        """The same server with a new token."""
        with self.ttp.database.reading() as db:
            chosen = [one for one in stored_accounts(db) if one.name in accounts] if db else []
        assert len(chosen) == len(accounts), accounts
        tokens = ApiTokens(self.ttp.database, self.ttp.clock)
        made = tokens.create(name or capability, TokenCapability(capability), chosen, None)
        return Api(self.ttp, self.app, made.secret)


@cache
def _loop() -> asyncio.Runner:
    """Return the event loop of this process: thousands of requests need one."""
    return asyncio.Runner()


@pytest.fixture(autouse=True, scope="session")
def routes_once() -> Iterator[None]:
    """Read the patterns of the routes once: each test makes the whole application."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(routing, "compile_path", cache(routing.compile_path))
        patch.setattr("fastapi.routing.compile_path", routing.compile_path)
        patch.setattr("httpx._transports.asgi.is_running_trio", lambda: False)  # it looks for a package at each request
        yield
    _loop().close()
    _loop.cache_clear()


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an application on a free port; its address."""
    with listen("127.0.0.1", 0) as listener:
        config = uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None)
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            running.should_exit = True
            thread.join(60)


@pytest.fixture
def server(fill: Fill) -> Api:
    """The server without a token; its store has the accounts x/me and x/other."""
    return server_of(fill(two_accounts))


def server_of(ttp: Program) -> Api:
    """Return the server of a program's store, without a token."""
    app = build_app(Context(ttp.clock).installation)
    app.state.backoff = Backoff(ttp.clock.boot)  # on a slow machine its second would be over before the next login
    return Api(ttp, app)


def two_accounts(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.account("x/other")


@pytest.fixture
def api(server: Api) -> Api:
    """The server with a token that may publish."""
    return server.having("publish", name="ann")
