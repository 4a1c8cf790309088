"""Settings that decide what may be published are in the store where several hosts share it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import Program
from ttp.store.postgresql.address import read_address
from ttp.store.postgresql.connection import PostgresConnection
from ttp.store.sqlite import create_tables


@pytest.fixture(autouse=True)
def created_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program create its stores: each has its own id."""
    monkeypatch.setattr("ttp.store.database.create_tables", create_tables)


@pytest.fixture
def server(ttp: Program, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Program:
    """The program with a store in PostgreSQL."""
    monkeypatch.setenv("TTP_STORE__URL", store_url)
    return ttp


@pytest.fixture
def other_host(server: Program, tmp_path: Path) -> Program:
    return Program(tmp_path / "other", server.clock)


def test_a_setting_is_in_the_store_for_all_hosts(
    server: Program, other_host: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = server.ok("config", "set", "publish.require_approval", "true", "--json").json
    assert made["value"] is True
    assert made["origin"].startswith("postgresql://")
    assert not (server.home / "config.toml").exists()
    monkeypatch.setenv("TTP_HOME", str(other_host.home))
    assert other_host.ok("config", "get", "publish.require_approval", "--json").json == made
    (shown,) = other_host.ok("config", "show", "publish.require_approval", "--origin", "--json").json
    assert shown == made
    other_host.ok("config", "unset", "publish.require_approval")
    monkeypatch.setenv("TTP_HOME", str(server.home))
    after = server.ok("config", "get", "publish.require_approval", "--json").json
    assert (after["value"], after["origin"]) == (False, "default")


def test_the_setting_in_the_store_is_in_force(server: Program) -> None:
    server.account()
    server.ok("config", "set", "publish.require_approval", "true")
    server.post("Hello", "--to", "x/me", "--at", "now")
    server.ok("run", "--once")
    assert server.shown()["status"] == "scheduled"


@pytest.mark.parametrize("key", ["publish.require_approval", "publish.min_gap_s", "platforms.x.settle_s"])
def test_a_variable_is_refused(server: Program, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    name = "TTP_" + key.upper().replace(".", "__")
    monkeypatch.setenv(name, "0")
    refused = server("list", "--json")
    assert (refused.code, refused.error["code"]) == (2, "usage")
    assert refused.error["hint"] == f"unset {name}"
    assert server.ok("config", "get", key, "--json").json["origin"] == "default"


def test_a_value_in_the_file_is_refused_until_it_is_removed_or_moved(server: Program) -> None:
    server.home.mkdir(mode=0o700, exist_ok=True)
    file = server.home / "config.toml"
    file.write_text("[publish]\nretry_max = 2\npoll_s = 3\n")
    server.ok("config", "set", "publish.retry_max", "4")
    assert server.ok("config", "get", "publish.retry_max").out == "4\n"
    file.write_text("[publish]\nretry_max = 2\npoll_s = 3\n")
    refused = server("list", "--json")
    assert refused.code == 2
    assert refused.error["hint"] == "ttp config unset publish.retry_max"
    server.ok("config", "unset", "publish.retry_max")
    assert "retry_max" not in file.read_text()
    assert server.ok("config", "get", "publish.retry_max").out == "4\n", "only the one in the file was refused"
    assert server.ok("config", "get", "publish.poll_s").out == "3\n"


@pytest.mark.sqlite("there the file and the environment count")
def test_on_sqlite_the_file_and_the_environment_count(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    ttp.ok("config", "set", "publish.retry_max", "4")
    assert "retry_max = 4" in (ttp.home / "config.toml").read_text()
    monkeypatch.setenv("TTP_PUBLISH__RETRY_MAX", "5")
    assert ttp.ok("config", "get", "publish.retry_max").out == "5\n"


@pytest.mark.sqlite("it begins with a file")
def test_a_copy_to_postgresql_takes_the_settings_along_and_back(
    ttp: Program, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.account()
    ttp.post("Not approved", "--to", "x/me", "--at", "now")
    ttp.ok("config", "set", "publish.require_approval", "true")
    ttp.ok("store", "copy", "--from", str(ttp.home), "--to", store_url)
    ttp.ok("config", "unset", "publish.require_approval")
    monkeypatch.setenv("TTP_STORE__URL", store_url)
    assert ttp.ok("config", "get", "publish.require_approval").out == "true\n"
    back = tmp_path / "back"
    ttp.ok("store", "copy", "--from", store_url, "--to", str(back))
    monkeypatch.delenv("TTP_STORE__URL")
    monkeypatch.setenv("TTP_HOME", str(back))
    refused = ttp("run", "--once", "--json")
    assert (refused.code, refused.error["code"]) == (7, "not_allowed")
    assert refused.error["hint"] == "ttp config set publish.require_approval true"
    ttp.ok("config", "set", "publish.require_approval", "true")
    ttp.ok("run", "--once")
    assert ttp.shown()["status"] == "scheduled"
    ttp.ok("config", "set", "publish.require_approval", "false")
    assert ttp("run", "--once").code != 7, "from now on the file counts"


def test_the_doctor_names_a_refused_setting(server: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_PUBLISH__RETRY_MAX", "5")
    checks = {one["name"]: one for one in server("doctor", "--json").json["checks"]}
    assert checks["config"]["status"] == "fail"


def test_a_store_is_made_in_the_database_that_is_set_already(
    ttp: Program, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(PostgresConnection(read_address(postgresql))) as db:
        db.execute("CREATE SCHEMA set_before")
    url = f"{postgresql}{'&' if '?' in postgresql else '?'}options={quote('-c search_path=set_before')}"
    monkeypatch.setenv("TTP_STORE__URL", url)
    assert ttp("list").code == 5
    ttp.ok("init", "--no-input", url)
    assert ttp.ok("list").out == ""
