"""Repeats: a post that is published again and again, and its occurrences. Pure. The instants come from
`services.recurrence_rules`, the numbers from the store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from ttp.domain.action import other_options
from ttp.domain.errors import Hint, UsageError

SHOWN = 3
"""Next times of a repeat in an answer."""


class OccurrenceState(StrEnum):
    MADE = "made"  # it became a post
    SKIPPED = "skipped"  # a person wanted it left out
    MISSED = "missed"  # nothing ran at its time, and a later one is due
    EMPTY = "empty"  # no post of the pool was rested, or no account is left


@dataclass(frozen=True, slots=True)
class Recurrence:
    """`post_id` is copied for each instant of `cron`, or of `rule` from the day `anchor` on, with each of `texts` in
    turn; or else the least recently used post tagged `pool`, none within `cool_down_s` of its last use.

    `until`: no instant from then on; `count`: at most this many. `next_at`: the first instant not handled yet.
    """

    cron: str
    timezone: str
    post_id: int | None = None
    pool: str | None = None
    cool_down_s: float | None = None
    until: datetime | None = None
    count: int | None = None
    texts: tuple[str, ...] = ()
    next_at: datetime | None = None
    made_until: datetime | None = None
    paused_at: datetime | None = None
    ended_at: datetime | None = None
    id: int | None = None
    rule: str | None = None
    anchor: str | None = None

    @property
    def state(self) -> str:
        return "ended" if self.ended_at else "paused" if self.paused_at else "active"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A repeat as one of its posts names it."""

    id: int
    cron: str
    timezone: str
    rule: str | None = None
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class RecurrenceCounts:
    """Occurrences of a repeat by result, and its next instants, at most `SHOWN`."""

    recurrence: Recurrence
    made: int
    skipped: int
    missed: int
    coming: tuple[datetime, ...] = ()

    @property
    def next_at(self) -> datetime | None:
        return self.coming[0] if self.coming else None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One instant of a repeat. `post_id`: the post created for it."""

    at: datetime
    state: OccurrenceState
    post_id: int | None = None


def times_of(one: Recurrence | Repeat) -> str:
    """Return the times of a repeat, in words if words can say them. `slot_parser.parse_rule` reads them as the same."""
    from ttp.domain.time.slot_parser import format_slot_times

    return format_slot_times(one.cron, one.rule, one.anchor)


def rule_of(one: Recurrence | Repeat) -> str:
    """Return the RRULE of a repeat; two, one a line, for an expression with days of the month and weekdays."""
    from ttp.domain.time.cron import rule_of_cron

    return one.rule or rule_of_cron(one.cron)


def end_of_day(text: str, zone: tzinfo) -> datetime:
    """Return the end of a day, written `2027-06-30`. Raise UsageError if it is not a date."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        try:
            day = date.fromisoformat(text) + timedelta(days=1)
            return datetime(day.year, day.month, day.day, tzinfo=zone)
        except (ValueError, OverflowError):
            pass
    raise UsageError(f'"{text}" is not a date', Hint("try", other_options(until="2027-06-30")))


def instants_to_create(
    instants: Iterable[datetime], now: datetime, lateness: timedelta
) -> Iterator[tuple[datetime, bool]]:
    """Yield each of the ascending instants and whether to create its post: all future ones, and of the past ones only
    the last, if it is within the allowed lateness. So nothing piles up after a time without a publisher."""
    before: datetime | None = None
    for at in instants:
        if before is not None:
            yield before, before >= now or (at > now and now - before <= lateness)
        before = at
    if before is not None:
        yield before, now - before <= lateness
