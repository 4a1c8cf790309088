"""Two machines: a server with a full store, a caller without one, and the same store here to compare with."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clock import START, FakeClock
from tests.compat.commands import fill
from tests.conftest import Program, Ran, inherited, program
from ttp.cli import app
from ttp.cli.remote.child import CallerFiles, TokenContext
from ttp.cli.settings import user_name
from ttp.domain.server.api_token import ApiToken, TokenCapability
from ttp.domain.time.clock import SystemClock
from ttp.sandbox.server import RunningSandbox
from ttp.store.accounts import accounts as stored_accounts

PATIENCE_S = 60.0
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_AGO = re.compile(r"\b\d+ (s|min|h|d)\b|@[0-9a-f]{8}|\b\d\d:\d\d(:\d\d)?\b")


@dataclass
class Machines:
    """`here`: the program on its own store; `caller`: the program on the server's store, with a token."""

    here: Program
    caller: Program
    server_home: Path
    url: str
    process: subprocess.Popen[str]
    tokens: dict[tuple[str, ...], str]

    def token(self, capability: str = "publish", *accounts: str) -> str:
        """Return a token that may do this, for these accounts only if any are named."""
        key = (capability, *accounts)
        if key not in self.tokens:
            options = [word for one in accounts for word in ("--account", one)]
            name = f"{capability}-{len(self.tokens)}"
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("TTP_HOME", str(self.server_home))
                made = Program(self.server_home, self.caller.clock).ok(
                    "token", "create", name, "--capability", capability, *options, "--json"
                )
            self.tokens[key] = made.json["token"]
        return self.tokens[key]

    def for_token(self, *argv: str, capability: str = "publish", accounts: tuple[str, ...] = ()) -> Ran:
        """Run a command in this process, as the one that the server starts for a token does."""
        ttp = Program(self.server_home, self.caller.clock)
        with ttp.database.reading() as db:
            assert db is not None
            ids = frozenset(one.id for one in stored_accounts(db) if one.name in accounts and one.id is not None)
        token = ApiToken(1, f"a {capability}", TokenCapability(capability), START, accounts=ids if accounts else None)
        with pytest.MonkeyPatch.context() as patch:
            desk = self.server_home.parent / "desk"
            desk.mkdir(exist_ok=True)
            patch.chdir(desk)
            patch.setenv("TTP_HOME", str(self.server_home))
            context = TokenContext(token, CallerFiles(str(desk), "/", {}))
            patch.setattr(ttp, "run", lambda argv: app.run(argv, context))
            return ttp(*argv)

    def local(self, *argv: str, stdin: str = "") -> Ran:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TTP_HOME", str(self.here.home))
            return self.here(*argv, stdin=stdin)

    def remote(self, *argv: str, stdin: str = "", token: str | None = None, **environ: str) -> Ran:
        token = self.token() if token is None else token
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TTP_HOME", str(self.caller.home))
            patch.setenv("TTP_SERVER", self.url)
            patch.setenv("TTP_TOKEN", token)
            for name, value in environ.items():
                patch.setenv(name, value)
            return self.caller(*argv, stdin=stdin)

    def plain(self, ran: Ran) -> Ran:
        """The result without what differs between two stores and two moments."""

        def text(said: str) -> str:
            for home in (self.here.home, self.server_home, self.caller.home):
                said = said.replace(str(home), "HOME")
            for actor in (user_name(), *(f"{key[0]}-{number}" for number, key in enumerate(self.tokens))):
                said = said.replace(actor, "ACTOR")
            return _AGO.sub("…", _INSTANT.sub("INSTANT", said))

        return Ran(ran.code, text(ran.out), text(ran.err))


@pytest.fixture(scope="session")
def full_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a store with everything in it."""
    with program(tmp_path_factory.mktemp("full"), FakeClock()) as ttp:
        fill(ttp)
        return ttp.home


@contextmanager
def served(home: Path, *argv: str, **more: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server on a store, with its address."""
    (home.parent / "tmp").mkdir(exist_ok=True)
    environ = {**inherited(), "TTP_HOME": str(home), "TMPDIR": str(home.parent / "tmp")}
    environ |= {"TTP_TZ": "UTC", "LANG": "C.UTF-8", **more}
    command = [sys.executable, "-m", "ttp", "serve", *argv]
    process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert said.startswith("Serving on "), said + process.stderr.read()
        yield said.removeprefix("Serving on ").strip(), process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE_S)
        finally:
            process.kill()
            process.wait(PATIENCE_S)
        assert process.stderr is not None
        process.stderr.close()


@pytest.fixture(scope="module")
def machines(
    full_store: Path, tmp_path_factory: pytest.TempPathFactory, shared_sandbox: RunningSandbox
) -> Iterator[Machines]:
    # On some days posts are due: X is the sandbox, which knows none of the accounts.
    x = {"TTP_PLATFORMS__X__BASE_URL": shared_sandbox.url}
    folder = tmp_path_factory.mktemp("machines")
    homes = [folder / name / "home" for name in ("here", "server")]
    for home in homes:
        shutil.copytree(full_store, home, copy_function=shutil.copy2)
        home.chmod(0o700)
    clock = SystemClock()
    with (
        program(folder / "caller", clock) as caller,  # type: ignore[arg-type]  # the server's is the machine's too
        pytest.MonkeyPatch.context() as patch,
        served(homes[1], "--port", "0", "--no-publish", **x) as (url, process),
    ):
        for name, value in x.items():
            patch.setenv(name, value)
        yield Machines(Program(homes[0], clock), caller, homes[1], url, process, {})  # type: ignore[arg-type]
