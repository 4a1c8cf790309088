"""Which accounts a recommendation is for, in which zone, and for which hour or day it is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ttp.cli.context import Context
from ttp.cli.options import split_list
from ttp.domain.account import Account
from ttp.domain.errors import Hint, UsageError

if TYPE_CHECKING:
    pass

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOUR = re.compile(r"(\d{1,2})(?::00|h)?(?: ?(am|pm))?", re.ASCII)


def wanted_accounts(
    context: Context, names: Sequence[str] | None, platforms: Sequence[str] | None
) -> tuple[Account, ...]:
    """The accounts that were named, all of a platform, or all there are."""
    look = context.look
    found = look.named(split_list(names) or ())
    if names:
        return found
    if platforms:
        wanted = {context.platforms.find(name).name for name in split_list(platforms) or ()}
        return tuple(one for one in look.accounts() if one.platform in wanted)
    return tuple(look.accounts())


def zone_is_known(context: Context, account: Account, tz: str | None) -> bool:
    """Somebody said which zone the account's hours are in; else it is this machine's."""
    return bool(tz or account.timezone or context.config.text("timezone"))


def nothing_measured(context: Context, accounts: Sequence[Account]) -> None:
    """Say on stderr what a pipe would not know from an empty answer: nothing is measured, and what would help."""
    if not context.out.for_people:
        ways = context.optimal.ways_to_data(accounts) or (Hint("import some", "ttp metrics import FILE"),)
        names = ", ".join(one.name for one in accounts) or "any account"
        context.out.note("\n".join([f"no measured posts of {names} yet", *(f"{way.say}:  {way.type}" for way in ways)]))


def read_place(text: str) -> tuple[int | None, int | None]:
    """Weekday (Monday is 0) and hour of `18`, `6pm`, `Tue`, `Tue 18:00`; None for what was not said. UsageError."""
    day, hour = None, None
    first, _, rest = text.strip().lower().partition(" ")
    days = [place for place, name in enumerate(_DAYS) if len(first) >= 2 and name.startswith(first)]
    if len(days) == 1:
        day, first = days[0], rest.strip()
    else:
        first = text.strip().lower()
    if first:
        hour = _hour(first)
    if (first and hour is None) or (day is None and hour is None):
        raise UsageError(
            f'"{text}" is no hour, day or slot of the week',
            Hint("an hour", "ttp optimal explain 18"),
            Hint("a slot", "ttp optimal explain 'Tue 18'"),
        )
    return day, hour


def _hour(text: str) -> int | None:
    found = _HOUR.fullmatch(text)
    if found is None:
        return None
    hour = int(found[1])
    if found[2]:
        return hour % 12 + (12 if found[2] == "pm" else 0) if 1 <= hour <= 12 else None
    return hour if hour < 24 else None
