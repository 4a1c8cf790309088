"""The data of `ttp status`: the publisher, the next posts, what needs a person, and costs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from ttp.domain.account import Account, Hold
from ttp.domain.config import Config
from ttp.domain.delivery import Delivery
from ttp.domain.errors import Busy, ClocksDiffer, SlowClock, TtpError
from ttp.domain.health import (
    ActionsNeeded,
    Health,
    Overview,
    PlatformCosts,
    PublisherInfo,
    QueueHealth,
    RegisteredPublisher,
    SourceHealth,
    WebhookHealth,
)
from ttp.domain.login_end import REMINDERS_D, LoginEnd, login_end
from ttp.domain.platform import Facts
from ttp.domain.post import Post, PostStatus
from ttp.domain.pricing import Pricing
from ttp.domain.publishing.rate_limit import Limit
from ttp.domain.time.clock import Clock, SystemClock
from ttp.domain.time.formatting import first_valid_zone
from ttp.platforms.registry import Registry
from ttp.services.queries import held_accounts
from ttp.store import accounts as stored_accounts
from ttp.store import queries
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.home import locks
from ttp.store.home.files import open_regular
from ttp.store.machine import clock_check
from ttp.store.queries import PostFilter
from ttp.store.row_mapper import CorruptRow
from ttp.store.server import submitted_drafts
from ttp.store.spending import texts_to_charge, upcoming_deliveries

NOT_RUNNING, SLEEPS = "not-running.noted", "sleeps.noted"
"""The files in TTP_HOME that say when people last read that nothing publishes, and that this machine sleeps."""
MOST_PRICED = 1000
MOST_NAMED = 5
"""Posts of an account whose ids are shown."""
HANGS_AFTER = timedelta(minutes=1)
"""A publisher writes down every ten seconds that it runs; checking a large file after a crash takes longer."""
T = TypeVar("T")


class Status:
    """`notified_names`: returns the names in `notify.to` that are set up."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        config: Config,
        platforms: Registry,
        notified_names: Callable[[], tuple[str, ...]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._config = config
        self._platforms = platforms
        self._notified_names = notified_names
        self._approval = config.requires_approval

    def next_due(self, now: datetime, within: Connection | None = None) -> Delivery | None:
        """Return the delivery that is due next; None if nothing is due or it is corrupt (`health` reports that)."""
        with suppress(CorruptRow), self._database.reading(within) as db:
            return queries.next_due(db, now, approved=self._approval) if db else None
        return None

    def queue(self, within: Connection | None = None) -> QueueHealth:
        """Return whether posts are published."""
        now, publisher = self._clock.now(), self._publisher()
        with self._database.reading(within) as db:
            if db is None:
                return QueueHealth(publisher)
            if not publisher.running and not self._database.has_files:
                publisher = next(map(_as_info, self._database.publishers(db)), publisher)  # another host may publish
            overdue, waiting = queries.count_waiting(db, now, approved=self._approval)
            return QueueHealth(publisher, overdue, waiting, self._clock_trouble(db, publisher))

    def overview(self, accounts: frozenset[int] | None) -> Overview:
        """Return what each page shows beside its menu. `accounts`: the ids of the only ones that are seen."""
        with self._database.reading() as db:
            if db is None:
                return Overview(queue=QueueHealth(self._publisher()))
            troubled, unapproved = queries.count_needs(db, approval=self._approval, within=accounts)
            if accounts is not None:
                return Overview(troubled, unapproved)
            following = self.next_due(self._clock.now(), db)
            queue = self.queue(db)
            is_publishing = queue.publisher.running or self._ran_as_expected(queue.publisher)
            return Overview(troubled, unapproved, queue, is_publishing, following.next_at if following else None)

    def accounts_to_reconnect(self) -> tuple[str, ...]:
        """Return the names of accounts that must be connected again; none if a row is corrupt."""
        with suppress(CorruptRow), self._database.reading() as db:
            return _to_reconnect(stored_accounts.accounts(db)) if db else ()
        return ()

    def login_ends(self, within: Connection | None = None) -> tuple[LoginEnd, ...]:
        """Return the logins that no app can renew and that end soon, or before posts of theirs; each end in the zone of
        the settings."""
        soon = self._clock.now() + timedelta(days=REMINDERS_D[0])
        with suppress(CorruptRow), self._database.reading(within) as db:
            ends = [(one, login_end(one, self._platforms)) for one in (stored_accounts.accounts(db) if db else ())]
            all_ends = [
                LoginEnd(one.name, at, tuple(queries.posts_due_from(db, one.id or 0, at, MOST_NAMED)))
                for one, at in ends
                if at is not None and db is not None
            ]
            near_ends = [end for end in all_ends if end.posts or end.at <= soon]
            zone = first_valid_zone(self._config.text("timezone")) if near_ends else None
            return tuple(end._replace(at=end.at.astimezone(zone)) for end in near_ends)
        return ()

    def holds(self) -> tuple[Hold, ...]:
        """Return the holds of accounts; none if a row is corrupt."""
        with suppress(CorruptRow), self._database.reading() as db:
            return tuple(held_accounts(db, self._clock.now()).values()) if db else ()
        return ()

    def count_due(self) -> tuple[int, int]:
        """Return how many posts are due, without those that a hold of their account delays, and how many of these."""
        now = self._clock.now()
        with self._database.reading() as db:
            return (queries.count_waiting(db, now)[0], stored_accounts.count_held(db, now)) if db else (0, 0)

    def sources(self) -> tuple[SourceHealth, ...]:
        """Return the sources; none if a row is corrupt."""
        with suppress(CorruptRow), self._database.reading() as db:
            return source_health(db, self._clock.now()) if db else ()
        return ()

    def limits(self) -> tuple[Limit, ...]:
        """Return what is left of the limits of platforms."""
        with self._database.reading() as db:
            return _limits(db, self._clock.now()) if db else ()

    def health(self, coming: int = 0, within: Connection | None = None) -> Health:
        """Return all that `ttp status` shows but costs and machine. `coming`: how many next posts; `within`: an open
        connection."""
        from ttp.store.media_cleanup import media_use  # here: many commands ask only whether something publishes

        now = self._clock.now()
        publisher = self._publisher()
        media = media_use(self._database.home / "media")
        left = dict.fromkeys(self._skipped())

        def unless_unreadable(question: Callable[[], T]) -> T | None:
            try:
                return question()
            except CorruptRow as row:
                left[row.message] = None
                return None

        with self._database.reading(within) as db:
            if db is None:
                return Health(publisher, media=media)
            publishers = self._publishers(db, publisher)
            if publishers and not publisher.running:  # another host publishes
                publisher = _as_info(publishers[0])
            following = unless_unreadable(lambda: queries.next_due(db, now, approved=self._approval))
            overdue, waiting = queries.count_waiting(db, now, approved=self._approval)
            accounts = unless_unreadable(lambda: stored_accounts.accounts(db)) or []
            holds = unless_unreadable(lambda: held_accounts(db, now)) or {}
            post_id = following.post_id or 0 if following else 0
            needs = ActionsNeeded(
                comments=queries.posts_with_comment_needing_action(db),
                review=tuple(queries.posts_needing_action(db, "needs_review")),
                reconnect=_to_reconnect(accounts),
                retry=tuple(queries.posts_needing_action(db, "failed", auth=False)),
                approve=_to_approve(db, needed=self._approval),
                retry_after_reconnect=tuple(queries.posts_needing_action(db, "failed", auth=True)),
            )
            return Health(
                publisher=publisher,
                next_due_at=following.next_at if following else None,
                next_post=unless_unreadable(lambda: queries.post(db, post_id)),
                coming=tuple((unless_unreadable(lambda: _next_posts(db, now, coming)) or ()) if coming else ()),
                overdue=overdue,
                waiting=waiting,
                held=stored_accounts.count_held(db, now) if holds else 0,
                needs=needs,
                holds=tuple(holds.values()),
                limits=_limits(db, now),
                media=media,
                clock=self._clock_trouble(db, publisher),
                unreadable=tuple(left),
                webhooks=_webhooks(db),
                sources=unless_unreadable(lambda: source_health(db, now)) or (),
                publishers=publishers,
                logins=self.login_ends(db),
            )

    def full_health(self, coming: int = 0) -> Health:
        """Return the health with the costs of platforms, the names that notifications go to, and why this machine
        must not publish, if so."""
        with self._database.reading() as db:
            health = self.health(coming, db)
            return health._replace(costs=self.costs(db), elsewhere=self.elsewhere(db), notify=self._notified_names())

    def elsewhere(self, within: Connection | None = None) -> TtpError | None:
        """Return why this machine may not publish from the store, or None."""
        from ttp.store.machine.ownership import this_machine

        owner = self._database.owner(this_machine(), any_machine=self._config["publish.any_machine"] is True)
        with self._database.reading(within) as db:
            return None if db is None else owner.refusal(db)

    def costs(self, within: Connection | None = None) -> tuple[PlatformCosts, ...]:
        """Return what platforms that charge will charge for scheduled posts, at most MOST_PRICED per platform."""
        prices = ((name, self._platforms.pricing(name)) for name in self._platforms.names())
        return tuple(self._costs(self._platforms.facts(name), one, within) for name, one in prices if one is not None)

    def _costs(self, facts: Facts, pricing: Pricing, within: Connection | None) -> PlatformCosts:
        prices: list[int] = []
        more = True  # until all are read; `health` reports a corrupt one
        with suppress(CorruptRow), self._database.reading(within) as db:
            if db is None:
                return PlatformCosts(facts.name, facts.title)
            ids = upcoming_deliveries(db, facts.name, MOST_PRICED + 1)
            texts = texts_to_charge(db, ids[:MOST_PRICED], facts)
            prices += (pricing.publish(one.texts, one.alts) for one in texts)
            more = len(ids) > MOST_PRICED
        return PlatformCosts(facts.name, facts.title, len(prices), sum(prices), more)

    def is_publishing(self) -> bool:
        """Return whether a publisher runs, or one that comes again has run lately."""
        publisher = self._publisher()
        return publisher.running or self._ran_as_expected(publisher)

    def _ran_as_expected(self, publisher: PublisherInfo) -> bool:
        expected = timedelta(seconds=self._config.seconds("publish.expect_every_s"))
        last = publisher.last_run_at if publisher.mode == "once" else None  # cron starts it again; none of the others
        return last is not None and self._clock.now() - last <= expected

    def nothing_publishes(self) -> bool:
        """Return whether posts wait and no publisher runs, or has run lately."""
        if self.is_publishing():
            return False
        with self._database.reading() as db:
            return db is not None and any(queries.count_waiting(db, self._clock.now(), approved=self._approval))

    def claim_note(self, name: str, again_after: timedelta, is_so: Callable[[], bool] = lambda: True) -> bool:
        """Return whether people read a note now: not since `again_after`, and what it says `is_so`. Record that."""
        mark, now = self._database.home / name, self._clock.now()
        with suppress(OSError, ValueError):
            if abs(now - datetime.fromisoformat(mark.read_text(encoding="ascii"))) < again_after:
                return False
        if not is_so():
            return False
        with suppress(OSError), os.fdopen(open_regular(mark, os.O_CREAT | os.O_TRUNC | os.O_WRONLY), "w") as file:
            file.write(now.isoformat())
        return True

    def publishes_here(self) -> bool:
        """Return whether a publisher of this machine runs, and no other machine publishes from the store."""
        return self._database.has_files and self.is_publishing()

    def count_stalled(self, after: timedelta) -> int:
        """Return how many posts have been overdue for so long, while no publisher ran or the one that runs hung."""
        publisher, since = self._publisher(), self._publishing_time() - after
        if publisher.running:
            if self.hung_publisher(after) is None:
                return 0
        elif publisher.last_run_at is not None and publisher.last_run_at > since:
            return 0
        with self._database.reading() as db:
            return queries.count_waiting(db, since, approved=self._approval)[0] if db is not None else 0

    def hung_publisher(self, after: timedelta) -> PublisherInfo | None:
        """Return the publisher that runs, if it gave no sign of life for so long, and for HANGS_AFTER at least."""
        publisher = self._publisher()
        if not publisher.running or publisher.last_run_at is None:
            return None
        return publisher if self._publishing_time() - publisher.last_run_at > max(after, HANGS_AFTER) else None

    def _publishing_time(self) -> datetime:
        """Return what the clock says by which publishing goes."""
        if self._database.has_files:
            return self._clock.now()
        with self._database.reading() as db:
            return self._clock.now() if db is None else self._clock_there(db)

    def _clock_there(self, db: Connection) -> datetime:
        """Return what the clock of the store's server says. A clock that a test moves has nothing to do with it."""
        read = self._database.server_clock if type(self._clock) is SystemClock else None
        return self._clock.now() if read is None else read(db)

    def clock_trouble(self) -> TtpError | None:
        """Return why nothing is published with this clock, or None."""
        with self._database.reading() as db:
            return None if db is None else self._clock_trouble(db, self._publisher())

    def _clock_trouble(self, db: Connection, publisher: PublisherInfo) -> Busy | None:
        """Return why the clock is wrong. A running publisher checks the time of the last run itself."""
        now = self._clock.now()
        if not self._database.has_files:
            # Publishing goes by the server's clock, and other hosts' clocks have dated what is recorded.
            there = self._clock_there(db)
            return ClocksDiffer(now, there) if abs(there - now) > clock_check.DIFFER_AT_MOST else None
        times = (clock_check.last_recorded_instant(db), None if publisher.running else publisher.last_run_at)
        ahead = clock_check.clock_behind(now, max((at for at in times if at is not None), default=None))
        return None if ahead is None else SlowClock(now, ahead)

    def _skipped(self) -> tuple[str, ...]:
        """Return what the running or last publisher skipped."""
        holder = locks.read_holder(self._database.home)
        return holder.left if holder else ()

    def _publisher(self) -> PublisherInfo:
        holder = locks.read_holder(self._database.home)
        if not self._database.is_publisher_running():
            return PublisherInfo(mode=holder.mode, last_run_at=holder.last_run_at) if holder else PublisherInfo()
        if holder is None:
            return PublisherInfo(running=True)
        return PublisherInfo(True, holder.pid, holder.mode, holder.since, holder.last_run_at, holder.version)

    def _publishers(self, db: Connection, own: PublisherInfo) -> tuple[RegisteredPublisher, ...]:
        """Return all publishers of the store: those of its server, or the one that the home's lock shows."""
        if not self._database.has_files:
            return tuple(self._database.publishers(db))
        if not own.running or own.pid is None or own.mode is None or own.since is None:
            return ()
        accounts, last = len(queries.busy_accounts(db)), own.last_run_at or own.since
        return (RegisteredPublisher(os.uname().nodename, own.pid, own.mode, own.since, last, accounts),)


def _to_reconnect(accounts: Iterable[Account]) -> tuple[str, ...]:
    return tuple(account.name for account in accounts if account.needs_reconnect)


def _as_info(one: RegisteredPublisher) -> PublisherInfo:
    return PublisherInfo(True, one.pid, one.mode, one.since, one.last_report_at)


def _to_approve(db: Connection, *, needed: bool) -> tuple[int, ...] | None:
    """Return the posts that wait for approval. None: it is not required, and no draft was submitted."""
    waiting = (*(queries.posts_waiting_for_approval(db) if needed else ()), *submitted_drafts.waiting(db))
    return waiting if needed or waiting else None


def _limits(db: Connection, now: datetime) -> tuple[Limit, ...]:
    from ttp.store.rate_limits import current_limits

    return tuple(current_limits(db, now))


def _webhooks(db: Connection) -> tuple[WebhookHealth, ...]:
    if not queries.has_rows(db, "webhook"):  # as most stores
        return ()
    from ttp.store.server import webhooks as stored_webhooks

    counts = stored_webhooks.count_calls(db)
    by_webhook = ((one, counts.get(one.id, stored_webhooks.NO_CALLS)) for one in stored_webhooks.webhooks(db))
    return tuple(WebhookHealth(one.id, one.host, calls.waiting, calls.given_up) for one, calls in by_webhook)


def source_health(db: Connection, now: datetime) -> tuple[SourceHealth, ...]:
    """Return the sources, and what each needs of a person."""
    if not queries.has_rows(db, "source"):  # as most stores
        return ()
    from ttp.domain.source import trouble
    from ttp.store import sources as stored_sources

    counts = stored_sources.count_held(db)
    return tuple(
        SourceHealth(
            one.id or 0,
            one.name,
            "held" if one.id in counts and one.state == "ok" else one.state,
            counts.get(one.id or 0, 0),
            *(trouble(one, counts.get(one.id or 0, 0), now) or (None, None)),
        )
        for one in stored_sources.sources(db)
    )


def _next_posts(db: Connection, now: datetime, most: int) -> list[Post]:
    return list(queries.posts(db, PostFilter((PostStatus.SCHEDULED,), since=now, limit=most)))
