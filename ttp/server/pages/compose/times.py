"""The time of a form: suggestions with their real times, the clocks on which it is shown, and the hours of its day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from ttp.domain.account import Account
from ttp.domain.errors import TtpError
from ttp.domain.time.formatting import DAYS_IN_FULL, clock_text, day_text, zone_city
from ttp.domain.time.resolve import ResolvedTime
from ttp.server.pages.rendering import typed_time
from ttp.server.services import RequestServices

SUGGESTED = {"next-slot": "Next slot", "optimal": "Best hour"}
NOW = "now"
_DAY = timedelta(days=1)
_EVENING, _MORNING = time(18), time(9)
_STEPS = 6


@dataclass(frozen=True, slots=True)
class Chip:
    """A time to choose. `value`: what is typed for it, or the word of one that ttp chooses; `at`: what is typed for its
    time, empty if there is none."""

    name: str
    value: str
    words: str
    at: str


@dataclass(frozen=True, slots=True)
class ClockLine:
    """A time on one clock, and whose it is."""

    words: str
    whose: str


@dataclass(frozen=True, slots=True)
class DayHour:
    """An hour of the day of a form. `step`: how good it is, from 0 to 6."""

    hour: int
    step: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class TimeChoice:
    """What the part of a form about its time shows. `at`: the time that its text means; None without or for a text that
    means none."""

    chips: tuple[Chip, ...]
    at: datetime | None
    words: str
    pick: str
    clocks: tuple[ClockLine, ...]
    hours: tuple[DayHour, ...]
    note: str
    day: str = ""
    repeats: tuple[str, ...] = ()
    """The next times of the repeat, in words."""


def short_time(at: datetime, zone: tzinfo, now: datetime) -> str:
    """Return `Today 17:30`, `Tomorrow 09:00` or `Tue 1 Dec, 19:00`, with the year if it is another one."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    days = (local.date() - today).days
    if days in (0, 1):
        return f"{('Today', 'Tomorrow')[days]} {clock_text(local)}"
    return f"{day_text(local, year=local.year != today.year)}, {clock_text(local)}"


def time_choice(
    text: str,
    accounts: Sequence[Account],
    services: RequestServices,
    *,
    zone: tzinfo,
    now: datetime,
    post: int | None = None,
) -> TimeChoice:
    """Return the choice of a time for these accounts. `text`: as it was typed; `post`: the stored post it is for."""
    time = _resolved(text, accounts, services, post)
    at = None if time is None else time.at
    words = "At once" if text == NOW else "" if at is None else short_time(at, zone, now)
    pick = "" if at is None or text == NOW else f"{at.astimezone(zone):%Y-%m-%dT%H:%M}"
    return TimeChoice(
        _chips(accounts, services, zone, now, post),
        at,
        words,
        pick,
        () if at is None else _clocks(at, accounts, services, zone),
        () if at is None else _hours(at, accounts, services, zone),
        (time.note or "") if time is not None and time.choice is None else "",
        "" if at is None else DAYS_IN_FULL[at.astimezone(zone).weekday()],
    )


def _resolved(
    text: str, accounts: Sequence[Account], services: RequestServices, post: int | None
) -> ResolvedTime | None:
    try:
        return services.times.resolve(text, tuple(accounts), None, post=post) if text else None
    except TtpError:  # the field says why when the form is sent
        return None


def _suggested(
    word: str, accounts: Sequence[Account], services: RequestServices, post: int | None
) -> ResolvedTime | None:
    those = services.optimal.with_data(accounts) if word == "optimal" else accounts
    return _resolved(word, those, services, post) if those else None


def _chips(
    accounts: Sequence[Account], services: RequestServices, zone: tzinfo, now: datetime, post: int | None
) -> tuple[Chip, ...]:
    chips = []
    for word, name in SUGGESTED.items():
        time = _suggested(word, accounts, services, post)
        pair = None if time is None else (short_time(time.at, zone, now), typed_time(time.at, zone))
        chips.append(Chip(name, word, *(pair or ("", ""))))
    local = now.astimezone(zone)
    monday = local.date() + _DAY * (7 - local.weekday())
    days = [("Today", local.date(), _EVENING), ("Tomorrow", local.date() + _DAY, _MORNING)]
    if monday != local.date() + _DAY:
        days.append(("Monday", monday, _MORNING))
    for name, day, clock in days:
        at = datetime.combine(day, clock, zone)
        if at > now:
            date = f"{day_text(at, year=False).partition(' ')[2]}, " if name == "Monday" else ""
            typed = typed_time(at, zone)
            chips.append(Chip(name, typed, f"{date}{clock_text(at)}", typed))
    return (*chips, Chip("At once", NOW, "Now", NOW))


def _clocks(
    at: datetime, accounts: Sequence[Account], services: RequestServices, zone: tzinfo
) -> tuple[ClockLine, ...]:
    """Return the person's clock, and each other one of the accounts."""
    local = at.astimezone(zone)
    others: dict[tuple[str, str], list[str]] = {}
    same: list[str] = []
    for account in accounts:
        try:
            there = services.times.account_zone(account)
        except TtpError:  # a zone that this machine does not have
            continue
        own = at.astimezone(there)
        is_same = own.utcoffset() == local.utcoffset()
        (same if is_same else others.setdefault((_clock(own), zone_city(there, at)), [])).append(account.name)
    whose = f"{zone_city(zone, at)}, your clock" + (f" and that of {_count(same)}" if same else "")
    lines = (ClockLine(words, f"{city}, clock of {_count(names)}") for (words, city), names in others.items())
    return (ClockLine(_clock(local), whose), *lines)


def _clock(local: datetime) -> str:
    return f"{day_text(local, year=False)}, {clock_text(local)}"


def _count(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} accounts"


def _hours(at: datetime, accounts: Sequence[Account], services: RequestServices, zone: tzinfo) -> tuple[DayHour, ...]:
    """Return how good the hours of its day are for the accounts together, in the person's zone; none without data."""
    try:
        zones = services.times.account_zones(accounts)
    except TtpError:
        return ()
    week = services.optimal.week(accounts, zones)
    if week.zone is None:
        return ()
    local = at.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    by_place = {(place, slot["hour"]): slot["score"] for place, day in enumerate(week.days) for slot in day["slots"]}
    hours = (midnight.replace(hour=hour).astimezone(week.zone) for hour in range(24))
    scores = [by_place.get((there.weekday(), there.hour), 0.0) for there in hours]
    low, high = min(by_place.values()), max(by_place.values())
    spread = (high - low) or 1.0
    steps = (round(_STEPS * ((score - low) / spread) ** 0.5) for score in scores)  # few hours are good
    return tuple(DayHour(hour, step, hour == local.hour) for hour, step in enumerate(steps))
