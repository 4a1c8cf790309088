"""LinkedIn's little text: a reserved character that is not escaped cuts a post off at that place, silently.

See docs/reference/platforms/linkedin.md, section 4. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ttp.domain.text import utf16_length

RESERVED = r"\|{}@[]()<>#*_~"
_ESCAPE = re.compile(f"[{re.escape(RESERVED)}]")
MENTION = re.compile(r"@\[(?P<name>[^\[\]\n]+)\]\((?P<urn>urn:li:(?:organization|person):[A-Za-z0-9_-]+)\)")
_LIKE_A_MENTION = re.compile(r"@\[[^\]\n]*\]\([^)\n]*\)")
_TAG = re.compile(r"(?<![^\s(\"'])#(?=[^\W_]*[^\W\d_])[^\W_]+")
"""A hashtag: letters and digits, with one letter at least. An underscore would have to be escaped in it."""
LINK = re.compile(r"https?://[^\s<>\"]+")
_MARKED = re.compile(f"{MENTION.pattern}|{_TAG.pattern}")
_AFTER_LINK = ".,;:!?'\"”’»)]}"


def escape(text: str) -> str:
    """Escape every reserved character: nothing in the text means anything."""
    return _ESCAPE.sub(r"\\\g<0>", text)


def little_text(text: str) -> str:
    """Return a text as `commentary`: hashtags and mentions work, and every other character is shown as it is."""
    pieces, end = list[str](), 0
    for match in _MARKED.finditer(text):
        mention = match["urn"] is not None
        shown = f"@[{escape(match['name'])}]({match['urn']})" if mention else match[0]
        pieces += [escape(text[end : match.start()]), shown]
        end = match.end()
    return "".join([*pieces, escape(text[end:])])


def text_length(text: str) -> int:
    """Return the length that counts, in UTF-16 code units. Escapes count: LinkedIn does not say that they do not."""
    return utf16_length(little_text(text.strip()))


def find_links(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the links are."""
    for match in LINK.finditer(text):
        yield match.start(), match.start() + len(match[0].rstrip(_AFTER_LINK))


def odd_mentions(text: str) -> Iterator[str]:
    """Yield what looks like a mention and is not one."""
    return (match[0] for match in _LIKE_A_MENTION.finditer(text) if not MENTION.fullmatch(match[0]))
