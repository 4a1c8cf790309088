"""Recurrences as a person asks for them: begin one, look, leave one time out, pause, go on, stop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from ttp.domain.account import Account
from ttp.domain.action import action, other_options
from ttp.domain.config import Config
from ttp.domain.errors import Conflict, ContentRefused, Hint, NotFound, Problem, StateRefused, UsageError
from ttp.domain.post import Post, PostStatus
from ttp.domain.post_edit import as_draft, new_delivery, no_accounts_error, refuse_in_flight, with_derived_status
from ttp.domain.recurrence import Occurrence, OccurrenceState, Recurrence, RecurrenceCounts, instants_to_create
from ttp.domain.time.clock import Clock
from ttp.domain.time.durations import compact_duration
from ttp.services.cron import fires
from ttp.services.posts import Posts, accounts_of
from ttp.store import accounts as stored_accounts
from ttp.store import posts as post_store
from ttp.store import queries
from ttp.store import repeats as store
from ttp.store.corrupt_rows import CorruptRow
from ttp.store.database import Database
from ttp.store.dialect import Connection

_SKIPPED = OccurrenceState.SKIPPED


_NEVER = datetime.max.replace(tzinfo=UTC)


FLOOD = 1000
"""Posts of one recurrence that are made ahead at most."""


End = Callable[[Recurrence, datetime], Recurrence]


@dataclass(frozen=True, slots=True)
class Begun:
    """A recurrence that was begun, the posts that were made of it at once, and what to warn of."""

    tally: RecurrenceCounts
    made: tuple[Post, ...]
    warnings: tuple[Problem, ...] = ()
    told: tuple[str, ...] = ()
    """What did not become a post."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A recurrence that was changed: `gone`, the ids of posts that were taken back; `kept`, of those that were changed
    by hand and stay; `at`, the instant that is left out; `freed`, the post that is repeated, where it had that time and
    is a draft again."""

    tally: RecurrenceCounts
    gone: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()
    at: datetime | None = None
    freed: int | None = None


class Repeats:
    def __init__(self, posts: Posts, occurrences: Occurrences) -> None:
        self._posts = posts
        self._occurrences = occurrences

    def begin(self, wanted: Recurrence) -> Begun:
        """Store a recurrence, and make what is due of it. ContentRefused where a platform would refuse one of its
        texts; UsageError where it would never come."""
        now = self._posts.clock.now()
        first = next(self._instants(wanted, now), None)
        if first is None or (wanted.until is not None and first >= wanted.until):
            raise UsageError("it would never come", Hint("try", other_options(until="DATE")))
        self._refuse_flood(wanted, now)
        warnings = self._judge(wanted, first)
        with self._posts.database.writing() as db:
            _refuse_same(wanted, store.recurrences(db))
            recurrence_id = store.insert(db, replace(wanted, next_at=first), now=now)
            gone = self._occurrences.make(recurrence_id, db)
            tally = self._tally(db, gone.recurrence)
        return Begun(tally, gone.made, warnings, tuple(gone.told()))

    def all(self) -> list[RecurrenceCounts]:
        """Every recurrence, those that go on first."""
        with self._posts.database.reading() as db:
            return [self._tally(db, one) for one in store.recurrences(db)] if db else []

    def skip(self, recurrence_id: int) -> Changed:
        """Leave the next instant out; a post made for it is deleted, the one that is repeated becomes a draft."""
        now = self._posts.clock.now()
        with self._posts.database.writing() as db:
            one = self._going(db, recurrence_id)
            at = self._next(db, one)
            if at is None:
                raise StateRefused(f"repeat {recurrence_id} has no time left", Hint("see", action("repeat list")))
            made = next((known for known in store.occurrences_after(db, recurrence_id, now) if known.at == at), None)
            gone = None if made is None else made.post_id
            freed = gone if gone == one.post_id else None
            if freed is not None:
                self._posts.change([freed], lambda _, post: (as_draft(post, "be left out"), ()), None, db=db)
            elif gone is not None:
                self._delete(db, gone)
            store.skip_occurrence(db, recurrence_id, at)
            left = () if gone is None or freed is not None else (gone,)
            return Changed(self._tally(db, one), gone=left, at=at, freed=freed)

    def pause(self, recurrence_id: int) -> Changed:
        """Make no more until it goes on, and take back what was made ahead and not changed since."""
        return self._end(recurrence_id, lambda one, now: replace(one, paused_at=now))

    def stop(self, recurrence_id: int) -> Changed:
        """End it for good, and take back what was made ahead and not changed since."""
        return self._end(recurrence_id, lambda one, now: replace(one, ended_at=now, next_at=None))

    def resume(self, recurrence_id: int) -> Changed:
        """Go on from now: what would have come meanwhile does not come later."""
        now = self._posts.clock.now()
        with self._posts.database.writing() as db:
            one = self._known(db, recurrence_id)
            if one.state != "paused":
                raise StateRefused(f"repeat {recurrence_id} is {one.state}", Hint("see", action("repeat list")))
            going = replace(one, paused_at=None, made_until=None, next_at=next(self._instants(one, now), None))
            store.update(db, going)
            return Changed(self._tally(db, self._occurrences.make(recurrence_id, db).recurrence))

    def _end(self, recurrence_id: int, ended: End) -> Changed:
        now, gone, kept = self._posts.clock.now(), list[int](), list[int]()
        with self._posts.database.writing() as db:
            one = self._going(db, recurrence_id)
            for known in list(store.occurrences_after(db, recurrence_id, now)):
                post = queries.post(db, known.post_id) if known.post_id is not None else None
                if known.state is not OccurrenceState.MADE or post is None or post.id == one.post_id:
                    continue
                if post.status is PostStatus.SCHEDULED and post.updated_at == post.created_at:
                    self._delete(db, post.id or 0)
                    store.forget_occurrence(db, recurrence_id, known.at)
                    gone.append(post.id or 0)
                else:
                    kept.append(post.id or 0)
            after = ended(one, now)
            store.update(db, after)
            return Changed(self._tally(db, after), tuple(gone), tuple(kept))

    def _delete(self, db: Connection, post_id: int) -> None:
        now = self._posts.clock.now()

        def change(db: Connection, post: Post) -> tuple[Post, tuple[Problem, ...]]:
            refuse_in_flight(post, "be left out")
            still = tuple(replace(d, next_at=None) for d in post.deliveries)
            return replace(post, deliveries=still, deleted_at=now), ()

        self._posts.change([post_id], change, None, db=db)

    def _judge(self, wanted: Recurrence, first: datetime) -> tuple[Problem, ...]:
        """What to warn of, for each text that will go out."""
        if wanted.post_id is None:
            self._refuse_empty_pool(wanted)
            return ()
        post, known = self._posts.post(wanted.post_id), self._posts.accounts()
        accounts = accounts_of(post, known)
        if not accounts:
            raise no_accounts_error(post, known, self._posts.platforms)
        if wanted.texts and post.variants:
            raise UsageError(
                f"post {post.id} has a text of its own for {', '.join(post.variants)}, which --vary would not change",
                Hint("fix", action("edit", post.id, text=f"{next(iter(post.variants))}=")),
            )
        warnings: dict[str, Problem] = {}
        for number, text in enumerate(wanted.texts or (post.content,), start=1):
            try:
                copy = replace(copy_of(post, accounts, first, text), id=post.id)  # what it says, and its copies, again
                found = self._posts.check_post(copy, known, timed=True)
            except ContentRefused as refused:
                where = f"text {number}: " if wanted.texts else ""
                raise ContentRefused(f"{where}{refused.message}", *refused.hints, problems=refused.problems) from None
            warnings.update((problem.message, problem) for problem in found)
        return (*warnings.values(), *self._crowded(wanted, post, accounts), *self._duplicates(wanted, post, first))

    def _crowded(self, wanted: Recurrence, post: Post, accounts: tuple[Account, ...]) -> list[Problem]:
        """What the guard says of the later ones that are made at once: of each kind the first. ContentRefused where it
        refuses."""
        now, texts = self._posts.clock.now(), wanted.texts or (post.content,)
        most = min(wanted.count or FLOOD, FLOOD)
        end = min(now + timedelta(seconds=self._posts.config.seconds("repeat.ahead_s")), wanted.until or _NEVER)
        found: dict[str, Problem] = {}
        with self._posts.database.reading() as db:
            for turn, at in enumerate(takewhile(lambda at: at < end, islice(self._instants(wanted, now), most))):
                copy = replace(copy_of(post, accounts, at, texts[turn % len(texts)]), id=post.id)
                for problem in self._posts.duplicates.problems(copy, db) if turn else ():
                    found.setdefault(problem.code, problem)
        refused = [problem for problem in found.values() if not problem.warning]
        if refused:
            raise ContentRefused(refused[0].message, Hint("see", refused[0].hint or action("list")), problems=refused)
        return list(found.values())

    def _duplicates(self, wanted: Recurrence, post: Post, first: datetime) -> list[Problem]:
        """A warning for each platform that gets a text again so soon that it may refuse it."""
        texts = wanted.texts or (post.content,)
        again = next(islice(self._instants(wanted, first), len(set(texts)) - 1, None), None)
        found = []
        for name in post.platforms if again is not None else ():
            if name not in self._posts.platforms.names():
                continue
            facts = self._posts.platforms.facts(name)
            if facts.same_text_after is not None and again is not None and again - first < facts.same_text_after:
                said = (
                    f"{facts.title} gets the same text again after {compact_duration(again - first)}, and may refuse it"
                )
                found.append(Problem("content", "duplicate", said, hint="texts in turn: --vary FILE", warning=True))
        return found

    def _refuse_flood(self, wanted: Recurrence, now: datetime) -> None:
        """UsageError where more posts would be made ahead than anybody looks through."""
        if wanted.count is not None and wanted.count <= FLOOD:
            return
        ahead_s = self._posts.config.seconds("repeat.ahead_s")
        flood = next(islice(self._instants(wanted, now), FLOOD, None), now)
        if now < flood <= min(now + timedelta(seconds=ahead_s), wanted.until or flood):
            fewer_s = int((flood - now).total_seconds() - 1) // 60 * 60
            raise UsageError(
                f"it comes more than {FLOOD} times in the {ahead_s / 86400:g} days for which posts are made ahead",
                Hint("fix", action("config set", "repeat.ahead_s", fewer_s)),
            )

    def _refuse_empty_pool(self, wanted: Recurrence) -> None:
        with self._posts.database.reading() as db:
            found = (
                None
                if db is None
                else store.least_used_post(db, wanted.pool or "", rested=datetime.max.replace(tzinfo=UTC))
            )
        if found is None:
            raise NotFound(
                f'no post with accounts is tagged "{wanted.pool}"',
                Hint("try", action("create", "TEXT", to="PLATFORM/HANDLE", tag=wanted.pool)),
            )

    def _tally(self, db: Connection, one: Recurrence) -> RecurrenceCounts:
        many = store.count_by_state(db, one.id or 0)
        missed = many[OccurrenceState.MISSED] + many[OccurrenceState.EMPTY]
        if one.state == "active" and one.post_id is not None and queries.post(db, one.post_id) is None:
            one = replace(one, ended_at=self._posts.clock.now())  # the post was deleted: the publisher will end it
        next_at = self._next(db, one) if one.state == "active" else None
        if one.state == "active" and next_at is None:  # its last time has passed
            one = replace(one, ended_at=one.made_until or self._posts.clock.now())
        return RecurrenceCounts(one, many[OccurrenceState.MADE], many[_SKIPPED], missed, next_at)

    def _next(self, db: Connection, one: Recurrence) -> datetime | None:
        """The next instant that is not left out."""
        now = self._posts.clock.now()
        known = {each.at: each.state for each in store.occurrences_after(db, one.id or 0, now)}
        left = None if one.count is None else one.count - store.count_occurrences(db, one.id or 0)
        for at in self._instants(one, now):
            if one.until is not None and at >= one.until:
                return None
            if at not in known:
                return None if left is not None and left <= 0 else at
            if known[at] is OccurrenceState.MADE:
                return at
        return None

    def _known(self, db: Connection, recurrence_id: int) -> Recurrence:
        one = store.recurrence(db, recurrence_id)
        if one is None:
            raise NotFound(f"no repeat {recurrence_id}", Hint("see", action("repeat list")))
        return one

    def _going(self, db: Connection, recurrence_id: int) -> Recurrence:
        one = self._known(db, recurrence_id)
        if one.state == "ended":
            raise StateRefused(f"repeat {recurrence_id} has ended", Hint("see", action("repeat list")))
        return one

    def _instants(self, one: Recurrence, after: datetime) -> Iterator[datetime]:
        return fires(one.cron, ZoneInfo(one.timezone), after)


def _refuse_same(wanted: Recurrence, known: Iterable[Recurrence]) -> None:
    """Conflict where what is wanted comes at these times already: every post of it would go out twice."""
    for one in known:
        what = (one.post_id, one.pool, one.cron, one.timezone)
        if one.state != "ended" and what == (wanted.post_id, wanted.pool, wanted.cron, wanted.timezone):
            raise Conflict(
                f"repeat {one.id} comes at these times already",
                Hint("see", action("repeat list")),
                Hint("fix", action("repeat stop", one.id)),
            )


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
            said.append(f"repeat {one.id}: {self.missed} missed while nothing ran, not sent late")
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
            waiting = store.due_recurrences(db, now=now, horizon=now + self._ahead) if db else []
        for recurrence_id in waiting:
            try:
                done += self.make(recurrence_id).told()
            except CorruptRow:
                continue  # `ttp doctor` tells of it
        return done

    def make(self, recurrence_id: int, db: Connection | None = None) -> Gone:
        """Go through the instants of one recurrence that are to be made now, MOST at once. `db`: the transaction that
        this is a part of."""
        now = self._clock.now()
        with nullcontext(db) if db else self._database.writing() as db:
            one = store.recurrence(db, recurrence_id)
            pattern = queries.post(db, one.post_id) if one is not None and one.post_id is not None else None
            if one is None or one.state != "active" or one.next_at is None:
                return Gone(one or Recurrence("", ""))
            if one.pool is None and pattern is None:  # it was deleted: nothing is left to repeat
                ended = replace(one, ended_at=now, next_at=None)
                store.update(db, ended)
                return Gone(ended)
            instants, next_at = self._walk(db, one, now)
            made, missed, empty = list[Post](), 0, 0
            for at, wanted in instants_to_create(instants, now, self._late_for(pattern)):
                if at == next_at:  # one too many was looked at, to know that it is not the last
                    continue
                source = pattern if one.pool is None else self._from_pool(db, one, at)
                post = self._post(db, one, source, at) if wanted and source is not None else None
                state = _MISSED if not wanted else _EMPTY if post is None else _MADE
                copied = source.id if post is not None and source is not None and post.id != source.id else None
                store.add_occurrence(db, recurrence_id, Occurrence(at, state, post.id if post else None), copied)
                made += [post] if post else []
                missed, empty = missed + (state is _MISSED), empty + (state is _EMPTY)
            last = max([at for at in instants if at != next_at], default=one.made_until)
            after = replace(one, next_at=next_at, made_until=last)
            store.update(db, after)
        return Gone(after, tuple(made), missed, empty)

    def _walk(self, db: Connection, one: Recurrence, now: datetime) -> tuple[list[datetime], datetime | None]:
        """The instants to go through now, and the first one after them: None where there is none."""
        assert one.next_at is not None
        gone, found = store.count_occurrences(db, one.id or 0), list[datetime]()
        for at in fires(one.cron, ZoneInfo(one.timezone), one.next_at - _INSTANT):
            known = store.has_occurrence(db, one.id or 0, at)
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

    def _post(self, db: Connection, one: Recurrence, source: Post, at: datetime) -> Post | None:
        """The post for an instant: a copy of its source, or the source itself where that has this time already.
        None where no account is left."""
        if source.scheduled_at == at and source.id == one.post_id:
            return source
        ids = [d.account_id or 0 for d in source.active]
        kept = [account for account in stored_accounts.accounts(db) if account.id in ids]
        if not kept:
            return None
        texts = one.texts
        turn = store.count_occurrences(db, one.id or 0, made=True)
        post = copy_of(source, kept, at, texts[turn % len(texts)] if texts else None)
        now = self._clock.now()
        return post_store.insert(db, with_derived_status(replace(post, created_at=now), now), None)

    def _from_pool(self, db: Connection, one: Recurrence, at: datetime) -> Post | None:
        rested = at - timedelta(seconds=one.cool_down_s or 0)
        post_id = store.least_used_post(db, one.pool or "", rested=rested)
        return None if post_id is None else queries.post(db, post_id)

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
