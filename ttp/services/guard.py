"""The guard against saying the same twice, and against two posts of an account at once: warnings, or refusals.

It looks at the account's posts around the time that a post is to get, and at those that were looked at before it and
are not stored yet: the rows of one file, the posts of one command.
"""

from __future__ import annotations

import sqlite3
import unicodedata
from bisect import bisect_left, insort
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ttp.domain.config import Config
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import Problem
from ttp.domain.post import Post
from ttp.store import keyed
from ttp.store.database import Database

_WAITS = (DeliveryState.PENDING, DeliveryState.FAILED)


@dataclass(frozen=True, slots=True, order=True)
class Said:
    """What one account is to say at one instant. `post_id`: 0 of a post that is not stored."""

    at: datetime
    post_id: int
    text: str


@dataclass
class _Pending:
    """What was looked at for one account and is not stored yet: by time, and by text."""

    times: list[Said] = field(default_factory=list)
    texts: dict[str, list[Said]] = field(default_factory=dict)


class Guard:
    """`strict`: it refuses instead of warning."""

    def __init__(self, database: Database, config: Config) -> None:
        self._database = database
        self._same = timedelta(seconds=config.seconds("guard.same_text_s"))
        self._gap = timedelta(seconds=config.seconds("guard.gap_s"))
        self.strict = config["guard.strict"] is True
        self._pending: dict[int, _Pending] = {}
        self._moved: set[int] = set()
        self._open: sqlite3.Connection | None = None

    @contextmanager
    def reading(self, db: sqlite3.Connection | None) -> Iterator[None]:
        """Look through this connection in the block: to open one for each of many posts takes longer than the look."""
        self._open = db
        try:
            yield
        finally:
            self._open = None

    def problems(self, post: Post) -> Iterator[Problem]:
        """What stands too near to a post that is to go out at a time: the same text, or any other post at all."""
        for delivery in post.active:
            if delivery.state in _WAITS and delivery.due_at is not None:
                mine = Said(delivery.due_at, post.id or 0, _normal(post, delivery))
                near = [one for one in self._around(delivery, mine) if not one.post_id or one.post_id != post.id]
                same = [
                    one for one in near if mine.text and one.text == mine.text and abs(one.at - mine.at) < self._same
                ]
                close = [one for one in near if abs(one.at - mine.at) < self._gap]
                if same:
                    yield self._problem(delivery, mine, same, "content", "same_text", "says the same")
                elif close:
                    yield self._problem(delivery, mine, close, "scheduledAt", "crowded", "goes out")

    def pending(self, post: Post) -> None:
        """Count in a post that is to be stored."""
        self._moved |= {post.id} if post.id is not None else set()
        for delivery in post.active:
            if delivery.due_at is not None:
                said = Said(delivery.due_at, post.id or 0, _normal(post, delivery))
                known = self._pending.setdefault(delivery.account_id or 0, _Pending())
                insort(known.times, said)
                known.texts.setdefault(said.text, []).append(said)

    def _around(self, delivery: Delivery, mine: Said) -> Iterator[Said]:
        """What the account says around an instant, as far as it can matter."""
        account_id, span = delivery.account_id or 0, max(self._same, self._gap)
        with nullcontext(self._open) if self._open else self._database.reading() as db:
            stored = keyed.said(db, account_id, mine.at - span, mine.at + span) if db and span else []
        for at, post_id, text in stored:
            if post_id not in self._moved:
                yield Said(at, post_id, normal(text))
        known = self._pending.get(account_id)
        if known is not None:
            yield from known.texts.get(mine.text, ())
            first = bisect_left(known.times, Said(mine.at - self._gap, 0, ""))
            last = bisect_left(known.times, Said(mine.at + self._gap, 0, ""))
            yield from known.times[first:last]

    def _problem(self, delivery: Delivery, mine: Said, found: list[Said], field: str, code: str, does: str) -> Problem:
        other = min(found, key=lambda one: abs(one.at - mine.at))
        which = f"post {other.post_id}" if other.post_id else "another one of these"
        said = f"{delivery.account}: {which} {does} at {other.at:%Y-%m-%d %H:%M} UTC"
        hint = f"ttp show {other.post_id}" if other.post_id else None
        return Problem(field, code, said, delivery.account, hint, warning=not self.strict)


def normal(text: str) -> str:
    """A text as the guard compares it: without regard to case, blanks and forms of the same sign."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _normal(post: Post, delivery: Delivery) -> str:
    return normal(post.text_for(delivery.account, delivery.platform))
