"""Run the sandbox on 127.0.0.1, in the foreground or in a thread of this process. Never binds to another address."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from ttp.sandbox import control
from ttp.sandbox.control import change_settings
from ttp.sandbox.faults import Fault, FaultMiddleware
from ttp.sandbox.request_checks import RequestRefused
from ttp.sandbox.stand_in import find_stand_ins, platform_of
from ttp.sandbox.state import Now, State, open_state, renew_tokens, wall_clock

CLOSING_S = 5.0
"""How long open requests may go on once the server stops."""


class _Protocol(H11Protocol):
    """Hands each request its own connection, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        # asyncio sets this only for sockets that name their protocol, and ours does not: a body would wait 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class _Server:
    """Serves one application, which may be replaced while it runs. `uvicorn.Server` looks every 0.1 s whether it is to
    stop, and so takes 0.2 s to end. This one waits for an event."""

    def __init__(self, state: State, media_dir: Path | None) -> None:
        self._loop = asyncio.new_event_loop()
        self._stop, self._release = asyncio.Event(), asyncio.Event()
        self.replace(state, media_dir)

    def replace(self, state: State, media_dir: Path | None) -> None:
        """Answer from `state` from now on. Ends the requests that hang."""
        former, self._release = self._release, asyncio.Event()
        self._app: ASGIApp = build_app(state, self._release, media_dir, self.stop)
        self._loop.call_soon_threadsafe(former.set)

    def run(self, listener: socket.socket) -> None:
        """Serve until `stop` is called."""
        try:
            self._loop.run_until_complete(self._serve(listener))
        finally:
            self._loop.close()

    def stop(self) -> None:
        """End `run`. May be called from any thread, and from a signal handler."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(ClientDisconnect):  # while it sent its body: no one reads an answer
            await self._app(scope, receive, send)

    async def _serve(self, listener: socket.socket) -> None:
        config = uvicorn.Config(
            self._answer,
            interface="asgi3",
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            date_header=False,
            server_header=False,
        )
        config.load()
        open_now = ServerState()

        def connect() -> asyncio.Protocol:
            return _Protocol(config=config, server_state=open_now, app_state={}, _loop=self._loop)

        server = await self._loop.create_server(connect, sock=listener)
        await self._stop.wait()
        server.close()
        self._release.set()
        for connection in list(open_now.connections):
            connection.shutdown()
        ends_at = self._loop.time() + CLOSING_S
        while (open_now.connections or open_now.tasks) and self._loop.time() < ends_at:
            await asyncio.sleep(0.001)
        for task in open_now.tasks:
            task.cancel()


def serve(
    port: int,
    state_dir: Path | None,
    ready: Callable[[str], None],
    media_dir: Path | None = None,
    settings: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Serve the sandbox on 127.0.0.1 until SIGINT or SIGTERM.

    Port 0 picks a free one. `ready` gets the base URL once connections are accepted. `state_dir` keeps accounts and
    posts between runs; None keeps them in memory. `media_dir` is created if missing and served under
    `/_sandbox/media/`. `settings` are the switches that differ from their defaults. Raises OSError if the port is in
    use or a folder cannot be written, OldState for a folder of another version, NoSetting for an unknown switch or a
    wrong value.
    """
    with closing(_listen(port)) as listener, closing(_new_state(listener, state_dir, wall_clock, settings)) as state:
        if media_dir is not None:
            media_dir.mkdir(parents=True, exist_ok=True)
        server = _Server(state, media_dir)
        with _stopped_by_signals(server):
            ready(_url(listener))
            server.run(listener)


@contextmanager
def _stopped_by_signals(server: _Server) -> Generator[None]:
    former = {
        number: signal.signal(number, lambda number, frame: server.stop()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


class RunningSandbox:
    """A sandbox in a thread of this process. Touch `state` only for what HTTP cannot say."""

    def __init__(self, listener: socket.socket, server: _Server, state: State) -> None:
        self.url = _url(listener)
        self.state = state
        self._listener = listener
        self._server = server

    def reset(self, now: Now = wall_clock, media_dir: Path | None = None, **settings: Any) -> State:
        """Begin again at the same address with an empty state, as `running_sandbox` would."""
        self.state = _new_state(self._listener, None, now, settings)
        self._server.replace(self.state, media_dir)
        return self.state


@contextmanager
def running_sandbox(
    state_dir: Path | None = None, now: Now = wall_clock, media_dir: Path | None = None, **settings: Any
) -> Generator[RunningSandbox]:
    """Run a sandbox on a free port of 127.0.0.1 for as long as the block runs. `settings` are switches
    (`processing_s=0`, `lag_s=5`). Leaving the block stops the sandbox and cuts hanging requests."""
    with closing(_listen(0)) as listener, closing(_new_state(listener, state_dir, now, settings)) as state:
        server = _Server(state, media_dir)
        thread = threading.Thread(target=server.run, args=(listener,), name="sandbox", daemon=True)
        thread.start()
        try:
            yield RunningSandbox(listener, server, state)
        finally:
            server.stop()
            thread.join()


def _new_state(listener: socket.socket, state_dir: Path | None, now: Now, settings: Mapping[str, Any]) -> State:
    kinds = [kind for one in find_stand_ins() for kind in (one.account, *one.records)]
    state = open_state(state_dir, now, kinds)
    state.address = _address(listener)
    change_settings(state, settings)
    return state


def _listen(port: int) -> socket.socket:
    # Listening from here on means that a connection made before the loop runs waits instead of being refused.
    return socket.create_server(("127.0.0.1", port), backlog=256)


def _address(listener: socket.socket) -> str:
    return f"127.0.0.1:{listener.getsockname()[1]}"


def _url(listener: socket.socket) -> str:
    return f"http://{_address(listener)}"


def build_app(
    state: State,
    release: asyncio.Event | None = None,
    media_dir: Path | None = None,
    stop: Callable[[], object] = lambda: None,
) -> ASGIApp:
    """Return the sandbox as an ASGI application over `state`, which gets the default apps and accounts it lacks.

    Setting `release` ends hanging requests. `media_dir` is served under `/_sandbox/media/`, for platforms that fetch
    media from a URL. `stop` ends the server.
    """
    stand_ins = find_stand_ins()
    state.apps = {app.id: app for one in stand_ins for app in one.apps} | state.apps
    for one in sorted(stand_ins, key=lambda one: one.name):
        if (name := f"{one.name}/{one.demo_handle(state.address)}") not in state.accounts:
            state.save(renew_tokens(state, one.new_account(state, name)))
    faults: list[Fault] = []
    routes: list[BaseRoute] = [] if media_dir is None else [Mount("/_sandbox/media", StaticFiles(directory=media_dir))]
    routes += control.routes(state, faults, media_dir, stop)
    for one in stand_ins:
        routes += one.routes(state)
    app = Starlette(routes=routes, exception_handlers={RequestRefused: _refused, HTTPException: _no_such_path})
    app.router.redirect_slashes = False
    return FaultMiddleware(app, state.now, faults, release or asyncio.Event(), state.answered)


async def _refused(request: Request, refused: Exception) -> Response:
    assert isinstance(refused, RequestRefused)
    return refused.response


async def _no_such_path(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if platform := platform_of(request.url.path):
        return platform.no_such_path(request, error)
    return JSONResponse({"error": error.detail}, error.status_code)
