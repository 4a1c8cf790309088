"""Route: events, as a stream of Server-Sent Events that does not end, or as a list."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Annotated, Any

from fastapi import Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from ttp.domain.errors import Busy, TtpError
from ttp.domain.operations import OPERATIONS
from ttp.server.answers import JsonAnswer
from ttp.server.problems import InvalidRequest, problem_answer
from ttp.server.requests import Services, token_of
from ttp.server.services import RequestServices
from ttp.services.server.events import Events
from ttp.store.events import StoredEvent

MOST_EVENTS, USUAL_EVENTS = 1000, 100
"""Events of one list."""
MOST_STREAMS = 5
"""Streams of one token that are open at once."""
LOOK_EVERY_S = 0.5
HEARTBEAT_S = 15.0
"""Seconds after which a stream without events gets a comment, and its token is checked again."""
STALLED_AFTER_S = 90.0
"""Seconds after which a reader that takes nothing loses its stream, unless it has lost its connection before."""
_MOST_ID = 10**15
STREAM_BODY: Mapping[str, Any] = {
    "responses": {"200": {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    "parameters": [  # written here: of a number that may be null, generated clients make no header
        {
            "name": "Last-Event-ID",
            "in": "header",
            "required": False,
            "schema": {"type": "integer", "minimum": 0, "maximum": _MOST_ID},
            "description": "As `after`, which it replaces: browsers send it.",
        }
    ],
}


class EventStreams:
    """The open streams of an application. They end once `stopping` is set."""

    def __init__(self, events: Events, stopping: threading.Event) -> None:
        self.stopping = stopping
        self._events = events
        self._open: Counter[int] = Counter()
        self._newest, self._looked_at, self._is_looking = 0, float("-inf"), False

    @contextmanager
    def place(self, token_id: int) -> Iterator[bool]:
        """Count a stream for the block. Yield whether the token may have one more."""
        if self._open[token_id] >= MOST_STREAMS:
            yield False
            return
        self._open[token_id] += 1
        try:
            yield True
        finally:
            self._open[token_id] -= 1

    async def newest_id(self) -> int:
        """Return the id up to which all events are known. All streams share one look at the store."""
        now = time.monotonic()
        if not self._is_looking and now - self._looked_at >= LOOK_EVERY_S / 2:
            self._looked_at, self._is_looking = now, True
            try:
                with suppress(Busy):  # a change goes on for long: what is after it has to wait
                    self._newest = await run_in_threadpool(self._events.newest_id)
            finally:
                self._is_looking = False
        return self._newest


class EventStream(StreamingResponse):
    """Sends events as they happen. It reads as many as its client takes: nothing is queued."""

    def __init__(self, request: Request, services: RequestServices, after: int | None) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__((), headers=headers, media_type="text/event-stream")
        self._request = request
        self._services = services
        self._streams: EventStreams = request.app.state.streams
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._streams.place(self._services.token.id) as is_free:
            if not is_free:
                refusal = Busy(f"the token has {MOST_STREAMS} open streams of events, which is the limit")
                await problem_answer(refusal)(scope, receive, send)
                return
            # The body of the request has been read: what comes next is the end of the connection.
            gone = asyncio.ensure_future(receive())
            try:
                last = await run_in_threadpool(self._services.events.start, self._after)
            except TtpError as error:
                gone.cancel()
                await problem_answer(error)(scope, receive, send)
                return
            try:
                await self._stream(send, gone, last)
            except (TimeoutError, TtpError):
                return  # a reader that takes nothing; a store that cannot be read, a token that was revoked
            finally:
                gone.cancel()

    async def _stream(self, send: Send, gone: asyncio.Future[Message], last: int) -> None:
        streams, events = self._streams, self._services.events
        await _send(send, {"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await _send(send, _body(b"retry: 2000\n\n"))
        sent = checked = time.monotonic()
        while not gone.done() and not streams.stopping.is_set():
            now = time.monotonic()
            if now - checked >= HEARTBEAT_S:
                await run_in_threadpool(
                    token_of, self._request, self._services.installation, OPERATIONS["events"].needs
                )
                checked = now
            newest = await streams.newest_id()
            new = await run_in_threadpool(events.after, last, USUAL_EVENTS, newest) if newest > last else ()
            last = new[-1].id if new else max(last, newest)  # those that the token may not see are skipped
            if new or now - sent >= HEARTBEAT_S:
                await _send(send, _body("".join(map(event_text, new)).encode() or b":\n\n"))
                sent = now
            if not new:
                await asyncio.wait([gone], timeout=LOOK_EVERY_S)
        await _send(send, _body(b"", more=False))


async def _send(send: Send, message: Message) -> None:
    """Send, and raise TimeoutError if the client takes nothing."""
    await asyncio.wait_for(send(message), STALLED_AFTER_S)


def _body(data: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


def event_text(event: StoredEvent) -> str:
    """Return an event as Server-Sent Events have it."""
    return f"id: {event.id}\nevent: {event.event}\ndata: {json.dumps(event.as_json(), ensure_ascii=False)}\n\n"


async def list_events(
    request: Request,
    services: Services,
    after: Annotated[
        int | None, Query(ge=0, le=_MOST_ID, description="The id of the last event that is known.")
    ] = None,
    limit: Annotated[int | None, Query(ge=1, le=MOST_EVENTS, description="Events of a list, not of a stream.")] = None,
    last_event_id: Annotated[int | None, Header(ge=0, le=_MOST_ID, include_in_schema=False)] = None,
) -> Response:
    """Send events as they happen, or list those of the last week.

    The answer is a stream of Server-Sent Events, which begins with the next event or after `after`, and stays open.
    With `Accept: application/json` it is a list, oldest first.
    """
    known = after if last_event_id is None else last_event_id
    accepted = request.headers.get("accept", "").lower()
    if "application/json" in accepted and "text/event-stream" not in accepted:
        events = await run_in_threadpool(services.events.after, known or 0, limit or USUAL_EVENTS)
        return JsonAnswer([event.as_json() for event in events])
    if limit is not None:
        raise InvalidRequest("a stream has no limit; send Accept: application/json for a list")
    return EventStream(request, services, known)
