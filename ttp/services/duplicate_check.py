"""Warn about, or refuse, the same text twice and two posts of an account too close together. Compares a post with the
account's stored posts around its time, and with posts of the same command or file that are not stored yet."""

from __future__ import annotations

import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from ttp.domain.action import action
from ttp.domain.config import Config
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import Problem
from ttp.domain.post import Post
from ttp.domain.time.clock import Clock, from_ms, to_ms
from ttp.domain.time.formatting import first_valid_zone, format_instant
from ttp.platforms.registry import Registry
from ttp.services.budget import BudgetCheck
from ttp.store import accounts, queries
from ttp.store.database import Database
from ttp.store.dialect import Connection

_UNSENT = (DeliveryState.PENDING, DeliveryState.FAILED)
_DAY = 86_400_000
Near = list[tuple[int, int]]
"""Times in milliseconds with post ids; 0 for a post that is not stored."""


class PostIndex:
    """Compact index of an account's posts by time and text hash; finds duplicates. Times are in milliseconds; `who` is
    the caller's number of a post."""

    def __init__(self) -> None:
        self._times, self._by_time = array("q"), array("q")
        self._texts, self._by_text, self._said_at = array("q"), array("q"), array("q")

    def add(self, at: int, who: int, text: str, *, is_published: bool = False) -> None:
        """Add a post. An empty text is the same as no other; a published post is near to no other."""
        if not is_published:
            place = bisect_left(self._times, at)
            self._times.insert(place, at)
            self._by_time.insert(place, who)
        if text:
            place = bisect_left(self._texts, hash(text))
            self._texts.insert(place, hash(text))
            self._by_text.insert(place, who)
            self._said_at.insert(place, at)

    def near(self, at: int, gap: int) -> Iterator[tuple[int, int]]:
        """Yield time and post of all that are less than `gap` away."""
        for place in range(bisect_left(self._times, at - gap + 1), bisect_left(self._times, at + gap)):
            yield self._times[place], self._by_time[place]

    def same(self, text: str, at: int, span: int) -> Iterator[tuple[int, int]]:
        """Yield time and post of all with the same text less than `span` away."""
        place = bisect_left(self._texts, hash(text))
        while text and place < len(self._texts) and self._texts[place] == hash(text):
            if abs(self._said_at[place] - at) < span:
                yield self._said_at[place], self._by_text[place]
            place += 1


@dataclass
class _StoredPosts:
    """The stored posts of one account that were read; `days`: which days since 1970 were read."""

    index: PostIndex = field(default_factory=PostIndex)
    days: set[int] = field(default_factory=set)


class DuplicateCheck:
    """Duplicate check of one command, with its budget check. Remembers what it read through an open transaction, for
    many posts."""

    def __init__(
        self, database: Database, config: Config, platforms: Registry, clock: Clock, *, strict: bool = False
    ) -> None:
        """`strict`: refuse instead of warning, like the setting `guard.strict`."""
        self._budget = BudgetCheck(database, config, platforms, clock)
        self._database = database
        self._same = round(1000 * config.seconds("guard.same_text_s"))
        self._gap = round(1000 * config.seconds("guard.gap_s"))
        self._timezone = config.text("timezone")
        self.strict = strict or config["guard.strict"] is True
        self._pending: dict[int, PostIndex] = {}
        self._moved: set[int] = set()
        self._stored: dict[int, _StoredPosts] = {}

    def problems(self, post: Post, db: Connection | None = None) -> Iterator[Problem]:
        """Yield posts of the same account that are too close to this one: the same text, or any post; and the budgets
        that it would pass. `db`: an open connection to read through; None: opens the store each time."""
        yield from self._budget.problems(post, db)
        for delivery in post.active:
            if delivery.state in _UNSENT and delivery.due_at is not None and (self._same or self._gap):
                at = to_ms(delivery.due_at)
                same, close = self._find_close(delivery, at, _normalized_text(post, delivery), post.id or 0, db)
                same = self._without_same_repeat(post, same, db)
                if same:
                    yield self._problem(delivery, at, same, "content", "same_text", "has the same text", db)
                elif close:
                    yield self._problem(delivery, at, close, "scheduledAt", "crowded", "is close to this time", db)

    def add_pending(self, post: Post) -> None:
        self._budget.add_pending(post)
        self._moved |= {post.id} if post.id is not None else set()
        for delivery in post.active:
            if delivery.due_at is not None:
                index = self._pending.setdefault(delivery.account_id or 0, PostIndex())
                index.add(to_ms(delivery.due_at), post.id or 0, _normalized_text(post, delivery))

    def leave_out(self, ids: Iterable[int]) -> None:
        """Compare no post with where these are stored: all of them will be added at their new times."""
        self._moved.update(ids)

    def add_cost(self, post: Post) -> None:
        """Add what a new post costs, and nothing else of it: it repeats a text on purpose."""
        self._budget.add_pending(replace(post, id=None))

    def _find_close(
        self, delivery: Delivery, at: int, text: str, post_id: int, db: Connection | None
    ) -> tuple[Near, Near]:
        """Return the account's other posts with the same text, and those that are too close in time."""
        account_id = delivery.account_id or 0
        stored = self._read(account_id, at, db).index
        pending = self._pending.get(account_id) or PostIndex()
        same, close = (
            [one for one in posts if one[1] != post_id and one[1] not in self._moved]
            for posts in (stored.same(text, at, self._same), stored.near(at, self._gap))
        )
        same += [one for one in pending.same(text, at, self._same) if not post_id or one[1] != post_id]
        close += [one for one in pending.near(at, self._gap) if not post_id or one[1] != post_id]
        return same, close

    def _read(self, account_id: int, at: int, db: Connection | None) -> _StoredPosts:
        """Return the account's stored posts around an instant."""
        span = max(self._same, self._gap)
        days = range((at - span) // _DAY, (at + span) // _DAY + 1)
        stored = _StoredPosts() if db is None else self._stored.setdefault(account_id, _StoredPosts())
        with self._database.reading(db) as own:
            if own is not None:
                _read_days(own, stored, account_id, days)
        return stored

    def _without_same_repeat(self, post: Post, same: Near, db: Connection | None) -> Near:
        """Drop posts of the same repeat: they repeat the text on purpose."""
        others = {post_id for _, post_id in same if post_id}
        if post.id is None or not others:
            return same
        from ttp.store import repeats  # here: most posts repeat nothing

        with self._database.reading(db) as own:
            kin = repeats.posts_of_same_repeat(own, post.id, others) if own else set()
        return [one for one in same if one[1] not in kin]

    def _problem(
        self, delivery: Delivery, mine: int, others: Near, field: str, code: str, does: str, db: Connection | None
    ) -> Problem:
        at, post_id = min(others, key=lambda one: abs(one[0] - mine))
        which = f"post {post_id}" if post_id else "another of these posts"
        own = self._zone(delivery.account_id or 0, db)
        clocks = [(delivery.account, own)] if own else []
        shown = format_instant(from_ms(at), first_valid_zone(self._timezone), clocks)
        message = f"{which} {does} for {delivery.account}: {shown}"
        hint = action("show", post_id) if post_id else None
        return Problem(field, code, message, delivery.account, hint, warning=not self.strict)

    def _zone(self, account_id: int, db: Connection | None) -> tzinfo | None:
        with self._database.reading(db) as own:
            zones = accounts.zones(own) if own else {}
        return first_valid_zone(zones.get(account_id))


def _read_days(db: Connection, stored: _StoredPosts, account_id: int, days: range) -> None:
    missing = [day for day in days if day not in stored.days]
    if missing:
        first, last = missing[0], missing[-1]
        for at, post_id, text, published in queries.texts_around(
            db, account_id, from_ms(first * _DAY), from_ms((last + 1) * _DAY - 1)
        ):
            if to_ms(at) // _DAY not in stored.days:
                stored.index.add(to_ms(at), post_id, normalize_text(text), is_published=published)
        stored.days.update(missing)


def normalize_text(text: str) -> str:
    """Normalize a text for comparison: ignores case, spaces and Unicode forms."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _normalized_text(post: Post, delivery: Delivery) -> str:
    return normalize_text(post.text_for(delivery.account, delivery.platform))
