"""The three programs of docs/how-to/any-network.md do what the page says: whole posts, refusals, deletion."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tests.conftest import Program
from ttp.platforms.command.rules import read_rules
from ttp.sandbox.files import PHOTO

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "any-network.md"
_BLOCK = re.compile(r"^`(\w+\.(?:py|toml))`[^\n]*:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Service(BaseHTTPRequestHandler):
    """Answers with `replies`, one after the other, and keeps what it was sent."""

    replies: ClassVar[list[tuple[int, object]]] = []
    seen: ClassVar[list[tuple[str, str, bytes]]] = []

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.command, self.path, body))
        status, answer = self.replies.pop(0)
        data = b"" if status == 204 else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_DELETE = _answer

    def log_message(self, format: str, *args: object) -> None: ...


@contextmanager
def served(*replies: tuple[int, object]) -> Iterator[str]:
    Service.replies[:], Service.seen[:] = replies, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with all programs of the page and their rules."""
    blocks = dict(_BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    assert set(blocks) == {f"{name}.{kind}" for name in ("discord", "telegram", "blog") for kind in ("py", "toml")}
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in blocks.items():
        (programs / name).write_text(text, encoding="utf-8")
        (programs / name).chmod(0o700)
    for program in programs.glob("*.py"):
        read_rules(program)
    return programs


def publish(ttp: Program, folder: Path, name: str, text: str, *more: str) -> dict[str, object]:
    """Publish a post with a program of the page, and return its delivery."""
    ttp.ok("account", "add", f"command/{name}", "--program", str(folder / f"{name}.py"))
    ttp.ok("create", text, "--to", f"command/{name}", "--at", "now", *more)
    ttp("run", "--once")
    (delivery,) = ttp.shown(len(ttp.ok("list", "--json").json))["deliveries"]
    return delivery  # type: ignore[no-any-return]  # JSON


def test_discord(ttp: Program, folder: Path) -> None:
    photo = ("--media", str(PHOTO), "--alt", "A cup")
    with served((200, {"id": "77"}), (204, None), (400, {"message": "no"}), (503, {})) as url:
        (folder / "discord.url").write_text(f"{url}/webhooks/1/t\n")
        done = publish(ttp, folder, "discord", "Hello @everyone", *photo)
        assert (done["state"], done["remoteId"]) == ("published", "77")
        method, path, body = Service.seen[0]
        assert (method, path) == ("POST", "/webhooks/1/t?wait=true")
        assert PHOTO.read_bytes() in body
        assert b'"allowed_mentions": {"parse": []}' in body
        assert b"A cup" in body
        ttp.ok("delete", "1", "--remote", "--yes")
        assert Service.seen[1][:2] == ("DELETE", "/webhooks/1/t/messages/77")
        ttp.ok("create", "Bad", "--to", "command/discord", "--at", "now")
        ttp("run", "--once")
        assert ttp.shown(2)["deliveries"][0]["state"] == "failed"
        ttp.ok("create", "Lost", "--to", "command/discord", "--at", "now")
        ttp("run", "--once")
        ttp.clock.advance(3600)
        ttp("run", "--once")
        assert ttp.shown(3)["deliveries"][0]["state"] == "needs_review"
        assert len(Service.seen) == 4


def test_telegram(ttp: Program, folder: Path) -> None:
    sent = {"ok": True, "result": {"message_id": 5, "chat": {"id": -100, "username": "beans"}}}
    second = {"ok": True, "result": {"message_id": 6, "chat": {"id": -100}}}
    slow = {"ok": False, "error_code": 429, "description": "Too Many", "parameters": {"retry_after": 9}}
    with served((200, sent), (200, {"ok": True}), (429, slow), (200, second)) as url:
        (folder / "telegram.json").write_text(json.dumps({"token": "1:a", "chat": "@beans", "api": url}))
        done = publish(ttp, folder, "telegram", "Hello", "--media", str(PHOTO))
        assert (done["state"], done["url"]) == ("published", "https://t.me/beans/5")
        assert Service.seen[0][1] == "/bot1:a/sendPhoto"
        assert PHOTO.read_bytes() in Service.seen[0][2]
        ttp.ok("delete", "1", "--remote", "--yes")
        assert Service.seen[1][1] == "/bot1:a/deleteMessage"
        assert b"-100\r\n" in Service.seen[1][2]
        ttp.ok("create", "Text", "--to", "command/telegram", "--at", "now")
        ttp("run", "--once")
        assert ttp.shown(2)["deliveries"][0]["state"] == "retrying"
        ttp.clock.advance(60)
        ttp("run", "--once")
        assert ttp.shown(2)["deliveries"][0]["state"] == "published"
        assert Service.seen[3][1] == "/bot1:a/sendMessage"


def test_blog(ttp: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "blog")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "blog@example.org")
    remote, clone = folder / "remote.git", folder / "blog"

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout

    git("init", "-q", "--bare", "-b", "main", str(remote))
    git("clone", "-q", str(remote), str(clone))
    git("-C", str(clone), "commit", "-q", "--allow-empty", "-m", "Start")
    git("-C", str(clone), "push", "-q", "-u", "origin", "HEAD:main")
    git("-C", str(clone), "branch", "-q", "-u", "origin/main")
    done = publish(
        ttp, folder, "blog", "Fresh beans\nOn Friday", "--media", str(PHOTO), "--set", "command.title=New beans"
    )
    assert done["state"] == "published"
    files = git("-C", str(remote), "ls-tree", "-r", "--name-only", "main").split()
    assert files == [f"content/{done['remoteId']}.md", f"static/{done['remoteId']}/1.jpg"]
    assert 'title: "New beans"' in git("-C", str(remote), "show", f"main:{files[0]}")
    program = [str(folder / "blog.py")]
    for verb, answer in (("lookup", {"found": True, "id": done["remoteId"]}), ("publish", {"id": done["remoteId"]})):
        order = json.dumps({"verb": verb, "key": done["remoteId"], "text": "x", "media": [], "options": {}})
        ran = subprocess.run(program, input=order, check=True, capture_output=True, text=True)
        assert json.loads(ran.stdout) == answer
    assert len(git("-C", str(remote), "rev-list", "main").split()) == 2, "publishing again changes nothing"
    ttp.ok("delete", "1", "--remote", "--yes")
    assert git("-C", str(remote), "ls-tree", "-r", "--name-only", "main") == ""
