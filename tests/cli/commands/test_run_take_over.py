"""`ttp run --take-over`: what it prints on another machine, and what a person types there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.conftest import Program

pytestmark = pytest.mark.sqlite("any machine publishes from a server; copies on another server: test_database.py")


@pytest.fixture
def elsewhere(ttp: Program) -> Program:
    """A store from which another machine publishes, with a post that is due and a failed one."""
    ttp.account("x/me")
    ttp.post("due", "--to", "x/me", "--at", "in 1m")
    ttp.post("failed", "--to", "x/me", "--at", "in 1m")
    ttp.bring(2, "failed", error=("network", "cut"))
    ttp.sql("UPDATE store SET host = 'another', host_name = 'pi', ran_at = 1795521600000")
    ttp.clock.advance(hours=1)
    return ttp


@pytest.mark.parametrize(
    "typed",
    [
        "run --once",
        "run --until-idle",
        "publish 1 --yes",
        "publish 1 --no-wait --yes",
        "retry 2",
        "retry 2 --no-wait",
        "retry --failed --yes",
    ],
)
def test_another_machine_is_told_in_one_line_what_to_type(elsewhere: Program, typed: str) -> None:
    before = elsewhere.sql("SELECT state, due_at FROM delivery")
    ran = elsewhere(*typed.split(), "--json")
    assert (ran.code, ran.out) == (5, "")
    assert ran.error["code"] == "busy"
    assert ran.error["hint"] == "ttp run --take-over"
    assert "(pi, 24 Nov 2026 " in ran.error["message"]
    assert elsewhere.sql("SELECT state, due_at FROM delivery") == before
    assert len(elsewhere(*typed.split()).err.splitlines()) == 2


def test_everything_that_sends_nothing_works_on_any_machine(elsewhere: Program) -> None:
    for argv in (["list"], ["show", "1"], ["create", "more"], ["schedule", "1", "--at", "in 2h"], ["delete", "1"]):
        assert elsewhere(*argv).code == 0, argv


def test_a_setting_lets_any_machine_publish(elsewhere: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_PUBLISH__ANY_MACHINE", "true")
    assert elsewhere("retry", "2", "--no-wait").code == 0


@pytest.fixture
def copy(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """The program in a copy of a store that was made on this machine, while nothing in it was due."""
    ttp.account("x/me")
    ttp.post("later", "--to", "x/me", "--at", "in 1h")
    ttp.ok("run", "--once")
    original, ttp.home = ttp.home, ttp.home.with_name("copy")
    shutil.copytree(original, ttp.home)
    monkeypatch.setenv("TTP_HOME", str(ttp.home))
    yield ttp
    monkeypatch.setenv("TTP_HOME", str(original))
    assert ttp("run", "--once").code == 0, "the original goes on"


@pytest.mark.parametrize("any_machine", ["false", "true"])
def test_a_copy_on_the_same_machine_publishes_nothing_due_or_not(
    copy: Program, any_machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_PUBLISH__ANY_MACHINE", any_machine)
    for typed in ("run --once", "run --until-idle", "publish 1 --yes"):
        ran = copy(*typed.split(), "--json")
        assert (ran.code, ran.error["code"], ran.error["hint"]) == (5, "busy", "ttp run --take-over")
    copy.ok("create", "written in the copy")
    assert copy("run", "--once").code == 5


def test_doctor_status_and_audit_say_that_a_store_is_a_copy(copy: Program) -> None:
    found = next(one for one in copy("doctor", "--json").json["checks"] if one["name"] == "machine")
    assert (found["status"], found["hint"]) == ("fail", "ttp run --take-over")
    assert "copied" in found["message"]
    assert [one["hint"] for one in copy.ok("status", "--json").json["blocked"]] == ["ttp run --take-over"]
    audited = copy("audit", "--json")
    (breach,) = next(one["breaches"] for one in audited.json["checks"] if one["name"] == "store")
    assert (audited.code, audited.json["ok"]) == (1, False)
    assert "copied" in breach


def test_a_copy_that_is_taken_over_is_a_store_like_any_other(copy: Program) -> None:
    copy.ok("run", "--once", "--take-over")
    copy.ok("run", "--once")
    assert copy.ok("audit", "--json").json["ok"] is True
