"""The session of a publisher: its locks on accounts, and its registration.

On SQLite a lock of the kernel makes it the only publisher, so everything is granted. On PostgreSQL several publish from
one store: see `postgresql.publisher_session`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from ttp.store.dialect import Connection

if TYPE_CHECKING:
    from ttp.domain.health import RegisteredPublisher


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


class PublisherSession:
    """The session of a publisher that is the only one."""

    is_shared = False
    """Whether other publishers may publish from the store at the same time."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self.connect = connect
        """Opens the session: the connection on which everything is recorded."""

    def open_watch(self) -> Connection:
        """Open the connection on which the publisher reads what is planned, and hears of changes."""
        return self.connect()

    def take(self, db: Connection, what: Held, accounts: Collection[int]) -> set[int]:
        """Lock accounts, and return those that this publisher has now. They stay locked until `keep`, whatever becomes
        of the transaction."""
        return set(accounts)

    def keep(self, db: Connection, what: Held, accounts: Collection[int]) -> None:
        """Unlock every account but these."""

    def together(self, db: Connection) -> AbstractContextManager[None]:
        """As `Connection.together`, also for `ask` and `keep`: `held_accounts` knows the result after it."""
        return db.together()

    def ask(self, db: Connection, what: Held, accounts: Collection[int]) -> None:
        """Like `take`, inside `together`. Only where several publish."""
        raise NotImplementedError

    def ask_mark(self, db: Connection) -> Callable[[], None]:
        """Ask whether the store was restored meanwhile; whoever restores it waits for the end of this transaction.
        Return what raises OwnedElsewhere then. Only where several publish."""
        raise NotImplementedError

    def held_accounts(self, what: Held) -> frozenset[int]:
        """Return the accounts that are locked."""
        return frozenset()

    def free_accounts(self, db: Connection, accounts: Collection[int]) -> list[int]:
        """Return those of the accounts that no publisher has locked, this one neither."""
        return sorted(accounts)

    def lock_rows(self, db: Connection, deliveries: Sequence[int], now: datetime) -> Mapping[int, tuple[object, ...]]:
        """Lock deliveries and their posts, except deleted ones, those that a person is changing, and those of accounts
        that nothing may be sent to at `now`. Return the present state, fence, next instant and approval of each. Only
        where several publish."""
        raise NotImplementedError

    def is_changing(self, db: Connection) -> bool:
        """Return whether a person is changing the store: another change like that would wait for it."""
        return False

    def report(self, db: Connection) -> list[str]:
        """Report that this publisher works, and disconnect others that have not reported for long. Return a line
        about each of them."""
        return []

    def others(self, db: Connection) -> list[RegisteredPublisher]:
        """Return the other publishers whose sessions exist."""
        return []

    def longest_lost_call(self, db: Connection, unknown_s: float) -> float:
        """Return how many seconds a publishing call of a publisher that is gone may take, by the settings of its host;
        `unknown_s` where it did not say. Only where several publish."""
        raise NotImplementedError

    def leave(self, db: Connection) -> None:
        """End the registration."""
