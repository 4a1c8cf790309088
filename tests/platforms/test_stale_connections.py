"""Servers that send more than was asked for: what comes after an answer is never the answer of the next request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.platforms.stubs import order
from ttp.domain.time.clock import SystemClock
from ttp.platforms.http import Http, Timeouts
from ttp.platforms.reply import Answer

WHO = order("x")
PATIENCE_S = 60.0


def an_answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


@contextmanager
def serving(*answers: bytes) -> Iterator[tuple[str, list[int]]]:
    """A server that answers one request after another with these, on whatever connections they come; and on which
    connection each came."""
    left, came = list(answers), list[int]()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            number = 0
            while left:
                number += 1
                connection, _ = listener.accept()
                connection.settimeout(PATIENCE_S)
                with connection, suppress(OSError):
                    while left and connection.recv(65536):
                        came.append(number)
                        connection.sendall(left.pop(0))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", came
        finally:
            thread.join()


def data_of(base: str, times: int) -> list[object]:
    client = Http(base, Timeouts(PATIENCE_S, PATIENCE_S, PATIENCE_S), SystemClock())
    try:
        replies = [client.request_for(WHO, "GET", "/thing") for _ in range(times)]
        return [reply.data if isinstance(reply, Answer) else reply for reply in replies]
    finally:
        client.close()


@pytest.mark.parametrize(
    "first",
    [
        an_answer(b'{"id":"1"}') * 2,
        an_answer(b'{"id":"1"}') + b"more",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}}",
    ],
    ids=["two answers", "an answer and more", "a length that is too short"],
)
@pytest.mark.parametrize("proxied", [False, True])
def test_bytes_after_an_answer_are_not_the_next_answer(
    first: bytes, proxied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(first, an_answer(b'{"id":"2"}')) as (base, came):
        monkeypatch.setenv("http_proxy", base)
        data = data_of("http://api.example" if proxied else base, 2)
    assert data[1] == {"id": "2"}
    assert came == [1, 2]


def test_a_connection_that_is_in_step_is_used_again() -> None:
    with serving(an_answer(b'{"id":"1"}'), an_answer(b'{"id":"2"}')) as (base, came):
        assert data_of(base, 2) == [{"id": "1"}, {"id": "2"}]
    assert came == [1, 1]
