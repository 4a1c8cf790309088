"""Resolve a typed TIME to an instant.

A time in the past, skipped by the clocks, or beyond 2100 is refused. A returned instant is
never past and always exists; every suggestion has been read again. Reads no clock: `now` comes from the caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ttp.domain.action import other_options
from ttp.domain.errors import Hint, PastTime, SkippedTime, TimeRefused
from ttp.domain.time import grammar
from ttp.domain.time.durations import duration_parts, total_duration
from ttp.domain.time.formatting import (
    DAYS_IN_FULL,
    MONTHS,
    Clocks,
    clock_text,
    day_text,
    format_iso,
    offset_label,
    relative,
    zone_label,
)
from ttp.domain.time.repair import Suggestion, TimeProblem, explain_problem, quote, suggest
from ttp.domain.time.words import parse_clock, plain_text, split_words
from ttp.domain.time.zones import Abbreviation, instants, jump_over, load_zone

_FIRST_YEAR, LAST_YEAR = 1970, 2100
_NEAR = {"yesterday": -1, "today": 0, "tomorrow": 1}
_DAY = timedelta(days=1)
_MOST_STEPS = 4
"""Refusals of suggestions that are followed to a time that is accepted."""


class TimeBounds(NamedTuple):
    """Instants from `start` on and before `end`; None: no bound."""

    start: datetime | None = None
    end: datetime | None = None


ANY_TIME = TimeBounds()


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
    choice: grammar.ChosenTime | None = None
    """How ttp chose the instant, if no person named it."""
    within: timedelta | None = None
    """How far ahead ttp looks for the best hour, if somebody said."""
    first: bool = False
    """Scheduled posts in the slot move back."""
    window: TimeBounds = ANY_TIME
    """The bounds of an hour that ttp chose."""
    account_ids: tuple[int | None, ...] = ()
    """The accounts that it was resolved for."""
    account_zones: tuple[ZoneInfo, ...] = ()
    """The zones of their hours, where ttp chose one."""
    clocks: Clocks = ()
    """The accounts that have a zone of their own, or a slot at this time, for answers."""


When = ResolvedTime | grammar.ChosenTime
"""What a TIME can mean: an instant, or an hour that ttp chooses for the account."""


def resolve_time(
    text: str,
    *,
    now: datetime,
    zone: ZoneInfo,
    forms: Hint | None = None,
) -> When:
    """Return what a TIME means at `now` (aware), with wall clocks read in `zone`.

    `forms` leads to the list of all forms; it is added where a text cannot be read. Raise TimeRefused, PastTime or
    SkippedTime for everything else, with other texts that keep the meaning of each word that was typed, or with none.
    """
    try:
        return _resolve(text, now, zone)
    except TimeProblem as problem:
        sure = len(problem.suggestions) < 2  # else the offers may lack one of the readings, which has passed
        hints = [Hint("try", other, sure=sure) for other in _offers(problem.suggestions, now, zone)]
        if forms and (problem.forms or not hints):
            hints.append(forms)
        raise problem.kind(problem.message, *hints, details=problem.details, flaw=problem.flaw) from None


def resolve_bound(
    text: str, *, now: datetime, zone: ZoneInfo, option: str | None = None, ahead: bool = False
) -> datetime:
    """Return one end of a filter such as `--since`: an aware UTC instant, which may be past.

    `7d` and `7 days ago` are seven days before `now`, and with `ahead`, for what is planned, after it; then
    `next monday`, `friday`, `in 3 days` and `1 dec` are the start of that day, too. A date, `yesterday`, `today` or
    `tomorrow` alone is the start of that day in `zone`; every TIME but `optimal` and `next-slot` is accepted too. A
    clock that is skipped is moved forward by the length of the gap. Raise TimeRefused otherwise, with other texts, or
    with another `option` of the same request."""
    parts = duration_parts(text.removeprefix("+") if ahead else text.lower().removesuffix(" ago"))
    if parts is not None:
        return now.astimezone(UTC) + total_duration(parts) * (1 if ahead else -1)
    if ahead and (first := parse_date(text, now, zone)) is not None:
        return datetime.combine(first, time(), zone).astimezone(UTC)
    try:
        match _parse_whole_day(text) or _parse_bare_day(text, now.astimezone(zone).date()) or grammar.parse_time(text):
            case grammar.WallTime(grammar.OnDate() | grammar.DayOfYear() | grammar.InDays() as day, clock, named):
                there = _place_of(named, plain_text(text), grammar.WallTime(day, clock), now) if named else zone
                wall = datetime.combine(_days(day, now.astimezone(there).date(), text)[0], clock)
                _check_year(wall.year, text)
                return wall.replace(tzinfo=there).astimezone(UTC)
            case grammar.ExactTime(at):
                _check_year(at.year, text)
                return at.astimezone(UTC)
            case _:
                moment = _resolve(text, now, zone)
    except TimeProblem as problem:
        message, offers = problem.message, [one.text for one in problem.suggestions if problem.flaw == "two_days"]
        message = f'"{quote(text)}" is not a date' if problem.flaw == "past" else message
    else:
        if isinstance(moment, ResolvedTime):
            return moment.at
        message, offers = f'"{quote(text)}" is not a date', []
    today = now.astimezone(zone).date().isoformat()
    examples = ("next monday", "tomorrow") if ahead else ("7d", today)
    ways = [text if option is None else other_options(**{option: text}) for text in offers]
    raise TimeRefused(
        message if offers else f"{message}. Examples: {', '.join(examples)}", *(Hint("try", way) for way in ways)
    )


def parse_date(text: str, now: datetime, zone: tzinfo) -> date | None:
    """Return the day that `next monday`, `friday`, `in 3 days` or `2026-12-01` means in `zone`; None for other texts.
    Raise TimeRefused for a wrong weekday."""
    day = grammar.parse_day(split_words(plain_text(text))) if split_words(text) else None
    try:
        return None if day is None else _days(day, now.astimezone(zone).date(), text)[0]
    except TimeProblem as problem:
        raise TimeRefused(problem.message) from None


def _parse_bare_day(text: str, today: date) -> grammar.WallTime | None:
    """Return the start of `7 dec` and `Dec 7, 2026`. Without a year it is the nearest. TimeProblem where two days may
    be meant: half a year away, or the last `monday` and the next."""
    day = grammar.parse_day(split_words(plain_text(text))) if split_words(text) else None
    match day:
        case grammar.OnDate():
            return grammar.WallTime(day, time())
        case grammar.NextWeekday(number, _, 0):
            last = today - timedelta((today.weekday() - number - 1) % 7 + 1)
            days = [last, last + timedelta(weeks=1)]
        case grammar.DayOfYear(month, number, weekday):
            years = (_in_year(today.year + more, month, number) for more in range(-4, 5))
            days = sorted((one for one in years if one), key=lambda one: abs(one - today))[:2]
            if len(days) < 2 or abs(days[1] - today) >= 2 * abs(days[0] - today):
                _check_weekday(days[0], weekday, text)
                return grammar.WallTime(grammar.OnDate(days[0]), time())
        case _:
            return None
    names = [f"{one}" for one in sorted(days)]
    raise TimeProblem(f'"{quote(text)}" can be {" or ".join(names)}', *suggest(*names), flaw="two_days")


def _in_year(year: int, month: int, number: int) -> date | None:
    """Return the day; None if that year has no such day, as most have no 29 February."""
    with suppress(ValueError):
        return date(year, month, number)
    return None


def _parse_whole_day(text: str) -> grammar.WallTime | None:
    """Return the start of `2026-12-01`, `today`, `yesterday`; also `yesterday 9am`."""
    match split_words(text):
        case [word] if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", word):
            with suppress(ValueError):
                return grammar.WallTime(grammar.OnDate(date.fromisoformat(word)), time())
        case [word] if word in _NEAR:
            return grammar.WallTime(grammar.InDays(_NEAR[word]), time())
        case ["yesterday", word]:
            clock = parse_clock(word)
            return None if clock is None else grammar.WallTime(grammar.InDays(-1), clock)
    return None


def _resolve(text: str, now: datetime, home: tzinfo) -> When:
    """Return what `resolve_time` returns. Raise TimeProblem instead of an error, with texts instead of commands."""
    typed = text
    expression = grammar.parse_plain(text)
    if expression is None:
        text = plain_text(text)
        expression = grammar.parse_plain(text)
    match expression:
        case None:
            raise explain_problem(typed, text, now.astimezone(home))
        case grammar.ChosenTime() as chosen:
            return chosen
        case grammar.AfterDuration(after):
            at = now.astimezone(UTC) + after
            _check_year(at.year, text)
            moment = ResolvedTime(at, home, text)
        case grammar.ExactTime(at):
            moment = _resolve_exact(text, at, now, home)
        case grammar.WallTime(zone=None) as wall:
            moment = _resolve_wall(text, wall, now, home)
        case wall:
            assert wall.zone is not None
            moment = _resolve_wall(text, wall, now, _place_of(wall.zone, text, wall, now), home)
    return replace(moment, typed=typed)


def _place_of(named: tzinfo | Abbreviation, text: str, wall: grammar.WallTime, now: datetime) -> tzinfo:
    """Return the zone of a typed zone. Raise TimeProblem for an abbreviation that those clocks do not go by then."""
    if not isinstance(named, Abbreviation):
        return named
    plain = text.rsplit(maxsplit=1)[0]
    ways = []
    for fixed, name in named.places:
        place = load_zone(name)
        assert place is not None
        days = _days(wall.day, now.astimezone(fixed).date(), text)
        _check_year(days[0].year, text)
        candidates = [datetime.combine(day, wall.clock, fixed) for day in days]
        there = next((at for at in candidates if at > now), candidates[-1]).astimezone(place)
        ways.append(Suggestion(plain, fixed))
        if there.utcoffset() == fixed.utcoffset(None):
            if len(named.places) == 1:
                return fixed
        else:
            ways.append(Suggestion(plain, place))
    several = len(named.places) > 1
    why = "stands for several zones" if several else f"is not the time in {named.places[0][1]} then"
    raise TimeProblem(f'cannot read the time "{quote(text)}": {named.name} {why}', *ways, flaw="zone")


def _resolve_exact(text: str, at: datetime, now: datetime, home: tzinfo) -> ResolvedTime:
    """Resolve ISO text with an offset, in a zone that shows the typed clock, else in UTC."""
    _check_year(at.year, text)
    if at < now:
        name = f"{day_text(at)} {clock_text(at)} {offset_label(at)}"
        raise TimeProblem(f"{name} is {_ago(at, now)}", flaw="past", kind=PastTime)
    same = not at.utcoffset() or at.astimezone(home).utcoffset() == at.utcoffset()
    return ResolvedTime(at.astimezone(UTC), home if same else at.tzinfo or home, text)


def _resolve_wall(
    text: str, wall: grammar.WallTime, now: datetime, zone: tzinfo, home: tzinfo | None = None
) -> ResolvedTime:
    """Return the first instant, not before `now`, at which clocks in `zone` show this. `home`: the zone of answers,
    where the text names `zone` itself."""
    today = now.astimezone(zone).date()
    strict = isinstance(wall.day, grammar.NextWeekday | grammar.Soonest)
    for day in _days(wall.day, today, text):
        _check_year(day.year, text)
        clocks = datetime.combine(day, wall.clock)
        moments = instants(clocks, zone)
        coming = [at for at in moments if at > now or (at == now and not strict)]
        if coming:
            return _with_note(text, clocks, coming[0], moments, zone, home)
        if not moments:
            _refuse_gap(text, clocks, now, zone, wall)
    raise _past_problem(text, wall, clocks.replace(tzinfo=zone), now, zone)


def _past_problem(text: str, wall: grammar.WallTime, at: datetime, now: datetime, zone: tzinfo) -> TimeProblem:
    """Return the refusal of a wall clock that has passed, with the same clock on a later day if no day was typed, or a
    date without its year."""
    words = [word.rstrip(",") for word in split_words(text)]
    place = f"{clock_text(at)} {zone_label(zone, at)}"
    behind = f" {text.split()[-1]}" if wall.zone else ""
    ways: list[Suggestion] = []
    name = f"{day_text(at)} {place}"
    if isinstance(wall.day, grammar.InDays):
        word = next(word for word in words if parse_clock(word))
        name = f"{word} today ({day_text(at, year=False)} {place})"
        ways = [] if {"today", "tonight"} & set(words) else [Suggestion(f"tomorrow {word}{behind}")]
    elif isinstance(wall.day, grammar.DayOfYear) and now - at > 7 * _DAY:
        with suppress(ValueError):  # 29 February
            moved = at.replace(year=at.year + 1)
            if wall.day.weekday in (None, moved.weekday()):
                ways = [Suggestion(f"{moved.date()} {clock_text(at)}{behind}", follow=False)]
    return TimeProblem(f"{name} is {_ago(at, now)}", *ways, flaw="past", kind=PastTime)


def _days(day: grammar.Day, today: date, text: str) -> tuple[date, ...]:
    """Return the day that is meant; two where today's hour may have passed. Raise TimeProblem for a wrong weekday."""
    match day:
        case grammar.OnDate(calendar_date, weekday):
            _check_weekday(calendar_date, weekday, text)
            return (calendar_date,)
        case grammar.DayOfYear(month, number, weekday):
            try:
                calendar_date = date(today.year, month, number)
            except ValueError:
                raise _no_date(text, number, today.replace(day=1, month=month)) from None
            if calendar_date >= today:
                _check_weekday(calendar_date, weekday, text)
            return (calendar_date,)
        case grammar.DayOfMonth(0):
            return ((today.replace(day=1) + timedelta(31)).replace(day=1) - _DAY,)
        case grammar.DayOfMonth(number, weekday):
            first = today if number >= today.day else today.replace(day=1) + timedelta(31)
            try:
                calendar_date = first.replace(day=number)
            except ValueError:
                raise _no_date(text, number, first) from None
            _check_weekday(calendar_date, weekday, text)
            return (calendar_date,)
        case grammar.InDays(days):
            return (today + timedelta(days),)
        case grammar.NextWeekday(number, later, after_weeks):
            first = today + timedelta((number - today.weekday()) % 7)
            if after_weeks and first == today:
                dates = [today + timedelta(weeks=count) for count in (1, 2)]
                names = " or ".join(f"{one.day} {MONTHS[one.month - 1]}" for one in dates)
                raise TimeProblem(f'"{quote(text)}" can be {names}', flaw="two_dates")
            if after_weeks:
                return (first + timedelta(weeks=after_weeks),)
            return (first, first + timedelta(weeks=1)) if later else (first,)
        case grammar.WeekdayOfNextWeek(number):
            return (today + timedelta(7 - today.weekday() + number),)
        case _:
            return today, today + _DAY


def _no_date(text: str, number: int, month: date) -> TimeProblem:
    name = f"{number} {MONTHS[month.month - 1]} {month.year}"
    return TimeProblem(f'cannot read the time "{quote(text)}": there is no {name}', flaw="no_such_date")


def _check_weekday(day: date, weekday: int | None, text: str) -> None:
    if weekday is not None and weekday != day.weekday():
        name = f"{day.day} {MONTHS[day.month - 1]} {day.year}"
        message = f'cannot read the time "{quote(text)}": {name} is a {DAYS_IN_FULL[day.weekday()]}'
        raise TimeProblem(message, flaw="weekday")


def _with_note(
    text: str, clocks: datetime, at: datetime, moments: tuple[datetime, ...], zone: tzinfo, home: tzinfo | None
) -> ResolvedTime:
    """Return the moment, with a note in the night in which its hour comes twice."""
    shown = zone
    if home is not None and at.astimezone(home).utcoffset() == at.astimezone(zone).utcoffset():
        shown = home
    if len(moments) == 1:
        return ResolvedTime(at, shown, text)
    twice = f"{clock_text(clocks)} comes twice that night"
    offset = offset_label(at.astimezone(zone))
    if at == moments[0]:
        second = Hint("try", format_iso(moments[1], zone))
        return ResolvedTime(at, shown, text, f"{twice}; took the first ({offset}).", second)
    return ResolvedTime(at, shown, text, f"{twice}; the first has passed, took the second ({offset}).")


def _refuse_gap(text: str, clocks: datetime, now: datetime, zone: tzinfo, wall: grammar.WallTime) -> None:
    """Refuse a wall clock that does not exist, unless even the clock after the jump has passed."""
    jump = jump_over(clocks, zone)
    moved = clocks + jump.length
    at = moved.replace(tzinfo=zone)
    if at < now:
        return
    behind = f" {text.split()[-1]}" if wall.zone else ""
    raise TimeProblem(
        f"{clock_text(clocks)} does not exist on {day_text(clocks)} in {zone_label(zone, at)}",
        Suggestion(f"{moved.date()} {clock_text(moved)}{behind}"),
        flaw="skipped",
        kind=SkippedTime,
        details=(f"(clocks go from {clock_text(jump.before)} to {clock_text(jump.after)})",),
    )


def _check_year(year: int, text: str) -> None:
    """Refuse a year in which no post can be: years are counted from 1970 to 2100."""
    if year < _FIRST_YEAR:
        raise TimeProblem(f"the year {year} has passed", flaw="past", kind=PastTime)
    if year > LAST_YEAR:
        raise TimeProblem(f'"{quote(text)}" is after the year {LAST_YEAR}', flaw="too_late")


def _ago(at: datetime, now: datetime) -> str:
    ago = relative(at, now)
    return "a moment ago" if ago == "now" else ago


def _offers(suggestions: Iterable[Suggestion], now: datetime, zone: tzinfo, steps: int = _MOST_STEPS) -> list[str]:
    """Return the text of each valid suggestion; of a refused one its own suggestions."""
    offers: dict[str, None] = {}
    for one in suggestions:
        there = one.zone or zone
        try:
            moment = _resolve(one.text, now, there)
        except TimeProblem as problem:
            follow = [replace(way, zone=way.zone or one.zone) for way in problem.suggestions if one.follow]
            offers |= dict.fromkeys(_offers(follow, now, zone, steps - 1) if steps else ())
            continue
        text = one.text
        if one.zone and isinstance(moment, ResolvedTime):
            text = format_iso(moment.at, one.zone)
        offers[text] = None
    return list(offers)
