"""Time zones: which one a command reads wall clocks in.

Owns the order of `--tz`, account, config and system, and the check of IANA names.
Never guesses between accounts that disagree: that is a `Clash`, and a time that depends on it is refused elsewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones

from ttp.domain.errors import Hint, TimeRefused

_LOCALTIME = Path("/etc/localtime")
_ZONEINFO = re.compile(r".*/zoneinfo(?:\.default)?/(?:posix/)?(.+)")
# These files load, but count leap seconds, or name whatever the machine is set to.
_NOT_A_NAME = re.compile(r"(?:right|posix)/.*|localtime|posixrules|Factory")
_EXAMPLE = "Europe/Berlin"
_NO_ACCOUNTS: Mapping[str, str | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ZoneConflict:
    """Accounts of one post that live in different zones, and the zone in which answers are shown meanwhile."""

    accounts: tuple[tuple[str, ZoneInfo], ...]
    shown: ZoneInfo

    def __str__(self) -> str:
        return ", ".join(f"{account} in {zone.key}" for account, zone in self.accounts)

    @property
    def zones(self) -> tuple[ZoneInfo, ...]:
        """Each zone once, in the order of the accounts."""
        return tuple({zone.key: zone for _, zone in self.accounts}.values())


@dataclass(frozen=True, slots=True)
class SystemZone:
    """The machine's zone and where it was found: `TZ`, `/etc/localtime` or, without either, `default`."""

    zone: ZoneInfo
    source: str


def choose_zone(
    *,
    tz: str | None = None,
    accounts: Mapping[str, str | None] = _NO_ACCOUNTS,
    config: str | None = None,
    system: ZoneInfo | None = None,
    retype: Callable[[str], str] = "--tz {}".format,
) -> ZoneInfo | ZoneConflict:
    """The zone of times without an offset: `tz`, else the accounts' (names to zones), else config, else system.

    An account without a zone has that of the config or the system. `retype` builds the command with another `--tz`.
    TimeRefused for a name that is not IANA's.
    """
    if tz is not None:
        return parse_zone(tz, retype=retype)
    usual = _usual_zone(config, system)
    zones = {account: _account_zone(account, name) if name else usual for account, name in accounts.items()}
    match {zone.key: zone for zone in zones.values()}:
        case named if not named:
            return usual
        case named if len(named) == 1:
            return next(iter(named.values()))
        case _:
            return ZoneConflict(tuple(zones.items()), usual)


def _usual_zone(config: str | None, system: ZoneInfo | None) -> ZoneInfo:
    if config:
        return parse_zone(config, where="the setting timezone: ", retype='timezone = "{}"'.format)
    return system or system_zone().zone


def _account_zone(account: str, name: str) -> ZoneInfo:
    return parse_zone(name, where=f"{account}: ", retype=f"ttp account set {account} --tz {{}}".format)


def parse_zone(text: str, *, where: str = "", retype: Callable[[str], str] = "--tz {}".format) -> ZoneInfo:
    """The IANA zone of that name. TimeRefused with the nearest name otherwise; `where` says who asked for it."""
    zone = load_zone(text)
    if zone is not None:
        return zone
    near = _nearest_name(text)
    hint = Hint("did you mean", retype(near)) if near else Hint("write it like", retype(_EXAMPLE))
    raise TimeRefused(f'{where}no time zone is called "{text}"', hint)


def load_zone(name: str) -> ZoneInfo | None:
    """The zone of an IANA name, None if there is none."""
    if _NOT_A_NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    # A missing name is a KeyError, a path or no zone file a ValueError, a folder ("Europe") an OSError.
    except (KeyError, ValueError, OSError):
        return None


def _nearest_name(text: str) -> str | None:
    """The zone that was probably meant: other case, a city alone, a slip of the keys."""
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


def system_zone(environ: Mapping[str, str] = os.environ, localtime: Path = _LOCALTIME) -> SystemZone:
    """The machine's zone: the variable TZ, else the link or file /etc/localtime, else UTC."""
    if "TZ" in environ:
        # As in POSIX: a leading colon means nothing, and an empty or unknown value means UTC.
        name = environ["TZ"].removeprefix(":")
        file = Path(name)
        if file.is_absolute():
            return SystemZone(_zone_of_file(file) or ZoneInfo("UTC"), "TZ")
        return SystemZone(load_zone(name) or ZoneInfo("UTC"), "TZ")
    zone = _zone_of_file(localtime)
    return SystemZone(zone, str(localtime)) if zone else SystemZone(ZoneInfo("UTC"), "default")


def _zone_of_file(path: Path) -> ZoneInfo | None:
    """The zone that a path or its link names; of a plain copy its rules, under the path as a name."""
    for candidate in (str(path), str(path.readlink()) if path.is_symlink() else "", str(path.resolve())):
        match = _ZONEINFO.fullmatch(candidate)
        zone = load_zone(match[1]) if match else None
        if zone is not None:
            return ZoneInfo("UTC") if zone.key in ("Etc/UTC", "Etc/UCT") else zone
    try:
        with path.open("rb") as file:
            return ZoneInfo.from_file(file, key=str(path))
    except (ValueError, OSError):
        return None
