"""A PostgreSQL server a few milliseconds away, whose commits wait for a standby."""

from __future__ import annotations

import multiprocessing
import queue
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from tests.faults.replica import Replica, wait_until
from tests.faults.team import Postgres
from tests.free_port import free_port

_PIECE = 1 << 16
_SYNCHRONOUS = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"


@contextmanager
def server(away_s: float) -> Iterator[str]:
    """Yield the address of a server from which an answer takes at least `away_s` seconds."""
    with tempfile.TemporaryDirectory(prefix="ttp-pg-") as name:
        folder = Path(name)
        (folder / "primary").mkdir()
        (folder / "standby").mkdir()
        primary = Postgres(folder / "primary")
        standby = None
        try:
            standby = Replica(folder / "standby", primary)
            with psycopg.connect(primary.url(), autocommit=True) as session:
                session.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
                session.execute("ALTER SYSTEM SET fsync = on")
                session.execute("SELECT pg_reload_conf()")
                wait_until(lambda: session.execute(_SYNCHRONOUS).fetchone() is not None, "a synchronous standby")
            with relay(primary.port, away_s / 2) as port:
                yield primary.url().replace(f":{primary.port}/", f":{port}/")
        finally:
            if standby is not None:
                standby.close()
            primary.close()


@contextmanager
def relay(port: int, delay_s: float) -> Iterator[int]:
    """Pass connections on to a port of this machine, every byte `delay_s` later. Yield the port to connect to."""
    here = free_port()
    listening = multiprocessing.Event()
    process = multiprocessing.Process(target=_serve, args=(here, port, delay_s, listening), daemon=True)
    process.start()
    listening.wait()
    try:
        yield here
    finally:
        process.terminate()
        process.join()


def _serve(here: int, there: int, delay_s: float, listening: multiprocessing.synchronize.Event) -> None:
    with socket.create_server(("127.0.0.1", here)) as server:
        listening.set()
        while True:
            client, _ = server.accept()
            onward = socket.create_connection(("127.0.0.1", there))
            for source, target in ((client, onward), (onward, client)):
                target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                pieces: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
                threading.Thread(target=_take, args=(source, pieces, delay_s), daemon=True).start()
                threading.Thread(target=_give, args=(target, pieces), daemon=True).start()


def _take(source: socket.socket, pieces: queue.SimpleQueue[tuple[float, bytes]], delay_s: float) -> None:
    piece = b"..."
    while piece:
        try:
            piece = source.recv(_PIECE)
        except OSError:
            piece = b""
        pieces.put((time.monotonic() + delay_s, piece))


def _give(target: socket.socket, pieces: queue.SimpleQueue[tuple[float, bytes]]) -> None:
    while True:
        at, piece = pieces.get()
        time.sleep(max(0.0, at - time.monotonic()))
        with suppress(OSError):
            if not piece:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(piece)
