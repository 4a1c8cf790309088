"""An MCP server: each tool parses its arguments, calls one service, and answers what `views` makes of the result."""
