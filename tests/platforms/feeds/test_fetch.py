"""Fetching a feed: what is sent, where it may lead, how much is read, and what each answer means."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from tests.platforms.raw_server import PUBLIC, Internet, Server, connect_to, running
from ttp.platforms.download import DownloadTimeouts
from ttp.platforms.feeds import fetch as fetching
from ttp.platforms.feeds.fetch import Failed, Fetched, FetchRequest, NotModified, fetch

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
BODY = b"<rss/>"
URL = "https://feeds.example/feed.xml"


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def internet(server: Server, monkeypatch: pytest.MonkeyPatch) -> Internet:
    net = connect_to(server, monkeypatch)
    net.names |= {"feeds.example": [PUBLIC], "other.example": [PUBLIC], "inside.example": ["10.0.0.1"]}
    return net


def answer(status: int = 200, body: bytes = BODY, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Any", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join((*lines, f"Content-Length: {len(body)}", "", "")).encode() + body


def got(address: str = URL, **more: Any) -> Fetched | NotModified | Failed:
    return fetch(FetchRequest(address, NOW, **more))


def test_a_new_body_comes_with_what_is_to_be_sent_back(server: Server, internet: Internet) -> None:
    headers = {"ETag": 'W/"a b"', "Last-Modified": "Mon, 30 Nov 2026 08:00:00 GMT", "Cache-Control": "max-age=600"}
    server.answers.append(answer(200, BODY, Content_Type="text/xml", **headers))
    hash = sha256(BODY).hexdigest()
    assert got() == Fetched(BODY, "text/xml", URL, hash, 'W/"a b"', headers["Last-Modified"], 600)
    assert internet.connected == [(PUBLIC, 443)]
    asked = server.asked[0].lower()
    assert b"user-agent: ttp/" in asked
    assert b"accept-encoding: gzip\r\n" in asked
    for never in (b"cookie", b"referer", b"if-none-match", b"if-modified-since", b"authorization"):
        assert never not in asked


def test_a_date_of_this_second_is_not_sent_back(server: Server, internet: Internet) -> None:
    second = "Mon, 30 Nov 2026 08:00:00 GMT"
    server.answers.append(answer(Date=second, Last_Modified=second))
    reply = got()
    assert isinstance(reply, Fetched)
    assert reply.last_modified is None


def test_validators_are_sent_as_they_came_and_a_304_keeps_them(server: Server, internet: Internet) -> None:
    server.answers.append(answer(304, b""))
    assert got(etag='W/"a b"', last_modified="never, a date") == NotModified('W/"a b"', "never, a date")
    assert b'If-None-Match: W/"a b"\r\n' in server.asked[0]
    assert b"If-Modified-Since: never, a date\r\n" in server.asked[0]
    server.answers.append(answer(304, b""))  # nobody asked whether it changed
    assert isinstance(got(), Failed)


def test_the_same_body_is_not_modified(server: Server, internet: Internet) -> None:
    server.answers.append(answer(ETag='"new"'))
    assert got(sha256=sha256(BODY).hexdigest()) == NotModified('"new"')


@pytest.mark.parametrize(
    ("statuses", "moved_to"),
    [((301,), "/1"), ((308, 301), "/2"), ((302,), None), ((302, 301), None), ((301, 307), "/1"), ((303,), None)],
)
def test_only_permanent_redirects_from_the_start_name_a_new_address(
    server: Server, internet: Internet, statuses: tuple[int, ...], moved_to: str | None
) -> None:
    steps = [answer(status, b"", Location=f"/{step}") for step, status in enumerate(statuses, 1)]
    server.answers += [*steps, answer()]
    fetched = got()
    assert isinstance(fetched, Fetched)
    assert fetched.url == f"https://feeds.example/{len(statuses)}"
    assert fetched.moved_to == (moved_to and f"https://feeds.example{moved_to}")


@pytest.mark.parametrize(
    ("address", "locations", "flaw"),
    [
        (URL, ["http://feeds.example/"], "not_https"),
        (URL, ["ftp://feeds.example/"], "not_https"),
        (URL, ["https://inside.example/"], "private"),
        (URL, ["https://feeds.example:8443/"], "port"),
        (URL, [f"/{step}" for step in range(6)], "redirects"),
        ("http://inside.example/", [], "private"),
        ("http://feeds.example:22/", [], "port"),
        ("file:///etc/passwd", [], "address"),
        ("https://me:secret@feeds.example/", [], "user_name"),
        ("https://nowhere.example/", [], "unknown_host"),
    ],
)
def test_an_address_that_must_not_be_asked_is_not(
    server: Server, internet: Internet, address: str, locations: list[str], flaw: str
) -> None:
    server.answers += [answer(302, b"", Location=each) for each in locations]
    failed = got(address)
    assert isinstance(failed, Failed)
    assert (failed.flaw, len(server.asked)) == (flaw, len(locations))


def test_plain_http_is_read_from_the_internet_and_any_port_of_this_machine_if_allowed(
    server: Server, internet: Internet
) -> None:
    server.answers += [answer(), answer()]
    assert isinstance(got("http://feeds.example/"), Fetched)
    assert isinstance(got("http://inside.example:8080/", allow_private=True), Fetched)


@pytest.mark.parametrize(
    ("status", "headers", "flaw", "retry_after_s"),
    [
        (410, {}, "gone", None),
        (404, {}, "missing", None),
        (401, {}, "forbidden", None),
        (500, {}, "status", None),
        (204, {}, "status", None),
        (429, {"Retry-After": "120"}, "busy", 120),
        (503, {"Retry-After": "Mon, 30 Nov 2026 10:00:00 GMT"}, "busy", 3_600),
        (503, {"Retry-After": "Mon, 30 Nov 2026 08:00:00 GMT"}, "busy", 0),
        (429, {"Retry-After": "99999999999"}, "busy", 86_400),
        (429, {"Retry-After": "soon"}, "busy", None),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 90)}, "forbidden", 90),
    ],
)
def test_an_answer_without_a_body_is_a_failure_with_its_flaw(
    server: Server, internet: Internet, status: int, headers: dict[str, str], flaw: str, retry_after_s: int | None
) -> None:
    server.answers.append(answer(status, b"", **headers))
    failed = got()
    assert isinstance(failed, Failed)
    assert (failed.flaw, failed.status, failed.retry_after_s) == (flaw, status, retry_after_s)
    assert failed.is_gone == (status == 410)


@pytest.mark.parametrize(
    ("headers", "check_after_s"),
    [
        ({"Cache-Control": "public, MAX-AGE=60"}, 60),
        ({"Cache-Control": "s-max-age=60"}, None),
        ({"Cache-Control": "max-age=999999999"}, 86_400),
        ({"Expires": "Mon, 30 Nov 2026 09:30:00 GMT"}, 1_800),
        ({"Expires": "Mon, 30 Nov 2026 09:30:00 GMT", "Date": "Mon, 30 Nov 2026 09:29:00 GMT"}, 60),
        ({"Expires": "Mon, 30 Nov 2026 08:30:00 GMT"}, None),
        ({"Expires": "0"}, None),
    ],
)
def test_how_long_an_answer_holds(
    server: Server, internet: Internet, headers: dict[str, str], check_after_s: int | None
) -> None:
    server.answers.append(answer(200, BODY, **headers))
    fetched = got()
    assert isinstance(fetched, Fetched)
    assert fetched.check_after_s == check_after_s


def drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"<")


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"<" * 100_000)


@pytest.mark.parametrize(
    ("given", "flaw"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\n<rss>", "too_large"),
        (endless, "too_large"),
        (answer(body=gzip.compress(bytes(100_000_000), 1), Content_Encoding="gzip"), "too_large"),
        (answer(body=b"no gzip", Content_Encoding="gzip"), "encoding"),
        (answer(body=BODY, Content_Encoding="br"), "encoding"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<rss>", "cut_off"),
        (b"", "no_answer"),
    ],
)
def test_a_body_that_is_too_large_or_damaged_is_a_failure(
    server: Server, internet: Internet, given: bytes | Callable[[socket.socket], None], flaw: str
) -> None:
    server.answers.append(given)
    failed = got()
    assert isinstance(failed, Failed)
    assert failed.flaw == flaw


def test_a_compressed_body_is_read(server: Server, internet: Internet) -> None:
    server.answers.append(answer(body=gzip.compress(BODY), Content_Encoding="gzip"))
    fetched = got()
    assert isinstance(fetched, Fetched)
    assert fetched.body == BODY


def test_a_server_that_sends_a_byte_at_a_time_is_left(
    server: Server, internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 2_000_000_000)
    server.answers.append(drip)
    failed = got(patience=DownloadTimeouts(60.0, 60.0), longest_s=0.2)
    assert isinstance(failed, Failed)
    assert failed.flaw == "slow"
