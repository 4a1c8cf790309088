"""Hooks: programs that receive the results of posts, and never delay or change the publishing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Program
from tests.settings import Config
from ttp.domain.errors import ReconnectNeeded
from ttp.domain.event import Event, IdleReason
from ttp.publisher import hooks
from ttp.publisher.hooks import Hooks
from ttp.sandbox.server import RunningSandbox
from ttp.services.connecting.tokens import RefreshResult


@pytest.fixture
def sandbox(ttp: Program, monkeypatch: pytest.MonkeyPatch, shared_sandbox: RunningSandbox) -> RunningSandbox:
    ttp.rehearse(monkeypatch, shared_sandbox, "x/demo")
    ttp.ok("config", "set", "publish.retry_max", "1")
    return shared_sandbox


def hook(ttp: Program, tmp_path: Path, name: str, script: str) -> Path:
    """A hook that is these lines of shell; the file that it may write to as `$heard`."""
    program, heard = tmp_path / name, tmp_path / f"{name}.heard"
    program.write_text(f"#!/bin/sh\nheard={heard}\n{script}\n")
    program.chmod(0o700)
    ttp.ok("config", "set", f"hooks.{name}", "--", str(program), "--with an argument")
    return heard


def lines(heard: Path) -> list[Any]:
    return [json.loads(line) for line in heard.read_text().splitlines()] if heard.exists() else []


def test_each_hook_hears_its_own_events_once_they_are_stored(
    ttp: Program, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    stored = f"sqlite3 {ttp.home}/ttp.db 'SELECT state FROM delivery' >> $heard.state 2>/dev/null; true"
    published = hook(ttp, tmp_path, "on_published", f'cat >> $heard; echo "$1 $TTP_HOME" > $heard.words\n{stored}')
    failed = hook(ttp, tmp_path, "on_failed", "cat >> $heard")
    account = hook(ttp, tmp_path, "on_account", "cat >> $heard")
    ttp.post("Hello", "--to", "x/demo", "--at", "now")
    ttp.ok("run", "--until-idle")
    (event,) = lines(published)
    assert event["event"] == "delivery.published"
    assert (event["post"], event["account"], event["url"]) == (
        1, "x/demo", ttp.shown()["deliveries"][0]["url"],
    )  # fmt: skip
    assert Path(f"{published}.words").read_text() == f"--with an argument {ttp.home}\n"
    assert Path(f"{published}.state").read_text() in ("published\n", "")
    assert lines(failed) == lines(account) == []
    ttp.ok("account", "add", "x/demo", "--credentials", "-", stdin='{"accessToken": "revoked"}')
    ttp.post("Two", "--to", "x/demo", "--at", "now")
    assert ttp("run", "--once").code == 4
    assert [(e["event"], e["kind"], e["post"]) for e in lines(failed)] == [("delivery.failed", "auth", 2)]
    assert [(e["event"], e["account"]) for e in lines(account)] == [("account.needs_reconnect", "x/demo")]
    assert len(lines(published)) == 1


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo no room >&2; exit 3", "no room"),
        ("sleep 60", "0.2"),
        ("yes | head -c 200000; sleep 60", "64000"),
        ("exit 0", None),
    ],
)
def test_what_is_wrong_with_a_hook_is_said_once_and_changes_nothing(
    ttp: Program, sandbox: RunningSandbox, tmp_path: Path, script: str, says: str | None
) -> None:
    hook(ttp, tmp_path, "on_published", script)
    ttp.ok("config", "set", "hooks.timeout_s", "0.2" if says == "0.2" else "20")
    for text in ("Hello", "Hello again"):
        ttp.post(text, "--to", "x/demo", "--at", "now")
    ran = ttp.ok("run", "--until-idle", "--max-time", "20s", "--json")
    assert (ran.json["published"], ran.json["failed"]) == (2, 0)
    assert (ran.err.count("hooks.on_published"), str(says) in ran.err) == ((1, True) if says else (0, False))


def test_a_hook_that_is_not_there_is_told(ttp: Program, sandbox: RunningSandbox, tmp_path: Path) -> None:
    ttp.ok("config", "set", "hooks.on_published", str(tmp_path / "none"))
    ttp.post("Hello", "--to", "x/demo", "--at", "now")
    ran = ttp.ok("run", "--once", "--jsonl")
    assert "hooks.on_published" in ran.out
    assert ttp.shown()["status"] == "published"


def hooks_of(ttp: Program, tmp_path: Path, script: str, told: list[Event]) -> tuple[Hooks, Path]:
    program, heard = tmp_path / "hook", tmp_path / "heard"
    program.write_text(f"#!/bin/sh\nheard={heard}\n{script}\n")
    program.chmod(0o700)
    names = ("on_published", "on_failed", "on_needs_review", "on_account")
    config = Config({f"hooks.{name}": (str(program),) for name in names})
    return Hooks(config, ttp.home, ttp.clock, told.append), heard


def test_a_token_that_is_not_renewed_is_told_once_where_a_person_must_mend_it(ttp: Program, tmp_path: Path) -> None:
    made, heard = hooks_of(ttp, tmp_path, "cat >> $heard", [])
    made.start()
    for _ in range(2):
        made.report_renewed(RefreshResult("x/me", ReconnectNeeded("x/me must be connected again")))
    made.report_renewed(RefreshResult("x/other"))
    made.finish(lambda: False)
    at = "2026-11-23T17:00:00Z"
    (event,) = lines(heard)
    assert event == {"at": event["at"], "event": "account.needs_reconnect", "account": "x/me",
                     "message": "x/me must be connected again"}  # fmt: skip
    assert len(event["at"]) >= len(at)


def test_when_there_is_no_time_what_waits_is_not_told(ttp: Program, tmp_path: Path) -> None:
    made, heard = hooks_of(ttp, tmp_path, "cat >> $heard", [])
    for number in (1, 2):
        made.emit(Event(ttp.clock.now(), "delivery.needs_review", number))
    made.finish(lambda: True)
    made.start()
    made.finish(lambda: True)
    assert lines(heard) == []


def test_a_hook_that_is_too_slow_for_what_happens_does_not_fill_the_memory(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "WAITING_MOST", 3)
    told: list[Event] = []
    made, heard = hooks_of(ttp, tmp_path, "cat >> $heard", told)
    for number in range(6):
        made.emit(Event(ttp.clock.now(), "delivery.published", number))
    made.start()
    made.finish(lambda: False)
    assert [event["post"] for event in lines(heard)] == [0, 1, 2]
    (event,) = [event for event in told if event.kind == IdleReason.HOOKS]
    assert "hooks.on_published" in str(event.message)


@pytest.mark.sqlite("any machine publishes from a server")
def test_a_store_that_must_be_taken_over_is_reported_once_a_day(
    ttp: Program, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    heard = hook(ttp, tmp_path, "on_needs_review", "cat >> $heard")
    ttp.ok("run", "--once")
    ttp.sql("UPDATE store SET mark = 'ino=1 db=1'")
    for _ in range(2):
        assert ttp("run", "--once").code == 5
        (event,) = lines(heard)
    assert (event["event"], set(event)) == ("publisher.refused", {"at", "event", "message"})
    assert str(ttp.home) in event["message"]
    ttp.clock.advance(hours=25)
    assert ttp("run", "--until-idle").code == 5
    assert len(lines(heard)) == 2
    ttp.sql("UPDATE store SET host = 'another', host_name = 'pi'")
    assert ttp("run", "--once").code == 5
    assert len(lines(heard)) == 3, "another reason"
