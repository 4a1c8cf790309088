"""The turns of commands that the server runs, and clients that do not read their answers."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from tests.server.conftest import serving
from ttp.domain.errors import Busy
from ttp.server import command_answer
from ttp.server.command_answer import MOST_OF_TOKEN, MOST_RUNNING, CommandAnswer, CommandTurns

PATIENCE_S = 60.0


def test_one_token_holds_some_of_the_turns_only(monkeypatch: pytest.MonkeyPatch) -> None:
    async def use() -> None:
        turns, end = CommandTurns(), asyncio.Event()
        running: list[int] = []

        async def hold(token: int) -> None:
            async with turns.take(token):
                running.append(token)
                await end.wait()

        jobs = [asyncio.create_task(hold(token)) for token in (1, 1, 1, 1)]
        while len(running) < MOST_OF_TOKEN:
            await asyncio.sleep(0)
        monkeypatch.setattr(command_answer, "TURN_S", 0.01)
        with pytest.raises(Busy):
            async with turns.take(1):
                pass
        others = [token for token in range(2, 9) for _ in range(MOST_OF_TOKEN)][: MOST_RUNNING - MOST_OF_TOKEN]
        monkeypatch.setattr(command_answer, "TURN_S", PATIENCE_S)
        jobs += [asyncio.create_task(hold(token)) for token in others]
        while len(running) < MOST_RUNNING:
            await asyncio.sleep(0)
        assert running.count(1) == MOST_OF_TOKEN
        monkeypatch.setattr(command_answer, "TURN_S", 0.01)
        with pytest.raises(Busy):
            async with turns.take(99):
                pass
        end.set()
        await asyncio.gather(*jobs)  # those that waited for a turn get it
        assert running.count(1) == 4
        async with turns.take(99):
            pass

    asyncio.run(use())


class EndlessRun:
    """A command that writes until it is ended."""

    def __init__(self) -> None:
        self.why_ended = ""
        self.forgotten: list[Any] = []
        self.services = SimpleNamespace(token=SimpleNamespace(id=1))
        self.work = SimpleNamespace(forget=lambda *, otherwise: self.forgotten.append(otherwise))
        self.is_closed = threading.Event()

    def close(self) -> None:
        pass

    async def lines(self) -> AsyncIterator[dict[str, Any]]:
        try:
            while True:
                yield {"stdout": "x" * 100_000}
        finally:
            self.is_closed.set()

    def end(self, why: str) -> None:
        self.why_ended = self.why_ended or why


def test_a_client_that_reads_nothing_is_dropped_and_its_command_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_answer, "STALLED_S", 0.2)
    run, turns = EndlessRun(), CommandTurns()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await CommandAnswer(cast("Any", run), turns)(scope, receive, send)

    with serving(app) as url, socket.socket() as client:
        client.connect(("127.0.0.1", urlsplit(url).port))
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        assert run.is_closed.wait(PATIENCE_S)
        ends = time.monotonic() + PATIENCE_S
        while not run.forgotten:
            assert time.monotonic() < ends
            time.sleep(0.01)
        client.settimeout(PATIENCE_S)
        while client.recv(1 << 20):
            pass  # the server closes the connection, and the answer has no end
    assert run.why_ended
    assert run.forgotten == [None]


def test_an_answer_is_kept_before_the_client_has_its_end() -> None:
    class Run(EndlessRun):
        async def lines(self) -> AsyncIterator[dict[str, Any]]:
            yield {"exit": 0}

    run = Run()
    steps: list[Any] = []
    run.work = SimpleNamespace(keep=lambda answer: steps.append("kept"))

    async def receive() -> dict[str, str]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        steps.append(message.get("more_body"))

    asyncio.run(CommandAnswer(cast("Any", run), CommandTurns())(cast("Any", {}), cast("Any", receive), send))
    assert steps == [None, True, "kept", False]
