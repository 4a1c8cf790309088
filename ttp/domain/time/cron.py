"""Cron expressions of five fields: parse one, and write one as a rule of RFC 5545, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from ttp.domain.errors import Hint, UsageError
from ttp.domain.time.rules import CODES, format_parts, parts_of, refuse_long

_FORM = Hint("see", "five fields, for example 0 9 * * 1,3,5")
_FIELDS = ("minute", "hour", "day of the month", "month", "weekday")
_FIRST = (0, 0, 1, 1, 0)
_LAST = (59, 23, 31, 12, 7)
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
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
    refuse_long(text)
    fields = text.lower().split()
    if len(fields) != len(_FIELDS):
        message = f'"{text}" has {len(fields)} field{"" if len(fields) == 1 else "s"}, not five: {", ".join(_FIELDS)}'
        raise UsageError(message, _FORM)
    plain = [_parse_field(place, field, fields) for place, field in enumerate(fields)]
    if plain[2].startswith("*/") and plain[4] != "*":
        first = ",".join(map(str, range(1, 32, int(plain[2][2:]) or 1)))
        raise UsageError(
            f'"{text}": {plain[2]} days of the month together with weekdays differ between cron programs',
            Hint("try", " ".join([*plain[:2], first, *plain[3:]])),
        )
    if "#" in plain[4] and plain[2] != "*":
        message = f'"{text}": days of the month together with a numbered weekday (2#1) differ between cron programs'
        raise UsageError(message, _FORM)
    if len({"#" in item for item in plain[4].split(",")}) == 2:
        raise UsageError(f'"{text}" mixes plain and numbered weekdays (2 and 2#1)', _FORM)
    first_day, months = min(_numbers(plain[2], 1, 31)), _numbers(plain[3], 1, 12)
    if plain[4] == "*" and all(first_day > _LONGEST[month - 1] for month in months):
        raise UsageError(f'"{text}" never occurs', _FORM)
    return " ".join(plain)


def rule_of_cron(expression: str) -> str:
    """Return the rule of a parsed expression; two, one a line, where it has days of the month and weekdays."""
    minute, hour, day, month, weekday = expression.split()
    clock = {"BYHOUR": _join(_numbers(hour, 0, 23)), "BYMINUTE": _join(_numbers(minute, 0, 59))}
    if month != "*":
        clock["BYMONTH"] = _join(_numbers(month, 1, 12))
    rules = []
    if day != "*":
        rules.append({"FREQ": "MONTHLY", "BYMONTHDAY": _join(_numbers(day, 1, 31))})
    if "#" in weekday:
        nth = sorted((int(item[2]), (int(item[0]) - 1) % 7) for item in weekday.split(",") if "#" in item)
        rules.append({"FREQ": "MONTHLY", "BYDAY": _join(f"{place}{CODES[number]}" for place, number in nth)})
    elif weekday != "*":
        days = sorted({(number - 1) % 7 for number in _numbers(weekday, 0, 7 if "7" in weekday else 6)})
        rules.append({"FREQ": "WEEKLY", "BYDAY": _join(CODES[number] for number in days)})
    return "\n".join(format_parts({**rule, **clock}) for rule in rules or [{"FREQ": "DAILY"}])


def cron_of_rule(rule: str) -> str:
    """Return the expression that means the same as a parsed rule; empty if no expression does."""
    parts = parts_of(rule)
    days, weekdays = (parts.get(name, "*").split(",") for name in ("BYMONTHDAY", "BYDAY"))
    if parts.keys() - {"FREQ", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYHOUR", "BYMINUTE"} or ["*"] not in (days, weekdays):
        return ""
    places = {item[:-2] for item in weekdays if item != "*"} or {""}
    is_of_month = parts["FREQ"] == "MONTHLY" and places <= {*"12345"}
    if any(re.fullmatch("-[2-9]|-..", day) for day in days) or not (is_of_month or places == {""}):
        return ""
    numbers = sorted(((CODES.index(item[-2:]) + 1) % 7, item[:-2]) for item in weekdays if item != "*")
    is_every_day = len(numbers) == 7 and places == {""}
    weekday = "*" if is_every_day else _join(f"{day}#{place}" if place else day for day, place in numbers) or "*"
    day = _join([*(day for day in days if day != "-1"), *("l" for day in days if day == "-1")])
    return f"{parts['BYMINUTE']} {parts['BYHOUR']} {day} {parts.get('BYMONTH', '*')} {weekday}"


def _join(items: Iterable[object]) -> str:
    return ",".join(map(str, items))


def _numbers(field: str, first: int, last: int) -> list[int]:
    """Return the sorted numbers of a parsed field; the last day of a month is -1."""
    numbers = set[int]()
    for item in field.split(","):
        span, _, step = item.partition("/")
        start, _, end = (f"{first}-{last}" if span == "*" else span).partition("-")
        numbers.update([-1] if span == "l" else range(int(start), int(end or start) + 1, int(step or 1)))
    return sorted(numbers)


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
        if any(not _FIRST[place] <= number <= _LAST[place] for number in numbers) or (
            match["step"] and not int(match["step"])
        ):
            raise _invalid_field(place, field)
        if any(before > behind for before, behind in pairwise(numbers)):
            raise UsageError(f'{_FIELDS[place]} "{typed}" runs backward', _FORM)
        if match["step"] and len(numbers) == 1:
            whole = [*fields]
            whole[place] = field.replace(typed, f"{numbers[0]}-{_LAST[place]}/{match['step']}")
            message = f'{_FIELDS[place]} "{typed}" differs between cron programs'
            raise UsageError(message, Hint("try", " ".join(whole)))
        plain = re.sub(r"\d+", lambda number: str(int(number[0])), item)
        items.append(re.sub(r"^(\d+)-\1(/\d+)?$", r"\1", plain))
    return ",".join(items)


def _invalid_field(place: int, field: str) -> UsageError:
    return UsageError(f'"{field}" is not a valid {_FIELDS[place]} in a cron expression', _FORM)
