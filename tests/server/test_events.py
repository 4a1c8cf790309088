"""Events over HTTP: a list, and a stream that goes on where it was left."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.clock import FakeClock
from tests.server.conftest import BASE, Api
from tests.server.test_access import LIST
from ttp.cli.context import Context
from ttp.domain.errors import Busy
from ttp.server import events as module
from ttp.server.app import build_app
from ttp.services.server.events import Events
from ttp.store.database import Database

STREAM = {"Accept": "text/event-stream"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.01)


def resolve(server: Api, *accounts: str) -> int:
    """Let a post need review, and resolve it: four events for one account."""
    post_id = server.ttp.post("Hi", "--to", ",".join(accounts))
    server.ttp.bring(post_id, "needs_review", next_at=None)
    for one in accounts:
        server.ttp.ok("resolve", str(post_id), "--account", one, "--not-published")
    return int(post_id)


def listed(api: Api, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.ok("GET", f"/v1/events{query}", headers=LIST)
    return found


@dataclass
class Reader:
    """A client of the application that reads a stream until `enough` of what came."""

    app: Any
    token: str | None
    enough: Callable[[Reader], bool]
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    takes: bool = True
    """Whether it takes what is sent."""
    status: int = 0
    text: str = ""
    ended: bool = False
    """Whether the server ended the answer."""

    def read(self) -> Reader:
        asyncio.run(asyncio.wait_for(self.reading(), 60))
        return self

    @contextmanager
    def in_background(self, beginning: str = "") -> Iterator[None]:
        """Read while the block runs, which begins once the beginning has come, and until the end of the answer."""
        thread = threading.Thread(target=self.read)
        thread.start()
        while not self.text or beginning not in self.text:
            thread.join(0.01)
        yield
        thread.join(60)
        assert not thread.is_alive()

    async def reading(self) -> None:
        headers = {**STREAM, **self.headers, "Authorization": f"Bearer {self.token}", "Host": BASE[7:]}
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/v1/events",
            "query_string": self.query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
        gone = asyncio.Event()
        sent = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Any:
            if sent:
                return sent.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                return
            if not self.takes:
                await asyncio.Event().wait()
            self.text += message["body"].decode()
            self.ended = not message.get("more_body", False)
            if self.enough(self):
                gone.set()

        await self.app(scope, receive, send)

    @property
    def events(self) -> list[dict[str, Any]]:
        found = []
        for block in self.text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if "event" in fields:
                held = json.loads(fields["data"])
                assert (str(held["id"]), held["event"]) == (fields["id"], fields["event"])
                found.append(held)
        return found


def reader(api: Api, events: int, **more: Any) -> Reader:
    return Reader(api.app, api.token, lambda it: len(it.events) >= events, **more)


def test_a_list_has_the_events_oldest_first_and_in_pages(server: Api) -> None:
    api = server.having("read")
    assert listed(api) == []
    resolve(server, "x/me")
    resolve(server, "x/other")
    found = listed(api)
    ends = ["delivery.needs_review", "post.finished", "delivery.failed", "post.finished"]
    assert [one["event"] for one in found] == [*ends, *ends]
    assert [one["id"] for one in found] == list(range(1, 9))
    assert [one["post"] for one in found] == [1, 1, 1, 1, 2, 2, 2, 2]
    assert found[0]["account"] == "x/me"
    assert [one["id"] for one in listed(api, "?after=1&limit=2")] == [2, 3]
    assert listed(api, "?after=8") == listed(api, "?after=99") == []


def test_a_stream_has_the_same_events(server: Api) -> None:
    api = server.having("read")
    resolve(server, "x/me")
    found = reader(api, 4, query="after=0").read()
    assert (found.status, found.events) == (200, listed(api))
    assert found.text.startswith("retry: ")


def test_a_stream_begins_now_and_goes_on_after_the_last_event(server: Api) -> None:
    api = server.having("read")
    resolve(server, "x/me")
    new = reader(api, 4)
    with new.in_background():
        resolve(server, "x/me")
    assert [one["post"] for one in new.events] == [2, 2, 2, 2]
    again = reader(api, 1, headers={"Last-Event-ID": "7"}, query="after=0").read()
    assert [one["id"] for one in again.events] == [8]


def test_a_stream_of_a_store_that_was_put_back_begins_now(server: Api) -> None:
    api = server.having("read")
    resolve(server, "x/me")
    ahead = reader(api, 4, headers={"Last-Event-ID": "900"})
    with ahead.in_background():
        resolve(server, "x/me")
    assert [one["id"] for one in ahead.events] == [5, 6, 7, 8]


def test_a_limited_token_gets_the_events_of_its_posts_only(server: Api) -> None:
    limited = server.having("read", "x/me")
    resolve(server, "x/other")
    resolve(server, "x/me", "x/other")
    mine = resolve(server, "x/me")
    assert {one["post"] for one in listed(limited)} == {mine}
    assert {one["post"] for one in reader(limited, 4, query="after=0").read().events} == {mine}


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1/events?limit=3", STREAM),
        ("/v1/events?limit=0", LIST),
        ("/v1/events?limit=1001", LIST),
        ("/v1/events?after=-1", LIST),
        ("/v1/events?after=x", STREAM),
        ("/v1/events?afer=1", STREAM),
        ("/v1/events", {**STREAM, "Last-Event-ID": "x"}),
    ],
)
def test_a_wrong_request_is_refused_before_the_stream(server: Api, path: str, headers: dict[str, str]) -> None:
    server.having("read").refused("GET", path, 400, "usage", headers=headers)


def test_a_token_has_few_streams_and_gets_their_places_back(server: Api) -> None:
    api = server.having("read")
    resolve(server, "x/me")

    async def all_of_them() -> list[Reader]:
        stays = asyncio.Event()
        open_now = [Reader(api.app, api.token, lambda it: stays.is_set(), "after=0") for _ in range(5)]
        running = [asyncio.ensure_future(one.reading()) for one in open_now]
        while not all(one.events for one in open_now):
            await asyncio.sleep(0.01)
        more = reader(api, 0)
        await more.reading()
        other = server.having("read", name="other")
        others = reader(other, 1, query="after=0")
        await others.reading()
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        again = reader(api, 1, query="after=0")
        await again.reading()
        return [more, others, again]

    assert [one.status for one in asyncio.run(asyncio.wait_for(all_of_them(), 60))] == [503, 200, 200]


def test_a_quiet_stream_has_heartbeats_and_ends_with_its_token(server: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.02)
    api = server.having("read")
    assert Reader(api.app, api.token, lambda it: it.text.count("\n:\n\n") + it.text.count("\n\n:\n\n") >= 2).read()
    quiet = Reader(api.app, api.token, lambda it: False)
    with quiet.in_background(":\n\n"):
        server.ttp.ok("token", "revoke", "read")
    assert not quiet.ended


def test_a_reader_that_takes_nothing_loses_its_stream(server: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALLED_AFTER_S", 0.05)
    api = server.having("read")
    resolve(server, "x/me")
    assert reader(api, 1, query="after=0", takes=False).read().text == ""
    assert reader(api, 1, query="after=0").read().events  # its place is free


def test_a_stream_waits_for_an_event_before_the_newest_one(server: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api = server.having("read")
    resolve(server, "x/me")
    newest_id, looks = Events.newest_id, threading.Semaphore(0)

    def unsettled(events: Events) -> int:
        looks.release()
        raise Busy("a change goes on")

    with monkeypatch.context() as patch:
        patch.setattr(Events, "newest_id", unsettled)
        new = reader(api, 2, query="after=2")
        thread = threading.Thread(target=new.read)
        thread.start()
        for _ in range(3):
            assert looks.acquire(timeout=30)
        assert new.events == []
    assert Events.newest_id is newest_id
    thread.join(30)
    assert [one["id"] for one in new.events] == [3, 4]


def test_one_look_at_a_store_that_is_busy_is_for_all_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on, looks = threading.Event(), []

    def slow(events: Events) -> int:
        looks.append(events)
        assert goes_on.wait(30)
        return 7

    monkeypatch.setattr(Events, "newest_id", slow)
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0)

    async def ask_twice() -> tuple[int, int]:
        streams = module.EventStreams(Events(Database(tmp_path), FakeClock()), threading.Event())
        first = asyncio.ensure_future(streams.newest_id())
        await asyncio.sleep(0)  # it looks now
        second = await streams.newest_id()
        goes_on.set()
        return await first, second

    assert asyncio.run(ask_twice()) == (7, 0)
    assert len(looks) == 1


def test_a_stream_does_not_begin_while_the_newest_event_is_unsure(server: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsettled(events: Events, known: int | None) -> int:
        raise Busy("a change goes on")

    monkeypatch.setattr(Events, "start", unsettled)
    server.having("read").refused("GET", "/v1/events", 503, "busy", headers=STREAM)


def test_streams_end_when_the_server_stops(server: Api) -> None:
    stopping = threading.Event()
    api = server.having("read")
    app = build_app(Context(server.ttp.clock).installation, stopping=stopping)
    found = Reader(app, api.token, lambda it: False)
    with found.in_background():
        stopping.set()
    assert found.ended
