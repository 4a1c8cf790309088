"""Results as JSON objects for --json, the HTTP API and MCP. Pure; keys are only ever added."""

from __future__ import annotations

from typing import TypeAlias

Json: TypeAlias = dict[str, object]
