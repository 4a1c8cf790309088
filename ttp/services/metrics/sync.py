"""Read the metrics of an account's posts from its platform, and store a sample of each.

Never delays publishing: it claims nothing, keeps no lock on the account or its token, and uses short transactions. Each
page is stored at once, so an interruption loses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ttp.domain.account import Account, Credentials, connect_action
from ttp.domain.action import action
from ttp.domain.config import Config
from ttp.domain.errors import Busy, Damaged, Hint, PartlyFailed, ReconnectNeeded, TtpError, UsageError
from ttp.domain.metrics.ingest.reading_schedule import (
    Ages,
    configured_ages,
    is_of_age,
    lookback,
    next_reading,
    retry_at,
)
from ttp.domain.metrics.sample import Sample
from ttp.domain.pricing import PriceLists
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import Clock
from ttp.platforms.client import StepFailed
from ttp.platforms.metrics_reader import AccountSession, MetricsPage, MetricsReader
from ttp.services.connecting.tokens import Tokens, TokenUnavailable
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.home.locks import TokenLocked
from ttp.store.metrics import samples, schedule
from ttp.store.metrics.schedule import FollowedPost

SHOWN_WITHIN = timedelta(hours=1)
"""After this time a post that the platform does not list is gone; before, its lists may lag behind."""
BATCH, MOST_BATCHES = 20, 5
"""Posts of an account in a batch, and batches in one turn of `ttp run`."""
ReportProgress = Callable[[int], object]
"""Called with the number of posts read so far."""


class ReadingStopped(PartlyFailed):
    """No more posts of the account can be read now. `again_at`: when they can be, if known."""

    def __init__(self, message: str, again_at: datetime | None = None) -> None:
        super().__init__(message)
        self.again_at = again_at


@dataclass
class PullResult:
    """Result of reading one account's posts. `rejected`: remote ids and reasons. `waiting`: posts that the platform
    does not show yet. `error`: why it ended early."""

    account: str
    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[tuple[str, str]] = field(default_factory=list)
    waiting: int = 0
    notes: list[str] = field(default_factory=list)
    error: TtpError | None = None


@dataclass
class MetricsSync:
    """Reads the metrics that a person asks for, and those that are due.

    `readers` creates a platform's reader when it is first needed. `patience`: seconds to wait for an answer, if less
    than the settings.
    """

    database: Database
    tokens: Tokens
    readers: Callable[[str], MetricsReader | None]
    config: Config
    clock: Clock
    platforms: PriceLists
    patience: float | None = None
    _open_readers: dict[str, MetricsReader] = field(default_factory=dict, init=False)

    def close(self) -> None:
        """Close the readers' connections; known rate limits are kept. Connections reopen when needed."""
        for reader in self._open_readers.values():
            reader.close()

    def choose_accounts(self, accounts: Sequence[Account]) -> tuple[list[Account], list[Account]]:
        """Return the accounts that are read by default, and those that are left out because reading costs money."""
        platforms = self.config.texts("metrics.pull")
        usable = [one for one in accounts if one.connected and one.enabled]
        left_out = [one for one in usable if self._is_priced(one) and one.platform not in platforms]
        return [one for one in usable if one.platform in platforms], left_out

    def _is_priced(self, account: Account) -> bool:
        exists = account.platform in self.platforms.names()
        return exists and self.platforms.pricing(account.platform) is not None

    def posts(self, account: Account) -> list[FollowedPost]:
        """Return the account's posts that are still read: published by ttp, and not yet read for the last time."""
        ages, now = configured_ages(self.config), self.clock.now()
        with self.database.reading() as db:
            since = now - lookback(ages)
            return [] if db is None else schedule.followed_posts(db, account.id or 0, since=since, until=now)

    def price(self, account: Account, posts: Sequence[FollowedPost], history: int | None) -> int:
        """Return the highest price of a pull in thousandths of a US dollar; 0 if the platform is free."""
        pricing = self.platforms.pricing(account.platform)
        if pricing is None:
            return 0
        listed = history is not None
        number = len(posts) if history is None else history
        return pricing.read(number, listed=listed, account=account, config=self.config)

    def pull(
        self, account: Account, posts: Sequence[FollowedPost], history: int | None, report: ReportProgress
    ) -> PullResult:
        """Read these posts, or the newest `history` ones, and store a sample of each. Raises errors of the store. An
        error of the account or its platform is the result's `error`."""
        done = PullResult(account.name)
        try:
            if not account.connected:
                raise ReconnectNeeded(
                    f"{account.name} is not connected, so its metrics cannot be read",
                    Hint("fix", connect_action(account.name)),
                    Hint("try", action("metrics import", "FILE")),
                )
            if history is not None:
                self._read_history(account, history, done, report)
            else:
                self._read_posts(account, posts, done, report, lambda: False)
        except (Busy, Damaged):
            raise
        except TtpError as error:
            done.error = error
        return done

    def pull_due(self, stopping: Callable[[], bool]) -> None:
        """Read the due posts of every account that is read automatically, a limited number of each.

        Ends after the present answer if `stopping` returns true. Posts that could not be read are postponed, older ones
        for longer; `ttp metrics pull` reports why. Raises errors of the store.
        """
        platforms = self.config.texts("metrics.pull")
        if not platforms or not self.database.exists():
            return
        ages, now = configured_ages(self.config), self.clock.now()
        with closing(self.database.connect()) as db:
            bounds = {"since": now - lookback(ages), "until": now - ages[0]}
            accounts = schedule.accounts_due(db, platforms, now=now, **bounds)
        try:
            for account in accounts:
                self._pull_account(account, ages, stopping)
        finally:
            self.close()

    def _pull_account(self, account: Account, ages: Ages, stopping: Callable[[], bool]) -> None:
        try:
            for _ in range(MOST_BATCHES):
                if stopping():
                    return
                posts = self._next_posts(account, ages)
                if not posts:
                    return
                self._read_posts(account, posts, PullResult(account.name), lambda read: None, stopping)
        except ReadingStopped as stopped:
            if stopped.again_at is not None:
                self._postpone(account, ages, stopped.again_at)
        except (ReconnectNeeded, PartlyFailed, UsageError):
            return  # publishing, or a person's pull, reports the same problem

    def _next_posts(self, account: Account, ages: Ages) -> list[FollowedPost]:
        """Return the next posts to read, postponed first so that a crash does not repeat the requests at once."""
        now = self.clock.now()
        with self._writing() as db:
            posts = self._due(db, account, ages, due_by=now, most=BATCH)
            for post in posts:
                next_at = retry_at(post.published_at, now)
                schedule.record_reading(db, account.id or 0, post.remote_id, read_at=None, next_at=next_at)
        return posts

    def _postpone(self, account: Account, ages: Ages, until: datetime) -> None:
        """Postpone the account's posts until its rate limit allows calls again."""
        with self._writing() as db:
            for post in self._due(db, account, ages, due_by=until):
                schedule.record_reading(db, account.id or 0, post.remote_id, read_at=None, next_at=until)

    def _due(
        self, db: Connection, account: Account, ages: Ages, *, due_by: datetime, most: int | None = None
    ) -> list[FollowedPost]:
        now = self.clock.now()
        bounds = {"since": now - lookback(ages), "until": now - ages[0]}
        return schedule.followed_posts(db, account.id or 0, due_by=due_by, most=most, **bounds)

    def _read_history(self, account: Account, most: int, done: PullResult, report: ReportProgress) -> None:
        """Read the account's newest posts, also those not published by ttp, and count them in `done`."""
        for page in self._pages(account, lambda reader, line: reader.history(line, most)):
            self._store(account, page, done)
            report(done.read)

    def _read_posts(
        self,
        account: Account,
        posts: Sequence[FollowedPost],
        done: PullResult,
        report: ReportProgress,
        stopping: Callable[[], bool],
    ) -> None:
        """Read these posts, and count them in `done`. Ends after a page if `stopping` returns true."""
        # Until the platform assigns an id to the post, its delivery has the id of the upload.
        facts = self.platforms.facts(account.platform)
        final = re.compile("[0-9]+" if facts.done_is_accepted else facts.post_id, re.ASCII)
        unnamed = [post for post in posts if not final.fullmatch(post.remote_id)]
        self._postpone_unnamed(account, unnamed, done)
        pending = {post.remote_id: None for post in posts if post not in unnamed}
        if not pending:
            return
        ids = list(pending)
        for page in self._pages(account, lambda reader, line: reader.read(line, ids)):
            for one in (*(sample.remote_id for sample in page.samples), *page.gone):
                pending.pop(one, None)
            self._store(account, page, done)
            report(done.read)
            if stopping():
                return
        done.rejected += [(one, f"{account.platform} returned no metrics") for one in pending]

    def _pages(
        self, account: Account, begin: Callable[[MetricsReader, AccountSession], Iterator[MetricsPage]]
    ) -> Iterator[MetricsPage]:
        """Yield the reader's pages, refreshing the token if needed."""
        try:
            credentials = self.tokens.fresh(account.name)
            line = AccountSession(
                account, credentials, lambda refused: self._refresh_token(account, refused), self.patience
            )
            yield from begin(self._reader(account.platform), line)
        except StepFailed as failed:
            raise _request_error(account, failed.outcome) from None
        except (TokenUnavailable, TokenLocked) as later:
            raise ReadingStopped(later.message) from None

    def _refresh_token(self, account: Account, refused: Credentials) -> Credentials | None:
        if not self.tokens.can_renew(account.name, refused):
            return None
        return self.tokens.replace_refused(account.name, refused)

    def _reader(self, platform: str) -> MetricsReader:
        if platform not in self._open_readers:
            reader = self.readers(platform)
            if reader is None:
                raise UsageError(f"ttp cannot read metrics from {platform}")
            self._open_readers[platform] = reader
        return self._open_readers[platform]

    def _store(self, account: Account, page: MetricsPage, done: PullResult) -> None:
        """Store one page, and when each of its posts is read next."""
        ages, now = configured_ages(self.config), self.clock.now()
        if page.note is not None and page.note not in done.notes:
            done.notes.append(page.note)
        with self._writing() as db:
            samples.save_days(db, account.id or 0, page.online, read_at=now)
            comments = samples.comment_ids(db, account.id or 0, (one.remote_id for one in page.samples))
            for sample in (one for one in page.samples if one.remote_id not in comments):
                published_at = schedule.published_at(db, account.id or 0, sample.remote_id)
                at = published_at or sample.published_at
                what = self._save_sample(db, account, sample, at)
                done.read += 1
                setattr(done, what, getattr(done, what) + 1)
                next_at = next_reading(ages, at, now, page.ends.get(sample.remote_id))
                schedule.record_reading(db, account.id or 0, sample.remote_id, read_at=now, next_at=next_at)
            for one in sorted(page.gone):
                published_at = schedule.published_at(db, account.id or 0, one)
                if published_at is not None and now - published_at < SHOWN_WITHIN:
                    done.waiting += 1
                    schedule.record_reading(
                        db, account.id or 0, one, read_at=None, next_at=next_reading(ages, published_at, now)
                    )
                else:
                    done.rejected.append((one, f"{account.platform} no longer shows it"))
                    schedule.record_reading(db, account.id or 0, one, read_at=now, next_at=None)

    def _save_sample(self, db: Connection, account: Account, sample: Sample, published_at: datetime) -> str:
        """Store a sample, and return `inserted`, `updated` or `unchanged`."""
        last = samples.last_observed(db, account.id or 0, sample.remote_id)
        of_age = is_of_age(configured_ages(self.config), published_at, last, sample.observed_at)
        (what,) = samples.save_samples(db, [replace(sample, dated=of_age)], {account.name.lower(): account.id or 0})
        return what

    def _postpone_unnamed(self, account: Account, posts: Sequence[FollowedPost], done: PullResult) -> None:
        """Postpone posts without an id until their next reading."""
        if posts:
            ages, now = configured_ages(self.config), self.clock.now()
            done.waiting += len(posts)
            with self._writing() as db:
                for post in posts:
                    next_at = next_reading(ages, post.published_at, now)
                    schedule.record_reading(db, account.id or 0, post.remote_id, read_at=None, next_at=next_at)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Open one short transaction, which is rolled back if the block raises."""
        with closing(self.database.connect()) as db, self.database.translating_errors(), db.transaction():
            yield db


def _request_error(account: Account, outcome: NotDone) -> TtpError:
    message = f"{account.name}: {outcome.message}"
    if outcome.kind is Kind.AUTH:
        command = outcome.hint or connect_action(account.name)
        return ReconnectNeeded(message, Hint("fix", command))
    if outcome.passing:
        return ReadingStopped(message, outcome.retry_at)
    return PartlyFailed(message)
