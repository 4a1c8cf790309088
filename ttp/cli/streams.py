"""The process's streams as they really are: closed, full, read by nobody, in a poor encoding, of some width.

For `ttp.cli.output` alone; nothing else writes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

USUAL_WIDTH = 80


def put(stream: TextIO, text: str, *, flush: bool) -> OSError | None:
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


def willing(stream: TextIO | None) -> TextIO:
    """A standard stream that takes every text: what its encoding lacks is escaped. None, a closed one, is nowhere."""
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def terminal_width(stream: TextIO, environ: Mapping[str, str]) -> int:
    """COLUMNS, else the terminal's own width, else 80."""
    columns = environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL_WIDTH
    except OSError:
        return USUAL_WIDTH
