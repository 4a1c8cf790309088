"""Sweeps of several publishers of which one loses its network to the database, in one direction or in both.

The host is a network namespace with one link, to the database. The platform is reached through this process.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests.faults.team import Case, Team

WAYS = ("to the server", "from the server", "both ways")
LATE = {"PUBLISH__EVICT_AFTER_S": "120"}
"""Only what TCP notices counts here."""
TAKEN_OVER_WITHIN_S = 20.0
_NEW_NET = 0x40000000


def ip(*argv: str) -> None:
    subprocess.run(["ip", *argv], check=True, capture_output=True, timeout=30)


def why_not() -> str:
    """Return why no namespace can be made here; empty if one can."""
    if os.name != "posix" or os.getuid() != 0 or shutil.which("ip") is None:
        return "needs root and ip(8)"
    name = f"ttp-{os.getpid()}"
    try:
        ip("netns", "add", name)
        ip("netns", "del", name)
    except (OSError, subprocess.SubprocessError) as error:
        return f"no network namespaces here: {error}"
    return ""


class Host:
    """A network namespace, from which the database is at `server`."""

    def __init__(self, number: int) -> None:
        self.name = f"ttp-{os.getpid()}-{number}"
        self._links: list[str] = []
        ip("netns", "add", self.name)
        ip("-n", self.name, "link", "set", "lo", "up")
        net = f"10.71.{os.getpid() % 250}"
        self.server, self._here = f"{net}.{2 * number + 1}", f"{net}.{2 * number + 2}"
        self._link, inner = f"t{os.getpid()}o{number}"[:15], f"t{os.getpid()}i{number}"[:15]
        ip("link", "add", self._link, "type", "veth", "peer", "name", inner)
        ip("link", "set", inner, "netns", self.name)
        ip("addr", "add", f"{self.server}/32", "peer", self._here, "dev", self._link)
        ip("link", "set", self._link, "up")
        ip("-n", self.name, "addr", "add", f"{self._here}/32", "peer", self.server, "dev", inner)
        ip("-n", self.name, "link", "set", inner, "up")

    def listen(self) -> socket.socket:
        """Return a listening socket of the host's own loopback, for this process."""
        made: list[socket.socket] = []

        def enter() -> None:  # in a new thread: a network namespace belongs to one thread
            with Path(f"/var/run/netns/{self.name}").open() as space:
                if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), _NEW_NET) == 0:
                    made.append(socket.create_server(("127.0.0.1", 0)))

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        return made[0]

    def cut(self, way: str) -> None:
        """Let packets of the database be dropped without a word."""
        if way == "both ways":
            ip("link", "set", self._link, "down")
        elif way == "to the server":
            ip("-n", self.name, "route", "replace", "blackhole", self.server)
        else:
            ip("route", "replace", "blackhole", self._here)

    def heal(self, way: str) -> None:
        if way == "both ways":
            ip("link", "set", self._link, "up")
        elif way == "to the server":
            ip("-n", self.name, "route", "del", "blackhole", self.server)
        else:
            ip("route", "del", "blackhole", self._here)

    def close(self) -> None:
        with suppress(subprocess.SubprocessError):
            ip("link", "del", self._link)
        with suppress(subprocess.SubprocessError):
            ip("route", "del", "blackhole", self._here)
        with suppress(subprocess.SubprocessError):
            ip("netns", "del", self.name)


class Relay:
    """Passes connections on to the sandbox."""

    def __init__(self, listener: socket.socket, target: tuple[str, int]) -> None:
        self._listener = listener
        self._target = target
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        host, port = self._listener.getsockname()[:2]
        return f"http://{host}:{port}"

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(1 << 16):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def cut(count: int) -> Iterator[Case]:
    """A host is cut off from the database in the middle of a call, and its network comes back after the take-over."""
    if reason := why_not():
        print(f"network cut: skipped: {reason}")
        return
    for number in range(count):
        way = WAYS[number % len(WAYS)]

        def go(team: Team, way: str = way, number: int = number) -> None:
            host = Host(number)
            team.held.callback(host.close)
            sandbox = urlsplit(team.sandbox.url)
            relay = Relay(host.listen(), (str(sandbox.hostname), int(sandbox.port or 80)))
            team.held.callback(relay.close)
            first = team.start(
                "a",
                mutant=team.mutant,
                first_call="send:6",
                host=host.server,
                sandbox=relay.url,
                before=f"ip netns exec {host.name}",
                **LATE,
            )
            if not first.wait_for("first call"):
                team.note(f"it never called: {first.text[-300:]}")
                return
            host.cut(way)
            team.start("b", mutant=team.mutant, **LATE)
            team.measure_takeover(TAKEN_OVER_WITHIN_S)
            host.heal(way)

        yield Case("network cut", way, go, posts=12, is_alone=True, listen="*")
