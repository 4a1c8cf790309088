"""The repeat that a form asks for: its times in words, and its last day."""

from __future__ import annotations

from collections.abc import Sequence

from ttp.domain.account import Account
from ttp.domain.errors import UsageError
from ttp.domain.recurrence import Recurrence, end_of_day
from ttp.domain.time.slot_parser import parse_slot_times
from ttp.server.services import RequestServices


def read_repeat(
    services: RequestServices, accounts: Sequence[Account], times: str, until: str, post_id: int | None = None
) -> Recurrence:
    """Return the repeat of a post for these accounts. `times`: such as `mon,wed 09:00`; `until`: a date, or empty.
    Raise UsageError for times or a day that cannot be read."""
    crons = parse_slot_times(times)
    if len(crons) != 1:
        raise UsageError("a repeat has one minute of the hour: make two repeats")
    zone = services.times.weekly_zone(accounts)
    return Recurrence(crons[0], zone.key, post_id=post_id, until=end_of_day(until, zone) if until else None)
