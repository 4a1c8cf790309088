"""Domain objects as the JSON objects that scripts rely on. Owns every JSON key; keys are only ever added.

Pure: no stream, no clock, no store. Instants are `YYYY-MM-DDTHH:MM:SS[.fff]Z`, keys camelCase.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from ttp.cli.exit_codes import exit_code
from ttp.domain.time.clock import utc_text

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.domain.checkup import Check
    from ttp.domain.delivery import Delivery
    from ttp.domain.errors import Problem, TtpError
    from ttp.domain.media import MediaItem
    from ttp.domain.post import Post
    from ttp.domain.record import Attempt
    from ttp.domain.sample import Sample
    from ttp.services.gather import Pulled

Json: TypeAlias = dict[str, object]

# The key tuples are spelled out so that `--fields` can be checked before anything was read or done.
POST = (
    "id",
    "status",
    "content",
    "accounts",
    "platforms",
    "scheduledAt",
    "publishedAt",
    "createdAt",
    "updatedAt",
    "maxLatenessS",
    "media",
    "variants",
    "thread",
    "tags",
    "options",
    "key",
    "chosenBy",
    "approvedAt",
    "rejection",
    "repeat",
    "needs",
    "warnings",
    "deliveries",
)
ACCOUNT = (
    "account",
    "platform",
    "handle",
    "connected",
    "needsReconnect",
    "enabled",
    "timezone",
    "expiresAt",
    "scopes",
    "holdUntil",
    "holdReason",
    "options",
)
ATTEMPT = (
    "at",
    "account",
    "number",
    "step",
    "phase",
    "outcome",
    "kind",
    "httpStatus",
    "message",
    "endedAt",
)
SAMPLE = (
    "account",
    "remoteId",
    "publishedAt",
    "observedAt",
    "likes",
    "comments",
    "shares",
    "views",
    "saves",
    "reach",
    "kind",
    "text",
)
PULLED = ("account", "read", "inserted", "updated", "unchanged", "rejected")
CHECK = ("name", "status", "message", "hint")
RECOMMENDATION = (
    "account",
    "platform",
    "timezone",
    "from",
    "to",
    "bestHours",
    "bestDays",
    "dataPoints",
    "signal",
    "evidence",
    "hours",
    "days",
    "slots",
)
SLOT = ("at", "day", "hour", "score", "why", "explored")


def instant(at: datetime | None) -> str | None:
    """`2026-11-23T17:00:00Z`, with milliseconds where there are any; None stays None. ValueError for a naive one."""
    return None if at is None else utc_text(at)


def media(item: MediaItem) -> Json:
    """One media item of a post."""
    return {
        "name": item.name,
        "mime": item.mime,
        "bytes": item.bytes,
        "sha256": item.sha256,
        "width": item.width,
        "height": item.height,
        "durationMs": item.duration_ms,
        "alt": item.alt,
        "url": item.url,
    }


def delivery(row: Delivery) -> Json:
    """One delivery of a post. `nextAttemptAt` is told while it is retrying: a look-up is not an attempt."""
    error = row.error
    return {
        "account": row.account,
        "platform": row.platform,
        "state": row.state,
        "dueAt": instant(row.due_at),
        "remoteId": row.remote_id,
        "url": row.url,
        "publishedAt": instant(row.published_at),
        "attempts": row.attempts,
        "nextAttemptAt": instant(row.next_at) if row.state == "retrying" else None,
        "waitingFor": row.waiting_for,
        "waitingUntil": instant(row.waiting_until),
        "error": error and {"kind": error.kind, "code": error.code, "message": error.message, "hint": error.hint},
        "takenDownAt": instant(row.taken_down_at),
    }


def post(item: Post, warnings: Iterable[str] = (), *, replayed: bool = False) -> Json:
    """A post with its deliveries. `repeat`: what it is an occurrence of. `replayed` is told only where it is so: the
    key had made this post before."""
    no, of = item.rejection, item.repeat
    shape: Json = {
        "id": item.id,
        "status": item.status,
        "content": item.content,
        "accounts": list(item.accounts),
        "platforms": list(item.platforms),
        "scheduledAt": instant(item.scheduled_at),
        "publishedAt": instant(item.published_at),
        "createdAt": instant(item.created_at),
        "updatedAt": instant(item.updated_at),
        "maxLatenessS": item.max_lateness_s,
        "media": [media(one) for one in item.media],
        "variants": dict(item.variants),
        "thread": list(item.thread),
        "tags": list(item.tags),
        "options": dict(item.options),
        "key": item.key,
        "chosenBy": item.chosen_by,
        "approvedAt": instant(item.approved_at),
        "rejection": no and {"at": instant(no.at), "reason": no.why},
        "repeat": of and {"id": of.id, "cron": of.cron, "timezone": of.timezone},
        "needs": list(item.needs()),
        "warnings": list(warnings),
        "deliveries": [delivery(row) for row in item.deliveries],
    }
    return {**shape, "replayed": True} if replayed else shape


def account(item: Account) -> Json:
    """An account, without any secret: credentials have no JSON shape."""
    return {
        "account": item.name,
        "platform": item.platform,
        "handle": item.handle,
        "connected": item.connected,
        "needsReconnect": item.needs_reconnect,
        "enabled": item.enabled,
        "timezone": item.timezone,
        "expiresAt": instant(item.expires_at),
        "scopes": list(item.scopes),
        "holdUntil": instant(item.hold_until),
        "holdReason": item.hold_reason,
        "options": dict(item.options),
    }


def attempt(item: Attempt) -> Json:
    """One step of one try."""
    return {
        "at": instant(item.at),
        "account": item.account,
        "number": item.number,
        "step": item.step,
        "phase": item.phase,
        "outcome": item.outcome,
        "kind": item.kind,
        "httpStatus": item.http_status,
        "message": item.message,
        "endedAt": instant(item.ended_at),
    }


def sample(item: Sample) -> Json:
    """What one published post had collected at one moment."""
    return {
        "account": item.account,
        "remoteId": item.remote_id,
        "publishedAt": instant(item.published_at),
        "observedAt": instant(item.observed_at),
        "likes": item.likes,
        "comments": item.comments,
        "shares": item.shares,
        "views": item.views,
        "saves": item.saves,
        "reach": item.reach,
        "kind": item.kind,
        "text": item.text,
    }


def pulled(item: Pulled) -> Json:
    """What became of one account's posts when their numbers were read."""
    return {
        "account": item.account,
        "read": item.read,
        "inserted": item.inserted,
        "updated": item.updated,
        "unchanged": item.unchanged,
        "rejected": [{"remoteId": remote_id, "reason": reason} for remote_id, reason in item.rejected],
    }


def check(item: Check) -> Json:
    """One thing that a check-up looked at."""
    return {"name": item.name, "status": item.status, "message": item.message, "hint": item.hint}


def error(what: TtpError) -> Json:
    """`{"error": …}` as it goes to stderr. `hint` is the first way out; `message` carries the details too."""
    return {
        "error": {
            "code": what.code,
            "message": " ".join((what.message, *map(str.strip, what.details))),
            "hint": next((hint.type for hint in what.hints), None),
            "exit": exit_code(what),
            "problems": [problem(one) for one in what.problems],
        }
    }


def problem(one: Problem) -> Json:
    """One breach of a rule."""
    return {
        "field": one.field,
        "account": one.account,
        "code": one.code,
        "message": one.message,
        "hint": one.hint,
    }
