"""The MCP server at /mcp: the SDK's own client over a port, with the tools and limits of its token."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from tests.drift.operations_page import TOKENS, lets_in
from tests.examples import every
from tests.mcp.conftest import text_of
from tests.media_bytes import png
from tests.server.conftest import Api, serving
from tests.server.pages.conftest import Person
from tests.server.test_media import SHA256, form
from ttp.cli.settings import user_name
from ttp.domain.errors import Busy, Hint
from ttp.domain.operations import OPERATIONS, OWN
from ttp.domain.server.api_token import ApiToken
from ttp.mcp.tools import TOOLS
from ttp.server import agents
from ttp.server.guard import MOST_BODY_BYTES
from ttp.services.queries import PostView, Queries

T = TypeVar("T")
PATIENCE_S = 600.0
"""For an answer: this client runs in one thread with its server, on a machine that may be busy."""


@dataclass
class Agent:
    """Calls tools with one token, with a new connection each time."""

    url: str
    token: str | None
    mode: Any = "auto"

    def talk(self, say: Callable[[Client], Awaitable[T]], **headers: str) -> T:
        async def run() -> T:
            sent = {"Authorization": f"Bearer {self.token}", **headers}
            async with (
                httpx2.AsyncClient(headers=sent, timeout=PATIENCE_S) as http,
                Client(streamable_http_client(self.url, http_client=http), mode=self.mode) as client,
            ):
                return await say(client)

        return anyio.run(run)

    def tools(self) -> set[str]:
        return {tool.name for tool in self.talk(lambda client: client.list_tools()).tools}

    def ok(self, tool: str, **arguments: Any) -> Any:
        result = self.talk(lambda client: client.call_tool(tool, arguments))
        assert not result.is_error, result
        return text_of(result)

    def refused(self, tool: str, **arguments: Any) -> Any:
        result = self.talk(lambda client: client.call_tool(tool, arguments))
        assert result.is_error, result
        assert result.structured_content is None
        error = text_of(result)["error"]
        assert error.get("next") != {"tool": tool, "arguments": arguments}, "it would be refused again"
        return error


@pytest.fixture
def url(server: Api) -> Iterator[str]:
    """The address of the application on a port."""
    with serving(server.app) as address:
        yield f"{address}/mcp"


Having = Callable[..., Agent]


@pytest.fixture
def having(server: Api, url: str) -> Having:
    """Makes an agent with a new token."""
    return lambda *given, **named: Agent(url, server.having(*given, **named).token)


@pytest.mark.parametrize("token", every(3, TOKENS), ids=lambda token: f"{token.capability}-{len(token.accounts or ())}")
def test_the_token_decides_which_tools_there_are(having: Having, token: ApiToken) -> None:
    operations = {name: tool.operation for name, tool in TOOLS.items()} | {"check_text": "text check by a server"}
    refused = {name: one for name, one in operations.items() if not lets_in(OPERATIONS[one], token)}
    agent = having(token.capability, *(() if token.accounts is None else ("x/me",)))
    assert agent.tools() == TOOLS.keys() - refused
    for name, operation in refused.items():
        is_there = token.accounts is None or OPERATIONS[operation].scope == OWN
        assert agent.refused(name, id=1)["code"] == ("not_allowed" if is_there else "not_found")


def test_a_draft_token_gives_no_post_a_time(server: Api, having: Having) -> None:
    agent = having("draft")
    assert agent.refused("create_post", text="Hi", to=["x/me"], at="2098-01-01T09:00Z")["code"] == "not_allowed"
    agent.ok("create_post", text="Hi", to=["x/me"])
    assert agent.refused("edit_post", id=1, at="2098-01-01T09:00Z")["code"] == "not_allowed"
    server.ttp.ok("schedule", "1", "--at", "2098-01-01T09:00Z")
    assert agent.refused("edit_post", id=1, text="Ha")["code"] == "not_allowed"
    assert agent.refused("delete_post", id=1)["code"] == "not_allowed"
    server.ttp.ok("unschedule", "1")
    assert agent.refused("undo", anyone=True)["code"] == "not_allowed"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_posts_are_written_and_read(server: Api, having: Having, mode: str) -> None:
    agent = having("publish", name="ann")
    agent.mode = mode
    made = agent.ok("create_post", text="Hello", to=["x/me"])
    assert (made["id"], made["status"]) == (1, "draft")
    assert agent.ok("schedule_post", id=1, at="2098-01-01T09:00Z")["status"] == "scheduled"
    server.ttp.ok("edit", "1", "Hello!")
    shown = agent.ok("get_post", id=1)
    assert shown["createdAt"] == server.ttp.shown(1)["createdAt"]
    assert (shown["createdBy"], shown["changedBy"]) == ("ann via mcp", user_name())
    assert [post["id"] for post in agent.ok("list_posts")["posts"]] == [1]
    assert agent.talk(lambda client: client.read_resource("ttp://posts/1")).contents


def test_a_dry_run_writes_nothing(server: Api, having: Having) -> None:
    agent = having("publish")
    server.ttp.post("Hello", "--to", "x/me")
    before = server.ttp.shown(1)
    assert agent.ok("schedule_post", id=1, at="2098-01-01T09:00Z", dryRun=True)["status"] == "scheduled"
    assert agent.ok("delete_post", id=1, dryRun=True) == {"id": 1, "deleted": True}
    assert agent.ok("publish_post", id=1, dryRun=True)
    agent.ok("create_post", text="Another", dryRun=True)
    assert server.ttp.shown(1) == before
    assert len(agent.ok("list_posts")["posts"]) == 1


def test_a_key_belongs_to_its_token(server: Api, having: Having) -> None:
    for text in ("one", "two"):
        server.ttp.post(text, "--to", "x/me")
    ann, bob = having("draft", name="ann"), having("draft", name="bob")
    assert ann.ok("delete_post", id=1, key="k") == ann.ok("delete_post", id=1, key="k")
    assert ann.refused("delete_post", id=2, key="k")["code"] == "conflict"
    assert bob.ok("delete_post", id=2, key="k") == {"id": 2, "deleted": True}
    assert ann.ok("create_post", text="three", key="p")["id"] == ann.ok("create_post", text="three", key="p")["id"]


def test_a_key_is_kept_in_the_store(server: Api, having: Having) -> None:
    agent = having("publish")
    agent.ok("create_post", text="one", to=["x/me"])
    agent.ok("edit_post", id=1, text="two")
    agent.ok("edit_post", id=1, text="three")
    first = agent.ok("undo", key="u")
    assert agent.ok("undo", key="u") == first
    assert server.ttp.shown(1)["content"] == "two"
    assert [row[0] for row in server.ttp.sql("SELECT key FROM idempotency_key")] == ["u"]


def test_a_call_whose_server_was_killed_is_done_once(server: Api, having: Having) -> None:
    agent = having("publish")
    for text in ("one", "two"):
        server.ttp.post(text, "--to", "x/me")
    calls: list[tuple[str, dict[str, Any]]] = [
        ("edit_post", {"id": 1, "text": "better"}),
        ("schedule_post", {"id": 1, "at": "2098-01-01T09:00Z"}),
        ("delete_post", {"id": 2}),
    ]
    for name, arguments in calls:
        first = agent.ok(name, **arguments, key=name)
        changes = server.ttp.count("change")
        server.ttp.sql("UPDATE idempotency_key SET status = NULL, answer = NULL")
        again = agent.ok(name, **arguments, key=name)
        assert again["id"] == first["id"]
        assert server.ttp.count("change") == changes
    agent.ok("undo", key="u")
    server.ttp.sql("UPDATE idempotency_key SET status = NULL, answer = NULL WHERE key = 'u'")
    assert agent.refused("undo", key="u")["code"] == "unknown"
    assert server.ttp.shown(2)["content"] == "two"


def test_a_limited_token_sees_its_accounts_and_posts_only(server: Api, having: Having) -> None:
    for to in ("x/me", "x/other", "x/me,x/other"):
        server.ttp.post(to, "--to", to)
    agent, before = having("publish", "x/me"), [server.ttp.shown(number) for number in (2, 3)]
    assert [post["id"] for post in agent.ok("list_posts")["posts"]] == [1]
    assert [one["account"] for one in agent.ok("list_accounts")["accounts"]] == ["x/me"]
    calls: list[tuple[str, dict[str, Any]]] = [
        ("get_post", {}),
        ("edit_post", {"text": "Mine"}),
        ("edit_post", {"at": "2098-01-01T09:00Z"}),
        ("delete_post", {}),
        ("schedule_post", {"at": "2098-01-01T09:00Z"}),
        ("unschedule_post", {}),
        ("publish_post", {}),
        ("retry_post", {}),
        ("resolve_post", {"account": "x/other", "notPublished": True}),
    ]
    for tool, more in calls:
        missing = agent.refused(tool, id=9, **more)
        assert missing["code"] == "not_found"
        for number in (2, 3):
            found = agent.refused(tool, id=number, **more)
            assert {**found, "message": found["message"].replace(str(number), "9")} == missing, tool
    assert agent.refused("create_post", text="Hi", to=["x/other"])["code"] == "not_found"
    assert agent.refused("best_times", accounts=["x/other"])["code"] == "not_found"

    async def read_resources(client: Client) -> None:
        for uri in ("ttp://posts/2", "ttp://calendar/2026-12"):
            with pytest.raises(MCPError):
                await client.read_resource(uri)

    agent.talk(read_resources)
    assert [server.ttp.shown(number) for number in (2, 3)] == before


def test_who_wrote_a_post_cannot_approve_it(server: Api, having: Having) -> None:
    having("draft", name="ann").ok("create_post", text="Hi", to=["x/me"])
    server.ttp.ok("token", "revoke", "ann")
    assert having("approve", name="ann").refused("approve_post", id=1)["code"] == "not_allowed"
    assert server.having("approve", name="ann")("POST", "/v1/posts/1/approve").status_code == 403
    assert having("approve", name="bob").ok("approve_post", id=1)["status"]
    assert [one["actor"] for one in server.ttp.ok("history", "--json").json] == ["bob via mcp", "ann via mcp"]
    server.ttp.ok("edit", "1", "A person's")
    having("draft", name="cyd").ok("undo", post=1, anyone=True)
    server.ttp.ok("token", "revoke", "cyd")
    assert having("approve", name="cyd").refused("approve_post", id=1)["code"] == "not_allowed"


def test_a_token_undoes_what_is_its_own_and_a_limited_one_sees_its_posts_alone(server: Api, having: Having) -> None:
    ann, bob = having("publish", name="ann"), having("draft", name="bob")
    data = b64encode(png()).decode()
    assert ann.ok("add_media", data=data, dryRun=True)["sha256"] == ann.ok("add_media", data=data)["sha256"]
    digest = ann.ok("add_media", data=data)["sha256"]
    ann.ok("create_post", text="Hi", accounts=["x/me"], media=[f"sha256:{digest}"], at="2098-01-01T09:00Z")
    bob.ok("create_post", text="A draft", accounts=["x/me"])
    assert ann.ok("pause_accounts", dryRun=True)["accounts"]
    assert not server.ttp.ok("account", "list", "--json").json[0]["holdReason"]
    assert ann.ok("undo", dryRun=True)["posts"][0]["id"] == 1
    assert bob.ok("undo")["posts"][0]["id"] == 2
    assert bob.refused("add_media", url="http://169.254.169.254/latest")["code"] == "usage"
    server.ttp.account("x/other")
    server.ttp.post("Of another", "--to", "x/other")
    limited = having("read", "x/me", name="cyd")
    assert len(limited.ok("history", id=1)["changes"]) == 1
    assert limited.refused("history")["code"] == "usage"
    assert limited.refused("history", id=3)["code"] == "not_found"


@pytest.mark.parametrize(
    "name",
    every(4, ["/etc/passwd", "photo.jpg", "file:///etc/passwd", "", "sha256:../../etc/passwd", f"sha256:{SHA256}0"]),
)
def test_a_file_of_this_machine_is_refused(server: Api, having: Having, name: str) -> None:
    agent = having("publish")
    server.ttp.post("Hello", "--to", "x/me")
    assert agent.refused("create_post", text="Hi", media=[name])["code"] == "not_allowed"
    assert agent.refused("check_text", text="Hi", media=[name])["code"] == "not_allowed"
    assert agent.refused("edit_post", id=1, media=[name])["code"] == "not_allowed"
    assert len(agent.ok("list_posts")["posts"]) == 1


def test_uploaded_media_are_named_by_their_digest(server: Api, having: Having) -> None:
    agent = having("publish")
    assert agent.refused("create_post", text="Hi", media=[f"sha256:{SHA256}"])["code"] == "not_found"
    Api(server.ttp, server.app, agent.token)("POST", "/v1/media", **form())
    agent.ok("create_post", text="Hi", to=["x/me"], media=[f"sha256:{SHA256}/mug.jpg"], alt=["A mug"])
    made = agent.ok("get_post", id=1)
    assert [(one["sha256"], one["name"], one["alt"]) for one in made["media"]] == [(SHA256, "mug.jpg", "A mug")]


def test_without_a_publisher_a_post_is_queued_and_nothing_waits(
    server: Api, having: Having, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "WAIT_S", 2 * PATIENCE_S)
    server.ttp.post("Hello", "--to", "x/me")
    assert having("publish").ok("publish_post", id=1)["status"] == "scheduled"


PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@pytest.mark.parametrize("token", [None, "ttp_" + 48 * "0", "revoked"])
def test_a_wrong_token_is_refused(server: Api, token: str | None) -> None:
    if token == "revoked":
        token = server.having("publish").token
        server.ttp.ok("token", "revoke", "publish")
    Api(server.ttp, server.app, token).refused("POST", "/mcp", 401, "unauthorized", PING, headers=ACCEPT)


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:8766",
        "http://127.0.0.1:8765.evil.example",
        "chrome-extension://127.0.0.1:8765",
        "null",
        "",
    ],
)
def test_a_foreign_origin_is_refused(server: Api, origin: str) -> None:
    api = server.having("publish")
    api.refused("POST", "/mcp", 403, "not_allowed", PING, headers={**ACCEPT, "Origin": origin})
    api.refused("POST", "/mcp", 421, "wrong_host", PING, headers={**ACCEPT, "Host": "evil.example"})


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8765", "https://127.0.0.1:8765"])
def test_the_origin_of_the_server_is_accepted(server: Api, origin: str) -> None:
    answer = server.having("publish").post("/mcp", PING, headers={**ACCEPT, "Origin": origin})
    assert (answer.status_code, answer.json()) == (200, {"jsonrpc": "2.0", "id": 1, "result": {}})


def test_a_request_that_is_not_a_call_is_refused(server: Api) -> None:
    api = server.having("publish")
    for method in ("GET", "DELETE"):
        api.refused(method, "/mcp", 405, "method", headers=ACCEPT)
    api.refused("POST", "/mcp?dryRun=true", 400, "usage", PING, headers=ACCEPT)
    large = b" " * (MOST_BODY_BYTES + 1)
    api.refused("POST", "/mcp", 413, "too_large", content=large, headers={**ACCEPT, "Content-Type": "application/json"})
    assert 400 <= api("POST", "/mcp", content=b"{", headers=ACCEPT).status_code < 500


def test_without_the_extra_there_is_nothing(server: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents, "find_spec", lambda name: None)
    api = server.having("publish")
    assert "ttp-cli[mcp]" in str(api.refused("POST", "/mcp", 404, "not_found", PING, headers=ACCEPT)["action"])
    assert api.ok("GET", "/v1/posts") == []


def test_no_door_shows_a_path_of_this_machine(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    home = api.ttp.database.home

    def full(queries: Queries, which: object) -> Iterator[PostView]:
        raise Busy(f"no room left for the store {home}/ttp.db", Hint("see", f"df -h {home}"))

    ann = Person(api).log_in()
    monkeypatch.setattr(Queries, "views", full)
    with serving(api.app) as address:
        error = Agent(f"{address}/mcp", api.token).refused("list_posts")
    answers = [api.get("/v1/posts"), ann.get("/queue")]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert error["code"] == "busy"
    for text in (str(error), *(answer.text for answer in answers)):
        assert "ttp.db" in text
        assert str(home) not in text
