"""Reading one account's posts from its platform, and storing a sample of each.

Reads only. It claims nothing, holds neither the account nor its token, and its transactions are short: a publish never
waits for it. What was read is stored at once, so that a stop in the middle loses nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ttp.domain.account import Account, Credentials, Platform
from ttp.domain.ages import ages_of, is_of_age, next_reading
from ttp.domain.attempt import Kind, NotDone
from ttp.domain.config import Config
from ttp.domain.errors import Hint, PartlyFailed, ReconnectNeeded, TtpError
from ttp.domain.sample import Sample
from ttp.domain.time.clock import Clock
from ttp.platforms.client import StepFailed
from ttp.platforms.metrics import Line, Page, Reader
from ttp.services.tokens import Delayed, Tokens
from ttp.store import metrics, readings
from ttp.store.database import Database, translated
from ttp.store.readings import Followed
from ttp.store.tokens import TokenHeld

SHOWN_WITHIN = timedelta(hours=1)
"""A post that its platform does not show after this is gone; before, its lists may lag behind."""
Tell = Callable[[int], object]
"""How many posts were read so far."""


class Stopped(PartlyFailed):
    """No more posts of the account can be read now. `again_at`: when they can, where that is known."""

    def __init__(self, message: str, again_at: datetime | None = None) -> None:
        super().__init__(message)
        self.again_at = again_at


@dataclass
class Pulled:
    """What became of one account's posts. `rejected`: remote id and reason. `waiting`: posts that their platform does
    not show yet. `error`: why it ended early."""

    account: str
    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[tuple[str, str]] = field(default_factory=list)
    waiting: int = 0
    notes: list[str] = field(default_factory=list)
    error: TtpError | None = None


class Gather:
    """`readers` makes a platform's reader; each is made once, when it is first needed. `patience`: seconds to wait for
    an answer where that is less than the settings say.

    What reads raises Stopped, ReconnectNeeded, PartlyFailed, UsageError (the credentials are for another host), and
    what is wrong with the store. What was read before that is kept.
    """

    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        readers: Callable[[Platform], Reader],
        config: Config,
        clock: Clock,
        patience: float | None = None,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._readers = readers
        self._config = config
        self._clock = clock
        self._patience = patience
        self._made: dict[Platform, Reader] = {}

    def close(self) -> None:
        """Close the readers' connections, and keep what was told of limits. They open again when they are needed."""
        for reader in self._made.values():
            reader.close()

    def history(self, account: Account, most: int, done: Pulled, tell: Tell) -> None:
        """Read the account's newest posts, whoever published them, and count them in `done`."""
        for page in self._pages(account, lambda reader, line: reader.history(line, most)):
            self._store(account, page, done)
            tell(done.read)

    def posts(
        self, account: Account, posts: Sequence[Followed], done: Pulled, tell: Tell, stopping: Callable[[], bool]
    ) -> None:
        """Read these posts, and count them in `done`. Ends after a page once `stopping` says so."""
        # Until a platform has named a post, its delivery has the id of the upload.
        unnamed = [post for post in posts if not post.remote_id.isdecimal()]
        self._wait_for(account, unnamed, done)
        left = {post.remote_id: None for post in posts if post not in unnamed}
        if not left:
            return
        ids = list(left)
        for page in self._pages(account, lambda reader, line: reader.read(line, ids)):
            for one in (*(sample.remote_id for sample in page.samples), *page.gone):
                left.pop(one, None)
            self._store(account, page, done)
            tell(done.read)
            if stopping():
                return
        done.rejected += [(one, f"{account.platform} told no numbers of it") for one in left]

    def _pages(self, account: Account, begin: Callable[[Reader, Line], Iterator[Page]]) -> Iterator[Page]:
        """What the reader reads, with a token that is renewed where that is due."""
        try:
            held = self._tokens.fresh(account.name)
            line = Line(account, held, lambda refused: self._renewed(account, refused), self._patience)
            yield from begin(self._reader(account.platform), line)
        except StepFailed as failed:
            raise _error(account, failed.outcome) from None
        except (Delayed, TokenHeld) as later:
            raise Stopped(later.message) from None

    def _renewed(self, account: Account, refused: Credentials) -> Credentials | None:
        if not self._tokens.can_renew(account.name, refused):
            return None
        return self._tokens.replaced(account.name, refused)

    def _reader(self, platform: Platform) -> Reader:
        if platform not in self._made:
            self._made[platform] = self._readers(platform)
        return self._made[platform]

    def _store(self, account: Account, page: Page, done: Pulled) -> None:
        """Keep what one page told, and when each of its posts is read next."""
        ages, now = ages_of(self._config), self._clock.now()
        if page.note is not None and page.note not in done.notes:
            done.notes.append(page.note)
        with self.writing() as db:
            for sample in page.samples:
                known = readings.published_at(db, account.id or 0, sample.remote_id)
                at = known or sample.published_at
                what = self._put(db, account, sample, at)
                done.read += 1
                setattr(done, what, getattr(done, what) + 1)
                next_at = next_reading(ages, at, now, page.ends.get(sample.remote_id))
                readings.note(db, account.id or 0, sample.remote_id, read_at=now, next_at=next_at)
            for one in sorted(page.gone):
                known = readings.published_at(db, account.id or 0, one)
                if known is not None and now - known < SHOWN_WITHIN:
                    done.waiting += 1
                    readings.note(db, account.id or 0, one, read_at=None, next_at=next_reading(ages, known, now))
                else:
                    done.rejected.append((one, f"{account.platform} does not show it any more"))
                    readings.note(db, account.id or 0, one, read_at=now, next_at=None)

    def _put(self, db: sqlite3.Connection, account: Account, sample: Sample, published_at: datetime) -> str:
        """Store a sample; `inserted`, `updated` or `unchanged`."""
        last = metrics.last_observed(db, account.id or 0, sample.remote_id)
        of_age = is_of_age(ages_of(self._config), published_at, last, sample.observed_at)
        (what,) = metrics.put(db, [replace(sample, dated=of_age)], {account.name.lower(): account.id or 0})
        return what

    def _wait_for(self, account: Account, posts: Sequence[Followed], done: Pulled) -> None:
        """These cannot be asked for yet: not before their next reading."""
        if posts:
            ages, now = ages_of(self._config), self._clock.now()
            done.waiting += len(posts)
            with self.writing() as db:
                for post in posts:
                    next_at = next_reading(ages, post.published_at, now)
                    readings.note(db, account.id or 0, post.remote_id, read_at=None, next_at=next_at)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One short transaction; nothing of it stays where the block raises."""
        with closing(self._database.connect()) as db, translated(self._database.path):
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")


def _error(account: Account, outcome: NotDone) -> TtpError:
    """Why no more posts were read."""
    message = f"{account.name}: {outcome.message}"
    if outcome.kind is Kind.AUTH:
        command = outcome.hint or f"ttp account connect {account.name}"
        return ReconnectNeeded(message, Hint("connect it again", command))
    if outcome.passing:
        return Stopped(message, outcome.retry_at)
    return PartlyFailed(message)
