"""Resolve a TIME that a person typed to an instant for a post's accounts, before any transaction. Another process can
take a chosen slot or hour before the post is stored; `confirm` checks again inside that transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ttp.domain.account import Account
from ttp.domain.action import OtherOptions, action, other_options
from ttp.domain.config import Config
from ttp.domain.errors import NO_DATA, Hint, PastTime, StateRefused, TimeRefused, UsageError
from ttp.domain.post import PostFields
from ttp.domain.time.clock import Clock
from ttp.domain.time.durations import compact_duration, duration_parts, total_duration
from ttp.domain.time.formatting import format_instant, format_iso
from ttp.domain.time.grammar import ChosenTime, ExactTime, OnDate, WallTime, parse_time, parse_within
from ttp.domain.time.repair import quote
from ttp.domain.time.resolve import (
    ANY_TIME,
    LAST_YEAR,
    ResolvedTime,
    TimeBounds,
    parse_date,
    resolve_bound,
    resolve_time,
)
from ttp.domain.time.zones import (
    ACCOUNT_ZONE,
    EXAMPLE_ZONE,
    home_zone,
    instant_of,
    load_zone,
    parse_account_zone,
    parse_zone,
    shared_zone,
)
from ttp.store.database import Database
from ttp.store.dialect import Connection

if TYPE_CHECKING:
    from ttp.domain.optimal.free_hours import FreeHour
    from ttp.services.optimal import Optimal
    from ttp.services.slots import Availability, ComingSlots, Slots

ALL_FORMS = Hint("see", action("help", "time"))
_PLANNED_SINCE = timedelta(days=2)
_SAME_CLOCK = re.compile(r"^to |[ ,]{1,2}(?:at )?(?:the )?same times?$", re.IGNORECASE)
_DAYS = {"d": 1, "w": 7}
_NONE_TAKEN: Mapping[int, Sequence[datetime]] = MappingProxyType({})
Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowTime:
    """The time of a row in a file. `at` may have passed; None: a slot or hour is chosen when the row is assigned."""

    text: str
    tz: str | None
    at: datetime | None
    note: str | None = None


class TimeChooser:
    """Chooses slots and hours, before the transaction that stores the post and again inside it."""

    def __init__(self, database: Database, clock: Clock, config: Config) -> None:
        self._database = database
        self._clock = clock
        self._config = config

    @cached_property
    def slots(self) -> Slots:
        from ttp.services.slots import Slots

        return Slots(self._database, self._clock, self._config)

    @cached_property
    def optimal(self) -> Optimal:
        from ttp.services.optimal import Optimal

        return Optimal(self._database, self._clock, self._config)

    def choose(
        self,
        time: ResolvedTime,
        accounts: Sequence[Account],
        *,
        post: int | None = None,
        taken: Mapping[int, Sequence[datetime]] = _NONE_TAKEN,
        db: Connection | None = None,
    ) -> ResolvedTime:
        """Return `time` with the next free slot or hour. Raise UsageError if none is free. `post`: the stored post it
        is for. `taken`: further taken instants by account id. `db`: the transaction to read in."""
        if time.choice is ChosenTime.NEXT_SLOT:
            place = self.slots.next_free(accounts, post=post, first=time.first, taken=taken, db=db)
            clocks = {**dict(time.clocks), place.slot.account: ZoneInfo(place.slot.timezone)}
            return replace(time, at=place.at, clocks=tuple(clocks.items()))
        reach = self.optimal.reach(time.within, time.window.start, time.window.end, is_time=True)
        best = self.optimal.next_hour(accounts, time.account_zones, reach=reach, taken=taken, db=db)
        note, way = f"took {best.why}: {_hour_text(best, time)}", None
        if best.later is not None and not any(taken.get(one.id or 0) for one in accounts):  # named once
            note += f". {_hour_text(best.later.hour, time, ' would be ')}"
            way = Hint("try", _other_time(f"optimal within {compact_duration(best.later.within)}", None))
        return replace(time, at=best.at, note=note, note_hint=way)

    def confirm(
        self, db: Connection, time: ResolvedTime, accounts: Sequence[Account], *, post: int | None = None
    ) -> ResolvedTime:
        """Return a chosen time, or the next free one. In the transaction `db` that stores the post."""
        if time.choice is ChosenTime.NEXT_SLOT:
            is_free = self.slots.is_free(db, accounts, time.at, post=post, first=time.first)
        else:
            is_free = self.optimal.is_free(db, accounts, time.at)
        return time if is_free else self.choose(time, accounts, post=post, db=db)


class TimeResolver:
    def __init__(
        self, database: Database, clock: Clock, config: Config, system: ZoneInfo, own: str | None = None
    ) -> None:
        """`own`: the zone that the person or token has set; else the config's; else `system`, this machine's."""
        self._database = database
        self._clock = clock
        self._config = config
        self._system = system
        self._own = own
        self._chooser = TimeChooser(database, clock, config)
        self._window = ANY_TIME

    def between(self, start: str | None, end: str | None, tz: str | None = None) -> TimeResolver:
        """Return one that chooses hours from `start` on and before `end`, as they were typed. Raise TimeRefused, or
        UsageError for an empty window."""
        if start is None and end is None:
            return self
        return self._within(self.window(start, end, tz))

    def _within(self, window: TimeBounds) -> TimeResolver:
        bounded = TimeResolver(self._database, self._clock, self._config, self._system, self._own)
        bounded._window = window
        return bounded

    def days(self, start: str | None, end: str | None, count: int, tz: str | None = None) -> list[TimeResolver]:
        """Return one for each of `count` posts, which chooses hours of a day that no other has. The days are spread
        evenly over those from `start` on and before `end`, as `between`; without `end` seven, or `count` if that is
        more. Raise UsageError if they are fewer than the posts."""
        window, zone = self.window(start, end, tz), self.zone((), None if tz == ACCOUNT_ZONE else tz)
        first = max(self._clock.now(), window.start or self._clock.now())
        day = datetime.combine(first.astimezone(zone), datetime.min.time())
        last = window.end or instant_of(day + timedelta(max(_DAYS["w"], count)), zone)
        days = list[TimeBounds]()
        while (day_start := instant_of(day, zone)) < last:
            day += timedelta(1)
            days.append(TimeBounds(max(first, day_start), min(last, instant_of(day, zone))))
        if len(days) < count:
            raise UsageError(f"{count} posts need {count} days, and from {start or 'now'} until {end} are {len(days)}")
        return [self._within(days[number * len(days) // count]) for number in range(count)]

    def window(self, start: str | None, end: str | None, tz: str | None = None) -> TimeBounds:
        """Return the window that these bounds mean, as `between`."""
        now, zone = self._clock.now(), self.zone((), None if tz == ACCOUNT_ZONE else tz)
        first, last = (
            None if text is None else resolve_bound(text, now=now, zone=zone, option=option, ahead=True)
            for option, text in (("from", start), ("until", end))
        )
        if last is not None and last <= max(now, first or now):
            raise UsageError(f'no time is before "{end}" here', Hint("try", other_options(until=None)))
        return TimeBounds(first, last)

    # Zones.

    @cached_property
    def home_zone(self) -> ZoneInfo:
        """The person's zone: their own, else the config's, else the system's. Raise TimeRefused for an unknown name."""
        return home_zone(system=self._system, config=self._config.text("timezone") or None, own=self._own)

    def zone(self, accounts: Sequence[Account], tz: str | None = None) -> ZoneInfo:
        """Return the zone of typed times without an offset: the person's, or the accounts' for the `tz` "account".
        Raise TimeRefused for an unknown name, and where the accounts' zones differ."""
        if tz != ACCOUNT_ZONE:
            return self.home_zone if tz is None else parse_zone(tz, ACCOUNT_ZONE)
        return shared_zone({one.name: self.account_zone(one) for one in accounts}) or self.home_zone

    def account_zone(self, account: Account, tz: str | None = None) -> ZoneInfo:
        """Return the zone of an account's slots, hours and days: `tz`, else its own, else the person's."""
        if tz not in (None, ACCOUNT_ZONE):
            return parse_zone(tz, ACCOUNT_ZONE)
        return parse_account_zone(account.name, account.timezone) if account.timezone else self.home_zone

    def account_zones(self, accounts: Sequence[Account], tz: str | None = None) -> list[ZoneInfo]:
        return [self.account_zone(one, tz) for one in accounts]

    def weekly_zone(self, accounts: Sequence[Account], tz: str | None = None) -> ZoneInfo:
        """Return the zone of weekly times: `tz`, else that of the accounts, else the person's. Raise TimeRefused where
        the accounts' zones differ, and for a zone without an IANA name."""
        zone = self.zone(accounts, ACCOUNT_ZONE if tz is None else tz)
        if load_zone(zone.key) is None:
            way = Hint("try", other_options(tz=EXAMPLE_ZONE), sure=False)
            raise TimeRefused(f"the system's timezone, {zone.key}, has no name", way)
        return zone

    # One post.

    def resolve(
        self,
        text: str,
        accounts: Sequence[Account],
        tz: str | None = None,
        *,
        first: bool = False,
        post: int | None = None,
        taken: Mapping[int, Sequence[datetime]] = _NONE_TAKEN,
    ) -> ResolvedTime:
        """Return what a TIME means for a post to these accounts.

        `first`: the next slot, even if scheduled posts are in it; they move back. `post`: the stored post it is for,
        whose own slot counts as free. `taken`: further taken instants by account id. Raise TimeRefused, or UsageError
        if no slot or hour is free; their hints change the request's time.
        """
        typed = parse_time(text)
        if first and typed is not ChosenTime.NEXT_SLOT:
            raise UsageError("--first is for the slots of an account", Hint("try", _other_time("next-slot", tz)))
        if self._window != ANY_TIME and typed is not ChosenTime.OPTIMAL:
            raise UsageError('from and until are for the time "optimal"', Hint("try", _other_time("optimal", tz)))
        # What ttp chooses is in each account's own zone: those may differ.
        zone = self.zone(() if isinstance(typed, ChosenTime) else accounts, tz)
        try:
            resolved = resolve_time(text, now=self._clock.now(), zone=zone, forms=ALL_FORMS)
        except TimeRefused as refused:
            raise _with_hints(refused, [_at_other_time(hint, tz) for hint in refused.hints]) from None
        ids = tuple(account.id for account in accounts)
        clocks = tuple((one.name, self.account_zone(one)) for one in accounts if one.timezone)
        if isinstance(resolved, ResolvedTime):
            hint = resolved.note_hint and _at_other_time(resolved.note_hint, tz)
            return replace(resolved, note_hint=hint, account_ids=ids, clocks=clocks)
        zones = tuple(self.account_zones(accounts, tz))
        to_choose = ResolvedTime(
            *(self._clock.now(), zone, text),
            choice=resolved,
            first=first,
            within=parse_within(text),
            window=self._window,
        )
        to_choose = replace(to_choose, account_ids=ids, account_zones=zones, clocks=clocks)
        try:
            return self._chooser.choose(to_choose, accounts, post=post, taken=taken)
        except UsageError as refused:
            if refused.flaw == NO_DATA:  # new accounts have no posts to learn from
                refused.hints = (*refused.hints, Hint("try", _other_time("tomorrow 9am", tz), sure=False))
            raise

    def resolve_any(
        self,
        text: str | None,
        accounts: Callable[[], Sequence[Account]],
        tz: str | None,
        *,
        first: bool = False,
        post: int | None = None,
        taken: Mapping[int, Sequence[datetime]] = _NONE_TAKEN,
    ) -> ResolvedTime | None:
        """Return what a TIME means, as `resolve`; None without one. Raise TimeRefused for an unknown `tz` without one,
        too."""
        if text is not None:
            return self.resolve(text, accounts(), tz, first=first, post=post, taken=taken)
        if tz is not None:
            self.zone((), tz)
        return None

    def resolve_posts(
        self, text: str, posts: Mapping[int, Sequence[Account]], tz: str | None = None, *, first: bool = False
    ) -> dict[int, ResolvedTime]:
        """Return what a TIME means for each of several posts, by id. Each takes the next slot or hour after those
        before it. Raises like `resolve`."""
        times: dict[int, ResolvedTime] = {}
        taken: dict[int, list[datetime]] = {}
        for post, accounts in posts.items():
            times[post] = self.resolve(text, accounts, tz, first=first, post=post, taken=taken)
            for account in accounts:
                taken.setdefault(account.id or 0, []).append(times[post].at)
        return times

    def shift_posts(
        self, text: str, posts: Collection[PostFields], accounts: Mapping[int, Sequence[Account]], tz: str | None = None
    ) -> dict[int, ResolvedTime]:
        """Return the time of each of these posts moved: `+1d`, `-2h`, or to the same clock of another day, `friday`.
        Days keep the clock. Raise TimeRefused, PastTime, StateRefused for a post without a time."""
        for post in posts:
            if post.scheduled_at is None:
                raise StateRefused(f"post {post.id} has no time to move", Hint("see", action("show", post.id)))
        now, zone, times = self._clock.now(), self.zone((), tz), dict[int, ResolvedTime]()
        words = _SAME_CLOCK.sub("", " ".join(text.split()))
        parts = duration_parts(words[1:] if words[:1] in ("+", "-") else words)
        day = None if parts else parse_date(words, now, zone)
        if parts is None and day is None:
            ways = (Hint("try", other_options(shift=example)) for example in ("+1d", "friday"))
            raise TimeRefused(f'cannot read the shift "{quote(text)}"', *ways)
        sign, days = (-1 if words[:1] == "-" else 1), sum(n * _DAYS.get(unit, 0) for n, unit in parts or ())
        rest = total_duration(tuple(one for one in parts or () if one[1] not in _DAYS))
        for post in posts:
            post_id = post.id or 0
            at = post.scheduled_at or now
            later = timedelta(days=sign * days) if day is None else day - at.astimezone(zone).date()
            moved = shift_instant(at, Shift(later, sign * rest), zone)
            if moved.year > LAST_YEAR:
                raise TimeRefused(f"post {post_id} would be after the year {LAST_YEAR}")
            if moved <= now:
                raise PastTime(f"post {post_id} would be at {format_instant(moved, zone)}, which has passed")
            clocks = tuple((one.name, self.account_zone(one)) for one in accounts[post_id] if one.timezone)
            ids = tuple(one.id for one in accounts[post_id])
            times[post_id] = ResolvedTime(moved, zone, text, account_ids=ids, clocks=clocks)
        return times

    def suggest_hour(self, accounts: Sequence[Account], tz: str | None = None) -> FreeHour | None:
        """Return the hour that `optimal` would choose; None without data."""
        return next(iter(self._chooser.optimal.next(accounts, self.account_zones(accounts, tz))), None)

    # Rows of a file.

    def allocator(self) -> SlotAllocator:
        """Return an allocator of slots and hours for the rows of one file."""
        from ttp.services.slots import Availability

        gap = timedelta(seconds=self._config.seconds("plan.min_gap_s"))
        agenda = Availability(self._database, self._clock.now() - max(_PLANNED_SINCE, gap))
        return SlotAllocator(agenda, self._chooser.slots, self._chooser.optimal)

    def resolve_row(self, text: str, tz: str | None, accounts: Sequence[Account]) -> RowTime:
        """Return the time of a row, which may have passed. Accepts only dates, `optimal` and `next-slot`, so that a
        file means the same every day. Raise TimeRefused that suggests the date."""
        now, typed = self._clock.now(), parse_time(text)
        try:
            zone = self.zone(() if isinstance(typed, ChosenTime) else accounts, tz)
        except TimeRefused as refused:
            raise _with_hints(refused, [_zone_alone(hint) for hint in refused.hints]) from None
        if isinstance(typed, ChosenTime):
            return RowTime(text, tz, None)
        try:
            resolved = resolve_time(text, now=now, zone=zone)
        except PastTime:
            return RowTime(text, tz, resolve_bound(text, now=now, zone=zone))
        except TimeRefused as refused:
            raise _with_hints(
                refused, [replace(hint, way=_as_date(str(hint.way), now, zone)) for hint in refused.hints]
            ) from None
        assert isinstance(resolved, ResolvedTime)
        if not isinstance(typed, ExactTime) and not (isinstance(typed, WallTime) and isinstance(typed.day, OnDate)):
            zoned = isinstance(typed, WallTime) and typed.zone is not None
            raise TimeRefused(
                f'"{text}" depends on the day it is read. A file needs a date.',
                Hint("try", _date_text(resolved, zoned=zoned)),
            )
        hint = f"\n{resolved.note_hint.label}: {resolved.note_hint.way}" if resolved.note_hint else ""
        return RowTime(text, tz, resolved.at, f"{text}: {resolved.note}{hint}" if resolved.note else None)

    def assign_row(self, row: RowTime, accounts: Sequence[Account], allocator: SlotAllocator) -> datetime | None:
        """Return the time of a row's post and reserve it; None if it is chosen later. Raise PastTime, or UsageError if
        no slot or hour is free."""
        at, now = row.at, self._clock.now()
        if at is None and parse_time(row.text) is ChosenTime.NEXT_SLOT:
            at = allocator.slot(accounts)
        elif at is None:
            at = allocator.hour(accounts, self.account_zones(accounts, row.tz), parse_within(row.text))
        elif at < now:
            resolve_time(row.text, now=now, zone=self.zone(accounts, row.tz))
        elif row.note:
            allocator.notes[row.note] = None
        allocator.agenda.reserve(accounts, at)
        return at


@dataclass
class SlotAllocator:
    """Allocates slots and hours to many rows, one after the other. Reads each account once and visits each instant
    once. Check `agenda` again before storing the posts."""

    agenda: Availability
    _slots: Slots
    _optimal: Optimal
    notes: dict[str, None] = field(default_factory=dict)
    """Notes about the assigned times, without repetitions."""
    _lines: dict[Names, ComingSlots] = field(default_factory=dict)
    _hours: dict[tuple[Names, timedelta | None], Iterator[FreeHour]] = field(default_factory=dict)

    def slot(self, accounts: Sequence[Account]) -> datetime:
        """Return the next instant that is a free slot of all these accounts. Raise UsageError if none is free."""
        names = tuple(account.name for account in accounts)
        if names not in self._lines:
            self._lines[names] = self._slots.line(accounts)
        self.agenda.depend_on(accounts)
        return self._lines[names].first(lambda at: any(self.agenda.has(account, at) for account in accounts))

    def hour(self, accounts: Sequence[Account], zones: Sequence[ZoneInfo], within: timedelta | None = None) -> datetime:
        """Return the next free of the best hours of these accounts. Raise UsageError if none is free."""
        key, reach = (tuple(account.name for account in accounts), within), self._optimal.reach(within, is_time=True)
        if key not in self._hours:
            busy = [self.agenda.of(account) for account in accounts]
            self._hours[key] = self._optimal.free_hours(accounts, zones, busy, reach)
        self.agenda.depend_on(accounts)
        hour = next(self._hours[key], None)
        if hour is None:
            raise self._optimal.no_hour_error(accounts, reach=reach)
        return hour.at


@dataclass(frozen=True, slots=True)
class Shift:
    """Days keep the time of day in the person's zone; hours are elapsed time."""

    days: timedelta
    hours: timedelta


def shift_instant(at: datetime, shift: Shift, zone: ZoneInfo) -> datetime:
    """Return the instant moved; the last one there is if it would be after that."""
    try:
        if not shift.days:  # without the wall clock: it shows an hour twice where clocks go back
            return at + shift.hours
        wall = at.astimezone(zone).replace(tzinfo=None, fold=0) + shift.days
        return wall.replace(tzinfo=zone).astimezone(UTC) + shift.hours
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _hour_text(hour: FreeHour, time: ResolvedTime, joint: str = ", ") -> str:
    """Return `Tue 24 Nov 2026 17:00 Europe/Berlin (16:00 UTC), +19 %`."""
    from ttp.domain.optimal.recommendation import signed_percent

    return f"{format_instant(hour.at, time.zone, time.clocks)}{joint}{signed_percent(hour.uplift)} %"


def _zone_alone(hint: Hint) -> Hint:
    """Return the hint as a row may have it: the name of the zone."""
    return replace(hint, way=str(dict(hint.way.options)["tz"])) if isinstance(hint.way, OtherOptions) else hint


def _with_hints(error: TimeRefused, hints: Sequence[Hint]) -> TimeRefused:
    error.hints = tuple(hints)
    return error


def _at_other_time(hint: Hint, tz: str | None) -> Hint:
    """Return the hint with its TIME as a change of the request."""
    return hint if hint == ALL_FORMS else replace(hint, way=_other_time(str(hint.way), tz))


def _other_time(at: str, tz: str | None) -> OtherOptions:
    return other_options(at=at) if tz is None else other_options(at=at, tz=tz)


def _date_text(time: ResolvedTime, *, zoned: bool) -> str:
    return format_iso(time.at, time.zone) if zoned else f"{time.at.astimezone(time.zone):%Y-%m-%d %H:%M}"


def _as_date(text: str, now: datetime, zone: ZoneInfo) -> str:
    """Return a time as a file may have it: `tomorrow 9am` as a date."""
    typed = parse_time(text)
    if isinstance(typed, WallTime):
        with suppress(TimeRefused):
            resolved = resolve_time(text, now=now, zone=zone)
            if isinstance(resolved, ResolvedTime):
                return _date_text(resolved, zoned=typed.zone is not None)
    return text
