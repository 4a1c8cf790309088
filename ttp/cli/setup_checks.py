"""What `ttp doctor` says of the settings: the config file, addresses that are not the platforms' own, the time zone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from ttp.cli import settings
from ttp.domain import hosts
from ttp.domain.account import Platform, is_loopback
from ttp.domain.checkup import Check, Remark, check_of, failure, fine, warning
from ttp.domain.config import KEYS, Config
from ttp.domain.errors import TtpError, UsageError
from ttp.domain.time.zones import parse_zone

EXAMPLE = 'timezone = "Europe/Berlin"'


def config_check(config: Config, wrong: Sequence[UsageError], path: Path) -> Check:
    """The config file and the variables: everything in them that is wrong."""
    changed = sum(config[name] != key.default for name, key in KEYS.items())
    number = "1 setting differs from its default" if changed == 1 else f"{changed} settings differ from their defaults"
    remarks = [
        warning(error.told, error.mend)
        if isinstance(error, settings.NoSetting)
        else failure(error.message, next((hint.type for hint in error.hints), None))
        for error in wrong
    ]
    return check_of("config", remarks or [fine(f"{path}{'' if path.exists() else ' (none there)'}, {number}")])


def host_checks(config: Config, environ: Mapping[str, str] = os.environ) -> Iterator[Check]:
    """Every address of a platform that is not its own; one line where there is none."""
    changed = [key for key in KEYS.values() if settings.is_platform_address(key) and config[key.name] != key.default]
    for key in changed:
        url, where = config.text(key.name), settings.source(key.name, environ)
        said = f"{url} instead of {key.default} (set in {where})"
        yield check_of(f"host.{key.name.removeprefix('platforms.')}", [warning(said)])
    if not changed:
        yield check_of("host", [fine("the platforms' own addresses")])
    rehearsed = [p for p in Platform if is_loopback(hosts.host(p, config))]
    if rehearsed and len(rehearsed) < len(Platform):
        real = ", ".join(p for p in Platform if p not in rehearsed)
        yield check_of("host", [warning(f"{', '.join(rehearsed)} on this machine, {real} for real")])


def zone_check(config: Config) -> tuple[Check, ZoneInfo]:
    """The zone of times without an offset and where it comes from; UTC stands in for one that does not exist."""
    return check_of("zone", list(_zone(config))), _usable(config)


def _zone(config: Config) -> Iterator[Remark]:
    name = config.text("timezone")
    if name:
        try:
            parse_zone(name, where="the setting timezone: ", retype='timezone = "{}"'.format)
        except TtpError as error:
            yield failure(error.message, error.hints[0].type)
        else:
            yield fine(f"{name} (from {settings.source('timezone')})")
        return
    found = settings.system_zone()
    if found.source == "default":
        yield warning("UTC, since the system names no zone; write yours in the config file", EXAMPLE)
    else:
        yield fine(f"{found.zone.key} (from {found.source})")


def _usable(config: Config) -> ZoneInfo:
    try:
        name = config.text("timezone")
        return parse_zone(name) if name else settings.system_zone().zone
    except TtpError:
        return ZoneInfo("UTC")
