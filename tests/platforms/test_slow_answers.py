"""Servers that answer a byte at a time, for ever: given up when the time-out of the answer is over. And connections
that took too long to open: nothing is sent."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest

from tests.clock import FakeClock
from tests.platforms.stubs import order
from ttp.platforms.http import Http, Timeouts
from ttp.platforms.reply import Answer, ConnectionLost, NotSent
from ttp.platforms.transport import LONGEST_CONNECT_S, DeadlineNetwork, DeadlineStream

WHO = order("x")
READ_S = 30.0
PATIENCE_S = 60.0
MOST_DROPS = 3000
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def answering(clock: FakeClock, *answers: bytes, drop: bytes = b"") -> Iterator[str]:
    """A server that answers the requests of one connection with these, each after 20 s of the clock, and then with a
    drop in each second until it is left."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                for answer in answers:
                    connection.recv(65536)
                    clock.advance(20.0)
                    connection.sendall(answer)
                for _ in range(MOST_DROPS if drop else 0):
                    if over.wait(0.02):
                        break
                    clock.advance(1.0)
                    connection.sendall(drop)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def asked(clock: FakeClock, base: str, times: int = 1) -> tuple[list[object], float]:
    """The results of some requests, and how many seconds the last one took by the clock."""
    client = Http(base, Timeouts(PATIENCE_S, READ_S, PATIENCE_S), clock)
    try:
        replies: list[object] = []
        for _ in range(times):
            began = clock.boot()
            replies.append(client.request_for(WHO, "GET", "/thing"))
        return replies, clock.boot() - began
    finally:
        client.close()


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"z"),
        (b"HTTP/1.1 200 OK\r\n", b"a: b\r\n"),
        (b"HTTP/1.1 ", b"2"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
    ids=["one header", "headers", "status", "continue", "body", "chunks"],
)
def test_an_answer_that_drips_is_cut_when_its_time_is_over(clock: FakeClock, start: bytes, drop: bytes) -> None:
    with answering(clock, start, drop=drop) as base:
        (reply,), seconds = asked(clock, base)
    assert isinstance(reply, ConnectionLost)
    assert READ_S <= seconds < MOST_DROPS


def test_the_second_answer_of_a_connection_has_its_own_time(clock: FakeClock) -> None:
    with answering(clock, OK, OK, b"HTTP/1.1 200 OK\r\n", drop=b"a: b\r\n") as base:
        replies, seconds = asked(clock, base, 3)
    assert [type(reply) for reply in replies] == [Answer, Answer, ConnectionLost]
    assert READ_S <= seconds < MOST_DROPS


def test_an_answer_that_comes_in_pieces_within_its_time_is_whole(clock: FakeClock) -> None:
    with answering(clock, OK[:-1], drop=b"}") as base:
        (reply,), _ = asked(clock, base)
    assert isinstance(reply, Answer)


@pytest.mark.parametrize(("seconds", "arrives"), [(LONGEST_CONNECT_S - 1, True), (LONGEST_CONNECT_S + 1, False)])
def test_a_connection_that_took_too_long_to_open_sends_nothing(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch, seconds: float, arrives: bool
) -> None:
    """The process may have been stopped between the last check of a publishing call and its first byte."""
    connect, bytes_in = socket.create_connection, list[bytes]()

    def stopped(*args: Any, **more: Any) -> socket.socket:
        clock.advance(seconds)
        return connect(*args, **more)

    monkeypatch.setattr(socket, "create_connection", stopped)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                bytes_in.append(connection.recv(65536))
                if bytes_in[0]:
                    connection.sendall(OK)

        thread = threading.Thread(target=serve)
        thread.start()
        (reply,), _ = asked(clock, f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()
    assert isinstance(reply, Answer if arrives else NotSent)
    assert bool(bytes_in[0]) == arrives


class Slow:
    """A connection, and a network of one, on which everything takes a second."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[tuple[str, float | None]] = []

    def connect_tcp(self, host: str, port: int, timeout: float | None = None) -> Slow:
        return self

    def read(self, max_bytes: int, timeout: float | None) -> bytes:
        self.asked.append(("read", timeout))
        self.now += 1.0
        return b"x"

    def write(self, buffer: bytes, timeout: float | None) -> None:
        self.asked.append(("write", timeout))
        self.now += 1.0

    def start_tls(self, context: ssl.SSLContext, name: str | None, timeout: float | None) -> Slow:
        return self

    def get_extra_info(self, info: str) -> str:
        return info

    def close(self) -> None:
        self.asked.append(("close", None))

    def sleep(self, seconds: float) -> None:
        self.asked.append(("sleep", seconds))


def test_the_time_to_open_a_connection_includes_tls() -> None:
    slow = Slow()
    stream = DeadlineNetwork(slow, lambda: slow.now).connect_tcp("x.example", 443)
    stream.write(b"CONNECT", 2.0)
    stream = stream.start_tls(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "x.example", 9.0)
    slow.now += LONGEST_CONNECT_S
    with pytest.raises(httpx.ConnectTimeout):
        stream.write(b"POST", 2.0)
    assert slow.asked == [("write", 2.0)]


def test_media_may_take_long_to_send_and_only_the_answer_is_bounded() -> None:
    slow = Slow()
    network = DeadlineNetwork(slow, lambda: slow.now)
    stream = network.connect_tcp("x.example", 443, timeout=9.0)
    stream = stream.start_tls(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "x.example", 9.0)
    assert isinstance(stream, DeadlineStream)
    assert stream.get_extra_info("socket") == "socket"
    for _ in range(3):
        stream.write(b"x", 2.0)
    for _ in range(3):
        stream.read(1, 2.5)
    stream.write(b"x", 2.0)
    stream.read(1, 2.5)
    stream.read(1)
    stream.close()
    network.sleep(1.0)
    assert slow.asked == [
        *[("write", 2.0)] * 3,
        ("read", 2.5),
        ("read", 1.5),
        ("read", 0.5),
        ("write", 2.0),
        ("read", 2.5),
        ("read", None),
        ("close", None),
        ("sleep", 1.0),
    ]
