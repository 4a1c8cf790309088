"""`ttp serve` as a process: on a port and a socket, publishing or not, until a signal."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Program, inherited
from tests.server.runs import serve_process
from tests.server.test_agents import Agent
from ttp.sandbox.server import RunningSandbox
from ttp.server.process import listen, listen_on_path

PATIENCE_S = 60.0
ENDS = ("delivery.published", "post.finished")


@dataclass
class Served:
    """A running server, and a client with a token that may publish."""

    process: subprocess.Popen[str]
    client: httpx.Client

    def ok(self, method: str, path: str, json: Any = None) -> Any:
        answer = self.client.request(method, path, json=json)
        assert answer.status_code < 300, (answer.status_code, answer.text)
        return answer.json()

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


@pytest.fixture
def environ(ttp: Program) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if name.startswith("TTP_")}
    return {**inherited(), **given, "TTP_PUBLISH__POLL_S": "0.2", "LANG": "C.UTF-8"}


Serve = Callable[..., Any]


@pytest.fixture
def serve(ttp: Program, environ: dict[str, str]) -> Serve:
    @contextmanager
    def serving(*argv: str, **more: str) -> Iterator[Served]:
        token = ttp.ok("token", "create", "ann", "--capability", "publish", "--json").json["token"]
        listens = argv if "--socket" in argv else ("--port", "0", *argv)
        with serve_process(*listens, environ={**environ, **more}) as (process, address):
            path = None if address.startswith("http") else address
            with httpx.Client(
                base_url="http://localhost" if path else address,
                headers={"Authorization": f"Bearer {token}"},
                transport=httpx.HTTPTransport(uds=path),
                timeout=PATIENCE_S,
            ) as client:
                yield Served(process, client)

    return serving


def move_elsewhere(ttp: Program) -> None:
    """Let the store be that of another machine or server."""
    ttp.sql("UPDATE store SET host = 'another', host_name = 'another', server = 'another/1', timeline = 1")


def until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.fixture
def published(ttp: Program, sandbox: RunningSandbox, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An account x/demo on the sandbox."""
    environ["TTP_PLATFORMS__X__BASE_URL"] = sandbox.url
    monkeypatch.setenv("TTP_PLATFORMS__X__BASE_URL", sandbox.url)
    accounts = httpx.get(f"{sandbox.url}/_sandbox/accounts").json()
    held = next(one for one in accounts if one["account"] == "x/demo")
    ttp.ok("account", "add", "x/demo", "--credentials", "-", stdin=json.dumps(held["credentials"]))


@pytest.mark.usefixtures("published")
def test_it_publishes_a_post_created_over_http(serve: Serve, sandbox: RunningSandbox) -> None:
    with serve() as server:
        until(lambda: bool(server.ok("GET", "/v1/status")["publisher"]["running"]))
        made = server.ok("POST", "/v1/posts", {"content": "Hello", "accounts": ["x/demo"]})
        found = server.ok("POST", f"/v1/posts/{made['id']}/publish?wait=30")
        assert found["status"] == "published"
        assert server.ok("GET", "/v1/status")["publisher"]["running"]
        assert server.stop() == 0


@pytest.mark.slow
@pytest.mark.usefixtures("published")
def test_it_publishes_a_post_for_an_agent(serve: Serve) -> None:
    with serve() as server:
        token = server.client.headers["Authorization"].removeprefix("Bearer ")
        agent = Agent(f"{server.client.base_url}/mcp".replace("//mcp", "/mcp"), token)
        until(lambda: bool(agent.ok("status")["publisher"]["running"]))
        made = agent.ok("create_post", text="Hello", to=["x/demo"])
        assert agent.ok("publish_post", id=made["id"])["status"] == "published"
        assert server.stop() == 0


@pytest.mark.usefixtures("published")
def test_a_stream_has_the_events_of_a_post_until_the_server_stops(serve: Serve) -> None:
    with serve() as server:
        made = server.ok("POST", "/v1/posts", {"content": "Hello", "accounts": ["x/demo"]})
        with server.client.stream("GET", "/v1/events?after=0") as stream:
            server.ok("POST", f"/v1/posts/{made['id']}/publish")
            lines, told = stream.iter_lines(), list[str]()
            while told[-1:] != ["event: post.finished"]:
                told += [line for line in [next(lines)] if line.startswith("event:")]
            assert told == [f"event: {name}" for name in ("post.due", "delivery.sending", *ENDS)]
            assert server.stop() == 0
            assert [line for line in lines if line.startswith("event:")] == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_readers_that_read_nothing_block_nobody_and_cost_no_memory(serve: Serve, ttp: Program) -> None:
    ttp.post("Hello")
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)"
    data = json.dumps({"event": "post.finished", "message": "x" * 1000})
    ttp.sql(f"INSERT INTO event (at, event, post_id, data) {numbers} SELECT 0, 'post.finished', 1, '{data}' FROM n")
    with serve("--no-publish", TTP_PUBLISH__DRAIN_S="1") as server:
        server.ok("GET", "/v1/status")
        before, url, readers = memory(server), server.client.base_url, []
        for _ in range(5):
            reader = socket.create_connection((url.host, url.port or 80))
            request = f"GET /v1/events?after=0 HTTP/1.1\r\nHost: {url.host}\r\nAuthorization: "
            reader.sendall(f"{request}{server.client.headers['Authorization']}\r\n\r\n".encode())
            assert reader.recv(100).startswith(b"HTTP/1.1 200")
            readers.append(reader)
        assert server.client.get("/v1/events").status_code == 503  # the token has no free connection left
        for number in range(20):
            assert server.ok("POST", "/v1/posts", {"content": f"Hello {number}"})["status"] == "draft"
        assert memory(server) - before < 20_000_000  # of 150 MB
        assert server.stop() == 0
        for reader in readers:
            reader.close()


def memory(server: Served) -> int:
    """Return the bytes in memory of a server."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{server.process.pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1000


def test_it_prints_a_link_that_logs_in(serve: Serve, ttp: Program) -> None:
    with serve() as server:
        assert server.process.stderr is not None
        server.process.stderr.readline()
        link = server.process.stderr.readline().strip()
        assert httpx.post(link, trust_env=False).headers["location"] == "/calendar"
        address = link.partition("/login/")[0]
        assert ttp.ok("login-link", "ann", "--json").json["url"].startswith(f"{address}/login/")
        assert server.stop() == 0
    assert ttp("login-link", "ann", "--json").error["code"] == "not_found"


@pytest.mark.slow
def test_a_second_server_leaves_the_address_of_the_first(serve: Serve, ttp: Program) -> None:
    with serve("--no-publish") as first, serve("--no-publish") as second:
        assert str(second.client.base_url.port) in ttp.ok("login-link", "ann", "--json").json["url"]
        assert second.stop() == 0
        assert str(first.client.base_url.port) in ttp.ok("login-link", "ann", "--json").json["url"]
        taken = ttp("serve", "--port", str(first.client.base_url.port), "--json").error
        assert (taken["code"], "--port 0" in taken["hint"]) == ("busy", True)
        assert first.stop() == 0
    assert ttp("login-link", "ann", "--json").error["code"] == "not_found"


@pytest.mark.slow
def test_it_publishes_once_the_other_publisher_ends(serve: Serve, ttp: Program, environ: dict[str, str]) -> None:
    ttp.post("a draft")
    other = subprocess.Popen([sys.executable, "-m", "ttp", "run"], env=environ, stdout=subprocess.DEVNULL)
    try:
        until(lambda: ttp.ok("status", "--json").json["publisher"]["running"])
        with serve() as server:
            until(lambda: server.ok("GET", "/v1/status")["publisher"]["pid"] == other.pid)
            other.terminate()
            other.wait(PATIENCE_S)
            until(lambda: server.ok("GET", "/v1/status")["publisher"]["pid"] == server.process.pid)
    finally:
        other.kill()
        other.wait()


@pytest.mark.slow
def test_it_serves_a_store_of_another_machine_and_says_why_it_does_not_publish(serve: Serve, ttp: Program) -> None:
    ttp.account()
    ttp.post("due", "--to", "x/me", "--at", "now")
    move_elsewhere(ttp)
    with serve() as server:
        found = server.ok("GET", "/v1/status")
        assert [one["by"] for one in found["blocked"]] == ["machine"]
        # To find that out it holds the publisher's lock for a moment, again and again.
        end = time.monotonic() + PATIENCE_S
        while (
            server.ok("GET", "/v1/status")["publisher"]["running"] or server.client.get("/healthz").status_code != 503
        ):
            assert time.monotonic() < end
        assert server.stop() == 0


def test_a_socket_is_for_this_user_alone_and_goes_with_the_server(serve: Serve, socket_path: Path) -> None:
    with serve("--socket", str(socket_path), "--no-publish") as server:
        assert not server.ok("GET", "/v1/status")["publisher"]["running"]
        assert server.client.get("/healthz", headers={"Host": "anything"}).status_code == 200
        assert socket_path.stat().st_mode & 0o777 == 0o600
        assert server.stop(signal.SIGINT) == 0
    assert not socket_path.exists()


def test_a_socket_that_a_dead_server_left_is_replaced(ttp: Program, socket_path: Path) -> None:
    listen_on_path(socket_path).close()
    assert socket_path.is_socket()
    with listen_on_path(socket_path):
        assert ttp("serve", "--socket", str(socket_path), "--json").error["code"] == "busy"


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("--host", "192.0.2.1"), "usage"),
        (("--host", "nowhere"), "usage"),
        (("--allow-host", "https://ttp.example.org"), "usage"),
        (("--port", "70000"), "usage"),
        (("--socket", "/nowhere/ttp.sock"), "busy"),
    ],
)
def test_where_it_cannot_listen_it_says_so(ttp: Program, argv: tuple[str, ...], code: str) -> None:
    assert ttp("serve", *argv, "--json").error["code"] == code


def test_a_port_in_use_is_reported(ttp: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert ttp("serve", "--port", str(taken.getsockname()[1]), "--json").error["code"] == "busy"


def test_without_its_packages_it_says_how_to_install_them(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ttp.server.app", None)
    monkeypatch.delattr("ttp.server.app", raising=False)
    ran = ttp("serve", "--json")
    assert (ran.code, ran.error["code"]) == (7, "not_allowed")
    assert "fastapi" in ran.error["hint"] or "[server]" in ran.error["hint"]


def test_an_answer_does_not_wait_for_the_client_to_acknowledge_its_first_part() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


STOPPED_EARLY = """
import os, signal, threading
from dataclasses import dataclass
from typing import Any
from ttp.publisher.process import READY, STOPPING, RunResult, _handle_stop_signals
from ttp.server.process import ServerProcess, listen

@dataclass
class Publisher:
    notify: Any

    def run(self, scope, emit):
        if not LATE:
            os.kill(os.getpid(), signal.SIGINT)  # before it has its own handlers
        over = threading.Event()

        def stop():
            over.set()
            self.notify(STOPPING)

        with _handle_stop_signals(stop) as caught:
            if LATE:
                os.kill(os.getpid(), signal.SIGINT)  # just before it is ready
            self.notify(READY)
            over.wait()
        return RunResult(True, caught[0] if caught else None)

async def app(scope, receive, send): ...

server = ServerProcess(
    app, listen("127.0.0.1", 0), Publisher(print), stopping=threading.Event(), poll_s=1.0, drain_s=1.0
)
print(server.run(lambda: None, print, print))
"""


@pytest.mark.parametrize("late", [False, True])
def test_a_stop_while_the_publisher_starts_is_not_lost(*, late: bool) -> None:
    command = [sys.executable, "-c", f"LATE = {late}\n{STOPPED_EARLY}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert (done.stdout.splitlines()[-1:], done.returncode) == ([str(int(signal.SIGINT))], 0), done


STOPPED_BEFORE_A_WAIT = """
import _thread, os, signal, sys, threading
from ttp.server.process import ServerProcess, listen

async def app(scope, receive, send): ...

def stop():
    main, before, same = threading.main_thread().ident, None, 0
    while same < 1000 or before[0] not in ("wait", "_wait"):  # until it does nothing else
        frame = sys._current_frames()[main]
        now = frame.f_code.co_name, frame.f_lasti
        before, same = now, same + 1 if now == before else 0
        os.sched_yield()
    _thread.interrupt_main(signal.SIGTERM)  # like a signal just before the wait, this ends no wait

server = ServerProcess(app, listen("127.0.0.1", 0), None, stopping=threading.Event(), poll_s=1.0, drain_s=1.0)
print(server.run(threading.Thread(target=stop).start, print, print))
"""


def test_a_stop_just_before_it_waits_is_not_lost() -> None:
    command = [sys.executable, "-c", STOPPED_BEFORE_A_WAIT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert (done.stdout, done.returncode) == (f"{int(signal.SIGTERM)}\n", 0), done
