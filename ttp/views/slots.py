"""Slots and repeats as JSON objects."""

from __future__ import annotations

from ttp.domain.recurrence import RecurrenceCounts
from ttp.domain.slot import SlotInstant
from ttp.views import Json, attributes_json

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
    counts = attributes_json(tally, ("nextAt", "made", "skipped", "missed"))
    return attributes_json(one, REPEAT_FIELDS, post=one.post_id, texts=len(one.texts), **counts)


SLOT_FIELDS = ("id", "account", "cron", "timezone", "name", "nextAt")
SLOT_INSTANT_FIELDS = ("at", "account", "slot", "name", "timezone", "post", "posts", "content")


def slot_json(place: SlotInstant) -> Json:
    """Return a slot with its next instant."""
    return attributes_json(place.slot, SLOT_FIELDS, nextAt=place.at)


def slot_instant_json(found: SlotInstant) -> Json:
    """Return a coming instant of a slot. `post`: the post in it and `content` its text, null if free; `posts`: all
    posts in it, null for one that a repeat will create."""
    slot = {"account": found.slot.account, "slot": found.slot.id, "post": found.posts[0] if found.posts else None}
    return attributes_json(found, SLOT_INSTANT_FIELDS, name=found.slot.name, timezone=found.slot.timezone, **slot)
