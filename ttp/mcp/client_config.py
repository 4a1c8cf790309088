"""What to paste so that a client starts `ttp mcp`: its block of JSON, or the command that adds it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from ttp.domain.errors import Hint, UsageError

FILES: Mapping[str, str] = {
    "claude-code": "",
    "claude-desktop": "claude_desktop_config.json",
    "codex": "",
    "cursor": ".cursor/mcp.json",
    "gemini": ".gemini/settings.json",
    "vscode": ".vscode/mcp.json",
    "windsurf": "mcp_config.json",
}
"""The clients, with the file that each has its servers in. Those without one have a command."""


def client_config(client: str, command: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the text for a client. `command`: what it starts, and `environ`: with which variables. Raise UsageError
    for a client that is not known."""
    if client not in FILES:
        from difflib import get_close_matches

        near = get_close_matches(client, FILES, 1)
        ways = (Hint("try", f"--print-config {one}", (client, one)) for one in near or FILES)
        raise UsageError(f'"{client}" is not one of {", ".join(FILES)}', *ways)
    pairs = [part for name, value in environ.items() for part in ("--env", f"{name}={value}")]
    match client:
        case "claude-code":
            return shlex.join(["claude", "mcp", "add", *pairs, "--transport", "stdio", "ttp", "--", *command])
        case "codex":
            return shlex.join(["codex", "mcp", "add", "ttp", *pairs, "--", *command])
    program, *args = command
    server: dict[str, Any] = {"command": program, "args": args, **({"env": dict(environ)} if environ else {})}
    return json.dumps({"servers" if client == "vscode" else "mcpServers": {"ttp": server}}, indent=2)
