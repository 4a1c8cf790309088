"""Slots and repeats as JSON objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ttp.domain.recurrence import RecurrenceCounts, rule_of, times_of
from ttp.domain.slot import SlotInstant
from ttp.domain.time.clock import format_json_instant, utc_text

if TYPE_CHECKING:
    from ttp.views.answers import NewRepeatAnswer, RepeatAnswer, SlotAnswer, SlotInstantAnswer


def repeat_json(tally: RecurrenceCounts) -> RepeatAnswer:
    """Return a repeat. `times`: what starts the same one; `cron`: empty where no expression says it; `rule`: in RFC
    5545, one a line; `anchor`: the first day, from which an INTERVAL counts; `until`: exclusive end; `texts`: number
    of rotating texts; `nextTimes`: at most three; `missed`: times without a post."""
    one = tally.recurrence
    return {
        "id": one.id or 0,
        "post": one.post_id,
        "pool": one.pool,
        "cron": one.cron,
        "rule": rule_of(one),
        "anchor": one.anchor,
        "times": times_of(one),
        "timezone": one.timezone,
        "until": format_json_instant(one.until),
        "count": one.count,
        "texts": len(one.texts),
        "coolDownS": one.cool_down_s,
        "state": one.state,
        "nextAt": format_json_instant(tally.next_at),
        "nextTimes": [utc_text(at) for at in tally.coming],
        "made": tally.made,
        "skipped": tally.skipped,
        "missed": tally.missed,
    }


def begun_repeat_json(tally: RecurrenceCounts, posts: Iterable[int | None], warnings: Iterable[str]) -> NewRepeatAnswer:
    """Return a new repeat. `posts`: the ids of those that were created in advance."""
    return {**repeat_json(tally), "posts": list(posts), "warnings": list(warnings)}


def slot_json(place: SlotInstant) -> SlotAnswer:
    slot = place.slot
    return {
        "id": slot.id or 0,
        "account": slot.account,
        "cron": slot.cron,
        "timezone": slot.timezone,
        "name": slot.name,
        "nextAt": format_json_instant(place.at),
    }


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
