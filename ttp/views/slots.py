"""Slots and repeats as JSON objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from ttp.domain.recurrence import RecurrenceCounts, rule_of
from ttp.domain.slot import SlotInstant
from ttp.domain.time.clock import utc_text
from ttp.views import attributes_json

if TYPE_CHECKING:
    from ttp.views.answers import NewRepeatAnswer, RepeatAnswer, SlotAnswer, SlotInstantAnswer


REPEAT_FIELDS = (
    *("id", "post", "pool", "cron", "rule", "anchor", "timezone", "until", "count", "texts", "coolDownS", "state"),
    *("nextAt", "made", "skipped", "missed"),
)
SLOT_FIELDS = ("id", "account", "cron", "timezone", "name", "nextAt")


def repeat_json(tally: RecurrenceCounts) -> RepeatAnswer:
    """Return a repeat. `cron`: empty where no expression says it; `rule`: in RFC 5545, one a line; `anchor`: the first
    day, from which an INTERVAL counts; `until`: exclusive end; `texts`: number of rotating texts; `missed`: times
    without a post."""
    one = tally.recurrence
    counts = {"nextAt": tally.next_at, "made": tally.made, "skipped": tally.skipped, "missed": tally.missed}
    shape = attributes_json(one, REPEAT_FIELDS, post=one.post_id, rule=rule_of(one), texts=len(one.texts), **counts)
    return cast("RepeatAnswer", shape)


def begun_repeat_json(tally: RecurrenceCounts, posts: Iterable[int | None], warnings: Iterable[str]) -> NewRepeatAnswer:
    """Return a new repeat. `posts`: the ids of those that were created in advance."""
    return {**repeat_json(tally), "posts": list(posts), "warnings": list(warnings)}


def slot_json(place: SlotInstant) -> SlotAnswer:
    return cast("SlotAnswer", attributes_json(place.slot, SLOT_FIELDS, nextAt=place.at))


def slot_instant_json(instant: SlotInstant) -> SlotInstantAnswer:
    """Return a coming instant of a slot. `post`: the post in it and `content` its text, null if free; `posts`: all
    posts in it, null for one that a repeat will create."""
    slot = instant.slot
    return {
        "at": utc_text(instant.at),
        "account": slot.account,
        "slot": slot.id or 0,
        "name": slot.name,
        "timezone": slot.timezone,
        "post": instant.posts[0] if instant.posts else None,
        "posts": list(instant.posts),
        "content": instant.content,
    }
