"""Connections of one thread: the proxies of the environment, kept connections, and nothing added to a request."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import httpx
import pytest

from ttp.platforms.transport import Connections

OK = b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def wire(*, proxies: bool = True) -> Connections:
    return Connections(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), time.monotonic, proxies=proxies)


@contextmanager
def server(times: int = 1) -> Iterator[tuple[str, list[bytes]]]:
    """A server of one connection, and the requests that it got."""
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                for _ in range(times):
                    got.append(connection.recv(65536))
                    connection.sendall(OK)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", got
        thread.join()


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, "https://api.example/", ""),
        ({"https_proxy": "http://proxy.example:3128"}, "https://api.example/", "http://proxy.example:3128"),
        ({"https_proxy": "proxy.example:3128"}, "https://api.example/", "http://proxy.example:3128"),
        ({"https_proxy": "http://proxy.example:3128"}, "http://api.example/", ""),
        ({"all_proxy": "http://proxy.example:3128"}, "http://api.example/", "http://proxy.example:3128"),
        ({"https_proxy": "http://proxy.example", "no_proxy": "api.example"}, "https://api.example/", ""),
        ({"https_proxy": "http://proxy.example", "no_proxy": ".example"}, "https://api.example/", ""),
        ({"https_proxy": "http://proxy.example", "no_proxy": "*"}, "https://api.example/", ""),
    ],
)
def test_the_environment_names_the_proxy(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str, proxy: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wire()._proxy(httpx.URL(url)) == proxy
    assert wire(proxies=False)._proxy(httpx.URL(url)) == ""


def test_a_request_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with server() as (url, got), closing(wire(proxies=False)) as direct, closing(direct.send(request(url))):
        pass
    with server() as (url, through):
        monkeypatch.setenv("http_proxy", url)
        with closing(wire()) as proxied, closing(proxied.send(request("http://api.example"))) as response:
            assert response.status_code == 302
    assert got[0].splitlines()[0] == b"GET /thing HTTP/1.1"
    assert through[0].splitlines()[0] == b"GET http://api.example/thing HTTP/1.1"


def test_no_redirect_is_followed_no_cookie_kept_and_the_connection_used_again() -> None:
    with server(times=2) as (url, got), closing(wire()) as one:
        for _ in range(2):
            with closing(one.send(request(url))) as response:
                assert (response.status_code, list(response.iter_raw())) == (302, [])
    assert got[0] == got[1]
    assert got[0].split(b"\r\n\r\n")[0].splitlines()[1:] == [f"Host: {url.removeprefix('http://')}".encode()]


def request(url: str) -> httpx.Request:
    return httpx.Request("GET", f"{url}/thing")


@pytest.mark.parametrize(("reuse", "connections"), [(True, 1), (False, 3)])
def test_connections_are_kept_only_where_they_may_be(reuse: bool, connections: int) -> None:
    opened = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)

        def serve() -> None:
            for _ in range(connections):
                connection, _ = listener.accept()
                opened.append(connection)
                with connection:
                    for _ in range(3 // connections):
                        connection.recv(65536)
                        connection.sendall(OK)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with closing(Connections(context, time.monotonic, proxies=False, reuse=reuse)) as kept:
            for _ in range(3):
                with closing(kept.send(request(url))) as response:
                    assert list(response.iter_raw()) == []
        thread.join()
    assert len(opened) == connections
