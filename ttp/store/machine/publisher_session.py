"""The session of a publisher. On PostgreSQL, where several publish from one store, it has locks on accounts and a
registration: see `postgresql.publisher_session`."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, StrEnum

from ttp.store.dialect import Connection


class Held(StrEnum):
    """What a lock is about: the value is the table whose number the lock has on PostgreSQL."""

    DELIVERY = "account"  # a delivery of the account is claimed or sending
    LOOK_UP = "delivery"  # a delivery of the account is being looked up


class PeriodicJob(IntEnum):
    """Periodic work that one process of a store does at a time. The value is the number of its lock on PostgreSQL."""

    TOKENS = 1
    CLEANUP = 2
    METRICS = 3
    WEBHOOKS = 4
    NOTIFICATIONS = 5
    COPY = 7
    CARDS = 8
    SOURCES = 9


class PublisherSession:
    """The session of a publisher that is the only one, by a lock of the kernel."""

    is_shared = False
    """Whether other publishers may publish from the store at the same time."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self.connect = connect
        """Opens the session: the connection on which everything is recorded."""

    def open_watch(self) -> Connection:
        """Open the connection on which the publisher reads what is planned, and hears of changes."""
        return self.connect()
