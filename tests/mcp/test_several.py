"""Several posts in one call: all or none, with one undo."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from tests.conftest import Program
from tests.mcp.conftest import Agent
from tests.mcp.test_reach import DAY, with_numbers
from tests.media_bytes import png
from ttp.domain.server.api_token import TokenCapability
from ttp.mcp.tools.posts import MOST_NEW

LINKS = [f"Link {number}: https://example.org/{number}" for number in range(1, 6)]
AT = f"{DAY}1T09:00Z"


@pytest.fixture
def agent(ttp: Program) -> Agent:
    ttp.account("x/me")
    ttp.account("tt/me")
    return Agent(ttp)


def test_several_posts_are_one_change(agent: Agent, ttp: Program) -> None:
    new = {"posts": [*LINKS, {"content": "Own", "to": "tt/me", "tags": ["own"]}], "to": "x/me", "tags": "links"}
    rehearsed = agent.ok("create_posts", **new, dryRun=True)["posts"]
    assert ([post["text"] for post in rehearsed], rehearsed[0].get("id")) == ([*LINKS, "Own"], None)
    made = agent.ok("create_posts", **new)["posts"]
    assert [post["accounts"] for post in made] == [["x/me"]] * 5 + [["tiktok/me"]]
    assert [post["tags"] for post in made] == [["links"]] * 5 + [["own"]]
    assert len(agent.ok("undo")["posts"]) == 6
    assert not agent.ok("list_posts")["posts"]


def test_a_key_is_of_all_posts(agent: Agent, ttp: Program) -> None:
    made = agent.ok("create_posts", posts=LINKS, accounts=["x/me"], key="links")["posts"]
    again = Agent(ttp).ok("create_posts", posts=LINKS, accounts=["x/me"], key="links")["posts"]  # in another process
    assert again == [{**post, "replayed": True} for post in made]
    for other in (LINKS[:4], [*LINKS, "One more"], [*LINKS[:4], "Another"]):
        assert agent.refused("create_posts", posts=other, accounts=["x/me"], key="links")["code"] == "conflict"
    timed = {"posts": [{"text": "a", "at": AT}], "accounts": ["x/me"], "key": "timed"}
    assert agent.ok("create_posts", **timed, draft=True)["posts"][0]["status"] == "draft"
    assert agent.refused("create_posts", **timed)["code"] == "conflict"
    agent.ok("undo")
    assert len(agent.ok("list_posts")["posts"]) == 5
    agent.ok("undo")
    assert agent.ok("create_posts", posts=LINKS[:2], accounts=["x/me"], key="links")["posts"][1]["id"] == 8
    assert agent.refused("create_posts", posts=LINKS, key=" ")["code"] == "usage"


def test_each_post_has_its_time(agent: Agent, ttp: Program) -> None:
    with_numbers(ttp)
    window = {"at": "optimal", "from": "2d", "until": "4d"}
    made = agent.ok("create_posts", posts=["a", "b"], accounts=["x/me"], **window)["posts"]
    first, second = (post["scheduledAt"] for post in made)
    assert first != second
    assert all("2026-11-26T12" <= at < "2026-11-28T12" for at in (first, second))
    own = [{"text": "g", "from": "4d", "until": "5d"}, {"text": "h", "at": AT}]
    made = agent.ok("create_posts", posts=own, accounts=["x/me"], **window, dryRun=True)["posts"]
    assert "2026-11-28T12" <= made[0]["scheduledAt"] < "2026-11-29T12"
    assert made[1]["scheduledAt"] == f"{DAY}1T09:00:00Z"
    made = agent.ok("create_posts", posts=["c", {"text": "d", "at": AT}, "e"], to="x/me", at="optimal")["posts"]
    assert len({first, second, *(post["scheduledAt"] for post in made)}) == 5
    assert made[1]["scheduledAt"] == f"{DAY}1T09:00:00Z"
    close = agent.ok("create_posts", posts=["f", {"text": "g", "at": "in 8h"}, "h"], to="x/me", at="in 9h")["posts"]
    assert [len(post.get("warnings", ())) for post in close] == [1, 0, 1], "no publisher runs; h is close to f"


def test_posts_one_a_day_are_spread_over_the_days(agent: Agent, ttp: Program) -> None:
    with_numbers(ttp)
    spread = {"posts": LINKS, "accounts": ["x/me"], "oneADay": True, "from": "2026-12-01"}
    for more, days in (
        ({}, ["01", "02", "03", "05", "06"]),
        ({"until": "2026-12-06"}, ["01", "02", "03", "04", "05"]),
        ({"until": "2026-12-11"}, ["01", "03", "05", "07", "09"]),
    ):
        made = agent.ok("create_posts", **spread, **more)["posts"]
        assert [(post["scheduledAt"][8:10], post["status"]) for post in made] == [(day, "scheduled") for day in days]
        agent.ok("undo")
    for wrong in (
        {"until": "2026-12-04"},
        {"at": "2026-12-02 9:00"},
        {"posts": [{"text": "a", "at": "2026-12-02 9:00"}]},
    ):
        assert agent.refused("create_posts", **{**spread, **wrong})["code"] == "usage"


@pytest.mark.parametrize(
    ("posts", "fields", "code"),
    [
        (["a", {"text": "w " * 200, "at": AT}], ["posts.2.text"], "content"),
        ([{"text": "w " * 200, "at": AT}, {"text": "b", "at": "sometime"}], ["posts.1.text", "posts.2"], "content"),
        (["a", ""], ["posts.2"], "usage"),
        (["a", {"text": "b", "accounts": ["x/nobody"]}], ["posts.2"], "not_found"),
        (["a", {"text": "b", "options": {"x.nothing": "1"}}], ["posts.2"], "usage"),
        (["a", {"text": "b", "media": ["nothing.png"]}], ["posts.2"], "not_found"),
        (["a", {"text": "b", "textt": "c"}], ["posts.2.textt"], "usage"),
        (["a", {"text": ["b", "c"]}], ["posts.2.text"], "usage"),
        (["a", 2.5], ["posts.2"], "usage"),
        (["a"] * (MOST_NEW + 1), ["posts"], "usage"),
        ([], ["posts"], "usage"),
    ],
    ids=range(11),
)
def test_posts_are_created_all_or_none(agent: Agent, posts: list[object], fields: list[str], code: str) -> None:
    error = agent.refused("create_posts", posts=posts, accounts=["x/me"])
    assert (error["code"], [one["field"] for one in error["problems"]]) == (code, fields)
    assert not agent.ok("list_posts")["posts"]


@pytest.mark.parametrize("capability", [TokenCapability.DRAFT, TokenCapability.PUBLISH])
def test_drafts_ask_for_their_times_and_an_approval_gives_them(ttp: Program, capability: TokenCapability) -> None:
    ttp.account("x/me")
    with_numbers(ttp)
    agent = Agent(ttp, capability)
    new = {"posts": LINKS, "accounts": ["x/me"], "oneADay": True, "from": "2026-12-07", "draft": True, "key": "week"}
    for one in agent.ok("create_posts", **new, dryRun=True)["posts"]:
        assert (one["status"], one["asksFor"][:8]) == ("draft", "2026-12-")
    made = agent.ok("create_posts", **new)["posts"]
    assert [post["asksFor"][8:10] for post in made] == ["07", "08", "09", "11", "12"]
    assert not any("scheduledAt" in post for post in made)
    again = agent.ok("create_posts", **new)["posts"]
    assert [(post["id"], post["replayed"], post["asksFor"]) for post in again] == [
        (post["id"], True, post["asksFor"]) for post in made
    ]
    stored = agent.ok("list_posts")["posts"]
    assert {(post["id"], post["asksFor"]) for post in stored} == {(post["id"], post["asksFor"]) for post in made}
    ttp.ok("approve", str(made[0]["id"]))
    [first] = ttp.ok("list", "--status", "scheduled", "--json").json
    assert first["id"] == made[0]["id"]
    assert first["scheduledAt"][:16] == made[0]["asksFor"][:16]


def test_which_accounts_is_no_guess(agent: Agent) -> None:
    error = agent.refused("create_posts", posts=["a", "b"], at="in 1h")
    assert error["next"] == {"tool": "list_accounts", "arguments": {}}
    draft = agent.ok("create_post", text="a")["id"]
    for tool, arguments in (("schedule_post", {"id": draft, "at": "in 1h"}), ("plan_drafts", {"ids": [draft]})):
        assert agent.refused(tool, **arguments)["next"] == {"tool": "list_accounts", "arguments": {}}


def test_what_is_wrong_with_all_posts_is_told_once(agent: Agent) -> None:
    error = agent.refused("create_posts", posts=LINKS, accounts=["x/mee"])
    assert (error["code"], error.get("problems")) == ("not_found", None)
    assert error["next"] == {"sameCallWith": {"accounts": ["x/me"]}}


def test_a_draft_agent_creates_drafts_alone(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    ttp.account("x/me")
    monkeypatch.setenv("TTP_CAPABILITY", "draft")
    agent = Agent(ttp, TokenCapability.DRAFT, local_files=False)
    assert len(agent.ok("create_posts", posts=LINKS, accounts=["x/me"])["posts"]) == 5
    for more in ({"posts": ["a", {"text": "b", "at": AT}]}, {"posts": [{"media": ["a.png"]}]}):
        error = agent.refused("create_posts", **{"accounts": ["x/me"], **more})
        assert (error["code"], error.get("next")) == ("not_allowed", None)
    assert agent.refused("create_posts", posts=LINKS, to="x/me", at=AT)["next"] == {"sameCallWith": {"at": None}}
    assert len(agent.ok("list_posts")["posts"]) == 5


def test_each_post_has_its_media(agent: Agent, ttp: Program) -> None:
    stored = agent.ok("add_media", data=b64encode(png()).decode(), name="a.png")["sha256"]
    post = {"text": "b", "media": f"sha256:{stored}", "alt": "A square"}
    made: Any = agent.ok("create_posts", posts=["a", post], accounts=["x/me"])["posts"]
    assert [post.get("more") for post in made] == [None, ["media"]]
    assert ttp.shown(2)["media"][0]["alt"] == "A square"
