"""`ttp credentials`: a key is made, given, changed; who has the wrong one publishes nothing and loses nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.store.backends import KEY, OTHER_KEY
from tests.store.stores import store_at
from ttp.store.credentials.keys import Keys
from ttp.store.credentials.table import CredentialsTable
from ttp.store.home.locks import token_lock

PAIR = json.dumps({"accessToken": "s3cret-token", "refreshToken": "s3cret-refresh", "clientSecret": "s3cret-app"})
OLD, NEW = KEY, OTHER_KEY
ADD = ("account", "add", "x/me", "--credentials", "-")


@pytest.fixture
def shared(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    """A home whose credentials are in the store, with the key OLD and one account."""
    monkeypatch.setenv("TTP_CREDENTIALS__BACKEND", "store")
    monkeypatch.setenv("TTP_CREDENTIALS_KEY", OLD)
    ttp.ok(*ADD, stdin=PAIR)
    return ttp


def test_a_key_is_printed_once_and_each_is_another(ttp: Program) -> None:
    made = {ttp.ok("credentials", "new-key").out for _ in range(3)}
    assert len(made) == 3
    row = ttp.ok("credentials", "new-key", "--json").json
    assert set(row) == {"key", "keyId"}
    assert not ttp.home.exists() or not any(path.is_file() for path in ttp.home.rglob("*"))


def test_credentials_are_in_the_store_and_in_no_file_as_they_are(shared: Program) -> None:
    assert not (shared.home / "credentials.json").exists()
    held = b"".join(path.read_bytes() for path in shared.home.rglob("*") if path.is_file())
    assert not any(secret in held for secret in (b"s3cret", OLD.encode()))


@pytest.mark.parametrize("key", [None, NEW, "no key"], ids=["none", "another", "not a key"])
def test_without_the_right_key_the_publisher_ends_with_the_reason_and_its_posts_wait(
    shared: Program, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    post = shared.post("Hello", "--to", "x/me", "--at", "now")
    if key is None:
        monkeypatch.delenv("TTP_CREDENTIALS_KEY")
    else:
        monkeypatch.setenv("TTP_CREDENTIALS_KEY", key)
    ran = shared("run", "--once")
    assert ran.code == 5
    assert "key" in ran.err
    assert not any(one in ran.out + ran.err for one in (OLD, NEW, "s3cret"))
    assert shared.shown(post)["deliveries"][0]["error"] is None
    assert shared.ok("list").code == 0
    assert shared("doctor", "--json").code != 0


def test_a_person_without_the_key_schedules_and_publishes_now_as_anyone_else(
    shared: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TTP_CREDENTIALS_KEY")
    assert shared.ok("create", "Hello", "--to", "x/me", "--at", "now").code == 0
    assert shared.ok("create", "Later", "--to", "x/me", "--at", "tomorrow 9am").code == 0


def test_a_new_key_beside_the_old_one_takes_its_place(shared: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_CREDENTIALS_KEY", f"{NEW} {OLD}")
    row = shared.ok("credentials", "rekey", "--json").json
    assert (row["changed"], row["entries"]) == (1, 1)
    monkeypatch.setenv("TTP_CREDENTIALS_KEY", OLD)
    assert shared("doctor", "--json").code != 0
    assert shared("credentials", "rekey").code == 5
    monkeypatch.setenv("TTP_CREDENTIALS_KEY", NEW)
    assert shared.ok("credentials", "rekey", "--json").json["changed"] == 0
    checks = {check["name"]: check for check in shared("doctor", "--json").json["checks"]}
    assert row["keyId"] in checks["credentials"]["message"]


def test_a_lost_key_is_replaced_and_the_account_connected_again(
    shared: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_CREDENTIALS_KEY", NEW)
    assert shared(*ADD, stdin=PAIR).code == 5
    assert shared.ok("credentials", "rekey", "--discard-unreadable", "--json").json["changed"] == 1
    shared.ok(*ADD, stdin=PAIR)


def test_an_entry_that_no_key_decrypts_is_named_and_the_others_are_done(
    shared: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.ok("account", "add", "x/other", "--credentials", "-", stdin=PAIR)
    with store_at(shared.home).writing() as db:
        db.execute("""UPDATE credential SET fields = '{"accessToken": "AAAA"}' WHERE name = 'x/other'""")
    monkeypatch.setenv("TTP_CREDENTIALS_KEY", f"{NEW} {OLD}")
    ran = shared("credentials", "rekey", "--json")
    assert (ran.code, ran.error["code"]) == (6, "partial")
    assert "x/other" in ran.error["message"]


def test_a_token_in_use_is_waited_for_and_rekey_says_so(shared: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttp.services.connecting.credentials.LOCK_WAIT_S", 0.0)
    monkeypatch.setenv("TTP_CREDENTIALS_KEY", f"{NEW} {OLD}")
    with token_lock(shared.home, "x/me", patience_s=0):
        assert shared("credentials", "rekey").code == 5
    assert shared.ok("credentials", "rekey", "--json").json["changed"] == 1


def test_no_program_that_ttp_starts_inherits_the_key(
    shared: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program, seen = tmp_path / "hook", tmp_path / "seen"
    program.write_text(f'#!/bin/sh\nenv > "{seen}"\n')
    program.chmod(0o700)
    shared.ok("config", "set", "hooks.on_failed", "--", str(program))
    shared.ok("create", "Hello", "--to", "x/me", "--at", "now")
    shared.ok("account", "disable", "x/me")
    shared("run", "--once")
    inherited = seen.read_text()
    assert "TTP_HOME" in inherited
    assert "TTP_CREDENTIALS_KEY" not in inherited
    assert OLD not in inherited
    assert os.environ["TTP_CREDENTIALS_KEY"] == OLD


def test_no_setting_shows_the_key(shared: Program) -> None:
    for argv in (("config", "show", "--origin"), ("config", "show", "--json"), ("status", "--json"), ("doctor",)):
        ran = shared(*argv)
        assert OLD not in ran.out + ran.err


def test_what_is_made_for_the_background_has_no_key(shared: Program) -> None:
    from ttp.cli.commands.setup.service import service_definition
    from ttp.cli.context import Context

    definition = service_definition(Context(shared.clock, OLD))
    assert OLD not in json.dumps([definition.argv, dict(definition.environ)])


@pytest.mark.sqlite("backups of a store in PostgreSQL are pg_dump's")
def test_a_restored_backup_keeps_the_tokens_of_now(shared: Program, tmp_path: Path) -> None:
    shared.post("Hello", "--to", "x/me")
    shared.ok("backup", str(tmp_path / "backup.db"))
    newer = json.dumps({"accessToken": "newer", "refreshToken": "r1"})
    shared.ok(*ADD, stdin=newer)
    shared.ok("restore", str(tmp_path / "backup.db"))
    held = CredentialsTable(store_at(shared.home), Keys(OLD, (), shared.home)).get("x/me")
    assert held is not None
    assert held.access_token == "newer"


@pytest.mark.sqlite("backups of a store in PostgreSQL are pg_dump's")
def test_a_backup_of_another_store_keeps_its_own_tokens(
    shared: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.ok("backup", str(tmp_path / "backup.db"))
    monkeypatch.setenv("TTP_HOME", str(tmp_path / "other"))
    shared.ok("account", "add", "x/other", "--credentials", "-", stdin=PAIR)
    with store_at(tmp_path / "other").writing() as db:
        db.execute("UPDATE store SET store_id = 'another'")
    shared.ok("restore", str(tmp_path / "backup.db"))
    table = CredentialsTable(store_at(tmp_path / "other"), Keys(OLD, (), tmp_path))
    assert table.get("x/me") is not None
    assert table.get("x/other") is None
