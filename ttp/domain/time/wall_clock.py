"""What clocks on a wall show, and the instants at which they show it: the two odd hours of a year. Pure. A wall clock
is a naive datetime in a zone: one instant, two where an hour comes twice, or none where it is skipped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo


def instants(wall: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """Return the UTC instants at which clocks in `zone` show `wall` (naive): one, two in a repeated hour, or none."""
    offsets = {_offset(wall, zone, fold=0), _offset(wall, zone, fold=1)}
    found = sorted((wall - offset).replace(tzinfo=UTC) for offset in offsets)
    return tuple(at for at in found if at.astimezone(zone).replace(tzinfo=None) == wall)


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
    found = instants(wall, zone)
    if found:
        return found[0]
    jump = jump_over(wall, zone)
    return instants(jump.after, zone)[0]
