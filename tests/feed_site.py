"""A feed on this machine: its items, or the next scripted answers."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a feed: named by its link, without more said."""

    name: str
    title: str | None = None
    text: str = ""
    guid: str | None = None
    link: str | None = None
    at: datetime | None = None
    category: str = ""
    picture: str = ""

    def xml(self) -> str:
        link = self.link or f"https://blog.example.org/{self.name}"
        title = f"Title {self.name}" if self.title is None else self.title
        parts = {"title": title, "link": link, "guid": self.guid or link, "description": self.text}
        parts |= {"category": self.category, "pubDate": format_datetime(self.at) if self.at else ""}
        more = f'<enclosure url="{escape(self.picture)}" type="image/png" length="9"/>' if self.picture else ""
        return more + "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parts.items() if value)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def rss(*items: Item) -> bytes:
    body = "".join(f"<item>{one.xml()}</item>" for one in items)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Blog</title>{body}</channel></rss>'.encode()


@dataclass
class FeedSite:
    """`answers`: the next ones, before the feed itself is answered. `asked`: the headers of each request."""

    url: str = ""
    body: bytes = b""
    answers: deque[Answer] = field(default_factory=deque)
    asked: list[Mapping[str, str]] = field(default_factory=list)

    @property
    def feed(self) -> str:
        return f"{self.url}/feed.xml"

    def has(self, *items: Item | str) -> None:
        """Let the feed have these items, newest first."""
        self.body = rss(*(Item(one) if isinstance(one, str) else one for one in items))

    def answer(self, headers: Mapping[str, str]) -> Answer:
        self.asked.append(headers)
        if self.answers:
            return self.answers.popleft()
        etag = f'W/"{sha256(self.body).hexdigest()[:8]}"'
        if headers.get("If-None-Match") == etag:
            return Answer(304)
        return Answer(200, self.body, {"ETag": etag, "Content-Type": "application/rss+xml"})


@contextmanager
def feed_site() -> Iterator[FeedSite]:
    site = FeedSite()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = site.answer(dict(self.headers))
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        site.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield site
        finally:
            server.shutdown()
