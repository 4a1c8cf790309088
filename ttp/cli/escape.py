r"""Makes foreign text safe for a terminal, a TSV cell and a line of JSON.

Unsafe are control characters (C0, DEL, C1, and so ESC), characters that reorder or break lines (bidi controls, line
and paragraph separators, interlinear marks) and lone surrogates, which cannot be encoded. They are escaped, never
dropped.

The escapes of a TSV cell are `\n`, `\t`, `\\`, `\xNN` below U+0100 and `\uNNNN` above. Replacing them in order gives
the exact text back.
"""

from __future__ import annotations

import re

_UNSAFE = r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\ud800-\udfff"
_unsafe = re.compile(f"[{_UNSAFE}]")
_unsafe_or_backslash = re.compile(rf"[\\{_UNSAFE}]")
_blank = re.compile(r"[ \t\r\n]+")
_PLAIN = str.maketrans("█▉▊▋▌▍▎▏░▒▓★·…✓┄─│●◌○▸├", "####=   -=%*.~+--|o:.>|")
_SHORT = {"\n": r"\n", "\t": r"\t", "\\": r"\\"}


def escape_text(text: str) -> str:
    """Escape all unsafe characters, line breaks too; for sentences and table cells."""
    return text if text.isprintable() else _unsafe.sub(_escape, text)


def escape_line(text: str) -> str:
    """Put a text on one line: blanks and line breaks become one space, the rest is escaped."""
    return escape_text(_blank.sub(" ", text).strip())


def lines(text: str) -> list[str]:
    """Return the lines of a text, escaped, with tabs as spaces."""
    return [escape_text(line.expandtabs(4)) for line in text.replace("\r\n", "\n").split("\n")]


def escape_tsv(text: str) -> str:
    """Escape a text as a TSV cell, without loss."""
    if text.isprintable() and "\\" not in text:
        return text
    return _unsafe_or_backslash.sub(_escape, text)


def json_line(text: str) -> str:
    r"""Escape unsafe characters in JSON text as `\uNNNN`, which parses to the same text."""
    if text.isascii() and "\x7f" not in text:  # the encoder has escaped the other control characters
        return text
    return text if text.isprintable() else _unsafe.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def to_ascii(line: str) -> str:
    """Replace the drawing characters of a line by ASCII, column for column."""
    return line.translate(_PLAIN)


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    point = ord(char)
    return _SHORT.get(char) or (f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}")
