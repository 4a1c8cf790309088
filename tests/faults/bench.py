"""One sandbox, one fault proxy before it, and real `ttp` processes that publish one post under one plan of faults.

Owns running a case. What is left of it is judged elsewhere.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from shutil import copy
from types import MappingProxyType
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from tests.faults.forks import SMALL_CHUNK, Fork, Forks
from tests.faults.judge import Verdict, judge
from tests.faults.posts import KINDS, MADE_UP, PAGE, put_media, waits_s
from tests.faults.proxy import Asked, Fault, Proxy
from tests.faults.stores import PostgresStore, SqliteStore
from tests.faults.user_program import write_program
from tests.platforms.case import Kind, find_cases
from tests.platforms.factories import PLATFORMS
from tests.platforms.sandboxed import control
from ttp.domain.delivery import ENDED
from ttp.domain.time.clock import SystemClock
from ttp.sandbox.server import RunningSandbox, running_sandbox

SETTINGS = {
    **{f"PLATFORMS__{name.upper()}__SETTLE_S": "1" for name in MADE_UP if PLATFORMS.facts(name).settle_s},
    "PUBLISH__LOOKUP_GAP_S": "0.15",
    "PUBLISH__RETRY_BASE_S": "0.05",
    "PUBLISH__STATUS_POLL_S": "0.05",
    "PUBLISH__POLL_S": "0.5",
    "PUBLISH__DRAIN_S": "5",
    "WRITE__CARDS": "off",
}
OF_PLATFORMS = {
    name.upper().replace(".", "__"): value for case in find_cases().values() for name, value in case.settings.items()
}
"""The settings that the platforms' cases ask for."""
RUNS_MOST = 4
PROGRAM_TIMEOUT_S = 0.8
"""How long a program of the user's waits for an answer."""
PATIENCE_S = 180.0
INTENT_AGE_S = 60.0
"""An intent that is older was not withdrawn after a sleep. The program allows 5 s; a machine at work is slow."""
NOTHING_MORE: Mapping[str, str] = MappingProxyType({})
LONG_S = 40 * 365 * 86_400.0
"""Tokens live as long: the clocks of some runs stand years ahead."""
A_WHILE_S = (40.0, 80.0)
"""After which a platform is asked again for the id of what it published."""
UNNAMED = "SELECT 1 FROM delivery WHERE state = 'published' AND remote_id IS NULL AND next_at IS NOT NULL"
Plan: TypeAlias = Callable[[Asked], Fault | None]
UNTIL_IDLE = ("run", "--until-idle", "--jsonl")
RUN_S = 20.0
"""The longest that a run takes where the platform has no waits of its own."""
FINAL = {str(state) for state in ENDED}


@dataclass
class PlatformClock:
    """The platforms' clock: the machine's, moved by the time that was made to pass, and by what it is wrong by."""

    ahead_s: float = 0.0
    skew_s: float = 0.0

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s + self.skew_s)


class Bench:
    """Where cases run, one at a time. `folder` is its own; stores that are done with are removed."""

    def __init__(
        self, folder: Path, sandbox: RunningSandbox, served: Path, platform: PlatformClock, server: str | None = None
    ) -> None:
        """`server`: the PostgreSQL that has the stores; without one they are files."""
        self.folder = folder
        self.mutant: str | None = None
        """The mistake that its `ttp` processes have."""
        self.is_next = False
        """Whether its `ttp` processes are of the next version."""
        self.sandbox = sandbox
        self.served = served
        place = urlsplit(sandbox.url)
        self.proxy = Proxy((place.hostname or "", place.port or 0))
        self.home = folder / "home"
        self.store = SqliteStore(self.home) if server is None else PostgresStore(self.home, server)
        self.forks = Forks(folder, self.store.needs)
        self.media = folder / "media"
        self.media.mkdir()
        put_media(self.media)
        copy(self.media / PAGE, served)
        self.clock = folder / "clock"
        self.platform = platform
        self.victims: list[Fork] = []
        self.ran: list[Fork] = []
        self.amiss: list[str] = []
        self.others: set[str] = set()
        """Posts on the account that are not the case's own."""
        self.slips: list[tuple[float, float]] = []
        self._slips_to_come: list[threading.Timer] = []
        """When time passed while a process ran, by its clock before that, and how much."""
        self.waits_s = 0.0
        """How long the platform of the present case has a client wait."""
        self.wall_shift_s = self.boot_shift_s = 0.0
        self.server_keeps_time = False
        """Whether the clock of the store's server does not jump with this machine's."""
        self._templates: dict[str, tuple[Path, tuple[str, ...], Any]] = {}

    def close(self) -> None:
        self.forks.close()
        self.proxy.close()
        self.store.close()

    def env(self, **more: str) -> dict[str, str]:
        """Settings of the processes; names without `TTP_`."""
        url = self.proxy.url
        settings = {
            **{f"PLATFORMS__{name.upper()}__BASE_URL": url for name in MADE_UP},
            "MEDIA_HOST__KIND": "folder",
            "MEDIA_HOST__PATH": str(self.served),
            "MEDIA_HOST__BASE_URL": f"{self.sandbox.url}/_sandbox/media/",
            "HOME": str(self.home),
            "TZ": "UTC",
            **SETTINGS,
            **{name: value for name, value in OF_PLATFORMS.items() if name.endswith("_S")},
            **more,
        }
        return {f"TTP_{name}": value for name, value in self.store.environment(settings).items()}

    @property
    def until_idle(self) -> tuple[str, ...]:
        """The command that publishes until nothing is due, for as long as the platform's own waits need."""
        return (*UNTIL_IDLE, "--max-time", f"{RUN_S + self.waits_s:.0f}s")

    def run(self, *argv: str, stdin: str = "", **env: str) -> Fork:
        """A command, started."""
        return self._start(argv, stdin, env)

    def run_to_intent(self, number: int, *argv: str) -> Fork:
        """A command, started, that stops itself (SIGSTOP) once its n-th intent is committed. Count from 1."""
        return self._start(argv, "", {}, stop_at_intent=number)

    def _start(self, argv: Sequence[str], stdin: str, env: Mapping[str, str], *, stop_at_intent: int = 0) -> Fork:
        fork = self.forks.start(
            argv,
            self.env(**env),
            stdin=stdin,
            chunk=SMALL_CHUNK,
            clock=str(self.clock),
            mutant=self.mutant,
            next=self.is_next,
            stop_at_intent=stop_at_intent,
        )
        self.ran.append(fork)
        return fork

    def ok(self, *argv: str, stdin: str = "") -> str:
        """What a command said that must succeed."""
        fork = self.run(*argv, stdin=stdin)
        assert fork.wait() == 0, (argv, fork.said)
        return fork.stdout.read_text()

    def control(self, method: str, path: str, body: object = None) -> Any:
        return control(self.sandbox.url, method, path, body)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, on all clocks, and set them right. One that is ahead stays so: ttp refuses one set back."""
        wrong_s = max(self.wall_shift_s - self.platform.ahead_s, 0.0)
        self.platform.ahead_s += seconds
        self.shift(self.platform.ahead_s + wrong_s, self.platform.ahead_s)

    def slip(self, seconds: float) -> None:
        """Let time pass while a process runs. On a slow machine it may pass between the last look of the process at its
        clock and the request that follows, which nothing can notice."""
        self.slips.append((SystemClock().boot() + self.boot_shift_s, seconds))
        self.pass_time(seconds)

    def slip_later(self, seconds: float) -> None:
        """Let time pass in 0.3 s, unless the run has ended by then."""
        timer = threading.Timer(0.3, self.slip, (seconds,))
        timer.daemon = True
        timer.start()
        self._slips_to_come.append(timer)

    def set_right(self) -> None:
        """Set the clocks of the processes by the platform's."""
        self.shift(self.platform.ahead_s, self.platform.ahead_s)

    def shift(self, wall_s: float, boot_s: float) -> None:
        """Set how far the clocks of the processes are off the machine's."""
        self.wall_shift_s, self.boot_shift_s = wall_s, boot_s
        new = self.clock.with_suffix(".new")
        new.write_text(f"{wall_s} {boot_s}")
        new.replace(self.clock)
        self.store.move_clock(boot_s if self.server_keeps_time else wall_s)

    def sql(self, statement: str, *values: object) -> list[Any]:
        return self.store.sql(statement, values)

    def seen(self, kind: Kind) -> list[Any]:
        """What followers of the account see, apart from the posts that are not the case's own."""
        posts = self.control("GET", "posts")
        return [post for post in posts if post["account"] == kind.seen_as and post["id"] not in self.others]

    def prepare(self, kind: Kind) -> tuple[str, ...]:
        """A store of its own with the post due now, and a platform that has nothing of the account. Its secrets."""
        self.proxy.begin(lambda asked: None)
        while self._slips_to_come:
            timer = self._slips_to_come.pop()
            timer.cancel()
            timer.join()
        self.platform.ahead_s = self.platform.skew_s = 0.0
        self.clock.unlink(missing_ok=True)
        self.wall_shift_s = self.boot_shift_s = 0.0
        self.server_keeps_time = self.is_next = False
        self.slips = []
        self.waits_s = waits_s(PLATFORMS.facts(kind.platform))
        if kind.name not in self._templates:
            self._templates[kind.name] = self._made(kind)
        state = self.sandbox.state
        state.posts.clear()
        state.pieces.clear()
        state.records.clear()
        state.lag_s = 0.0
        state.windows.clear()
        template, secrets, account = self._templates[kind.name]
        state.save(account)  # its tokens may have been renewed, by a store that is gone
        self.store.copy(template)
        now = int(time.time() * 1000)
        self.sql("UPDATE delivery SET due_at = ?, next_at = ? WHERE parent_id IS NULL", now, now)
        self.sql("UPDATE post SET scheduled_at = ?", now)
        self.victims, self.ran, self.amiss, self.others = [], [], [], set()
        return secrets

    def program(self, kind: Kind) -> Path:
        """Where the program of a kind that one publishes is."""
        return self.folder / f"{kind.name.replace(' ', '-')}.py"

    def _made(self, kind: Kind) -> tuple[Path, tuple[str, ...], Any]:
        self.store.begin()
        made = self.control("POST", "accounts", {"account": kind.seen_as, "unlimited": True})
        held = made["credentials"]
        if kind.platform == "command":
            name = self.program(kind).stem
            program = write_program(self.folder, name, self.proxy.url, held, PROGRAM_TIMEOUT_S)
            self.ok("account", "add", kind.account, "--program", str(program))
        else:
            self.ok("account", "add", kind.account, "--credentials", "-", stdin=json.dumps(held))
        for name, value in find_cases()[kind.platform].options.items() if kind.platform in find_cases() else ():
            self.ok("account", "set", kind.account, "--set", f"{kind.platform}.{name}={value}")
        page = f"{kind.platform}.card={self.sandbox.url}/_sandbox/media/{PAGE}"
        self.ok(*kind.argv(self.media), *(("--set", page) if kind.has_card else ()), "--at", "now", "-q")
        self.sql("UPDATE post SET cards = '{}'")  # so the publisher fetches the page
        template = self.folder / f"template-{len(self._templates)}"
        self.store.keep(template)
        secret = tuple(v for k, v in held.items() if k in ("accessToken", "refreshToken", "clientSecret") and v)
        return template, secret, self.sandbox.state.accounts[kind.seen_as]

    @cached_property
    def usual_s(self) -> float:
        """How long it takes here to publish a short post without a fault. Not to be asked first in a case."""
        return self.case(KINDS["x text"], lambda asked: None).seconds

    def kill(self) -> None:
        """End every process of the case that runs, as a power cut does."""
        for fork in self.victims:
            fork.signal(signal.SIGKILL)

    def age_s(self, boot_s: float) -> float:
        """How old an intent of some time since boot is, without what `slip` let pass since then."""
        slipped_s = sum(seconds for at, seconds in self.slips if boot_s <= at)
        return SystemClock().boot() + self.boot_shift_s - boot_s - slipped_s

    def watched(self, kind: Kind, plan: Plan) -> Plan:
        """The plan, with a look into the store at each publishing call: its intent must be there, committed, and not
        older than an intent may be that a call follows."""

        def watching(asked: Asked) -> Fault | None:
            if kind.publishes(asked):
                # A program goes on when ttp is killed, and the next ttp closes the intent at once.
                still = "" if kind.platform == "command" else "AND outcome IS NULL"
                intents = f"SELECT boot_s FROM attempt WHERE phase = 'publish' {still} ORDER BY id DESC"
                with suppress(sqlite3.DatabaseError):  # a store that is spoiled on purpose
                    found = self.sql(intents)
                    if not found:
                        self.amiss.append(f"request {asked.index} came without an intent: {asked.line}")
                    elif (age_s := self.age_s(found[0][0])) > INTENT_AGE_S:
                        self.amiss.append(f"request {asked.index} came {age_s:.0f} s after its intent: {asked.line}")
            return plan(asked)

        return watching

    def case(
        self,
        kind: Kind,
        plan: Plan,
        go: Callable[[Bench], None] | None = None,
        *,
        env: Mapping[str, str] = NOTHING_MORE,
    ) -> Verdict:
        """Publish one post under a plan of faults, in as many runs as it takes, and judge what is left.

        `go`: what is done in place of the runs; `env`: further settings, without `TTP_`.
        """
        secrets = self.prepare(kind)
        began = time.monotonic()
        self.proxy.begin(self.watched(kind, plan))
        if go is None:
            self.settle(env={**OF_PLATFORMS, **env})
        else:
            go(self)
        self.proxy.rest()
        verdict = judge(self, kind, secrets)
        verdict.seconds = time.monotonic() - began
        return verdict

    def settle(self, *argv: str, runs: int = RUNS_MOST, env: Mapping[str, str] = NOTHING_MORE) -> None:
        """Run until the delivery has ended, or no further run would end it; at most so many times."""
        for _ in range(runs):
            fork = self.run(*self.until_idle, *argv, **env)
            self.victims = [fork]
            fork.wait(PATIENCE_S + self.waits_s)
            assert fork.code is not None, "a run does not end"
            if fork.code >= 0 and self.state() in FINAL:
                break
        for seconds in A_WHILE_S:
            if self.sql(UNNAMED):
                self.pass_time(seconds)
                assert self.run(*self.until_idle, **env).wait(PATIENCE_S) == 0, "the run that asks for an id"

    def state(self) -> str:
        """The state of the case's post, and of its comment once that is published."""
        rows = self.sql("SELECT state, parent_id FROM delivery WHERE post_id = 1 ORDER BY id")
        post, comments = rows[0][0], [state for state, parent_id in rows if parent_id is not None]
        return str(comments[0] if comments and post == "published" else post)


@contextmanager
def open_bench(
    folder: Path, settings: Mapping[str, Any] | None = None, *, server: str | None = None
) -> Iterator[Bench]:
    """A bench for as long as the block runs. `server`: the PostgreSQL that has its stores."""
    served = folder / "served"
    served.mkdir()
    platform = PlatformClock()
    quick = {"processing_s": 0.15, "moderation_s": 0.1, "access_s": LONG_S, **(settings or {})}
    with running_sandbox(now=platform, media_dir=served, **quick) as running:
        bench = Bench(folder, running, served, platform, server)
        try:
            yield bench
        finally:
            bench.close()
