"""Whether this machine has a battery: a laptop, which sleeps when it is closed."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

_SUPPLIES = Path("/sys/class/power_supply")
"""sysfs-class-power(5) of Linux. The batteries of mice and keyboards have the scope `Device`."""


def has_battery(supplies: Path = _SUPPLIES) -> bool:
    """Return whether the machine has a battery of its own; False where that cannot be known."""
    if sys.platform == "darwin":
        from ttp.services.installation.background_service import run_command

        return "InternalBattery" in run_command(("pmset", "-g", "batt")).out
    with suppress(OSError):
        return any(
            _read(one / "type") == "Battery" and _read(one / "scope") in ("", "System") for one in supplies.iterdir()
        )
    return False


def _read(path: Path) -> str:
    with suppress(OSError, ValueError):
        return path.read_text().strip()
    return ""
