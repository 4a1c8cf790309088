"""The machine's own timezone, from the variable TZ or from /etc/localtime."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from ttp.cli.system_zone import system_zone

NOW = datetime(2026, 11, 24, 12, 46, tzinfo=UTC)


@pytest.fixture
def zoneinfo(tmp_path: Path) -> Path:
    """A folder like the system's, with one zone's rules in it."""
    folder = tmp_path / "zoneinfo/Europe"
    folder.mkdir(parents=True)
    (folder / "Berlin").write_bytes((files("tzdata") / "zoneinfo/Europe/Berlin").read_bytes())
    return tmp_path / "zoneinfo"


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("Asia/Tokyo", "Asia/Tokyo"),
        (":Asia/Tokyo", "Asia/Tokyo"),
        ("/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
        ("/usr/share/zoneinfo/posix/Asia/Tokyo", "Asia/Tokyo"),
        ("", "UTC"),
        ("/nowhere", "UTC"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "UTC"),
    ],
)
def test_the_variable_tz_names_the_system_zone(value: str, key: str, zoneinfo: Path) -> None:
    found = system_zone({"TZ": value}, zoneinfo / "Europe/Berlin")
    assert (found.zone.key, found.source) == (key, "TZ")


def test_the_link_localtime_names_the_system_zone(tmp_path: Path, zoneinfo: Path) -> None:
    link = tmp_path / "localtime"
    link.symlink_to(zoneinfo / "Europe/Berlin")
    assert system_zone({}, link).zone.key == "Europe/Berlin"
    (tmp_path / "second").symlink_to(link)
    assert system_zone({}, tmp_path / "second").zone.key == "Europe/Berlin"
    link.unlink()
    link.symlink_to("/usr/share/zoneinfo/Etc/UTC")
    assert system_zone({}, link).zone.key == "UTC"


def test_a_plain_copy_of_a_zone_file_keeps_its_rules(tmp_path: Path, zoneinfo: Path) -> None:
    copy = tmp_path / "localtime"
    shutil.copy(zoneinfo / "Europe/Berlin", copy)
    found = system_zone({}, copy)
    assert found.source == str(copy)
    assert NOW.astimezone(found.zone).utcoffset() == timedelta(hours=1)


def test_without_a_zone_file_the_system_zone_is_utc(tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"no zone")
    for path in (tmp_path / "missing", tmp_path / "broken", tmp_path):
        found = system_zone({}, path)
        assert (found.zone.key, found.source) == ("UTC", "default")
