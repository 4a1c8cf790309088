"""Parse cron expressions and compute their instants in a timezone. Only this module uses croniter.

Five fields: minute, hour, day of the month, month, weekday. croniter works on local wall times only; the timezone rules
are here, because croniter with a zone fires `30 2 * * *` twice on an autumn night. A repeated hour counts once, at its
first pass. Wall times that a clock change skips become one instant at the end of the gap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from ttp.domain.errors import Hint, UsageError
from ttp.domain.time.slot_parser import parse_slot_times
from ttp.domain.time.zones import instant_of

_FORM = Hint("see", "five fields, for example 0 9 * * 1,3,5")
_FIELDS = ("minute", "hour", "day of the month", "month", "weekday")
_LAST = (59, 23, 31, 12, 7)
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_NUMBER = r"\d{1,2}"
_ITEM = re.compile(rf"(?:\*|(?P<first>{_NUMBER})(?:-(?P<last>{_NUMBER}))?)(?:/(?P<step>{_NUMBER}))?")


def parse_cron(text: str) -> str:
    """Return a cron expression in its stored form: five fields, names as numbers. Raise UsageError for anything else.

    Refuses what cron implementations read differently: six fields, `@daily`, `R`, `H`, `5/15`, ranges that run
    backward, and `*/2` days of the month together with weekdays. Hints are other expressions.
    """
    fields = text.lower().split()
    if len(fields) != len(_FIELDS):
        message = f'"{text}" has {len(fields)} field{"" if len(fields) == 1 else "s"}, not five: {", ".join(_FIELDS)}'
        raise UsageError(message, *[Hint("try", one) for one in _expressions(text)] or [_FORM])
    plain = [_parse_field(place, field, fields) for place, field in enumerate(fields)]
    if plain[2].startswith("*/") and plain[4] != "*":
        first = ",".join(map(str, range(1, 32, int(plain[2][2:]) or 1)))
        raise UsageError(
            f'"{text}": {plain[2]} days of the month together with weekdays differ between cron programs',
            Hint("try", " ".join([*plain[:2], first, *plain[3:]])),
        )
    expression = " ".join(plain)
    from croniter import croniter

    if not croniter.is_valid(expression, strict=True):
        raise UsageError(f'"{text}" never occurs', _FORM)
    return expression


def _expressions(text: str) -> list[str]:
    """Return the expression of weekdays and a time: `mon 9:00`. Times of several minutes are no one expression."""
    try:
        expressions = parse_slot_times(text)
    except UsageError:
        return []
    return expressions if len(expressions) == 1 else []


def cron_instants(expression: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield the instants of a parsed expression in a zone, strictly after `after`: aware, UTC, each once."""
    from croniter import CroniterBadDateError, croniter

    wall = after.astimezone(zone).replace(tzinfo=None, fold=0)
    walls = croniter(expression, wall, ret_type=datetime)
    last = after
    while True:
        try:
            at = instant_of(walls.get_next(), zone)
        except (CroniterBadDateError, OverflowError):
            return
        if at > last:  # skip the second pass of an hour, and repeats at the end of a gap
            last = at
            yield at.astimezone(UTC)


def _parse_field(place: int, field: str, fields: list[str]) -> str:
    """Return a field with names as numbers. Raise UsageError if it is invalid or ambiguous."""
    names = {3: _MONTHS, 4: _DAYS}.get(place, {})
    items = []
    for typed in field.split(","):
        item = re.sub("[a-z]{3}", lambda match: str(names.get(match[0], match[0])), typed) if names else typed
        if (place == 2 and item == "l") or (place == 4 and re.fullmatch("[0-7]#[1-5]", item)):
            items.append(item)
            continue
        match = _ITEM.fullmatch(item)
        if match is None:
            raise _invalid_field(place, field)
        numbers = [int(number) for number in (match["first"], match["last"]) if number is not None]
        if any(number > _LAST[place] for number in numbers) or (match["step"] and not int(match["step"])):
            raise _invalid_field(place, field)
        if any(before > behind for before, behind in pairwise(numbers)):
            raise UsageError(f'{_FIELDS[place]} "{typed}" runs backward', _FORM)
        if match["step"] and len(numbers) == 1:
            whole = [*fields]
            whole[place] = field.replace(typed, f"{numbers[0]}-{_LAST[place]}/{match['step']}")
            message = f'{_FIELDS[place]} "{typed}" differs between cron programs'
            raise UsageError(message, Hint("try", " ".join(whole)))
        items.append(re.sub(r"\d+", lambda number: str(int(number[0])), item))
    return ",".join(items)


def _invalid_field(place: int, field: str) -> UsageError:
    return UsageError(f'"{field}" is not a valid {_FIELDS[place]} in a cron expression', _FORM)
