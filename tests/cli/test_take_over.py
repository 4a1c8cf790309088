"""`ttp run --take-over`: what a person on another machine is told, and types."""

from __future__ import annotations

import pytest

from tests.conftest import Program


@pytest.fixture
def elsewhere(ttp: Program) -> Program:
    """A store from which another machine publishes, with a post that is due and a failed one."""
    ttp.account("x/me")
    ttp.post("due", "--to", "x/me", "--at", "in 1m")
    ttp.post("failed", "--to", "x/me", "--at", "in 1m")
    ttp.bring(2, "failed", error_kind="network", error_message="cut")
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
    assert ran.error["message"].startswith("another machine publishes from this store (pi, 24 Nov 2026 ")
    assert elsewhere.sql("SELECT state, due_at FROM delivery") == before
    assert len(elsewhere(*typed.split()).err.splitlines()) == 2


def test_everything_that_sends_nothing_works_on_any_machine(elsewhere: Program) -> None:
    for argv in (["list"], ["show", "1"], ["create", "more"], ["schedule", "1", "--at", "in 2h"], ["delete", "1"]):
        assert elsewhere(*argv).code == 0, argv


def test_a_setting_lets_any_machine_publish(elsewhere: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_PUBLISH__ANY_MACHINE", "true")
    assert elsewhere("retry", "2", "--no-wait").code == 0
