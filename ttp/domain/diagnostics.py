"""Results of a check-up: one check per subject, with the command that fixes it. Data only. Several remarks on one
subject become one check, as bad as the worst of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ttp.domain.action import WayOut
from ttp.domain.time.formatting import relative


class Grade(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


SOON = timedelta(days=7)
"""Warn about what ends within this time."""
_ORDER = (Grade.FAIL, Grade.WARN, Grade.OK)


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding. `hint`: what to type. `reconnect`: a new login of the account fixes it."""

    status: Grade
    message: str
    hint: WayOut | None = None
    reconnect: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One subject. `reconnect`: connecting the account again fixes everything wrong with it."""

    name: str
    status: Grade
    message: str
    hint: WayOut | None = None
    reconnect: bool = False


@dataclass(frozen=True, slots=True)
class Checkup:
    checks: tuple[Check, ...]

    def count(self, status: Grade) -> int:
        return sum(check.status is status for check in self.checks)

    @property
    def only_reconnects(self) -> bool:
        """Whether something failed, and only accounts that must be connected again."""
        failed = [check for check in self.checks if check.status is Grade.FAIL]
        return bool(failed) and all(check.reconnect for check in failed)


def ok_remark(message: str) -> Remark:
    return Remark(Grade.OK, message)


def warning_remark(message: str, hint: WayOut | None = None) -> Remark:
    return Remark(Grade.WARN, message, hint)


def failure_remark(message: str, hint: WayOut | None = None, *, reconnect: bool = False) -> Remark:
    return Remark(Grade.FAIL, message, hint, reconnect)


def combine_remarks(name: str, remarks: Iterable[Remark]) -> Check:
    """Combine at least one remark into a check: the worst first, with its hint."""
    ordered = sorted(remarks, key=lambda remark: _ORDER.index(remark.status))
    worst = ordered[0].status
    of_worst = [remark for remark in ordered if remark.status is worst]
    return Check(
        name,
        worst,
        "; ".join(remark.message for remark in ordered),
        next((remark.hint for remark in of_worst if remark.hint), None),
        worst is Grade.FAIL and all(remark.reconnect for remark in of_worst),
    )


def format_end(at: datetime, now: datetime) -> str:
    """Return a future or past end in words: `12 Jan 2027 (in 49 d)`, `in 2 h`, `19 h 46 min ago`. Days are in UTC."""
    if abs(at - now) < timedelta(days=2):
        return relative(at, now)
    return f"{at.day} {at:%b %Y} ({relative(at, now, short=True)})"
