"""A link card: the title, description and picture of a page (Open Graph)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin

from ttp.platforms.download import DownloadFailed, DownloadTimeouts, fetch, parse_download_url

MOST_PAGE, MOST_PICTURE = 2_000_000, 1_000_000
_MOST_TITLE, _MOST_DESCRIPTION = 300, 1000
_PICTURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png"}


@dataclass(frozen=True, slots=True)
class LinkedPage:
    """The Open Graph data of a page. `picture`: the whole address of its picture."""

    title: str
    description: str
    picture: str | None = None


def fetch_page(url: str, patience: DownloadTimeouts, *, loopback: bool = False) -> LinkedPage:
    """Fetch a page once and read its Open Graph data. Raises DownloadFailed."""
    body = io.BytesIO()
    fetch(url, body, patience, loopback=loopback, most=MOST_PAGE, accept="text/html, application/xhtml+xml")
    return read_page(body.getvalue().decode("utf-8", "replace"), url)


def fetch_picture(url: str, patience: DownloadTimeouts, *, loopback: bool = False) -> tuple[bytes, str] | None:
    """Fetch a page's picture: its bytes and type. None where no image fits: the card then has no picture."""
    body = io.BytesIO()
    try:
        fetch(url, body, patience, loopback=loopback, most=MOST_PICTURE, accept="image/jpeg, image/png")
    except DownloadFailed:
        return None
    data = body.getvalue()
    mime = next((mime for head, mime in _PICTURES.items() if data.startswith(head)), None)
    return (data, mime) if mime else None


def read_page(text: str, url: str) -> LinkedPage:
    """Return what the head of a page says; the address itself where it has no title."""
    reader = _HeadReader()
    reader.feed(text)
    properties = reader.said
    title = properties.get("og:title") or properties.get("twitter:title") or reader.title or url
    description = properties.get("og:description") or properties.get("description") or ""
    picture = properties.get("og:image") or properties.get("twitter:image")
    address = urljoin(url, picture) if picture else None
    if address is not None:
        try:
            parse_download_url(address, loopback=True)
        except DownloadFailed:
            address = None
    return LinkedPage(_line(title)[:_MOST_TITLE], _line(description)[:_MOST_DESCRIPTION], address)


class _HeadReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: dict[str, str] = {}
        self.title = ""
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_title = tag == "title" and not self.title
        if tag == "meta":
            attributes = dict(attrs)
            name, content = attributes.get("property") or attributes.get("name"), attributes.get("content")
            if name and content:
                self.said.setdefault(name.lower(), content)

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data


def _line(text: str) -> str:
    return " ".join(text.encode("utf-8", "replace").decode().split())
