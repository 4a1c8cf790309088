"""Plans, repeats, undo and checks of accounts over HTTP: what they do, and the same JSON as the commands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Fill, Program
from tests.server.conftest import Api, server_of, two_accounts
from ttp.domain.time.clock import format_json_instant

AT = "2098-01-01T09:00Z"


def ids(found: Any) -> list[int]:
    return [one["id"] for one in found]


@pytest.fixture
def drafts(fill: Fill) -> Api:
    return server_of(fill(three_posts)).having("publish", name="ann")


def three_posts(ttp: Program) -> None:
    """Two drafts and a scheduled post."""
    two_accounts(ttp)
    for text in ("one", "two"):
        ttp.post(text, "--to", "x/me", "--tag", text)
    ttp.post("three", "--to", "x/me", "--at", AT)


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ({}, "--drafts"),
        ({"tags": ["one"], "days": 3}, "--tag one --days 3"),
        ({"ids": [1, 2], "perDay": 1, "minGapS": 7200}, "1 2 --per-day 1 --min-gap 2h"),
        (
            {"from": "2026-12-01", "days": 7, "timezone": "Asia/Tokyo"},
            "--drafts --from 2026-12-01 --week --tz Asia/Tokyo",
        ),
        (
            {"quietHours": "20:00-10:00", "blackout": ["2026-11-26"]},
            "--drafts --quiet-hours 20:00-10:00 --blackout 2026-11-26",
        ),
    ],
)
def test_a_plan_answers_the_json_of_the_command(drafts: Api, body: Any, options: str) -> None:
    rehearsed = drafts.ok("POST", "/v1/plan?dryRun=true", body)
    assert rehearsed == drafts.ttp.ok("plan", *options.split(), "--dry-run", "--json").json
    assert rehearsed["assignments"]
    assert {one["status"] for one in drafts.ok("GET", "/v1/posts?status=draft")} == {"draft"}
    planned = drafts.ok("POST", "/v1/plan", body)
    assert planned == {**rehearsed, "scheduled": True}
    for one in planned["assignments"]:
        assert drafts.ok("GET", f"/v1/posts/{one['id']}")["scheduledAt"] == one["at"]


def test_a_plan_that_cannot_be_is_refused(drafts: Api) -> None:
    for body, status, code in [
        ({"ids": [9]}, 404, "not_found"),
        ({"ids": [1], "tags": ["a"]}, 400, "usage"),
        ({"ids": [3]}, 409, "state"),
        ({"days": 0}, 400, "usage"),
        ({"from": "soon"}, 422, "time"),
        ({"quietHours": "all"}, 400, "usage"),
        ({"timezone": "Mars"}, 422, "time"),
        ({"day": 3}, 400, "usage"),
    ]:
        drafts.refused("POST", "/v1/plan", status, code, body)


def test_drafts_that_do_not_fit_are_left_out_on_request(drafts: Api) -> None:
    body = {"days": 1, "perDay": 1, "minGapS": 86400}
    drafts.refused("POST", "/v1/plan", 400, "usage", body)
    found = drafts.ok("POST", "/v1/plan", {**body, "partly": True})
    assert (len(found["assignments"]), len(found["leftOut"])) == (1, 1)
    assert drafts.ok("POST", "/v1/plan", {"tags": ["nothing"]})["assignments"] == []


def test_a_repeat_runs_through_its_life(drafts: Api) -> None:
    body = {"post": 1, "cron": "0 9 * * 1", "timezone": "Europe/Berlin", "count": 3, "until": "2027-06-30"}
    rehearsed = drafts.ok("POST", "/v1/repeats?dryRun=true", body)
    assert (rehearsed["state"], set(rehearsed["posts"])) == ("active", {None})
    assert drafts.ok("GET", "/v1/repeats") == []
    answer = drafts.post("/v1/repeats", body)
    made = answer.json()
    assert (answer.status_code, made["post"], made["count"], made["until"]) == (201, 1, 3, "2027-06-30T22:00:00Z")
    path = f"/v1/repeats/{made['id']}"
    assert ids(drafts.ok("GET", "/v1/posts?after=3")) == [] or made["posts"]
    assert drafts.ok("POST", f"{path}/skip?dryRun=true")["skipped"] == 1
    for step, state in (("skip", "active"), ("pause", "paused"), ("resume", "active"), ("stop", "ended")):
        found = drafts.ok("POST", f"{path}/{step}")
        assert (found["state"], found) == (state, drafts.ok("GET", "/v1/repeats")[0])
    assert drafts.ok("GET", "/v1/repeats") == drafts.ttp.ok("repeat", "list", "--json").json
    drafts.refused("POST", f"{path}/resume", 409, "state")
    drafts.refused("POST", f"{path}9/stop", 404, "not_found")


def test_a_new_repeat_answers_the_json_of_the_command(drafts: Api) -> None:
    made = drafts.ok("POST", "/v1/repeats", {"post": 1, "cron": "0 9 * * 1", "texts": ["a", "b"]})
    drafts.ok("POST", "/v1/repeats/1/stop")
    texts = drafts.ttp.home.parent / "texts"
    texts.write_text("a\n---\nb\n")
    told = drafts.ttp.ok("repeat", "add", "1", "--cron", "0 9 * * 1", "--vary", str(texts), "-q", "--json").json
    assert {**told, "id": 1, "posts": made["posts"]} == made
    pool = drafts.ok("POST", "/v1/repeats", {"pool": "two", "cron": "0 9 * * 2"})
    assert (pool["pool"], pool["coolDownS"]) == ("two", 30 * 86400.0)


@pytest.mark.parametrize(
    ("when", "words", "cron"),
    [
        ({"times": "mon,thu 9:00"}, ("mon,thu 9:00",), "0 9 * * 1,4"),
        ({"times": "last fri of the month 9am"}, ("--rule", "FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=9;BYMINUTE=0"), ""),
        ({"rule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;BYHOUR=9;BYMINUTE=0"}, ("every 2 weeks on tue 9am",), ""),
    ],
)
def test_times_in_words_and_rules_are_those_of_the_command(drafts: Api, when: Any, words: Any, cron: str) -> None:
    made = drafts.ok("POST", "/v1/repeats", {"post": 1, **when})
    drafts.ok("POST", "/v1/repeats/1/stop")
    told = drafts.ttp.ok("repeat", "add", "1", *words, "--json").json
    assert made["cron"] == cron
    assert {**told, "id": 1, "posts": made["posts"], "warnings": made["warnings"]} == made


def test_a_repeat_that_cannot_be_is_refused(drafts: Api) -> None:
    for body, status, code in [
        ({"post": 1, "cron": "0 9 * * 1", "times": "mon 9:00"}, 400, "usage"),
        ({"post": 1, "times": "second tue 9:00"}, 400, "usage"),
        ({"post": 1, "rule": "FREQ=DAILY;COUNT=3;BYHOUR=9;BYMINUTE=0"}, 400, "usage"),
        ({"post": 1, "rule": "mon 9:00"}, 400, "usage"),
        ({"cron": "0 9 * * 1"}, 400, "usage"),
        ({"post": 1}, 400, "usage"),
        ({"post": 1, "pool": "two", "cron": "0 9 * * 1"}, 400, "usage"),
        ({"post": 9, "cron": "0 9 * * 1"}, 404, "not_found"),
        ({"post": 1, "cron": "hourly"}, 400, "usage"),
        ({"post": 1, "cron": "0 9 * * 1", "texts": ["a"]}, 400, "usage"),
        ({"post": 1, "cron": "0 9 * * 1", "coolDownS": 60}, 400, "usage"),
        ({"post": 1, "cron": "0 9 * * 1", "until": "soon"}, 400, "usage"),
        ({"post": 1, "cron": "0 9 * * 1", "until": "2020-01-01"}, 400, "usage"),
        ({"post": 1, "cron": "0 9 * * 1", "timezone": "Mars"}, 422, "time"),
        ({"pool": "nothing", "cron": "0 9 * * 1"}, 404, "not_found"),
    ]:
        drafts.refused("POST", "/v1/repeats", status, code, body)
    assert drafts.ok("GET", "/v1/repeats") == []


def test_changes_are_undone_and_redone(drafts: Api) -> None:
    drafts.ok("PATCH", "/v1/posts/1", {"content": "better"})
    drafts.ok("DELETE", "/v1/posts/2")
    rehearsed = drafts.ok("POST", "/v1/undo?dryRun=true", {"count": 2})
    assert rehearsed == drafts.ttp.ok("undo", "2", "--dry-run", "--json").json
    assert ids(rehearsed) == [2, 1]
    drafts.refused("GET", "/v1/posts/2", 404, "not_found")
    assert drafts.ok("POST", "/v1/undo", {"count": 2}) == rehearsed
    assert drafts.ok("GET", "/v1/posts/1")["content"] == "one"
    assert drafts.ok("POST", "/v1/redo", {"post": 1})[0]["content"] == "better"
    assert drafts.ok("POST", "/v1/redo")[0]["deleted"] is True
    assert ids(drafts.ok("POST", "/v1/undo")) == [2]


def test_undoing_again_with_the_same_key_undoes_nothing_more(drafts: Api) -> None:
    drafts.ok("PATCH", "/v1/posts/1", {"content": "better"})
    drafts.ok("PATCH", "/v1/posts/1", {"content": "best"})
    for _ in range(2):
        assert drafts.ok("POST", "/v1/undo", headers={"Idempotency-Key": "u"})[0]["content"] == "better"
    assert drafts.ok("GET", "/v1/posts/1")["content"] == "better"


def test_an_impossible_undo_is_refused(drafts: Api) -> None:
    drafts.refused("POST", "/v1/undo", 404, "not_found", {"count": 99})
    drafts.refused("POST", "/v1/redo", 404, "not_found")
    drafts.refused("POST", "/v1/undo", 400, "usage", {"count": 0})
    written = drafts.having("draft")
    written.refused("POST", "/v1/undo", 403, "not_allowed")  # the last change gave post 3 a time
    assert ids(written.ok("POST", "/v1/undo", {"post": 1})) == [1]


def test_the_history_of_all_posts_is_the_json_of_the_command(drafts: Api) -> None:
    found = drafts.ok("GET", "/v1/history?limit=2")
    assert found == drafts.ttp.ok("history", "--limit", "2", "--json").json
    assert len(found) == 2


def test_an_account_is_checked(api: Api) -> None:
    found = api.ok("POST", "/v1/accounts/x/me/check")
    told = api.ttp("account", "check", "x/me", "--json")
    assert found["checks"] == told.json["checks"]
    assert (found["failures"], len(found["checks"])) == (1, 1)  # it has no token
    assert api.ok("POST", "/v1/accounts/x/me/check?dryRun=true")["checks"] == []
    api.refused("POST", "/v1/accounts/x/nobody/check", 404, "not_found")
    api.having("publish", "x/me", name="bob").refused("POST", "/v1/accounts/x/other/check", 404, "not_found")


def test_the_time_of_a_plan_is_an_instant(drafts: Api) -> None:
    now = format_json_instant(drafts.ttp.clock.now())
    assert all(one["at"] > str(now) for one in drafts.ok("POST", "/v1/plan?dryRun=true")["assignments"])
