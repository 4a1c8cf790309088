"""A relay between ttp and its database that cuts one connection at a chosen message."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

_PIECE = 1 << 16
_RESET = struct.pack("ii", 1, 0)


class Cutter:
    """Listens on 127.0.0.1 until it is closed. Messages of all connections are counted together, from 1: what is read
    from a client at once."""

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        """`connect`: to the database."""
        self._connect = connect
        self._turn = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.messages = 0
        self._cut_at, self._after = 0, False
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def begin(self, cut_at: int = 0, *, after: bool = False) -> None:
        """Count anew, and cut at a message: instead of it, or `after` it instead of its answer."""
        with self._turn:
            self.messages, self._cut_at, self._after = 0, cut_at, after

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join()
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                server = self._connect()
                self._open += [client, server]
                # The answer to a message after which the connection is cut is never passed on.
                silent = threading.Event()
                for work in (self._ask, self._answer):
                    self._threads.append(threading.Thread(target=work, args=(client, server, silent), daemon=True))
                    self._threads[-1].start()

    def _ask(self, client: socket.socket, server: socket.socket, silent: threading.Event) -> None:
        with suppress(OSError):
            while piece := client.recv(_PIECE):
                with self._turn:
                    self.messages += 1
                    is_cut = self.messages == self._cut_at
                if is_cut:
                    silent.set()
                    if self._after:
                        server.sendall(piece)  # which the server does before it sees the end
                    _reset(client)
                    break
                server.sendall(piece)
        with suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _answer(self, client: socket.socket, server: socket.socket, silent: threading.Event) -> None:
        with suppress(OSError):
            while piece := server.recv(_PIECE):
                if not silent.is_set():
                    client.sendall(piece)
        with suppress(OSError):
            client.shutdown(socket.SHUT_WR)


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    client.close()
