"""Attacks by slow requests, large bodies and guesses, over real sockets where it matters."""

from __future__ import annotations

import hmac
import json
import re
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest

from tests.examples import every
from tests.server.conftest import Api
from ttp.domain.server.api_token import TokenCapability
from ttp.server import guard, process
from ttp.server.pages.login import FREE_FAILURES
from ttp.server.process import ServerProcess, listen
from ttp.services.server.people import People

PATIENCE_S = 60.0


@pytest.fixture
def port(server: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The server on a port, with little patience for bodies."""
    monkeypatch.setattr(guard, "BODY_TIMEOUT_S", 0.3)
    monkeypatch.setattr(guard, "LEAST_BYTES_PER_S", 1000)
    with serving(server) as found:
        yield found


@pytest.fixture
def hurried_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "HEAD_TIMEOUT_S", 0.3)


@contextmanager
def serving(server: Api, *proxies: str) -> Iterator[int]:
    """Serve on a free port, behind these proxies."""
    with listen("127.0.0.1", 0) as listener:
        served = ServerProcess(
            server.app, listener, None, poll_s=1, drain_s=1, stopping=threading.Event(), proxies=proxies
        )
        thread = threading.Thread(target=served._serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            served.stop()
            thread.join(PATIENCE_S)


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def answer(connection: socket.socket) -> tuple[int, str]:
    """Read to the end; the status, and the code of the problem."""
    said = b""
    with suppress(ConnectionResetError):  # for what was sent after the answer
        while chunk := connection.recv(65536):
            said += chunk
    head, _, body = said.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["code"]


def drip(connection: socket.socket, byte: bytes, every_s: float) -> None:
    """Send a byte again and again until the server says something or hangs up."""
    with suppress(ConnectionResetError, BrokenPipeError):  # it may hang up just before a byte
        while not select.select([connection], [], [], every_s)[0]:
            connection.sendall(byte)


def head(token: str | None, *lines: str, path: str = "/v1/posts") -> bytes:
    own = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}", "Connection: close"]
    return "\r\n".join([*own, "Content-Type: application/json", *lines, "", ""]).encode()


@pytest.mark.parametrize(
    "sent", every(2, [b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "])
)
@pytest.mark.usefixtures("hurried_heads")
def test_a_client_that_does_not_end_its_head_is_cut_off(port: int, sent: bytes) -> None:
    with connect(port) as connection:
        connection.sendall(sent)
        assert connection.recv(100) == b""


def test_a_second_head_on_a_connection_is_timed_too(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with connect(port) as connection:
        for _ in range(3):
            connection.sendall(whole)
            said = b""
            while not said.endswith(b'{"ok":true}'):
                said += connection.recv(65536)
        monkeypatch.setattr(process, "HEAD_TIMEOUT_S", 0.3)
        connection.sendall(whole[:20])
        assert connection.recv(100) == b""


@pytest.mark.usefixtures("hurried_heads")
def test_a_head_that_comes_byte_by_byte_is_cut_off(port: int) -> None:
    with connect(port) as connection:
        drip(connection, b"a", 0.02)
        with suppress(ConnectionResetError):
            assert connection.recv(100) == b""


def test_a_body_that_does_not_come_is_refused(server: Api, port: int) -> None:
    with connect(port) as connection:
        connection.sendall(head(server.having("draft").token, "Content-Length: 100") + b'{"content"')
        assert answer(connection) == (408, "timeout")


def test_a_body_that_drips_is_refused(server: Api, port: int) -> None:
    token = server.having("draft").token
    with connect(port) as connection:
        connection.sendall(head(token, "Content-Length: 100000"))
        drip(connection, b" ", 0.05)
        assert answer(connection) == (408, "timeout")


@pytest.mark.parametrize("path", ["/v1/posts", "/v1/media", "/v1/imports", "/mcp"])
def test_a_gigabyte_that_is_announced_is_refused_unread(server: Api, port: int, path: str) -> None:
    with connect(port) as connection:
        connection.sendall(head(server.having("draft").token, f"Content-Length: {2 << 30}", path=path))
        assert answer(connection) == (413, "too_large")


def test_a_gigabyte_without_a_length_is_refused_at_the_limit(server: Api, port: int) -> None:
    with connect(port) as connection:
        connection.sendall(head(server.having("draft").token, "Transfer-Encoding: chunked"))
        chunk, sent = b"10000\r\n" + b" " * 0x10000 + b"\r\n", 0
        try:
            while sent < 1 << 30:
                connection.sendall(chunk)
                sent += 0x10000
        except OSError:
            pass
        assert sent < 1 << 26  # what the buffers of both sides hold


def failed_login(port: int, client: str) -> int:
    """Try a login link that does not exist, as this client of a proxy; the status."""
    address = f"http://127.0.0.1:{port}/login/{48 * '0'}"
    return httpx.post(address, headers={"X-Forwarded-For": client}, trust_env=False).status_code


@pytest.mark.parametrize("proxy", ["127.0.0.1", "127.0.0.0/8"])
def test_failed_logins_count_the_client_of_a_trusted_proxy(server: Api, proxy: str) -> None:
    with serving(server, proxy) as port:
        for _ in range(FREE_FAILURES):
            assert failed_login(port, "203.0.113.7") == 404
        assert failed_login(port, "203.0.113.7") == 429
        assert failed_login(port, "198.51.100.9, 203.0.113.7") == 429  # the first was written by the client
        assert failed_login(port, "198.51.100.9") == 404


@pytest.mark.parametrize("proxies", [(), ("192.0.2.1",)])
def test_other_clients_cannot_choose_the_address_that_counts(server: Api, proxies: tuple[str, ...]) -> None:
    with serving(server, *proxies) as port:
        answers = [failed_login(port, f"198.51.100.{number}") for number in range(FREE_FAILURES + 1)]
    assert answers == [404] * FREE_FAILURES + [429]


@pytest.mark.parametrize(("proxies", "secure"), [(("127.0.0.1",), True), ((), False)])
def test_a_trusted_proxy_says_that_people_come_over_tls(server: Api, proxies: tuple[str, ...], secure: bool) -> None:
    secret = People(server.ttp.database, server.ttp.clock).create_link("ann", [TokenCapability.READ], [])
    with serving(server, *proxies) as port:
        address = f"http://127.0.0.1:{port}/login/{secret}"
        answer = httpx.post(address, headers={"X-Forwarded-Proto": "https"}, trust_env=False)
    assert ("; secure" in answer.headers["set-cookie"].lower()) == secure


@pytest.mark.parametrize("given", [["--trusted-proxy", "proxy.example"], ["--trusted-proxy", "*"]])
def test_a_proxy_is_an_address_or_a_network(server: Api, given: list[str]) -> None:
    assert server.ttp("serve", *given, "--json").error["code"] == "usage"
    assert server.ttp("serve", "--socket", "s", "--trusted-proxy", "127.0.0.1", "--json").error["code"] == "usage"


def test_tokens_are_found_by_their_digest_and_compared_in_constant_time(
    server: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, str]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return one == other

    api = server.having("read")
    monkeypatch.setattr(hmac, "compare_digest", compare)
    api.ok("GET", "/v1/accounts")
    assert len(compared) == 1
    assert all(re.fullmatch("[0-9a-f]{64}", one) and one not in str(api.token) for pair in compared for one in pair)
    assert str(api.token) not in str(server.ttp.sql("SELECT * FROM token"))
