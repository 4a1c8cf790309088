"""Time zones: which one applies to a time without an offset, and names of zones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones

from ttp.domain.errors import Hint, TimeRefused

# These files load, but count leap seconds, or name whatever the machine is set to.
_NOT_A_NAME = re.compile(r"(?:right|posix)/.*|localtime|posixrules|Factory")
_EXAMPLE = "Europe/Berlin"
_NO_ACCOUNTS: Mapping[str, str | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ZoneConflict:
    """Accounts of one post in different zones. `shown` is the zone in which answers are shown."""

    accounts: tuple[tuple[str, ZoneInfo], ...]
    shown: ZoneInfo

    def __str__(self) -> str:
        return ", ".join(f"{account} in {zone.key}" for account, zone in self.accounts)

    @property
    def zones(self) -> tuple[ZoneInfo, ...]:
        """Return each zone once, in the order of the accounts."""
        return tuple({zone.key: zone for _, zone in self.accounts}.values())


def choose_zone(
    *,
    system: ZoneInfo,
    tz: str | None = None,
    accounts: Mapping[str, str | None] = _NO_ACCOUNTS,
    config: str | None = None,
    retype: Callable[[str], str] = "--tz {}".format,
    retype_account: Callable[[str, str], str] = "{}: {}".format,
) -> ZoneInfo | ZoneConflict:
    """Return the zone of times without an offset: `tz`, else that of the accounts, of the config, of the system.

    `accounts` maps names to zones; an account without one has the zone of the config or the system. `retype` builds
    the command with another `--tz`, `retype_account` the one that sets the zone of an account. Raise TimeRefused for
    a name that IANA does not have.
    """
    if tz is not None:
        return parse_zone(tz, retype=retype)
    usual = parse_zone(config, where="the setting timezone: ", retype='timezone = "{}"'.format) if config else system
    zones = {
        account: parse_zone(name, where=f"{account}: ", retype=partial(retype_account, account)) if name else usual
        for account, name in accounts.items()
    }
    match {zone.key: zone for zone in zones.values()}:
        case named if not named:
            return usual
        case named if len(named) == 1:
            return next(iter(named.values()))
        case _:
            return ZoneConflict(tuple(zones.items()), usual)


def parse_zone(text: str, *, where: str = "", retype: Callable[[str], str] = "--tz {}".format) -> ZoneInfo:
    """Return the IANA zone of that name. `where` says whose zone it is.

    Raise TimeRefused with the nearest name otherwise.
    """
    zone = load_zone(text)
    if zone is not None:
        return zone
    near = nearest_name(text)
    hint = Hint("try", retype(near)) if near else Hint("write it like", retype(_EXAMPLE))
    raise TimeRefused(f'{where}no time zone is called "{text}"', hint)


def load_zone(name: str) -> ZoneInfo | None:
    """Return the zone of an IANA name, None if there is no such zone."""
    if _NOT_A_NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    # A missing name is a KeyError, a path or no zone file a ValueError, a folder ("Europe") an OSError.
    except (KeyError, ValueError, OSError):
        return None


def nearest_name(text: str) -> str | None:
    """Return the zone that was probably meant: other case, a city alone, a typing error. None if nothing is near."""
    import difflib

    wanted = text.strip().lower().replace(" ", "_")
    names = {name.lower(): name for name in sorted(available_timezones()) if not _NOT_A_NAME.fullmatch(name)}
    if wanted in names:
        return names[wanted]
    cities = [name for lower, name in names.items() if lower.rpartition("/")[2] == wanted]
    if cities:
        return min(cities, key=len)
    # The nearest name of an abbreviation is another place: PST would become EST.
    if len(wanted) < 5:
        return None
    near = difflib.get_close_matches(wanted, names, 1, 0.75)
    return names[near[0]] if near else None
