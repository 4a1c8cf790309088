"""Numbers from the platforms: what `ttp metrics pull` asks for, and what `ttp run` reads by itself.

Owns which posts are read and when; never how. `reading` rows say when a post is read next, `metrics.after` how old it
is then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from sqlite3 import Connection

from ttp.domain.account import Account, Platform
from ttp.domain.ages import Ages, again_at, ages_of, reach
from ttp.domain.config import Config
from ttp.domain.errors import Busy, Damaged, Hint, PartlyFailed, ReconnectNeeded, TtpError, UsageError
from ttp.domain.time.clock import Clock
from ttp.services.gather import Gather, Pulled, Stopped, Tell
from ttp.store import readings
from ttp.store.database import Database
from ttp.store.readings import Followed

DOLLARS_A_READ = 0.001
"""X's price of an own post in an answer (section 5 of its contract). Another look on the same UTC day is free."""
LEAST_READS = 5
"""X lists no fewer on a page."""
BATCH, MOST_BATCHES = 20, 5
"""Posts of an account that are taken at a time, and how many times in one turn of `ttp run`."""


class Pull:
    """Over one `Gather`, which it closes."""

    def __init__(self, database: Database, gather: Gather, config: Config, clock: Clock) -> None:
        self._database = database
        self._gather = gather
        self._config = config
        self._clock = clock

    def close(self) -> None:
        self._gather.close()

    # What a person asks for.

    def chosen(self, accounts: Sequence[Account]) -> tuple[list[Account], list[Account]]:
        """Those of all accounts that are read where none is named, and those left out because X charges for it."""
        platforms = self._config.texts("metrics.pull")
        usable = [one for one in accounts if one.connected and one.enabled]
        left_out = [one for one in usable if one.platform is Platform.X and one.platform not in platforms]
        return [one for one in usable if one.platform in platforms], left_out

    def posts(self, account: Account) -> list[Followed]:
        """The account's posts that are followed: published by ttp, and not yet read for the last time."""
        ages, now = ages_of(self._config), self._clock.now()
        with self._database.reading() as db:
            since = now - reach(ages)
            return [] if db is None else readings.followed(db, account.id or 0, since=since, until=now)

    def pull(self, account: Account, posts: Sequence[Followed], history: int | None, tell: Tell) -> Pulled:
        """Read these posts, or the newest `history` ones, and store a sample of each.

        Raises what is wrong with the store. What is wrong with the account or its platform is the result's `error`.
        """
        done = Pulled(account.name)
        try:
            if not account.connected:
                raise ReconnectNeeded(
                    f"{account.name} is not connected, so its numbers cannot be asked for",
                    Hint("connect it", f"ttp account connect {account.name}"),
                    Hint("or import them", "ttp metrics import FILE"),
                )
            if history is not None:
                self._gather.history(account, history, done, tell)
            else:
                self._gather.posts(account, posts, done, tell, lambda: False)
        except (Busy, Damaged):
            raise
        except TtpError as error:
            done.error = error
        return done

    # What `ttp run` does.

    def pull_due(self, stopping: Callable[[], bool]) -> None:
        """Read what is due of every account that is read by itself, a bounded number of posts of each.

        Ends after the answer that is awaited once `stopping` says so. What could not be read is put off, the longer
        the older the post is; `ttp metrics pull` says why. Raises what is wrong with the store.
        """
        platforms = self._config.texts("metrics.pull")
        if not platforms or not self._database.exists():
            return
        ages, now = ages_of(self._config), self._clock.now()
        with closing(self._database.connect()) as db:
            bounds = {"since": now - reach(ages), "until": now - ages[0]}
            accounts = readings.accounts_due(db, platforms, now=now, **bounds)
        try:
            for account in accounts:
                self._pull_account(account, ages, stopping)
        finally:
            self._gather.close()

    def _pull_account(self, account: Account, ages: Ages, stopping: Callable[[], bool]) -> None:
        try:
            for _ in range(MOST_BATCHES):
                if stopping():
                    return
                taken = self._taken(account, ages)
                if not taken:
                    return
                self._gather.posts(account, taken, Pulled(account.name), lambda read: None, stopping)
        except Stopped as stopped:
            if stopped.again_at is not None:
                self._rest(account, ages, stopped.again_at)
        except (ReconnectNeeded, PartlyFailed, UsageError):
            return  # whoever publishes meets what is wrong with the account, or a person who pulls

    def _taken(self, account: Account, ages: Ages) -> list[Followed]:
        """The next posts to read. They are put off before they are read: whatever becomes of this process or the
        platform, nobody asks for them again at once."""
        now = self._clock.now()
        with self._gather.writing() as db:
            posts = self._due(db, account, ages, due_by=now, most=BATCH)
            for post in posts:
                next_at = again_at(post.published_at, now)
                readings.note(db, account.id or 0, post.remote_id, read_at=None, next_at=next_at)
        return posts

    def _rest(self, account: Account, ages: Ages, until: datetime) -> None:
        """Ask for nothing of the account before `until`: it takes no calls."""
        with self._gather.writing() as db:
            for post in self._due(db, account, ages, due_by=until):
                readings.note(db, account.id or 0, post.remote_id, read_at=None, next_at=until)

    def _due(self, db: Connection, account: Account, ages: Ages, *, due_by: datetime, most: int = -1) -> list[Followed]:
        now = self._clock.now()
        bounds = {"since": now - reach(ages), "until": now - ages[0]}
        return readings.followed(db, account.id or 0, due_by=due_by, most=most, **bounds)


def dollars(account: Account, posts: Sequence[Followed], history: int | None) -> float:
    """What a pull costs at most; 0 where the platform charges nothing."""
    if account.platform is not Platform.X:
        return 0.0
    return (len(posts) if history is None else max(history, LEAST_READS)) * DOLLARS_A_READ
