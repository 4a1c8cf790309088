"""Runs the sandbox on 127.0.0.1: in the foreground, or in a thread of this process. Binds to loopback only."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ttp.sandbox.app import build_app
from ttp.sandbox.control import (
    change_settings,
)
from ttp.sandbox.state import Now, State, open_state, wall_clock


class _Protocol(H11Protocol):
    """Hands each request its own connection, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        # asyncio does this only for sockets that name their protocol, and ours does not: a body would wait 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class _Server(uvicorn.Server):
    def __init__(self, state: State, media_dir: Path | None) -> None:
        self.release = asyncio.Event()
        config = uvicorn.Config(
            build_app(state, self.release, media_dir),
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            date_header=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        super().__init__(config)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.release.set()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """SIGINT and SIGTERM end the server in good order, and are not raised again afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        former = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)


def serve(
    port: int,
    state_dir: Path | None,
    ready: Callable[[str], None],
    media_dir: Path | None = None,
    settings: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Serve the sandbox on 127.0.0.1 until SIGINT or SIGTERM.

    Port 0 picks a free one. `ready` gets the base URL once connections are taken. `state_dir` keeps accounts and posts
    between runs; None keeps them in memory. `media_dir`, made if missing, is served under `/_sandbox/media/`.
    `settings` are switches with their values at the start. OSError if the port is taken or a folder cannot be written,
    NoSetting for a switch or a value that there is not.
    """
    with closing(_listen(port)) as listener, closing(open_state(state_dir)) as state:
        change_settings(state, settings)
        if media_dir is not None:
            media_dir.mkdir(parents=True, exist_ok=True)
        server = _Server(state, media_dir)
        ready(_url(listener))
        server.run([listener])


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox in a thread of this process. Touch `state` only for what HTTP cannot say."""

    url: str
    state: State


@contextmanager
def running_sandbox(
    state_dir: Path | None = None, now: Now = wall_clock, media_dir: Path | None = None, **settings: Any
) -> Generator[RunningSandbox]:
    """A sandbox on a free port of 127.0.0.1 for as long as the block runs.

    `settings` are fields of `State` (`processing_s=0`, `lag_s=5`). Leaving the block stops it and cuts
    hanging requests.
    """
    with closing(_listen(0)) as listener, closing(open_state(state_dir, now)) as state:
        for name, value in settings.items():
            setattr(state, name, value)
        server = _Server(state, media_dir)
        thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
        thread.start()
        try:
            yield RunningSandbox(_url(listener), state)
        finally:
            server.should_exit = True
            thread.join()


def _listen(port: int) -> socket.socket:
    # Listening from here on means that a connection made before the loop runs waits instead of being refused.
    return socket.create_server(("127.0.0.1", port), backlog=256)


def _url(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"
