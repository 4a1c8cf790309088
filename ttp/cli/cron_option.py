"""Options that say when something comes again and again: words or `--cron`, and the named zone of their clocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from ttp.cli.context import Context
from ttp.cli.hints import quote_command
from ttp.domain.account import Account
from ttp.domain.errors import Hint, TimeRefused, UsageError

Cron = Annotated[
    str | None, typer.Option("--cron", metavar="CRON", help="When, as a cron expression: '0 9 * * 1,3,5'.")
]
CronZone = Annotated[
    str | None, typer.Option("--tz", metavar="ZONE", help="IANA zone of the clocks; else the account's.")
]


def crons_given(words: str | None, cron: str | None, again: Sequence[str]) -> list[str]:
    """The expressions of the words, or of `--cron`. UsageError for both, neither and what cannot be read.

    `again`: the command without them, for the one to type.
    """
    from ttp.domain.time.slot_parser import EXAMPLE, parse_slot_times
    from ttp.services.cron import cron_of

    if words is not None and cron is not None:
        raise UsageError("give days and times, or --cron, not both", Hint("for example", quote_command(*again, words)))
    if cron is not None:
        return [cron_of(cron, lambda other: quote_command(*again, "--cron", other))]
    if words is None:
        raise UsageError("say when", Hint("for example", quote_command(*again, EXAMPLE)))
    return parse_slot_times(words, lambda other: quote_command(*again, other))


def clock_zone(context: Context, tz: str | None, accounts: Sequence[Account], again: Sequence[str]) -> ZoneInfo:
    """The zone that clocks are read in for years to come: `--tz`, else that of the accounts, config or system.

    TimeRefused where the accounts disagree, or where it has no IANA name.
    """
    from ttp.domain.time.zones import ZoneConflict, load_zone

    zone = context.choose_zone(accounts, tz, lambda name: quote_command(*again, "--tz", name))
    if isinstance(zone, ZoneConflict):
        ways = [Hint(f"in {there.key}", quote_command(*again, "--tz", there.key)) for there in zone.zones]
        raise TimeRefused(f"the time differs between the accounts: {zone}", *ways)
    if load_zone(zone.key) is None:
        raise TimeRefused(
            f"the system's zone, {zone.key}, has no name",
            Hint("name one", quote_command(*again, "--tz", "Europe/Berlin")),
        )
    return zone
