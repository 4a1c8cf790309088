"""The tools, one module per kind of work."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ttp.mcp.tool import Tool, tools_of
from ttp.mcp.tools import posts

TOOLS: Mapping[str, Tool] = MappingProxyType({one.name: one for one in tools_of([*posts.TOOLS])})
"""Every tool, by name, in the order in which clients see them."""
