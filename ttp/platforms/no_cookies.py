"""The cookie jar of clients that keep no cookie: it takes none and adds none, and spends no time on finding that out.

httpx insists on a jar, and a standard one parses every answer before its policy refuses what is in it.
"""

from __future__ import annotations

from http.client import HTTPResponse
from http.cookiejar import CookieJar
from urllib.request import Request


class NoCookies(CookieJar):
    """Always empty."""

    def extract_cookies(self, response: HTTPResponse, request: Request) -> None:
        """Take nothing."""

    def add_cookie_header(self, request: Request) -> None:
        """Add nothing."""
