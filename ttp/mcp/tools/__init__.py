"""The tools, one module per kind of work."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ttp.mcp.tool import Tool, tools_of
from ttp.mcp.tools import planning, posts, publishing

_FUNCTIONS = (*posts.TOOLS, *publishing.TOOLS, *planning.TOOLS)
TOOLS: Mapping[str, Tool] = MappingProxyType({tool.name: tool for tool in tools_of(_FUNCTIONS)})
"""Every tool, by name, in the order in which clients see them."""
