"""A publisher for tests: a real store, a clock that the test moves, and clients with scripted answers.

Every piece of work runs in the loop's own thread, and a nap moves the clock: a test of an hour takes milliseconds and
always goes the same way.
"""

from __future__ import annotations

import queue
import select
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo

import pytest

from tests.clock import START, FakeClock
from tests.platforms.factories import PLATFORMS
from tests.services.logins import FakeLogin
from tests.settings import Config
from tests.store.stores import add_account, add_post, new_store, to
from ttp.domain.account import Account, Credentials
from ttp.domain.delivery import Delivery, DeliveryError
from ttp.domain.event import Event
from ttp.domain.post import Post
from ttp.domain.publishing.outcome import Attempt, Finding, Handle, NotDone, Outcome, Phase
from ttp.domain.time.clock import SharedClock
from ttp.platforms.client import LookupResult, PublishRequest, Ready, StepDone, StepFailed, Wait
from ttp.publisher.clients import Clients
from ttp.publisher.coordination import Coordination
from ttp.publisher.delivery_context import DeliveryContext
from ttp.publisher.loop import Loop, Mode, Scope
from ttp.publisher.shared_coordination import SharedCoordination
from ttp.publisher.worker_pool import JobReport, Reports, WorkerPool, WorkerThreads, WorkItem
from ttp.services.application import Installation
from ttp.services.connecting.tokens import Tokens
from ttp.services.repeats import Occurrences
from ttp.store import accounts as stored_accounts
from ttp.store import queries
from ttp.store.credentials import CredentialsFile
from ttp.store.dialect import Connection, Row
from ttp.store.home.files import OwnFiles
from ttp.store.home.journal import Journal
from ttp.store.machine.ownership import store_id, this_machine
from ttp.store.machine.publisher_session import PublisherSession
from ttp.store.writer import Writer

LIMIT = 200_000
"""After this many naps a run counts as endless."""
FINGERPRINT = "f" * 64
EVICT_AFTER = timedelta(seconds=30)
"""How long a publisher may say nothing before others disconnect it, where several publish."""

T = TypeVar("T")
Said = Outcome | Callable[[PublishRequest, Handle], Outcome]
Saw = Finding | LookupResult | Callable[[PublishRequest, Handle], Finding | LookupResult]
Step = StepDone | Wait | NotDone | Ready | Callable[[], object]


class Inline:
    """A pool that runs work in the caller's thread."""

    def submit(self, piece: WorkItem) -> None:
        piece()


class Unscripted(BaseException):
    """A client was called more often than the test says."""


class Crash(BaseException):
    """The process dies here."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a client: which, when (seconds since START), for which delivery, with what handle."""

    name: str
    at: float
    delivery: int
    handle: Handle = field(default_factory=dict)


@dataclass
class Scripted:
    """A client that answers from lists. `skew`: how far the platform's clock is ahead; None: it tells no time."""

    platform: str
    clock: FakeClock
    skew: float | None = 0.0
    prepares: deque[list[Step]] = field(default_factory=deque)
    publishes: deque[Said] = field(default_factory=deque)
    looks: deque[Saw] = field(default_factory=deque)
    makes: Callable[[PublishRequest, Handle], Ready] | None = None
    """What a preparation ends with, in place of the handle that it began with."""
    always: Saw | None = None
    """What every look-up beyond the list finds."""
    calls: list[Call] = field(default_factory=list)
    orders: list[PublishRequest] = field(default_factory=list)
    sought: list[datetime] = field(default_factory=list)

    @property
    def platform_at(self) -> datetime | None:
        return None if self.skew is None else self.clock.now() + timedelta(seconds=self.skew)

    def names(self) -> list[str]:
        return [call.name for call in self.calls]

    def times(self, name: str) -> list[float]:
        return [call.at for call in self.calls if call.name == name]

    def prepare(self, order: PublishRequest, handle: Handle) -> Generator[StepDone | Wait, None, Ready]:
        self._note("prepare", order, handle)
        ready = self.makes(order, handle) if self.makes else Ready(handle, self.platform_at, "POST", FINGERPRINT)
        for step in self.prepares.popleft() if self.prepares else []:
            match step:
                case NotDone():
                    raise StepFailed("upload", step)
                case Ready():
                    ready = step
                case StepDone() | Wait():
                    yield step
                    if isinstance(step, StepDone) and step.handle is not None:
                        ready = replace(ready, handle=step.handle)
                case _:
                    step()
        return ready

    def publish(self, order: PublishRequest, handle: Handle) -> Outcome:
        self._note("publish", order, handle)
        if not self.publishes:
            raise Unscripted("publish")
        said = self.publishes.popleft()
        return said(order, handle) if callable(said) else said

    def look_up(self, order: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        self._note("look_up", order, handle)
        self.sought.append(since)
        saw = self.looks.popleft() if self.looks else self.always
        if saw is None:
            raise Unscripted("look_up")
        found = saw(order, handle) if callable(saw) else saw
        return found if isinstance(found, LookupResult) else LookupResult(found, self.platform_at)

    def close(self) -> None:
        self.calls.append(Call("close", 0.0, 0))

    def _note(self, name: str, order: PublishRequest, handle: Handle) -> None:
        at = (self.clock.now() - START).total_seconds()
        self.calls.append(Call(name, at, order.delivery_id, dict(handle)))
        self.orders.append(order)


class Bench:
    """One store, its accounts, three scripted platforms, and publishers one after another."""

    def __init__(self, home: Path, clock: FakeClock | None = None, **config: float) -> None:
        self.clock = clock or FakeClock()
        self.database = new_store(home)
        self.config = Config({name.replace("__", "."): value for name, value in config.items()})
        self.credentials = CredentialsFile(home)
        self.clients: dict[str, Scripted] = {platform: Scripted(platform, self.clock) for platform in PLATFORMS.names()}
        self.logins: dict[str, FakeLogin] = {
            platform: FakeLogin(platform, can_renew=False) for platform in PLATFORMS.names()
        }
        self.events: list[Event] = []
        self.loop: Loop | None = None
        self.naps: list[tuple[float, float]] = []
        """When each nap began, in seconds since START, and how long it was to be."""
        self.dead = False
        self.on_commit: Callable[[], object] = lambda: None
        self.heartbeat: Callable[[datetime], None] = lambda now: None
        self._watch: Connection | None = None
        """By which the running publisher hears of changes."""
        self.threads = False
        """Real threads and real waiting, instead of work in the loop's thread and naps that move the clock."""
        self._hooks: list[tuple[datetime, Callable[[], object]]] = []
        self._listeners: list[tuple[str, Callable[[], None]]] = []
        self.account("x/me")

    @property
    def x(self) -> Scripted:
        return self.clients["x"]

    @property
    def seconds(self) -> float:
        return (self.clock.now() - START).total_seconds()

    def account(self, name: str, **fields: object) -> Account:
        self.credentials.put(name, Credentials("token", host=""))
        return add_account(self.database, name, **fields)

    def account_now(self, name: str) -> Account:
        accounts: list[Account] = self.read(stored_accounts.accounts)
        return next(account for account in accounts if account.name == name)

    def post(self, *names: str, due: float = 0.0, **fields: object) -> int:
        """A post to accounts (`x/me`), due so many seconds after START; its id."""
        at = START + timedelta(seconds=due)
        known = {account.name: account for account in self.read(stored_accounts.accounts)}
        deliveries = [to(known[name], at) for name in names or ("x/me",)]
        post = add_post(self.database, *deliveries, **fields)  # type: ignore[arg-type]  # a post's fields by name
        assert post.id is not None
        return post.id

    def read(self, question: Callable[[Connection], object]) -> Any:
        with closing(self.database.connect()) as db:
            return question(db)

    def whole(self, post_id: int) -> Post:
        post: Post = self.read(lambda db: queries.post_even_deleted(db, post_id))
        return post

    def delivery(self, post_id: int = 1, account: str | None = None) -> Delivery:
        return next(d for d in self.whole(post_id).deliveries if account in (None, d.account))

    def error(self, post_id: int = 1) -> DeliveryError:
        error = self.delivery(post_id).error
        assert error is not None
        return error

    def attempts(self, post_id: int = 1, phase: Phase | None = None) -> list[Attempt]:
        found: list[Attempt] = self.read(lambda db: list(queries.attempts(db, post_id)))
        return [attempt for attempt in found if phase in (None, attempt.phase)]

    def intents(self, post_id: int = 1) -> list[str | None]:
        """The outcome of each publishing intent, oldest first."""
        return [attempt.outcome for attempt in self.attempts(post_id, Phase.PUBLISH)]

    def sql(self, statement: str, *values: object) -> list[Row]:
        """Run one statement as another process would."""

        def run(db: Connection) -> list[Row]:
            found = db.execute(statement, values)
            rows = found.fetchall() if found.description else []  # type: ignore[attr-defined]  # of both drivers
            if not self.database.has_files:
                db.execute("NOTIFY ttp_changes")
            return rows

        rows: list[Row] = self.read(run)
        self.be_heard()
        return rows

    def be_heard(self) -> None:
        """Wait until a publisher that runs can hear of a change: a server tells of it in its own time."""
        if self._watch is not None and not self.database.has_files:
            select.select([self._watch._session.fileno()], [], [], 5.0)  # type: ignore[attr-defined]  # of PostgreSQL

    def die(self) -> NoReturn:
        """The process ends here: nothing that it does from now on reaches the disk."""
        self.dead = True
        raise Crash

    def run_and_die(self, mode: Mode = Mode.UNTIL_IDLE) -> None:
        """A publisher that a script kills."""
        with pytest.raises(Crash):
            self.run(mode)

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Do something when the clock is so many seconds after START, while a publisher sleeps."""
        self._hooks.append((START + timedelta(seconds=seconds), act))
        self._hooks.sort(key=lambda hook: hook[0])

    def stop_at(self, seconds: float) -> None:
        self.at(seconds, self.stop)

    def stop(self) -> object:
        """What a signal does."""
        assert self.loop is not None
        self.loop.stop()
        return None

    def run(
        self, mode: Mode = Mode.UNTIL_IDLE, only: Iterable[int] | None = None, max_time: float | None = None
    ) -> bool:
        """One publisher from start to end. Crash passes through, as a dead process leaves the store."""
        coordination = self.coordination(mode)
        self.naps.clear()
        self.dead = False
        clock, errors = coordination.clock, coordination.job_errors
        workers = (
            WorkerPool(WorkerThreads(4), clock, lost=errors)
            if self.threads
            else WorkerPool(Inline(), clock, self.nap, errors)
        )
        try:
            repeating = Occurrences(self.database, self.clock, self.config, PLATFORMS)
            context = self.context(coordination)
            self.loop = Loop(context, workers, heartbeat=self.heartbeat, make_ahead=repeating.make_due)
            coordination.watch.data_version()
            self._watch = coordination.watch
            return self.loop.run(Scope(mode, None if only is None else frozenset(only), max_time))
        finally:
            self._watch = None
            # The kernel takes a dead process's locks back; here they are held by what it left suspended.
            while not workers._reports.empty():
                report = workers._reports.get_nowait()
                if report is not None and report.steps is not None:
                    report.steps.close()
            for sleeper in workers._sleepers:
                sleeper.steps.close()
            coordination.close()

    def tokens(self) -> Tokens:
        """The tokens as a publisher has them."""
        return self.installation().tokens

    def installation(self) -> Installation:
        """What a new process has of the store, with the scripted platforms."""
        installation = Installation(
            self.database,
            self.clock,
            self.config,
            PLATFORMS,
            system_zone=lambda: ZoneInfo("UTC"),
            own_files=lambda: OwnFiles(()),
            render_way_out=str,
        )
        fakes = {"client": self.clients.__getitem__, "login": lambda platform, server=None: self.logins[platform]}
        vars(installation).update(credentials=self.credentials, **fakes)
        return installation

    def publisher_session(self, mode: Mode) -> PublisherSession:
        return self.database.publisher_session(mode.value, EVICT_AFTER)

    def coordination(self, mode: Mode) -> Coordination:
        """Open what a publisher has open, as long as its process lives."""
        installation, open_writer = self.installation(), partial(MortalWriter, self)
        session = self.publisher_session(mode)
        if not session.is_shared:
            return Coordination(installation, session, self._tell, open_writer=open_writer)
        clock, owner = SharedClock(self.clock), self.database.owner(this_machine(), any_machine=True)
        clock.follow(self.clock.now)  # publishing goes by the server's clock, which nobody sets
        installation.clock = clock
        return SharedCoordination(
            installation, session, self._tell, owner=owner, is_owner=False, gives_up=True, open_writer=open_writer
        )

    def context(self, coordination: Coordination) -> DeliveryContext:
        installation = self.installation()
        journal = Journal(self.database.home, store_id(coordination.watch))
        return DeliveryContext(
            coordination=coordination, installation=installation, clients=Clients(installation.client), journal=journal
        )

    def on(self, event: str, act: Callable[[], None]) -> None:
        """Do something each time the publisher says `event`."""
        self._listeners.append((event, act))

    def _tell(self, event: Event) -> None:
        self.events.append(event)
        for name, act in self._listeners:
            if name == event.event:
                act()

    def told(self, *names: str) -> list[str]:
        """The names of the events, or of those among `names`."""
        return [event.event for event in self.events if not names or event.event in names]

    def nap(self, reports: Reports, seconds: float) -> JobReport | None:
        self.naps.append((self.seconds, seconds))
        assert len(self.naps) < LIMIT, "the publisher never ends"
        try:
            return reports.get_nowait()
        except queue.Empty:
            pass
        end = self.clock.now() + timedelta(seconds=seconds)
        if self._hooks and self._hooks[0][0] <= end:
            at, act = self._hooks.pop(0)
            self.clock.advance(max((at - self.clock.now()).total_seconds(), 0.0))
            act()
        else:
            self.clock.advance(max(seconds, 1e-6) if seconds else 0.0)  # a microsecond is the least that datetimes know
        return None


class MortalWriter(Writer):
    """Writes nothing more once its process is dead."""

    def __init__(self, bench: Bench, connect: Callable[[], Connection]) -> None:
        self._bench = bench
        super().__init__(connect)

    def run(
        self,
        work: Callable[[Connection], T],
        late: Callable[[], object] | None = None,
        ask: Callable[[Connection], object] | None = None,
    ) -> T:
        if self._bench.dead:
            raise Crash
        answer = super().run(work, late, ask)
        self._bench.on_commit()
        return answer


def calls_of(clients: Iterable[Scripted], name: str) -> list[Call]:
    """The calls of one sort to all platforms, in the order of time."""
    return sorted((call for client in clients for call in client.calls if call.name == name), key=lambda call: call.at)
