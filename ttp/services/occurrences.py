"""Making the posts of recurrences ahead of their time: by the publisher, and by the commands that list.

Each is a post of its own from then on. Whoever makes it does so in one transaction with the row whose key is the
recurrence and the instant, so that none is made twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ttp.domain.account import Account
from ttp.domain.config import Config
from ttp.domain.post import Post
from ttp.domain.recurrence import Occurrence, OccurrenceState, Recurrence, in_time
from ttp.domain.time.clock import Clock
from ttp.services.changes import new_delivery, settled
from ttp.services.cron import fires
from ttp.store import posts as post_store
from ttp.store import reads
from ttp.store import recurrences as store
from ttp.store.database import Database
from ttp.store.unreadable import Unreadable

MOST = 200
"""Instants of one recurrence that are gone through in one transaction."""
_INSTANT = timedelta(milliseconds=1)
_MADE, _MISSED, _EMPTY = OccurrenceState.MADE, OccurrenceState.MISSED, OccurrenceState.EMPTY


@dataclass(frozen=True, slots=True)
class Gone:
    """What became of the instants of one recurrence that were gone through now."""

    recurrence: Recurrence
    made: tuple[Post, ...] = ()
    missed: int = 0
    empty: int = 0

    def told(self) -> list[str]:
        """What a person should know of it."""
        one, said = self.recurrence, []
        if self.missed:
            said.append(f"repeat {one.id}: {self.missed} missed while nothing ran, not sent late:  ttp repeat list")
        if self.empty:
            why = f'no post tagged "{one.pool}" was rested' if one.pool else "no account is left"
            said.append(f"repeat {one.id}: {self.empty} left out, {why}")
        return said


class Occurrences:
    def __init__(self, database: Database, clock: Clock, config: Config) -> None:
        self._database = database
        self._clock = clock
        self._ahead = timedelta(seconds=config.seconds("repeat.ahead_s"))
        self._lateness = timedelta(seconds=config.seconds("publish.max_lateness_s"))

    def make_due(self) -> list[str]:
        """Make all that is to be made now; answers what a person should know of it. What one recurrence has that cannot
        be read keeps none of the others."""
        now, done = self._clock.now(), list[str]()
        with self._database.reading() as db:
            waiting = store.due(db, now=now, horizon=now + self._ahead) if db else []
        for recurrence_id in waiting:
            try:
                done += self.make(recurrence_id).told()
            except Unreadable:
                continue  # `ttp doctor` tells of it
        return done

    def make(self, recurrence_id: int) -> Gone:
        """Go through the instants of one recurrence that are to be made now, MOST at once."""
        now = self._clock.now()
        with self._database.writing() as db:
            one = store.recurrence(db, recurrence_id)
            pattern = reads.post(db, one.post_id) if one is not None and one.post_id is not None else None
            if one is None or one.state != "active" or one.next_at is None:
                return Gone(one or Recurrence("", ""))
            if one.pool is None and pattern is None:  # it was deleted: nothing is left to repeat
                ended = replace(one, ended_at=now, next_at=None)
                store.update(db, ended)
                return Gone(ended)
            instants, next_at = self._walk(db, one, now)
            made, missed, empty = list[Post](), 0, 0
            for at, wanted in in_time(instants, now, self._late_for(pattern)):
                if at == next_at:  # one too many was looked at, to know that it is not the last
                    continue
                source = pattern if one.pool is None else self._from_pool(db, one, at)
                post = self._post(db, one, source, at) if wanted and source is not None else None
                state = _MISSED if not wanted else _EMPTY if post is None else _MADE
                copied = source.id if post is not None and source is not None and post.id != source.id else None
                store.add(db, recurrence_id, Occurrence(at, state, post.id if post else None), copied)
                made += [post] if post else []
                missed, empty = missed + (state is _MISSED), empty + (state is _EMPTY)
            last = max([at for at in instants if at != next_at], default=one.made_until)
            after = replace(one, next_at=next_at, made_until=last)
            store.update(db, after)
        return Gone(after, tuple(made), missed, empty)

    def _walk(self, db: sqlite3.Connection, one: Recurrence, now: datetime) -> tuple[list[datetime], datetime | None]:
        """The instants to go through now, and the first one after them: None where there is none."""
        assert one.next_at is not None
        gone, found = store.gone_through(db, one.id or 0), list[datetime]()
        for at in fires(one.cron, ZoneInfo(one.timezone), one.next_at - _INSTANT):
            known = store.has(db, one.id or 0, at)
            if (one.until is not None and at >= one.until) or (
                one.count is not None and not known and gone + len(found) >= one.count
            ):
                return found, None
            ahead = any(earlier > now for earlier in found[-1:])
            if at > now + self._ahead and (ahead or (one.made_until or now) > now):
                return found, at
            if not known:
                found.append(at)
            if len(found) > MOST:
                return found, at
        return found, None

    def _post(self, db: sqlite3.Connection, one: Recurrence, source: Post, at: datetime) -> Post | None:
        """The post for an instant: a copy of its source, or the source itself where that has this time already.
        None where no account is left."""
        if source.scheduled_at == at and source.id == one.post_id:
            return source
        ids = [d.account_id or 0 for d in source.active]
        kept = [account for account in reads.accounts(db) if account.id in ids]
        if not kept:
            return None
        texts = one.texts
        turn = store.gone_through(db, one.id or 0, made=True)
        post = copy_of(source, kept, at, texts[turn % len(texts)] if texts else None)
        now = self._clock.now()
        return post_store.insert(db, settled(replace(post, created_at=now), now), None)

    def _from_pool(self, db: sqlite3.Connection, one: Recurrence, at: datetime) -> Post | None:
        rested = at - timedelta(seconds=one.cool_down_s or 0)
        post_id = store.least_used(db, one.pool or "", rested=rested)
        return None if post_id is None else reads.post(db, post_id)

    def _late_for(self, pattern: Post | None) -> timedelta:
        own = pattern.max_lateness_s if pattern is not None else None
        return self._lateness if own is None else timedelta(seconds=own)


def copy_of(source: Post, accounts: Iterable[Account], at: datetime, text: str | None = None) -> Post:
    """A new post like `source` for these accounts, due `at`; `text`: with this one instead."""
    return Post(
        content=source.content if text is None else text,
        deliveries=tuple(new_delivery(account, at) for account in accounts),
        scheduled_at=at,
        max_lateness_s=source.max_lateness_s,
        media=source.media,
        variants=source.variants,
        thread=source.thread,
        tags=source.tags,
        options=source.options,
    )
