"""A scripted platform: every request is compared with the next expected one, and answered as told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx

from ttp.domain.account import Account, Credentials
from ttp.domain.media.item import MediaItem
from ttp.domain.publishing.outcome import Handle, Kind
from ttp.platforms.client import MediaFile, PublishRequest, Ready, Step, StepDone, StepFailed, Wait
from ttp.platforms.testing import NOON, StandingClock

TOKEN = "secret-token-123"
BEARER = {"authorization": f"Bearer {TOKEN}"}


class Body(httpx.SyncByteStream):
    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


@dataclass
class Stub:
    """One expected request and its answer. `headers`: None for one that must not be there."""

    method: str
    url: str
    query: Mapping[str, str] | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    json: object = None
    form: Mapping[str, str] | None = None
    body: bytes | None = None
    part: Mapping[str, bytes] | None = None
    status: int = 200
    answer: object = None
    raw: bytes | None = None
    sent: Mapping[str, str] = field(default_factory=dict)
    date: datetime | None = NOON
    fails: Exception | None = None

    def check(self, request: httpx.Request) -> None:
        split = urlsplit(str(request.url))
        assert (request.method, f"{split.scheme}://{split.netloc}{split.path}") == (self.method, self.url)
        assert dict(parse_qsl(split.query)) == dict(self.query or {})
        for name, value in self.headers.items():
            assert request.headers.get(name) == value
        body = request.read()
        kind = request.headers.get("content-type", "")
        if self.json is not None:
            assert kind == "application/json; charset=UTF-8"
            assert json.loads(body) == self.json
        elif self.form is not None:
            assert kind == "application/x-www-form-urlencoded"
            assert {name: values[0] for name, values in parse_qs(body.decode()).items()} == self.form
        elif self.part is not None:
            assert multipart(kind, body) == self.part
        else:
            assert body == (self.body or b"")

    def answers(self, request: httpx.Request) -> bool:
        """Whether this is the request to these parameters."""
        return dict(parse_qsl(urlsplit(str(request.url)).query)) == dict(self.query or {})

    def response(self) -> httpx.Response:
        if self.fails is not None:
            raise self.fails
        raw = self.raw if self.raw is not None else b"" if self.answer is None else json.dumps(self.answer).encode()
        headers = {"content-type": "application/json", **self.sent}
        if self.date is not None:
            headers["date"] = format_datetime(self.date, usegmt=True)
        return httpx.Response(self.status, headers=headers, stream=Body(raw))


class Script(httpx.BaseTransport):
    """The platform: exactly these requests, in this order."""

    def __init__(self, *stubs: Stub) -> None:
        self.left = list(stubs)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert self.left, f"no request was expected: {request.method} {request.url}"
        stub = self.left.pop(0)
        stub.check(request)
        return stub.response()


def multipart(kind: str, body: bytes) -> dict[str, bytes]:
    """The fields of a multipart body."""
    boundary = b"--" + kind.partition("boundary=")[2].encode()
    fields = {}
    for part in body.split(boundary)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        fields[head.split(b'name="')[1].split(b'"')[0].decode()] = value.removesuffix(b"\r\n")
    return fields


def drive(steps: Generator[Step, None, Ready], clock: StandingClock) -> tuple[list[Step], Ready]:
    """Every step of a preparation and how it ended; waits pass on `clock`."""
    seen: list[Step] = []
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            return seen, end.value
        seen.append(step)
        if isinstance(step, Wait):
            clock.move(step.seconds)


def drive_to_failure(steps: Generator[Step, None, Ready], clock: StandingClock) -> tuple[list[Step], StepFailed]:
    """Every step of a preparation before it fails, and its failure; waits pass on `clock`."""
    seen: list[Step] = []
    try:
        for step in steps:
            seen.append(step)
            if isinstance(step, Wait):
                clock.move(step.seconds)
    except StepFailed as failed:
        return seen, failed
    raise AssertionError("the preparation did not fail")


def last_handle(steps: list[Step]) -> Handle | None:
    return next(
        (step.handle for step in reversed(steps) if isinstance(step, StepDone) and step.handle is not None), None
    )


def media(path: Path, data: bytes, mime: str, alt: str | None = None, **facts: Any) -> MediaFile:
    path.write_bytes(data)
    item = MediaItem(path.name, mime, len(data), hashlib.sha256(data).hexdigest(), alt=alt, **facts)
    return MediaFile(item, path)


def order(platform: str, text: str = "Hello", *files: MediaFile, **changes: Any) -> PublishRequest:
    account = Account(platform, "demo", id=1)
    fields: dict[str, Any] = {
        "delivery_id": 7,
        "account": account,
        "credentials": Credentials(TOKEN),
        "text": text,
        "media": files,
        **changes,
    }
    return PublishRequest(**fields)


def by_code(judged: Mapping[tuple[Kind, bool], str]) -> dict[str, tuple[Kind, bool]]:
    """What every code means, from the codes of each meaning: its kind, and whether it passes."""
    return {code: meaning for meaning, codes in judged.items() for code in codes.split()}
