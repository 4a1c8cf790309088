"""What TimeToPost's own MCP server sends for each of its tools of the social core, and what it makes of the answer.

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
        return getattr(self, f"_{tool}")(**given)  # type: ignore[no-any-return]

    def ok(self, tool: str, **given: Any) -> Any:
        """Call a tool that must succeed; what it answers."""
        result = self(tool, **given)
        assert not result.is_error, result.text
        return result.data

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", "x-ttp-client": "mcp"}
        if self.org is not None:
            headers["x-ttp-org"] = self.org
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps({name: value for name, value in body.items() if value is not None})
        return self.send(method, path, content=content, headers=headers)

    def _json(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> ToolResult:
        answer = self._request(method, path, body)
        try:
            data = json.loads(answer.text) if answer.text else None
        except ValueError:
            data = answer.text
        return ToolResult(data, not answer.is_success)

    def _get(self, path: str, **query: str | None) -> ToolResult:
        said = urlencode({name: value for name, value in query.items() if value})
        return self._json("GET", path + (f"?{said}" if said else ""))

    def _whoami(self) -> ToolResult:
        return self._get("/api/auth/me")

    def _get_capabilities(self) -> ToolResult:
        return self._get("/api/capabilities")

    def _prompt_suggest(self, kind: str, niche: str | None = None, platform: str | None = None) -> ToolResult:
        return self._get("/api/prompt-library/suggest", kind=kind, niche=niche, platform=platform)

    def _prompt_library_list(self) -> ToolResult:
        return self._get("/api/prompt-library")

    def _list_integrations(self) -> ToolResult:
        return self._get("/api/integrations")

    def _get_tiktok_creator_info(self, accountId: str | None = None) -> ToolResult:
        path = "/api/integrations/tiktok/creator-info"
        return self._json("GET", path + (f"?accountId={quote(accountId, safe='')}" if accountId else ""))

    def _add_to_collection(self, accountId: str, collection: str) -> ToolResult:
        body = {"accountId": accountId, "groupName": collection}
        return self._json("POST", "/api/integrations/move-account", body)

    def _prepare_media_upload(self, **given: Any) -> ToolResult:
        return self._json("POST", "/api/media/presign", given)

    def _finalize_media_upload(self, **given: Any) -> ToolResult:
        return self._json("POST", "/api/media/confirm", given)

    def _upload_media(self, **given: Any) -> ToolResult:
        return self._json("POST", "/api/media/upload", given)

    def _connect_account_link(self, provider: str) -> ToolResult:
        url = f"https://timetopost.co/dashboard/settings?tab=integrations&connect={provider}"
        return ToolResult({"provider": provider, "url": url}, False)

    def _list_boards(self) -> ToolResult:
        return self._get("/api/integrations/pinterest/boards")

    def _list_posts(self, status: str | None = None) -> ToolResult:
        found = self._get("/api/posts")
        if status and not found.is_error:
            posts = [one for one in found.data["posts"] if str(one["status"]).lower() == status.lower()]
            return ToolResult({"posts": posts}, False)
        return found

    def _get_post(self, id: str) -> ToolResult:
        return self._get(f"/api/posts/{quote(id, safe='')}")

    def _schedule_post(self, **given: Any) -> ToolResult:
        return self._json("POST", "/api/posts", given)

    def _publish_post(self, id: str) -> ToolResult:
        return self._json("POST", f"/api/posts/{quote(id, safe='')}/publish")

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

    def _cancel_post(self, id: str) -> ToolResult:
        return self._json("DELETE", f"/api/posts/{quote(id, safe='')}")

    def _get_engagement_summary(self) -> ToolResult:
        return self._get("/api/analytics/engagement-summary")

    def _get_optimal_times(self) -> ToolResult:
        return self._get("/api/analytics/optimal-times")

    def _get_post_metrics(self, post_ids: list[str]) -> ToolResult:
        results = []
        for one in post_ids:
            found = self._get(f"/api/analytics/metrics/{quote(one, safe='')}")
            results.append({"post_id": one, "ok": not found.is_error, **found.data})
        return ToolResult({"results": results}, False)

    def _list_brands(self) -> ToolResult:
        return self._get("/api/brands")

    def _get_engagement_by_tag(self, brand: str) -> ToolResult:
        return self._get(f"/api/brands/{quote(brand, safe='')}/engagement")

    def _scheduler_status(self) -> ToolResult:
        return self._get("/api/scheduler/status")

    def _create_drafts(self, external_ref: str, variants: list[dict[str, Any]], brand: str | None = None) -> ToolResult:
        named = {"schedule_hint": "scheduleHint"}
        body = {
            "externalRef": external_ref,
            "brand": brand,
            "sourceKind": "digest",
            "variants": [{named.get(name, name): value for name, value in one.items()} for one in variants],
        }
        return self._json("POST", "/api/drafts/batch", body)

    _create_digest_drafts = _create_drafts

    def _list_drafts(self, status: str | None = None, brand: str | None = None) -> ToolResult:
        return self._get("/api/drafts", status=status, brand=brand)

    def _approve_draft(
        self, draft_id: str, segments: list[str] | None = None, scheduled_for: str | None = None
    ) -> ToolResult:
        body = {"segments": segments, "scheduledFor": scheduled_for}
        return self._json("POST", f"/api/drafts/{quote(draft_id, safe='')}/approve", body)

    def _reject_draft(self, draft_id: str, reason: str | None = None) -> ToolResult:
        return self._json("POST", f"/api/drafts/{quote(draft_id, safe='')}/reject", {"reason": reason})

    def _list_approvals(self, source: str | None = None, status: str | None = None) -> ToolResult:
        return self._get("/api/drafts/approvals", source=source, status=status)


TOOLS = sorted(
    name.removeprefix("_")
    for name in vars(TimeToPost)
    if name.startswith("_") and not name.startswith("__") and name not in ("_request", "_json", "_get")
)
"""The tools of the social core."""
