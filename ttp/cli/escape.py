r"""Foreign text made safe for a terminal, a TSV cell and a line of JSON. Owns which characters are unsafe.

Unsafe are all control characters (C0, DEL, C1 and so ESC), what reorders or breaks lines (bidi controls, line and
paragraph separators, interlinear marks) and lone surrogates, which no stream can encode. They are never dropped: a
reader sees that they were there.

In a TSV cell the escapes are `\n`, `\t`, `\\`, `\xNN` below U+0100 and `\uNNNN` above, and nothing else is changed, so
that the text can be had back exactly: replace each escape by what it names, from left to right.
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
    """`text` with every unsafe character as an escape, line breaks too; for sentences and cells of a picture."""
    return text if text.isprintable() else _unsafe.sub(_escape, text)


def escape_line(text: str) -> str:
    """`text` on one line: runs of blanks and line breaks become one space, the rest as `safe`."""
    return escape_text(_blank.sub(" ", text).strip())


def lines(text: str) -> list[str]:
    """The lines of `text`, each safe; a tab reaches to the next multiple of four."""
    return [escape_text(line.expandtabs(4)) for line in text.replace("\r\n", "\n").split("\n")]


def escape_tsv(text: str) -> str:
    """`text` as one TSV cell, without loss (the escapes of the module's docstring)."""
    if text.isprintable() and "\\" not in text:
        return text
    return _unsafe_or_backslash.sub(_escape, text)


def json_line(text: str) -> str:
    r"""JSON text that a terminal shows as it is: what is unsafe becomes `\uNNNN`, which parses back equal."""
    if text.isascii() and "\x7f" not in text:  # the encoder has escaped the other control characters
        return text
    return text if text.isprintable() else _unsafe.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def to_ascii(line: str) -> str:
    """A line of a picture with the signs that pictures are drawn with as ASCII, column for column."""
    return line.translate(_PLAIN)


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    point = ord(char)
    return _SHORT.get(char) or (f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}")
