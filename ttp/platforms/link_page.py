"""The page behind a link card: its title, description and picture (Open Graph). Any platform may show them."""

from __future__ import annotations

import codecs
import io
import queue
import re
import time
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from threading import Thread
from urllib.parse import urljoin

from ttp.domain.media.image_fit import EXTRA, ImageForm
from ttp.domain.media.item import MediaItem
from ttp.platforms.download import DownloadFailed, DownloadTimeouts, fetch, parse_download_url

MOST_PAGE, MOST_PICTURE, MOST_FETCHED = 2_000_000, 1_000_000, 10_000_000
EACH_S = 5.0
"""Seconds that a page and its picture may take together."""
AT_ONCE = 4
_MAY_PASS = frozenset({"unknown_host", "unreachable", "no_answer", "slow", "cut_off", "missing", "status"})
"""Flaws of a page that may be live later."""
MOST_PIXELS = 50_000_000
_MOST_TITLE, _MOST_DESCRIPTION = 300, 300
_FORM = ImageForm("card", ("image/jpeg", "image/png"), MOST_PICTURE, box=(2000, 2000))
_PICTURES = re.compile(
    rb"(?P<jpeg>\xff\xd8\xff)|(?P<png>\x89PNG)|(?P<gif>GIF8)|(?P<webp>RIFF....WEBP)|(?P<avif>....ftypavi[fs])",
    re.DOTALL,
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*(?:[a-z]-)?([\w-]{1,40})", re.ASCII | re.IGNORECASE)
_META = re.compile(rb"<meta\s[^>]{1,300}", re.IGNORECASE)
_META_WITHIN = 4096
_CODECS = re.compile(r"iso8859-\d+|cp\d+|koi8-[ru]|shift_jis|euc_(?:jp|kr)|iso2022_jp|gb2312|gbk|gb18030|big5")
_WIDER = {"iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"}
"""What browsers read these as: a superset."""


@dataclass(frozen=True, slots=True)
class LinkedPage:
    """The Open Graph data of a page. `picture`: the whole address of its picture."""

    title: str
    description: str
    picture: str | None = None


class NoPicture(Exception):
    """Why a card has no picture."""


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """What a card shows of a page: its picture's bytes as JPEG or PNG, or why it has none."""

    title: str
    description: str
    picture: bytes | None = None
    no_picture: str | None = None


@dataclass(frozen=True, slots=True)
class NoPage:
    """Why a page cannot be shown, as a clause that follows its address. `may_pass`: later it may be live."""

    why: str
    may_pass: bool


def fetch_page(url: str, *, loopback: bool = False, seconds: float = EACH_S) -> FetchedPage | NoPage:
    """Fetch a page and its picture once. Raises nothing: whatever a page holds is its author's."""
    end = time.monotonic() + seconds

    def receive(address: str, most: int, accept: str) -> tuple[bytes, str]:
        body, rest_s = io.BytesIO(), max(end - time.monotonic(), 0.01)
        timeouts = DownloadTimeouts(rest_s, rest_s)
        kind = fetch(address, body, timeouts, loopback=loopback, most=most, accept=accept, longest_s=rest_s)
        return body.getvalue(), kind

    try:
        page = read_page(decode_page(*receive(url, MOST_PAGE, "text/html, application/xhtml+xml")), url)
    except DownloadFailed as error:
        return NoPage(error.message, error.flaw in _MAY_PASS)
    except Exception as fault:  # noqa: BLE001 (whatever a page holds, the post is stored and published)
        return NoPage(f"cannot be read ({type(fault).__name__})", may_pass=False)
    if page.picture is None:
        return FetchedPage(page.title, page.description)
    try:
        accept = "image/jpeg, image/png, image/webp, image/avif, image/gif"
        picture = fit_picture(receive(page.picture, MOST_FETCHED, accept)[0])
    except DownloadFailed as error:
        return FetchedPage(page.title, page.description, no_picture=f"{page.picture} {error.message}")
    except NoPicture as why:
        return FetchedPage(page.title, page.description, no_picture=str(why))
    return FetchedPage(page.title, page.description, picture)


def fetch_pages(urls: Iterable[str], *, loopback: bool, seconds: float) -> dict[str, FetchedPage | NoPage]:
    """Fetch pages, four at a time, for at most `seconds` in all. What is not there by then is left out."""
    todo, done = deque(urls), queue.SimpleQueue[tuple[str, FetchedPage | NoPage]]()
    count = len(todo)
    end = time.monotonic() + min(seconds, EACH_S * -(-count // AT_ONCE))

    def work() -> None:
        with suppress(IndexError):
            while (rest_s := end - time.monotonic()) > 0:
                url = todo.popleft()
                done.put((url, fetch_page(url, loopback=loopback, seconds=min(EACH_S, rest_s))))

    for _ in range(min(count, AT_ONCE)):
        Thread(target=work, name="ttp-cards", daemon=True).start()  # a name that is looked up may take long
    pages: dict[str, FetchedPage | NoPage] = {}
    with suppress(queue.Empty):
        while len(pages) < count and (rest_s := end - time.monotonic()) > 0:
            url, page = done.get(timeout=rest_s)
            pages[url] = page
    return pages


def fit_picture(data: bytes) -> bytes:
    """Return a picture as a card takes it: a JPEG or PNG, converted if it must be. Raises NoPicture."""
    match = _PICTURES.match(data)
    if match is None or match.lastgroup is None:
        raise NoPicture("it is not an image that ttp can read")
    mime = f"image/{match.lastgroup}"
    if mime in _FORM.mimes and len(data) <= MOST_PICTURE:
        return _checked(data)
    from ttp.platforms.image_conversion import CannotConvert, PillowMissing, convert_to_jpeg

    try:
        item = MediaItem("picture", mime, len(data), "")
        return convert_to_jpeg(io.BytesIO(data), item, _FORM, first_frame=True)
    except CannotConvert as error:
        raise NoPicture(f"it cannot be converted: {error}") from None
    except PillowMissing:
        raise NoPicture(f"it has to be converted first, and that needs {EXTRA}") from None


def _checked(data: bytes) -> bytes:
    """Return a picture that is sent unchanged. Raises NoPicture for one that fills the memory of who shows it."""
    from ttp.domain.media.probe import UnusableMedia, read_facts

    try:
        facts = read_facts(lambda at, length: data[at : at + length], len(data))
    except UnusableMedia as error:
        raise NoPicture(f"it {error.message}") from None
    if (pixels := (facts.width or 0) * (facts.height or 0)) > MOST_PIXELS:
        million = 1_000_000
        raise NoPicture(f"it has {pixels // million:,} million pixels, and a card takes {MOST_PIXELS // million}")
    return data


def decode_page(body: bytes, content_type: str) -> str:
    """Return the text of a page. Valid UTF-8 is read as that, whatever it is called: others take any bytes."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace")
    if (half := _utf16(body)) is not None:
        return body.decode(half, "replace")
    text = body.decode("utf-8-sig", "replace")
    broken = text.count("\ufffd")
    if (broken or body.isascii()) and (codec := _codec(body, content_type)) is not None:
        return body.decode(codec, "replace")
    right = sum(not sign.isascii() for sign in text) - broken
    return text if right >= broken else body.decode("cp1252", "replace")


def _utf16(body: bytes) -> str | None:
    """Return the byte order of a page in UTF-16 that does not say so: its markup has a zero in every other byte."""
    head = body[:64]
    zeros = [head[start::2].count(0) * 4 > len(head) for start in (0, 1)]
    return None if zeros[0] == zeros[1] else "utf-16-be" if zeros[0] else "utf-16-le"


def _codec(body: bytes, content_type: str) -> str | None:
    """Return the charset that the header names, else the page; None for UTF-8, an unknown one, or none."""
    head = " ".join(tag.decode("ascii", "replace") for tag in _META.findall(body[:_META_WITHIN]))
    match = _CHARSET.search(content_type) or _CHARSET.search(head)
    try:
        name = codecs.lookup(match[1]).name if match else ""
    except LookupError:
        return None
    return _WIDER.get(name, name) if _CODECS.fullmatch(name) else None


def read_page(text: str, url: str) -> LinkedPage:
    """Return what the head of a page says; the address itself where it has no title."""
    reader = _HeadReader()
    reader.feed(text)
    properties = reader.said
    title = _property(properties, "title") or reader.title or url
    description = properties.get("og:description") or properties.get("description") or ""
    picture = _property(properties, "image")
    address = urljoin(url, picture) if picture else None
    if address is not None:
        try:
            parse_download_url(address, loopback=True)
        except DownloadFailed:
            address = None
    return LinkedPage(_line(title)[:_MOST_TITLE] or url[:_MOST_TITLE], _line(description)[:_MOST_DESCRIPTION], address)


def _property(properties: Mapping[str, str], name: str) -> str | None:
    """Return a property of Open Graph, else the one of that name in another vocabulary."""
    return properties.get(f"og:{name}") or next(
        (value for key, value in properties.items() if key.endswith(f":{name}")), None
    )


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
