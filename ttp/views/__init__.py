"""Results as JSON objects for --json, the HTTP API and MCP. Pure; keys are only ever added."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from ttp.domain.time.clock import utc_text

Json: TypeAlias = dict[str, object]


def format_json_instant(at: datetime | None) -> str | None:
    """Format as `2026-11-23T17:00:00Z`, with milliseconds if any; None stays None. ValueError for a naive time."""
    return None if at is None else utc_text(at)
