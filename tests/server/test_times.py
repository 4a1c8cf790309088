"""Typed times: the same words mean the same instant at every door, in the zone of whoever types them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.conftest import Api, serving
from tests.server.pages.conftest import Person
from tests.server.test_agents import Agent
from ttp.domain.server.api_token import TokenCapability
from ttp.services.server.people import People

HERE, THERE = "Asia/Tokyo", "America/New_York"
IMPORTED = "2026-11-25 09:00"


def scheduled(server: Api) -> list[str]:
    return [post["scheduledAt"] for post in map(server.ttp.shown, range(1, server.ttp.count("post") + 1))]


@pytest.mark.parametrize("words", ["tomorrow 9am", IMPORTED, "wed 9:00"])
def test_the_same_words_are_one_instant_at_every_door(
    server: Api, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp = server.ttp
    for account in ("x/me", "x/other"):
        ttp.ok("account", "set", account, "--tz", THERE)
    made = ttp.ok("token", "create", "bob", "--capability", "publish", "--tz", HERE, "--json").json
    assert made["timezone"] == HERE
    assert [one["timezone"] for one in ttp.ok("token", "list", "--json").json] == [HERE]
    (tmp_path / "one.md").write_text(f"---\nto: x/me\nat: {words}\n---\nOne")
    (tmp_path / "rows.csv").write_text(f"content,accounts,scheduledAt\nTwo,x/other,{IMPORTED}\n")

    with monkeypatch.context() as patch:  # the command line and files
        patch.setenv("TTP_TZ", HERE)
        ttp.ok("create", "Zero", "--to", "x/me,x/other", "--at", words)
        ttp.ok("create", "--file", str(tmp_path / "one.md"))
        ttp.ok("import", str(tmp_path / "rows.csv"))
    api = Api(ttp, server.app, made["token"])
    api.ok("POST", "/v1/posts", {"content": "Three", "accounts": ["x/me"], "scheduledAt": words})
    with serving(server.app) as address:
        Agent(f"{address}/mcp", api.token).ok("create_post", text="Four", to=["x/me"], at=words)
    ann = Person(server).log_in()
    ann.does("/timezone", {"timezone": HERE})
    ann.does("/compose", {"content": "Five", "accounts": ["x/me"], "is_draft": "yes", "do": "schedule", "at": words})

    assert scheduled(server) == ["2026-11-25T00:00:00Z"] * 6
    ttp.ok("create", "Six", "--to", "x/me", "--at", words)  # of the setting
    ttp.ok("create", "Seven", "--to", "x/me", "--at", words, "--tz", "account")
    assert scheduled(server)[6:] == ["2026-11-25T09:00:00Z", "2026-11-25T14:00:00Z"]


def test_the_zone_of_the_accounts_is_asked_for_and_must_be_one(server: Api, tmp_path: Path) -> None:
    ttp = server.ttp
    ttp.ok("account", "set", "x/me", "--tz", THERE)  # x/other has none: it counts as that of the person
    both = ["create", "Hello", "--to", "x/me,x/other", "--at", "tomorrow 9am"]
    error = ttp(*both, "--tz", "account", "--json").error
    assert error["code"] == "time"
    assert all(name in error["message"] for name in ("x/me", THERE, "x/other", "UTC"))
    assert error["hint"] is None
    assert any(f"--tz {THERE}" in hint for hint in error["hints"])
    assert ttp("create", "Hello", "--tz", "Account", "--json").error["hint"] == "ttp create Hello --tz account --json"
    assert ttp.count("post") == 0
    ttp.ok(*both)
    ttp.ok("slots", "add", "daily 9am", "--account", "x/me,x/other")
    ttp.ok("create", "A slot", "--to", "x/me", "--at", "next-slot", "--tz", "account")
    (tmp_path / "rows.csv").write_text(f"content,accounts,scheduledAt,tz\nTwo,x/me,{IMPORTED},account\n")
    ttp.ok("import", str(tmp_path / "rows.csv"))
    assert scheduled(server) == ["2026-11-25T09:00:00Z", "2026-11-24T14:00:00Z", "2026-11-25T14:00:00Z"]


def test_each_answer_has_the_clock_of_an_account_beside_the_persons(
    server: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp = server.ttp
    ttp.ok("account", "set", "x/me", "--tz", THERE)
    monkeypatch.setenv("TTP_TZ", HERE)
    new = ["create", "Hello", "--to", "x/me,x/other", "--at", "tomorrow 9am", "--format", "table"]
    for command in (
        [*new, "--dry-run"],
        new,
        ["schedule", "1", "--at", "2026-11-25 09:00", "--format", "table"],
        ["edit", "1", "--at", "2026-11-25 09:00", "--format", "table"],
        ["show", "1", "--format", "table"],
    ):
        said = " ".join(ttp.ok(*command).out.split())
        assert f"Wed 25 Nov 2026 09:00 {HERE}" in said, command
        assert "Tue 24 Nov 19:00 New York for x/me" in said, command


def test_a_wrong_zone_is_stored_for_nobody(server: Api) -> None:
    error = server.ttp("token", "create", "bob", "--capability", "read", "--tz", "Asia/Tokio", "--json").error
    assert (error["code"], "Asia/Tokyo" in error["hint"]) == ("time", True)
    assert server.ttp.count("token") == 0
    ann = Person(server).log_in()
    refused = ann.send("/timezone", {"timezone": "Asia/Tokio"})
    assert refused.status_code == 422
    assert 'value="Asia/Tokio"' in refused.text
    assert "/timezone?timezone=Asia/Tokyo" in refused.text
    assert server.ttp.count("person") == 0


def test_a_wrong_zone_is_refused_without_a_time_too(api: Api) -> None:
    api.ok("POST", "/v1/posts", {"content": "One"})
    for method, path in (("POST", "/v1/posts"), ("PATCH", "/v1/posts/1")):
        refused = api.refused(method, path, 422, "time", {"content": "Two", "timezone": "Asia/Tokio"})
        assert refused["action"]["options"]["tz"] == HERE
    assert api.ttp("edit", "1", "Two", "--tz", "Asia/Tokio").code == 2
    assert [post["content"] for post in api.ok("GET", "/v1/posts")] == ["One"]


def test_a_zone_that_a_token_had_and_this_machine_lacks_is_named_with_its_fix(server: Api) -> None:
    made = server.ttp.ok("token", "create", "bob", "--capability", "read", "--tz", HERE, "--json").json
    with server.ttp.database.writing() as db:
        db.execute("UPDATE token SET timezone = 'Asia/Tokio'")
    refused = Api(server.ttp, server.app, made["token"]).refused("GET", "/v1/calendar", 422, "time")
    assert (refused["actions"][0]["name"], refused["actions"][0]["options"]["tz"]) == ("token create", HERE)


def test_a_timezone_is_of_the_person_in_every_session_until_it_is_emptied(server: Api) -> None:
    ann, bob = Person(server).log_in(), Person(server).log_in("bob", "read")
    ann.does("/timezone", {"timezone": HERE})
    assert all(HERE in person.sees("/calendar") for person in (ann, Person(server).log_in()))
    assert HERE not in bob.sees("/calendar")
    bob.does("/timezone", {"timezone": "Europe/Berlin"})
    ann.does("/timezone", {"timezone": ""})
    assert HERE not in ann.sees("/calendar")
    people = People(server.ttp.database, server.ttp.clock)
    link = people.link(people.create_link("bob", [TokenCapability.READ], ()))
    assert link is not None
    assert link.person.timezone == "Europe/Berlin"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_a_calendar_has_dates_and_times_in_the_zone_that_it_names(server: Api, zone: str) -> None:
    late, early = "2026-12-31T23:30", "2026-12-01T00:30"  # in that zone; in UTC both are in other months
    token = server.ttp.ok("token", "create", "bob", "--capability", "publish", "--tz", zone, "--json").json["token"]
    api = Api(server.ttp, server.app, token)
    for at in (early, late):
        api.ok("POST", "/v1/posts", {"content": at, "accounts": ["x/me"], "scheduledAt": at})
    with serving(server.app) as address:
        by_agent = Agent(f"{address}/mcp", token).ok("calendar", when="2026-12")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TTP_TZ", zone)
        by_command = server.ttp.ok("calendar", "2026-12", "--json").json
        rows = server.ttp.ok("calendar", "2026-12", "--format", "tsv").rows
    answers = [by_agent, by_command, api.ok("GET", "/v1/calendar?when=2026-12")]
    for answer in answers:
        assert (answer["timezone"], answer["firstDay"], answer["lastDay"]) == (zone, "2026-12-01", "2026-12-31")
        assert [f"{post['date']}T{post['time']}" for post in answer["posts"]] == [early, late]
    assert [f"{row[0]}T{row[1]}" for row in rows] == [early, late]
