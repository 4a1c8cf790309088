"""What a caller and a server agree on for running commands: `POST /v1/commands`."""

from __future__ import annotations

PROTOCOL = 1
"""The form of requests and answers. Another number is refused."""
PATH = "/v1/commands"
MEDIA_TYPE = "application/x-ndjson"
VERSION_HEADER = "Ttp-Version"
ZONE_HEADER = "Ttp-Timezone"
"""The caller's own zone, of the MCP client that forwards to another machine's server."""
HEARTBEAT_S = 15.0
"""A command that writes nothing sends an empty line this often: silence means that the connection is gone."""
MOST_KEPT = 1_000_000
"""Characters of an answer that the server keeps for who sends the request again."""
MOST_FILES = 5000
LOOKS = ("NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "COLUMNS", "TERM", "LANG", "LC_ALL", "LC_CTYPE")
FROM_CALLER = (*LOOKS, "TZ", "TTP_TZ", "TTP_NO_INPUT")
"""Variables that the caller may set: how output looks, and in which zone times are."""
