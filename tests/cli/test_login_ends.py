"""A login that no app can renew: its end shows where posts are scheduled, in status and calendar, and before it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.clock import START
from tests.conftest import Program
from ttp.domain.login_end import LoginEnd, login_alarms

NAME = "linkedin/nora"


@pytest.fixture
def end(ttp: Program) -> datetime:
    """When the login of the account ends: in twenty days and an hour."""
    at = ttp.clock.now() + timedelta(days=20, hours=1)
    ttp.account(NAME, expiresAt=at.isoformat(), userId="a1B")
    ttp.account("x/me", expiresAt=at.isoformat())
    return at


def test_a_post_after_the_end_is_marked_where_it_is_scheduled_and_in_status_and_calendar(
    ttp: Program, end: datetime
) -> None:
    assert ttp.ok("status", "--json").json["logins"] == []
    before = ttp.ok("create", "Before", "--to", NAME, "--at", "in 20d", "--json").json
    late = ttp.ok("create", "After", "--to", f"{NAME},x/me", "--at", "in 21d", "--json").json
    assert [sum(NAME in one for one in post["warnings"]) for post in (before, late)] == [0, 1]
    (login,) = ttp.ok("status", "--json").json["logins"]
    assert (login["account"], login["posts"]) == (NAME, [late["id"]])
    assert f"ttp account connect {NAME}" in ttp.ok("status", "--format", "table").out
    assert f"ttp account connect {NAME}" in ttp.ok("calendar", "2026-12", "--format", "tsv").err
    assert "account connect" not in ttp.ok("calendar", "2027-02", "--format", "tsv").err, "no such post in it"
    ttp.ok("schedule", str(late["id"]), "--at", "in 19d")
    assert ttp.ok("status", "--json").json["logins"] == []


def test_a_post_that_a_login_of_today_would_not_reach_says_from_when_one_does(ttp: Program, end: datetime) -> None:
    near, far = (ttp.ok("create", days, "--to", NAME, "--at", days).err for days in ("in 59d", "in 61d"))
    assert f"fix: ttp account connect {NAME}" in near
    assert "account connect" not in far
    after = ttp.clock.now() + timedelta(days=1)
    assert f"{after.day} {after:%b %Y}" in far


def test_its_day_is_that_of_the_timezone_in_the_settings(
    ttp: Program, end: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_TZ", "Pacific/Kiritimati")
    day = f"{end.day + 1} {end:%b %Y}"
    assert day in ttp.ok("create", "After", "--to", NAME, "--at", "in 21d").err
    assert day in ttp.ok("status", "--format", "table").out
    assert ttp.ok("status", "--json").json["logins"][0]["endsAt"].startswith(f"{end:%Y-%m-%d}")


def test_a_person_hears_of_the_end_fourteen_days_seven_and_one_before_and_no_more_after_a_new_login(
    ttp: Program, end: datetime, tmp_path: Path
) -> None:
    program, log = tmp_path / "hear", tmp_path / "log"
    program.write_text(f"#!/bin/sh\ncat >> {log}\n")
    program.chmod(0o700)
    ttp.ok("config", "set", "notify.to", "program")
    ttp.ok("config", "set", "notify.program", str(program))
    counts = []
    for days in (15, 14, 13, 7, 8, 7, 2, 1):  # the clock of another machine may be behind
        ttp.clock.set(end - timedelta(days=days))
        for _ in range(2):
            ttp.ok("status", "--notify")
        counts.append(len(log.read_text().split("\n")) - 1 if log.exists() else 0)
    assert counts == [0, 1, 1, 2, 2, 2, 2, 3]
    first = json.loads(log.read_text().partition("\n")[0])
    assert (first["event"], NAME in str(first)) == ("account.login_ends", True)
    ttp.account(NAME, expiresAt=(end + timedelta(days=60)).isoformat(), userId="a1B")
    ttp.ok("status", "--notify")
    assert ttp.sql("SELECT count(*) FROM notification WHERE ended_at IS NULL")[0][0] == 0


def test_it_is_said_at_once_who_settles_a_lost_answer(ttp: Program) -> None:
    for name, is_said in ((NAME, True), ("x/me", False)):
        ran = ttp.ok(
            "account", "add", name, "--credentials", "-", stdin=json.dumps({"accessToken": "a", "userId": "1"})
        )
        assert ("needs_review" in ran.err) is is_said


def test_doctor_names_the_month_of_the_api_offline_too(ttp: Program, end: datetime) -> None:
    ttp.ok("config", "set", "platforms.linkedin.version", "202511")
    (check,) = (one for one in ttp("doctor", "--json").json["checks"] if one["name"] == f"account.{NAME}")
    assert (check["status"], "platforms.linkedin.version" in check["hint"]) == ("fail", True)


def test_a_login_that_ends_later_than_in_two_weeks_alarms_nobody_yet() -> None:
    assert list(login_alarms([LoginEnd(NAME, START + timedelta(days=20), posts=(1,))], START)) == []
