"""Instants as people read them. English and independent of the locale; says nothing without its zone and UTC."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo

Clocks = Sequence[tuple[str, tzinfo]]
"""Names of accounts, each with its zone."""
MOST_NAMED = 3
"""Accounts that are named next to a clock."""
DAYS_IN_FULL = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAYS = tuple(day[:3] for day in DAYS_IN_FULL)
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_STEPS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def first_valid_zone(*names: str | None) -> tzinfo | None:
    """Return the first valid zone of these names, such as an account's and the settings'; None: the system's."""
    from zoneinfo import ZoneInfo

    for name in names:
        if name:
            with suppress(KeyError, ValueError, OSError):
                return ZoneInfo(name)
    return None


def format_instant(at: datetime, zone: tzinfo | None, clocks: Clocks = ()) -> str:
    """Return `Sun 31 Oct 2027 02:30 Europe/Berlin (00:30 UTC)`; without `zone`, in the system's zone.

    `clocks` of accounts that show another time come before UTC: `09:00 Asia/Tokyo (Mon 30 Nov 19:00 New York for x/me),
    00:00 UTC`.
    """
    local, utc = at.astimezone(zone), at.astimezone(UTC)
    name = zone_label(zone, at)
    text = f"{day_text(local)} {clock_text(local)} {name}"
    day = "" if utc.date() == local.date() else f"{day_text(utc, year=False)} "
    there = other_clocks(at, zone, clocks)
    if there:
        text = f"{text} ({there})"
    if name == "UTC":
        return text
    return f"{text}, {day}{clock_text(utc)} UTC" if there else f"{text} ({day}{clock_text(utc)} UTC)"


def zone_city(zone: tzinfo | None, at: datetime) -> str:
    """Return `New York` for America/New_York."""
    return zone_label(zone, at).rpartition("/")[2].replace("_", " ")


def other_clocks(at: datetime, zone: tzinfo | None, clocks: Clocks, named: bool = True) -> str:
    """Return `Mon 30 Nov 19:00 New York for x/me`: the clocks of accounts that differ from those of `zone`; '' if none
    does. The day is named where it is another one, the accounts if `named`."""
    local = at.astimezone(zone)
    names: dict[str, list[str]] = {}
    for account, there in clocks:
        own = at.astimezone(there)
        if own.utcoffset() != local.utcoffset():
            day = "" if own.date() == local.date() else f"{day_text(own, year=False)} "
            names.setdefault(f"{day}{clock_text(own)} {zone_city(there, at)}", []).append(account)
    return "; ".join(f"{clock} for {_few_names(them)}" if named else clock for clock, them in names.items())


def _few_names(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} accounts"


def zone_label(zone: tzinfo | None, at: datetime) -> str:
    """`Europe/Berlin`; `UTC` or `UTC+05:30` of a zone that is only an offset."""
    key: str | None = getattr(zone, "key", None)  # as a ZoneInfo has
    return key or offset_label(at.astimezone(zone))


def offset_label(local: datetime) -> str:
    """`UTC+02:00`, `UTC` at zero."""
    offset = local.isoformat()[len(local.replace(tzinfo=None).isoformat()) :]
    return "UTC" if offset == "+00:00" else f"UTC{offset}"


def day_text(day: date, *, year: bool = True) -> str:
    """`Sun 31 Oct 2027`, or without the year."""
    text = f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1][:3]}"
    return f"{text} {day.year}" if year else text


def clock_text(clock: datetime | time) -> str:
    """`02:30`, with seconds only where there are some."""
    return f"{clock:%H:%M:%S}" if clock.second else f"{clock:%H:%M}"


def format_duration(length: timedelta, *, short: bool = False) -> str:
    """`4 h 14 min`; short: `4 h`. The largest unit and the one below it, rounded down from whole seconds."""
    seconds = round(abs(length).total_seconds())
    for place, (unit, size) in enumerate(_STEPS):
        if seconds >= size:
            count, rest = divmod(seconds, size)
            below, small = _STEPS[min(place + 1, len(_STEPS) - 1)]
            tail = "" if short or rest < small else f" {rest // small} {below}"
            return f"{count} {unit}{tail}"
    return "0 s"


def relative(at: datetime, now: datetime, *, short: bool = False) -> str:
    """`in 4 h 14 min`, `19 h 46 min ago`, `now`; short, for tables: `in 4 h`, `19 h ago`."""
    text = format_duration(at - now, short=short)
    if text == "0 s":
        return "now"
    return f"in {text}" if at > now else f"{text} ago"


def format_iso(at: datetime, zone: tzinfo | None) -> str:
    """Return `2027-10-31T02:30+01:00`: the instant on the clocks of `zone`, readable in any zone."""
    local = at.astimezone(zone)
    minutes = local.second == local.microsecond == 0
    return local.isoformat(timespec="minutes" if minutes else "auto").replace("+00:00", "Z")
