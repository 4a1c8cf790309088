"""Slots and repeats as JSON objects."""

from __future__ import annotations

from ttp.domain.recurrence import RecurrenceCounts
from ttp.domain.slot import SlotInstant
from ttp.domain.time.clock import format_json_instant
from ttp.views import Json

REPEAT_FIELDS = (
    "id",
    "post",
    "pool",
    "cron",
    "timezone",
    "until",
    "count",
    "texts",
    "coolDownS",
    "state",
    "nextAt",
    "made",
    "skipped",
    "missed",
)


def repeat_json(tally: RecurrenceCounts) -> Json:
    """Return a repeat. `until`: exclusive end; `texts`: number of rotating texts; `missed`: times without a post."""
    one = tally.recurrence
    return {
        "id": one.id,
        "post": one.post_id,
        "pool": one.pool,
        "cron": one.cron,
        "timezone": one.timezone,
        "until": format_json_instant(one.until),
        "count": one.count,
        "texts": len(one.texts),
        "coolDownS": one.cool_down_s,
        "state": one.state,
        "nextAt": format_json_instant(tally.next_at),
        "made": tally.made,
        "skipped": tally.skipped,
        "missed": tally.missed,
    }


SLOT_FIELDS = ("id", "account", "cron", "timezone", "name", "nextAt")
SLOT_INSTANT_FIELDS = ("at", "account", "slot", "name", "timezone", "post", "posts", "content")


def slot_json(place: SlotInstant) -> Json:
    """Return a slot with its next instant."""
    one = place.slot
    return {
        "id": one.id,
        "account": one.account,
        "cron": one.cron,
        "timezone": one.timezone,
        "name": one.name,
        "nextAt": format_json_instant(place.at),
    }


def slot_instant_json(found: SlotInstant) -> Json:
    """Return a coming instant of a slot. `post`: the post in it and `content` its text, null if free; `posts`: all
    posts in it, null for one that a repeat will create."""
    return {
        "at": format_json_instant(found.at),
        "account": found.slot.account,
        "slot": found.slot.id,
        "name": found.slot.name,
        "timezone": found.slot.timezone,
        "post": found.posts[0] if found.posts else None,
        "posts": list(found.posts),
        "content": found.content,
    }
