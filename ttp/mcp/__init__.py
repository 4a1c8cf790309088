"""The MCP server: each tool parses its arguments, calls one service, and answers with a view of the result."""
