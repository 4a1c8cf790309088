"""What keeps a whole store from publishing: told by `ttp status` and by every run, with the way out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import Program
from ttp.domain.time.clock import SystemClock
from ttp.store.home.journal import FILE
from ttp.store.postgresql.database import PostgresDatabase


@pytest.fixture
def early(ttp: Program) -> Program:
    """A store with a post that is due, and a clock that says an hour before the last run."""
    ttp.account("x/me")
    ttp.post("due", "--to", "x/me", "--at", "in 1m")
    assert ttp("run", "--once").code == 0
    ttp.clock.advance(hours=-1)
    return ttp


def test_nothing_keeps_an_ordinary_store_from_publishing(ttp: Program) -> None:
    ttp.account("x/me")
    assert ttp("status", "--json").json["blocked"] == []
    assert "\nblocked\t\n" in ttp("status").out


@pytest.mark.sqlite("publishing goes by the server's clock")
def test_a_clock_that_is_behind_is_told_by_status_and_by_a_run(early: Program) -> None:
    (why,) = early("status", "--json").json["blocked"]
    assert why["by"] == "clock"
    assert "24 Nov 2026 11:00" in why["message"]
    assert why["hint"] == "date"
    ran = early("run", "--once", "--json")
    assert (ran.code, ran.out) == (5, "")
    assert ran.error["message"] == why["message"]
    told = early("run", "--once")
    assert len(told.err.splitlines()) == 3
    assert "ttp run --trust-clock" in told.err


@pytest.mark.sqlite("publishing goes by the server's clock")
def test_a_person_may_say_that_the_clock_is_right(early: Program) -> None:
    assert early("run", "--once", "--trust-clock").code == 0
    assert early("status", "--json").json["blocked"] == []
    assert early("run", "--once").code == 0


@pytest.mark.sqlite("any machine publishes from a server")
def test_status_tells_of_another_machine_s_store(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.post("due", "--to", "x/me", "--at", "in 1m")
    ttp.sql("UPDATE store SET host = 'another', host_name = 'pi', ran_at = 1795521600000")
    (why,) = ttp("status", "--json").json["blocked"]
    assert (why["by"], why["hint"]) == ("machine", "ttp run --take-over")
    assert "(pi, " in why["message"]


@pytest.mark.sqlite("any machine publishes from a server")
def test_status_shows_it_to_people_first(early: Program) -> None:
    early.sql("UPDATE store SET host = 'another', host_name = 'pi'")
    shown = early("status", "--format", "table").out
    assert shown.index("! the clock ") < shown.index("! another machine") < shown.index("next")
    said = " ".join(line.strip() for line in shown.splitlines())
    assert "ttp run --trust-clock" in said
    assert "ttp run --take-over" in said


def test_on_a_server_its_clock_counts_and_no_record_of_another_host(
    ttp: Program, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_STORE__URL", store_url)
    ttp.account("x/me")
    here = Program(ttp.home, SystemClock())  # type: ignore[arg-type]  # it only asks it
    ttp.sql("UPDATE account SET created_at = created_at + 4000000000000")
    assert here("status", "--json").json["blocked"] == []
    found = {check["name"]: check for check in here("doctor", "--json").json["checks"]}
    assert (found["clock"]["status"], found["server"]["status"]) == ("ok", "ok")
    there = SystemClock().now() + timedelta(hours=1)
    monkeypatch.setattr(PostgresDatabase, "server_clock", staticmethod(lambda db: there))
    (why,) = here("status", "--json").json["blocked"]
    assert (why["by"], why["hint"]) == ("clock", "date")


def test_without_a_place_for_outcomes_a_run_ends_with_5(ttp: Program) -> None:
    ttp.account("x/me")
    (ttp.home / FILE).mkdir(mode=0o700)
    ran = ttp("run", "--once", "--json")
    assert (ran.code, ran.error["code"]) == (5, "busy")
    assert ran.error["hint"] == f"ls -la {ttp.home / FILE}"


@pytest.mark.parametrize(
    ("damage", "row"),
    [
        ("UPDATE post SET variants = '{' WHERE id = 1", "row 1 of post"),
        ("UPDATE delivery SET state = 'odd' WHERE id = 1", "row 1 of delivery (post 1)"),
        ("UPDATE account SET scopes = '5'", "row 1 of account"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_by_doctor_and_never_a_fault_of_ours(
    ttp: Program, damage: str, row: str
) -> None:
    ttp.account("x/me")
    ttp.post("one", "--to", "x/me", "--at", "in 1m")
    ttp.sql(damage)
    found = {check["name"]: check for check in ttp("doctor", "--json").json["checks"]}
    assert found["store"]["status"] == "fail"
    assert row in found["store"]["message"]
    for argv in (["show", "1"], ["list"], ["status"], ["run", "--once"], ["edit", "1", "two"], ["optimal"]):
        ran = ttp(*argv)
        assert ran.code in (0, 1, 5), (argv, ran.err)
        assert "fault" not in ran.err
        assert "Traceback" not in ran.err


def test_status_tells_what_the_publisher_left_alone(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.post("one", "--to", "x/me", "--at", "in 1m")
    ttp.clock.advance(minutes=2)
    ttp.sql("UPDATE post SET variants = '{'")
    ran = ttp("run", "--once")
    assert ran.code == 0
    assert "row 1 of post" in ran.err
    (why,) = ttp("status", "--json").json["blocked"]
    assert (why["by"], why["hint"]) == ("row", "ttp doctor")
    assert "! skipped: row 1 of post" in ttp("status", "--format", "table").out
    ttp.sql("UPDATE post SET variants = '{}'")
    assert ttp("status").code in (0, 1)
