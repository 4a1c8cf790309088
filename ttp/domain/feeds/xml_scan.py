"""One fast pass over XML before feedparser: it refuses what is not a feed or takes too long, and keeps what feedparser
changes or loses: raw ids, and media with their alternative texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal
from xml.parsers import expat

from ttp.domain.feeds.html_text import clean_line
from ttp.domain.feeds.item import FeedMedia, NotAFeed
from ttp.domain.feeds.json_feed import refuse_many
from ttp.domain.feeds.make import web_address

MOST_LEVELS = 100
PAGE = ("is a web page that names no feed", "page")
CUT_OFF = ("is cut off", "cut_off")
_MEDIA = ("http://search.yahoo.com/mrss/", "http://search.yahoo.com/mrss")
_ROOTS = ("rss", "rdf", "feed", "channel")
_SHOWN = ("image", "video", "audio")
_ABOUT = "http://www.w3.org/1999/02/22-rdf-syntax-ns# about"
_BASE = "http://www.w3.org/XML/1998/namespace base"
_CUT = {
    expat.errors.codes[text]
    for text in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
}


@dataclass(slots=True)
class ScannedItem:
    id: str = ""
    is_permalink: bool = True
    media: list[FeedMedia] = field(default_factory=list)


@dataclass(slots=True)
class Scan:
    """`is_broken`: feedparser will read it as a browser reads HTML. `items`: none, if it is not well-formed. `data`:
    without the texts of single media, which feedparser takes for those of the item."""

    data: bytes
    items: list[ScannedItem]
    is_broken: bool


def scan(data: bytes, url: str) -> Scan:
    """Return the items of a document in UTF-8. Raises NotAFeed."""
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    scanner = _Scanner(url, lambda: parser.CurrentByteIndex)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = scanner.begin_doctype
    parser.StartElementHandler = scanner.begin
    parser.EndElementHandler = scanner.end
    parser.CharacterDataHandler = scanner.read
    parser.SkippedEntityHandler = scanner.skip
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        if not scanner.has_root:
            raise NotAFeed("is neither XML nor JSON") from None
        if error.code in _CUT:
            raise NotAFeed(*CUT_OFF) from None
        return Scan(data, [], is_broken=True)
    kept, at = [], 0
    for begin, end in scanner.cuts:
        kept.append(data[at:begin])
        at = data.index(b">", end) + 1
    return Scan(b"".join((*kept, data[at:])), scanner.items, scanner.is_broken)


class _Scanner:
    """`cuts`: where elements begin, and where their end tags do. `_levels`: the base address of each open element. What
    is being read of an item: a `_text` from the level `_text_at`, a `_content` of Media RSS from `_content_at`."""

    def __init__(self, url: str, position: Callable[[], int]) -> None:
        self.cuts: list[tuple[int, int]] = []
        self.items: list[ScannedItem] = []
        self.is_broken = False
        self.has_root = False
        self._levels = [url]
        self._position = position
        self._item_at = self._text_at = self._content_at = 0
        self._text: list[str] = []
        self._begin_at = 0
        self._content: FeedMedia | None = None
        self._thumbnail: FeedMedia | None = None

    def begin_doctype(self, name: str, system: str | None, public: str | None, has_internal_subset: int) -> None:
        if name.lower() == "html":
            raise NotAFeed(*PAGE)
        if has_internal_subset:
            raise NotAFeed("defines entities, which no feed needs", "doctype")

    def skip(self, name: str, is_parameter: bool) -> None:
        self.is_broken = True

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, tag = name.rpartition(" ")
        tag = tag.lower()
        if not self.has_root and tag not in _ROOTS:
            raise NotAFeed(*PAGE) if tag == "html" else NotAFeed("is XML, and no feed")
        self.has_root = True
        base = self._levels[-1]
        self._levels.append(web_address(attributes.get(_BASE), base) or base)
        if len(self._levels) > MOST_LEVELS:
            raise NotAFeed(f"has elements in more than {MOST_LEVELS} levels", "levels")
        if tag in ("item", "entry"):
            self.items.append(ScannedItem(attributes.get(_ABOUT, "")))
            refuse_many(len(self.items))
            self._item_at, self._text_at, self._content_at, self._thumbnail = len(self._levels), 0, 0, None
        elif self._item_at and namespace in _MEDIA:
            self._begin_media(tag, attributes)
        elif len(self._levels) == self._item_at + 1:
            self._begin_child(self.items[-1], tag, attributes)

    def _begin_media(self, tag: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("type", "")
        if tag == "content":
            is_shown = (kind.partition("/")[0] or attributes.get("medium")) in _SHOWN
            self._content_at = len(self._levels)
            self._content = self._media(attributes.get("url"), kind, "media") if is_shown else None
        elif tag == "thumbnail":
            self._thumbnail = self._thumbnail or self._media(attributes.get("url"), "", "media")
        elif tag in ("title", "description") and self._content_at:
            self._text_at, self._text = len(self._levels), []
            self._begin_at = self._position()

    def _begin_child(self, item: ScannedItem, tag: str, attributes: dict[str, str]) -> None:
        media = None
        if tag in ("id", "guid"):
            item.is_permalink = attributes.get("isPermaLink", "true").strip().lower() != "false"
            self._text_at, self._text = len(self._levels), []
        elif tag == "enclosure" or (tag == "link" and attributes.get("rel") == "enclosure"):
            address = attributes.get("url") or attributes.get("href")
            media = self._media(address, attributes.get("type", ""), "enclosure")
        elif tag == "image":  # of iTunes
            media = self._media(attributes.get("href"), "", "media")
        item.media += [media] if media else []

    def _media(self, address: str | None, kind: str, source: Literal["enclosure", "media"]) -> FeedMedia | None:
        whole = web_address(address, self._levels[-1])
        return FeedMedia(whole, kind.strip().lower(), source=source) if whole else None

    def read(self, text: str) -> None:
        if self._text_at:
            self._text.append(text)

    def end(self, name: str) -> None:
        level = len(self._levels)
        self._levels.pop()
        if not self._item_at:
            return
        item = self.items[-1]
        if level == self._text_at:
            text, self._text_at = "".join(self._text), 0
            if level > self._content_at > 0:
                self.cuts.append((self._begin_at, self._position()))
                if name.endswith("description"):
                    self._content = self._content and replace(self._content, alt=clean_line(text))
            else:
                item.id = text
        elif level == self._content_at:
            item.media += [self._content] if self._content else []
            self._content_at = 0
        elif level == self._item_at:
            if self._thumbnail and not any(media.source == "media" for media in item.media):
                item.media.append(self._thumbnail)
            self._item_at = 0
