"""Clean texts of platforms and programs for display: one line, no control characters, limited length, no secrets. Never
used on anything that is compared or sent back, but for `storable` and `without_hidden`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 300
"""Characters of a platform's text that are kept."""
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_HIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
_NO_TEXT = re.compile("[\\0\\ud800-\\udfff]")


def storable(value: object) -> object:
    """Return a JSON value of a platform or program with U+FFFD in place of NUL, which PostgreSQL does not keep, and of
    half characters, which no database keeps. Not without them: an id would become another one."""
    if type(value) is str:
        return _NO_TEXT.sub("\ufffd", value)
    if isinstance(value, list):
        return [storable(one) for one in value]
    if isinstance(value, dict):
        return {storable(name): storable(one) for name, one in value.items()}
    return value


def clean_text(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` as one line of at most LONGEST characters; control, bidi and lone surrogate characters become `\\u202e`.

    Every occurrence of one of `secrets` becomes `[secret]`: some platforms quote the token they refuse.
    """
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    line = "".join(_visible(character) for character in " ".join(text[: 4 * LONGEST].split()))
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _visible(character: str) -> str:
    if character in _BIDI or unicodedata.category(character) in _HIDDEN:
        return f"\\u{ord(character):04x}"
    return character


def without_hidden(text: str) -> str:
    """Return a text of others in which no character controls a terminal or the direction of text. Lines stay."""
    kept = text.replace("\u2028", "\n").replace("\u2029", "\n").replace("\t", " ")
    return "".join(
        sign for sign in kept if sign == "\n" or not (sign in _BIDI or unicodedata.category(sign) in _HIDDEN)
    )


def utf16_length(text: str) -> int:
    """Return the UTF-16 code units of `text`: what TikTok counts. Instagram does not document what it counts; this is
    the larger of code units and code points."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
