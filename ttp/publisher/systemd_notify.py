"""Telling systemd how the publisher is doing: sd_notify(3), in a few lines of our own.

What cannot be told is not told again: a publisher never ends because nobody listens.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"


@dataclass(frozen=True, slots=True)
class Notifier:
    """Says one line to who started this process. `address`: a datagram socket's path, or its abstract name behind an
    @; empty: nobody asked to be told."""

    address: str = ""

    def __call__(self, line: str) -> None:
        if not self.address:
            return
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
            there.sendto(line.encode(), socket.MSG_DONTWAIT, address)


NOBODY = Notifier()


def notifier(environ: Mapping[str, str]) -> Notifier:
    """Who is told, as the environment says."""
    return Notifier(environ.get("NOTIFY_SOCKET", ""))
