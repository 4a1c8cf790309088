"""The calendar: posts of a time span, and those that repeats will create in it. Reads only. A post still to be created
has no id; its `repeat` names the repeat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from ttp.domain.account import Account
from ttp.domain.post import Post, PostStatus, calendar_time
from ttp.domain.recurrence import Recurrence, Repeat
from ttp.domain.slot import SlotInstant
from ttp.domain.time.calendar_range import CalendarRange
from ttp.domain.time.clock import Clock
from ttp.services.queries import PostView, Queries, view_of
from ttp.services.recurrence_rules import repeat_instants
from ttp.services.repeats import occurrence_post
from ttp.services.slots import Slots
from ttp.store import accounts as stored_accounts
from ttp.store import queries
from ttp.store import repeats as store
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.queries import COMING, DRAFTS, ENDED, PostFilter
from ttp.store.row_mapper import CorruptRow

CALENDAR_STATUSES = (*COMING, *ENDED)
"""Statuses shown in a calendar. Drafts have no time."""
MOST_INSTANTS = 10_000
"""Most instants of one repeat to compute for a span. A list of texts or a count needs all earlier ones too."""
DRAFTS_SEARCHED = 50
"""Drafts to search for some that fit a slot."""
_INSTANT = timedelta(milliseconds=1)


class Calendar:
    def __init__(self, database: Database, look: Queries, slots: Slots, clock: Clock) -> None:
        self._database = database
        self._queries = look
        self._slots = slots
        self._clock = clock

    def posts(self, span: CalendarRange, post_filter: PostFilter) -> list[PostView]:
        """Return the posts of a span that pass the filter, by time. Without `statuses`: all but drafts, and posts that
        repeats will create."""
        within = post_filter._replace(
            statuses=post_filter.statuses or CALENDAR_STATUSES, since=span.start, until=span.end
        )
        posts = list(self._queries.views(within))
        if PostStatus.PUBLISHED in within.statuses:
            posts += self._queries.views(within._replace(statuses=(PostStatus.PUBLISHED,), untimed=True))
        if not (post_filter.statuses or post_filter.needs_you):
            posts += self.find_coming(span.start, span.end, post_filter)
        return sorted(posts, key=lambda post: (calendar_time(post), post.id or 0))

    def find_coming(self, start: datetime, end: datetime, post_filter: PostFilter) -> list[PostView]:
        """Return the posts that repeats will create in [start, end), by the filter's accounts, platforms and tags."""
        with self._database.reading() as db:
            going = [one for one in store.recurrences(db) if _may_create_in(one, start, end)] if db else []
            return [post for one in going if db for post in self._future_posts(db, one, start, end, post_filter)]

    def slots_preview(self, accounts: Sequence[Account] | None, count: int) -> list[SlotInstant]:
        """Return the next instants of the slots with their posts, including those that repeats will create."""
        places = self._slots.preview(accounts, count)
        if not places:
            return places
        posts = self.find_coming(self._clock.now(), places[-1].at + _INSTANT, PostFilter())
        texts = {(name, post.scheduled_at): post.content for post in posts for name in post.accounts}
        return [_with_coming(place, texts.get((place.slot.account, place.at))) for place in places]

    def drafts(self, accounts: Sequence[Account], most: int) -> list[int]:
        """Return the oldest drafts that go only to these accounts and are not the source of a repeat."""
        post_filter = PostFilter(
            statuses=DRAFTS, accounts=tuple(one.id or 0 for one in accounts), limit=DRAFTS_SEARCHED
        )
        names = {one.name for one in accounts}
        with self._database.reading() as db:
            patterns = {one.post_id for one in store.recurrences(db) if one.state != "ended"} if db else set()
            posts = queries.posts(db, post_filter) if db else ()
            free = (post.id or 0 for post in posts if names.issuperset(post.accounts) and post.id not in patterns)
            return list(islice(free, most))

    def _future_posts(
        self, db: Connection, one: Recurrence, start: datetime, end: datetime, post_filter: PostFilter
    ) -> Iterator[PostView]:
        repeat = Repeat(one.id or 0, one.cron, one.timezone, one.rule, one.anchor)
        try:
            pattern = queries.post(db, one.post_id) if one.post_id is not None else None
        except CorruptRow:
            return  # `ttp doctor` reports it
        source = Post("", tags=(one.pool,)) if one.pool is not None else pattern
        if source is None or not _passes(source, post_filter):
            return
        accounts = [a for a in stored_accounts.accounts(db) if a.name in source.accounts]
        if source is pattern and not accounts:
            return
        for place, at in self._instants(db, one, start, end):
            if at != source.scheduled_at:  # otherwise the repeat's source is that post
                text = one.texts[place % len(one.texts)] if one.texts else None
                post = replace(occurrence_post(source, accounts, at, text), status=PostStatus.SCHEDULED)
                yield view_of(post, repeat)

    def _instants(
        self, db: Connection, one: Recurrence, start: datetime, end: datetime
    ) -> Iterator[tuple[int, datetime]]:
        """Yield the span's instants without a post yet, each with its position among the repeat's posts."""
        assert one.next_at is not None
        in_turn = one.count is not None or one.texts
        begin = one.next_at if in_turn else max(one.next_at, start)
        gone, made = store.count_occurrences(db, one.id or 0), store.count_occurrences(db, one.id or 0, made=True)
        instants = {each.at for each in store.occurrences_after(db, one.id or 0, begin - _INSTANT)}
        new = (at for at in repeat_instants(one, begin - _INSTANT) if at not in instants)
        most = MOST_INSTANTS if one.count is None else max(0, one.count - gone)
        for place, at in enumerate(islice(new, min(most, MOST_INSTANTS))):
            if at >= end or (one.until is not None and at >= one.until):
                return
            if at >= start and at > self._clock.now():
                yield made + place, at


def _may_create_in(one: Recurrence, start: datetime, end: datetime) -> bool:
    """Return whether the repeat can create a post in the span."""
    if one.state != "active" or one.next_at is None:
        return False
    return one.next_at < end and (one.until is None or one.until > start)


def _with_coming(place: SlotInstant, content: str | None) -> SlotInstant:
    """Return the slot instant with the text of a post that will be created for it."""
    if content is None:
        return place
    return replace(place, posts=(*place.posts, None), content=place.content or content)


def _passes(post: Post, post_filter: PostFilter) -> bool:
    return (
        (not post_filter.accounts or any(d.account_id in post_filter.accounts for d in post.active))
        and (not post_filter.platforms or any(d.platform in post_filter.platforms for d in post.active))
        and all(tag in post.tags for tag in post_filter.tags)
    )
