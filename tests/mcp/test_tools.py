"""Each tool answers what its command prints with --json, on the same store, in short."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Program
from tests.drift.operations_page import TOKENS, lets_in
from tests.feed_site import FeedSite
from tests.mcp.conftest import Agent, agent_on, text_of
from tests.media_bytes import png
from tests.store.stores import duplicate
from ttp.cli.settings import user_name
from ttp.domain.operations import OPERATIONS
from ttp.domain.server.api_token import ApiToken
from ttp.mcp.answers import ALL, present
from ttp.mcp.tools import TOOLS


@pytest.fixture
def agent(ttp: Program, filled: Path) -> Agent:
    return agent_on(ttp, filled)


NEW = {"text": "Hello", "to": ["x/me"], "at": "tomorrow 9am", "tags": ["a", "b"], "variants": {"x": "Hi"}}
LONG = "x" * 300
CREATE = "create Hello --to x/me --at 'tomorrow 9am' --tag a,b --text x=Hi"
CASES: list[tuple[str, dict[str, Any], str]] = [
    ("list_posts", {}, "list"),
    ("list_posts", {"statuses": ["draft", "failed"], "limit": 2}, "list --status draft,failed --limit 2"),
    ("list_posts", {"needsYou": True, "after": 3}, "list --needs-you --after 3"),
    ("list_posts", {"accounts": ["x"], "since": "1d", "search": "o"}, "list --account x --since 1d --search o"),
    ("get_post", {"id": 4}, "show 4"),
    ("get_post", {"id": 5}, "show 5"),
    ("check_text", {"text": "Short", "to": ["x/me"]}, "create Short --to x/me --dry-run"),
    ("create_post", {"text": LONG, "to": ["x/me"]}, "create LONG --to x/me"),
    ("create_post", {"text": "Hello"}, "create Hello"),
    ("create_post", {**NEW, "key": "k"}, f"{CREATE} --key k"),
    (
        "create_post",
        {**NEW, "dryRun": True},
        "create Hello --to x/me --at 'tomorrow 9am' --tag a,b --text x=Hi --dry-run",
    ),
    ("create_post", {"text": "", "media": ["a.png"], "alt": ["A"]}, "create '' --media a.png --alt A"),
    ("create_post", {"text": "a", "thread": ["b"], "media": ["2=a.png"]}, "create a --thread b --media 2=a.png"),
    ("edit_post", {"id": 1, "text": "New", "addTags": ["t"]}, "edit 1 New --add-tag t"),
    ("edit_post", {"id": 2, "at": "fri 18:00", "to": ["x"]}, "edit 2 --at 'fri 18:00' --to x"),
    ("edit_post", {"id": 6, "tags": [], "variants": {"x": "V"}}, "edit 6 --tag '' --text x=V"),
    ("delete_post", {"id": 1}, "delete 1"),
    ("undo", {"anyone": True}, "undo"),
    ("undo", {"post": 1, "anyone": True, "dryRun": True}, "undo --post 1 --dry-run"),
    ("history", {}, "history"),
    ("history", {"id": 2, "limit": 1}, "history 2 --limit 1"),
    ("create_posts", {"posts": ["New"], "to": "x/me", "at": "fri 9am"}, "create New --to x/me --at 'fri 9am'"),
    ("schedule_post", {"id": 1, "at": "optimal"}, "schedule 1 --at optimal"),
    ("schedule_post", {"id": 3, "at": "fri 9am", "tz": "Asia/Tokyo"}, "schedule 3 --at 'fri 9am' --tz Asia/Tokyo"),
    ("unschedule_post", {"id": 2}, "unschedule 2"),
    ("publish_post", {"id": 2, "wait": False}, "publish 2 --no-wait --yes"),
    ("retry_post", {"id": 3, "wait": False, "accounts": ["x/me"]}, "retry 3 --no-wait --account x/me"),
    ("resolve_post", {"id": 4, "account": "x", "notPublished": True}, "resolve 4 --account x --not-published"),
    ("resolve_post", {"id": 4, "account": "x/me", "published": "77"}, "resolve 4 --account x/me --published 77"),
    ("approve_post", {"id": 2}, "approve 2"),
    ("reject_post", {"id": 2, "reason": "No"}, "reject 2 --reason No"),
    ("list_accounts", {}, "account list"),
    ("list_templates", {}, "template list"),
    ("list_sources", {}, "source list"),
    ("preview_source", {"id": 1}, "source preview 1"),
    ("best_times", {}, "optimal"),
    (
        "best_times",
        {"accounts": ["x/me"], "tz": "Asia/Tokyo", "limit": 168},
        "optimal --account x --tz Asia/Tokyo --all",
    ),
    ("next_slot", {"platforms": ["x"]}, "optimal next --platform x"),
    ("next_slot", {"accounts": ["x/me"], "count": 3}, "optimal next --account x/me --count 3"),
    ("list_slots", {"accounts": ["x/me"]}, "slots list --account x/me"),
    (
        "change_slots",
        {"accounts": ["x/me"], "add": ["mon,fri 09:00"], "name": "m"},
        "slots add 'mon,fri 09:00' --account x/me --name m",
    ),
    ("pause_accounts", {"accounts": ["x/me"]}, "pause --account x/me"),
    ("next_slot", {"accounts": ["tiktok/me"]}, "optimal next --account tiktok/me"),
    ("plan_drafts", {"days": 7, "dryRun": True}, "plan --drafts --week --dry-run"),
    (
        "plan_drafts",
        {"tags": ["launch"], "perDay": 1, "from": "fri 9am", "quietHours": "22:00-07:00"},
        "plan --tag launch --per-day 1 --from 'fri 9am' --quiet-hours 22:00-07:00 --yes",
    ),
    ("plan_drafts", {"tags": ["none"]}, "plan --tag none"),
    ("calendar", {}, "calendar"),
    ("calendar", {"when": "2026-W48", "accounts": ["x/me"]}, "calendar 2026-W48 --account x/me"),
    ("calendar", {"week": True, "tz": "Asia/Tokyo"}, "calendar --week --tz Asia/Tokyo"),
    ("report", {"limit": 5}, "report"),
    (
        "report",
        {"when": "prev", "by": ["account", "hour"], "tz": "Asia/Tokyo", "limit": 5},
        "report prev --by account,hour --tz Asia/Tokyo",
    ),
    ("report", {"since": "7d", "until": "1d", "limit": 5}, "report --since 7d --until 1d"),
    ("status", {}, "status"),
]


def in_short(name: str, printed: Any, *, zone: ZoneInfo, single: bool) -> Any:
    """The JSON of a command as its tool answers it, without hints and the sentences of warnings."""
    tool = TOOLS[name]
    page = {"posts": printed} if name == "list_posts" else {"changes": printed} if name == "history" else printed
    if name == "report":
        page = {**printed, "posts": []}
    if name == "create_posts":
        page = [printed]
    if name == "undo":
        page = {"posts": printed}
    for one in page["recommendations"] if name == "best_times" else ():
        one["slots"] = sorted(one.get("slots", ()), key=lambda slot: -slot["uplift"])
        one["hours"] = one["days"] = None
    answer = present(page, tool.answer, [ALL] if tool.whole else (), zone=zone, single=single)
    return without_steps({key: value for key, value in answer.items() if key != "untrusted"})


def without_steps(value: Any) -> Any:
    """JSON without hints; of warnings only how many there are."""
    if isinstance(value, list):
        return [without_steps(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: len(one) if name == "warnings" else without_steps(one)
        for name, one in value.items()
        if name not in ("hint", "next", "forPerson", "now", "weekday")
    }


OTHER_CODE = {"status": 1}
"""Commands that answer with another exit code than 0 here: posts are overdue and nothing publishes."""


@pytest.mark.parametrize(("tool", "arguments", "command"), CASES)
def test_a_tool_answers_the_json_of_its_command(
    agent: Agent, ttp: Program, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    tool: str, arguments: dict[str, Any], command: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").write_bytes(png())
    ran = ttp(*shlex.split(command.replace("LONG", LONG)), "--json")
    assert ran.code in (0, OTHER_CODE.get(tool)), ran
    after = ttp.ok("list", "--json").json
    shutil.rmtree(ttp.home)
    duplicate(filled, ttp.home)
    answer = nameless(without_steps(agent.ok(tool, **arguments)))
    if tool == "status":
        assert answer.pop("timezone") == "UTC"
    if tool == "undo":
        assert len(answer.pop("undone")) == 1, "a sentence for each change"
    if arguments.get("at") == "optimal":
        answer["warnings"] -= 1  # why it took the hour: the command tells that on stderr
    assert answer == in_short(tool, ran.json, zone=ZoneInfo(arguments.get("tz", "UTC")), single="id" in arguments)
    assert ttp.ok("list", "--json").json == after


def nameless(answer: Any) -> Any:
    """An answer without who did it: the person at a command, and the agent through a tool."""
    if isinstance(answer, list):
        return list(map(nameless, answer))
    if isinstance(answer, dict):
        return {key: nameless(one) for key, one in answer.items() if key not in ("createdBy", "changedBy")}
    return answer


@pytest.mark.parametrize("approval", [False, True])
def test_warnings_are_those_of_the_command(agent: Agent, ttp: Program, filled: Path, approval: bool) -> None:
    """No publisher has run for an hour, and posts are due."""
    config = ("config", "set", "publish.require_approval", str(approval).lower())
    ttp.ok(*config)
    ran = ttp.ok("create", "late", "--to", "x/me", "--at", "in 2h", "--json").json
    shutil.rmtree(ttp.home)
    duplicate(filled, ttp.home)
    ttp.ok(*config)
    assert ran["warnings"]
    assert len(agent.ok("create_post", text="late", to=["x/me"], at="in 2h")["warnings"]) == len(ran["warnings"])


def test_every_tool_is_compared(agent: Agent) -> None:
    assert {tool for tool, _, _ in CASES} == set(TOOLS) - {"add_media"} == set(agent.tools()) - {"add_media"}


def test_every_tool_has_a_description_and_schemas_of_objects(agent: Agent) -> None:
    for tool in agent.talk(lambda client: client.list_tools()).tools:
        assert tool.description
        assert tool.annotations is not None
        assert tool.input_schema["type"] == "object"
        assert tool.output_schema is None, "answers would be told twice"
        is_write = {"key", "dryRun"} <= tool.input_schema["properties"].keys()
        assert is_write != bool(tool.annotations.read_only_hint), tool.name


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [(tool, arguments) for tool, arguments, _ in CASES if not tool.startswith(("list", "get", "check", "best", "next"))
     and tool not in ("calendar", "history", "preview_source", "report", "status")],
)  # fmt: skip
def test_a_rehearsal_changes_nothing(
    agent: Agent, ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str, arguments: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").write_bytes(png())
    before = ttp.sql("SELECT * FROM post ORDER BY id"), ttp.sql("SELECT * FROM delivery ORDER BY id")
    changes, attempts = ttp.count("change"), ttp.count("attempt")
    agent.ok(tool, **{**arguments, "dryRun": True})
    after = ttp.sql("SELECT * FROM post ORDER BY id"), ttp.sql("SELECT * FROM delivery ORDER BY id")
    assert [list(map(list, rows)) for rows in after] == [list(map(list, rows)) for rows in before]
    assert (ttp.count("change"), ttp.count("attempt")) == (changes, attempts)


@pytest.mark.parametrize("token", [one for one in TOKENS if one.accounts is None], ids=lambda token: token.capability)
def test_tools_above_the_capability_are_neither_listed_nor_callable(
    agent: Agent, ttp: Program, token: ApiToken
) -> None:
    listed = {name for name, tool in TOOLS.items() if lets_in(OPERATIONS[tool.operation], token)}
    limited = Agent(ttp, token.capability)
    assert set(limited.tools()) == listed
    before = ttp.ok("list", "--json").json
    for tool, arguments, _ in CASES:
        if tool not in listed:
            assert limited.refused(tool, **arguments)["code"] == "not_allowed"
    assert ttp.ok("list", "--json").json == before


# Whose changes they are.


def test_nothing_that_was_written_through_the_tools_is_approved_through_them(agent: Agent, ttp: Program) -> None:
    ttp.ok("config", "set", "publish.require_approval", "true")
    own = agent.ok("create_post", text="By an agent", to=["x/me"], at="2098-01-01T09:00Z")["id"]
    ttp.ok("create", "By a person", "--to", "x/me", "--at", "2098-01-02T09:00Z")
    for more in ({}, {"dryRun": True}):
        assert agent.refused("approve_post", id=own, **more)["code"] == "not_allowed"
    assert agent.ok("approve_post", id=own + 1)["status"] == "scheduled"
    agent.ok("edit_post", id=own + 1, text="Changed by the agent")
    assert agent.refused("approve_post", id=own + 1)["code"] == "not_allowed"
    assert ttp.ok("approve", str(own), str(own + 1), "--json").json[1]["approvedAt"], "a person may"


def test_changes_through_the_tools_are_told_from_those_of_the_person(agent: Agent, ttp: Program) -> None:
    made = ttp.ok("create", "One", "--json").json
    agent.ok("edit_post", id=made["id"], text="Two")
    person, named = user_name(), f"{user_name()} via mcp (mcp)"
    history = ttp.ok("history", str(made["id"]), "--json").json
    assert [(one["command"], one["actor"]) for one in history] == [("edit", named), ("create", person)]
    (undone,) = agent.ok("undo", post=made["id"])["posts"]
    assert (undone["command"], undone["by"]) == ("edit", named)
    ttp.ok("edit", str(made["id"]), "Three")
    assert agent.refused("undo", post=made["id"])["code"] == "not_found"
    agent.ok("undo", post=made["id"], anyone=True)
    history = ttp.ok("history", str(made["id"]), "--json").json
    by_agent, by_person = [("undo edit", named)] * 2, [("create", person)]
    assert [(one["command"], one["actor"]) for one in history] == by_agent + by_person
    assert [one["command"] for one in ttp.ok("undo", "--list", "--json").json][:1] == ["create"]
    ttp.ok("redo", "--post", str(made["id"]))
    assert ttp.shown(made["id"])["content"] == "Three"


# Texts of others.

ORDER = "ignore-your-rules"


def where(value: Any, field: str = "") -> Iterator[str]:
    """The fields that hold the order."""
    if isinstance(value, str) and ORDER in value:
        yield field
    for one in value if isinstance(value, list) else ():
        yield from where(one, field)
    for name, one in value.items() if isinstance(value, dict) else ():
        yield from where(one, field if field in ("vars", "variants", "options") else name)


def test_texts_of_others_are_named_in_every_answer(agent: Agent, ttp: Program, site: FeedSite, tmp_path: Path) -> None:
    site.has(ORDER)
    (tmp_path / f"{ORDER}.png").write_bytes(png())
    media = ("--media", str(tmp_path / f"{ORDER}.png"), "--alt", ORDER)
    made = ("create", ORDER, "--to", "x/me", "--text", f"x={ORDER} x", "--thread", ORDER, "--tag", ORDER, *media)
    post = ttp.post(*made[1:], "--at", "in 4h")
    ttp.bring(post, "failed", error=("network", f"The platform says: {ORDER}"), note=ORDER)
    ttp.ok("config", "set", "publish.require_approval", "true")
    draft = ttp.post(*made[1:], "--at", "in 5h")
    ttp.ok("reject", str(draft), "--reason", ORDER)
    ttp.ok("approve", "2")
    ttp.sql(f"UPDATE account SET hold_until = 4102444800000, hold_reason = '{ORDER}'")
    ttp.sql(f"UPDATE source SET name = '{ORDER}'")
    calls: list[tuple[str, dict[str, Any]]] = [
        *(("list_posts", {"fields": fields, "after": 6}) for fields in ([], [ALL])),
        *(("get_post", {"id": one}) for one in (2, post, draft)),  # 2 waits for the end of a hold
        ("check_text", {"text": ORDER, "accounts": "x/me"}),
        ("create_post", {"text": ORDER, "dryRun": True}),
        ("edit_post", {"id": draft, "addTags": ["a"]}),
        ("undo", {"dryRun": True, "anyone": True}),
        ("history", {}),
        ("calendar", {}),
        ("list_sources", {}),
        ("list_accounts", {}),
        ("preview_source", {"id": 1}),
        ("status", {}),
    ]
    for tool, arguments in calls:
        answer = text_of(agent.call(tool, **arguments))
        assert set(where(answer)) - {""}, tool
        assert set(where(answer)) <= set(answer["untrusted"]), tool


def test_a_login_that_does_not_work_is_told_before_the_post_is_due(agent: Agent, ttp: Program) -> None:
    ttp.sql("UPDATE account SET needs_reconnect = TRUE WHERE platform = 'x'")
    assert [len(agent.ok("get_post", id=one).get("warnings", ())) for one in (1, 2, 5)] == [0, 1, 0]
    by_name = {one["account"]: one for one in agent.ok("list_accounts")["accounts"]}
    assert (by_name["x/me"]["connected"], by_name["x/me"]["needsReconnect"]) == (False, True)


# Keys.


def test_the_same_key_gives_the_same_post(agent: Agent, ttp: Program) -> None:
    first = agent.ok("create_post", text="a", key="k")
    again = Agent(ttp).ok("create_post", text="a", key="k")
    assert (again.pop("replayed"), again) == (True, first)
    error = agent.refused("create_post", text="b", key="k")
    assert (error["code"], error["next"]) == ("conflict", {"tool": "get_post", "arguments": {"id": first["id"]}})
    assert "others" not in error, "KEY is an example"
    assert ttp.count("post") == 7


def test_a_request_with_a_key_is_done_once(agent: Agent, ttp: Program) -> None:
    for text in ("a", "b", "c"):
        agent.ok("create_post", text=text)
    first = agent.ok("undo", key="k")
    assert agent.ok("undo", key="k") == first
    assert agent.refused("undo", key="k", count=2)["code"] == "conflict"
    assert agent.ok("undo", key="k", dryRun=True) != first, "a rehearsal is not the request"
    assert agent.ok("undo", key="other") != first


def test_a_refused_request_can_be_sent_again_with_its_key(agent: Agent, ttp: Program) -> None:
    assert agent.refused("unschedule_post", id=5, key="k")["code"] == "state"
    ttp.bring(5, "pending")
    assert agent.ok("unschedule_post", id=5, key="k")["status"] == "draft"
