"""The times of rows of a file. A file means the same tomorrow, so it has whole dates, `optimal`, `next-slot`, or
nothing.

`next monday` and `in 2h` are refused, with the date that they mean now.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ttp.cli.context import context
from ttp.domain.errors import Hint, PastTime, TimeRefused
from ttp.domain.time.grammar import ExactTime, NextFreeSlot, OnDate, OptimalTime, WallTime, parse_time

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.domain.time.resolve import ResolvedTime
    from ttp.domain.time.zones import ZoneConflict
    from ttp.services.slot_allocator import Turns


def row_times() -> RowTimes:
    """The times of one command's rows."""
    from ttp.services.slot_allocator import Turns

    here = context()
    agenda = here.planning.agenda(here.config.seconds("plan.min_gap_s"))
    return RowTimes(Turns(agenda, here.slots, here.optimal))


class RowTimes:
    """The `Times` of the services. Remembers what it gave away, for rows that leave the choice to ttp."""

    def __init__(self, turns: Turns) -> None:
        self.agenda = turns.agenda
        self.notes: dict[str, None] = {}
        """What there is to say of the times that were given."""
        self._moment: ResolvedTime | None = None
        self._turns = turns
        self._zones: dict[tuple[str | None, ...], ZoneInfo | ZoneConflict] = {}

    def instant(self, text: str, tz: str | None, accounts: Sequence[Account]) -> datetime | None:
        """Which instant it is, also a past one; None where ttp is to choose. TimeRefused."""
        from ttp.domain.time.formatting import format_iso
        from ttp.domain.time.resolve import ResolvedTime, resolve_bound, resolve_time
        from ttp.domain.time.zones import ZoneConflict

        self._moment = None
        now, zone = context().now(), self._zone(tz, accounts)
        said = parse_time(text)
        if isinstance(said, OptimalTime | NextFreeSlot):
            return None
        try:
            found = resolve_time(text, now=now, zone=zone, retype=str)
        except PastTime:
            return resolve_bound(text, now=now, zone=zone.shown if isinstance(zone, ZoneConflict) else zone)
        except TimeRefused as refused:
            refused.hints = tuple(Hint(hint.say, _dated(hint.type, now, zone)) for hint in refused.hints)
            raise
        assert isinstance(found, ResolvedTime)
        self._moment = found
        if not isinstance(said, ExactTime) and not (isinstance(said, WallTime) and isinstance(said.day, OnDate)):
            zoned = isinstance(said, WallTime) and said.zone is not None
            local = found.at.astimezone(found.zone)
            now_it_is = format_iso(found.at, found.zone) if zoned else f"{local:%Y-%m-%d %H:%M}"
            raise TimeRefused(f'"{text}" is another time tomorrow: a file needs a date', Hint("now it is", now_it_is))
        return found.at

    def coming(self, text: str, tz: str | None, accounts: Sequence[Account], at: datetime | None) -> datetime:
        """The time that a post is given: `at`, unless it has passed; for None the best free one, or the next
        free slot."""
        from ttp.cli.recommending import zone_for
        from ttp.domain.time.resolve import resolve_time

        here = context()
        if at is None and isinstance(parse_time(text), NextFreeSlot):
            at = self._turns.slot(accounts)
        elif at is None:
            at = self._turns.hour(accounts, [zone_for(one, tz) for one in accounts])
        elif at < here.now():
            resolve_time(text, now=here.now(), zone=self._zone(tz, accounts), retype=str)
        elif self._moment and self._moment.note:
            hint = self._moment.note_hint
            self.notes[f"{text}: {self._moment.note}" + (f"\n{hint.say}:  {hint.type}" if hint else "")] = None
        self.agenda.give(accounts, at)
        return at

    def _zone(self, tz: str | None, accounts: Sequence[Account]) -> ZoneInfo | ZoneConflict:
        """The zone of a row; looked up once for all rows to the same accounts."""
        which = (tz, *(account.name for account in accounts))
        if which not in self._zones:
            self._zones[which] = context().choose_zone(accounts, tz, str)
        return self._zones[which]


def _dated(text: str, now: datetime, zone: ZoneInfo | ZoneConflict) -> str:
    """A way out as a file may have it: `tomorrow 9am` with the date that it is now."""
    from ttp.domain.time.formatting import format_iso
    from ttp.domain.time.resolve import ResolvedTime, resolve_time

    said = parse_time(text)
    if isinstance(said, WallTime):
        with suppress(TimeRefused):
            found = resolve_time(text, now=now, zone=zone, retype=str)
            if isinstance(found, ResolvedTime):
                return (
                    format_iso(found.at, found.zone)
                    if said.zone
                    else f"{found.at.astimezone(found.zone):%Y-%m-%d %H:%M}"
                )
    return text
