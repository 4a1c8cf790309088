"""Notifications to systemd: ready, alive, stopping; from a loop only."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.publisher.bench import Bench
from tests.publisher.test_process import runner
from ttp.publisher.loop import Mode, Scope
from ttp.publisher.process import ALIVE, READY, STOPPING, Notifier


@pytest.fixture(params=["path", "abstract"])
def system(request: pytest.FixtureRequest, socket_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """The address in NOTIFY_SOCKET, and what listens there."""
    name = str(socket_path) if request.param == "path" else f"@ttp-test-{socket_path.parent.name}"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as there:
        there.bind(name if request.param == "path" else f"\0{name[1:]}")
        there.setblocking(False)
        yield name, there


def heard(there: socket.socket) -> list[str]:
    said = []
    while True:
        try:
            said.append(there.recv(1000).decode())
        except BlockingIOError:
            return said


def test_a_loop_says_when_it_is_ready_alive_and_stopping(bench: Bench, system: tuple[str, socket.socket]) -> None:
    address, there = system
    bench.at(35.0, lambda: signal.raise_signal(signal.SIGTERM))
    loop = runner(bench, notify=Notifier(address))
    assert loop.run(Scope(Mode.LOOP), bench.events.append).clean
    said = heard(there)
    assert said[-2:] == [STOPPING, ALIVE]
    assert said.count(ALIVE) == 6, "at its start, and every ten seconds"
    assert said.index(READY) == 1
    assert said.count(READY) == said.count(STOPPING) == 1


def test_a_short_run_does_not_notify_systemd(bench: Bench, system: tuple[str, socket.socket]) -> None:
    address, there = system
    runner(bench, notify=Notifier(address)).run(Scope(Mode.ONCE), bench.events.append)
    assert heard(there) == []


def test_an_unavailable_notify_socket_is_ignored(tmp_path: Path, socket_path: Path) -> None:
    Notifier()(READY)
    Notifier(str(tmp_path / "nobody"))(READY)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as there:
        there.bind(str(socket_path))
        for _ in range(5000):
            Notifier(str(socket_path))(ALIVE)
        there.setblocking(False)
        assert len(heard(there)) < 5000
