"""Revisions, and columns of the tables that row_mapper reads. From models.py: python -m tests.drift.store_schema"""

from __future__ import annotations

from typing import Literal

REVISIONS = ("0018", "0019")
"""Every revision of the schema that this program upgrades, oldest first; the last one is its own."""

Kind = Literal["boolean", "instant", "integer", "list", "numbers", "object", "real", "text", "texts"]
"""What a column holds: `list`, `numbers`, `object` and `texts` (object of texts) are JSON."""

ACCOUNT: dict[str, Kind] = {
    "id": "integer",
    "platform": "text",
    "handle": "text",
    "user_id": "text",
    "connected": "boolean",
    "needs_reconnect": "boolean",
    "enabled": "boolean",
    "timezone": "text",
    "expires_at": "instant",
    "scopes": "list",
    "hold_until": "instant",
    "hold_reason": "text",
    "options": "texts",
    "created_at": "instant",
    "removed_at": "instant",
    "late_claim_at": "instant",
    "server": "text",
    "server_info": "object",
    "split": "boolean",
    "utm": "boolean",
}

ATTEMPT: dict[str, Kind] = {
    "id": "integer",
    "delivery_id": "integer",
    "number": "integer",
    "step": "text",
    "phase": "text",
    "at": "instant",
    "ended_at": "instant",
    "outcome": "text",
    "kind": "text",
    "code": "text",
    "http_status": "integer",
    "message": "text",
    "fingerprint": "text",
    "platform_at": "instant",
    "boot_s": "real",
    "cost": "integer",
    "cost_after": "integer",
}

DELIVERY: dict[str, Kind] = {
    "id": "integer",
    "post_id": "integer",
    "account_id": "integer",
    "state": "text",
    "due_at": "instant",
    "next_at": "instant",
    "remote_id": "text",
    "url": "text",
    "published_at": "instant",
    "tries": "integer",
    "attempts": "integer",
    "waiting_for": "text",
    "waiting_until": "instant",
    "error_kind": "text",
    "error_code": "text",
    "error_message": "text",
    "error_hint": "text",
    "handle": "object",
    "note": "text",
    "taken_down_at": "instant",
    "approved_at": "instant",
    "fence": "integer",
    "planned_parts": "list",
    "parts_frozen": "boolean",
    "part_starts": "numbers",
    "langs": "text",
}

POST: dict[str, Kind] = {
    "id": "integer",
    "content": "text",
    "status": "text",
    "scheduled_at": "instant",
    "published_at": "instant",
    "created_at": "instant",
    "updated_at": "instant",
    "deleted_at": "instant",
    "max_lateness_s": "real",
    "variants": "texts",
    "thread": "list",
    "options": "texts",
    "key": "text",
    "key_digest": "text",
    "chosen_by": "text",
    "rejected_at": "instant",
    "rejected_why": "text",
    "revision": "integer",
    "split": "boolean",
    "number_parts": "boolean",
    "utm": "boolean",
    "cards": "object",
    "origin": "object",
}

POST_MEDIA: dict[str, Kind] = {
    "post_id": "integer",
    "position": "integer",
    "sha256": "text",
    "name": "text",
    "mime": "text",
    "bytes": "integer",
    "width": "integer",
    "height": "integer",
    "duration_ms": "integer",
    "codec": "text",
    "fps": "real",
    "moov_first": "boolean",
    "alt": "text",
    "url": "text",
    "focus": "text",
    "captions": "text",
    "thumbnail": "text",
    "part": "integer",
    "only": "text",
}

RECURRENCE: dict[str, Kind] = {
    "id": "integer",
    "post_id": "integer",
    "pool": "text",
    "cool_down_s": "real",
    "cron": "text",
    "timezone": "text",
    "until": "instant",
    "count": "integer",
    "texts": "list",
    "next_at": "instant",
    "made_until": "instant",
    "created_at": "instant",
    "paused_at": "instant",
    "ended_at": "instant",
}
