"""The answer to a command that the server runs: a stream of JSON lines, one of a few at once."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from fastapi import Response
from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive, Scope, Send

from ttp import __version__
from ttp.domain.errors import Busy
from ttp.domain.server.command_protocol import MEDIA_TYPE, MOST_KEPT, VERSION_HEADER
from ttp.server.idempotency import AnswerLost
from ttp.server.problems import problem_answer
from ttp.store.server.idempotency_keys import KeptAnswer

if TYPE_CHECKING:
    from ttp.server.idempotency import Work
    from ttp.server.services import RequestServices

MOST_RUNNING = 8
"""Commands that run at once; more wait for TURN_S, and are refused then."""
MOST_OF_TOKEN = 2
"""Commands of one token that run at once: the others have their turns, too."""
TURN_S = 20.0
STALLED_S = 60.0
"""A client that takes nothing of the answer for this long is dropped, and its command ended."""
_PRINT_IDS = frozenset({"approve", "copy", "create", "delete", "edit", "reject", "schedule", "unschedule"})
"""Commands that change posts in one transaction and print their ids."""
_OTHER_OUTPUT = frozenset({"--fields", "--format", "--header", "--json", "--jsonl", "--where"})
_HEADERS = {"content-type": MEDIA_TYPE, VERSION_HEADER: __version__}


class RunningCommand(Protocol):
    """The command that is answered. `lines` yields the lines of its answer, `close` removes its files."""

    services: RequestServices
    work: Work | None
    why_ended: str

    def lines(self) -> AsyncGenerator[dict[str, Any]]: ...
    def end(self, why: str) -> None: ...
    def close(self) -> None: ...


class CommandTurns:
    def __init__(self) -> None:
        self._all = asyncio.Semaphore(MOST_RUNNING)
        self._of_token: dict[int, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(MOST_OF_TOKEN))

    @asynccontextmanager
    async def take(self, token_id: int) -> AsyncIterator[None]:
        """Wait for a turn of a token. Raise Busy after TURN_S."""
        own = self._of_token[token_id]
        ends = asyncio.get_running_loop().time() + TURN_S
        await _acquire(own, ends, f"{MOST_OF_TOKEN} commands of this token run already")
        try:
            await _acquire(self._all, ends, f"{MOST_RUNNING} commands run already")
            try:
                yield
            finally:
                self._all.release()
        finally:
            own.release()


async def _acquire(turns: asyncio.Semaphore, ends: float, why_not: str) -> None:
    try:
        async with asyncio.timeout_at(ends):
            await turns.acquire()
    except TimeoutError:
        raise Busy(f"{why_not}: try again in a moment") from None


class CommandAnswer(Response):
    """Streams the answer of a command, which ends when the client goes away or takes nothing any more."""

    media_type = MEDIA_TYPE

    def __init__(self, run: RunningCommand, turns: CommandTurns) -> None:
        super().__init__(headers={VERSION_HEADER: __version__, "Cache-Control": "no-store"})
        del self.headers["content-length"]
        self._run = run
        self._turns = turns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = False
        try:
            async with self._turns.take(self._run.services.token.id):
                began = True
                await self._stream(receive, send)
        except Busy as busy:
            if began:
                raise
            await problem_answer(busy)(scope, receive, send)
        finally:
            if not began and self._run.work is not None:
                await asyncio.shield(run_in_threadpool(self._run.work.forget))
            await run_in_threadpool(self._run.close)

    async def _stream(self, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        watch = asyncio.create_task(self._watch(receive))
        lines: list[str] = []
        size, last = 0, dict[str, Any]()
        try:
            async with aclosing(self._run.lines()) as run:
                async for line in run:
                    text = json.dumps(line) + "\n"
                    if line:
                        last, size = line, size + len(text)
                        if size <= MOST_KEPT:
                            lines.append(text)
                    await self._send(send, {"type": "http.response.body", "body": text.encode(), "more_body": True})
        except _Stalled:
            return  # the server closes the connection of an answer that is not complete
        finally:
            watch.cancel()
            await asyncio.shield(self._end_work(last, lines if size <= MOST_KEPT else None))
        # Not before the answer is kept: who has all of it may ask with its key again.
        with suppress(_Stalled):
            await self._send(send, {"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send, message: Message) -> None:
        try:
            async with asyncio.timeout(STALLED_S):
                with suppress(OSError):
                    await send(message)
        except TimeoutError:
            self._run.end(f"nothing of the answer was read for {STALLED_S:g} s")
            raise _Stalled from None

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._run.end("the connection was lost")

    async def _end_work(self, last: Mapping[str, Any], lines: list[str] | None) -> None:
        """Keep the answer for the key of the command, if it is whole. `last`: its last line; `lines`: all of them, None
        if they are too many. The key of a command that changed nothing is freed otherwise: it can be run again."""
        work = self._run.work
        if work is None:
            return
        is_done = "question" in last or ("exit" in last and "ended" not in last)
        answer = KeptAnswer(200, _HEADERS, "".join(lines or [json.dumps(last) + "\n"]))
        if is_done and lines is not None and not self._run.why_ended:
            await run_in_threadpool(work.keep, answer)
        else:
            await run_in_threadpool(work.forget, otherwise=answer if is_done else None)


class _Stalled(Exception):
    """The client takes nothing of the answer."""


def done_before(lost: AnswerLost, argv: Sequence[str]) -> KeptAnswer:
    """Return the answer of a command that was done before its server ended: the ids of its posts, and a note. Raise
    `lost` where the command prints something else, or has more than one exit code after a change."""
    words = {word.partition("=")[0] for word in argv}
    if not lost.post_ids or argv[0] not in _PRINT_IDS or words & _OTHER_OUTPUT:
        raise lost
    ids = [str(post_id) for post_id in lost.post_ids]
    see = "ttp history" if argv[0] == "delete" else f"ttp show {ids[0]}"
    note = f"note: this command was done before, and its output was lost.\n      see: {see}"
    lines = ({"stdout": _encode("".join(f"{one}\n" for one in ids))}, {"stderr": _encode(f"{note}\n")}, {"exit": 0})
    return KeptAnswer(200, _HEADERS, "".join(json.dumps(line) + "\n" for line in lines))


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
