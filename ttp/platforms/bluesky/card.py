"""A link card: the title, description and picture of a page (Open Graph)."""

from __future__ import annotations

import codecs
import io
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin

from ttp.domain.media.image_fit import EXTRA, ImageForm
from ttp.domain.media.item import MediaItem
from ttp.platforms.download import DownloadFailed, DownloadTimeouts, fetch, parse_download_url

MOST_PAGE, MOST_PICTURE, MOST_FETCHED = 2_000_000, 1_000_000, 10_000_000
_MOST_TITLE, _MOST_DESCRIPTION = 300, 1000
_FORM = ImageForm("card", ("image/jpeg", "image/png"), MOST_PICTURE, box=(2000, 2000))
_PICTURES = re.compile(
    rb"(?P<jpeg>\xff\xd8\xff)|(?P<png>\x89PNG)|(?P<gif>GIF8)|(?P<webp>RIFF....WEBP)|(?P<avif>....ftypavi[fs])",
    re.DOTALL,
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w-]{1,40})", re.ASCII | re.IGNORECASE)
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


def fetch_page(url: str, patience: DownloadTimeouts, *, loopback: bool = False) -> LinkedPage:
    """Fetch a page once and read its Open Graph data. Raises DownloadFailed."""
    body = io.BytesIO()
    accept = "text/html, application/xhtml+xml"
    content_type = fetch(url, body, patience, loopback=loopback, most=MOST_PAGE, accept=accept)
    return read_page(decode_page(body.getvalue(), content_type), url)


class NoPicture(Exception):
    """Why a card has no picture."""


def fetch_picture(url: str, patience: DownloadTimeouts, *, loopback: bool = False) -> tuple[bytes, str]:
    """Fetch a page's picture: its bytes and type. Raises NoPicture."""
    body = io.BytesIO()
    accept = "image/jpeg, image/png, image/webp, image/avif, image/gif"
    try:
        fetch(url, body, patience, loopback=loopback, most=MOST_FETCHED, accept=accept)
    except DownloadFailed as error:
        raise NoPicture(f"{url} {error.message}") from None
    return fit_picture(body.getvalue())


def fit_picture(data: bytes) -> tuple[bytes, str]:
    """Return a picture as a card takes it, converted if it must be, and its type. Raises NoPicture."""
    match = _PICTURES.match(data)
    if match is None or match.lastgroup is None:
        raise NoPicture("it is not an image that ttp can read")
    mime = f"image/{match.lastgroup}"
    if mime in _FORM.mimes and len(data) <= MOST_PICTURE:
        return data, mime
    from ttp.platforms.image_conversion import CannotConvert, PillowMissing, convert_to_jpeg

    try:
        item = MediaItem("picture", mime, len(data), "")
        return convert_to_jpeg(io.BytesIO(data), item, _FORM, first_frame=True), "image/jpeg"
    except CannotConvert as error:
        raise NoPicture(f"it cannot be converted: {error}") from None
    except PillowMissing:
        raise NoPicture(f"it has to be converted first, and that needs {EXTRA}") from None


def decode_page(body: bytes, content_type: str) -> str:
    """Return the text of a page. Valid UTF-8 is read as that, whatever it is called: others take any bytes."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace")
    text = body.decode("utf-8-sig", "replace")
    broken = text.count("\ufffd")
    if (broken or body.isascii()) and (codec := _codec(body, content_type)) is not None:
        return body.decode(codec, "replace")
    right = sum(not sign.isascii() for sign in text) - broken
    return text if right >= broken else body.decode("cp1252", "replace")


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
