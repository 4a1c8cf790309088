"""Write small private files atomically: a reader sees the old or the new one, never a part."""

from __future__ import annotations

import os
from pathlib import Path

from ttp.store.home.regular_file import open_regular


def write(path: Path, text: str, errors: str = "strict") -> None:
    """Replace a file durably. Raises OSError. One process at a time: see `lock_folder`. `errors`: as for `open`."""
    fresh = path.with_name(path.name + ".new")
    descriptor = open_regular(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors=errors, newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    # Without this a power cut may bring the old file back, and with it a refresh token that is spent.
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
