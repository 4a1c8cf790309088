"""A text that is too long becomes parts where that was asked for: the same ones at every door."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Fill, Program
from tests.mcp.conftest import Agent
from tests.server.conftest import server_of, two_accounts
from tests.server.pages.conftest import Person
from ttp import sandbox

TEXT = f"{'word ' * 50}one.\n\n{'word ' * 50}two."  # 510 characters
PARTS = TEXT.split("\n\n")
PHOTO = Path(sandbox.__file__).parent / "files" / "photo.jpg"
AT = "2098-01-01 09:00"
TIMED = ("--to", "x/me", "--at", AT)


@pytest.fixture
def ttp(fill: Fill) -> Program:
    return fill(two_accounts)


def parts_of(post: Any) -> list[str]:
    return [part["text"] for delivery in post["deliveries"] for part in delivery["plannedParts"]]


def test_a_dry_run_shows_the_parts_that_are_stored_and_shown(ttp: Program) -> None:
    (version,) = ttp.ok("create", TEXT, "--split", *TIMED, "--dry-run", "--json").json["versions"]
    assert ([part["text"] for part in version["parts"]], version["costUsd"]) == (PARTS, 0.03)
    post = ttp.ok("create", TEXT, "--split", *TIMED, "--json").json
    assert (parts_of(post), post["content"], post["split"]) == (PARTS, TEXT, True)
    assert parts_of(ttp.shown()) == PARTS
    assert all(part[-20:] in ttp.ok("show", "1", "--format", "table").out for part in PARTS)


def test_a_refusal_offers_to_split_and_says_what_that_makes(ttp: Program) -> None:
    refused = ttp("create", TEXT, "--to", "x/me,x/other", "--at", AT).err
    assert "2 parts on x/me ($0.03), 2 on x/other ($0.03)" in refused
    assert refused.count("--split") == 1
    assert "--split" not in ttp("create", "a" * 300, *TIMED).err
    error = ttp("create", TEXT, *TIMED, "--json").error
    assert "text is 510 of 280. Split, it would be 2 parts" in error["message"]
    assert (error["code"], error["hint"]) == ("content", None)  # more posts than were asked for: a person decides
    ttp.ok("create", TEXT, "--to", "x/me")
    for command in (("edit", "1", "--at", AT), ("schedule", "1", "--at", AT)):
        assert "ttp edit 1" in next(line for line in ttp(*command).err.splitlines() if "--split" in line)
    assert parts_of(ttp.ok("edit", "1", "--split", "--at", AT, "--json").json) == PARTS


def test_drafts_rows_and_bulk_edits_offer_it_as_well(ttp: Program) -> None:
    error = ttp("create", TEXT, "--to", "x/me", "--dry-run", "--json").error
    assert ("2 parts on x/me ($0.03)" in error["message"], error["hints"]) == (True, ["--split"])
    assert "2 parts on x/me" in ttp.ok("create", TEXT, "--to", "x/me", "--json").json["warnings"][-1]
    rows = json.dumps([{"content": TEXT, "accounts": ["x/me"], "scheduledAt": AT, "timezone": "UTC"}])
    (problem,) = ttp("import", "-", "--json", stdin=rows).error["problems"]
    assert ("2 parts on x/me" in problem["message"], problem["hint"]) == (True, "split: true")
    ttp.ok("create", f"{'a' * 250} https://a.example", *TIMED)
    link = ("--replace-link", "https://a.example", "b" * 40)
    (problem,) = ttp("edit", "--where", "status=scheduled", *link, "--yes", "--json").error["problems"]
    assert problem["hint"] == "ttp edit 2 --split"


def test_an_account_may_always_split(ttp: Program) -> None:
    account = ttp.ok("account", "set", "x/me", "--split", "always", "--json").json
    assert account["split"] is True
    server = server_of(ttp)
    assert [one["split"] for one in server.having("read").ok("GET", "/v1/accounts")] == [True, None]
    person = Person(server).log_in()
    pages = [person.sees(f"/accounts/x/{name}").partition('id="split"')[2] for name in ("me", "other")]
    assert [page.partition("</select>")[0].count('value="always" selected') for page in pages] == [1, 0]
    assert parts_of(ttp.ok("create", TEXT, *TIMED, "--json").json) == PARTS
    assert ttp("create", TEXT, "--no-split", *TIMED).code == 2
    assert ttp("create", TEXT, "--to", "x/other", "--at", AT).code == 2
    ttp.ok("account", "set", "x/me", "--split", "never")
    assert ttp("create", f"{TEXT} 2", *TIMED).code == 2
    ttp.account("instagram/me")
    assert ttp("account", "set", "instagram/me", "--split", "always").code == 2


def test_an_account_splits_always_or_never(ttp: Program) -> None:
    ttp.ok("account", "set", "x/me", "--split", "always")
    refused = ttp("account", "set", "x/me", "--split", "sometimes")
    assert (refused.code, refused.err.splitlines()[0]) == (2, 'ttp: error: --split is always or never, not "sometimes"')
    assert ttp.ok("account", "show", "x/me", "--json").json["split"] is True


def test_numbers_and_no_split_contradict_each_other(ttp: Program) -> None:
    refused = ttp("create", TEXT, "--no-split", "--number-parts", *TIMED)
    assert (refused.code, "use one of them" in refused.err) == (2, True)
    ttp.ok("create", TEXT, "--no-split", "--to", "x/me")
    assert len(parts_of(ttp.ok("edit", "1", "--number-parts", "--json").json)) == 2


def test_an_empty_part_is_refused_and_stores_nothing(ttp: Program) -> None:
    for parts in (["--thread", ""], ["--thread", "", "--thread", "b"], ["--thread", " "]):
        assert ttp("create", "a", *parts, *TIMED).code == 2
    assert ttp.count("post") == 0


def test_a_dry_run_shows_media_at_the_part_that_they_go_with(ttp: Program) -> None:
    shown = ttp.ok("create", TEXT, "--split", "--media", str(PHOTO), *TIMED, "--dry-run", "--format", "table").out
    assert shown.index(PHOTO.name) < shown.index("part 2")


def test_the_same_parts_by_http_an_agent_a_page_and_an_export(ttp: Program) -> None:
    server = server_of(ttp)
    api, ann = server.having("publish"), Person(server).log_in()
    wanted = {"content": TEXT, "accounts": ["x/me"], "scheduledAt": AT, "timezone": "UTC"}
    assert api("POST", "/v1/posts", json=wanted).status_code == 422
    assert parts_of(api.ok("POST", "/v1/posts", {**wanted, "split": True})) == PARTS
    agent = Agent(ttp)
    (version,) = agent.ok("check_text", text=TEXT, to=["x/other"], split=True)["versions"]
    assert [part["text"] for part in version["parts"]] == PARTS
    created = agent.ok("create_post", text=TEXT, to=["x/other"], at=AT, tz="UTC", split=True)
    assert parts_of(agent.ok("get_post", id=created["id"])) == PARTS
    form = {"content": f"{TEXT} 3", "accounts": ["x/me"], "is_draft": "yes", "do": "draft", "split": "numbered"}
    ann.does("/compose", form)
    numbered = parts_of(ttp.shown(3))
    assert [part.rpartition(" ")[2] for part in numbered] == ["1/2", "2/2"]
    page = ann.sees("/posts/3")
    assert all(part[-20:] in page for part in numbered)
    assert '<option value="numbered" selected>' in ann.sees("/posts/3/edit")
    exported = ttp.ok("export", "--format", "json").json
    assert [(one["split"], one["numberParts"]) for one in exported] == [(True, None), (True, None), (True, True)]


def test_an_approver_sees_the_parts_and_approves_them(ttp: Program) -> None:
    server = server_of(ttp)
    server.set("publish.require_approval", "true")
    ttp.ok("create", TEXT, "--split", *TIMED)
    bob = Person(server).log_in("bob", "approve")
    for path in ("/approvals", "/posts/1", "/posts/1/approve"):
        page = bob.sees(path)
        assert page.count("one.") > 1
        assert "2 parts on x/me" in page
    ttp.ok("approve", "1")
    assert ttp.shown()["approvedAt"] is not None
    ttp.ok("edit", "1", "--number-parts")
    assert ttp.shown()["approvedAt"] is None
