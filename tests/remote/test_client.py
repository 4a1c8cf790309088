"""The caller's side: addresses and tokens, questions, servers that do not answer as they should, broken connections."""

from __future__ import annotations

import codecs
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Program, inherited
from tests.remote.conftest import PATIENCE_S, Machines, served
from tests.rows import each
from ttp.cli.remote import client
from ttp.cli.remote.address import ServerAddress
from ttp.domain.errors import UsageError

TOKEN = "ttp_" + 48 * "a"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("127.0.0.1:8765", "http://127.0.0.1:8765"),
        ("ttp.shop.example", "https://ttp.shop.example"),
        ("http://127.0.0.1:8765/v1", "http://127.0.0.1:8765"),
    ],
)
def test_an_address_that_is_nearly_right(ttp: Program, monkeypatch: pytest.MonkeyPatch, typed: str, meant: str) -> None:
    monkeypatch.setenv("TTP_SERVER", typed)
    assert ttp("list", "--json").error["hint"] == f"TTP_SERVER={meant} ttp status"


@pytest.mark.parametrize(
    ("server", "code"),
    [
        ("nonsense", 2),
        ("ftp://host", 2),
        ("https://", 2),
        ("https://name:secret@host", 2),
        ("https://host/path", 2),
        ("http://ttp.example.org", 2),
        ("http://10.0.0.1:8765", 2),
        ("unix://host/path", 2),
        ("unix:///nowhere/at/all.sock", 5),
        ("http://127.0.0.1:1", 5),
        ("https://127.0.0.1:1", 5),
        ("http://[::1", 2),
    ],
)
def test_an_address_that_does_not_work(ttp: Program, monkeypatch: pytest.MonkeyPatch, server: str, code: int) -> None:
    monkeypatch.setenv("TTP_SERVER", server)
    monkeypatch.setenv("TTP_TOKEN", TOKEN)
    ran = ttp("list", "--json")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (code, "", 1)
    assert ran.error["exit"] == code
    assert TOKEN not in ran.err
    assert "secret" not in ran.err
    assert not ttp.home.exists()


@pytest.mark.parametrize(("token", "code"), [("", 7), ("secret", 2), ("ttp_12", 2)])
def test_a_token_that_is_none(ttp: Program, monkeypatch: pytest.MonkeyPatch, token: str, code: int) -> None:
    monkeypatch.setenv("TTP_SERVER", "http://127.0.0.1:1")
    monkeypatch.setenv("TTP_TOKEN", token)
    ran = ttp("list")
    assert ran.code == code
    assert not token or token not in ran.err


def test_a_token_file_is_read_if_only_its_owner_can(machines: Machines, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(machines.token() + "\n")
    file.chmod(0o600)
    given = {"token": "", "TTP_TOKEN_FILE": str(file)}
    assert machines.remote("list", **given).code == 0
    file.chmod(0o644)
    assert machines.remote("list", **given).code == 5
    assert machines.remote("list", **{**given, "TTP_TOKEN_FILE": str(tmp_path / "none")}).code == 2


def test_the_config_names_the_server_and_the_token_file(machines: Machines, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(machines.token())
    file.chmod(0o600)
    caller = machines.caller
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TTP_HOME", str(tmp_path / "home"))
        caller.ok("config", "set", "server.token_file", str(file))
        caller.ok("config", "set", "server.url", machines.url)
        assert caller.ok("list", "--ids").out
        assert caller("config", "set", "publish.poll_s", "5").code == 7
        # Another address does not get the token of the config.
        patch.setenv("TTP_SERVER", machines.url.replace("127.0.0.1", "localhost"))
        assert caller("list").code == 7
        patch.setenv("TTP_SERVER", "")
        assert caller.ok("list", "--ids").out == ""
        patch.delenv("TTP_SERVER")
        caller.ok("config", "unset", "server.url")
        assert caller.ok("list", "--ids").out == ""


def test_a_token_that_was_revoked(machines: Machines) -> None:
    ran = machines.remote("list", token=TOKEN)
    assert (ran.code, ran.out, TOKEN in ran.err) == (7, "", False)


def test_a_capability_of_the_caller_counts_too(machines: Machines) -> None:
    assert machines.remote("create", "Hi", TTP_CAPABILITY="read").code == 7


@pytest.mark.parametrize(
    ("words", "environ", "instant"),
    [
        (["--tz", "America/New_York"], {"TTP_TZ": "Europe/Berlin"}, "2098-12-24T14:00:00Z"),
        ([], {"TTP_TZ": "Europe/Berlin"}, "2098-12-24T08:00:00Z"),
        ([], {"TTP_TZ": "", "TZ": "Europe/Berlin"}, "2098-12-24T00:00:00Z"),
    ],
    ids=["the option", "the caller's setting", "the token's, before this server's and the caller's machine"],
)
def test_the_zone_of_a_time(machines: Machines, words: list[str], environ: dict[str, str], instant: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TTP_HOME", str(machines.server_home))
        options = ["--capability", "publish", "--tz", "Asia/Tokyo", "--json"]
        token = Program(machines.server_home, machines.caller.clock).ok("token", "create", "tokyo", *options)
    post = ["create", "Zoned", "--to", "x/me", "--at", "2098-12-24 09:00", "--dry-run", "--json", *words]
    ran = machines.remote(*post, token=token.json["token"], **environ)
    assert ran.code == 0, ran
    assert ran.json["scheduledAt"] == instant


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """A server that reads each request, and answers it so."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answer(self)

        def log_message(self, *words: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def say(status: int, kind: str, body: str, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body.encode())

    return answer


class PassingTime:
    """Time that passes only in a sleep, in no time."""

    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


PROBLEM = "application/problem+json"
NDJSON = "application/x-ndjson"
ANSWERS = {
    "a page": (200, "text/html", "<html>", 2),
    "no version": (200, NDJSON, '{"exit": 0}\n', 2),
    "no route": (404, PROBLEM, '{"code": "not_found", "detail": "nothing"}', 2),
    "nothing there": (404, "text/html", "no", 2),
    "redirect": (302, "text/html", "", 2),
    "token": (401, PROBLEM, '{"code": "unauthorized", "detail": "no"}', 7),
    "another password": (401, "text/html", "no", 2),
    "forbidden": (403, PROBLEM, '{"code": "not_allowed", "detail": "no"}', 7),
    "name": (421, PROBLEM, '{"code": "wrong_host", "detail": "no"}', 7),
    "protocol": (400, PROBLEM, '{"code": "usage", "detail": "another protocol"}', 2),
    "busy": (503, PROBLEM, '{"code": "busy", "detail": "no"}', 5),
    "proxy": (503, "text/html", "no", 5),
    "wrong problem": (500, PROBLEM, "[]", 5),
}


@pytest.mark.parametrize("name", list(ANSWERS))
def test_an_answer_that_is_not_that_of_a_command(ttp: Program, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    status, kind, body, code = ANSWERS[name]
    monkeypatch.setenv("TTP_TOKEN", TOKEN)
    with answering(say(status, kind, body, Location="http://127.0.0.1:1/")) as url:
        monkeypatch.setenv("TTP_SERVER", url)
        ran = ttp("list", "--json")
    assert (ran.code, ran.out, ran.error["exit"]) == (code, "", code)
    assert TOKEN not in ran.err


@each("body", ["<html>", "{}", "[]", '{"key": "another"}'])
@each("status", [200, 201])
def test_an_answer_that_is_not_that_of_a_post(body: str, status: int) -> None:
    with answering(say(status, "application/json", body)) as url, pytest.raises(UsageError):
        client.create_post(ServerAddress(url, url, TOKEN), {"key": "acme/widget@v1"})


def test_a_command_that_the_server_ended(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_TOKEN", TOKEN)
    with answering(say(200, NDJSON, '{"exit": 143, "ended": "it took too long"}\n', Ttp_Version="1")) as url:
        monkeypatch.setenv("TTP_SERVER", url)
        assert ttp("list").code == 5


def test_a_server_may_not_write_what_the_command_does_not_name(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    body = json.dumps({"file": str(tmp_path / "evil")}) + "\n" + json.dumps({"data": "eA=="}) + '\n{"exit": 0}\n'
    monkeypatch.setenv("TTP_TOKEN", TOKEN)
    with answering(say(200, NDJSON, body, Ttp_Version="1")) as url:
        monkeypatch.setenv("TTP_SERVER", url)
        assert ttp("list").code == 1
        assert ttp("export", str(tmp_path / "good.csv")).code == 1
    assert not (tmp_path / "evil").exists()


def test_a_request_whose_connection_breaks_is_sent_again_with_its_key(
    ttp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        keys.append(handler.headers["Idempotency-Key"])
        if len(keys) == 1:
            handler.wfile.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTtp-Version: 1\r\n"
                b'Content-Length: 999\r\n\r\n{"stdout": "b25l"}\n'
            )
            handler.connection.shutdown(socket.SHUT_RDWR)
        elif len(keys) == 2:
            say(409, PROBLEM, '{"code": "key_in_use", "detail": "it runs"}')(handler)
        else:
            say(200, NDJSON, '{"stdout": "b25ldHdv"}\n{"exit": 6}\n', Ttp_Version="1")(handler)

    monkeypatch.setattr(client, "time", PassingTime())
    monkeypatch.setenv("TTP_TOKEN", TOKEN)
    with answering(answer) as url:
        monkeypatch.setenv("TTP_SERVER", url)
        ran = ttp("list")
    assert (ran.code, ran.out) == (6, "onetwo")
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_a_connection_that_stays_broken_is_reported(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "time", PassingTime())
    monkeypatch.setenv("TTP_TOKEN", TOKEN)
    with answering(lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)) as url:
        monkeypatch.setenv("TTP_SERVER", url)
        ran = ttp("create", "Hi", "--json")
    assert (ran.code, ran.error["code"], ran.error["hint"]) == (5, "busy", "ttp history")


@pytest.mark.parametrize("code", ["key_in_use", "unknown"])
def test_a_command_of_which_nobody_knows_whether_it_was_done_is_not_sent_as_a_new_one(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    keys: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        keys.append(handler.headers["Idempotency-Key"])
        if len(keys) == 1:
            handler.connection.shutdown(socket.SHUT_RDWR)
        else:
            say(409, PROBLEM, json.dumps({"code": code, "detail": "it ran"}))(handler)

    monkeypatch.setattr(client, "time", PassingTime())
    monkeypatch.setenv("TTP_TOKEN", TOKEN)
    with answering(answer) as url:
        monkeypatch.setenv("TTP_SERVER", url)
        ran = ttp("create", "Hi", "--json")
    assert (ran.code, ran.error["code"], ran.error["hint"]) == (5, "busy", "ttp history")
    assert len(set(keys)) == 1
    assert len(keys) == (2 if code == "unknown" else 2 + client.AGAIN_FOR_S / client.AGAIN_EVERY_S)


def test_the_same_key_runs_a_command_once(machines: Machines) -> None:
    import httpx

    order = json.dumps({"protocol": 1, "argv": ["create", "Once"], "cwd": "/"}).encode()
    headers = {"Authorization": f"Bearer {machines.token()}", "Idempotency-Key": "k1"}
    first, again = (
        httpx.post(f"{machines.url}/v1/commands", files={"command": order}, headers=headers, timeout=60)
        for _ in range(2)
    )
    assert (first.text, first.headers["Ttp-Version"]) == (again.text, again.headers["Ttp-Version"])
    assert again.headers["Idempotency-Replayed"] == "true"
    other = httpx.post(f"{machines.url}/v1/commands", files={"command": order + b" "}, headers=headers, timeout=60)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


def test_a_socket_is_an_address(full_store: Path, tmp_path: Path, machines: Machines, socket_path: Path) -> None:
    import shutil

    home = tmp_path / "home"
    shutil.copytree(full_store, home)
    home.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TTP_HOME", str(home))
        token = machines.caller.ok("token", "create", "s", "--capability", "read", "--json").json["token"]
    with served(home, "--socket", str(socket_path), "--no-publish") as (address, _):
        ran = machines.remote("list", "--ids", token=token, TTP_SERVER=f"unix://{address}")
    assert ran.code == 0
    assert ran.out


class Terminal:
    """The program on a new terminal."""

    def __init__(self, environ: dict[str, str], *argv: str) -> None:
        pid, self._side = pty.fork()
        if pid == 0:
            os.execve(sys.executable, [sys.executable, "-m", "ttp", *argv], environ)  # noqa: S606 (no shell is needed)
        self.pid = pid
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self.said = ""

    def read_until(self, text: str) -> None:
        ends = time.monotonic() + PATIENCE_S
        while text not in self.said:
            assert time.monotonic() < ends, self.said
            self.said += self._decode(os.read(self._side, 1 << 16))

    def type(self, text: str) -> None:
        os.write(self._side, text.encode())

    def wait(self) -> int:
        try:
            while data := os.read(self._side, 1 << 16):
                self.said += self._decode(data)
        except OSError:  # Linux says so at the end
            pass
        os.close(self._side)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.mark.parametrize(("said", "code"), [("y", 0), ("n", 1)])
def test_a_question_is_asked_on_the_callers_terminal(machines: Machines, said: str, code: int) -> None:
    ids = [str(machines.for_token("create", f"To go {said}", "--json").json["id"]) for _ in range(2)]
    environ = {**inherited(), "TTP_SERVER": machines.url, "TTP_TOKEN": machines.token(), "TERM": "xterm"}
    terminal = Terminal({**environ, "TTP_HOME": str(machines.caller.home), "LANG": "C.UTF-8"}, "delete", *ids)
    terminal.read_until("[y/N]")
    terminal.type(f"{said}\n")
    assert terminal.wait() == code, terminal.said
    assert machines.for_token("show", ids[0]).code == (3 if said == "y" else 0)


def test_a_table_is_as_on_the_callers_terminal(machines: Machines) -> None:
    environ = {**inherited(), "TTP_SERVER": machines.url, "TTP_TOKEN": machines.token(), "TERM": "xterm"}
    terminal = Terminal({**environ, "TTP_HOME": str(machines.caller.home), "LANG": "C.UTF-8", "COLUMNS": "70"}, "list")
    assert terminal.wait() == 0
    assert "\x1b[" in terminal.said
    assert "STATUS" in terminal.said.upper()


def test_an_import_for_a_token_has_a_limit_of_rows(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    (machines.server_home.parent / "desk").mkdir(exist_ok=True)
    (machines.server_home.parent / "desk" / "rows.csv").write_text("text,to\n1,x/me\n2,x/me\n3,x/me\n")
    monkeypatch.setenv("TTP_SERVER__IMPORT_ROWS", "2")
    ran = machines.for_token("import", "rows.csv", "--dry-run", "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")
    assert "server.import_rows" in ran.err
    monkeypatch.setenv("TTP_SERVER__IMPORT_ROWS", "3")
    assert machines.for_token("import", "rows.csv", "--dry-run").code == 0


def test_a_stopped_caller_ends_the_command(machines: Machines) -> None:
    """The command waits for stdin of the server's child, which has none: a long import stands for it."""
    rows = "".join(f"Row {number},x/me\n" for number in range(10_000))
    environ = {**inherited(), "TTP_SERVER": machines.url, "TTP_TOKEN": machines.token(), "LANG": "C.UTF-8"}
    folder = machines.server_home.parent / "tmp"
    until(lambda: not any(folder.iterdir()))  # the server removes a command's folder after its answer
    process = subprocess.Popen(
        [sys.executable, "-m", "ttp", "import", "-"],
        env={**environ, "TTP_HOME": str(machines.caller.home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(f"text,to\n{rows}".encode())
    process.stdin.close()
    until(lambda: any(folder.iterdir()))
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 130
    until(lambda: not any(folder.iterdir()))
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()


def until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_templates_of_the_caller_come_before_those_of_the_server(
    machines: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folders = [tmp_path / ".ttp", machines.caller.home / "templates", machines.server_home / "templates"]
    for number, folder in enumerate(folders):
        folder.mkdir(parents=True)
        for name in ("a", "b", "c")[number:]:
            (folder / f"{name}.md").write_text(f"{number} {{{{ vars.x }}}} {{{{ snippets.s{number} }}}}")
        (folder / f"s{number}.md").write_text(f"snippet {number}")
    (tmp_path / "loose.md").write_text("loose {{ vars.x }}")
    made = {"a": "0 1 snippet 0", "b": "0 1 snippet 0", "c": "0 1 snippet 0"}
    (tmp_path / ".ttp" / "b.md").unlink()
    (tmp_path / ".ttp" / "c.md").unlink()
    (machines.caller.home / "templates" / "c.md").unlink()
    made |= {"b": "1 1 snippet 1", "c": "2 1 snippet 2", "./loose.md": "loose 1", str(tmp_path / "loose.md"): "loose 1"}
    for name, text in made.items():
        ran = machines.remote("create", "--template", name, "--var", "x=1", "--json")
        assert (ran.code, ran.json["content"]) == (0, text), ran
    names = {row[0] for row in machines.remote("template", "list").rows}
    assert names == {"a", "b", "c", "s0", "s1", "s2"}
    assert machines.remote("create", "--template", "d", "--var", "x=1").code == 3
    assert machines.remote("template", "remove", "b", "--yes").code == 0
    assert not (machines.caller.home / "templates" / "b.md").exists()
    assert (machines.server_home / "templates" / "c.md").exists()


def test_a_post_file_of_the_caller_names_no_file_of_the_server_as_its_template(
    machines: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    secret = machines.server_home / "secret.md"
    secret.write_text("secret")
    for number, name in enumerate((str(secret), f"../../../../../../../../../..{secret}")):
        (tmp_path / f"{number}.csv").write_text(f"template,accounts\n{name},\n")
        (tmp_path / f"{number}.md").write_text(f"---\ntemplate: {name}\n---\n")
        assert machines.remote("import", f"{number}.csv").code == 2
        assert machines.remote("create", "--file", f"{number}.md").code == 3
    assert "secret" not in machines.remote("list").out
