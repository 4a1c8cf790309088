"""Whether a post that X lists is the text that was sent, and when a post was made. Pure; never asks X.

X returns links as t.co, `& < >` as HTML entities, and the text trimmed and NFC-normalised.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import unquote

from ttp.domain.time.clock import from_ms
from ttp.platforms.reply import dig

X_EPOCH_MS = 1_288_834_974_657
"""2010-11-04T01:42:54.657Z, from which X counts the milliseconds in the upper bits of its ids."""

_ENTITY = re.compile(r"&(amp|lt|gt);")
_CHARACTER = {"amp": "&", "lt": "<", "gt": ">"}
_SHORT_LINK = re.compile(r"https?://t\.co/\w+", re.ASCII)
_OWN_MEDIA = re.compile(r"https://(?:x|twitter|pic\.twitter|pic\.x)\.com/\S*/(?:photo|video)/\d+")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_SLASH = re.compile(r"/(?=[.,;:!?'\"»”’…)\]}]*(?:\s|$))")


def created_at(post_id: str) -> datetime:
    """When a post was made: its id is a snowflake with milliseconds since X's epoch above 22 bits."""
    return from_ms((int(post_id) >> 22) + X_EPOCH_MS)


def is_same_text(sent: str, post: Mapping[str, object]) -> bool:
    """Whether `post`, as X lists it, has the text that was sent."""
    listed = post.get("text")
    return isinstance(listed, str) and canonical(sent) == canonical(original(listed, post))


def original(listed: str, post: Mapping[str, object]) -> str:
    """A listed text with its entities undone and its t.co links put back; links to its own media are dropped."""
    urls = dig(post, "entities", "urls")
    behind = dict(_links(urls if isinstance(urls, list) else ()))
    plain = _ENTITY.sub(lambda found: _CHARACTER[found[1]], listed)
    return _SHORT_LINK.sub(lambda found: behind.get(found[0], found[0]), plain)


def canonical(text: str) -> str:
    """`text` for comparing: NFC, trimmed, URLs without scheme, trailing slash and percent-encoding.

    X adds a scheme to bare domains and a slash to bare hosts, and encodes what is not ASCII in a path.
    """
    bare = _SLASH.sub("", _SCHEME.sub("", unquote(text.replace("\r\n", "\n").strip())))
    return unicodedata.normalize("NFC", bare).strip()


def _links(urls: Iterable[object]) -> Iterable[tuple[str, str]]:
    for url in urls:
        short, expanded = dig(url, "url"), dig(url, "expanded_url")
        if isinstance(short, str) and isinstance(expanded, str):
            own = dig(url, "media_key") is not None or _OWN_MEDIA.fullmatch(expanded) is not None
            yield short, "" if own else expanded
