"""The process's streams as they really are: closed, full, read by nobody, in a poor encoding, of some width.

For `ttp.cli.output`, and for what prints a text as it is (`print_out`); nothing else writes.
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
    """Write to `stream`; what went wrong, if anything. A stream that failed takes nothing more and raises no more."""
    try:
        stream.write(text)
        if flush:
            stream.flush()
    except OSError as failure:
        # Its buffer is flushed once more when the interpreter ends, which must not fail again.
        with suppress(OSError), Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
        return failure
    return None


def escaping_stream(stream: TextIO | None) -> TextIO:
    """A standard stream that takes every text: what its encoding lacks is escaped. None, a closed one, is nowhere."""
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def print_out(text: str) -> None:
    """Write to stdout as it is, at once. OSError where it is full, or nobody reads on."""
    out = escaping_stream(sys.stdout)
    out.write(text)
    out.flush()


def is_plain(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether ASCII alone is sure to be shown: another encoding than UTF-8, or a locale that is called C or POSIX."""
    # Where the locale is C, Python sets LC_CTYPE to one of _COERCED and writes UTF-8 all the same (PEP 538, 540).
    ctype = environ.get("LC_CTYPE", "")
    locale = environ.get("LC_ALL") or ("" if ctype in _COERCED else ctype) or environ.get("LANG", "")
    return locale in ("C", "POSIX") or not is_utf8(stream)


def is_utf8(stream: TextIO) -> bool:
    return (stream.encoding or "utf-8").lower().replace("_", "-").startswith("utf-8")


def terminal_width(stream: TextIO, environ: Mapping[str, str]) -> int:
    """COLUMNS, else the terminal's own width, else 80."""
    columns = environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL_WIDTH
    except OSError:
        return USUAL_WIDTH
