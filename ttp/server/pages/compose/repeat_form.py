"""The repeat that a form asks for: its times in words, and its last day."""

from __future__ import annotations

from collections.abc import Sequence

from ttp.domain.account import Account
from ttp.domain.recurrence import Recurrence, end_of_day
from ttp.domain.time.slot_parser import parse_rule
from ttp.server.services import RequestServices


def read_repeat(
    services: RequestServices, accounts: Sequence[Account], times: str, until: str, post_id: int | None = None
) -> Recurrence:
    """Return the repeat of a post for these accounts. `times`: such as `mon,wed 09:00`; `until`: a date, or empty.
    Raise UsageError for times or a day that cannot be read."""
    when, zone = parse_rule(times), services.times.weekly_zone(accounts)
    end = end_of_day(until, zone) if until else None
    return Recurrence(when.cron, zone.key, rule=when.rule, anchor=when.anchor, post_id=post_id, until=end)
