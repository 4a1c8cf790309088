"""What a publisher reports once: posts that are due or unapproved, a wrong clock, an upgrade, that nothing is left."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import ttp
from ttp import __version__
from ttp.domain.action import Action, action
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Busy, SlowClock
from ttp.domain.event import Event, IdleReason, Sink
from ttp.domain.post import Post
from ttp.domain.time.clock import Clock

_DUE = frozenset({DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.RETRYING})


class Announcements:
    """Emits the events of a publisher that are not about the result of a delivery."""

    def __init__(self, emit: Sink, clock: Clock) -> None:
        self.emit = emit
        self._clock = clock
        self._lines: set[str] = set()
        self._due: set[int] = set()
        self._unapproved: set[int] = set()
        self._is_idle = self._is_clock_wrong = False

    def report(
        self, reason: IdleReason, message: str, *, next_at: datetime | None = None, hint: Action | None = None
    ) -> None:
        """Emit each time that something waits or is skipped."""
        now = self._clock.now()
        self.emit(Event(now, "publisher.idle", kind=reason.value, message=message, next_at=next_at, hint=hint))

    def report_once(self, reason: IdleReason, message: str) -> None:
        if message not in self._lines:
            self._lines.add(message)
            self.report(reason, message)

    def report_quarantine(self, why: str) -> None:
        self.report(IdleReason.UNREADABLE, f"skipped: {why}")

    def report_busy(self, busy: Busy) -> None:
        self.report(IdleReason.STORE, f"posts wait: {busy.message}")

    def report_clock(self, trouble: Busy | None) -> None:
        """Report a wrong clock when it becomes wrong. None: it is right."""
        if trouble is not None and not self._is_clock_wrong:
            until = trouble.latest if isinstance(trouble, SlowClock) else None
            self.report(IdleReason.CLOCK, trouble.message, next_at=until)
        self._is_clock_wrong = trouble is not None

    def report_upgrade(self) -> None:
        """Report that another version of the program was installed: this process still has the old one."""
        version = installed_version()
        if version != __version__:
            line = f"ttp {version} is installed, and this publisher is still ttp {__version__}: stop and start it"
            self.report_once(IdleReason.UPGRADE, line)

    def report_due(self, post: Post, now: datetime) -> None:
        if post.id is not None and post.id not in self._due:
            self._due.add(post.id)
            due = [d.account for d in post.deliveries if d.state in _DUE and (d.due_at is None or d.due_at <= now)]
            self.emit(Event(now, "post.due", post.id, message=", ".join(due)))

    def report_unapproved(self, post_ids: Collection[int]) -> None:
        """Report due posts that wait for approval."""
        if fresh := [str(post_id) for post_id in post_ids if post_id not in self._unapproved]:
            self._unapproved.update(post_ids)
            message = f"{'posts' if len(fresh) > 1 else 'post'} {' '.join(fresh)} waiting for approval"
            self.report(IdleReason.APPROVAL, message, hint=action("approve", *fresh))

    def report_idle(self, *, is_idle: bool, next_at: datetime | None) -> None:
        """Emit `publisher.idle` whenever nothing is left in flight."""
        if is_idle and not self._is_idle:
            self.emit(Event(self._clock.now(), "publisher.idle", next_at=next_at))
        self._is_idle = is_idle


def installed_version() -> str:
    """Return the version of the program that is installed now, which an upgrade may have replaced since the start; this
    one's if that cannot be read."""
    with suppress(OSError):
        line = re.search(r'^__version__ = "(.+)"$', Path(ttp.__file__).read_text("utf-8"), re.MULTILINE)
        return line[1] if line else __version__
    return __version__
