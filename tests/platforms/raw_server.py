"""A server on this machine that answers with bytes, and an internet of names and addresses that all lead to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from ttp.platforms import download as fetching

PUBLIC = "93.184.215.14"


@dataclass
class Server:
    """A server on loopback that answers each connection with the next of its answers, and keeps what it was asked."""

    port: int = 0
    answers: list[bytes | Callable[[socket.socket], None]] = field(default_factory=list)
    asked: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(60)
                self.asked.append(connection.recv(65_536))
                answer = self.answers.pop(0)
                if callable(answer):
                    answer(connection)
                else:
                    connection.sendall(answer)


@contextmanager
def running() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener.getsockname()[1])
        thread = threading.Thread(target=server.serve, args=(listener,), daemon=True)
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


class Trust:
    """In place of certificates: who was to be on the other side."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def wrap_socket(self, plain: socket.socket, server_hostname: str) -> socket.socket:
        self.names.append(server_hostname)
        return plain


@dataclass
class Internet:
    """Names and the addresses that they lead to; every connection to one of those ends at the server."""

    names: dict[str, list[str]] = field(default_factory=dict)
    connected: list[tuple[str, int]] = field(default_factory=list)
    trust: Trust = field(default_factory=Trust)
    dead: set[str] = field(default_factory=set)


def connect_to(server: Server, monkeypatch: pytest.MonkeyPatch) -> Internet:
    """Let every public name and address lead to a server of this machine."""
    net = Internet({"media.example": [PUBLIC]})

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        if host not in net.names:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in net.names[host]]

    def connect(place: tuple[str, int], seconds: float) -> socket.socket:
        net.connected.append(place)
        if place[0] in net.dead:
            raise OSError(111, "Connection refused")
        opened = socket.socket()
        opened.settimeout(seconds)
        opened.connect(("127.0.0.1", server.port))
        return opened

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr(fetching, "tls_context", lambda: net.trust)
    return net
