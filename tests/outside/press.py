"""A press on a loopback port: the server that the platform of tests/outside/paper prints on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

PASSWORD = "correct horse"
TOKEN = "token-of-the-press"


@dataclass
class Press:
    """What a press has: its pages by id, and the ids by the keys under which they were printed."""

    url: str = ""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    most: int = 40
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    refuses: bool = False
    calls_left: int = 900
    lose_answers: int = 0
    """How many printing calls are carried out, and their answers lost."""
    requests: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    @property
    def handle(self) -> str:
        return f"me@{urlsplit(self.url).netloc}"

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, token: str) -> tuple[int, object]:
        """Return the status and the JSON of an answer."""
        self.requests.append(f"{method} {path}")
        if (method, path) == ("POST", "/session"):
            fits = body == {"handle": self.handle, "password": PASSWORD}
            return (200, {"token": TOKEN}) if fits else (401, {"error": "bad_password"})
        if token not in self.tokens:
            return 401, {"error": "bad_token"}
        match method, path.split("/")[1:]:
            case "DELETE", ["session"]:
                self.tokens.discard(token)
                return 200, {}
            case "GET", ["me"]:
                return 200, {"id": "7", "handle": self.handle, "press": {"most": self.most}}
            case "POST", ["pages"]:
                return self._print(body)
            case "GET", ["pages"]:
                ids = self.keys.get(query["key"])
                return (200, {"pages": ids}) if ids else (404, {"error": "no_page"})
            case "DELETE", ["pages", page]:
                return (200 if self.pages.pop(page, None) else 404), {"gone": True}
            case "GET", ["numbers"]:
                ids = query["ids"].split(",") if "ids" in query else list(self.pages)
                return 200, {"numbers": [self.pages[one] for one in ids if one in self.pages]}
        return 404, {"error": "no_such_place"}

    def _print(self, body: Any) -> tuple[int, object]:
        if self.refuses or any(len(part) > self.most for part in body["parts"]):
            return 422, {"error": "refused"}
        if body["keys"][0] not in self.keys:
            at = int(self.now().timestamp() * 1000)
            ids = [str(len(self.pages) + number + 1) for number in range(len(body["parts"]))]
            for page, text in zip(ids, body["parts"], strict=True):
                self.pages[page] = {"id": page, "text": text, "ink": body["ink"], "hearts": 3, "at": at, "of": ids[0]}
            self.keys[body["keys"][0]] = ids
        return 201, {"pages": self.keys[body["keys"][0]]}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    press: Press

    def _serve(self) -> None:
        press, split = self.press, urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        token = self.headers.get("authorization", "").removeprefix("Bearer ")
        with press.lock:
            body = json.loads(raw) if raw else None
            status, said = press.answer(self.command, split.path, query, body, token)
            lost = press.lose_answers > 0 and (self.command, split.path) == ("POST", "/pages")
            press.lose_answers -= lost
        if lost:
            self.close_connection = True
            return
        data = json.dumps(said).encode()
        self.send_response_only(status)
        self.send_header("Date", format_datetime(press.now(), usegmt=True))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Calls-Left", str(press.calls_left))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = _serve

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing."""


@contextmanager
def running_press(now: Callable[[], datetime]) -> Iterator[Press]:
    """Run a press on a free loopback port for as long as the block runs."""
    press = Press(now=now)
    handler = type("Handler", (_Handler,), {"press": press})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        press.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield press
        finally:
            server.shutdown()
            thread.join()
