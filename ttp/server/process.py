"""Serve the application, publish and send webhooks in one process, with the publisher in the main thread."""

from __future__ import annotations

import asyncio
import errno
import gc
import math
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from ttp.domain.action import other_options
from ttp.domain.errors import Busy, Hint, TtpError
from ttp.domain.event import Sink
from ttp.publisher.loop import Mode, Scope
from ttp.publisher.process import READY, STOPPING, PublisherProcess
from ttp.services.server.webhooks import Webhooks
from ttp.store.home.locks import LockHeld
from ttp.store.machine.publisher_session import PeriodicJob

LOOK_EVERY_S = 0.5
ANY_EVERY_S = 5.0
"""Seconds between two looks whether there is a webhook now: most servers have none."""
LOCK_EVERY_S = 5.0
MOST_AT_ONCE = 16
"""Webhooks that are sent to at once: a receiver that hangs holds up only its own."""
LEAVE_S = 5.0
"""Seconds that the end of the server waits for calls. A call that is cut is made again by the next server."""


class WebhookSender:
    def __init__(self, webhooks: Webhooks, may_send: Callable[[], bool] = lambda: True) -> None:
        """`may_send`: a store that is a copy must not send what the original sends."""
        self._webhooks = webhooks
        self._may_send = may_send
        self._threads: dict[int, threading.Thread] = {}

    def run(self, stopping: threading.Event) -> None:
        """Send until `stopping` is set. Raises nothing: the publisher reports a store that cannot be used."""
        while not stopping.is_set():
            with suppress(TtpError), self._webhooks.database.job(PeriodicJob.WEBHOOKS) as is_held:
                if is_held and self._may_send():
                    self._send_until(stopping)
            stopping.wait(LOCK_EVERY_S)

    def _send_until(self, stopping: threading.Event) -> None:
        try:
            while not stopping.is_set():
                self._threads = {number: thread for number, thread in self._threads.items() if thread.is_alive()}
                due = self._webhooks.due()
                for webhook_id in due or ():
                    if webhook_id not in self._threads and len(self._threads) < MOST_AT_ONCE:
                        self._start(webhook_id, stopping)
                stopping.wait(ANY_EVERY_S if due is None else LOOK_EVERY_S)
        finally:
            for thread in self._threads.values():
                thread.join(LEAVE_S if stopping.is_set() else None)

    def _start(self, webhook_id: int, stopping: threading.Event) -> None:
        def work() -> None:
            with suppress(TtpError):  # the store cannot be read or written now; the call is made again
                self._webhooks.send_due(webhook_id, stopping.is_set)

        thread = threading.Thread(target=work, name=f"webhook-{webhook_id}", daemon=True)
        self._threads[webhook_id] = thread
        thread.start()


BACKLOG = 256
MOST_CONNECTIONS = 512
HEAD_TIMEOUT_S = 15.0
"""Seconds that the head of a request may take, from its first byte or from the beginning of the connection."""
IDLE_S = 15
"""Seconds that a connection without a request stays open."""
STALLED_MS = 60_000
"""Milliseconds after which a client that takes no bytes loses its connection."""


class TimedProtocol(H11Protocol):
    """HTTP/1.1, with a limit on how long the head of a request may take: uvicorn has none."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def _watch_head(self) -> None:
        """End the connection if the head that it waits for does not come in time."""
        if self.conn.their_state is not h11.IDLE:
            self._stop_watching()
        elif self._late is None:
            self._late = self.loop.call_later(HEAD_TIMEOUT_S, self._end_if_late)

    def _end_if_late(self) -> None:
        self._late = None
        if self.conn.their_state is h11.IDLE:
            self.transport.close()

    def _stop_watching(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 picks a free one. Raise Busy."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        number = getattr(error, "errno", None)
        hints = [Hint("try", other_options(port="0"))] if number in (errno.EADDRINUSE, errno.EACCES) else []
        why = os.strerror(number) if number and number > 0 and not isinstance(error, socket.gaierror) else error
        raise Busy(f"cannot listen on {host} port {port}: {why}", *hints) from None
    # Connections get these from the socket that listens. asyncio sets the first one only where the protocol is named,
    # and without it every answer waits 40 ms for the client's acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_MS)
    return listener


def listen_on_path(path: Path) -> socket.socket:
    """Return a listening socket that only this user reaches. A socket that a dead server left is replaced. Raise
    Busy."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket():
            with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as other:
                if other.connect_ex(str(path)) == 0:
                    raise Busy(f"another server listens on {path}")
            path.unlink()
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Busy(f"cannot listen on {path}: {error.strerror or error}") from None
    except TtpError:
        listener.close()
        raise
    return listener


class ServerProcess:
    """Serves until SIGTERM or SIGINT, which let requests and deliveries finish. `publisher` None: only serves;
    `sender` None: sends no webhooks. `stopping`: set at the stop, for answers that go on for ever. `proxies`: addresses
    and networks whose X-Forwarded-For and X-Forwarded-Proto are believed."""

    def __init__(
        self,
        app: ASGIApp,
        listener: socket.socket,
        publisher: PublisherProcess | None,
        *,
        sender: WebhookSender | None = None,
        stopping: threading.Event,
        poll_s: float,
        drain_s: float,
        proxies: Sequence[str] = (),
    ) -> None:
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=TimedProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=list(proxies),
                limit_concurrency=MOST_CONNECTIONS,
                timeout_keep_alive=IDLE_S,
                timeout_graceful_shutdown=max(round(drain_s), 1),
            )
        )
        self._listener = listener
        self._publisher = publisher
        self._poll_s = poll_s
        self._sender = sender
        self._stopped = stopping
        self._wake: SimpleQueue[None] = SimpleQueue()

    def run(self, ready: Callable[[], None], emit: Sink, refused: Callable[[TtpError], None]) -> int | None:
        """Serve, and return the signal that ended it. `ready` is called once requests are accepted; `refused` with each
        new reason for which nothing is published here."""
        thread = threading.Thread(target=self._serve, name="http", daemon=True)
        sender = None
        if self._sender is not None:
            sender = threading.Thread(target=self._sender.run, args=(self._stopped,), name="webhooks", daemon=True)
        caught: list[int] = []

        def handle(number: int, frame: FrameType | None) -> None:
            if caught:
                os._exit(128 + number)
            caught.append(number)
            self.stop()

        before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            thread.start()
            if sender is not None:
                sender.start()
            ready()
            number = self._publish(emit, refused)
            if not self._stopped.is_set():  # a second signal meanwhile would wait for the lock of its event for ever
                self.stop()
            thread.join()
            if sender is not None:
                sender.join(LEAVE_S)
            return next(iter(caught), number)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def stop(self) -> None:
        """Accept no more requests, finish what is under way, end. Safe in a signal handler."""
        self._server.should_exit = True
        self._stopped.set()
        self._wake.put(None)

    def _wait(self, seconds: float) -> None:
        """Wait for a stop, in the main thread. Not by the event: a handler that sets it while this thread is about to
        wait for it finds its lock held. In turns, as a signal just before a wait does not end that wait."""
        end = time.monotonic() + seconds
        while not self._stopped.is_set() and (left := end - time.monotonic()) > 0:
            with suppress(Empty):
                self._wake.get(timeout=min(left, LOOK_EVERY_S))

    def _serve(self) -> None:
        try:
            self._server.run(sockets=[self._listener])
        finally:
            if not self._stopped.is_set():  # a server that answers nothing must not go on
                os.kill(os.getpid(), signal.SIGTERM)

    def _publish(self, emit: Sink, refused: Callable[[TtpError], None]) -> int | None:
        """Publish whenever the lock is free, until a stop; return the signal that ended it, if this saw it."""
        if self._publisher is None:
            gc.freeze()  # as a publisher does: what is loaded so far need not be searched in every collection
            self._wait(math.inf)
            return None
        notify, reported, is_stopping = self._publisher.notify, "", False

        def notify_and_stop(word: str) -> None:
            nonlocal is_stopping
            notify(word)
            if word == STOPPING:
                is_stopping = True
                self.stop()
            elif word == READY and self._stopped.is_set() and not is_stopping:
                # A stop that came before the publisher's own handlers.
                os.kill(os.getpid(), signal.SIGTERM)

        publisher = replace(self._publisher, notify=notify_and_stop)
        while not self._stopped.is_set():
            try:
                ended = publisher.run(Scope(Mode.LOOP), emit)
            except TtpError as error:
                if not isinstance(error, LockHeld) and error.message != reported:
                    reported = error.message
                    refused(error)
            else:
                if ended.signal is not None:
                    return ended.signal
            self._wait(self._poll_s)
        return None


def remove_socket(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
