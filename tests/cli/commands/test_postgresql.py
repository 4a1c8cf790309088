"""`ttp init URL`, and the commands on a store in PostgreSQL."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest

from tests.clock import FakeClock
from tests.conftest import Program
from tests.feed_site import feed_site
from tests.publisher.world import World, open_world
from ttp.cli.context import open_database
from ttp.sandbox.server import RunningSandbox
from ttp.store.dialect import SessionLost
from ttp.store.home.locks import publisher_lock
from ttp.store.machine.publisher_session import Held
from ttp.store.postgresql.publisher_session import SharedSession


@pytest.fixture
def world(
    store_url: str, tmp_path: Path, shared_sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    with open_world(shared_sandbox, tmp_path, FakeClock()) as world:
        world.ttp.ok("init", store_url, "--json")
        yield world


def test_a_post_goes_from_a_draft_to_the_platform(world: World) -> None:
    ttp = world.ttp
    world.account("x/me")
    assert not (ttp.home / "ttp.db").exists()
    first, second = ttp.post("one", "--to", "x/me"), ttp.post("two", "--to", "x/me")
    ttp.ok("edit", str(first), "one, changed")
    ttp.ok("delete", str(second))
    ttp.ok("undo")
    ttp.ok("schedule", str(first), "--at", "now")
    ttp.ok("schedule", str(second), "--at", "tomorrow 9am")
    ttp.ok("run", "--until-idle")
    assert [post["text"] for post in world.posts("x/me")] == ["one, changed"]
    assert {post["id"]: post["status"] for post in ttp.ok("list", "--json").json} == {
        first: "published",
        second: "scheduled",
    }
    assert ttp.ok("status", "--json").json["waiting"] == 1


def test_a_home_has_one_publisher_and_a_store_several(world: World, store_url: str, tmp_path: Path) -> None:
    elsewhere = open_database(tmp_path / "other", store_url)
    with elsewhere.publisher_lock():
        world.ttp.ok("run", "--once", "--fail-if-locked")
    with publisher_lock(world.ttp.home):
        assert world.ttp("run", "--once", "--fail-if-locked").code == 5


def test_status_lists_the_publishers_of_all_hosts(world: World, store_url: str, tmp_path: Path) -> None:
    assert world.ttp.ok("status", "--json").json["publishers"] == []
    elsewhere = open_database(tmp_path / "other", store_url)
    sessions = [elsewhere.publisher_session("loop", timedelta(seconds=30)) for _ in range(2)]
    with closing(sessions[0].connect()) as first, closing(sessions[1].connect()):
        account = 1
        assert isinstance(sessions[0], SharedSession)
        sessions[0].take(first, Held.DELIVERY, [account])
        shown = world.ttp.ok("status", "--json").json
        assert [one["accounts"] for one in shown["publishers"]] == [1, 0]
        assert shown["publisher"]["running"]
        assert world.ttp.ok("status", "--format", "table").out.count("in hand") == 2


def sql(store_url: str, home: Path, statement: str) -> None:
    with closing(open_database(home, store_url).connect()) as db:
        db.execute(statement)


def states(store_url: str, folder: Path) -> list[str]:
    with closing(open_database(folder / "other", store_url).connect()) as db:
        return [row[0] for row in db.execute("SELECT state FROM delivery ORDER BY id")]


def test_a_store_that_was_copied_to_another_server_publishes_after_a_take_over_only(
    world: World, store_url: str, tmp_path: Path
) -> None:
    world.account("x/me")
    world.ttp.ok("run", "--once")
    sql(store_url, tmp_path / "other", "UPDATE store SET server = '1/2'")
    world.ttp.ok("schedule", str(world.ttp.post("one", "--to", "x/me")), "--at", "now")
    assert world.ttp("run", "--once").code == 5
    assert [one["by"] for one in world.ttp("status", "--json").json["blocked"]] == ["machine"]
    assert world.ttp("audit").rows[-1][:2] == ["fail", "store"]
    world.ttp("run", "--until-idle", "--take-over")
    assert world.ttp("audit").rows[-1][:2] == ["ok", "store"]
    assert states(store_url, tmp_path) == ["needs_review"]
    assert world.ttp("status", "--json").json["blocked"] == []


def test_numbers_of_an_account_are_summed(world: World, tmp_path: Path) -> None:
    world.account("x/me")
    rows = tmp_path / "numbers.csv"
    rows.write_text(
        "account,remoteId,publishedAt,likes,comments,shares,views\n"
        "x/me,1,2026-01-02T08:00:00Z,5,1,0,90\nx/me,2,2026-01-03T08:00:00Z,6,1,0,10\n"
    )
    world.ttp.ok("metrics", "import", str(rows))
    (total,) = world.ttp("metrics", "summary", "--json").json
    assert (total["posts"], total["samples"], total["likes"], total["views"]) == (2, 2, 11, 100)


def test_after_a_failover_what_was_due_is_looked_up_and_then_published(
    world: World, store_url: str, tmp_path: Path
) -> None:
    world.account("x/me")
    with feed_site() as site:
        site.has("a")
        world.ttp.ok("source", "add", site.feed, "--to", "x/me", "--allow-private")
    world.ttp.ok("run", "--once")
    sql(store_url, tmp_path / "other", "UPDATE store SET timeline = timeline + 1")
    world.ttp.ok("schedule", str(world.ttp.post("one", "--to", "x/me")), "--at", "now")
    world.run()
    assert world.ttp.ok("source", "show", "1", "--json").json["lastOkAt"] is None  # what is new is held
    assert states(store_url, tmp_path) == ["published"]
    assert [post["text"] for post in world.posts("x/me")] == ["one"]
    with closing(open_database(tmp_path / "other", store_url).connect()) as db:
        assert [row[0] for row in db.execute("SELECT phase FROM attempt")].count("look_up") >= 3


@pytest.mark.parametrize("how", [(), ("--once",), ("--until-idle",)])
def test_a_server_that_goes_away_while_a_publisher_starts_is_no_bug(
    world: World, monkeypatch: pytest.MonkeyPatch, how: tuple[str, ...]
) -> None:
    def lose(session: SharedSession) -> NoReturn:
        raise SessionLost("gone") from psycopg.OperationalError("gone")

    world.account("x/me")
    monkeypatch.setattr(SharedSession, "open_watch", lose)
    assert world.ttp("run", *how, "--json").error["exit"] == 5


def test_a_password_is_not_taken_from_the_command_line_nor_shown(ttp: Program, store_url: str) -> None:
    with_password = store_url.replace("postgres:@", "postgres:hush@")
    assert "hush" in with_password
    ran = ttp("init", with_password)
    assert ran.code == 2
    assert "hush" not in ran.out + ran.err
    ttp.home.mkdir(mode=0o700)
    (ttp.home / "config.toml").write_text(f'[store]\nurl = "{with_password}"\n')
    assert ttp.ok("list").out == ""
    for shown in (ttp.ok("config", "show"), ttp.ok("config", "show", "--json"), ttp.ok("config", "get", "store.url")):
        assert "hush" not in shown.out + shown.err


def test_a_change_wakes_a_publisher_elsewhere(store_url: str, tmp_path: Path) -> None:
    store = open_database(tmp_path, store_url)
    with closing(store.connect()) as watch:
        before = watch.data_version()
        assert watch.data_version() == before
        with store.writing() as db:
            db.execute("UPDATE store SET host_name = 'here'")
        assert any(watch.data_version() != before for _ in range(100_000))  # the server reports it soon, not at once


def test_completion_knows_what_the_last_command_saw(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ttp = world.ttp
    world.account("x/me")
    post = ttp.post("one", "--to", "x/me", "--tag", "launch")
    monkeypatch.setenv("TTP_STORE__URL", "postgresql://127.0.0.1:1/nothing")  # nothing is asked over a network
    assert [row[0] for row in ttp.ok("__complete", "post").rows] == [str(post)]
    assert [row[0] for row in ttp.ok("__complete", "account", "x").rows] == ["x/me"]
    assert [row[0] for row in ttp.ok("__complete", "tag", "la").rows] == ["launch"]
    assert stat.S_IMODE((ttp.home / "names.db").stat().st_mode) == 0o600
