"""What an agent can do with few calls: see whose posts they are, undo its own, move several, plan within bounds."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest

from tests.clock import START
from tests.conftest import Program
from tests.mcp.conftest import Agent
from tests.media_bytes import png
from ttp.domain.server.api_token import TokenCapability

DAY = "2098-01-0"


@pytest.fixture
def agent(ttp: Program) -> Agent:
    ttp.account("x/me")
    return Agent(ttp)


def with_numbers(ttp: Program) -> None:
    hours = [(day, START - timedelta(days=day, hours=day % 7)) for day in range(1, 60)]
    rows = "".join(f"x/me,{day},{at:%Y-%m-%dT%H:%M:%SZ},{40 + 7 * (day % 7)},1,1,900\n" for day, at in hours)
    ttp.ok("metrics", "import", "-", stdin=f"account,remoteId,publishedAt,likes,comments,shares,views\n{rows}")


def scheduled(ttp: Program, *times: str) -> None:
    for number, at in enumerate(times):
        ttp.post(f"post {number}", "--to", "x/me", "--at", at)


def times(agent: Agent) -> dict[int, str]:
    posts = agent.ok("list_posts", fields=["scheduledAt"])["posts"]
    return {post["id"]: post.get("scheduledAt") for post in posts}


# Whose they are.


def test_undo_takes_back_what_is_its_own_alone(agent: Agent, ttp: Program) -> None:
    ttp.post("By the person", "--to", "x/me")
    agent.ok("create_post", text="By the agent", accounts=["x/me"])
    ttp.ok("edit", "1", "By the person again")
    assert [one["id"] for one in agent.ok("undo")["posts"]] == [2]
    assert agent.refused("undo")["code"] == "not_found"
    assert [one["deleted"] for one in agent.ok("undo", redo=True)["posts"]] == [False]
    assert [one["id"] for one in agent.ok("undo", anyone=True)["posts"]] == [1]
    assert ttp.shown(1)["content"] == "By the person"


def test_redo_brings_back_what_it_undid_itself_alone(agent: Agent, ttp: Program) -> None:
    agent.ok("create_post", text="By the agent", accounts=["x/me"])
    ttp.ok("undo")
    assert agent.refused("undo", redo=True)["code"] == "not_found"
    assert [one["id"] for one in agent.ok("undo", redo=True, anyone=True)["posts"]] == [1]
    ttp.ok("edit", "1", "By the person")
    agent.ok("undo", anyone=True)
    assert [one["text"] for one in agent.ok("undo", redo=True)["posts"]] == ["By the person"]


def test_a_plan_is_undone_in_one_call(agent: Agent, ttp: Program) -> None:
    for text in "abc":
        ttp.post(text, "--to", "x/me")
    agent.ok("plan_drafts", ids=[1, 2, 3])
    assert all(times(agent).values())
    undone = agent.ok("undo")
    assert (len(undone["undone"]), len(undone["posts"])) == (1, 3)
    assert not any(times(agent).values())


def test_history_has_who_changed_posts_and_the_steps_of_publishing(agent: Agent, ttp: Program) -> None:
    agent.ok("create_post", text="Hello", accounts=["x/me"])
    ttp.ok("edit", "1", "Hello!")
    ttp.post("Another")
    assert [one["command"] for one in agent.ok("history", id=1)["changes"]] == ["edit", "create"]
    assert len(agent.ok("history", limit=2)["changes"]) == 2
    assert agent.ok("history", id=1, attempts=True) == {"attempts": []}
    assert agent.refused("history", attempts=True)["code"] == "usage"


# Times.


@pytest.mark.parametrize(
    ("shift", "moved"),
    [
        ("+1d", {1: "02T09:00", 2: "03T12:00"}),
        ("-2h", {1: "01T07:00", 2: "02T10:00"}),
        ("1w", {1: "08T09:00", 2: "09T12:00"}),
        ("to 2098-01-05, same time", {1: "05T09:00", 2: "05T12:00"}),
    ],
)
def test_several_posts_are_moved_at_once(agent: Agent, ttp: Program, shift: str, moved: dict[int, str]) -> None:
    scheduled(ttp, f"{DAY}1T09:00Z", f"{DAY}2T12:00Z")
    assert len(agent.ok("schedule_post", ids=[1, 2], shift=shift)["posts"]) == 2
    assert times(agent) == {post: f"2098-01-{at}:00Z" for post, at in moved.items()}
    agent.ok("undo")
    assert times(agent) == {1: f"{DAY}1T09:00:00Z", 2: f"{DAY}2T12:00:00Z"}


def test_moved_posts_that_come_too_close_are_named(agent: Agent, ttp: Program) -> None:
    scheduled(ttp, f"{DAY}1T09:00Z", f"{DAY}2T09:02Z", f"{DAY}3T09:00Z", f"{DAY}3T12:00Z")

    def warnings(**arguments: Any) -> list[int]:
        posts = agent.ok("schedule_post", **arguments, dryRun=True)["posts"]
        return [len(post.get("warnings", ())) for post in posts]

    assert warnings(ids=[1, 2, 3], shift="+1d") == [1, 0, 0], "no publisher runs; each makes room for the one behind it"
    assert warnings(ids=[1, 2], shift="+1d") == [1, 1], "2 is close to 3"
    assert warnings(ids=[4, 1, 2], shift="2098-01-04") == [1, 0, 1], "2 is close to 1"
    ttp.ok("config", "set", "guard.strict", "true")
    assert agent.refused("schedule_post", ids=[1, 2], shift="+1d")["code"] == "content"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"shift": "-80y"}, "time"),
        ({"shift": "-9999w"}, "time"),
        ({"shift": "sometime"}, "time"),
        ({"shift": "+-2h"}, "time"),
        ({"shift": "9999-12-31"}, "time"),
        pytest.param({"shift": f"1{',' * 100_000}x"}, "time", id="in linear time"),
        ({"shift": "+1d", "at": "fri 9am"}, "usage"),
        ({"shift": "+1d", "until": "2d"}, "usage"),
        ({"id": 1, "shift": "+1d"}, "usage"),
        ({}, "usage"),
        ({"ids": [1, 3], "shift": "+1d"}, "state"),
        ({"ids": [1, 9], "shift": "+1d"}, "not_found"),
        ({"at": "fri 9am", "until": "2d"}, "usage"),
        ({"at": "optimal", "from": "2d", "until": "1d"}, "usage"),
    ],
)
def test_posts_are_moved_all_or_none(agent: Agent, ttp: Program, arguments: dict[str, Any], code: str) -> None:
    scheduled(ttp, f"{DAY}1T09:00Z", f"{DAY}2T12:00Z")
    ttp.post("A draft", "--to", "x/me")
    before = times(agent)
    assert agent.refused("schedule_post", **{"ids": [1, 2], **arguments})["code"] == code
    assert times(agent) == before


def test_a_shift_of_days_keeps_the_clock_where_clocks_change(
    agent: Agent, ttp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled(ttp, "2027-03-27T09:00+01:00")
    agent.ok("schedule_post", ids=[1], shift="+1d", tz="Europe/Berlin")
    assert times(agent) == {1: "2027-03-28T07:00:00Z"}
    agent.ok("schedule_post", ids=[1], shift="-24h", tz="Europe/Berlin")
    assert times(agent) == {1: "2027-03-27T07:00:00Z"}


def test_the_best_hour_is_within_its_bounds(agent: Agent, ttp: Program) -> None:
    with_numbers(ttp)
    for start, end in (("2d", "4d"), ("next monday", "in 9 days"), ("2026-11-30", "2026-12-01")):
        window = {"from": start, "until": end}
        slots = agent.ok("next_slot", accounts=["x/me"], count=3, **window)["slots"]
        created = agent.ok("create_post", text="a", accounts=["x/me"], at="optimal", dryRun=True, **window)
        for at in (*(one["at"] for one in slots), created["scheduledAt"]):
            assert ("2026-11-26T12" if start == "2d" else "2026-11-30T") <= at < "2026-12-03T"
    assert agent.refused("next_slot", accounts=["x/me"], until="15min")["code"] == "usage"
    assert agent.refused("create_post", text="a", accounts=["x/me"], at="optimal", until="15min")["code"] == "usage"


# Plans.


def test_a_plan_has_one_of_these_drafts_a_day(agent: Agent, ttp: Program) -> None:
    ttp.account("x/shop")
    with_numbers(ttp)
    for number in range(5):
        ttp.post(f"draft {number}", "--to", ("x/me", "x/shop")[number % 2])
    plan = agent.ok("plan_drafts", days=7, oneADay=True, dryRun=True)
    days = [one["at"][:10] for one in plan["assignments"]]
    assert (len(days), len(set(days))) == (5, 5)
    error = agent.refused("plan_drafts", days=3, oneADay=True)
    assert error["others"][0]["arguments"] == {"days": 4, "oneADay": True}
    agent.ok("plan_drafts", days=4, oneADay=True)


def test_a_rehearsed_plan_tells_what_it_costs_and_how_good_its_hours_are(agent: Agent, ttp: Program) -> None:
    with_numbers(ttp)
    agent.ok("create_posts", posts=["https://example.org/1", "https://example.org/2"], accounts=["x/me"])
    plan = agent.ok("plan_drafts", dryRun=True)
    assert plan["score"] >= plan["evenScore"]
    assert sum(one["score"] for one in plan["assignments"]) == pytest.approx(plan["score"], abs=0.01)
    assert len(ttp.ok("plan", "--drafts", "--dry-run", "--json").json["warnings"]) == 1
    scheduled = agent.ok("plan_drafts")
    assert (len(plan["warnings"]), plan["warnings"]) == (1, scheduled["warnings"][:1]), "the price; no publisher"


def test_a_plan_that_does_not_fit_says_what_is_in_the_way(agent: Agent, ttp: Program) -> None:
    ttp.post("Scheduled", "--to", "x/me", "--at", "in 2h")
    for text in "abc":
        ttp.post(text, "--to", "x/me")
    error = agent.refused("plan_drafts", days=2, perDay=1, minGap="1h")
    fits = [one["arguments"] for one in error["others"] if not one["arguments"].get("partly")]
    assert fits
    for arguments in fits:
        assert len(agent.ok("plan_drafts", **arguments, dryRun=True)["assignments"]) == 3
    gap = agent.refused("plan_drafts", days=1, perDay=1, minGap="30h")
    assert not [one for one in gap.get("others", []) if one["arguments"].get("perDay", 1) > 1], "it cannot help"


# Accounts and media.


def test_slots_and_pauses_are_changed(agent: Agent, ttp: Program) -> None:
    slots = agent.ok("change_slots", accounts=["x/me"], add=["mon,fri 09:00"], tz="Europe/Berlin")["slots"]
    assert [(one["timezone"], one["nextAt"][10:]) for one in slots] == [("Europe/Berlin", "T09:00+01:00")]
    assert [one["nextAt"][10:] for one in agent.ok("list_slots")["slots"]] == ["T08:00:00Z"]
    agent.ok("change_slots", remove=[str(slots[0]["id"])])
    assert not agent.ok("list_slots")["slots"]
    assert agent.refused("change_slots", add=["mon 09:00"])["code"] == "usage"
    assert "holdReason" in agent.ok("pause_accounts", dryRun=True)["accounts"][0]
    assert "holdReason" not in agent.ok("list_accounts")["accounts"][0]
    assert agent.ok("pause_accounts")["accounts"][0]["holdReason"] == "paused"
    assert "holdReason" not in agent.ok("pause_accounts", accounts=["x/me"], resume=True)["accounts"][0]


def test_bounds_without_a_time_make_no_draft(agent: Agent) -> None:
    call = agent.refused("create_post", text="a", accounts=["x/me"], until="2d")["next"]
    assert call["arguments"]["at"] == "optimal"


def test_what_a_post_in_short_cuts_is_named(agent: Agent) -> None:
    made = agent.ok("create_post", text="a " * 120, accounts=["x/me"])
    assert (made["text"][-1], made["more"]) == ("…", ["text"])
    assert len(agent.ok("get_post", id=1)["text"]) == 240


def test_nothing_that_it_changed_by_undo_is_approved_by_it(agent: Agent, ttp: Program) -> None:
    ttp.post("By the person", "--to", "x/me")
    ttp.ok("edit", "1", "Better")
    agent.ok("undo", anyone=True)
    assert agent.refused("approve_post", id=1)["code"] == "not_allowed"


def test_slots_are_changed_all_or_none(agent: Agent) -> None:
    change = {"accounts": "x/me", "add": "mon 09:00"}
    assert len(agent.ok("change_slots", **change, dryRun=True)["slots"]) == 1
    assert not agent.ok("list_slots")["slots"]
    before = agent.ok("change_slots", **change)["slots"]
    assert agent.refused("change_slots", **change, remove=[str(before[0]["id"])], name="7")["code"] == "usage"
    assert agent.ok("list_slots")["slots"] == before
    for text in "ab":
        agent.ok("create_post", text=text, accounts=["x/me"])
    assert "next" not in agent.refused("schedule_post", ids=[1, 2], at="next-slot", first=True), "it has one post alone"


def test_a_suggestion_undoes_nothing_of_others(agent: Agent, ttp: Program) -> None:
    agent.ok("create_post", text="a", accounts=["x/me"])
    ttp.ok("delete", "1")
    assert "next" not in agent.refused("get_post", id=1)
    ttp.ok("undo")
    agent.ok("delete_post", id=1)
    call = agent.refused("get_post", id=1)["next"]
    agent.ok(call["tool"], **call["arguments"])
    agent.ok("undo")
    call = agent.refused("undo", redo=True, count=3)["next"]
    assert agent.ok(call["tool"], **call["arguments"])["posts"][0]["status"] == "draft"


def test_media_are_stored_and_named_by_a_post(agent: Agent, ttp: Program) -> None:
    data = b64encode(png()).decode()
    rehearsed = agent.ok("add_media", data=data, name="a.png", dryRun=True)
    assert agent.refused("create_post", text="a", media=[f"sha256:{rehearsed['sha256']}"])["code"]
    stored = agent.ok("add_media", data=data, name="a.png")
    assert stored["sha256"] == rehearsed["sha256"]
    agent.ok("create_post", text="a", accounts=["x/me"], media=[f"sha256:{stored['sha256']}"])
    for wrong in ({}, {"data": "?"}, {"data": data, "url": "https://example.org/a.png"}, {"data": "AAAA"}):
        assert agent.refused("add_media", **wrong)["code"] == "usage"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/a.png", "https://[::1]/a.png", "https://169.254.169.254/a", "file:///etc/passwd", "a.png"]
)
def test_media_come_from_public_addresses_alone(agent: Agent, url: str) -> None:
    assert agent.refused("add_media", url=url)["code"] in ("usage", "not_found")


# Publishing.


def test_a_rehearsed_retry_says_what_goes_where_and_that_a_login_is_dead(agent: Agent, ttp: Program) -> None:
    ttp.account("tt/me")
    ttp.post("Hello", "--to", "x/me", "--at", "in 3h")
    ttp.bring(1, "failed", error=("network", "cut"))
    ttp.sql("UPDATE account SET needs_reconnect = TRUE WHERE handle = 'me'")
    posts = agent.ok("retry_post", id=1, accounts="tt/me, x/me", dryRun=True)
    assert [one["account"] for one in posts["versions"]] == ["x/me"]
    assert posts["warnings"]
    assert ttp.shown(1)["status"] == "failed"


def test_a_text_that_is_too_long_has_what_would_fit(agent: Agent) -> None:
    text = "word " * 80
    error = agent.refused("create_post", text=text, accounts=["x/me"], at=f"{DAY}1T09:00Z")
    offers = [{"split": True}, {"variants": {"x/me": "SHORTER"}}]
    assert error["sameCallWith"] == offers
    assert "next" not in error
    assert text not in str(error)
    assert agent.ok("check_text", text=text, accounts=["x/me"])["sameCallWith"] == offers
    assert agent.ok("check_text", text=text, accounts=["x/me"], split=True).get("sameCallWith") is None


def test_a_draft_agent_adds_media_and_sees_whose_posts_they_are(ttp: Program) -> None:
    tools = set(Agent(ttp, TokenCapability.DRAFT).tools())
    assert {"history", "add_media", "list_slots"} <= tools
    assert not {"change_slots", "pause_accounts"} & tools
