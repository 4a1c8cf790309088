"""The columns of a terminal that a text takes; texts cut, padded and wrapped by columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"
_SKIN = range(0x1F3FB, 0x1F400)
_KEYCAPS = "#*0123456789"


def columns(text: str) -> int:
    """Return the columns of a text: wide characters take two, combining marks none, a joined emoji two."""
    return len(text) if text.isascii() else sum(width for _, width in _clusters(text))


def widest(text: str) -> int:
    """Return the columns on a terminal that draws the parts of a joined emoji side by side."""
    return len(text) if text.isascii() else sum(width for _, width in _clusters(text, apart=True))


def cut(text: str, most: int) -> str:
    """Cut a text to `most` columns on every terminal; a text that is too long ends in an ellipsis."""
    if widest(text) <= most:
        return text
    return _head(text, most - 1) + "…" if most > 0 else ""


def pad(text: str, to: int) -> str:
    """Fill a text with blanks to `to` columns."""
    return text + " " * (to - columns(text))


def wrap(text: str, most: int) -> list[str]:
    """Break a text at blanks into lines of at most `most` columns (at least two); longer words are broken too."""
    most = max(most, 2)
    if widest(text) <= most:
        return [text]
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if widest(joined) <= most:
            lines[-1] = joined
            continue
        rest = word
        while rest:
            head = _head(rest, most) or next(_clusters(rest))[0]
            rest = rest[len(head) :]
            lines.append(head)
    return [line for line in lines if line]


_PROGRAM = r"(?:ttp|pip|pipx|uv|export|loginctl|rm|kill|ls|diff) "
_LABEL = r"(?:try|fix|see|draft): "
_COMMAND = (
    rf"(?:(?<=  )|(?<=try: )|(?<=fix: )|(?<=see: )|(?<=draft: )){_PROGRAM}(?:(?!  |; {_LABEL}).)*"
    rf"|(?<!\S)\((?:or: )?{_PROGRAM}[^()]*\)\S*"
)
"""A command to copy: after two blanks or the label of a hint, or in parentheses."""
_COLUMNS = re.compile(r" *(?:\S+ {2,}){2,}(?=\S)")
"""The columns before the last one of a row; each is one word."""


def wrap_sentence(text: str, most: int) -> list[str]:
    """Break a sentence at blanks into lines of about `most` columns, further lines indented by two more.

    Never breaks a word, such as a URL, or a command to copy, even if it is longer than the line. After two or more
    columns of one word each, further lines start in the last column.
    """
    indent = len(text) - len(text.lstrip(" "))
    if widest(text) <= most:
        return [text]
    head = match[0] if (match := _COLUMNS.match(text)) and len(match[0]) < most // 2 else ""
    lines, gap = [head or " " * indent], ""
    for word in _unbreakable(text, len(head) or indent):
        if lines[-1] != head and lines[-1].strip() and widest(lines[-1] + gap + word) > most:
            lines.append(" " * (len(head) or indent + 2))
            gap = ""
        lines[-1] += gap + word
        gap = "  " if word.endswith(" ") else " "
        lines[-1] = lines[-1].rstrip(" ") or lines[-1]
    return lines


def _unbreakable(text: str, place: int) -> Iterator[str]:
    """Yield the words and whole commands from a place on. A word before two blanks ends in one blank."""
    for match in (*re.compile(_COMMAND).finditer(text, place), None):
        prose = text[place : match.start() if match else len(text)]
        yield from (word.replace("\0", " ") for word in prose.replace("  ", "\0 ").split(" ") if word.strip("\0"))
        if match:
            yield match[0]
            place = match.end()


def turns(text: str) -> bool:
    """Return whether a terminal may draw a part of the text, and of what follows it, from right to left."""
    return not text.isascii() and any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in text)


def _head(text: str, most: int) -> str:
    """Return the longest beginning of a text within `most` columns that splits no character from its marks."""
    used = end = 0
    for cluster, width in _clusters(text, apart=True):
        if used + width > most:
            break
        used += width
        end += len(cluster)
    return text[:end]


def _clusters(text: str, *, apart: bool = False) -> Iterator[tuple[str, int]]:
    """Yield each character with its marks, skin tones and joined emoji, and its columns.

    `apart`: skin tones and joined emoji take columns of their own, as on terminals that do not know them.
    """
    start = width = beside = 0
    for place, char in enumerate(text):
        own = _own(char)
        before = text[place - 1] if place else ""
        joined = before == _JOINER and width == 2 and (own == 2 or unicodedata.category(char) == "So")
        if place and (own == 0 or joined or (ord(char) in _SKIN and width == 2)):
            if char == _EMOJI_STYLE and width == 1 and (before > "\x7f" or before in _KEYCAPS):
                width = 2
            beside += own if apart else 0
            continue
        if place:
            yield text[start:place], width + beside
        start, width, beside = place, own, 0
    if text:
        yield text[start:], width + beside


def _own(char: str) -> int:
    """Return the columns of a single character."""
    if char < "\u0300":
        # U+00AD is a format character that terminals draw all the same.
        return 1
    if "\u1160" <= char <= "\u11ff" or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        # Vowels and finals of Hangul are drawn into the syllable that they follow.
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
