"""Slots: the weekly times at which accounts post, the next free one, and moving posts back.

A post to several accounts takes an instant that is a slot of each and free for all. An instant is occupied while a
scheduled or publishing post of the account has it. Within a change, queries see its writes.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import dropwhile, groupby, islice, takewhile, tee
from types import MappingProxyType
from zoneinfo import ZoneInfo

from ttp.domain.account import Account
from ttp.domain.action import action, other_options
from ttp.domain.config import Config
from ttp.domain.errors import Hint, NotFound, StateRefused, UsageError
from ttp.domain.post import Post, PostStatus
from ttp.domain.post_edit import with_derived_status, with_time
from ttp.domain.slot import Slot, SlotInstant, first_free, instants_in_all, instants_in_any
from ttp.domain.time.clock import Clock
from ttp.domain.time.durations import compact_duration
from ttp.services.recurrence_rules import cron_instants
from ttp.store import posts as post_store
from ttp.store import queries
from ttp.store import slots as store
from ttp.store.change_log import ChangeRecorder
from ttp.store.database import Database
from ttp.store.dialect import Connection

PREVIEWED = 10
_DAY = timedelta(days=1)
_MOMENT = timedelta(milliseconds=1)
_NONE_TAKEN: Mapping[int, Sequence[datetime]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class AddedSlot:
    """A slot, and whether it existed before."""

    slot: Slot
    known: bool


@dataclass
class ComingSlots:
    """The coming instants of some slots, each visited once."""

    slots: Sequence[Slot]
    _instants: Iterator[datetime]
    _no_slot_error: Callable[[int], UsageError]
    _looked: int = 0

    def first(self, is_taken: Callable[[datetime], bool]) -> datetime:
        """Return the first free instant after the previous one. Raise UsageError if none is free."""
        at, looked = first_free(self._instants, is_taken)
        self._looked += looked
        if at is None:
            raise self._no_slot_error(self._looked)
        return at


class Slots:
    def __init__(self, database: Database, clock: Clock, config: Config) -> None:
        self._database = database
        self._clock = clock
        self._horizon = timedelta(seconds=config.seconds("slots.horizon_s"))
        self._lines: dict[tuple[int | None, ...], Iterator[datetime]] = {}
        """Coming instants of slots, shared within one command because computing them is slow."""

    def change(
        self, pairs: Sequence[tuple[Account, str]], crons: Sequence[str], name: str | None, gone: Sequence[str]
    ) -> list[SlotInstant]:
        """Remove slots and add others, as `remove` and `add`, all or none. Return the slots of these accounts (none: of
        all) as they are then."""
        with self._database.writing() as db:
            self.remove(gone, db)
            self.add(pairs, crons, name, db)
            return self.all([account for account, _ in pairs] or None, db)

    def add(
        self,
        pairs: Iterable[tuple[Account, str]],
        crons: Iterable[str],
        name: str | None,
        within: Connection | None = None,
    ) -> list[AddedSlot]:
        """Add a slot per account (with its zone) and cron expression. An existing slot is kept and gets the name."""
        now, added, expressions = self._clock.now(), [], list(dict.fromkeys(crons))
        if name is not None and (not name.strip() or name.strip().isdecimal()):
            raise UsageError(f'"{name}" cannot be the name of a slot', Hint("try", other_options(name="WORD")))
        with self._database.writing(within) as db:
            for account, zone in pairs:
                by_time = {(slot.cron, slot.timezone): slot for slot in store.slots(db, [account.id or 0])}
                for cron in expressions:
                    slot = by_time.get((cron, zone))
                    if slot is None:
                        fresh = Slot(account.name, cron, zone, name, account_id=account.id)
                        added.append(AddedSlot(replace(fresh, id=store.insert(db, fresh, now=now)), known=False))
                        continue
                    if name is not None:
                        store.rename(db, slot.id or 0, name)
                    added.append(AddedSlot(replace(slot, name=name or slot.name), known=True))
        return added

    def all(self, accounts: Sequence[Account] | None = None, within: Connection | None = None) -> list[SlotInstant]:
        """Return the slots of some accounts (None: of all), each with its next instant and the posts in it."""
        with self._database.reading(within) as db:
            slots = store.slots(db, _ids(accounts)) if db else []
            places = (next(_slot_instants(slot, self._clock.now()), None) for slot in slots)
            return [self._with_posts(db, place) for place in places if db and place]

    def remove(self, names: Iterable[str], within: Connection | None = None) -> list[Slot]:
        """Delete slots by number or name, all or none. Posts keep their times."""
        with self._database.writing(within) as db:
            slots = store.slots(db)
            gone: dict[int, Slot] = {}
            for name in names:
                matches = [slot for slot in slots if name in (str(slot.id), slot.name)]
                if not matches:
                    raise NotFound(f'no slot "{name}"', Hint("see", action("slots list")))
                gone.update((slot.id or 0, slot) for slot in matches)
            store.remove(db, gone)
        return list(gone.values())

    def preview(self, accounts: Sequence[Account] | None = None, count: int = PREVIEWED) -> list[SlotInstant]:
        """Return the next instants of the slots, earliest first, with posts and text. Equal ones are merged."""
        with self._database.reading() as db:
            slots = store.slots(db, _ids(accounts)) if db else []
            lines = (_slot_instants(slot, self._clock.now()) for slot in slots)
            merged = heapq.merge(*lines, key=lambda place: (place.at, place.slot.account, place.slot.id or 0))
            single = (next(same) for _, same in groupby(merged, key=lambda place: (place.at, place.slot.account)))
            places = [self._with_posts(db, place) for place in islice(single, count) if db]
            first = [post for place in places for post in place.posts[:1] if post is not None]
            texts = {post.id: post.content for post in queries.posts_by_id(db, first)} if db else {}
            return [
                replace(place, content=texts.get(place.posts[0] or 0)) if place.posts else place for place in places
            ]

    def next_free(
        self,
        accounts: Sequence[Account],
        *,
        post: int | None = None,
        first: bool = False,
        taken: Mapping[int, Sequence[datetime]] = _NONE_TAKEN,
        db: Connection | None = None,
    ) -> SlotInstant:
        """Return the next instant that is a free slot of all these accounts. Raise UsageError if none is free.

        `post`: the post it is for, whose own slot counts as free. `first`: slots of scheduled posts count as free too.
        `taken`: further taken instants by account id. `db`: the transaction to read in.
        """
        with self._database.reading(db) as db:
            line = self.line(accounts, db)
            assert db is not None
            holders = _posts_at_instants(db, _ids(accounts) or (), self._clock.now())

            def is_taken(at: datetime) -> bool:
                if any(at in taken.get(account.id or 0, ()) for account in accounts):
                    return True
                return not _may_take(db, holders(at), post, first=first)

            at = line.first(is_taken)
        return SlotInstant(at, next(slot for slot in line.slots if next(_instants(slot, at - _MOMENT), None) == at))

    def is_free(
        self, db: Connection, accounts: Sequence[Account], at: datetime, *, post: int | None = None, first: bool = False
    ) -> bool:
        """Return whether an instant that `next_free` chose is still free."""
        return _may_take(db, store.posts_at(db, _ids(accounts) or (), at, without=post), post, first=first)

    def line(self, accounts: Sequence[Account], db: Connection | None = None) -> ComingSlots:
        """Return the coming slots that all these accounts share. Raise UsageError if one of them has no slots."""
        now = self._clock.now()
        if not accounts:
            why = "The post has no account, so it cannot take a slot."
            raise UsageError(why, Hint("try", other_options(to="PLATFORM/HANDLE")))
        with self._database.reading(db) as db:
            slots = store.slots(db, _ids(accounts)) if db else []
        for account in accounts:
            if not any(slot.account_id == account.id for slot in slots):
                add = action("slots add", "mon,wed,fri 09:00", account=account.name)
                raise UsageError(f"{account.name} has no slots", Hint("fix", add))
        which = tuple(slot.id for slot in slots)
        kept, coming = tee(self._lines.get(which) or self._common_instants(slots, now))
        self._lines[which] = kept
        return ComingSlots(
            slots, dropwhile(lambda at: at <= now, coming), lambda looked: self._no_slot_error(accounts, looked, now)
        )

    def within(self, account: Account, start: datetime, end: datetime) -> list[datetime]:
        """Return the instants of an account's slots in [start, end), free or not, in order."""
        with self._database.reading() as db:
            own = store.slots(db, [account.id or 0]) if db else []
        return list(takewhile(lambda at: at < end, instants_in_any(_instants(slot, start - _MOMENT) for slot in own)))

    def make_room(self, db: Connection, post: Post, recorder: ChangeRecorder) -> list[Post]:
        """Move each post in the slot of the stored `post` to its next slot, and so on. Return the moved posts. Raise
        StateRefused if one has no further slot."""
        moved: dict[int, Post] = {}
        placed = [post]
        while placed:
            here = placed.pop(0)
            assert here.scheduled_at is not None
            ids = [d.account_id or 0 for d in here.active]
            db.lock_posts(store.posts_at(db, ids, here.scheduled_at, without=here.id))
            for other in list(queries.posts_by_id(db, store.posts_at(db, ids, here.scheduled_at, without=here.id))):
                after = with_time(other, self._next_movable(db, other, here.scheduled_at))
                moved[other.id or 0] = post_store.update(
                    db, with_derived_status(after, self._clock.now(), other), recorder
                )
                placed.append(moved[other.id or 0])
        return list(moved.values())

    def _next_movable(self, db: Connection, post: Post, at: datetime) -> datetime:
        """Return the next slot of a post's accounts that is free or has only scheduled posts."""
        ids = [d.account_id or 0 for d in post.active]

        def is_taken(instant: datetime) -> bool:
            post_ids = store.posts_at(db, ids, instant, without=post.id)
            return not all(map(_is_movable, queries.posts_by_id(db, post_ids)))

        slot, _ = first_free(self._common_instants(store.slots(db, ids), at, len(set(ids))), is_taken)
        if slot is None:
            raise StateRefused(
                f"post {post.id} has that time and no later slot to move to within"
                f" {_format_days(self._horizon)} (slots.horizon_s)",
                Hint("fix", action("schedule", post.id, at="tomorrow 9am")),
            )
        return slot

    def _common_instants(
        self, slots: Sequence[Slot], after: datetime, accounts: int | None = None
    ) -> Iterator[datetime]:
        """Return the instants that all accounts of these slots share, up to the horizon. `accounts`: how many."""
        by_account = {slot.account_id: [one for one in slots if one.account_id == slot.account_id] for slot in slots}
        if accounts is not None and len(by_account) < accounts:
            return iter(())
        end = self._clock.now() + self._horizon
        lines = [
            takewhile(lambda at: at <= end, instants_in_any(_instants(slot, after) for slot in own))
            for own in by_account.values()
        ]
        return instants_in_all(lines)

    def _with_posts(self, db: Connection, place: SlotInstant) -> SlotInstant:
        return replace(place, posts=tuple(store.posts_at(db, [place.slot.account_id or 0], place.at, without=None)))

    def _no_slot_error(self, accounts: Sequence[Account], looked: int, now: datetime) -> UsageError:
        names = " and ".join(account.name for account in accounts)
        end = (now + self._horizon).astimezone()
        until = f"{end.day} {end:%b %Y} ({_format_days(self._horizon)}, slots.horizon_s)"
        more = Hint("see", action("slots preview", account=",".join(one.name for one in accounts)))
        if not looked and len(accounts) > 1:
            common = action("slots add", "mon,wed,fri 09:00", account=",".join(one.name for one in accounts))
            message = f"{names} have no slot at the same time until {until}"
            return UsageError(message, Hint("fix", common), more)
        if not looked:
            return UsageError(f"{names} has no slot before {until}", more)
        return UsageError(f"all {looked} slots of {names} until {until} have posts", more)


def _posts_at_instants(db: Connection, ids: Sequence[int], start: datetime) -> Callable[[datetime], Sequence[int]]:
    """Return a function that returns the posts at an instant; for ascending instants, read in growing ranges."""
    end, length, posts = start, _DAY, dict[datetime, list[int]]()

    def holders(at: datetime) -> Sequence[int]:
        nonlocal end, length, posts
        while at >= end:
            end, length, posts = end + length, 2 * length, store.posts_by_instant(db, ids, end, end + length)
        return posts.get(at, ())

    return holders


def _may_take(db: Connection, holders: Sequence[int], post: int | None, *, first: bool) -> bool:
    """Return whether a post may take an instant with these posts: none are others', or with `first` they can move."""
    others = [one for one in holders if one != post]
    return not others or (first and all(map(_is_movable, queries.posts_by_id(db, others))))


def _format_days(span: timedelta) -> str:
    return f"{span / _DAY:g} days" if span > _DAY and not span % _DAY else compact_duration(span)


def _ids(accounts: Sequence[Account] | None) -> list[int] | None:
    return None if accounts is None else [account.id or 0 for account in accounts]


def _instants(slot: Slot, after: datetime) -> Iterator[datetime]:
    return cron_instants(slot.cron, ZoneInfo(slot.timezone), after)


def _slot_instants(slot: Slot, after: datetime) -> Iterator[SlotInstant]:
    return (SlotInstant(at, slot) for at in _instants(slot, after))


def _is_movable(post: Post) -> bool:
    """Return whether a post may still get another time."""
    return post.status is PostStatus.SCHEDULED


class Availability:
    """The taken instants of accounts from `since` on, including those reserved for posts not stored yet."""

    def __init__(self, database: Database, since: datetime) -> None:
        self._database = database
        self._since = since
        self._stored: dict[str, tuple[Account, list[datetime]]] = {}
        self._instants: dict[str, list[datetime]] = {}
        self._depends_on: set[str] = set()

    def of(self, account: Account) -> Sequence[datetime]:
        """Return the taken instants of an account, sorted. The same list receives later reservations."""
        if account.name not in self._stored:
            with self._database.reading() as db:
                self._stored[account.name] = account, self._read(db, account) if db else []
            self._instants[account.name] = list(self._stored[account.name][1])
        return self._instants[account.name]

    def has(self, account: Account, at: datetime) -> bool:
        """Return whether the account has a post at exactly this instant."""
        instants = self.of(account)
        place = bisect_left(instants, at)
        return place < len(instants) and instants[place] == at

    def reserve(self, accounts: Sequence[Account], at: datetime) -> None:
        for account in accounts:
            self.of(account)
            insort(self._instants[account.name], at)

    def depend_on(self, accounts: Sequence[Account]) -> None:
        """Record that a time was chosen by the posts of these accounts."""
        self._depends_on |= {account.name for account in accounts}

    def refuse_changed(self, db: Connection) -> None:
        """Raise StateRefused if the posts of an account that a choice depends on have changed."""
        for account, stored in (self._stored[name] for name in self._depends_on):
            if self._read(db, account) != stored:
                raise StateRefused(
                    f"posts of {account.name} were scheduled or changed since this was planned",
                    Hint("see", action("list", status="scheduled,draft")),
                )

    def _read(self, db: Connection, account: Account) -> list[datetime]:
        return queries.busy_instants(db, account.id or 0, self._since)
