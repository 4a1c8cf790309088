"""All that Instagram's client sends and stores, byte for byte, as it was before Threads shared its code.

A delivery that an earlier version began is finished by a later one: its handle, its fingerprint and its requests must
be the same ones. A digest that differs is a change of behaviour; the text of the failure shows the requests.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import timedelta
from email.utils import format_datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clock import FakeClock
from tests.platforms.factories import checker_for, client_for, deleter_for, login_for
from tests.platforms.stubs import media, order
from tests.publisher.bench import Bench
from tests.settings import Config
from ttp.domain.account import Account, Credentials
from ttp.domain.delivery import DeliveryState
from ttp.domain.publishing.outcome import Handle
from ttp.domain.time.clock import Clock
from ttp.platforms.client import MediaFile, Ready, StepDone, StepFailed, Wait
from ttp.platforms.login import App, Grant
from ttp.platforms.testing import NOON, StandingClock

CREDENTIALS = Credentials("secret-token-123", user_id="178", client_id="77", client_secret="hush")
DEMO = Account("instagram", "demo")
POSTS = {
    "data": [
        {"id": "555", "caption": "Hello", "timestamp": "2026-11-24T12:00:01+0000", "permalink": "https://i.example/p/a"}
    ]
}
OPTIONS = {
    "user_tags": "anna:0.5:0.25,ben:0:1",
    "collaborators": "one,two",
    "location_id": "42",
    "is_ai_generated": "true",
    "share_to_feed": "true",
    "thumb_offset_ms": "1500",
}


@dataclass
class Graph(httpx.BaseTransport):
    """Meta's API with ids in order. `answers`: by the end of the path, what replaces an answer, as status and body."""

    clock: Clock
    answers: dict[str, tuple[int, object]] = field(default_factory=dict)
    log: list[object] = field(default_factory=list)
    state: str = "FINISHED"
    ids: Iterator[int] = field(default_factory=lambda: count(900))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        names = ("authorization", "content-type", "content-length", "offset", "file_size")
        headers = {name: request.headers[name] for name in names if name in request.headers}
        self.log.append([request.method, str(request.url), headers, request.read().decode()])
        path = f"{request.method} {request.url.path}"
        status, body = next((one for end, one in self.answers.items() if path.endswith(end)), (200, self._body(path)))
        sent = {"date": format_datetime(self.clock.now(), usegmt=True), "content-type": "application/json"}
        return httpx.Response(status, headers=sent, content=json.dumps(body).encode())

    def _body(self, path: str) -> object:
        last = path.rpartition("/")[2]
        if path.startswith("POST") and last == "media":
            return {"id": str(next(self.ids)), "uri": f"https://rupload.facebook.com/ig-api-upload/v25.0/{path[-4:]}"}
        if last == "content_publishing_limit":
            return {"data": [{"quota_usage": 2, "config": {"quota_total": 50, "quota_duration": 86400}}]}
        match last:
            case "media_publish":
                return {"id": "555"}
            case "555":
                return {"id": "555", "permalink": "https://www.instagram.com/p/DEMO/", "success": True}
            case "media" | "stories":
                return POSTS
            case "me":
                return {"data": [{"user_id": "178", "username": "demo", "account_type": "BUSINESS"}]}
            case "178":
                return {"id": "178", "username": "demo"}
            case "access_token" | "refresh_access_token":
                return {"access_token": "new-token", "token_type": "bearer", "expires_in": 5183944}
            case "accounts":
                page = {"id": "1", "access_token": "page-token", "instagram_business_account": {"id": "178"}}
                return {"data": [page]}
            case "permissions":
                return {"data": [{"permission": "instagram_basic", "status": "granted"}], "success": True}
            case "debug_token":
                return {"data": {"scopes": ["instagram_basic"], "expires_at": 0}}
        received = {"uploading_phase": {"bytes_transferred": 2}}
        return {
            "id": last,
            "status_code": self.state,
            "status": "Error: 2207026 no",
            "video_status": received,
            "success": True,
        }


WORDING = ("message", "what", "note", "remarks")


def _plain(value: object) -> object:
    """Return a value as JSON, without wording, and without fields that have their default."""
    match value:
        case str() | int() | float() | None:
            return value
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case _ if is_dataclass(value):
            names = {one.name: one.default for one in fields(value) if one.name not in WORDING}
            values = {name: getattr(value, name) for name, default in names.items()}
            return [type(value).__name__, {n: _plain(one) for n, one in values.items() if one != names[n]}]
        case _:
            return str(value)


class Recording:
    """Publishes with Instagram's client, and writes down requests, handles, fingerprints and outcomes."""

    def __init__(self, folder: Path, *, login: str = "instagram") -> None:
        self.clock = StandingClock()
        self.graph = Graph(self.clock)
        (folder / "served").mkdir()
        self.config = Config(
            {
                "platforms.instagram.login": login,
                "media_host.kind": "folder",
                "media_host.path": str(folder / "served"),
                "media_host.base_url": "https://cdn.example/m",
                "publish.status_poll_s": 1.0,
            }
        )
        self.photo = media(folder / "a.jpg", b"jpeg", "image/jpeg", alt="A cup")
        self.clip = media(folder / "b.mp4", b"clip", "video/mp4", duration_ms=4000)
        self.client: Any = client_for("instagram", self.config, self.clock, transport=self.graph)
        self.request = order("instagram", "Hello", self.photo, credentials=CREDENTIALS)

    def note(self, what: object) -> None:
        self.graph.log.append(_plain(what))

    def of(self, *files: MediaFile, **options: str) -> None:
        self.request = order("instagram", "Hello", *files, credentials=CREDENTIALS, options=options)

    def prepare(self, handle: Handle | None = None) -> Handle:
        preparing = self.client.prepare(self.request, handle or {})
        while True:
            try:
                step = next(preparing)
            except StopIteration as end:
                self.note([end.value.handle, end.value.fingerprint, end.value.step, end.value.doubt])
                return dict(end.value.handle)
            except StepFailed as failed:
                self.note([failed.step, failed.outcome])
                return handle or {}
            if isinstance(step, StepDone) and step.handle is not None:
                handle = step.handle
            self.note(step)
            self.clock.move(step.seconds if isinstance(step, Wait) else 0)

    def publish(self, handle: Handle) -> None:
        self.note(self.client.publish(self.request, handle))

    def look_up(self, handle: Handle) -> None:
        self.note(self.client.look_up(self.request, handle, NOON - timedelta(minutes=5)))


def _photo(record: Recording) -> None:
    record.of(record.photo, **OPTIONS)
    record.publish(record.prepare())


def _carousel(record: Recording) -> None:
    record.of(record.photo, record.clip, record.photo, user_tags="anna:0.5:0.5,2/ben")
    handle = record.prepare()
    record.publish(handle)
    record.publish(record.prepare(handle))


def _reel(record: Recording) -> None:
    record.of(record.clip, **OPTIONS)
    record.publish(record.prepare())


def _story(record: Recording) -> None:
    record.of(record.photo, kind="story")
    handle = record.prepare()
    record.publish(handle)
    record.graph.state = "PUBLISHED"
    record.look_up(handle)


def _upload(record: Recording) -> None:
    """Bytes to Facebook's upload host; the second time from its offset."""
    record.of(record.clip)
    record.graph.answers["POST /v25.0/178/media"] = 200, {"id": "900", "uri": "https://rupload.facebook.com/up/900"}
    record.graph.answers["POST /up/900"] = 500, {"debug_info": {"type": "Retry", "message": "again", "retriable": True}}
    handle = record.prepare()
    del record.graph.answers["POST /up/900"]
    record.publish(record.prepare(handle))


def _unnamed(record: Recording) -> None:
    """No user id is known; and the post is edited after its container was made."""
    record.request = replace(record.request, credentials=Credentials("secret-token-123"))
    handle = record.prepare()
    record.request = replace(record.request, text="Edited")
    record.prepare(handle)


def _waits(record: Recording) -> None:
    record.graph.state = "IN_PROGRESS"
    record.prepare()
    for state in ("ERROR", "EXPIRED"):
        record.graph.state = state
        record.prepare()


def _look_ups(record: Recording) -> None:
    handle = record.prepare()
    for state in ("PUBLISHED", "FINISHED", "IN_PROGRESS", "EXPIRED", "ERROR", "ODD"):
        record.graph.state = state
        record.look_up(handle)
        record.prepare({**handle, "unsettled_since": 1_795_521_600_000})
    gone = {"error": {"code": 100, "error_subcode": 33, "message": "no such", "fbtrace_id": "A"}}
    record.graph.answers["GET /v25.0/900"] = 400, gone
    record.look_up(handle)
    record.graph.answers["GET /v25.0/178/media"] = 200, {"data": []}
    record.look_up(handle)
    record.look_up({})
    record.graph.answers["GET /v25.0/178/media"] = 500, {}
    record.look_up(handle)


def _refusals(record: Recording) -> None:
    handle = record.prepare()
    codes = ((4, None), (9007, 2207027), (190, 463), (368, None), (506, None), (100, 2207003), (2, None), (77, None))
    for state in ("FINISHED", "IN_PROGRESS", "PUBLISHED", "EXPIRED"):
        record.graph.state = state
        for code, subcode in codes:
            error = {"code": code, "error_subcode": subcode, "message": "no", "fbtrace_id": "A"}
            record.graph.answers["POST /v25.0/178/media_publish"] = 400, {"error": error}
            record.publish(handle)
            record.clock.move(90_000)
    del record.graph.answers["POST /v25.0/178/media_publish"]
    quota = {"data": [{"quota_usage": 50, "config": {"quota_total": 50}}]}
    record.graph.answers["/content_publishing_limit"] = 200, quota
    record.prepare(handle)


def _account(record: Recording) -> None:
    """The login, the check of the account, and a deletion."""
    connect = {"transport": record.graph}
    login = login_for("instagram", record.config, record.clock, **connect)
    app = App("77", "hush")
    challenge = login.challenge("v" * 43, "https://localhost/callback")
    record.note(
        login.authorize_url(app, state="s", redirect_uri="https://r.example", scopes=("a", "b"), challenge=challenge)
    )
    record.note(login.exchange(app, code="code-1", verifier=None, redirect_uri="https://r.example"))
    record.note(login.refresh(CREDENTIALS))
    record.note(login.who(Grant("new-token", issued_at=NOON)))
    record.note(login.revoke(CREDENTIALS))
    record.graph.answers["access_token"] = 400, {"error": {"code": 190, "message": "dead"}}
    record.note(login.refresh(CREDENTIALS))
    record.note(login.exchange(app, code="code-1", verifier=None, redirect_uri="https://r.example"))
    record.note(checker_for("instagram", record.config, record.clock, **connect).check(DEMO, CREDENTIALS))
    deleter = deleter_for("instagram", record.config, record.clock, **connect)
    record.note(deleter if isinstance(deleter, str) else deleter.delete(record.request, "555"))


@pytest.mark.parametrize(
    ("play", "login", "digest"),
    [
        (_photo, "instagram", "97c6dda9f03efd80"),
        (_carousel, "instagram", "4444078b5eba6a6d"),
        (_reel, "instagram", "483d1dd18166e912"),
        (_story, "instagram", "aa3393c8d274d432"),
        (_upload, "facebook", "a558525d7841ea11"),
        (_unnamed, "instagram", "cb6af4585f3f844b"),
        (_waits, "instagram", "f403fc41d7192acb"),
        (_look_ups, "instagram", "39472b09150bb181"),
        (_refusals, "instagram", "dd4a753795997e0d"),
        (_account, "instagram", "32be7c9e8ac33a6e"),
        (_account, "facebook", "58b5622dcdf248cc"),
    ],
)
def test_what_instagram_gets_and_what_is_stored_is_what_it_was(
    play: Callable[[Recording], None], login: str, digest: str, tmp_path: Path
) -> None:
    record = Recording(tmp_path, login=login)
    play(record)
    text = json.dumps(record.graph.log, indent=1)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest, text


STORED: Handle = {
    "user_id": "178",
    "request": "c421ebf30056e392ce3ea839b2c3bf7e6ca84e3f718173e92e6c3f9ce92ee241",
    "creation_id": "900",
    "created": 1_795_521_600_000,
}
"""The handle of a post "Hello" with an open intent, as version 0.1 stored it."""


@pytest.mark.parametrize(("state", "calls"), [("PUBLISHED", 0), ("FINISHED", 1)])
def test_an_intent_that_an_earlier_version_left_open_is_settled(
    state: str, calls: int, tmp_path: Path, clock: FakeClock
) -> None:
    bench = Bench(tmp_path / "home", clock)
    bench.account("instagram/me")
    bench.credentials.put("instagram/me", Credentials("secret-token-123", user_id="178"))
    bench.post("instagram/me", content="Hello")
    scripted = bench.clients["instagram"]
    scripted.makes = lambda request, handle: Ready(STORED, bench.clock.now(), "POST media_publish", "f")
    scripted.publishes.append(lambda request, handle: bench.die())
    bench.run_and_die()
    graph = Graph(bench.clock, state=state)
    client: Any = client_for("instagram", bench.config, bench.clock, transport=graph)
    bench.clients["instagram"] = client
    bench.run()
    delivery = bench.delivery()
    assert (delivery.state, delivery.remote_id) == (DeliveryState.PUBLISHED, "555")
    sent = [line for line in graph.log if isinstance(line, list) and line[0] == "POST"]
    assert [(url.rpartition("/")[2], body) for _, url, _, body in sent] == [
        ("media_publish", "creation_id=900")
    ] * calls
