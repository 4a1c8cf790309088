"""Errors of tools, what they offer to do next, and the names and forms of arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Program
from tests.mcp.conftest import Agent, agent_on, text_of
from tests.rows import each
from ttp.cli.errors import command_text
from ttp.domain.action import action, other_options
from ttp.domain.errors import UsageError
from ttp.domain.server.api_token import TokenCapability
from ttp.mcp import tool_calls
from ttp.mcp.arguments import normalize, parse
from ttp.mcp.tools import TOOLS

LONG = "x" * 300


@pytest.fixture
def agent(ttp: Program, filled: Path) -> Agent:
    return agent_on(ttp, filled)


def test_a_post_that_may_not_be_scheduled_is_refused_with_the_call_without_a_time(
    agent: Agent, ttp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_CAPABILITY", "draft")
    error = Agent(ttp, TokenCapability.DRAFT).refused("create_post", text="Hello", to=["x/me"], at="tomorrow 9am")
    assert error["code"] == "not_allowed"
    assert error["next"] == {"tool": "create_post", "arguments": {"text": "Hello", "accounts": ["x/me"]}}
    error = Agent(ttp, TokenCapability.DRAFT).refused("edit_post", id=2, text="New")
    assert (error["code"], "next" in error) == ("not_allowed", False), "to look at the post changes nothing"


@pytest.mark.parametrize(
    ("tool", "arguments", "code", "following"),
    [
        ("get_post", {"id": 99}, "not_found", ("list_posts", {})),
        ("create_post", {"text": "a", "dryrun": True}, "usage", ("create_post", {"text": "a", "dryRun": True})),
        ("create_post", {"text": "a", "to": ["x/mee"]}, "not_found",
         ("create_post", {"text": "a", "accounts": ["x/me"]})),
        ("create_post", {"text": "a", "to": ["x"], "at": "tomorow 9am"}, "time",
         ("create_post", {"text": "a", "accounts": ["x"], "at": "tomorrow 9am"})),
        ("schedule_post", {"id": 5, "at": "tomorrow 9am"}, "state", None),
        ("publish_post", {"id": 5}, "state", None),
        ("create_post", {"text": ""}, "usage", None),
        ("retry_post", {"id": 2}, "state", ("get_post", {"id": 2})),
        ("resolve_post", {"id": 4, "account": "x/me"}, "usage", ("get_post", {"id": 4})),
        ("edit_post", {"id": 1}, "usage", ("get_post", {"id": 1})),
        ("calendar", {"when": "2026-13"}, "usage", ("calendar", {"when": "2026-12"})),
        ("report", {"when": "2026-13"}, "usage", None),
        ("report", {"when": "2026-12"}, "usage", ("report", {"when": "prev"})),
        ("report", {"since": "1d", "until": "7d"}, "usage", ("report", {"since": "30d"})),
        ("report", {"when": "prev", "since": "7d"}, "usage", ("report", {"since": "30d"})),
        ("report", {"by": ["colour"]}, "usage", None),
        ("plan_drafts", {"ids": [2]}, "state", ("unschedule_post", {"id": 2})),
        ("reject_post", {"id": 2, "reason": " "}, "usage", ("reject_post", {"id": 2})),
        ("undo", {"count": 5, "post": 1, "anyone": True}, "not_found",
         ("undo", {"count": 1, "post": 1, "anyone": True})),
    ],
)  # fmt: skip
def test_an_error_has_a_code_and_the_next_call(
    agent: Agent, ttp: Program, tool: str, arguments: dict[str, Any], code: str, following: tuple[str, Any] | None
) -> None:
    before = ttp.ok("list", "--json").json
    error = agent.refused(tool, **arguments)
    assert error["code"] == code, error
    assert error["message"]
    if following is not None:
        assert error["next"] == {"tool": following[0], "arguments": following[1]}, error
    assert ttp.ok("list", "--json").json == before


@pytest.mark.parametrize(
    ("tool", "arguments", "code", "choices"),
    [
        ("schedule_post", {"id": 1, "at": "friday at 6"}, "time",
         [{"id": 1, "at": "friday 6am"}, {"id": 1, "at": "friday 6pm"}]),
        ("schedule_post", {"id": 1, "at": "fri 9am", "tz": "Nowhere"}, "time",
         [{"id": 1, "at": "fri 9am", "tz": "Europe/Berlin"}]),
        ("create_post", {"text": "a", "to": ["tt"], "at": "fri 9am"}, "content", []),
        ("plan_drafts", {"minGap": "wide"}, "time", [{"minGap": "2h30m"}]),
        ("change_slots", {"accounts": ["x/me"], "add": ["mon 9am"], "name": "7"}, "usage", []),
        ("plan_drafts", {"days": 1, "perDay": 1}, "usage",
         [{"days": 2, "perDay": 1}, {"days": 1, "perDay": 2}, {"days": 1, "perDay": 1, "partly": True}]),
    ],
)  # fmt: skip
def test_what_needs_a_choice_has_no_next_call(
    agent: Agent, tool: str, arguments: dict[str, Any], code: str, choices: list[dict[str, Any]]
) -> None:
    error = agent.refused(tool, **arguments)
    assert (error["code"], "next" in error) == (code, False)
    assert error.get("others", []) == [{"tool": tool, "arguments": one} for one in choices]


def test_no_call_replaces_a_text_by_the_dash_of_a_command(agent: Agent) -> None:
    post = agent.ok("create_post", text=LONG, to="x/me")["id"]
    error = agent.refused("plan_drafts", ids=post)
    assert (error["problems"][0]["code"], {"next", "others", "forPerson"} & error.keys()) == ("text_too_long", set())


@each(
    ("hint", "steps"),
    [
        (action("account connect", "x/me"), {"forPerson": "ttp account connect x/me"}),
        (action("show", 1), {"next": {"tool": "get_post", "arguments": {"id": 1}}}),
        (action("edit", 1, media="FILE"), {}),
        (action("help", "time"), {}),
        (other_options(at="9am"), {}),
        (None, {}),
    ],
)
def test_a_hint_in_an_answer_is_a_call_or_for_the_person(hint: Any, steps: dict[str, Any]) -> None:
    assert tool_calls.steps(hint, TOOLS, command_text) == steps


def test_a_decision_of_a_person_is_not_a_next_call(agent: Agent, ttp: Program) -> None:
    error = agent.refused("retry_post", id=4)
    assert error["code"] == "state"
    assert "next" not in error or error["next"]["tool"] == "get_post"
    assert error["forPerson"].count("ttp resolve 4") == 2, "live, or not"
    assert not {"resolve_post", "approve_post"} & {call["tool"] for call in error.get("others", [])}
    ttp.ok("config", "set", "publish.require_approval", "true")
    error = agent.refused("publish_post", id=2)
    assert (error["code"], "next" in error, error["forPerson"]) == ("not_allowed", False, "ttp approve 2")


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        ({}, ["id", "at"]),
        ({"id": "1", "at": True}, ["at"]),
        ({"id": 0, "at": "9am", "dryRun": "no"}, ["dryRun", "id"]),
        ({"id": 1, "at": "9am", "room": 1, "time": 2}, ["room", "time"]),
        ({"id": 1, "at": "9am", "post": 1}, []),
        ({"id": None, "at": "9am"}, ["id"]),
        ({"id": 1, "at": "\ud800"}, []),
    ],
)
def test_wrong_arguments_are_all_named(agent: Agent, arguments: dict[str, Any], fields: list[str]) -> None:
    result = agent.caller.call("schedule_post", arguments)
    error = text_of(result)["error"]
    assert (result.is_error, error["code"]) == (True, "usage")
    assert sorted(one["field"] for one in error.get("problems", ())) == sorted(fields)


def test_an_error_does_not_send_a_long_argument_back(agent: Agent) -> None:
    assert len(str(agent.refused("list_posts", accounts="a" * 20_000))) < 3_000


def test_an_error_lists_at_most_twenty_problems(agent: Agent) -> None:
    error = agent.refused("create_post", text="a", **{f"field{number}": 1 for number in range(100)})
    assert (len(error["problems"]), "80" in error["message"]) == (20, True)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("get_post", {"id": 10**30}),
        ("list_posts", {"after": 2**63}),
        ("plan_drafts", {"ids": [1, 10**19]}),
        ("create_post", {"text": "a\0b"}),
        ("list_posts", {"tags": ["a\0"]}),
        ("edit_post", {"id": 1, "variants": {"x/me": "\0"}}),
    ],
)
def test_what_no_store_has_is_refused_before_it_is_asked(agent: Agent, tool: str, arguments: dict[str, Any]) -> None:
    assert agent.refused(tool, **arguments)["code"] == "usage"


def test_a_text_of_more_than_100000_characters_is_refused(agent: Agent) -> None:
    for tool, more in (("create_post", {}), ("check_text", {}), ("edit_post", {"id": 1})):
        error = agent.refused(tool, text="a" * 100_001, **more)
        assert (error["code"], error["problems"][0]["code"]) == ("usage", "too_long")


def test_null_is_the_same_as_leaving_an_argument_out(agent: Agent) -> None:
    assert agent.ok("list_posts", accounts=None, limit=None) == agent.ok("list_posts")


@pytest.mark.parametrize("tool", TOOLS)
def test_an_error_never_breaks_the_output_schema(agent: Agent, tool: str) -> None:
    assert agent.refused(tool, nope=1)["problems"][-1]["code"] in ("unknown", "missing")


def test_an_unknown_tool_is_an_error_with_the_right_name(agent: Agent) -> None:
    assert "publish_post" in agent.refused("publishpost", id=1)["message"]


def test_a_bug_is_an_error_too(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttp.services.queries.Queries.views", None)
    assert agent.refused("list_posts")["code"] == "internal"


# Names and forms of arguments.


@each(
    ("tool", "arguments", "same"),
    [
        (
            "create_post",
            {"content": "a", "to": "x/me", "dry_run": "true"},
            {"text": "a", "accounts": ["x/me"], "dryRun": True},
        ),
        (
            "create_post",
            {"text": "a", "account": "x/me", "tag": "b"},
            {"text": "a", "accounts": ["x/me"], "tags": ["b"]},
        ),
        ("edit_post", {"id": "1", "content": "b"}, {"id": 1, "text": "b"}),
        ("edit_post", {"ids": [1], "content": "b"}, {"id": 1, "text": "b"}),
        (
            "list_posts",
            {"status": "draft", "platform": "x", "limit": "1"},
            {"statuses": ["draft"], "platforms": ["x"], "limit": 1},
        ),
        ("plan_drafts", {"id": "1,6", "dryRun": True}, {"ids": [1, 6], "dryRun": True}),
        ("retry_post", {"id": 3, "to": "x/me", "dryRun": True}, {"id": 3, "accounts": ["x/me"], "dryRun": True}),
        (
            "resolve_post",
            {"id": 4, "to": ["x/me"], "published": 77, "dryRun": True},
            {"id": 4, "account": "x/me", "published": "77", "dryRun": True},
        ),
        ("undo", {"id": 1, "anyone": True, "dryRun": True}, {"post": 1, "anyone": True, "dryRun": True}),
        ("list_posts", {"status": "draft, failed", "to": None}, {"statuses": ["draft", "failed"]}),
        ("schedule_post", {"post": 1, "at": "9am"}, {"id": 1, "at": "9am"}),
        ("create_post", {"text": "a", "content": "b"}, None),
        ("edit_post", {"id": 1, "accounts": ""}, None),
        ("get_post", {"id": "one"}, None),
        ("get_post", {"id": [1, 2]}, None),
    ],
)
def test_other_names_and_forms_of_arguments_are_accepted(
    tool: str, arguments: dict[str, Any], same: dict[str, Any] | None
) -> None:
    model = TOOLS[tool].arguments
    if same is None:
        with pytest.raises(UsageError):
            parse(model, tool, normalize(model, arguments))
    else:
        normal = normalize(model, arguments)
        assert normal == same
        assert parse(model, tool, normal)


def test_a_call_with_other_names_is_done(agent: Agent) -> None:
    made = agent.ok("create_post", content="a", to="x/me", dry_run="true")
    assert (made["text"], made["accounts"], "id" in made) == ("a", ["x/me"], False)
