"""One call of a webhook: where it goes, how long it may take, and what counts as accepted."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import pytest

from tests.free_port import free_port
from tests.rows import each
from ttp.platforms import webhook_call
from ttp.platforms.download import DownloadTimeouts
from ttp.platforms.webhook_call import post

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass
class Listener:
    """What listens on this machine, and what it was sent."""

    port: int
    got: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?key=1"


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[Listener]:
    """Listen; read each request, and let `answer` answer it."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        found = Listener(server.getsockname()[1])

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with closing(client):
                    got = b""
                    while b"\r\n\r\n" not in got or not got.endswith(b"}"):
                        piece = client.recv(65536)
                        if not piece:
                            break
                        got += piece
                    found.got.append(got)
                    try:
                        answer(client)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield found
        server.shutdown(socket.SHUT_RDWR)
    thread.join(60)


def sends(data: bytes) -> Callable[[socket.socket], None]:
    return lambda client: client.sendall(data)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_call, "PATIENCE", DownloadTimeouts(0.3, 0.3))
    monkeypatch.setattr(webhook_call, "LONGEST_S", 0.6)


def test_a_call_is_one_request_with_its_headers() -> None:
    with listening(sends(OK)) as there:
        found = post(there.url, b"{}", {"webhook-id": "msg_1"}, private=True)
    assert (found.status, found.message) == (204, None)
    (request,) = there.got
    assert request.startswith(b"POST /hook?key=1 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{there.port}\r\n".encode() in request
    assert b"webhook-id: msg_1\r\n" in request
    assert request.endswith(b"\r\n\r\n{}")


@each("status", [400, 410, 429, 500, 503])
def test_a_refusal_is_not_accepted(status: int) -> None:
    with listening(sends(f"HTTP/1.1 {status} No\r\nContent-Length: 2\r\n\r\nno".encode())) as there:
        found = post(there.url, b"{}", {}, private=True)
    assert found.status == status
    assert found.message is not None


def test_a_redirect_is_not_followed() -> None:
    with listening(sends(OK)) as other:
        moved = f"HTTP/1.1 307 Moved\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n".encode()
        with listening(sends(moved)) as there:
            found = post(there.url, b"{}", {}, private=True)
        assert (found.status, len(there.got), other.got) == (307, 1, [])
        assert found.message is not None


def test_the_body_of_an_answer_is_not_read() -> None:
    sent: list[int] = []

    def flood(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            sent.append(client.send(b"x" * 65536))

    with listening(flood) as there:
        assert post(there.url, b"{}", {}, private=True).status == 200
    assert sum(sent) < 20_000_000  # what the buffers of the two sockets hold


@pytest.mark.usefixtures("hurried")
def test_a_receiver_that_hangs_is_given_up() -> None:
    over = threading.Event()
    with listening(lambda client: (over.wait(120), None)[1]) as there:
        began = time.monotonic()
        found = post(there.url, b"{}", {}, private=True)
        took = time.monotonic() - began
        while not there.got:  # it may read what came only after nobody waits for its answer any more
            time.sleep(0.01)
        over.set()
    assert took < 60
    assert (found.status, len(there.got)) == (None, 1)
    assert found.message is not None


@pytest.mark.usefixtures("hurried")
def test_a_receiver_that_dawdles_is_given_up() -> None:
    over = threading.Event()

    def dawdle(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\n")
        while not over.wait(0.1):
            client.sendall(b"x-more: 1\r\n")

    with listening(dawdle) as there:
        began = time.monotonic()
        found = post(there.url, b"{}", {}, private=True)
        over.set()
    assert time.monotonic() - began < 60
    assert found.message is not None


@each("said", [b"", b"hello\r\n", b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 5000])
def test_what_is_no_answer_is_not_accepted(said: bytes) -> None:
    with listening(sends(said)) as there:
        assert post(there.url, b"{}", {}, private=True).message is not None


def test_nothing_listens() -> None:
    assert post(f"http://127.0.0.1:{free_port()}/", b"{}", {}, private=True).message is not None


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Let every name lead to these addresses, one after the other; the names that were asked for."""
    asked: list[str] = []
    left = list(answers)

    def look_up(host: str, port: int, *values: object, **more: object) -> object:
        asked.append(host)
        address = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fe80::1", "fd00::1", "0.0.0.0"],  # noqa: S104
)
def test_a_name_that_leads_to_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    with listening(sends(OK)) as there:
        resolving(monkeypatch, address)
        found = post(f"https://hook.example:{there.port}/", b"{}", {}, private=False)
    assert (found.status, there.got) == (None, [])
    assert "public" in (found.message or "")


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads elsewhere at the second look (DNS rebinding) is looked up once."""
    with listening(sends(OK)) as there:
        connect, reached = socket.create_connection, list[tuple[str, int]]()

        def connecting(address: tuple[str, int], *values: object) -> socket.socket:
            reached.append(address)
            if address[0] != "127.0.0.1":
                raise ConnectionRefusedError
            return connect(address, 60)

        asked = resolving(monkeypatch, "93.184.215.14", "127.0.0.1")
        monkeypatch.setattr(socket, "create_connection", connecting)
        found = post(f"https://hook.example:{there.port}/", b"{}", {}, private=False)
        assert (asked, reached) == (["hook.example"], [("93.184.215.14", there.port)])
        assert (found.status, there.got) == (None, [])


def test_a_public_address_needs_https_even_with_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "93.184.215.14")
    found = post("http://hook.example/", b"{}", {}, private=True)
    assert "https" in (found.message or "")


def test_what_cannot_be_an_address_is_not_sent_to() -> None:
    assert post("https://[x", b"{}", {}, private=True).message is not None
