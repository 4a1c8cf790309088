"""`ttp doctor` and `ttp account check` from the command line: a store that is well, and what may be wrong with one."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.clock import FakeClock
from tests.conftest import Program, Ran
from ttp.sandbox.server import RunningSandbox

DOTTED = ("x", "instagram", "tiktok")


@pytest.fixture
def sandbox(ttp: Program, monkeypatch: pytest.MonkeyPatch, shared_sandbox: RunningSandbox) -> RunningSandbox:
    """A sandbox that the settings point at, and the demo account of each platform in the store."""
    ttp.rehearse(monkeypatch, shared_sandbox, *(f"{platform}/demo" for platform in DOTTED))
    return shared_sandbox


def change(sandbox: RunningSandbox, name: str, **what: object) -> None:
    """Change something that the platform holds of an account, but not its tokens."""
    from ttp.sandbox.control import ordered_account

    sandbox.state.save(ordered_account(sandbox.state, {"account": name, "keepTokens": True, **what}))


def checks(ran: Ran) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in ran.json["checks"]}


def one(ttp: Program, name: str, *more: str) -> dict[str, Any]:
    """One check of `ttp doctor`."""
    return checks(ttp("doctor", "--json", *more))[name]


# Checking accounts.


def test_every_account_that_works_is_one_line(ttp: Program, sandbox: RunningSandbox) -> None:
    ran = ttp.ok("account", "check")
    assert [row[:2] for row in ran.rows] == [["ok", "instagram/demo"], ["ok", "tiktok/demo"], ["ok", "x/demo"]]
    instagram, tiktok, x = (row[2] for row in ran.rows)
    assert "quota used: 0 of 50 posts in 24 h" in instagram
    assert "privacy levels: PUBLIC_TO_EVERYONE, MUTUAL_FOLLOW_FRIENDS, SELF_ONLY" in tiktok
    assert "of 75 token checks left in 15 min" in x
    assert all("token works" in row[2] for row in ran.rows)


def test_one_account_is_asked_about_alone_and_by_any_name(ttp: Program, sandbox: RunningSandbox) -> None:
    sandbox.state.answered.clear()
    ran = ttp.ok("account", "check", "twitter/@Demo", "--json")
    assert {name: ran.json[name] for name in ("ok", "warnings", "failures")} == {"ok": 1, "warnings": 0, "failures": 0}
    assert [check["name"] for check in ran.json["checks"]] == ["x/demo"]
    assert [(method, path) for method, path, _ in sandbox.state.answered] == [("GET", "/2/users/me")]


def test_a_dead_token_marks_its_account_and_is_the_exit_code_of_a_reconnect(
    ttp: Program, sandbox: RunningSandbox
) -> None:
    change(sandbox, "instagram/demo", dead=463)
    ran = ttp("account", "check", "--json")
    assert ran.code == 4
    assert checks(ran)["instagram/demo"]["hint"] == "ttp account connect instagram/demo"
    assert (ran.json["ok"], ran.json["failures"]) == (2, 1)
    assert ttp("account", "show", "instagram/demo", "--json").json["needsReconnect"] is True
    assert ttp("account", "check", "x/demo").code == 0


def test_more_than_a_reconnect_is_an_ordinary_failure(ttp: Program, sandbox: RunningSandbox) -> None:
    change(sandbox, "instagram/demo", dead=463)
    change(sandbox, "x/demo", trouble="credits")
    ran = ttp("account", "check", "--json")
    assert ran.code == 1
    assert checks(ran)["x/demo"]["hint"] == "ttp account enable x/demo"
    assert "credits depleted" in checks(ran)["x/demo"]["message"]
    assert ttp("account", "show", "x/demo", "--json").json["needsReconnect"] is False


def test_an_account_of_another_host_is_not_asked_about(
    ttp: Program, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TTP_PLATFORMS__X__BASE_URL")
    sandbox.state.answered.clear()
    ran = ttp("account", "check", "x/demo", "--json")
    assert ran.code == 1
    assert "TTP_PLATFORMS__X__BASE_URL" in checks(ran)["x/demo"]["message"]
    assert "TTP_PLATFORMS__X__BASE_URL" in one(ttp, "account.x/demo")["message"]
    assert not sandbox.state.answered


# The check-up of this machine.


def test_before_anything_was_done_all_is_well_and_nothing_is_made(ttp: Program) -> None:
    ran = ttp.ok("doctor", "--json")
    assert [check["name"] for check in ran.json["checks"] if check["status"] != "ok"] == ["notify"]
    of_server = () if ttp.database.has_files else ("server", "machine", "clock")
    assert list(checks(ran)) == [
        *("program", "config", "host", "zone", "modes", "store", *of_server, "publisher", "credentials", "media_host"),
        "notify",
    ]
    assert not ttp.home.exists()


def test_a_store_that_is_well_passes_and_fields_and_columns_are_those_of_the_contract(ttp: Program) -> None:
    ttp.account("x/me", expiresAt="2027-01-31T00:00:00Z")
    ran = ttp.ok("doctor", "--json")
    assert ran.json["ok"] == len(ran.json["checks"]) - 1, "nobody would be notified"
    assert (ran.json["warnings"], ran.json["failures"]) == (1, 0)
    assert list(ran.json["checks"][0]) == ["name", "status", "message", "hint"]
    assert ttp("doctor", "--header").rows[0] == ["status", "name", "message"]
    assert ttp("doctor", "--jsonl").out.count("\n") == len(ran.json["checks"])
    picked = ttp("doctor", "--json", "--fields", "name").json
    assert (picked["checks"][0], picked["ok"]) == ({"name": "program"}, ran.json["ok"])


def test_the_picture_names_the_command_and_counts(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.sql("UPDATE account SET needs_reconnect = true")
    ran = ttp("doctor", "--format", "table")
    assert ran.code == 4
    lines = ran.out.splitlines()
    assert any(line.startswith("  FAIL  account.x/me  ") for line in lines)
    assert f"{'':22}fix: ttp account connect x/me" in lines
    assert lines[-1].endswith("1 warning, 1 failure")


def test_everything_wrong_in_the_settings_is_told_and_the_rest_is_looked_at(
    ttp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.account("x/me")
    (ttp.home / "config.toml").write_text('publish.retry_mx = 3\npublish.retry_max = "many"\n')
    monkeypatch.setenv("TTP_HTTP__READ_TIMEOUT_S", "long")
    monkeypatch.setenv("TTP_PLATFORMS__X__BASE_URL", "https://evil.example")
    monkeypatch.setenv("TTP_TZ", "Mars")
    ran = ttp("doctor", "--json")
    assert ran.code == 1
    config = checks(ran)["config"]
    for part in ('"publish.retry_mx"', "publish.retry_max", "TTP_HTTP__READ_TIMEOUT_S", "evil.example"):
        assert part in config["message"]
    assert config["hint"] == "ttp config unset publish.retry_max"
    assert checks(ran)["zone"]["status"] == "fail"
    assert checks(ran)["store"]["status"] == checks(ran)["account.x/me"]["status"] == "ok"
    assert ttp("doctor", "--format", "table").code == 1


def test_a_name_that_is_no_settings_is_told_with_the_near_one_and_how_to_take_it_away(
    ttp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.account("x/me")
    (ttp.home / "config.toml").write_text("publish.retry_mx = 3\n")
    config = one(ttp, "config")
    assert '"publish.retry_max"' in config["message"]
    assert (config["status"], config["hint"]) == ("warn", "ttp config edit")
    (ttp.home / "config.toml").unlink()
    monkeypatch.setenv("TTP_PUBLISH__RETRY_MX", "3")
    assert one(ttp, "config")["hint"] == "unset TTP_PUBLISH__RETRY_MX"


@pytest.mark.parametrize("text", [b"not = = toml", b"\xff\xfe", b"[" * 5000])
def test_a_config_file_that_cannot_be_read_is_one_failure(ttp: Program, text: bytes) -> None:
    ttp.account("x/me")
    (ttp.home / "config.toml").write_bytes(text)
    assert one(ttp, "config")["status"] == "fail"
    assert one(ttp, "account.x/me")["status"] == "ok"


def test_every_address_that_is_not_the_platforms_own_is_said(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    ttp.account("x/me")
    monkeypatch.setenv("TTP_PLATFORMS__TIKTOK__BASE_URL", "http://127.0.0.1:8700")
    (ttp.home / "config.toml").write_text('platforms.x.authorize_url = "https://proxy.example/oauth"\n')
    found = checks(ttp.ok("doctor", "--json"))
    assert found["host.tiktok.base_url"]["message"] == (
        "http://127.0.0.1:8700 instead of https://open.tiktokapis.com (set in TTP_PLATFORMS__TIKTOK__BASE_URL)"
    )
    assert "proxy.example" in found["host.x.authorize_url"]["message"]
    assert str(ttp.home / "config.toml") in found["host.x.authorize_url"]["message"]
    assert found["host"]["status"] == "warn"


@pytest.mark.sqlite("the file of the store is damaged")
@pytest.mark.parametrize("damage", [b"", b"SQLite format 3\x00" + b"\xff" * 5000, b"no database at all" * 100])
def test_a_damaged_store_is_one_failure_and_stays_as_it_is(ttp: Program, damage: bytes) -> None:
    ttp.account("x/me")
    for name in ("ttp.db-wal", "ttp.db-shm"):
        (ttp.home / name).unlink(missing_ok=True)
    (ttp.home / "ttp.db").write_bytes(damage)
    ran = ttp("doctor", "--online", "--json")
    assert ran.code == 1
    store = checks(ran)["store"]
    assert store["status"] == "fail"
    assert store["hint"].startswith("mv ")
    assert checks(ran)["publisher"]["status"] == "warn"
    assert (ttp.home / "ttp.db").read_bytes() == damage


@pytest.mark.sqlite("the file of the store is damaged")
def test_a_page_that_is_damaged_in_the_middle_is_found(ttp: Program) -> None:
    for number in range(200):
        ttp.sql("SELECT 1") if number else ttp.account("x/me")
    ttp.sql("CREATE TABLE more (text TEXT)")
    ttp.sql("INSERT INTO more SELECT hex(randomblob(900)) FROM post_tag RIGHT JOIN (VALUES (1), (2)) ON 1")
    for _ in range(8):
        ttp.sql("INSERT INTO more SELECT * FROM more")
    ttp.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    path = ttp.home / "ttp.db"
    whole = bytearray(path.read_bytes())
    whole[-40_000:-36_000] = b"\xee" * 4000
    path.write_bytes(whole)
    assert one(ttp, "store")["status"] == "fail"


def test_a_row_that_makes_no_sense_harms_one_check_only(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.sql("UPDATE account SET options = 'no json'")
    ran = ttp("doctor", "--json")
    assert ran.code == 1
    assert checks(ran)["store"]["message"].startswith("row 1 of account ")
    assert checks(ran)["credentials"]["status"] == "ok"


def test_a_repeat_that_makes_no_sense_is_told(ttp: Program) -> None:
    """The publisher makes no posts of it, and says nothing."""
    ttp.post("one")
    ttp.sql("INSERT INTO recurrence (pool, cron, timezone, texts, created_at) VALUES ('a', '0 9 * * *', 'UTC', '7', 0)")
    assert one(ttp, "store")["status"] == "fail"
    assert "row 1 of recurrence" in one(ttp, "store")["message"]


def test_a_store_of_a_newer_or_an_older_ttp_is_told_and_left_alone(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.sql("UPDATE alembic_version SET version_num = '0001'")
    older = one(ttp, "store")
    assert older["status"] == "fail"
    assert ttp.sql("SELECT version_num FROM alembic_version") == [("0001",)]
    ttp.sql("UPDATE alembic_version SET version_num = '9999'")
    newer = one(ttp, "store")
    assert (newer["status"], newer["message"] == older["message"]) == ("fail", False)


def test_files_that_others_can_reach_are_named_with_the_command(ttp: Program) -> None:
    ttp.account("x/me")
    (ttp.home / "publisher.json").touch(0o644)
    (ttp.home / "credentials.json").chmod(0o640)
    (ttp.home / "config.toml").write_text("")
    found = one(ttp, "modes")
    assert found["hint"] == f"chmod go-rwx {ttp.home}/credentials.json {ttp.home}/publisher.json"
    assert found["status"] == "fail"
    assert one(ttp, "store")["status"] == "ok"
    assert one(ttp, "credentials")["hint"] == f"chmod 600 {ttp.home}/credentials.json"
    for number in range(6):
        (ttp.home / f"file-{number}").touch(0o644)
    assert one(ttp, "modes")["hint"] == f"chmod -R go-rwx {ttp.home}"


def test_a_folder_for_others_is_no_loose_mode(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    ttp.account("x/me")
    served = ttp.home / "served"
    served.mkdir(mode=0o755)
    assert one(ttp, "modes")["status"] == "fail"
    monkeypatch.setenv("TTP_MEDIA_HOST__PATH", str(served))
    assert one(ttp, "modes")["status"] == "ok"


@pytest.mark.sqlite("publishing goes by the server's clock")
def test_a_clock_that_stands_before_the_store_is_a_failure(ttp: Program, clock: FakeClock) -> None:
    ttp.account("x/me")
    clock.advance(hours=-1)
    found = one(ttp, "clock")
    assert (found["status"], found["hint"].startswith("sudo ")) == ("fail", True)
    clock.advance(hours=1)
    assert one(ttp, "clock")["status"] == "ok"


def test_who_publishes_is_told_and_what_waits_for_nobody(ttp: Program, clock: FakeClock) -> None:
    ttp.account("x/me")
    assert one(ttp, "publisher")["status"] == "ok"
    ttp.post("soon", "--to", "x/me", "--at", "in 3h")
    waiting = one(ttp, "publisher")
    assert (waiting["status"], waiting["hint"]) == ("warn", "ttp run")
    assert "3 h" in waiting["message"]
    ttp("run", "--once")
    clock.advance(minutes=3)
    assert "3 min" in one(ttp, "publisher")["message"]
    clock.advance(hours=4)
    overdue = one(ttp, "publisher")
    assert overdue["status"] == "fail"


def test_a_publisher_that_runs_is_told_with_its_pid(ttp: Program) -> None:
    from ttp.store.home.locks import Holder, publisher_lock, write_holder

    ttp.account("x/me")
    now = ttp.clock.now()
    with publisher_lock(ttp.home):
        assert one(ttp, "publisher")["message"] == "running"
        write_holder(ttp.home, Holder(os.getpid(), "loop", now - timedelta(hours=5), now))
        assert one(ttp, "publisher")["message"].startswith(f"running, pid {os.getpid()}, ")
        write_holder(ttp.home, Holder(os.getpid(), "loop", now, now, version="0.0.9"))
        assert one(ttp, "publisher")["status"] == "warn"
        assert ttp.ok("status", "--json").json["publisher"]["version"] == "0.0.9"
        assert "0.0.9" in ttp.ok("status", "--format", "table").out.splitlines()[0]
        (ttp.home / "publisher.json").write_text(
            json.dumps({"pid": 1, "mode": "loop", "since": now.isoformat(), "lastRunAt": now.isoformat()})
        )
        assert one(ttp, "publisher")["status"] == "ok", "an old file names no version"


def test_a_store_that_was_put_back_says_how_it_is_taken_over(ttp: Program) -> None:
    ttp.account("x/me")
    assert one(ttp, "machine")["status"] == "ok"
    ttp.sql("UPDATE store SET host = 'restored'")
    found = one(ttp, "machine")
    assert (found["status"], found["hint"]) == ("fail", "ttp run --take-over")


@pytest.mark.parametrize("text", ["no json", '{"accounts": 3}'])
def test_credentials_that_cannot_be_read_are_told_and_never_shown(ttp: Program, text: str) -> None:
    ttp.account("x/me")
    path = ttp.home / "credentials.json"
    path.write_text(text)
    ran = ttp("doctor", "--json")
    assert ran.code == 1
    assert checks(ran)["credentials"]["hint"].startswith("mv ")
    assert checks(ran)["account.x/me"]["status"] == "fail"


def test_an_entry_that_cannot_be_read_harms_one_account(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.account("x/other")
    path = ttp.home / "credentials.json"
    data = json.loads(path.read_text())
    data["accounts"]["x/me"] = {"accessToken": 7}
    path.write_text(json.dumps(data))
    ran = ttp("doctor", "--json")
    assert ran.code == 4
    assert checks(ran)["account.x/me"]["hint"] == "ttp account connect x/me"
    del data["accounts"]["x/me"]
    path.write_text(json.dumps(data))
    assert one(ttp, "account.x/me")["status"] == "fail"
    assert one(ttp, "account.x/other")["status"] == "ok"


def test_what_cannot_even_be_opened_is_told_and_the_rest_is_looked_at(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch(0o600)
    monkeypatch.setenv("TTP_HOME", str(file))
    ran = ttp("doctor", "--json")
    assert ran.code == 1
    assert checks(ran)["credentials"]["status"] == checks(ran)["config"]["status"] == "fail"
    assert file.read_bytes() == b""


def test_a_backend_that_is_not_there_is_a_failure(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    ttp.account("x/me")
    monkeypatch.setenv("TTP_CREDENTIALS__BACKEND", "command")
    assert one(ttp, "credentials")["status"] == "fail"
    assert one(ttp, "account.x/me")["status"] == "fail"


@pytest.mark.parametrize(
    ("settings", "status", "says"),
    [
        ({}, "warn", "Instagram"),
        ({"KIND": "folder"}, "fail", "media_host.path and media_host.base_url"),
        (
            {"KIND": "folder", "PATH": "HERE", "BASE_URL": "https://me.example/m"},
            "ok",
            "https://me.example/m",
        ),
        ({"KIND": "folder", "PATH": "HERE", "BASE_URL": "http://me.example/m"}, "fail", "http://me.example/m"),
        ({"KIND": "folder", "PATH": "/no/such", "BASE_URL": "https://me.example/m"}, "fail", "/no/such"),
        ({"KIND": "command", "COMMAND": "no-such-program-here"}, "fail", "no-such-program-here"),
        ({"KIND": "command", "COMMAND": "sh"}, "ok", "sh"),
    ],
)
def test_the_media_host_of_an_instagram_account(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], status: str, says: str
) -> None:
    ttp.account("instagram/shop")
    for name, value in settings.items():
        monkeypatch.setenv(f"TTP_MEDIA_HOST__{name}", str(tmp_path) if value == "HERE" else value)
    found = one(ttp, "media_host")
    assert (found["status"], says in found["message"]) == (status, True), found


def test_the_media_host_of_a_rehearsal_is_fine_before_there_are_accounts(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = "http://127.0.0.1:8700"
    monkeypatch.setenv("TTP_PLATFORMS__INSTAGRAM__BASE_URL", here)
    for name, value in (("KIND", "folder"), ("PATH", str(tmp_path)), ("BASE_URL", f"{here}/_sandbox/media")):
        monkeypatch.setenv(f"TTP_MEDIA_HOST__{name}", value)
    assert one(ttp, "media_host")["status"] == "ok"


def test_a_folder_that_cannot_be_written_is_no_media_host(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.account("instagram/shop")
    for name, value in (("KIND", "folder"), ("PATH", str(tmp_path)), ("BASE_URL", "https://me.example/m")):
        monkeypatch.setenv(f"TTP_MEDIA_HOST__{name}", value)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert one(ttp, "media_host")["status"] == "fail"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"TTP_TZ": "Europe/Berlin"}, ("Europe/Berlin", "TTP_TZ")),
        ({"TTP_TZ": "", "TZ": "Asia/Tokyo"}, ("Asia/Tokyo", "TZ")),
    ],
)
def test_the_zone_is_told_with_its_source(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, more: dict[str, str], says: tuple[str, str]
) -> None:
    for name, value in more.items():
        monkeypatch.setenv(name, value)
    message = one(ttp, "zone")["message"]
    assert all(fact in message for fact in says), message


def test_online_asks_every_account_and_compares_the_clocks(
    ttp: Program, sandbox: RunningSandbox, clock: FakeClock
) -> None:
    found = checks(ttp.ok("doctor", "--online", "--json"))
    assert "token works" in found["account.x/demo"]["message"]
    assert {name: check["message"] for name, check in found.items() if name.startswith("clock.")} == dict.fromkeys(
        ("clock.instagram", "clock.tiktok", "clock.x"), "agrees with this machine's clock"
    )
    sandbox.state.answered.clear()
    ttp.ok("doctor")
    assert not sandbox.state.answered


@pytest.mark.sqlite("in PostgreSQL readers wait for nobody")
def test_a_locked_store_does_not_stop_the_check_up(ttp: Program) -> None:
    ttp.account("x/me")
    with closing(sqlite3.connect(ttp.home / "ttp.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        assert one(ttp, "store")["status"] == "ok"
