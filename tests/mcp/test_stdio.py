"""`ttp mcp` as a process, through the SDK's own client and as lines on a pipe."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError

from tests.clock import FakeClock
from tests.conftest import Program
from tests.mcp.conftest import over_stdio, server_of, text_of
from tests.platforms.sandboxed import control
from ttp.domain.time.clock import SystemClock
from ttp.sandbox.server import RunningSandbox

TRICKY = 'a\n{"jsonrpc":"2.0","id":1,"result":{}}\r\n\u2028\u0000\x1b[31m"\\ \u202e😀'


def test_an_agent_creates_lists_and_gets_posts_whose_text_never_becomes_protocol(ttp: Program) -> None:
    ttp.account()
    tricky = TRICKY.replace("\u0000", "")  # which no store takes

    async def talk(client: Client) -> None:
        assert {"list_posts", "get_post", "create_post"} <= {tool.name for tool in (await client.list_tools()).tools}
        made = text_of(await client.call_tool("create_post", {"text": "Hello\n…", "to": ["x/me"]}))
        assert text_of(await client.call_tool("get_post", {"id": made["id"]})).items() >= made.items()
        assert text_of(await client.call_tool("list_posts", {}))["posts"][0]["text"] == made["text"]
        made = text_of(await client.call_tool("create_post", {"text": tricky, "key": tricky}))
        assert made["text"] == tricky
        page = text_of(await client.call_tool("list_posts", {"search": "jsonrpc", "fields": ["key"]}))
        assert [(post["text"], post["key"]) for post in page["posts"]] == [(tricky, tricky)]
        with pytest.raises(MCPError):
            await client.read_resource(f"ttp://posts/{TRICKY}")

    over_stdio(server_of(ttp.home), talk)
    assert ttp.shown()["content"] == "Hello\n…"


@pytest.mark.slow
def test_the_capability_limits_the_process(ttp: Program) -> None:
    ttp.account()

    async def talk(client: Client) -> None:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert not names & {"schedule_post", "publish_post", "retry_post", "resolve_post", "approve_post"}
        assert "create_post" in names
        error = text_of(await client.call_tool("create_post", {"text": "a", "to": ["x"], "at": "in 1h"}))["error"]
        assert (error["code"], error["next"]["arguments"]) == ("not_allowed", {"text": "a", "accounts": ["x"]})
        assert text_of(await client.call_tool("publish_post", {"id": 1}))["error"]["code"] == "not_allowed"

    over_stdio(server_of(ttp.home, "--capability", "draft"), talk)
    over_stdio(server_of(ttp.home, TTP_CAPABILITY="draft"), talk)


@pytest.mark.parametrize(
    ("argv", "lists"),
    [
        pytest.param((), False, marks=pytest.mark.slow),
        (("--capability", "publish,approve"), True),
        pytest.param(("--capability", "approve"), True, marks=pytest.mark.slow),
    ],
)
def test_approval_is_a_capability_of_its_own(ttp: Program, argv: tuple[str, ...], *, lists: bool) -> None:
    async def tools(client: Client) -> set[str]:
        return {tool.name for tool in (await client.list_tools()).tools}

    names = over_stdio(server_of(ttp.home, *argv), tools)
    assert ({"approve_post", "reject_post"} <= names, "approve_post" in names) == (lists, lists)
    assert ("publish_post" in names) == (argv != ("--capability", "approve"))


@pytest.mark.parametrize(
    ("argv", "environ", "code"),
    [
        (["--capability", "all"], {}, 2),
        (["--capability", "publish"], {"TTP_CAPABILITY": "read"}, 7),
        (["--capability", "read,approve"], {"TTP_CAPABILITY": "draft"}, 7),
        ([], {"TTP_CAPABILITY": "all"}, 2),
    ],
)
def test_a_wrong_capability_is_refused(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, argv: list[str], environ: dict[str, str], code: int
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    ran = ttp("mcp", *argv)
    assert (ran.code, ran.out) == (code, "")


def test_a_missing_extra_has_one_line_with_the_fix(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttp.cli.commands.server.mcp.find_spec", lambda name: None)
    ran = ttp("mcp")
    assert (ran.code, ran.out) == (7, "")
    assert len(ran.err.splitlines()) == 2
    assert "install" in ran.err


# A process, by hand.


@contextmanager
def started(home: Path, *argv: str, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start `ttp mcp`, and kill it at the end if it still runs."""
    server = server_of(home, *argv, **environ)
    process = subprocess.Popen(
        [server.command, *server.args], env=server.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=2
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line(number: int, method: str, **params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n"


HELLO = (
    line(1, "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "t", "version": "1"})
    + b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n'
)


def call(number: int, tool: str, **arguments: Any) -> bytes:
    return line(number, "tools/call", name=tool, arguments=arguments)


def answers(out: bytes) -> dict[int, Any]:
    """The answers by id; every line is one message of the protocol."""
    found = [json.loads(one) for one in out.splitlines()]
    assert all(one["jsonrpc"] == "2.0" for one in found)
    return {one["id"]: one for one in found if "method" not in one}


def read_answer(process: subprocess.Popen[bytes], number: int | None = None) -> Any:
    """Read lines up to the answer to a request, or up to any answer. Answers come in any order."""
    assert process.stdout is not None
    for text in process.stdout:
        message = json.loads(text)
        if number in (None, message.get("id")) and "method" not in message:
            return message
    raise AssertionError(f"no answer to {number}")


def send(process: subprocess.Popen[bytes], text: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.flush()


def test_every_request_before_the_end_of_input_is_answered(ttp: Program) -> None:
    requests = [call(number, "create_post", text=f"post {number}", key=str(number)) for number in range(2, 22)]
    with started(ttp.home) as server:
        out, _ = server.communicate(HELLO + b"".join(requests) + b"no json\n\n", timeout=120)
    assert server.returncode == 0
    assert answers(out).keys() >= set(range(1, 22))
    assert ttp.count("post") == 20


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_cleanly(ttp: Program, stop: signal.Signals) -> None:
    with started(ttp.home) as server:
        send(server, HELLO + call(2, "create_post", text="a"))
        read_answer(server, 2)
        server.send_signal(stop)
        assert server.wait(timeout=60) == 0
    assert ttp.count("post") == 1


@pytest.mark.slow
def test_a_client_that_is_gone_ends_the_server(ttp: Program) -> None:
    with started(ttp.home) as server:
        assert server.stdout is not None
        send(server, HELLO)
        read_answer(server, 1)
        server.stdout.close()
        send(server, call(2, "create_post", text="a"))
        assert server.wait(timeout=60) == 0
    assert ttp.count("post") == 1


@pytest.mark.slow
def test_a_kill_loses_no_accepted_post_and_a_key_makes_no_second_one(ttp: Program) -> None:
    kept: set[int] = set()
    for turn in range(4):
        with started(ttp.home) as server:
            send(server, HELLO)
            read_answer(server, 1)
            for number in range(10, 16):
                send(server, call(number, "create_post", text=f"post {number}", key=f"key {number}"))
            for _ in range(turn * 2):
                kept.add(json.loads(read_answer(server)["result"]["content"][0]["text"])["id"])
            server.kill()
            server.wait()
    posts = ttp.ok("list", "--json").json
    assert kept <= {post["id"] for post in posts}
    assert len({post["key"] for post in posts}) == len(posts)


@pytest.mark.slow
def test_two_servers_use_one_store(ttp: Program) -> None:
    async def both() -> None:
        from mcp import stdio_client

        server = server_of(ttp.home)
        async with Client(stdio_client(server)) as one, Client(stdio_client(server)) as other:
            ids = []

            async def write(client: Client, name: str) -> None:
                for number in range(15):
                    made = text_of(await client.call_tool("create_post", {"text": f"{name} {number}"}))
                    edited = text_of(await client.call_tool("edit_post", {"id": made["id"], "tags": [name]}))
                    ids.append(edited["id"])

            async with anyio.create_task_group() as group:
                group.start_soon(write, one, "one")
                group.start_soon(write, other, "other")
            assert len(set(ids)) == 30
            listed = text_of(await one.call_tool("list_posts", {"limit": 100}))
            assert listed == text_of(await other.call_tool("list_posts", {"limit": 100}))
            assert {post["id"] for post in listed["posts"]} == set(ids)

    anyio.run(both)


# Publishing.


@pytest.fixture
def here(ttp: Program, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Program:
    """The program on the machine's clock, which the servers have too. Its account x/me is in the sandbox."""
    here = Program(ttp.home, cast("FakeClock", SystemClock()))
    monkeypatch.setenv("TTP_PLATFORMS__X__BASE_URL", sandbox.url)
    made = control(sandbox.url, "POST", "accounts", {"account": "x/me"})
    here.ok("account", "add", "x/me", "--credentials", "-", stdin=json.dumps(made["credentials"]))
    return here


def publisher(here: Program, sandbox: RunningSandbox) -> StdioServerParameters:
    return server_of(here.home, TTP_PLATFORMS__X__BASE_URL=sandbox.url)


def sent(sandbox: RunningSandbox) -> list[str]:
    return [post["text"] for post in control(sandbox.url, "GET", "posts")]


def test_a_post_is_published_once_however_often_it_is_asked(here: Program, sandbox: RunningSandbox) -> None:
    async def talk(client: Client) -> None:
        made = text_of(await client.call_tool("create_post", {"text": "Hello", "to": ["x/me"]}))
        planned = text_of(await client.call_tool("publish_post", {"id": made["id"], "dryRun": True}))
        assert (planned["status"], sent(sandbox)) == ("scheduled", [])
        results: list[Any] = []

        async def publish(key: str) -> None:
            results.append(text_of(await client.call_tool("publish_post", {"id": made["id"], "key": key})))

        async with anyio.create_task_group() as group:
            for key in ("a", "a", "b", "c"):
                group.start_soon(publish, key)
        assert [result["status"] for result in results if "error" not in result]
        (done,) = [text_of(await client.call_tool("get_post", {"id": made["id"]}))]
        assert done["status"] == "published"
        again = text_of(await client.call_tool("publish_post", {"id": made["id"]}))
        assert again["error"]["code"] == "state"

    over_stdio(publisher(here, sandbox), talk)
    assert sent(sandbox) == ["Hello"]


@pytest.mark.slow
def test_two_servers_publish_a_post_once(here: Program, sandbox: RunningSandbox) -> None:
    post = here.post("Hello", "--to", "x/me")

    async def both() -> None:
        from mcp import stdio_client

        server = publisher(here, sandbox)
        async with (
            Client(stdio_client(server)) as one,
            Client(stdio_client(server)) as other,
            anyio.create_task_group() as group,
        ):
            group.start_soon(one.call_tool, "publish_post", {"id": post})
            group.start_soon(other.call_tool, "publish_post", {"id": post})

    anyio.run(both)
    assert sent(sandbox) == ["Hello"]
    assert here.shown(post)["status"] == "published"


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_while_publishing_publishes_at_most_once(
    here: Program, sandbox: RunningSandbox, stop: signal.Signals
) -> None:
    post = here.post("Hello", "--to", "x/me")
    with started(here.home, TTP_PLATFORMS__X__BASE_URL=sandbox.url) as server:
        send(server, HELLO + call(2, "publish_post", id=post))
        while not control(sandbox.url, "GET", "requests"):
            send(server, call(3, "list_posts"))
            assert read_answer(server, 3)["result"]["content"], "other calls go on meanwhile"
        server.send_signal(stop)
        assert server.wait(timeout=60) in (0, 128 + stop, -stop)
    assert len(sent(sandbox)) <= 1
    assert here.shown(post)["status"] in ("published", "publishing", "scheduled")


def test_a_misspelt_capability_among_several_is_corrected_alone(ttp: Program) -> None:
    ran = ttp("mcp", "--capability", "publish,aprove")
    assert ran.code == 2
    assert [line.partition(": ")[2] for line in ran.err.splitlines()[1:]] == ["ttp mcp --capability publish,approve"]
