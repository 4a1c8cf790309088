"""Fetch a feed: one conditional request, of at most 5 MB and 30 seconds. No cookies, no referrer, nothing added.

The address may lead anywhere, so each hop is resolved, checked and connected to as a download is.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPResponse
from io import BytesIO
from typing import NamedTuple
from urllib.parse import urljoin

from ttp.domain.feeds.item import LONGEST_WAIT_S
from ttp.domain.text import clean_text
from ttp.platforms.download import (
    MOST_REDIRECTS,
    REDIRECTS,
    DownloadFailed,
    DownloadTimeouts,
    ask,
    closing_at,
    is_public,
    open_connection,
    parse_download_url,
    receive,
)
from ttp.platforms.http import parse_date
from ttp.platforms.transport import Decompressor

MOST_BYTES = 5_000_000
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)
_PATIENCE, _LONGEST_S = DownloadTimeouts(connect=5.0, read=20.0), 30.0
_PERMANENT = frozenset({301, 308})
_PORTS = frozenset({None, 80, 443})
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_FLAWS = {401: "forbidden", 403: "forbidden", 404: "missing", 410: "gone", 429: "busy", 503: "busy"}


class FoundFeed(NamedTuple):
    url: str
    title: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """A new body. `url`: where it was in the end. `etag`, `last_modified`: to be sent back unchanged. `moved_to`: the
    address that permanent redirects named; store it once it was the same three times within at least 24 hours."""

    body: bytes
    content_type: str
    url: str
    sha256: str
    etag: str | None = None
    last_modified: str | None = None
    check_after_s: int | None = None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """The body is the stored one, by the server's answer or by its hash."""

    etag: str | None = None
    last_modified: str | None = None
    check_after_s: int | None = None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """`reason`: a clause that follows the address. `flaw`: a word for it; `gone` stops the source for good.
    `retry_after_s`: seconds that the server asks to wait, at most a day. `feeds`: those that a page names, where the
    flaw is `page`."""

    reason: str
    flaw: str
    status: int | None = None
    retry_after_s: int | None = None
    feeds: tuple[FoundFeed, ...] = ()

    @property
    def is_gone(self) -> bool:
        return self.flaw == "gone"


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """`etag`, `last_modified`, `sha256`: of the stored body. `allow_private`: also an address that is not on the
    public internet, and any port."""

    address: str
    now: datetime
    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None
    allow_private: bool = False
    accept: str = ACCEPT
    patience: DownloadTimeouts = field(default=_PATIENCE)
    longest_s: float = _LONGEST_S


def fetch(request: FetchRequest) -> Fetched | NotModified | Failed:
    """Fetch a feed. Raises nothing: a failure is part of the answer."""
    end = time.monotonic() + request.longest_s
    try:
        return _fetch(request, end)
    except DownloadFailed as failed:
        if failed.flaw != "slow" and time.monotonic() > end:  # a connection that is cut then fails in many ways
            return Failed(f"takes longer than {request.longest_s:g} s", "slow")
        return Failed(failed.message, failed.flaw)


def _fetch(request: FetchRequest, end: float) -> Fetched | NotModified | Failed:
    url, moved_to, is_permanent = request.address, None, True
    for _ in range(MOST_REDIRECTS + 1):
        parts = parse_download_url(url, loopback=True)  # a public feed may be plain http
        if parts.port not in _PORTS and not request.allow_private:
            raise DownloadFailed(f"names the port {parts.port}, and feeds are on 80 and 443", "port")
        with (
            closing(
                open_connection(parts, request.patience, lambda one: request.allow_private or is_public(one))
            ) as connection,
            closing_at(end, connection),
            closing(ask(connection, parts, _headers(request))) as answer,
        ):
            if answer.status not in REDIRECTS:
                return _read(answer, request, url, moved_to, end)
            is_permanent = is_permanent and answer.status in _PERMANENT
        url = urljoin(url, answer.getheader("Location") or "")
        if parts.scheme == "https" and not url.startswith("https:"):
            raise DownloadFailed("is redirected from https to another scheme", "not_https")
        moved_to = url if is_permanent else moved_to
    raise DownloadFailed(f"is redirected more than {MOST_REDIRECTS} times", "redirects")


def _headers(request: FetchRequest) -> Mapping[str, str]:
    headers = {
        "Accept": request.accept,
        "Accept-Encoding": "gzip",
        "If-None-Match": request.etag,
        "If-Modified-Since": request.last_modified,
    }
    return {name: value for name, value in headers.items() if value}


def _read(
    answer: HTTPResponse, request: FetchRequest, url: str, moved_to: str | None, end: float
) -> Fetched | NotModified | Failed:
    etag, date = answer.getheader("ETag"), _strong_date(answer, request.now)
    wait_s = _check_after_s(answer, request.now)
    if answer.status == 304 and (request.etag or request.last_modified):
        return NotModified(etag or request.etag, date or request.last_modified, wait_s, moved_to)
    if answer.status != 200:
        reason = f"answers {answer.status} {clean_text(answer.reason)}".rstrip()
        retry_s = _retry_after_s(answer, request.now)
        return Failed(reason, _FLAWS.get(answer.status, "status"), answer.status, retry_s)
    body = _Body(answer.getheader("Content-Encoding") or "")
    receive(answer, body, end, MOST_BYTES)
    data = body.getvalue()
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 == request.sha256:
        return NotModified(etag, date, wait_s, moved_to)
    return Fetched(data, answer.getheader("Content-Type") or "", url, sha256, etag, date, wait_s, moved_to)


def _strong_date(answer: HTTPResponse, now: datetime) -> str | None:
    """Return the date of the last change, unless a second change in that second could be missed by it (RFC 9110,
    8.8.2.2)."""
    text = answer.getheader("Last-Modified")
    changed_at, date = parse_date(text), parse_date(answer.getheader("Date")) or now
    return None if changed_at is not None and (date - changed_at).total_seconds() < 1 else text


class _Body(BytesIO):
    """A body, decompressed while it comes. Raises DownloadFailed for too many bytes."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._decompress = Decompressor(encoding.strip().lower())

    def write(self, piece: bytes, /) -> int:  # type: ignore[override]
        data = self._decompress(piece, MOST_BYTES + 1 - self.tell())
        if data is None:
            raise DownloadFailed("is damaged, or in an encoding that was not requested", "encoding")
        if self.tell() + len(data) > MOST_BYTES:
            raise DownloadFailed(f"is larger than {MOST_BYTES // 1_000_000} MB", "too_large")
        return super().write(data)


def _check_after_s(answer: HTTPResponse, now: datetime) -> int | None:
    """Return the seconds for which the server says that its answer holds; None if it does not say."""
    if match := _MAX_AGE.search(answer.getheader("Cache-Control") or ""):
        return min(int(match[1]), LONGEST_WAIT_S)
    expires = parse_date(answer.getheader("Expires"))
    begin = parse_date(answer.getheader("Date")) or now
    return None if expires is None or expires <= begin else _seconds((expires - begin).total_seconds())


def _retry_after_s(answer: HTTPResponse, now: datetime) -> int | None:
    """Return the seconds that a server asks to wait, also in the headers of GitHub."""
    text = (answer.getheader("Retry-After") or "").strip()
    if text.isdecimal():
        return _seconds(float(text[:9]))
    if (date := parse_date(text)) is not None:
        return _seconds((date - now).total_seconds())
    reset = answer.getheader("X-RateLimit-Reset") or ""
    if answer.getheader("X-RateLimit-Remaining") == "0" and reset.isdecimal():
        return _seconds(float(reset[:11]) - now.timestamp())
    return None


def _seconds(wait_s: float) -> int:
    return int(max(0, min(wait_s, LONGEST_WAIT_S)))
