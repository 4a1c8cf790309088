"""Threads on the Graph API: its paths, fields and limits."""

from __future__ import annotations

from ttp.domain.publishing.rate_limit import LimitKey
from ttp.platforms.client import PublishRequest
from ttp.platforms.meta.api import GraphApi
from ttp.platforms.meta.limits import CALLS, MetaMeter
from ttp.platforms.threads.errors import ERRORS, container_failure

REPLY_TO = "reply_to_id"
"""The option that says which post it replies to. Later parts of a thread have this one and `SPOILER` alone."""
SPOILER = "spoiler"
SCOPES = (
    "threads_basic",
    "threads_content_publish",
    "threads_manage_insights",
    "threads_delete",
    "threads_read_replies",
    "threads_manage_replies",
)
_FIELDS = "id,text,timestamp,permalink,media_type,children"
API = GraphApi(
    "Threads",
    "threads",
    ERRORS,
    container_failure,
    create="threads",
    publish="threads_publish",
    quota="threads_publishing_limit",
    quota_fields="quota_usage,config,reply_quota_usage,reply_config",
    state="status",
    reason="error_message",
    text="text",
    listed={
        "threads": {"fields": _FIELDS, "limit": "100"},
        "replies": {"fields": f"{_FIELDS},replied_to", "limit": "100"},
    },
    node="me",
    version="v1.0",
    lists_since=True,
    rests=True,
)


class ThreadsMeter(MetaMeter):
    api = API

    def keys(self, request: PublishRequest, method: str, path: str) -> tuple[LimitKey, ...]:
        """Replies have a quota of their own."""
        return (LimitKey(CALLS),) if REPLY_TO in request.options else super().keys(request, method, path)
