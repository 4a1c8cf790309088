"""The times of rows of a file. A file means the same tomorrow, so it has whole dates, `optimal`, or nothing.

`next monday` and `in 2h` are refused, with the date that they mean now.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ttp.cli.context import context
from ttp.cli.time_grammar import Best, Instant, On, Wall, read
from ttp.domain.errors import Hint, PastTime, TimeRefused

if TYPE_CHECKING:
    from ttp.cli.zones import Clash
    from ttp.domain.account import Account


class RowTimes:
    """The `Times` of the services. Remembers what it gave away, for rows that leave the choice to ttp."""

    def __init__(self) -> None:
        self._taken: dict[str, list[datetime]] = {}

    def instant(self, text: str, tz: str | None, accounts: Sequence[Account]) -> datetime | None:
        """Which instant it is, also a past one; None where ttp is to choose. TimeRefused."""
        from ttp.cli.when import Moment, parse_bound, parse_when
        from ttp.cli.zones import Clash

        now, zone = context().now(), _zone(tz, accounts)
        said = read(text)
        if isinstance(said, Best):
            return None
        try:
            found = parse_when(text, now=now, zone=zone, retype=str)
        except PastTime:
            return parse_bound(text, now=now, zone=zone.shown if isinstance(zone, Clash) else zone)
        assert isinstance(found, Moment)
        if not isinstance(said, Instant) and not (isinstance(said, Wall) and isinstance(said.day, On)):
            local = found.at.astimezone(found.zone)
            raise TimeRefused(
                f'"{text}" is another time tomorrow, and a file needs a date',
                Hint("now it is", f"{local:%Y-%m-%d %H:%M}"),
            )
        return found.at

    def coming(self, text: str, tz: str | None, accounts: Sequence[Account]) -> datetime:
        """The instant that a post is given: one that has not passed, and where ttp is to choose, the best free one."""
        from ttp.cli.optimal import zone_for
        from ttp.cli.when import Moment, parse_when

        here = context()
        match parse_when(text, now=here.now(), zone=_zone(tz, accounts), retype=str):
            case Moment(at):
                pass
            case _:
                zones = [zone_for(one, tz) for one in accounts]
                at = here.optimal.one_next(accounts, zones, self._taken).at
        for account in accounts:
            self._taken.setdefault(account.name, []).append(at)
        return at


def _zone(tz: str | None, accounts: Sequence[Account]) -> ZoneInfo | Clash:
    from ttp.cli.zones import zone_of

    return zone_of(
        tz=tz,
        accounts={account.name: account.timezone for account in accounts},
        config=context().config.text("timezone") or None,
        retype=str,
    )
