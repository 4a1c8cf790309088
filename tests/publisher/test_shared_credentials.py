"""Credentials where several hosts publish: the key must be there, and tokens that rotate where all find them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.conftest import Program
from tests.publisher.world import World, open_world
from tests.store.backends import KEY, OTHER_KEY
from ttp.cli.context import open_database
from ttp.publisher.loop import Loop, Scope
from ttp.sandbox.server import RunningSandbox
from ttp.store.database import Database
from ttp.store.dialect import StoreError
from ttp.store.postgresql.publisher_session import SharedSession


@pytest.fixture
def world(
    store_url: str, tmp_path: Path, shared_sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    with open_world(shared_sandbox, tmp_path, FakeClock()) as world, pytest.MonkeyPatch.context() as patch:
        patch.delenv("TTP_STORE__URL", raising=False)  # the settings of the home name it
        world.ttp.ok("init", store_url, "--json")
        yield world


@pytest.fixture
def elsewhere(world: World, store_url: str, tmp_path: Path) -> Database:
    (tmp_path / "elsewhere").mkdir(0o700)
    return open_database(tmp_path / "elsewhere", store_url)


def add(world: World, **more: str) -> None:
    """An account whose token no platform knows."""
    world.ttp.ok("account", "add", "x/me", "--credentials", "-", stdin=json.dumps({"accessToken": "token", **more}))


def publishing(database: Database, ttp: Program, *, code: int) -> None:
    """Run a publisher while another host has one."""
    session = database.publisher_session("loop", timedelta(seconds=30))
    assert isinstance(session, SharedSession)
    with closing(session.connect()) as db:
        ran = ttp("run", "--once")
        session.leave(db)
    assert ran.code == code, ran


def test_a_second_publisher_with_rotating_tokens_of_its_own_is_refused_and_publishes_nothing(
    world: World, elsewhere: Database, tmp_path: Path
) -> None:
    add(world, refreshToken="r0")
    post = world.ttp.post("Hello", "--to", "x/me", "--at", "now")
    heard = tmp_path / "heard"
    program = tmp_path / "hook"
    program.write_text(f"#!/bin/sh\ncat > {heard}\n")
    program.chmod(0o700)
    world.ttp.ok("config", "set", "hooks.on_needs_review", "--", str(program))
    publishing(elsewhere, world.ttp, code=5)
    assert world.ttp.shown(post)["deliveries"][0]["attempts"] == 0
    assert "x/me" in json.loads(heard.read_text())["message"]


def test_tokens_that_never_rotate_refuse_no_one(world: World, elsewhere: Database) -> None:
    add(world)
    publishing(elsewhere, world.ttp, code=0)


def test_credentials_in_the_store_are_everyones(
    world: World, elsewhere: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_CREDENTIALS__BACKEND", "store")
    monkeypatch.setenv("TTP_CREDENTIALS_KEY", KEY)
    add(world, refreshToken="r0")
    publishing(elsewhere, world.ttp, code=0)


def test_without_the_right_key_nothing_is_claimed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_CREDENTIALS__BACKEND", "store")
    monkeypatch.setenv("TTP_CREDENTIALS_KEY", KEY)
    world.account("x/me")
    post = world.ttp.post("Hello", "--to", "x/me", "--at", "now")
    monkeypatch.setenv("TTP_CREDENTIALS_KEY", OTHER_KEY)
    assert world.ttp("run", "--once").code == 5
    assert world.ttp.shown(post)["deliveries"][0]["attempts"] == 0
    monkeypatch.setenv("TTP_CREDENTIALS_KEY", KEY)
    world.ttp.ok("run", "--until-idle")
    assert world.ttp.shown(post)["status"] == "published"


def test_a_publisher_whose_clock_is_behind_shortens_no_wait_of_the_others(world: World, elsewhere: Database) -> None:
    add(world)
    post = world.ttp.post("Hello", "--to", "x/me", "--at", "now")
    now = int(world.ttp.clock.now().timestamp() * 1000)
    hour = 3_600_000
    with closing(elsewhere.connect()) as db, db.transaction():
        db.execute("UPDATE post SET status = 'publishing' WHERE id = ?", (post,))
        db.execute("UPDATE delivery SET state = 'retrying', next_at = ? WHERE post_id = ?", (now + 3 * hour, post))
        db.execute(
            "INSERT INTO attempt (delivery_id, number, step, phase, at, ended_at)"
            " SELECT id, 1, 'POST', 'publish', ?, ? FROM delivery",
            (now + hour, now + hour),
        )
    world.ttp.ok("run", "--once")
    with closing(elsewhere.connect()) as db:
        assert db.execute("SELECT next_at FROM delivery").fetchone()[0] == now + 3 * hour


def test_a_failover_after_a_take_over_is_noticed(
    world: World, elsewhere: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(world)
    world.ttp.post("Hello", "--to", "x/me", "--at", "now")
    now = int(world.ttp.clock.now().timestamp() * 1000)

    def run(loop: Loop, scope: Scope, moved: object) -> bool:
        with closing(elsewhere.connect()) as db:
            db.execute("UPDATE delivery SET state = 'pending', next_at = ?", (now,))
            db.execute("UPDATE store SET timeline = timeline + 1")
            db.execute("SELECT pg_terminate_backend(session_pid::int, 60000) FROM publisher")
        with pytest.raises(StoreError):
            loop._context.writer.run(lambda db: db.execute("SELECT 1"))
        loop._context.writer.run(lambda db: None)
        return True

    monkeypatch.setattr(Loop, "run", run)
    world.ttp.ok("run", "--once", "--take-over")
    with closing(elsewhere.connect()) as db:
        assert db.execute("SELECT state FROM delivery").fetchone()[0] == "reconciling"
