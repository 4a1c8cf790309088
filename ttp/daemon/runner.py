"""Being the publisher: the lock, the holder file, the signals, the loop. And following posts beside another one."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType

from ttp.daemon.clients import Clients
from ttp.daemon.crew import Crew, Nap, Pool, nap
from ttp.daemon.desk import Desk
from ttp.daemon.events import Event, Sink
from ttp.daemon.follow import Follow
from ttp.daemon.keeper import keeping
from ttp.daemon.loop import Loop, Mode, Scope
from ttp.daemon.workers import Workers
from ttp.domain.account import Platform
from ttp.domain.clock import Clock, to_ms
from ttp.domain.config import Config
from ttp.platforms.client import Client
from ttp.services.tokens import Tokens
from ttp.store import claims, lock
from ttp.store.database import Database, quick_check, translated
from ttp.store.media import MediaStore
from ttp.store.writer import Writer

TURN_S = 0.1
"""How often a wait for another publisher looks again."""
CHECK_EVERY_MS = 24 * 3600 * 1000
_LEFT_BEHIND: list[ExitStack] = []
"""The lock, the writer and the clients of a publisher whose workers were still at work when it ended: theirs until the
process is gone. Were the lock free before, the next publisher could take over what they still hold."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. `signal`: the number of the one that ended it; `clean`: nothing was left in flight."""

    clean: bool
    signal: int | None = None


@dataclass(frozen=True, slots=True)
class Runner:
    database: Database
    media: MediaStore
    tokens: Tokens
    clients: Callable[[Platform], Client]
    config: Config
    clock: Clock
    pool: Pool | None = None
    nap: Nap = nap
    sleep: Callable[[float], None] = time.sleep

    @property
    def home(self) -> Path:
        return self.database.home

    def run(self, scope: Scope, tell: Sink) -> Ended:
        """Publish until the scope is done. LockHeld at once if another process publishes; Damaged, Busy."""
        self.database.connect().close()
        with ExitStack() as held:
            held.enter_context(lock.publisher_lock(self.home))
            since = self.clock.now()
            heartbeat = self._heartbeat(scope.mode, since)
            heartbeat(since)
            watch = held.enter_context(closing(self.database.connect()))
            writer = held.enter_context(closing(Writer(self.database.connect)))
            clients = held.enter_context(closing(Clients(self.clients)))
            self._check(writer, since)
            desk = Desk(writer, self.media, self.tokens, clients, self.config, self.clock, _in_turn(tell))
            pool = self.pool or held.enter_context(closing(Workers(self.config.count("publish.concurrency"))))
            crew = Crew(pool, self.clock, self.nap)
            loop = Loop(desk, crew, watch, heartbeat)
            try:
                with (
                    translated(self.database.path),
                    _stopping(loop.stop) as caught,
                    keeping(self.tokens, self.clock, lambda: bool(caught)),
                ):
                    clean = loop.run(scope)
            finally:
                if crew.jobs:
                    _LEFT_BEHIND.append(held.pop_all())
            return Ended(clean, caught[0] if caught else None)

    def wait_for_turn(self, tell_waiting: Callable[[lock.Holder | None], None]) -> None:
        """Wait while a short run holds the lock. LockHeld at once if a loop does."""
        told = False
        while lock.is_held(self.home):
            holder = lock.read_holder(self.home)
            if holder is not None and holder.mode == Mode.LOOP:
                raise lock.LockHeld(holder)
            if not told:
                tell_waiting(holder)
                told = True
            self.sleep(TURN_S)

    def publish(self, ids: frozenset[int], tell: Sink) -> Ended:
        """Follow posts to their end: here if the lock is free, else beside the publisher that runs (woken by the
        store's change). Events are the same in both."""
        while True:
            try:
                return self.run(Scope(Mode.PUBLISH, only=ids), tell)
            except lock.LockHeld:
                follow = Follow(self.database, ids, tell, self.clock)
                while not follow.look():
                    if not lock.is_held(self.home):
                        break
                    self.sleep(TURN_S)
                else:
                    return Ended(True)

    def _check(self, writer: Writer, now: datetime) -> None:
        """Read through the whole file once a day, and after a publisher that died."""

        def work(db: sqlite3.Connection) -> None:
            last = db.execute("SELECT checked_at FROM store").fetchone()[0]
            if last is None or to_ms(now) - last > CHECK_EVERY_MS or claims.left_busy(db):
                quick_check(db, self.database.path)
                db.execute("UPDATE store SET checked_at = ?", (to_ms(now),))

        writer.run(work)

    def _heartbeat(self, mode: Mode, since: datetime) -> Callable[[datetime], None]:
        def beat(now: datetime) -> None:
            lock.write_holder(self.home, lock.Holder(os.getpid(), mode.value, since, now))

        return beat


def _in_turn(tell: Sink) -> Sink:
    """`tell`, for many threads: one event at a time."""
    turn = threading.Lock()

    def told(event: Event) -> None:
        with turn:
            tell(event)

    return told


@contextmanager
def _stopping(stop: Callable[[], None]) -> Iterator[list[int]]:
    """SIGTERM and SIGINT ask for a stop; a second one ends the process at once, which open intents make safe."""
    caught: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if caught:
            os._exit(128 + number)
        caught.append(number)
        stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
