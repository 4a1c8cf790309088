"""Real processes that need one account's token at once, against refresh tokens that work once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import tests
from tests.clock import FakeClock
from tests.examples import every
from tests.services.token_worker import places
from tests.store.schemas import Schemas
from ttp.domain.account import Account, Credentials
from ttp.domain.time.clock import to_ms
from ttp.sandbox.server import RunningSandbox
from ttp.store import accounts
from ttp.store import accounts as stored_accounts

ROOT = Path(tests.__file__).parent.parent
PLATFORMS = ("x", "tiktok")


class Worker:
    """One process of `token_worker`."""

    def __init__(self, process: subprocess.Popen[str], clock: FakeClock) -> None:
        self.process = process
        self._clock = clock

    def ask(self, *words: str) -> None:
        """Have it need a token now. Comes back at once."""
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join([*words, str(to_ms(self._clock.now()))]) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the process has ended"
        return dict(json.loads(line))


class Stage:
    """A sandbox and a home with one of its accounts, on a clock that the test moves. `store`: an address in PostgreSQL;
    each process is then a separate host."""

    def __init__(
        self, sandbox: RunningSandbox, home: Path, platform: str, clock: FakeClock, store: tuple[str, ...] = ()
    ) -> None:
        self.store = store
        self.sandbox, self.home, self.clock, self.name = sandbox, home, clock, f"{platform}/demo"
        given = sandbox.state.accounts[self.name].credentials()
        pair = Credentials(
            given["accessToken"],
            host="127.0.0.1",
            refresh_token=given["refreshToken"],
            expires_at=datetime.fromisoformat(given["expiresAt"]),
            issued_at=clock.now(),
            client_id=given["clientId"],
            client_secret=given.get("clientSecret"),
        )
        if store:
            home.mkdir(0o700)
        self.database, credentials = places(home, store)
        with self.database.writing() as db:
            accounts.save(db, Account(platform, "demo", connected=True), now=clock.now())
        credentials.put(self.name, pair)

    @contextmanager
    def workers(self, count: int) -> Iterator[list[Worker]]:
        with ExitStack() as stack:
            started = []
            for number in range(count):
                home = self.home
                if self.store:
                    home = home.with_name(f"host-{number}")
                    home.mkdir(0o700, exist_ok=True)
                command = [sys.executable, "-m", "tests.services.token_worker", str(home), self.sandbox.url, self.name]
                command += self.store
                process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=dict(os.environ)
                )
                stack.enter_context(process)
                stack.callback(process.kill)
                started.append(Worker(process, self.clock))
            yield started

    def account(self) -> Account:
        with self.database.reading() as db:
            assert db is not None
            (found,) = stored_accounts.accounts(db)
        return found


@pytest.fixture
def stage(request: pytest.FixtureRequest, tmp_path: Path, shared_sandbox: RunningSandbox) -> Stage:
    """A stage for X, or for the platform that a test is parametrised with."""
    clock = FakeClock()
    shared_sandbox.reset(now=clock.now)
    return Stage(shared_sandbox, tmp_path / "home", getattr(request, "param", "x"), clock)


@pytest.fixture
def hosts(
    request: pytest.FixtureRequest, tmp_path: Path, shared_sandbox: RunningSandbox, schemas: Schemas
) -> Iterator[Stage]:
    """A stage with a store in PostgreSQL."""
    clock = FakeClock()
    shared_sandbox.reset(now=clock.now)
    yield Stage(shared_sandbox, tmp_path / "home", getattr(request, "param", "x"), clock, (schemas.take(),))
    schemas.put_back()


def race(stage: Stage, expiries: int, processes: int) -> None:
    """Every round the token has ended or is due, and all processes need one at the same moment."""
    with stage.workers(processes) as workers:
        for number in range(expiries):
            stage.clock.advance(hours=2) if number % 2 else stage.clock.advance(minutes=97)
            for worker in workers:
                worker.ask()
            said = [worker.answer() for worker in workers]
            assert [each.get("status") for each in said] == [200] * processes, (number, said)
            assert sum(each["asked"] for each in said) == 1, (number, said)
    assert not stage.account().needs_reconnect


@pytest.mark.parametrize("stage", every(len(PLATFORMS), PLATFORMS), indirect=True)
def test_four_processes_ask_for_one_token_per_expiry(stage: Stage) -> None:
    race(stage, expiries=2, processes=4)


@pytest.mark.slow
@pytest.mark.parametrize("hosts", every(len(PLATFORMS), PLATFORMS), indirect=True)
def test_three_hosts_ask_for_one_token_per_expiry(hosts: Stage) -> None:
    race(hosts, expiries=2, processes=3)


@pytest.mark.slow
def test_a_host_that_is_killed_with_the_new_pair_in_hand_leaves_word_of_it_to_the_others(hosts: Stage) -> None:
    killed_with_the_pair(hosts)


@pytest.mark.slow
@pytest.mark.parametrize("stage", PLATFORMS, indirect=True)
def test_eight_processes_ask_for_one_token_at_each_of_200_expiries(stage: Stage) -> None:
    race(stage, expiries=200, processes=8)


def test_a_process_that_is_killed_with_the_new_pair_in_hand_leaves_word_of_it(stage: Stage) -> None:
    killed_with_the_pair(stage)


def killed_with_the_pair(stage: Stage) -> None:
    with stage.workers(2) as (first, second):
        stage.clock.advance(hours=2)
        first.ask("die")
        assert first.process.wait(60) == -9
        began = stage.clock.now()
        stage.clock.advance(minutes=1)
        second.ask()
        said = second.answer()
    assert said["asked"] == 1
    assert f"{began:%Y-%m-%d %H:%M} UTC" in said["error"]
    assert stage.account().needs_reconnect


def test_a_process_that_is_killed_lets_go_of_the_token_at_once(stage: Stage) -> None:
    with stage.workers(2) as (first, second):
        first.ask()
        assert first.answer()["status"] == 200
        stage.clock.advance(hours=2)
        first.process.kill()
        second.ask()
        assert second.answer() == {"asked": 1, "status": 200}


def test_a_refresh_token_that_has_ended_is_asked_for_once_by_all(stage: Stage) -> None:
    with stage.workers(4) as workers:
        stage.clock.advance(days=181)
        for worker in workers:
            worker.ask()
        said = [worker.answer() for worker in workers]
    assert sum(each["asked"] for each in said) == 1
    assert all("x/demo" in each["error"] for each in said)
    with closing(stage.database.connect()) as db:
        assert db.execute("SELECT needs_reconnect FROM account").fetchone()[0] == 1
