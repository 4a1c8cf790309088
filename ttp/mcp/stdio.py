"""Serve one client on stdin and stdout, until either end stops.

The protocol runs in its own thread: the main thread publishes, because only there a publisher can set the signal
handlers that let it finish a delivery before the process ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, BinaryIO, TypeVar, cast

import anyio
from anyio import to_thread
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from ttp.domain.errors import Busy
from ttp.publisher.process import RunResult

T = TypeVar("T")
READ_AHEAD = 64
"""Lines that are read before the ones before them are dispatched."""
TURN_S = 1.0
DRAIN_S = 20.0
"""How long a stopped server waits for the calls that run."""


class StdioSession:
    """One client on stdin and stdout. Make it before anything else writes to stdout."""

    def __init__(self) -> None:
        self._requests, self._answers = _take_streams()
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._wire = _Wire(self._requests, self._answers)
        self._code = 0
        self._stopping = False
        self._failure: BaseException | None = None

    def publish(self, run: Callable[[], RunResult]) -> RunResult:
        """Run a publisher in the main thread, for a thread that waits for it. Raise Busy if the server stops."""
        done: Future[RunResult] = Future()

        def job() -> None:
            if self._stopping:
                done.set_exception(Busy("the server is stopping"))
                return
            try:
                ended = run()
            except BaseException as error:  # noqa: BLE001  (the waiting thread raises it)
                done.set_exception(error)
                return
            if ended.signal is not None:
                self._code = 128 + ended.signal
                self._stop(ended.signal)
            done.set_result(ended)

        self._jobs.put(job)
        return done.result()

    def serve(self, server: Server[Any]) -> int:
        """Serve until the client or a signal ends it, and answer the calls that run. Return the exit code."""
        protocol = threading.Thread(target=self._run, args=(server,), daemon=True, name="mcp")
        before = {number: signal.signal(number, self._handle) for number in (signal.SIGTERM, signal.SIGINT)}
        protocol.start()
        try:
            self._run_jobs()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        if self._failure is not None:
            raise self._failure
        return self._code

    def _run_jobs(self) -> None:
        while True:
            try:  # in turns: a signal just before a wait does not end that wait
                job = self._jobs.get(timeout=TURN_S)
            except Empty:
                continue
            if job is None:
                return
            job()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._stopping:
            os._exit(128 + number)
        self._stop(number)

    def _stop(self, number: int) -> None:
        self._stopping = True
        self._wire.stop()
        # A call that does not end must not keep the process for ever.
        timer = threading.Timer(DRAIN_S, lambda: os._exit(128 + number))
        timer.daemon = True
        timer.start()

    def _run(self, server: Server[Any]) -> None:
        try:
            anyio.run(self._serve, server)
        except BaseExceptionGroup as errors:
            # Without these, the client is gone, and that is an ordinary end.
            _, self._failure = errors.split((BrokenPipeError, anyio.BrokenResourceError))
        except BaseException as error:  # noqa: BLE001  (the main thread raises it)
            self._failure = error
        finally:
            self._jobs.put(None)

    async def _serve(self, server: Server[Any]) -> None:
        wire = cast("anyio.AsyncFile[str]", self._wire)
        async with stdio_server(wire, wire) as (read, write):
            await server.run(read, write, server.create_initialization_options())


class _Wire:
    """The lines of the protocol, both ways, with the methods of a file that `stdio_server` uses.

    Its input ends when the client closes it, or by `stop`, and then only after every request has its answer: the SDK
    drops the calls that run when its input ends.
    """

    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._in, self._out = requests, answers
        self._open: set[str] = set()
        self._written = b""
        self._lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._room = threading.Semaphore(READ_AHEAD)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = False

    def stop(self) -> None:
        """End the input. Callable from any thread."""
        self._ended = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._lines.put_nowait, None)

    async def __aiter__(self) -> AsyncIterator[str]:
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=(self._loop,), daemon=True, name="stdin").start()
        while not self._ended and (line := await self._lines.get()) is not None:
            self._room.release()
            self._note_request(line)
            yield line.decode("utf-8", "replace")
        while self._open:
            await asyncio.sleep(0.01)

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """Read lines in a thread that may wait for ever."""
        while True:
            self._room.acquire()
            line = self._in.readline()
            try:
                loop.call_soon_threadsafe(self._lines.put_nowait, line or None)
            except RuntimeError:  # the loop has ended
                return
            if not line:
                return

    def _note_request(self, line: bytes) -> None:
        message = _parsed(line)
        match message.get("method"), message.get("id"), message.get("params"):
            case str(), (int() | str()) as number, _:
                self._open.add(repr(number))
            case "notifications/cancelled", _, {"requestId": (int() | str()) as number}:
                self._open.discard(repr(number))  # is never answered

    async def write(self, text: str) -> None:
        self._written += text.encode()

    async def flush(self) -> None:
        lines, self._written = self._written, b""
        await to_thread.run_sync(self._send, lines)
        for line in lines.splitlines():
            message = _parsed(line)
            if "method" not in message:
                self._open.discard(repr(message.get("id")))

    def _send(self, lines: bytes) -> None:
        self._out.write(lines)
        self._out.flush()


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Return stdin and stdout for the protocol. From now on others read nothing, and write to stderr."""
    sys.stdout.flush()
    streams = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return streams
