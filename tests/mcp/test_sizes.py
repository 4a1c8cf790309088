"""How much of a model's context the tools take: tokens, counted as a quarter of the characters."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.clock import START
from tests.conftest import Fill, Program
from tests.mcp.conftest import Agent, text_of
from ttp.domain.server.api_token import TokenCapability
from ttp.mcp.answers import LONGEST_TEXT, StatusNowAnswer, present

ACCOUNTS = ("x/me", "x/other", "x/third")
TEXT = "A text of ordinary length about beans, mugs and kettles, with a link: https://example.org/a-page-of-the-shop. "
LONG = 2 * TEXT


def fill_queue(ttp: Program) -> None:
    """40 posts to three accounts: published, partial and scheduled ones, and drafts; and 300 measured posts."""
    for name in ACCOUNTS:
        ttp.account(name)
    posts = [
        {"content": f"{number}. {LONG}", "accounts": ACCOUNTS, "tags": ["beans"]}
        | ({"scheduledAt": f"2026-12-{number % 20 + 1:02}T09:00:00Z"} if number < 30 else {})
        for number in range(40)
    ]
    ttp.ok("import", "-", "--format", "json", stdin=json.dumps(posts))
    for number in range(1, 12):
        ttp.bring(
            number, "published", published_at=START, remote_id=f"{number}0", url=f"https://x.com/i/status/{number}0"
        )
    ttp.bring(12, "failed", "x/me", error=("auth", "The platform says: the token has expired"))
    at = [START - timedelta(days=number // 4, hours=number % 24) for number in range(101)]
    rows = [
        f'{account},{one},{at[one]:%Y-%m-%dT%H:%M:%SZ},{one % 50},1,1,900,"{LONG}"'
        for account in ACCOUNTS
        for one in range(1, 101)
    ]
    header = "account,remoteId,publishedAt,likes,comments,shares,views,text"
    ttp.ok("metrics", "import", "-", stdin="\n".join([header, *rows]))


@pytest.fixture
def agent(fill: Fill) -> Agent:
    return Agent(fill(fill_queue))


def tokens(text: str) -> int:
    return len(text) // 4


@pytest.mark.parametrize(("capability", "most"), [("read", 3000), ("draft", 5000), ("publish", 8000)])
def test_the_list_of_tools_is_small(agent: Agent, capability: str, most: int) -> None:
    agent.caller = replace(agent.caller, capabilities=[TokenCapability(capability)])
    listed = agent.talk(lambda client: client.list_tools())
    assert tokens(listed.model_dump_json(by_alias=True, exclude_none=True)) < most


NEW = {"text": LONG, "accounts": ACCOUNTS, "media": [], "thread": ["Last part"], "dryRun": True}


@pytest.mark.parametrize(
    ("tool", "arguments", "most"),
    [
        ("list_posts", {"limit": 20}, 3000),
        ("list_posts", {}, 3000),
        ("get_post", {"id": 12}, 400),
        ("create_post", NEW, 300),
        ("schedule_post", {"id": 35, "at": "fri 9am"}, 300),
        ("report", {"by": ["kind", "day"]}, 1500),
        ("best_times", {}, 1000),
        ("best_times", {"limit": 10}, 2000),
        ("next_slot", {"count": 5}, 500),
        ("status", {}, 300),
        ("calendar", {"week": True, "when": "2026-12-01"}, 1500),
        ("plan_drafts", {"dryRun": True}, 600),
    ],
)
def test_an_answer_is_small(agent: Agent, tool: str, arguments: dict[str, Any], most: int) -> None:
    """All that a client gets is counted: it may show text and object both."""
    result = agent.call(tool, **arguments)
    assert not result.is_error, text_of(result)
    assert tokens(result.model_dump_json(by_alias=True, exclude_none=True)) < most


def test_the_status_has_the_limits_that_are_nearly_used_up_and_the_time(agent: Agent) -> None:
    status = agent.ok("status")
    assert (status["weekday"], status["timezone"]) == (f"{START:%A}", "UTC")
    limits = [{"name": f"{left} of {limit}", "left": left, "limit": limit} for left in (5, 90) for limit in (100, None)]
    shape = {"limits": limits, "publishers": [{"host": "a"}]}
    assert [one["name"] for one in present(shape, StatusNowAnswer)["limits"]] == ["5 of 100", "5 of None"]


def test_a_client_that_may_give_no_time_sees_no_arguments_for_it(agent: Agent) -> None:
    agent.caller = replace(agent.caller, capabilities=[TokenCapability.DRAFT])
    tools = {tool.name: tool for tool in agent.talk(lambda client: client.list_tools()).tools}
    assert not {"at", "first", "from", "until"} & tools["create_post"].input_schema["properties"].keys()
    assert "at" in tools["check_text"].input_schema["properties"]


def test_a_page_names_the_call_that_answers_the_next_one(agent: Agent) -> None:
    ids: list[int] = []
    call: Any = {"tool": "list_posts", "arguments": {"status": "scheduled", "limit": "8"}}
    while call:
        page = agent.ok(call["tool"], **call["arguments"])
        ids += [post["id"] for post in page["posts"]]
        call = page.get("next")
    assert len(ids) == len(set(ids)) == 18


def test_more_of_a_post_is_in_the_fields_that_are_asked_for(agent: Agent) -> None:
    short, longer = (
        agent.ok("list_posts", search="12. ", **more)["posts"][0] for more in ({}, {"fields": ["text", "createdAt"]})
    )
    assert (len(short["text"]), "createdAt" in short) == (LONGEST_TEXT + 1, False)
    assert (longer["text"], "createdAt" in longer) == (f"12. {LONG}", True)
    assert agent.ok("list_posts", search="12. ", fields="all")["posts"][0]["deliveries"][0]["dueAt"]
    assert agent.refused("list_posts", fields=["colour"])["code"] == "usage"


def test_a_comment_is_in_short_where_it_needs_somebody(ttp: Program) -> None:
    ttp.account("x/me")
    agent = Agent(ttp)
    new: Any = {"text": "Hello", "accounts": ["x/me"], "comment": "Links", "commentAfter": "10m"}
    rehearsed = agent.ok("create_post", **new, dryRun=True)
    assert rehearsed["versions"][0]["comment"] == {"length": 5, "limit": 280, "lostAnswer": "look_up"}
    post_id = agent.ok("create_post", **new, at="in 1h")["id"]
    ttp.bring(post_id, "published", published_at=START, remote_id="900")
    assert "deliveries" not in agent.ok("list_posts")["posts"][0]
    ttp.bring(post_id, "needs_review", comment=True, next_at=None, error=("unknown", "no answer"))
    (delivery,) = agent.ok("list_posts")["posts"][0]["deliveries"]
    assert (delivery["state"], delivery["comment"]["state"]) == ("published", "needs_review")
    assert "text" not in delivery["comment"]
    agent.ok("resolve_post", id=post_id, account="x/me", comment=True, published="901")
    posts = text_of(agent.call("list_posts", fields=["comment"]))
    assert (posts["posts"][0]["comment"], "comment" in posts["untrusted"]) == ("Links", True)
