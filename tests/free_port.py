"""A port for a program that cannot choose a free one itself, or on which nothing answers."""

from __future__ import annotations

import socket
from contextlib import closing
from random import SystemRandom


def free_port() -> int:
    """Return a port on which nobody listens. Linux and macOS give none of these to those who ask for any, as the tests
    beside this one do: it stays free until the program has started."""
    while True:
        port = SystemRandom().randint(20_000, 32_000)
        with closing(socket.socket()) as there:
            try:
                there.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
