"""The tools, one module per kind of work."""

from __future__ import annotations

from collections.abc import Mapping

from ttp.mcp.tool import Tool
from ttp.mcp.tools import accounts, planning, posts, publishing

TOOLS: Mapping[str, Tool] = {
    tool.name: tool for tool in (*posts.TOOLS, *publishing.TOOLS, *planning.TOOLS, *accounts.TOOLS)
}
"""Every tool, by name, in the order in which clients see them."""
