"""Rules of repeats as RFC 5545 writes them: `FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;BYHOUR=18;BYMINUTE=0`. Pure; the instants
come from `services.recurrence_rules`."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from ttp.domain.action import other_options
from ttp.domain.errors import Hint, UsageError
from ttp.domain.time.repair import quote

CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_RANGES = {
    "INTERVAL": (1, 999),
    "BYMONTH": (1, 12),
    "BYWEEKNO": (-53, 53),
    "BYYEARDAY": (-366, 366),
    "BYMONTHDAY": (-31, 31),
    "BYHOUR": (0, 23),
    "BYMINUTE": (0, 59),
    "BYSETPOS": (-366, 366),
}
_ORDER = (
    *("FREQ", "INTERVAL", "BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY"),
    *("BYHOUR", "BYMINUTE", "BYSETPOS", "WKST"),
)
_DAYS = {
    "DAILY": (),
    "WEEKLY": ("BYDAY",),
    "MONTHLY": ("BYMONTHDAY", "BYDAY"),
    "YEARLY": ("BYMONTHDAY", "BYDAY", "BYYEARDAY"),
}
"""The parts that say on which days, of which a rule needs one."""
_ONLY = {
    "BYMONTHDAY": ("DAILY", "MONTHLY", "YEARLY"),
    "BYWEEKNO": ("YEARLY",),
    "BYYEARDAY": ("YEARLY",),
}
_ELSEWHERE = {
    "BYSECOND": "posts have whole minutes",
    "TZID": "the timezone is an option of its own",
    "DTSTART": "the first day is given after the rule: from 2026-12-01",
    "RDATE": "single dates are posts of their own",
    "EXDATE": "a repeat can skip its next time",
}
_EXAMPLE = "FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=17;BYMINUTE=0"


LONGEST = 1000
"""Characters of the times of a repeat or slot; more are a mistake, and take long to read."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a repeat comes: `cron` where an expression says it, else an RRULE. `anchor`: the first day, `2026-12-01`,
    from which an INTERVAL counts."""

    cron: str = ""
    rule: str | None = None
    anchor: str | None = None


def refuse_long(text: str) -> None:
    """Raise UsageError for a text that is too long for times."""
    if len(text) > LONGEST:
        raise UsageError(f'"{quote(text)}" is too long for times: {len(text)} characters, at most {LONGEST}')


def parts_of(rule: str) -> dict[str, str]:
    """Return the parts of one parsed RRULE by name."""
    return dict(part.split("=") for part in rule.split(";"))


def format_parts(parts: dict[str, str]) -> str:
    return ";".join(f"{name}={parts[name]}" for name in _ORDER if name in parts)


def parse_rrule(text: str, day: str = "") -> str:
    """Return an RRULE in its stored form: sorted, with its hours and minutes. Raise UsageError for anything else, for
    COUNT and UNTIL, and for what comes more often than on days. `day`: what follows the rule in a hint."""
    refuse_long(text)
    pairs = [part.partition("=")[::2] for part in text.upper().replace(" ", "").removeprefix("RRULE:").split(";")]
    parts = dict(pairs)
    if ends := [pair for pair in pairs if pair[0] in ("COUNT", "UNTIL")]:
        rule = ";".join("=".join(pair) for pair in pairs if pair not in ends)
        parse_rrule(rule)  # other errors first: the rule is part of the hint
        names, options = " and ".join(name for name, _ in ends), dict(_parse_end(*pair) for pair in ends)
        hints = [Hint("try", other_options(rule=f"{rule}{day}", **options))] if len(options) == len(ends) else []
        raise UsageError(f"{names} cannot be part of a rule here", *hints)
    other = next((name for name in _ELSEWHERE for key in parts if re.search(rf"(^|;|:){name}", key)), None)
    if parts.get("BYSECOND") == "0":
        del parts["BYSECOND"]
    elif other:
        raise UsageError(f"{other} cannot be part of a rule here: {_ELSEWHERE[other]}")
    if len({name for name, _ in pairs}) < len(pairs) or not parts.keys() <= {*_ORDER}:
        raise UsageError(f'"{text}" is not an RRULE, such as {_EXAMPLE}')
    frequency = parts.get("FREQ", "")
    if frequency not in _DAYS:
        raise UsageError(f'"{text}" has no FREQ of DAILY, WEEKLY, MONTHLY or YEARLY')
    if not {"BYHOUR", "BYMINUTE"} <= parts.keys():
        raise UsageError(f'"{text}" has no time of day: add BYHOUR and BYMINUTE, such as BYHOUR=17;BYMINUTE=0')
    if _DAYS[frequency] and parts.keys().isdisjoint(_DAYS[frequency]):
        raise UsageError(f'"{text}" does not say on which day: add {" or ".join(_DAYS[frequency])}')
    plain = {name: _parse_part(name, parts) for name in parts}
    if plain.get("INTERVAL") == "1":
        del plain["INTERVAL"]
    if plain.get("WKST") == "MO" or plain.keys().isdisjoint(("INTERVAL", "BYWEEKNO", "BYSETPOS")):
        plain.pop("WKST", None)  # it says nothing
    return format_parts(plain)


def _parse_end(name: str, value: str) -> tuple[str, str]:
    """Return the option for COUNT or UNTIL, and its value: DATE if the day depends on the timezone. UsageError."""
    if name == "COUNT" and re.fullmatch("[1-9][0-9]{0,8}", value):
        return "count", value
    if name == "UNTIL" and re.fullmatch(r"[0-9]{8}(T[0-9]{6}Z?)?", value):
        with suppress(ValueError):
            day = date.fromisoformat(value[:8]).isoformat()
            return "until", day if value[8:].rstrip("Z") in ("", "T235959") else "DATE"
    raise UsageError(f"{name}={value} is not valid")


def _parse_part(name: str, parts: dict[str, str]) -> str:
    """Return the sorted values of a part. Raise UsageError if one is invalid."""
    frequency, value = parts["FREQ"], parts[name]
    items = {item.removeprefix("+") for item in value.split(",")}
    if name == "FREQ":
        return value
    is_mixed = name == "BYDAY" and len({len(item) > 2 for item in items}) == 2  # dateutil does not unite them
    if is_mixed or (len(items) > 1 and name in ("INTERVAL", "WKST")):
        items = {""}
    if name in ("BYDAY", "WKST"):
        is_of_year = frequency == "YEARLY" and "BYMONTH" not in parts
        place = "(-?([1-9]|[1-4][0-9]|5[0-3]))?" if is_of_year else "(-?[1-5])?"
        place = place if name == "BYDAY" and frequency in ("MONTHLY", "YEARLY") else ""
        if all(re.fullmatch(f"{place}({'|'.join(CODES)})", item) for item in items):
            return ",".join(sorted(items, key=lambda item: (int(item[:-2] or 0), CODES.index(item[-2:]))))
    elif all(re.fullmatch(r"-?\d{1,3}", item) for item in items) and frequency in _ONLY.get(name, _DAYS):
        numbers = sorted({int(item) for item in items})
        low, high = _RANGES[name]
        if low <= numbers[0] and numbers[-1] <= high and (low == 0 or 0 not in numbers):
            return ",".join(map(str, numbers))
    raise UsageError(f"{name}={value} is not valid with FREQ={frequency}")
