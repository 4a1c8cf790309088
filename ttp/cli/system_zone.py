"""The timezone of the system that ttp runs on."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


_LOCALTIME = Path("/etc/localtime")


_ZONEINFO = re.compile(r".*/zoneinfo(?:\.default)?/(?:posix/)?(.+)")


class SystemZone(NamedTuple):
    """The machine's zone and where it was found: `TZ`, `/etc/localtime`, or `default` if there is neither."""

    zone: ZoneInfo
    source: str


def system_zone(environ: Mapping[str, str] = os.environ, localtime: Path = _LOCALTIME) -> SystemZone:
    """Return the machine's zone: the variable TZ, else the link or file /etc/localtime, else UTC."""
    from zoneinfo import ZoneInfo

    from ttp.domain.time.zones import load_zone

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
    """Return the zone that a path or its link names; for a plain copy its rules, with the path as the name."""
    from zoneinfo import ZoneInfo

    from ttp.domain.time.zones import load_zone

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
