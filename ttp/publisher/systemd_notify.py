"""Report the publisher's state to systemd by sd_notify(3). A message that cannot be sent is dropped."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"


@dataclass(frozen=True, slots=True)
class Notifier:
    """Sends lines to the service manager. `address`: path of a socket, or @ and its abstract name; empty: nothing."""

    address: str = ""

    def __call__(self, line: str) -> None:
        if not self.address:
            return
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
            there.sendto(line.encode(), socket.MSG_DONTWAIT, address)


NOBODY = Notifier()


def notifier(environ: Mapping[str, str]) -> Notifier:
    """Return the notifier that the environment asks for."""
    return Notifier(environ.get("NOTIFY_SOCKET", ""))
