"""X: the text of a post. Its weighted length, its links, and the text with t.co links that the API returns.

Numbers: twitter-text configuration v3 (280 units of 100; a link counts 23; U+0000-10FF and a few punctuation ranges
count one unit, everything else two; an emoji sequence counts two).
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

MAX_WEIGHTED = 280
LINK_LENGTH = 23
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))

# A bare domain is a link when its ending is one of these; with a scheme any ending is.
_ENDINGS = "com|org|net|edu|gov|info|biz|name|io|co|ai|me|tv|app|dev|shop|blog|xyz|online|site|store|news|live"
_ENDINGS += "|de|uk|fr|eu|us|ca|es|it|nl|jp|br|au|ch|at|be|in|se|no|pl|pt|dk|fi|ie"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+"
_ANY_HOST = r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+"
_PATH = r"(?::\d+)?(?:[/?#][!#-;=?-~\u00C0-\u024F\u0400-\u04FF]*)?"
_LINK = re.compile(
    rf"(?<![@#$\w./-])(?:https?://{_ANY_HOST}[A-Za-z]{{2,}}{_PATH}|{_HOST}(?:{_ENDINGS})(?![A-Za-z0-9@.-]*[A-Za-z0-9@]){_PATH})",
    re.IGNORECASE,
)
_TRAILING = ".,:;!?'\")]}*_~"
_PICTURE = (
    r"[\u00A9\u00AE\u203C\u2049\u2122\u2139\u2190-\u21FF"
    r"\u2300-\u23FF\u25A0-\u27BF\u2934\u2935\u2B00-\u2BFF\u3030\u303D\u3297\u3299\U0001F000-\U0001FAFF]"
)
_DRESS = r"(?:\uFE0F|[\U0001F3FB-\U0001F3FF])?"
_EMOJI = re.compile(
    rf"[\U0001F1E6-\U0001F1FF]{{2}}|[0-9#*]\uFE0F?\u20E3"
    rf"|{_PICTURE}{_DRESS}(?:\u200D{_PICTURE}{_DRESS})*[\U000E0020-\U000E007F]*"
)
_CASHTAG = re.compile(r"(?<![\w$])\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?!\w)")


@dataclass(frozen=True, slots=True)
class Link:
    """One link in a text, at code points `start` to `end` (exclusive)."""

    start: int
    end: int
    url: str


def normalize(text: str) -> str:
    """Return the text as X stores it: NFC, no white space at its ends."""
    return unicodedata.normalize("NFC", text).strip()


def links(text: str) -> list[Link]:
    """Return the links of a text, in order."""
    found = []
    for match in _LINK.finditer(text):
        url = match[0].rstrip(_TRAILING)
        found.append(Link(match.start(), match.start() + len(url), url))
    return found


def weighted_length(text: str) -> int:
    """Return the length of a text in X's units, of which 280 are allowed."""
    total, rest = 0, 0
    for link in links(text):
        total += LINK_LENGTH + _weight(text[rest : link.start])
        rest = link.end
    return total + _weight(text[rest:])


def count_cashtags(text: str) -> int:
    """Return how many cashtags ($ABC) a text has."""
    return len(_CASHTAG.findall(text))


def shorten_links(text: str, post_id: str, photo_url: str | None, media_keys: tuple[str, ...]) -> tuple[str, list[Any]]:
    """Return the text as the API shows it, and its `entities.urls`.

    `& < >` are escaped, every link becomes a t.co link, and attached media add one at the end (`photo_url`).
    """
    parts: list[str] = []
    urls: list[dict[str, Any]] = []
    length, rest = 0, 0

    def add(part: str) -> None:
        nonlocal length
        parts.append(part)
        length += len(part)

    def add_link(expanded: str, **more: str) -> None:
        short = "https://t.co/" + hashlib.sha256(f"{post_id}{len(urls)}".encode()).hexdigest()[:10]
        shown = re.sub(r"^https?://(www\.)?", "", expanded)
        entity = {"start": length, "end": length + len(short), "url": short, "expanded_url": expanded}
        urls.append({**entity, "display_url": shown if len(shown) < 28 else shown[:26] + "…", **more})
        add(short)

    for link in links(text):
        add(html.escape(text[rest : link.start], quote=False))
        add_link(link.url if "://" in link.url else f"http://{link.url}")
        rest = link.end
    add(html.escape(text[rest:], quote=False))
    if photo_url is not None:
        if text:
            add(" ")
        add_link(photo_url, media_key=media_keys[0])
    return "".join(parts), urls


def _weight(text: str) -> int:
    without, emoji = _EMOJI.subn("", text)
    return 2 * emoji + sum(1 if any(low <= ord(c) <= high for low, high in _LIGHT) else 2 for c in without)
