"""Everything that a person can ask and that changes nothing: posts, attempts, accounts, health.

Opens the store for each question with the standard library alone, and never creates one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ttp.domain import approval
from ttp.domain.account import Account, Platform
from ttp.domain.clock import Clock
from ttp.domain.config import Config
from ttp.domain.delivery import Delivery
from ttp.domain.errors import Hint, NotFound, SlowClock, TtpError
from ttp.domain.health import Costs, Health, Needs, Publisher
from ttp.domain.post import Post, PostStatus
from ttp.domain.record import Attempt
from ttp.services.changes import no_such_post
from ttp.services.names import named, resolve_accounts
from ttp.services.telling import held_accounts, told
from ttp.store import approvals, instants, limits, lock, reads
from ttp.store.database import Database
from ttp.store.media_sweep import gone, usage
from ttp.store.reads import PostFilter
from ttp.store.unreadable import Unreadable

if TYPE_CHECKING:
    from ttp.domain.past import Past
    from ttp.store.machine import Machine

MOST_PRICED = 1000
_BATCH = 200
T = TypeVar("T")


class Look:
    def __init__(self, database: Database, home: Path, clock: Clock, config: Config) -> None:
        self._database = database
        self._home = home
        self._clock = clock
        self._config = config
        self._approval = approval.is_needed(config)

    def posts(self, wanted: PostFilter) -> Iterator[Post]:
        """The posts that pass the filter, in list order, read as they are consumed."""
        with self._database.reading() as db:
            if db is not None:
                if wanted.after is not None and not reads.existing_ids(db, wanted.after, wanted.after):
                    raise no_such_post(wanted.after)
                yield from reads.posts(db, wanted)

    def listed(self, wanted: PostFilter) -> Iterator[Post]:
        """The same, as they are shown: with what they wait for. With `needs_you`, also what waits for approval."""
        found = self.posts(replace(wanted, approval=self._approval))
        while batch := list(islice(found, _BATCH)):
            yield from self._told(batch)

    def post(self, post_id: int) -> Post:
        """One post, as it is shown. NotFound if there is none."""
        found = self.many([post_id])
        if not found:
            raise no_such_post(post_id)
        return found[0]

    def _told(self, posts: Sequence[Post]) -> list[Post]:
        with self._database.reading() as db:
            return [] if db is None else told(db, posts, now=self._clock.now(), config=self._config)

    def accounts_of(self, post_id: int) -> list[Account]:
        """The accounts that a post goes to. NotFound if there is no such post."""
        names = self.post(post_id).accounts
        return [account for account in self.accounts() if account.name in names]

    def gone(self, post: Post) -> list[str]:
        """The names of a post's media whose copies are not there any more."""
        return [item.name for item in gone(self._home / "media", post.media)]

    def past(self, post: Post) -> Past:
        """What has happened to a post so far."""
        from ttp.domain.past import Past, past
        from ttp.store import history

        with self._database.reading() as db:
            if db is None or post.id is None:
                return Past()
            return past(post, history.commands(db, post.id), list(reads.attempts(db, post.id)))

    def many(self, ids: Sequence[int]) -> list[Post]:
        """The posts of these ids that exist, in the order given, as they are shown."""
        with self._database.reading() as db:
            return self._told(list(reads.posts_by_id(db, ids))) if db else []

    def ids(self, ranges: Sequence[tuple[int, int]]) -> list[int]:
        """The ids that ranges name: a single one must exist (NotFound), of a longer one those that do."""
        found: dict[int, None] = {}
        with self._database.reading() as db:
            for first, last in ranges:
                there = reads.existing_ids(db, first, last) if db else []
                if not there and first == last:
                    raise no_such_post(first)
                found.update(dict.fromkeys(there))
        if not found:
            raise NotFound("no posts in that range", Hint("see them", "ttp list"))
        return list(found)

    def attempts(self, post_id: int) -> list[Attempt]:
        """Every step of every attempt at a post, also a deleted one, oldest first. NotFound if there never was one."""
        with self._database.reading() as db:
            if db is None or post_id not in reads.posts_even_deleted(db, [post_id]):
                raise no_such_post(post_id)
            return list(reads.attempts(db, post_id))

    def accounts(self) -> list[Account]:
        with self._database.reading() as db:
            return reads.accounts(db) if db else []

    def named(self, names: Sequence[str]) -> tuple[Account, ...]:
        """The accounts that `--to`-like names mean. NotFound, Ambiguous or UsageError."""
        return resolve_accounts(names, self.accounts())

    def account(self, name: str) -> Account:
        """One account by its full name. NotFound if there is none."""
        return named(name, self.accounts())

    def failed(self, names: Sequence[str], since: timedelta | None) -> list[Post]:
        """Posts with failed deliveries, newest first: of these accounts, due within `since` of now."""
        with self._database.reading() as db:
            posts = list(reads.posts_by_id(db, reads.needing(db, "failed", most=10_000))) if db else []
        earliest = None if since is None else self._clock.now() - since
        return [
            post
            for post in posts
            if any(
                d.state == "failed"
                and (not names or d.account in names)
                and (earliest is None or (d.due_at is not None and d.due_at >= earliest))
                for d in post.deliveries
            )
        ]

    def next_due(self, now: datetime) -> Delivery | None:
        """The delivery that is due next; None where there is none, or it cannot be read (`health` tells of that)."""
        with suppress(Unreadable), self._database.reading() as db:
            return reads.next_due(db, now, approved=self._approval) if db else None
        return None

    def health(self, coming: int = 0) -> Health:
        """Who publishes, what is next, what waits and what needs a person. `coming`: so many of the next posts."""
        now = self._clock.now()
        publisher = self._publisher()
        media = usage(self._home / "media")
        left = dict.fromkeys(self._left())

        def unless_unreadable(question: Callable[[], T]) -> T | None:
            try:
                return question()
            except Unreadable as row:
                left[row.message] = None
                return None

        with self._database.reading() as db:
            if db is None:
                return Health(publisher, media=media)
            following = unless_unreadable(lambda: reads.next_due(db, now, approved=self._approval))
            overdue, waiting = reads.count_waiting(db, now, approved=self._approval)
            accounts = unless_unreadable(lambda: reads.accounts(db)) or []
            holds = unless_unreadable(lambda: held_accounts(db, now)) or {}
            post_id = following.post_id or 0 if following else 0
            needs = Needs(
                review=tuple(reads.needing(db, "needs_review")),
                reconnect=tuple(a.name for a in accounts if a.needs_reconnect),
                retry=tuple(reads.needing(db, "failed", auth=False)),
                approve=tuple(approvals.waiting(db)) if self._approval else None,
            )
            return Health(
                publisher=publisher,
                next_due_at=following.next_at if following else None,
                next_post=unless_unreadable(lambda: reads.post(db, post_id)),
                coming=tuple((unless_unreadable(lambda: _coming(db, now, coming)) or ()) if coming else ()),
                overdue=overdue,
                waiting=waiting,
                held=limits.count_held(db, now) if holds else 0,
                needs=needs,
                holds=tuple(holds.values()),
                limits=tuple(limits.current(db, now)),
                media=media,
                clock=self._clock_trouble(db, publisher),
                unreadable=tuple(left),
            )

    def elsewhere(self, machine: Callable[[], Machine] | None = None) -> TtpError | None:
        """Why this machine may not publish from the store; None where it may. `machine`: how it is known."""
        from ttp.store.machine import this_machine
        from ttp.store.owner import Owner

        owner = Owner(self._home, (machine or this_machine)(), any_machine=self._config["publish.any_machine"] is True)
        with self._database.reading() as db:
            return None if db is None else owner.doubt(db, self._clock.now())

    def costs(self) -> Costs:
        """What X will charge for the posts that wait for their time: of all its accounts the next MOST_PRICED."""
        from ttp.domain.price import price
        from ttp.store.coming import charged, coming

        prices: list[int] = []
        more = True  # until all are read: one that cannot be is told by `health`
        with suppress(Unreadable), self._database.reading() as db:
            if db is None:
                return Costs()
            ids = coming(db, Platform.X, MOST_PRICED + 1)
            prices += (price(one.texts, one.alts) for one in charged(db, ids[:MOST_PRICED]))
            more = len(ids) > MOST_PRICED
        return Costs(len(prices), sum(prices), more)

    def nothing_publishes(self, health: Health) -> bool:
        """Whether something waits that nothing seems to be there to publish: no publisher now, and none lately."""
        if health.publisher.running or not (health.overdue or health.waiting):
            return False
        last, now = health.publisher.last_run_at, self._clock.now()
        expected = timedelta(seconds=self._config.seconds("publish.expect_every_s"))
        return last is None or now - last > expected

    def _clock_trouble(self, db: sqlite3.Connection, publisher: Publisher) -> SlowClock | None:
        """What is wrong with the clock. A publisher that runs has seen for itself when the last one did."""
        now = self._clock.now()
        times = (instants.newest(db), None if publisher.running else publisher.last_run_at)
        known = instants.behind(now, max((at for at in times if at is not None), default=None))
        return None if known is None else SlowClock(now, known)

    def _left(self) -> tuple[str, ...]:
        """What the publisher leaves alone, or the last one did."""
        holder = lock.read_holder(self._home)
        return holder.left if holder else ()

    def _publisher(self) -> Publisher:
        holder = lock.read_holder(self._home)
        if not lock.is_held(self._home):
            return Publisher(mode=holder.mode, last_run_at=holder.last_run_at) if holder else Publisher()
        if holder is None:
            return Publisher(running=True)
        return Publisher(True, holder.pid, holder.mode, holder.since, holder.last_run_at)


def _coming(db: sqlite3.Connection, now: datetime, most: int) -> list[Post]:
    return list(reads.posts(db, PostFilter((PostStatus.SCHEDULED,), since=now, limit=most)))
