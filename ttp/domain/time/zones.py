"""Timezones: which one applies to a time without an offset, names of zones, and what their clocks show.

A time that a person types is read in that person's zone. The zone of an account is that of its slots, best hours, plans
and repeats, and of typed times only where a person asks for it.

A wall clock is a naive datetime in a zone: one instant, two where an hour comes twice, or none where it is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, partial
from zoneinfo import ZoneInfo, available_timezones

from ttp.domain.action import WayOut, action, other_options
from ttp.domain.errors import Hint, TimeRefused

# These files load, but count leap seconds, or name whatever the machine is set to.
_NOT_A_NAME = re.compile(r"(?:right|posix)/.*|localtime|posixrules|Factory")
_NAME = re.compile(r"[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)*")
_OFFSET = re.compile(r"[+-](?:0[0-9]|1[0-3])(?::?[0-5][0-9])?|[+-]14(?::?00)?")
EXAMPLE_ZONE = "Europe/Berlin"
ACCOUNT_ZONE = "account"
"""In place of a name: the zone of the post's accounts."""


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """What an abbreviation can stand for: offsets from UTC, each with a zone whose clocks go by it in some season."""

    name: str
    places: tuple[tuple[timezone, str], ...]


def _abbreviation(name: str, places: str) -> Abbreviation:
    offsets = (place.split("=") for place in places.split())
    return Abbreviation(name, tuple((timezone(timedelta(hours=float(hours))), zone) for hours, zone in offsets))


ABBREVIATIONS = {
    name: _abbreviation(name, places)
    for name, places in {
        "GMT": "0=Europe/London",
        "BST": "1=Europe/London",
        "WET": "0=Europe/Lisbon",
        "WEST": "1=Europe/Lisbon",
        "CET": "1=Europe/Berlin",
        "CEST": "2=Europe/Berlin",
        "EET": "2=Europe/Helsinki",
        "EEST": "3=Europe/Helsinki",
        "MSK": "3=Europe/Moscow",
        "SAST": "2=Africa/Johannesburg",
        "IST": "5.5=Asia/Kolkata 2=Asia/Jerusalem 1=Europe/Dublin",
        "SGT": "8=Asia/Singapore",
        "HKT": "8=Asia/Hong_Kong",
        "KST": "9=Asia/Seoul",
        "JST": "9=Asia/Tokyo",
        "AWST": "8=Australia/Perth",
        "ACST": "9.5=Australia/Adelaide",
        "ACDT": "10.5=Australia/Adelaide",
        "AEST": "10=Australia/Sydney",
        "AEDT": "11=Australia/Sydney",
        "NZST": "12=Pacific/Auckland",
        "NZDT": "13=Pacific/Auckland",
        "NST": "-3.5=America/St_Johns",
        "NDT": "-2.5=America/St_Johns",
        "AST": "-4=America/Halifax 3=Asia/Riyadh",
        "ADT": "-3=America/Halifax",
        "EST": "-5=America/New_York",
        "EDT": "-4=America/New_York",
        "CST": "-6=America/Chicago 8=Asia/Shanghai",
        "CDT": "-5=America/Chicago",
        "MST": "-7=America/Denver",
        "MDT": "-6=America/Denver",
        "PST": "-8=America/Los_Angeles",
        "PDT": "-7=America/Los_Angeles",
        "AKST": "-9=America/Anchorage",
        "AKDT": "-8=America/Anchorage",
        "HST": "-10=Pacific/Honolulu",
    }.items()
}
"""Abbreviations that are read. Where there are several places, the abbreviation is refused."""
_REGIONS = {
    **dict.fromkeys(("et", "eastern"), "America/New_York"),
    **dict.fromkeys(("ct", "central"), "America/Chicago"),
    **dict.fromkeys(("mt", "mountain"), "America/Denver"),
    **dict.fromkeys(("pt", "pacific", "la", "san_francisco"), "America/Los_Angeles"),
    "nyc": "America/New_York",
    "uk": "Europe/London",
    "india": "Asia/Kolkata",
}
"""What people call zones, whatever the season."""
_CONTINENTS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
_OTHER_PLACES = re.compile(
    r"act|casey|chatham|christmas|cordoba|creston|davis|easter|la_paz|lhi|merida|midway|nome|north|nsw|oral|resolute"
    r"|reunion|south|st_johns|stanley|troll|victoria|virgin|wake|west|yap"
)
"""Names behind a continent that are words, or are better known as other places."""


def home_zone(*, system: ZoneInfo, config: str | None = None, own: str | None = None) -> ZoneInfo:
    """Return the zone of a person: their `own`, else that of the config, else of the system. Raise TimeRefused for a
    name that IANA does not have."""
    if own:
        return parse_token_zone(own)
    return parse_configured_zone(config) if config else system


def shared_zone(zones: Mapping[str, ZoneInfo]) -> ZoneInfo | None:
    """Return the zone of several accounts (name: zone), None without accounts. Raise TimeRefused if their zones differ,
    with each of them as another `tz` for the same request."""
    different = {zone.key: zone for zone in zones.values()}
    if len(different) > 1:
        names = ", ".join(f"{account} in {zone.key}" for account, zone in zones.items())
        ways = (Hint("try", other_options(tz=key)) for key in different)
        raise TimeRefused(f"the accounts are in different timezones: {names}", *ways, flaw="zones")
    return next(iter(different.values()), None)


def zone_names() -> list[str]:
    """Return the names to choose from, sorted."""
    return sorted(name for name in available_timezones() if not _NOT_A_NAME.fullmatch(name))


def parse_zone(text: str, *words: str) -> ZoneInfo:
    """Return the IANA zone of a name. Raise TimeRefused, with another `tz` for the same request, otherwise. `words`:
    what the `tz` of the request may be in place of a name."""
    return _named_zone(text, lambda meant: other_options(tz=meant), words=words)


def parse_token_zone(text: str) -> ZoneInfo:
    """Return the zone of a token. Raise TimeRefused, with the command for a token with another, for an unknown name."""
    fix = partial(action, "token create", "NAME", capability="CAPABILITY")
    return _named_zone(text, lambda meant: fix(tz=meant), "the timezone of this token: ")


def parse_configured_zone(text: str) -> ZoneInfo:
    """Return the zone of the setting `timezone`. Raise TimeRefused, with the setting's fix, for an unknown name."""
    return _named_zone(text, lambda meant: action("config set", "timezone", meant), "the setting timezone: ")


def parse_account_zone(account: str, text: str) -> ZoneInfo:
    """Return the zone of an account. Raise TimeRefused, with the command that sets another, for an unknown name."""
    return _named_zone(text, lambda meant: action("account set", account, tz=meant), f"{account}: ")


def _named_zone(text: str, fix: Callable[[str], WayOut], where: str = "", words: Sequence[str] = ()) -> ZoneInfo:
    zone = load_zone(text)
    if zone is None:
        raise TimeRefused(f'{where}no timezone is called "{text}"', suggest_zone(text, fix, words))
    return zone


def suggest_zone(text: str, fix: Callable[[str], WayOut] = str, words: Sequence[str] = ()) -> Hint:
    """Return the hint with the zone, or the other word, that was probably meant, else with an example."""
    near = nearest_name(text, words=words)
    return Hint("try", fix(near or EXAMPLE_ZONE), sure=near is not None)


def load_zone(name: str) -> ZoneInfo | None:
    """Return the zone of an IANA name, None if there is no such zone."""
    if _NOT_A_NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    # A missing name is a KeyError, a path or no zone file a ValueError, a folder ("Europe") an OSError.
    except (KeyError, ValueError, OSError):
        return None


@cache
def _spoken_zones() -> Mapping[str, str]:
    """Return the names of zones, in lower case, to their spelling: whole names, and cities alone."""
    names = zone_names()
    split = [(name, name.split("/")) for name in names]
    cities = {parts[1].lower(): name for name, parts in split if len(parts) == 2 and parts[0] in _CONTINENTS}
    kept = {city: name for city, name in cities.items() if not _OTHER_PLACES.fullmatch(city)}
    return {**kept, **{name.lower(): name for name in names}, **_REGIONS}


def spoken_zone(words: Sequence[str]) -> str | None:
    """Return the spelling that `parse_typed_zone` reads of `new york`, `berlin time`, `pst`, `utc+1`. None for other
    words."""
    words = words[:-1] if words[-1] == "time" and len(words) > 1 else words
    key = "_".join(words)
    if match := re.fullmatch(r"(?:utc|gmt)([+-])([0-9]{1,2})(?::?([0-9]{2}))?", key):
        key = f"{match[1]}{match[2]:0>2}:{match[3] or '00'}"
    if key.upper() in ABBREVIATIONS or _OFFSET.fullmatch(key) or key in ("z", "utc"):
        return key.upper()
    return None if key[0].isdecimal() else _spoken_zones().get(key)


def parse_typed_zone(word: str) -> tzinfo | Abbreviation | None:
    """Return the zone of a word behind a time: `Europe/London`, `UTC`, `+01:00`, `CET`. None for anything else."""
    if _OFFSET.fullmatch(word):
        return datetime.strptime(word if len(word) > 3 else f"{word}00", "%z").tzinfo
    if word.upper() in ("Z", "UTC"):
        return UTC
    return ABBREVIATIONS.get(word) or (load_zone(word) if _NAME.fullmatch(word) else None)


def nearest_name(text: str, cutoff: float = 0.75, words: Sequence[str] = ()) -> str | None:
    """Return the zone, or the other word, that was probably meant: other case, a city alone, a typing error. None if
    nothing is near."""
    import difflib

    key = text.strip().lower().replace(" ", "_")
    names = {name.lower(): name for name in (*zone_names(), *words)}
    if key in names:
        return names[key]
    cities = [name for lower, name in names.items() if lower.rpartition("/")[2] == key]
    if cities:
        return min(cities, key=len)
    # The nearest name of an abbreviation is another place: PST would become EST.
    if len(key) < 5:
        return None
    near = difflib.get_close_matches(key, names, 1, cutoff)
    return names[near[0]] if near else None


def wall_text(at: datetime, zone: tzinfo) -> str | None:
    """Return `2026-12-01 09:00`, the time that means `at` to a person in `zone`; None where clocks do not show it
    exactly: in the second of two hours, and with seconds."""
    wall = at.astimezone(zone).replace(tzinfo=None, fold=0)
    is_exact = not (wall.second or wall.microsecond) and instants(wall, zone)[0] == at
    return f"{wall:%Y-%m-%d %H:%M}" if is_exact else None


def instants(wall: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """Return the UTC instants at which clocks in `zone` show `wall` (naive): one, two in a repeated hour, or none."""
    offsets = {_offset(wall, zone, fold=0), _offset(wall, zone, fold=1)}
    candidates = sorted((wall - offset).replace(tzinfo=UTC) for offset in offsets)
    return tuple(at for at in candidates if at.astimezone(zone).replace(tzinfo=None) == wall)


@dataclass(frozen=True, slots=True)
class Jump:
    """Clocks go forward from `before` to `after` (naive wall clocks) at one instant; nothing between them exists."""

    before: datetime
    after: datetime

    @property
    def length(self) -> timedelta:
        return self.after - self.before


def jump_over(wall: datetime, zone: tzinfo) -> Jump:
    """Return the change of clocks that skips `wall`, which must not exist in `zone` (`instants` is empty)."""
    # In a gap, fold 0 counts with the offset before the change and fold 1 with the one after it (PEP 495).
    old, new = _offset(wall, zone, fold=0), _offset(wall, zone, fold=1)
    early, late = (wall - new).replace(tzinfo=UTC), (wall - old).replace(tzinfo=UTC)
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        if middle.astimezone(zone).utcoffset() == old:
            early = middle
        else:
            late = middle
    change = late.replace(microsecond=0, tzinfo=None)
    return Jump(change + old, change + new)


def _offset(wall: datetime, zone: tzinfo, *, fold: int) -> timedelta:
    offset = wall.replace(tzinfo=zone, fold=fold).utcoffset()
    assert offset is not None
    return offset


def instant_of(wall: datetime, zone: tzinfo) -> datetime:
    """Return the one UTC instant that stands for `wall`: the first where it comes twice, the end of the gap where it is
    skipped. Later walls never have earlier ones."""
    moments = instants(wall, zone)
    if moments:
        return moments[0]
    jump = jump_over(wall, zone)
    return instants(jump.after, zone)[0]
