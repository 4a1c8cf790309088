"""The tools of the social core of TimeToPost's own MCP server: the request of each, and its result.

It knows no schemas of answers: a tool answers the JSON as text, and is an error unless the status is 2xx.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import httpx

Send = Callable[..., httpx.Response]
"""Sends a method, a path with its query, a body (None: none) and headers."""
REQUESTS = {
    "whoami": ("GET", "/api/auth/me"),
    "get_capabilities": ("GET", "/api/capabilities"),
    "prompt_suggest": ("GET", "/api/prompt-library/suggest"),
    "prompt_library_list": ("GET", "/api/prompt-library"),
    "list_integrations": ("GET", "/api/integrations"),
    "get_tiktok_creator_info": ("GET", "/api/integrations/tiktok/creator-info"),
    "prepare_media_upload": ("POST", "/api/media/presign"),
    "finalize_media_upload": ("POST", "/api/media/confirm"),
    "upload_media": ("POST", "/api/media/upload"),
    "list_boards": ("GET", "/api/integrations/pinterest/boards"),
    "get_post": ("GET", "/api/posts/{id}"),
    "schedule_post": ("POST", "/api/posts"),
    "publish_post": ("POST", "/api/posts/{id}/publish"),
    "cancel_post": ("DELETE", "/api/posts/{id}"),
    "get_engagement_summary": ("GET", "/api/analytics/engagement-summary"),
    "get_optimal_times": ("GET", "/api/analytics/optimal-times"),
    "list_brands": ("GET", "/api/brands"),
    "get_engagement_by_tag": ("GET", "/api/brands/{brand}/engagement"),
    "scheduler_status": ("GET", "/api/scheduler/status"),
    "list_drafts": ("GET", "/api/drafts"),
    "approve_draft": ("POST", "/api/drafts/{draft_id}/approve"),
    "reject_draft": ("POST", "/api/drafts/{draft_id}/reject"),
    "list_approvals": ("GET", "/api/drafts/approvals"),
}
"""Tools whose arguments are the parts of a path, and else the query or the body."""
_FIELDS = {"schedule_hint": "scheduleHint", "scheduled_for": "scheduledFor"}


@dataclass(frozen=True, slots=True)
class ToolResult:
    data: Any
    is_error: bool

    @property
    def text(self) -> str:
        return json.dumps(self.data, indent=2)


@dataclass
class TimeToPost:
    """Their tools by name, over `send`. `now`: the clock of their machine."""

    send: Send
    token: str
    org: str | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __call__(self, tool: str, **given: Any) -> ToolResult:
        if tool not in REQUESTS:
            return getattr(self, f"_{tool}")(**given)  # type: ignore[no-any-return]
        method, path = REQUESTS[tool]
        for name in [name for name in given if f"{{{name}}}" in path]:
            path = path.replace(f"{{{name}}}", quote(given.pop(name), safe=""))
        if method == "GET":
            query = urlencode({name: value for name, value in given.items() if value})
            return self._json(method, f"{path}?{query}" if query else path)
        if method == "DELETE" or path.endswith("/publish"):
            return self._json(method, path)
        return self._json(method, path, {_FIELDS.get(name, name): value for name, value in given.items()})

    def ok(self, tool: str, **given: Any) -> Any:
        """Call a tool that must succeed; what it answers."""
        result = self(tool, **given)
        assert not result.is_error, result.text
        return result.data

    def _json(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> ToolResult:
        headers = {"Authorization": f"Bearer {self.token}", "x-ttp-client": "mcp"}
        if self.org is not None:
            headers["x-ttp-org"] = self.org
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps({name: value for name, value in body.items() if value is not None})
        answer = self.send(method, path, content=content, headers=headers)
        try:
            data = json.loads(answer.text) if answer.text else None
        except ValueError:
            data = answer.text
        return ToolResult(data, not answer.is_success)

    def _add_to_collection(self, accountId: str, collection: str) -> ToolResult:
        body = {"accountId": accountId, "groupName": collection}
        return self._json("POST", "/api/integrations/move-account", body)

    def _connect_account_link(self, provider: str) -> ToolResult:
        url = f"https://timetopost.co/dashboard/settings?tab=integrations&connect={provider}"
        return ToolResult({"provider": provider, "url": url}, False)

    def _list_posts(self, status: str | None = None) -> ToolResult:
        found = self._json("GET", "/api/posts")
        if status and not found.is_error:
            posts = [one for one in found.data["posts"] if str(one["status"]).lower() == status.lower()]
            return ToolResult({"posts": posts}, False)
        return found

    def _publish_thread(
        self, segments: list[str], schedule_at: str | None = None, brand: str | None = None
    ) -> ToolResult:
        soon = (self.now() + timedelta(seconds=60)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        body = {
            "content": segments[0],
            "thread": segments[1:],
            "platforms": ["twitter"],
            "scheduledAt": schedule_at or soon,
            "brand": brand,
        }
        return self._json("POST", "/api/posts", body)

    def _get_post_metrics(self, post_ids: list[str]) -> ToolResult:
        results = []
        for one in post_ids:
            found = self._json("GET", f"/api/analytics/metrics/{quote(one, safe='')}")
            results.append({"post_id": one, "ok": not found.is_error, **found.data})
        return ToolResult({"results": results}, False)

    def _create_drafts(self, external_ref: str, variants: list[dict[str, Any]], brand: str | None = None) -> ToolResult:
        body = {
            "externalRef": external_ref,
            "brand": brand,
            "sourceKind": "digest",
            "variants": [{_FIELDS.get(name, name): value for name, value in one.items()} for one in variants],
        }
        return self._json("POST", "/api/drafts/batch", body)

    _create_digest_drafts = _create_drafts


TOOLS = sorted({*REQUESTS, *(name[1:] for name in vars(TimeToPost) if name[0] == "_" != name[1] and name != "_json")})
"""The tools of the social core."""
