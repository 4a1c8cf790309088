"""TIME as it is typed -> the instant it means.

Owns when a time is refused: in the past, skipped by the clocks, beyond 2100, or different for two accounts. What it
returns is never past and never a time that does not exist, and every command it suggests can be typed as it stands.
Reads no clock: `now` comes from the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from ttp.domain.errors import Hint, PastTime, SkippedTime, TimeRefused
from ttp.domain.time.durations import duration_parts, length
from ttp.domain.time.formatting import clock_text, day_text, offset_label, relative, zone_label
from ttp.domain.time.grammar import (
    AfterDuration,
    ExactTime,
    InDays,
    NextFreeSlot,
    NextWeekday,
    Now,
    OnDate,
    OptimalTime,
    WallTime,
    WeekdayOfNextWeek,
    parse_clock,
    parse_time,
    split_words,
)
from ttp.domain.time.refusal import InZone, Suggestion, TimeProblem, quote, suggest
from ttp.domain.time.repair import explain_problem
from ttp.domain.time.wall_clock import instants, jump_over
from ttp.domain.time.zones import ZoneConflict

_FIRST_YEAR, _LAST_YEAR = 1970, 2100
_NEAR = {"yesterday": -1, "today": 0, "tomorrow": 1}
_DAY = timedelta(days=1)
_EXAMPLE = (Suggestion("for example", ("tomorrow 9am", "in 1h")),)
"""The way out where nothing was probably meant."""


@dataclass(frozen=True, slots=True)
class ResolvedTime:
    """An instant (aware, UTC), the zone in which answers show it, and the text it was typed as."""

    at: datetime
    zone: tzinfo
    typed: str
    note: str | None = None
    """What the person should know about it: the clock shows this time twice."""
    note_hint: Hint | None = None
    """The command for the other one."""


@dataclass(frozen=True, slots=True)
class Optimal:
    """`optimal`: the next of the account's best hours, which is not this module's to know."""

    typed: str


@dataclass(frozen=True, slots=True)
class NextSlot:
    """`next-slot`: the next free one of the account's slots, which is not this module's to know either."""

    typed: str


When = ResolvedTime | Optimal | NextSlot


def resolve_time(text: str, *, now: datetime, zone: ZoneInfo | ZoneConflict, retype: Callable[[str], str]) -> When:
    """The moment a TIME means, seen at `now` (aware), its wall clocks read in `zone`.

    `retype` builds the whole command with another time in it. TimeRefused, PastTime or SkippedTime, each with at
    least one such command, for everything else.
    """
    try:
        found = _resolve(text, now, zone)
    except TimeProblem as refusal:
        raise _error(refusal, now, zone, retype) from None
    if isinstance(found, ResolvedTime) and found.note_hint:
        return replace(found, note_hint=Hint(found.note_hint.say, retype(found.note_hint.type)))
    return found


def resolve_bound(text: str, *, now: datetime, zone: ZoneInfo, retype: Callable[[str], str] = str) -> datetime:
    """One end of a filter such as `--since`: an aware UTC instant, which may be past.

    `7d` is seven days before `now`; a date, `yesterday`, `today` or `tomorrow` alone is the start of that day in
    `zone`; every TIME but `optimal` and `next-slot` is taken too. Where clocks jump over it, as much later as they
    jump. TimeRefused otherwise.
    """
    ago = duration_parts(text)
    if ago is not None:
        return now.astimezone(UTC) - length(ago)
    today = now.astimezone(zone).date()
    try:
        match _read_day(text) or parse_time(text):
            case WallTime(OnDate() | InDays() as day, clock):
                wall = datetime.combine(_days(day, today)[0], clock)
                _check_year(wall.year, text, now)
                return wall.replace(tzinfo=zone).astimezone(UTC)
            case ExactTime(at):
                _check_year(at.year, text, now)
                return at.astimezone(UTC)
            case _:
                found = _resolve(text, now, zone)
    except TimeProblem as refusal:
        message = refusal.message
    else:
        if isinstance(found, ResolvedTime):
            return found.at
        message = f'"{found.typed}" is not a date'
    raise TimeRefused(message, Hint("write it like", retype("7d")), Hint("or", retype(today.isoformat())))


def _read_day(text: str) -> WallTime | None:
    """`2026-12-01`, `today`, `yesterday`, `yesterday 9am`."""
    match split_words(text):
        case [word] if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", word):
            with suppress(ValueError):
                return WallTime(OnDate(date.fromisoformat(word)), time())
        case [word] if word in _NEAR:
            return WallTime(InDays(_NEAR[word]), time())
        case ["yesterday", word]:
            clock = parse_clock(word)
            return None if clock is None else WallTime(InDays(-1), clock)
    return None


def _resolve(text: str, now: datetime, zone: tzinfo | ZoneConflict) -> When:
    """What `parse_when` returns; Refusal instead of an error, and texts instead of commands."""
    home = zone.shown if isinstance(zone, ZoneConflict) else zone
    match parse_time(text):
        case None:
            raise explain_problem(text, now.astimezone(home))
        case OptimalTime():
            return Optimal(text)
        case NextFreeSlot():
            return NextSlot(text)
        case Now():
            return ResolvedTime(now.astimezone(UTC), home, text)
        case AfterDuration(after):
            at = now.astimezone(UTC) + after
            _check_year(at.year, text, now)
            return ResolvedTime(at, home, text)
        case ExactTime(at):
            return _of_instant(text, at, now, home)
        case WallTime() as wall:
            if isinstance(zone, ZoneConflict):
                ways = [Suggestion(f"in {there.key}", (InZone(text, there),)) for there in zone.zones]
                raise TimeProblem(f'"{quote(text)}" differs between the accounts: {zone}', *ways)
            return _of_wall(text, wall, now, zone)


def _of_instant(text: str, at: datetime, now: datetime, home: tzinfo) -> ResolvedTime:
    """An ISO text with offset, shown so that the clock that was typed, or UTC, is part of the answer."""
    _check_year(at.year, text, now)
    if at < now:
        name = f"{day_text(at)} {clock_text(at)} {offset_label(at)}"
        raise TimeProblem(f"{name} is {_ago(at, now)}", suggest(*_later(text, at.date(), now)), kind=PastTime)
    same = not at.utcoffset() or at.astimezone(home).utcoffset() == at.utcoffset()
    return ResolvedTime(at.astimezone(UTC), home if same else at.tzinfo or home, text)


def _of_wall(text: str, wall: WallTime, now: datetime, zone: tzinfo) -> ResolvedTime:
    """The first instant, not before `now`, at which clocks in `zone` show this."""
    for day in _days(wall.day, now.astimezone(zone).date()):
        _check_year(day.year, text, now)
        clocks = datetime.combine(day, wall.clock)
        found = instants(clocks, zone)
        coming = [at for at in found if at > now or (at == now and not isinstance(wall.day, NextWeekday))]
        if coming:
            return _moment(text, clocks, coming[0], found, zone)
        if not found:
            _refuse_gap(clocks, now, zone)
    at = clocks.replace(tzinfo=zone)
    place = f"{clock_text(clocks)} {zone_label(zone, at)}"
    if isinstance(wall.day, InDays):
        word = split_words(text)[-1]
        name, later = f"{word} today ({day_text(day, year=False)} {place})", [f"tomorrow {word}"]
    else:
        name, later = f"{day_text(day)} {place}", _later(text, day, now.astimezone(zone))
    raise TimeProblem(f"{name} is {_ago(at, now)}", suggest(*later), kind=PastTime)


def _days(day: OnDate | InDays | NextWeekday | WeekdayOfNextWeek, today: date) -> tuple[date, ...]:
    """The day meant; two for a weekday, as today's hour may have passed."""
    match day:
        case OnDate(given):
            return (given,)
        case InDays(days):
            return (today + timedelta(days),)
        case NextWeekday(number):
            first = today + timedelta((number - today.weekday()) % 7)
            return first, first + timedelta(weeks=1)
        case WeekdayOfNextWeek(number):
            return (today + timedelta(7 - today.weekday() + number),)


def _moment(text: str, clocks: datetime, at: datetime, found: tuple[datetime, ...], zone: tzinfo) -> ResolvedTime:
    """The moment, with a word on the night in which its hour comes twice."""
    if len(found) == 1:
        return ResolvedTime(at, zone, text)
    twice = f"{clock_text(clocks)} comes twice that night"
    offset = offset_label(at.astimezone(zone))
    if at == found[0]:
        second = Hint("For the second", format_iso(found[1], zone))
        return ResolvedTime(at, zone, text, f"{twice}; took the first ({offset}).", second)
    return ResolvedTime(at, zone, text, f"{twice}; the first has passed, took the second ({offset}).")


def _refuse_gap(clocks: datetime, now: datetime, zone: tzinfo) -> None:
    """Refusal of a wall clock that does not exist, unless even the clock after the jump has passed."""
    jump = jump_over(clocks, zone)
    moved = clocks + jump.length
    at = moved.replace(tzinfo=zone)
    if at < now:
        return
    raise TimeProblem(
        f"{clock_text(clocks)} does not exist on {day_text(clocks)} in {zone_label(zone, at)}",
        suggest(f"{moved.date()} {clock_text(moved)}"),
        kind=SkippedTime,
        details=(f"(clocks go from {clock_text(jump.before)} to {clock_text(jump.after)})",),
    )


def _check_year(year: int, text: str, now: datetime) -> None:
    """Refusal of a year in which no post of anyone's can lie: years are counted from 1970 to 2100."""
    if year < _FIRST_YEAR:
        raise TimeProblem(f"the year {year} has passed", suggest(*_later(text, date.min, now)), kind=PastTime)
    if year > _LAST_YEAR:
        raise TimeProblem(f'"{quote(text)}" lies beyond the year {_LAST_YEAR}', suggest(*_later(text, date.min, now)))


def _later(text: str, day: date, now: datetime) -> list[str]:
    """An ISO text moved to where it is still to come: tomorrow if it was meant for these days, else its next year."""
    typed = " ".join(text.upper().split())
    tomorrow = f"{now.date() + _DAY}{typed[10:]}"
    years = [f"{now.year}{typed[4:]}", f"{now.year + 1}{typed[4:]}"]
    recent = now.date() - day < 7 * _DAY
    return [tomorrow, *years] if recent else [*years, tomorrow]


def _ago(at: datetime, now: datetime) -> str:
    ago = relative(at, now)
    return "a moment ago" if ago == "now" else ago


def format_iso(at: datetime, zone: tzinfo) -> str:
    """`2027-10-31T02:30+01:00`: the instant on the clocks of `zone`, in a form that means it anywhere."""
    local = at.astimezone(zone)
    minutes = local.second == local.microsecond == 0
    return local.isoformat(timespec="minutes" if minutes else "auto").replace("+00:00", "Z")


def _error(
    refusal: TimeProblem, now: datetime, zone: ZoneInfo | ZoneConflict, retype: Callable[[str], str]
) -> TimeRefused:
    """The refusal as a person sees it. Every command in it has been read again."""
    labels: dict[str, str] = {}
    for say, text in _offers(refusal.ways, now, zone) or _offers(_EXAMPLE, now, zone):
        labels.setdefault(text, say)
    hints = [Hint(say, retype(text)) for text, say in labels.items()]
    if refusal.forms:
        hints.append(Hint("all forms", "ttp help time"))
    return refusal.kind(refusal.message, *hints, details=refusal.details)


def _offers(ways: Iterable[Suggestion], now: datetime, zone: tzinfo | ZoneConflict) -> list[tuple[str, str]]:
    """Label and text of each way out; where accounts disagree on a wall clock, one for each of their zones."""
    offers = []
    for way in ways:
        found = [(way.say, _first_settled(way.texts, now, zone))]
        if isinstance(zone, ZoneConflict) and found[0][1] is None:
            texts = [text for text in way.texts if isinstance(text, str)]
            zoned = {there: [InZone(text, there) for text in texts] for there in zone.zones}
            found = [(f"in {there.key}", _first_settled(those, now, zone)) for there, those in zoned.items()]
        offers += [(say, text) for say, text in found if text is not None]
    return offers


def _first_settled(texts: Iterable[str | InZone], now: datetime, zone: tzinfo | ZoneConflict) -> str | None:
    return next((found for text in texts if (found := _settled(text, now, zone)) is not None), None)


def _settled(text: str | InZone, now: datetime, zone: tzinfo | ZoneConflict) -> str | None:
    """The text to type, None if it would be refused as well."""
    try:
        if isinstance(text, str):
            _resolve(text, now, zone)
            return text
        found = _resolve(text.text, now, text.zone)
    except TimeProblem as refusal:
        if isinstance(text, str):
            return None
        offers = _offers(refusal.ways, now, text.zone)
        return _settled(InZone(offers[0][1], text.zone), now, zone) if offers else None
    return _settled(format_iso(found.at, text.zone), now, zone) if isinstance(found, ResolvedTime) else found.typed
