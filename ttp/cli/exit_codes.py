"""The exit codes, and the table from error codes to them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ttp.domain.errors import TtpError

DONE = 0
FAILED = 1
USAGE = 2
NOT_FOUND = 3
RECONNECT = 4
STORE = 5
PARTIAL = 6
NOT_ALLOWED = 7
INTERRUPTED = 130
TERMINATED = 143

BY_CODE: Mapping[str, int] = MappingProxyType(
    {
        "usage": USAGE,
        "ambiguous": USAGE,
        "content": USAGE,
        "time": USAGE,
        "past": USAGE,
        "dst": USAGE,
        "conflict": USAGE,
        "stale": USAGE,
        "state": USAGE,
        "not_found": NOT_FOUND,
        "reconnect": RECONNECT,
        "busy": STORE,
        "damaged": STORE,
        "newer_store": STORE,
        "older_store": STORE,
        "partial": PARTIAL,
        "not_allowed": NOT_ALLOWED,
        "internal": FAILED,
    }
)
"""The exit code of every error code."""


def exit_code(error: TtpError) -> int:
    """Return the exit code for an error."""
    return BY_CODE.get(error.code, FAILED)
