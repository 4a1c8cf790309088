"""Sweeps of several publishers of which one loses its network to the database, in one direction or in both.

The host is a network namespace with one link, to the database. The platform is reached through this process.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

from tests.faults.forks import enter_network
from tests.faults.team import Case, Team

WAYS = ("to the server", "from the server", "both ways")
LATE = {"PUBLISH__EVICT_AFTER_S": "120"}
"""Only what TCP notices counts here."""
TAKEN_OVER_WITHIN_S = 60.0


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
        self._link, self._inner = f"t{os.getpid()}o{number}"[:15], f"t{os.getpid()}i{number}"[:15]
        ip("link", "add", self._link, "type", "veth", "peer", "name", self._inner)
        ip("link", "set", self._inner, "netns", self.name)
        ip("addr", "add", f"{self.server}/32", "peer", self._here, "dev", self._link)
        ip("link", "set", self._link, "up")
        ip("-n", self.name, "addr", "add", f"{self._here}/32", "peer", self.server, "dev", self._inner)
        ip("-n", self.name, "link", "set", self._inner, "up")

    def listen(self) -> socket.socket:
        """Return a listening socket of the host's own loopback, for this process."""
        made: list[socket.socket] = []

        def enter() -> None:  # in a new thread: a network namespace belongs to one thread
            enter_network(self.name)
            made.append(socket.create_server(("127.0.0.1", 0)))

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        return made[0]

    def cut(self, way: str) -> None:
        """Let packets of the database be dropped without a word: they go to a card that nobody has."""
        for neighbor in self._neighbors(way):
            ip(*neighbor[0], "neigh", "replace", *neighbor[1], "lladdr", "02:00:00:00:00:99", "nud", "permanent")

    def heal(self, way: str) -> None:
        for neighbor in self._neighbors(way):
            ip(*neighbor[0], "neigh", "del", *neighbor[1])

    def _neighbors(self, way: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        if way != "from the server":
            yield ("-n", self.name), (self.server, "dev", self._inner)
        if way != "to the server":
            yield (), (self._here, "dev", self._link)

    def close(self) -> None:
        with suppress(subprocess.SubprocessError):
            ip("link", "del", self._link)
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
        way, is_short = WAYS[number % len(WAYS)], number % 4 != 3

        def go(team: Team, way: str = way, number: int = number, is_short: bool = is_short) -> None:
            host = Host(number)
            team.held.callback(host.close)
            sandbox = urlsplit(team.sandbox.url)
            relay = Relay(host.listen(), (str(sandbox.hostname), int(sandbox.port or 80)))
            team.held.callback(relay.close)
            gate = team.folder / "gate"
            first = team.start(
                "a",
                first_call=f"send:{gate}",
                host=host.server,
                sandbox=relay.url,
                network=host.name,
                keepalive="short" if is_short else "",
                **LATE,
            )
            if not first.wait_for("first call"):
                team.note(f"it never called: {first.text[-300:]}")
                return
            host.cut(way)
            had = team.in_hand(first)
            gate.touch()
            team.start("b", **LATE)
            team.measure_takeover(had, 30.0 if is_short else TAKEN_OVER_WITHIN_S)
            host.heal(way)

        how = "noticed within 3 s" if is_short else "noticed within 11 s"
        yield Case("network cut", f"{way}, {how}", go, posts=12, is_alone=True, listen="*")
