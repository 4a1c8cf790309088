"""Slots, the calendar, the best hours, numbers and reports over HTTP: the same JSON as the commands."""

from __future__ import annotations

import pytest

from tests.conftest import Fill, Program
from tests.server.conftest import Api, server_of, two_accounts

ROWS = "account,remoteId,publishedAt,likes,comments,shares,views\n" + "".join(
    f"x/me,{number},2026-{10 + number % 2}-{1 + number % 20:02}T{8 + number % 12:02}:00:00Z,{5 + number % 7},1,0,90\n"
    for number in range(40)
)


@pytest.fixture
def measured(fill: Fill) -> Api:
    return server_of(fill(samples_and_slots)).having("publish")


def samples_and_slots(ttp: Program) -> None:
    """The account x/me has samples, a slot, a repeat and a scheduled post."""
    two_accounts(ttp)
    ttp.ok("metrics", "import", "-", stdin=ROWS)
    ttp.ok("slots", "add", "mon,wed 09:00", "--account", "x/me,x/other", "--name", "mornings")
    ttp.post("weekly", "--to", "x/me", "--tag", "a")
    ttp.ok("repeat", "1", "--cron", "0 9 * * *", "--count", "3")
    ttp.post("planned", "--to", "x/me", "--at", "2026-11-26T10:00Z")


def test_a_route_answers_the_json_of_its_command(measured: Api) -> None:
    for path, command in [
        ("slots", "slots list"),
        ("slots?account=x/me", "slots list --account x/me"),
        ("slots/preview?count=3", "slots preview --count 3"),
        ("repeats", "repeat list"),
        ("calendar?when=2026-11", "calendar 2026-11"),
        ("calendar?week=true", "calendar --week"),
        ("calendar?when=next&week=true&account=x/me", "calendar --week next --account x/me"),
        ("calendar?when=2026-11&status=scheduled&tag=a", "calendar 2026-11 --status scheduled --tag a"),
        ("calendar?when=2026-11&timezone=Asia/Tokyo", "calendar 2026-11 --tz Asia/Tokyo"),
        ("optimal", "optimal"),
        ("optimal?account=x/me&all=true&timezone=Asia/Tokyo", "optimal --account x/me --all --tz Asia/Tokyo"),
        ("optimal/next?account=x/me", "optimal next --account x/me"),
        ("optimal/next?account=x/me&count=3", "optimal next --account x/me --count 3"),
        ("optimal/next?account=x/me&within=24h", "optimal next --account x/me --within 24h"),
        ("optimal/week?platform=x", "optimal week --platform x"),
        ("optimal/heatmap?account=x/me", "optimal heatmap --account x/me"),
        ("metrics?limit=5", "metrics list --limit 5"),
        ("report", "report"),
        ("report?when=2026-11&by=account,hour", "report 2026-11 --by account,hour"),
        ("report?when=prev&timezone=Asia/Tokyo&account=x/me", "report prev --tz Asia/Tokyo --account x/me"),
        ("report?since=20d&until=2d&platform=x", "report --since 20d --until 2d --platform x"),
        ("metrics/summary", "metrics summary"),
        ("metrics/summary?account=x/other", "metrics summary --account x/other"),
    ]:
        assert measured.ok("GET", f"/v1/{path}") == measured.ttp.ok(*command.split(), "--json").json, path


def test_a_wrong_question_is_refused(api: Api) -> None:
    for path, status, code in [
        ("slots?account=x/nobody", 404, "not_found"),
        ("slots/preview?count=0", 400, "usage"),
        ("calendar?when=soon", 400, "usage"),
        ("calendar?timezone=Mars", 422, "time"),
        ("calendar?Week=true", 400, "usage"),
        ("optimal?timezone=Mars", 422, "time"),
        ("optimal/next?count=51", 400, "usage"),
        ("metrics?limit=1001", 400, "usage"),
        ("report?when=soon", 400, "usage"),
        ("report?when=2027-01", 400, "usage"),
        ("report?when=prev&since=7d", 400, "usage"),
        ("report?since=7d&until=20d", 400, "usage"),
        ("report?since=soon", 422, "time"),
        ("report?by=colour", 400, "usage"),
        ("report?account=x/nobody", 404, "not_found"),
    ]:
        api.refused("GET", f"/v1/{path}", status, code)


def test_without_numbers_answers_are_empty(api: Api) -> None:
    assert api.ok("GET", "/v1/optimal/next") == {"success": True, "slot": None}
    assert api.ok("GET", "/v1/metrics") == api.ok("GET", "/v1/metrics/summary") == []


def test_the_calendar_does_not_need_the_zones_of_accounts_without_numbers(api: Api) -> None:
    api.ttp.sql("UPDATE account SET timezone = 'Mars/Base' WHERE handle = 'other'")
    for query in ("", "?week=true"):
        assert api.ok("GET", f"/v1/calendar{query}")["posts"] == []


def test_slots_are_added_and_removed(api: Api) -> None:
    body = {"accounts": ["x/me"], "times": "mon,wed 09:00", "timezone": "Europe/Berlin", "name": "mornings"}
    assert api.ok("POST", "/v1/slots?dryRun=true", body) == []
    assert api.ok("GET", "/v1/slots") == []
    added = api.post("/v1/slots", body)
    assert (added.status_code, added.json()) == (201, api.ttp.ok("slots", "list", "--json").json)
    (other,) = api.ok("POST", "/v1/slots", {"accounts": ["x/other"], "cron": "0 9 * * 1"})
    assert other["timezone"] == "UTC"
    first = added.json()[0]["id"]
    assert api.ok("DELETE", f"/v1/slots/{first}?dryRun=true") == {"id": first, "removed": True}
    assert api.ok("DELETE", f"/v1/slots/{first}") == {"id": first, "removed": True}
    assert [one["id"] for one in api.ok("GET", "/v1/slots")] == [other["id"]]
    api.refused("DELETE", f"/v1/slots/{first}", 404, "not_found")


def test_a_slot_that_cannot_be_is_refused(api: Api) -> None:
    for body, status, code in [
        ({"accounts": ["x/me"]}, 400, "usage"),
        ({"accounts": ["x/me"], "times": "mon 9:00", "cron": "0 9 * * 1"}, 400, "usage"),
        ({"accounts": [], "times": "mon 9:00"}, 400, "usage"),
        ({"accounts": ["x/nobody"], "times": "mon 9:00"}, 404, "not_found"),
        ({"accounts": ["x/me"], "times": "sometimes"}, 400, "usage"),
        ({"accounts": ["x/me"], "cron": "@daily"}, 400, "usage"),
        ({"accounts": ["x/me"], "times": "mon 9:00", "timezone": "Mars"}, 422, "time"),
        ({"accounts": ["x/me"], "times": "mon 9:00", "name": "7"}, 400, "usage"),
    ]:
        api.refused("POST", "/v1/slots", status, code, body)
    assert api.ok("GET", "/v1/slots") == []


def test_a_limited_token_plans_by_its_accounts_only(measured: Api) -> None:
    limited = measured.having("publish", "x/other", name="limited")
    assert {one["account"] for one in limited.ok("GET", "/v1/slots")} == {"x/other"}
    assert [one["account"] for one in limited.ok("GET", "/v1/optimal")["recommendations"]] == ["x/other"]
    assert limited.ok("GET", "/v1/metrics") == limited.ok("GET", "/v1/metrics/summary") == []
    limited.refused("GET", "/v1/metrics?account=x/me", 404, "not_found")
    assert measured.ok("GET", "/v1/report")["posts"]
    assert limited.ok("GET", "/v1/report")["posts"] == []
    limited.refused("GET", "/v1/report?account=x/me", 404, "not_found")
    for path in ("repeats", "calendar", "slots/preview"):
        limited.refused("GET", f"/v1/{path}", 403, "not_allowed")
