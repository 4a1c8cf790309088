"""Stdout and stderr that may be closed, full, without a reader, narrow, or in a limited encoding.

Used by `ttp.cli.output`, and by commands that print a plain text (`print_out`); nothing else writes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

USUAL_WIDTH = 80
_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")


def write_text(stream: TextIO, text: str, *, flush: bool) -> OSError | None:
    """Write to a stream; return the error, if any. After an error the stream discards everything silently."""
    try:
        stream.write(text)
        if flush:
            stream.flush()
    except OSError as failure:
        # Python flushes its buffer again at exit, which must not fail.
        with suppress(OSError), Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
        return failure
    return None


def escaping_stream(stream: TextIO | None) -> TextIO:
    """Return a standard stream that escapes what its encoding lacks; /dev/null for a closed one (None)."""
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def print_out(text: str) -> None:
    """Write a text to stdout and flush it. OSError if the disk is full or the pipe is closed."""
    out = escaping_stream(sys.stdout)
    out.write(text)
    out.flush()


def is_plain(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Return whether only ASCII is safe: the encoding is not UTF-8, or the locale is C or POSIX."""
    # In the C locale Python sets LC_CTYPE to one of _COERCED and writes UTF-8 (PEP 538, 540).
    ctype = environ.get("LC_CTYPE", "")
    locale = environ.get("LC_ALL") or ("" if ctype in _COERCED else ctype) or environ.get("LANG", "")
    return locale in ("C", "POSIX") or not is_utf8(stream)


def is_utf8(stream: TextIO) -> bool:
    return (stream.encoding or "utf-8").lower().replace("_", "-").startswith("utf-8")


def terminal_width(stream: TextIO, environ: Mapping[str, str]) -> int:
    """Return COLUMNS, else the width of the terminal, else 80."""
    columns = environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL_WIDTH
    except OSError:
        return USUAL_WIDTH
