"""The instants of rules and cron expressions in a timezone. Only this module uses croniter and dateutil.

Both are of local wall times; the clock changes are here. A repeated hour counts once, at its first pass. Wall times
that a clock change skips become one instant at the end of the gap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ttp.domain.recurrence import Recurrence
from ttp.domain.slot import instants_in_any
from ttp.domain.time.rules import CODES, parts_of
from ttp.domain.time.zones import instant_of

_CYCLE = 400
"""Years after which the calendar is the same again, with its weekdays."""


def cron_instants(expression: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield the instants of a parsed expression in a zone, strictly after `after`: aware, UTC, each once."""
    return _instants(_cron_walls(expression, after.astimezone(zone).replace(tzinfo=None, fold=0)), zone, after)


def repeat_instants(one: Recurrence, after: datetime) -> Iterator[datetime]:
    """Yield the instants of a repeat, as `cron_instants`; without its end."""
    zone = ZoneInfo(one.timezone)
    return rule_instants(one.rule, one.anchor, zone, after) if one.rule else cron_instants(one.cron, zone, after)


def with_anchor(one: Recurrence, now: datetime) -> Recurrence:
    """Return a new repeat with the first day from which its INTERVAL counts: its first one from now on."""
    if one.anchor is not None or "INTERVAL=" not in (one.rule or ""):
        return one
    zone, rule = ZoneInfo(one.timezone), re.sub("INTERVAL=[0-9]+;", "", one.rule or "")
    first = next(rule_instants(rule, None, zone, now), None)
    return one if first is None else replace(one, anchor=first.astimezone(zone).date().isoformat())


def rule_instants(rule: str, anchor: str | None, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield the instants of parsed rules, one a line, from the day `anchor` on: as `cron_instants`."""
    start = after.astimezone(zone).replace(tzinfo=None, fold=0)
    first = start if anchor is None else datetime.fromisoformat(anchor)
    return _instants(instants_in_any(_walls(line, first, start) for line in rule.split("\n")), zone, after)


def _instants(walls: Iterable[datetime], zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield the instants of sorted wall times."""
    last = after
    try:
        for wall in walls:
            at = instant_of(wall, zone)
            if at > last:  # skip the second pass of an hour, and repeats at the end of a gap
                last = at
                yield at.astimezone(UTC)
    except OverflowError:
        return


def _cron_walls(expression: str, start: datetime) -> Iterator[datetime]:
    from croniter import CroniterBadDateError, croniter

    walls = croniter(expression, start, ret_type=datetime)
    with suppress(CroniterBadDateError):  # no time in the next fifty years
        while True:
            yield walls.get_next()


def _walls(rule: str, first: datetime, start: datetime) -> Iterator[datetime]:
    """Yield the wall times of one rule from the day `first` on, and not long before `start`."""
    from dateutil.rrule import rrulestr

    parts = parts_of(rule)
    frequency, day = parts["FREQ"], first.replace(hour=0, minute=0, second=0, microsecond=0)
    begin = day  # of the period, because BYSETPOS counts in whole ones
    if frequency == "WEEKLY":
        begin -= timedelta(days=(day.weekday() - CODES.index(parts.get("WKST", "MO"))) % 7)
    elif frequency != "DAILY":
        begin = day.replace(day=1, month=1 if frequency == "YEARLY" else day.month)
    if frequency in ("DAILY", "WEEKLY"):
        step = timedelta(days=int(parts.get("INTERVAL", 1)) * (7 if frequency == "WEEKLY" else 1))
        begin += max(0, (start - begin) // step) * step
    # dateutil looks for a next time until the year 9999. In its last years a rule without one takes no seconds.
    years = (9999 - begin.year) // _CYCLE * _CYCLE
    walls: Iterator[datetime] = iter(rrulestr(rule, dtstart=begin.replace(year=begin.year + years)))
    return (wall for wall in (one.replace(year=one.year - years) for one in walls) if wall >= day)
