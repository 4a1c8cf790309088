"""Threads on the Graph API: its permissions, limits and parameters."""

from __future__ import annotations

from ttp.sandbox.meta.requests import SandboxGraph, graph_error
from ttp.sandbox.request_checks import RequestRefused
from ttp.sandbox.threads.records import BASIC, CALLS, INSIGHTS, LIMITS, PUBLISH, ThreadsAccount

API = SandboxGraph(
    "threads",
    "Threads",
    ThreadsAccount,
    {"": {"basic": BASIC, "publish": PUBLISH, "insights": INSIGHTS}},
    calls=(CALLS, LIMITS[CALLS]),
    newest_version=1,
    json_types={
        **dict.fromkeys(("limit", "since", "until"), int),
        **dict.fromkeys(("is_carousel_item", "is_spoiler_media"), bool),
        "children": list,
    },
    throttled=4,
)


def not_found() -> RequestRefused:
    """24/4279009: a container or a post that does not exist, or is not known yet."""
    return graph_error(24, "The requested resource does not exist", 4279009)
