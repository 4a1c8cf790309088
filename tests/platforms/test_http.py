"""The results of requests: bounded answers, and failures that prove nothing was done or leave doubt."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.free_port import free_port
from tests.platforms.factories import PLATFORMS
from tests.platforms.stubs import TOKEN, Body, Script, Stub, order
from tests.rows import each
from tests.settings import Config
from ttp import __version__
from ttp.domain.account import Credentials
from ttp.domain.action import action
from ttp.domain.publishing.outcome import Kind
from ttp.platforms.http import ERROR_CAP, JSON_CAP, Http, Timeouts, parse_date
from ttp.platforms.platform import Runtime
from ttp.platforms.reply import Answer, ConnectionLost, NotSent
from ttp.platforms.testing import NOON, StandingClock

URL = "https://api.example/thing"
WHO = order("x")


def http(transport: httpx.BaseTransport, clock: StandingClock | None = None, base: str = "https://api.example") -> Http:
    return Http(base, Timeouts(1, 2, 3), clock or StandingClock(), transport=transport)


class One(httpx.BaseTransport):
    """Answers every request with one response, and remembers the requests."""

    def __init__(self, status: int = 200, body: Body | None = None, headers: dict[str, str] | None = None) -> None:
        self.status, self.body, self.headers = status, body or Body(b"{}"), headers or {}
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.status, headers=self.headers, stream=self.body)


def answered(transport: httpx.BaseTransport, clock: StandingClock | None = None) -> Answer:
    reply = http(transport, clock).request_for(WHO, "GET", "/thing")
    assert isinstance(reply, Answer)
    return reply


@each("host", ["127.0.0.1", "[::1]", "10.0.0.8", "localhost", "169.254.169.254"])
def test_only_public_hosts_are_called_where_only_those_are_allowed(host: str) -> None:
    transport = One()
    there = Http("https://8.8.8.8", Timeouts(1, 2, 3), StandingClock(), only_public=True, transport=transport)
    assert isinstance(there.request("GET", "/thing"), Answer)
    assert isinstance(there.request("GET", f"https://{host}/thing"), NotSent)
    assert len(transport.requests) == 1


def test_a_request_carries_the_token_and_the_version_and_every_time_out() -> None:
    transport = One()
    answered(transport)
    (request,) = transport.requests
    assert str(request.url) == URL
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["user-agent"] == f"ttp/{__version__}"
    assert request.extensions["timeout"] == {"connect": 1, "read": 2, "write": 2, "pool": 1}


def test_uploads_wait_longer_and_patience_shortens_the_wait() -> None:
    transport = One()
    http(transport).request_for(WHO, "PUT", "/thing", content=b"x", uploading=True)
    http(transport).request_for(WHO, "GET", "/thing", patience=0.5)
    upload, short = (request.extensions["timeout"] for request in transport.requests)
    assert upload == {"connect": 1, "read": 3, "write": 3, "pool": 1}
    assert short["read"] == 0.5


@pytest.mark.parametrize("usual_s", [60.0, 500.0])
def test_a_slow_answer_is_waited_for_as_long_as_the_platform_may_take(usual_s: float) -> None:
    facts, transport = PLATFORMS.facts("threads"), One()
    config = Config({"http.read_timeout_s": usual_s})
    slow = Runtime(config, StandingClock(), transport=transport).http(facts)
    slow.request("POST", "/thing", slow=True)
    slow.request("GET", "/thing")
    assert [one.extensions["timeout"]["read"] for one in transport.requests] == [max(usual_s, 240.0), usual_s]


def test_the_settings_give_the_address_and_the_time_outs() -> None:
    config = Config({"platforms.x.base_url": "http://127.0.0.1:8700/", "http.read_timeout_s": 5.0})
    made = Runtime(config, StandingClock()).http(PLATFORMS.facts("x"))
    assert (made.base_url, made.is_loopback) == ("http://127.0.0.1:8700", True)
    assert Timeouts.of(config) == Timeouts(10.0, 5.0, 120.0)


@each(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.PoolTimeout("full"),
        httpx.ProxyError("407 Proxy Authentication Required"),
        httpx.UnsupportedProtocol("gopher"),
        httpx.InvalidURL("bad"),
    ],
)
def test_before_a_byte_has_left_nothing_can_have_happened(error: Exception) -> None:
    reply = http(Script(Stub("GET", URL, fails=error))).request_for(WHO, "GET", "/thing")
    assert isinstance(reply, NotSent)
    assert reply.kind is Kind.NETWORK


@each(
    "error",
    [
        httpx.ReadTimeout("slow"),
        httpx.WriteTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.WriteError("broken pipe"),
        httpx.CloseError("odd"),
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
        httpx.LocalProtocolError("too little data"),
        httpx.DecodingError("odd"),
        OSError("disk"),
    ],
)
def test_everything_else_may_have_arrived(error: Exception) -> None:
    assert isinstance(http(Script(Stub("GET", URL, fails=error))).request_for(WHO, "GET", "/thing"), ConnectionLost)


def test_an_incomplete_body_is_not_an_answer() -> None:
    transport = One(201, Body(b'{"data":', httpx.ReadError("reset")))
    assert isinstance(http(transport).request_for(WHO, "GET", "/thing"), ConnectionLost)


def test_a_slow_answer_ends_at_the_read_timeout() -> None:
    clock = StandingClock()

    class Dripping(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                clock.move(1)
                yield b" "

    class Slow(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, stream=Dripping())

    assert isinstance(http(Slow(), clock).request_for(WHO, "GET", "/thing"), ConnectionLost)


def test_a_text_that_no_request_can_carry_is_refused_unsent() -> None:
    reply = http(Script()).request_for(WHO, "POST", "/thing", form={"caption": "\ud800"})
    assert isinstance(reply, NotSent)
    assert reply.kind is Kind.CONTENT


@pytest.mark.parametrize(
    ("status", "cap"), [(200, JSON_CAP), (400, ERROR_CAP), (302, ERROR_CAP)], ids=["json", "error", "redirect"]
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_body_over_the_cap_is_not_read(status: int, cap: int, packed: bool) -> None:
    fits, over = b'"' + b"a" * (cap - 2) + b'"', b'"' + b"a" * (cap - 1) + b'"'
    headers = {"content-encoding": "gzip"} if packed else {}
    pack = gzip.compress if packed else bytes
    assert answered(One(status, Body(pack(fits)), headers)).data == fits[1:-1].decode()
    too_long = answered(One(status, Body(pack(over)), headers))
    assert (too_long.status, too_long.data) == (status, None)


def test_a_small_body_that_unpacks_to_much_is_stopped_at_the_cap() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert answered(One(200, Body(bomb), {"content-encoding": "gzip"})).data is None


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"<html>busy</html>", {}),
        (b'{"data": {"id": "1', {}),
        (b"\xff\xfe\xff", {}),
        (b"[" * 100_000, {}),
        (b'{"id": ' + b"9" * 5000 + b"}", {}),
        (b"not gzip", {"content-encoding": "gzip"}),
        (gzip.compress(b'{"a": 1}')[:-12], {"content-encoding": "gzip"}),
        (b'{"a": 1}', {"content-encoding": "br"}),
        (b"", {}),
    ],
    ids=["html", "truncated", "bytes", "deep", "huge number", "false gzip", "cut gzip", "foreign encoding", "empty"],
)
def test_an_answer_that_is_not_json_has_no_data(body: bytes, headers: dict[str, str]) -> None:
    answer = answered(One(200, Body(body), headers))
    assert (answer.status, answer.data) == (200, None)


def test_no_text_of_an_answer_has_characters_that_no_store_keeps() -> None:
    body = rb'{"a\u0000": ["b\u0000", {"c": "\ud83d", "d": "\ud83d\ude00", "e": 1}]}'
    answer = answered(One(200, Body(body)))
    assert answer.data == {"a\ufffd": ["b\ufffd", {"c": "\ufffd", "d": "\U0001f600", "e": 1}]}


def test_redirects_are_answers_and_never_followed() -> None:
    transport = One(307, headers={"location": "https://elsewhere.example/"})
    assert answered(transport).status == 307
    assert len(transport.requests) == 1


def test_cookies_of_one_account_never_reach_another() -> None:
    transport = One(headers={"set-cookie": "who=me; Path=/"})
    client = http(transport)
    client.request_for(WHO, "GET", "/thing")
    client.request_for(WHO, "GET", "/thing")
    assert "cookie" not in transport.requests[1].headers


@each(
    ("host", "base", "sent"),
    [
        ("api.example", "https://api.example", True),
        ("API.example", "https://api.example", True),
        ("", "https://api.example", True),
        ("other.example", "https://api.example", False),
        ("api.example", "http://127.0.0.1:9", False),
        ("127.0.0.1", "http://localhost:9", True),
        ("localhost", "http://[::1]:9", True),
        ("127.0.0.1", "http://127.0.0.1.example", False),
    ],
)
def test_credentials_go_to_their_own_host_only(host: str, base: str, sent: bool) -> None:
    transport = One()
    who = order("x", credentials=Credentials(TOKEN, host=host))
    reply = http(transport, base=base).request_for(who, "GET", "/thing")
    assert bool(transport.requests) is sent
    if not sent:
        assert isinstance(reply, NotSent)
        assert reply.kind is Kind.AUTH
        from_sandbox = host == "127.0.0.1"
        assert reply.hint == (action("help", "sandbox") if from_sandbox else action("account connect", "x/demo"))


def test_keys_of_oauth_1_for_another_host_are_added_again() -> None:
    keys = Credentials(TOKEN, host="other.example", token_secret="s")
    reply = http(One(), base="https://api.example").request_for(order("x", credentials=keys), "GET", "/thing")
    assert isinstance(reply, NotSent)
    assert reply.hint == action("account add", "x/demo", credentials="FILE")


@each("token", ["", "two words", "line\nbreak", "tökèn"])
def test_an_invalid_token_is_not_sent(token: str) -> None:
    reply = http(Script()).request_for(order("x", credentials=Credentials(token)), "GET", "/thing")
    assert isinstance(reply, NotSent)
    assert reply.kind is Kind.AUTH
    assert not token or token not in reply.message


def test_secrets_are_in_no_message_no_repr_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    who = order("x", credentials=Credentials(TOKEN, refresh_token="refresh-456", client_secret="client-789"))
    body = f'{{"error": {{"message": "bad token {TOKEN}, refresh-456, client-789"}}}}'.encode()
    with caplog.at_level(logging.DEBUG):
        answer = http(One(401, Body(body))).request_for(who, "GET", "/thing")
        cut = http(Script(Stub("GET", URL, fails=httpx.LocalProtocolError(f"bad header {TOKEN}")))).request_for(
            who, "GET", "/thing"
        )
    assert isinstance(answer, Answer)
    assert answer.text_at("error", "message") == "bad token [secret], [secret], [secret]"
    everything = " ".join([repr(answer), answer.excerpt(), repr(cut), repr(who), caplog.text])
    for secret in (TOKEN, "refresh-456", "client-789"):
        assert secret not in everything


def test_the_platform_clock_moves_on_with_the_time_since_its_last_date() -> None:
    clock = StandingClock()
    date = "Tue, 24 Nov 2026 11:59:30 GMT"
    client = http(One(headers={"date": date}), clock)
    assert client.platform_at("x/demo") is None
    reply = client.request_for(WHO, "GET", "/thing")
    assert isinstance(reply, Answer)
    assert reply.date == NOON - timedelta(seconds=30)
    clock.at -= timedelta(hours=5)  # the wall clock may jump, the time since boot does not
    clock.since_boot += 12.5
    assert client.platform_at("x/demo") == NOON - timedelta(seconds=17.5)
    assert client.platform_at("x/other") is None


@each("header", [None, "", "yesterday", "Tue, 99 Nov 2026 11:59:30 GMT", "0", "\x00"])
def test_an_unreadable_date_is_ignored(header: str | None) -> None:
    assert parse_date(header) is None


def test_a_date_is_utc_whatever_its_zone() -> None:
    assert parse_date("Tue, 24 Nov 2026 13:59:30 +0200") == datetime(2026, 11, 24, 11, 59, 30, tzinfo=UTC)
    assert parse_date("Tue, 24 Nov 2026 11:59:30 -0000") == datetime(2026, 11, 24, 11, 59, 30, tzinfo=UTC)


def test_each_thread_has_its_own_connections_and_close_ends_them_all() -> None:
    transport = One()
    client = http(transport)
    seen = []

    def work() -> None:
        client.request_for(WHO, "GET", "/thing")
        seen.append(client._connections())

    for _ in range(2):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    client.request_for(WHO, "GET", "/thing")
    assert len({id(one) for one in [*seen, client._connections()]}) == 3
    client.close()
    assert not any(one._made for one in seen)


# Over real sockets.


@contextmanager
def server(*, then: bytes | None) -> Iterator[str]:
    """A server that reads one request and answers `then`, or cuts the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                got = connection.recv(65536)
                while not got.endswith(b"}") and (more := connection.recv(65536)):  # the body may come after the head
                    got += more
                if then is not None:
                    connection.sendall(then)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def over_sockets(base: str) -> object:
    client = Http(base, Timeouts(60, 60, 60), StandingClock())
    try:
        return client.request_for(WHO, "POST", "/thing", json={"text": "hi"})
    finally:
        client.close()


def test_a_refused_connection_proves_that_nothing_was_sent() -> None:
    assert isinstance(over_sockets(f"http://127.0.0.1:{free_port()}"), NotSent)


def test_a_proxy_in_the_environment_is_not_asked_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with server(then=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as base:
        reply = over_sockets(base)
    assert isinstance(reply, Answer)
    assert reply.data == {}


def test_a_connection_that_ends_after_the_request_is_doubt() -> None:
    with server(then=None) as base:
        assert isinstance(over_sockets(base), ConnectionLost)


def test_an_answer_shorter_than_it_announced_is_doubt() -> None:
    with server(then=b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{") as base:
        assert isinstance(over_sockets(base), ConnectionLost)


@each("base", ["", "nowhere", "ftp://api.example", "http://a..b", "http://[::1"])
def test_an_invalid_address_is_refused_unsent(base: str) -> None:
    assert isinstance(over_sockets(base), NotSent)


def test_nan_and_infinity_are_rejected() -> None:
    for text in (b'{"wait": NaN}', b'{"wait": Infinity}', b'{"wait": -Infinity}'):
        assert answered(One(body=Body(text))).data is None


@pytest.mark.parametrize("header", ["Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0100 00:00:00 GMT"])
def test_a_date_of_no_time_in_which_we_live_is_none(header: str) -> None:
    assert parse_date(header) is None


def test_a_token_in_an_answer_is_hidden_before_anything_can_read_it() -> None:
    body = b'{"status": "cannot fetch with ' + TOKEN.encode() + b'", "fail_reason": "' + TOKEN.encode() + b'"}'
    answer = answered(One(body=Body(body)))
    assert answer.data == {"status": "cannot fetch with [secret]", "fail_reason": "[secret]"}
    assert TOKEN not in answer.body
