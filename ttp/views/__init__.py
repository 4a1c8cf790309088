"""Results as JSON objects: what --json, the HTTP API and MCP answer. Pure; keys are only ever added."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from ttp.domain.time.clock import utc_text

Json: TypeAlias = dict[str, object]


def format_json_instant(at: datetime | None) -> str | None:
    """`2026-11-23T17:00:00Z`, with milliseconds where there are any; None stays None. ValueError for a naive one."""
    return None if at is None else utc_text(at)
