"""Temporary files in memory: tests and fault sweeps make and open thousands of stores."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

MEMORY, ROOM = Path("/dev/shm"), 4 << 30
"""A folder in memory, and the bytes that must be free there."""


def prefer_memory() -> None:
    """Put temporary files of this process and those it starts into memory, where that is possible."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    room = os.statvfs(MEMORY)
    if not room.f_flag & os.ST_NOEXEC and room.f_bavail * room.f_frsize >= ROOM:  # some tests write programs
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None
