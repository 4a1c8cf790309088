"""Answers to a publishing call that prove nothing, for the tests that every platform passes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TypeAlias

import httpx

Answers: TypeAlias = Callable[[httpx.Request], httpx.Response]
"""Answers a request, or raises what the network would."""
ELSEWHERE = "http://127.0.0.2:9/2/tweets"
"""An address to which nothing may be sent."""


class RawBody(httpx.SyncByteStream):
    """A body as it comes off the wire, compressed or not."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __iter__(self) -> Iterator[bytes]:
        yield self._data


def answer(status: int, body: bytes = b"", **headers: str) -> Answers:
    """Return the same answer to every request."""
    named = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: httpx.Response(status, headers=named, stream=RawBody(body))


def fails(error: type[httpx.TransportError]) -> Answers:
    """Return what raises the error for every request."""

    def failing(request: httpx.Request) -> httpx.Response:
        raise error("as a test said", request=request)

    return failing


def echo(request: httpx.Request) -> httpx.Response:
    """Answer with an error page that repeats all headers, the token too."""
    sent = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
    return httpx.Response(500, headers={"content-type": "text/html"}, stream=RawBody(f"<pre>{sent}</pre>".encode()))


def echo_in_json(request: httpx.Request) -> httpx.Response:
    """Answer with a refusal in the usual shapes that repeats the token and has no known code."""
    words = request.headers.get("authorization", "")
    body: dict[str, object] = {"title": words, "detail": words, "type": words, "status": 409}
    body |= {"error": {"message": words, "type": words, "code": words, "log_id": words}}
    return httpx.Response(409, headers={"content-type": "application/json"}, stream=RawBody(json.dumps(body).encode()))


@cache
def no_proof(success: int) -> Mapping[str, Answers]:
    """Return, by name, answers to a publishing call that prove nothing. `success`: the status of a real answer."""
    html, page = {"content_type": "text/html"}, b"<html><head><title>Oops</title></head><body>Gateway</body></html>"
    places = ((301, ELSEWHERE), (302, ELSEWHERE), (303, "/2/tweets"), (307, ELSEWHERE), (308, "/2/tweets"))
    own = b'{"title": "Oops", "status": 500}'
    return {
        "a time-out": fails(httpx.ReadTimeout),
        "a time-out while sending": fails(httpx.WriteTimeout),
        "a reset": fails(httpx.ReadError),
        "a reset while sending": fails(httpx.WriteError),
        "a cut": fails(httpx.RemoteProtocolError),
        **{f"{status} as JSON": answer(status, own) for status in (408, 425, 500, 503)},
        **{f"{status} as a page": answer(status, page, **html) for status in (403, 404, 425, 502)},
        **{f"a redirect with {status}": answer(status, location=place) for status, place in places},
        "a page of 64 kB": answer(502, b"<p>" + b"x" * 64_000, **html),
        "a refusal of 64 kB": answer(403, b"<p>" + b"x" * 64_000, **html),
        "a success as a page": answer(success, page, **html),
        "a success cut short": answer(success, b'{"data": {"id": "12'),
        "a success without an id": answer(success, b'{"data": {}, "error": {"code": "ok"}}'),
        "a success with an odd id": answer(success, b'{"id": "../1", "data": {"id": [1], "publish_id": 7}}'),
        "a success that is a list": answer(success, b"[1]"),
        "an empty success": answer(success),
        "no content": answer(204),
        "a success that unpacks to 50 MB": answer(success, gzip.compress(bytes(50_000_000)), content_encoding="gzip"),
        "an error that unpacks to 50 MB": answer(400, gzip.compress(bytes(50_000_000)), content_encoding="gzip"),
        "an encoding that was not asked for": answer(success, b"\x8b\x02\x80", content_encoding="br"),
        "its own type": answer(success, b"id=1", content_type="application/x-www-form-urlencoded"),
        "a page that repeats the token": echo,
        "a refusal that repeats the token": echo_in_json,
    }
