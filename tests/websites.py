"""A web site on this machine, whose pages link cards show."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HTML = "text/html; charset=utf-8"


@dataclass
class WebSite:
    """`pages`: type and content by path; what is missing is answered with 404, and None by nothing, until `released`.
    `asked`: how often each was asked for."""

    url: str = ""
    pages: dict[str, tuple[str, bytes] | None] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    released: threading.Event = field(default_factory=threading.Event)

    def add(self, path: str, title: str, picture: str = "") -> str:
        """Add a page; its address."""
        image = f'<meta property="og:image" content="{picture}">' if picture else ""
        head = f'<meta property="og:title" content="{title}"><meta name="description" content="Tea">{image}'
        self.pages[path] = (HTML, f"<html><head>{head}</head></html>".encode())
        return f"{self.url}{path}"


@contextmanager
def web_site() -> Iterator[WebSite]:
    site = WebSite()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked[self.path] += 1
            page = site.pages.get(self.path, ("", b""))
            if page is None:
                site.released.wait(60)
                return
            mime, body = page
            self.send_response(302 if mime == "redirect" else 200 if mime else 404)
            if mime == "redirect":
                self.send_header("Location", body.decode())
            self.send_header("Content-Type", mime or HTML)
            self.send_header("Content-Length", str(len(body) if mime != "huge" else 2_000_000_000))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        site.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield site
        finally:
            site.released.set()
            server.shutdown()
