"""Repeats: create one, list, skip a time, pause, resume and stop; and create the posts that are due."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

from ttp.domain.account import Account
from ttp.domain.action import Action, OtherOptions, action, other_options
from ttp.domain.config import Config
from ttp.domain.errors import Conflict, ContentRefused, Hint, NotFound, Problem, StateRefused, UsageError
from ttp.domain.post import Post, PostStatus
from ttp.domain.post_edit import (
    PostInput,
    as_deleted,
    as_draft,
    copy_of,
    new_delivery,
    no_accounts_error,
    refuse_in_flight,
    refuse_long_texts,
    with_derived_status,
)
from ttp.domain.recurrence import SHOWN, Occurrence, OccurrenceState, Recurrence, RecurrenceCounts, instants_to_create
from ttp.domain.time.clock import Clock
from ttp.domain.time.durations import compact_duration
from ttp.platforms.registry import Registry
from ttp.services.links import PostLinks
from ttp.services.posts import Posts
from ttp.services.queries import accounts_of
from ttp.services.recurrence_rules import repeat_instants, with_anchor
from ttp.store import accounts as stored_accounts
from ttp.store import posts as post_store
from ttp.store import queries
from ttp.store import repeats as store
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.row_mapper import CorruptRow

_SKIPPED = OccurrenceState.SKIPPED
_NEVER = datetime.max.replace(tzinfo=UTC)
MOST_IN_ADVANCE = 1000
"""Most posts of one repeat to create in advance."""
End = Callable[[Recurrence, datetime], Recurrence]


@dataclass(frozen=True, slots=True)
class NewRepeat:
    """A new repeat, the posts it created at once, and warnings."""

    tally: RecurrenceCounts
    made: tuple[Post, ...]
    warnings: tuple[Problem, ...] = ()
    told: tuple[str, ...] = ()
    """Reports of times without a post."""


@dataclass(frozen=True, slots=True)
class ChangedRepeat:
    """A changed repeat. `gone`: ids of deleted posts; `kept`: ids of posts that were edited by hand and stay; `at`: the
    skipped time; `freed`: the repeated post, if it had that time and is now a draft."""

    tally: RecurrenceCounts
    gone: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()
    at: datetime | None = None
    freed: int | None = None


class Repeats:
    def __init__(self, posts: Posts, occurrences: Occurrences) -> None:
        self._posts = posts
        self._occurrences = occurrences

    def begin(self, recurrence: Recurrence, wanted: PostInput | None = None) -> NewRepeat:
        """Store a repeat and create its due posts. `wanted`: of the post to repeat, which is stored as a draft. Raise
        ContentRefused if a platform would refuse one of its texts, UsageError if it never occurs."""
        for text in recurrence.texts:
            refuse_long_texts(text)
        now = self._posts.clock.now()
        recurrence = with_anchor(recurrence, now)
        first = next(repeat_instants(recurrence, now), None)
        if first is None:
            raise UsageError("it would never occur: no date has these times")
        if recurrence.until is not None and first >= recurrence.until:
            raise UsageError("it would end before its first time", Hint("try", other_options(until="DATE")))
        recurrence = replace(recurrence, next_at=first)
        self._refuse_flood(recurrence, now)
        post = None if wanted is None else self._posts.build_post(wanted, None)[0]
        try:
            warnings = self._check(recurrence, first, post)
        except ContentRefused as refused:
            if wanted is not None:
                _name_template(refused, action("template edit", wanted.template))
            raise
        if wanted is not None:
            with self._posts.database.reading() as reading:
                _refuse_same_repeat(recurrence, reading, post, now)
            recurrence = replace(recurrence, post_id=self._posts.create(wanted, None).post.id)
        with self._posts.database.writing() as db:
            _refuse_same_repeat(recurrence, db, post, now)
            recurrence_id = store.insert(db, recurrence, now=now)
            gone = self._occurrences.make(recurrence_id, db)
            tally = self._counts(db, gone.recurrence)
        return NewRepeat(tally, gone.made, warnings, tuple(gone.messages()))

    def next_times(self, recurrence: Recurrence, count: int) -> list[datetime]:
        """Return the first times of a repeat that is not stored yet."""
        now = self._posts.clock.now()
        instants = islice(repeat_instants(with_anchor(recurrence, now), now), count)
        return [at for at in instants if recurrence.until is None or at < recurrence.until]

    def all(self) -> list[RecurrenceCounts]:
        """Return every repeat, active ones first."""
        with self._posts.database.reading() as db:
            return [self._counts(db, one) for one in store.recurrences(db)] if db else []

    def skip(self, recurrence_id: int) -> ChangedRepeat:
        """Skip the next time. A post created for it is deleted; the repeated post itself becomes a draft."""
        now = self._posts.clock.now()
        with self._posts.database.writing() as db:
            one = self._find_active(db, recurrence_id)
            at = next(iter(self._coming(db, one)), None)
            if at is None:
                raise StateRefused(f"repeat {recurrence_id} has no more times", Hint("see", action("repeat list")))
            made = next(
                (occurrence for occurrence in store.occurrences_after(db, recurrence_id, now) if occurrence.at == at),
                None,
            )
            gone = None if made is None else made.post_id
            freed = gone if gone == one.post_id else None
            if freed is not None:
                self._posts.change([freed], lambda _, post: (as_draft(post, "be skipped"), ()), None, db=db)
            elif gone is not None:
                self._delete(db, gone)
            store.skip_occurrence(db, recurrence_id, at)
            post_ids = () if gone is None or freed is not None else (gone,)
            return ChangedRepeat(self._counts(db, one), gone=post_ids, at=at, freed=freed)

    def pause(self, recurrence_id: int) -> ChangedRepeat:
        """Create no more posts until resumed. Delete unchanged posts created in advance."""
        return self._end(recurrence_id, lambda one, now: replace(one, paused_at=now))

    def stop(self, recurrence_id: int) -> ChangedRepeat:
        """End the repeat. Delete unchanged posts created in advance."""
        return self._end(recurrence_id, lambda one, now: replace(one, ended_at=now, next_at=None))

    def resume(self, recurrence_id: int) -> ChangedRepeat:
        """Continue from now on. Times during the pause are not caught up."""
        now = self._posts.clock.now()
        with self._posts.database.writing() as db:
            one = self._find(db, recurrence_id)
            if one.state != "paused":
                raise StateRefused(f"repeat {recurrence_id} is {one.state}", Hint("see", action("repeat list")))
            going = replace(one, paused_at=None, made_until=None, next_at=next(repeat_instants(one, now), None))
            store.update(db, going)
            return ChangedRepeat(self._counts(db, self._occurrences.make(recurrence_id, db).recurrence))

    def _end(self, recurrence_id: int, ended: End) -> ChangedRepeat:
        now, gone, kept = self._posts.clock.now(), list[int](), list[int]()
        with self._posts.database.writing() as db:
            one = self._find_active(db, recurrence_id)
            made = list(store.occurrences_after(db, recurrence_id, now))
            db.lock_posts(occurrence.post_id for occurrence in made if occurrence.post_id is not None)
            for occurrence in made:
                post = queries.post(db, occurrence.post_id) if occurrence.post_id is not None else None
                if occurrence.state is not OccurrenceState.MADE or post is None or post.id == one.post_id:
                    continue
                if post.status is PostStatus.SCHEDULED and post.updated_at == post.created_at:
                    self._delete(db, post.id or 0)
                    store.forget_occurrence(db, recurrence_id, occurrence.at)
                    gone.append(post.id or 0)
                else:
                    kept.append(post.id or 0)
            after = ended(one, now)
            store.update(db, after)
            return ChangedRepeat(self._counts(db, after), tuple(gone), tuple(kept))

    def _delete(self, db: Connection, post_id: int) -> None:
        now = self._posts.clock.now()

        def change(db: Connection, post: Post) -> tuple[Post, tuple[Problem, ...]]:
            refuse_in_flight(post, "be skipped")
            if post.live:  # at once, or by a clock that was set back
                raise StateRefused(f"post {post_id} is already published", Hint("see", action("show", post_id)))
            return as_deleted(post, now), ()

        self._posts.change([post_id], change, None, db=db)

    def _check(self, recurrence: Recurrence, first: datetime, new: Post | None) -> tuple[Problem, ...]:
        """Return the warnings for each text that will be published. `new`: the post to repeat, if it is not stored."""
        if recurrence.pool is not None:
            self._refuse_empty_pool(recurrence)
            return ()
        post, all_accounts = new or self._posts.post(recurrence.post_id or 0), self._posts.accounts()
        accounts = accounts_of(post, all_accounts)
        if not accounts:
            raise no_accounts_error(post, all_accounts, self._posts.platforms)
        if recurrence.texts and post.variants:
            raise UsageError(
                f"post {post.id} has a variant for {', '.join(post.variants)}, which --vary would not change",
                Hint("fix", action("edit", post.id, text=f"{next(iter(post.variants))}=")),
            )
        warnings: dict[str, Problem] = {}
        for number, text in enumerate(recurrence.texts or (post.content,), start=1):
            try:
                copy = replace(
                    self._posts.plan_parts(occurrence_post(post, accounts, first, text), accounts), id=post.id
                )  # the post itself and its copies repeat the text on purpose
                problems = self._posts.check_post(copy, all_accounts, timed=True)
            except ContentRefused as refused:
                where = f"text {number}: " if recurrence.texts else ""
                raise ContentRefused(f"{where}{refused.message}", *refused.hints, problems=refused.problems) from None
            warnings.update((problem.message, problem) for problem in problems)
        return (
            *warnings.values(),
            *self._duplicate_problems(recurrence, post, accounts),
            *self._same_text_warnings(recurrence, post, first),
        )

    def _duplicate_problems(self, recurrence: Recurrence, post: Post, accounts: tuple[Account, ...]) -> list[Problem]:
        """Return the duplicate check's first warning of each kind for posts created at once. Raise ContentRefused."""
        now, texts = self._posts.clock.now(), recurrence.texts or (post.content,)
        most = min(recurrence.count or MOST_IN_ADVANCE, MOST_IN_ADVANCE)
        end = min(now + timedelta(seconds=self._posts.config.seconds("repeat.ahead_s")), recurrence.until or _NEVER)
        by_code: dict[str, Problem] = {}
        with self._posts.database.reading() as db:
            for turn, at in enumerate(takewhile(lambda at: at < end, islice(repeat_instants(recurrence, now), most))):
                copy = self._posts.links.plan(occurrence_post(post, accounts, at, texts[turn % len(texts)]), accounts)
                copy = replace(copy, id=post.id)
                for problem in self._posts.duplicates.problems(copy, db) if turn else ():
                    if problem.code == "budget":  # the last one has the whole sum
                        by_code.pop(problem.code, None)
                    by_code.setdefault(problem.code, problem)
                self._posts.duplicates.add_cost(copy)
        refused = [problem for problem in by_code.values() if not problem.warning]
        if refused:
            way = refused[0].hint or action("list")
            hint = Hint("fix", way) if refused[0].code == "budget" else Hint("see", way)
            raise ContentRefused(refused[0].message, hint, problems=refused)
        return list(by_code.values())

    def _same_text_warnings(self, recurrence: Recurrence, post: Post, first: datetime) -> list[Problem]:
        """Return a warning for each platform that gets the same text again too soon."""
        texts = recurrence.texts or (post.content,)
        again = next(islice(repeat_instants(recurrence, first), len(set(texts)) - 1, None), None)
        warnings = []
        for name in post.platforms if again is not None else ():
            if name not in self._posts.platforms.names():
                continue
            facts = self._posts.platforms.facts(name)
            if facts.same_text_after is not None and again is not None and again - first < facts.same_text_after:
                message = f"{facts.title} may refuse the same text again after {compact_duration(again - first)}"
                warnings.append(
                    Problem("content", "duplicate", message, hint="texts in turn: --vary FILE", warning=True)
                )
        return warnings

    def _refuse_flood(self, recurrence: Recurrence, now: datetime) -> None:
        """Raise UsageError if too many posts would be created in advance."""
        if recurrence.count is not None and recurrence.count <= MOST_IN_ADVANCE:
            return
        ahead_s = self._posts.config.seconds("repeat.ahead_s")
        end = min(filter(None, (now + timedelta(seconds=ahead_s), recurrence.until)))
        ahead = takewhile(lambda at: at <= end, repeat_instants(recurrence, now))
        if (flood := next(islice(ahead, MOST_IN_ADVANCE, None), None)) is not None:
            fewer_s = int((flood - now).total_seconds() - 1) // 60 * 60
            raise UsageError(
                f"over {MOST_IN_ADVANCE} posts would be created in advance (repeat.ahead_s: {ahead_s / 86400:g} days)",
                Hint("fix", action("config set", "repeat.ahead_s", fewer_s)),
            )

    def _refuse_empty_pool(self, recurrence: Recurrence) -> None:
        with self._posts.database.reading() as db:
            post = (
                None
                if db is None
                else store.least_used_post(db, recurrence.pool or "", rested=datetime.max.replace(tzinfo=UTC))
            )
        if post is None:
            raise NotFound(
                f'no post with accounts is tagged "{recurrence.pool}"',
                Hint("try", action("create", "TEXT", to="PLATFORM/HANDLE", tag=recurrence.pool)),
            )

    def _counts(self, db: Connection, one: Recurrence) -> RecurrenceCounts:
        many = store.count_by_state(db, one.id or 0)
        missed = many[OccurrenceState.MISSED] + many[OccurrenceState.EMPTY]
        if one.state == "active" and one.post_id is not None and queries.post(db, one.post_id) is None:
            one = replace(
                one, ended_at=self._posts.clock.now()
            )  # the post was deleted: the publisher will end the repeat
        coming = self._coming(db, one) if one.state == "active" else ()
        if one.state == "active" and not coming:  # its last time has passed
            one = replace(one, ended_at=one.made_until or self._posts.clock.now())
        return RecurrenceCounts(one, many[OccurrenceState.MADE], many[_SKIPPED], missed, coming)

    def _coming(self, db: Connection, one: Recurrence) -> tuple[datetime, ...]:
        """Return the next times that are not skipped, at most SHOWN."""
        now = self._posts.clock.now()
        states = {each.at: each.state for each in store.occurrences_after(db, one.id or 0, now)}
        turns = None if one.count is None else one.count - store.count_occurrences(db, one.id or 0)
        coming = list[datetime]()
        for at in repeat_instants(one, now):
            is_over = turns is not None and at not in states and turns <= 0
            if is_over or len(coming) == SHOWN or (one.until is not None and at >= one.until):
                break
            if turns is not None and at not in states:
                turns -= 1
            if states.get(at, OccurrenceState.MADE) is OccurrenceState.MADE:
                coming.append(at)
        return tuple(coming)

    def _find(self, db: Connection, recurrence_id: int) -> Recurrence:
        one = store.recurrence(db, recurrence_id)
        if one is None:
            raise NotFound(f"no repeat {recurrence_id}", Hint("see", action("repeat list")))
        return one

    def _find_active(self, db: Connection, recurrence_id: int) -> Recurrence:
        one = self._find(db, recurrence_id)
        if one.state == "ended":
            raise StateRefused(f"repeat {recurrence_id} has ended", Hint("see", action("repeat list")))
        return one


def _name_template(refused: ContentRefused, edit: Action) -> None:
    """Replace the options of a post in the hints: a repeat does not have them, its template does."""
    hints = ((hint, isinstance(hint.way, OtherOptions)) for hint in refused.hints)
    refused.hints = tuple(dict.fromkeys(Hint("try", edit) if is_option else hint for hint, is_option in hints))
    refused.problems = tuple(
        replace(one, hint=edit if isinstance(one.hint, OtherOptions) else one.hint) for one in refused.problems
    )


def _refuse_same_repeat(recurrence: Recurrence, db: Connection | None, new: Post | None, now: datetime) -> None:
    """Raise Conflict if an active repeat has the same source and times: its posts would be published twice. `new`: the
    post to repeat, if it is made for that: another one of the same template and accounts is the same."""
    for one in store.recurrences(db) if db else ():
        same = (one.cron, one.rule, one.timezone) == (recurrence.cron, recurrence.rule, recurrence.timezone)
        if db is None or one.state == "ended" or not same or not _comes_at(one, recurrence.next_at or now, db, now):
            continue
        post = queries.post(db, one.post_id) if new and one.post_id else None
        is_same = (one.post_id, one.pool) == (recurrence.post_id, recurrence.pool)
        if is_same or (post is not None and new is not None and _made_of(post) == _made_of(new)):
            raise Conflict(
                f"repeat {one.id} already has the same posts and times",
                Hint("see", action("repeat list")),
                Hint("fix", action("repeat stop", one.id)),
            )


def _comes_at(one: Recurrence, at: datetime, db: Connection, now: datetime) -> bool:
    """Return whether a repeat has this time: it may end before, and one of every second week has weeks between."""
    recurrence_id = one.id or 0
    if one.until is not None and at >= one.until:
        return False
    if one.count is None or store.has_occurrence(db, recurrence_id, at):
        return next(repeat_instants(one, at - _INSTANT), None) == at
    turns = max(0, one.count - store.count_occurrences(db, recurrence_id))
    new = (each for each in repeat_instants(one, now) if not store.has_occurrence(db, recurrence_id, each))
    return at in takewhile(lambda each: each <= at, islice(new, turns))


def _made_of(post: Post) -> tuple[object, ...]:
    """Return what a template made a post of, whatever it says now, and its accounts."""
    return {**post.origin, "version": None}, {delivery.account_id for delivery in post.active}


INSTANTS_PER_TRANSACTION = 200
"""Most times of one repeat to process per transaction."""
_INSTANT = timedelta(milliseconds=1)
_MADE, _MISSED, _EMPTY = OccurrenceState.MADE, OccurrenceState.MISSED, OccurrenceState.EMPTY


@dataclass(frozen=True, slots=True)
class OccurrenceReport:
    """Posts created for the due times of one repeat, and how many times were missed or had no post."""

    recurrence: Recurrence
    made: tuple[Post, ...] = ()
    missed: int = 0
    empty: int = 0

    def messages(self) -> list[str]:
        """Return the sentences to report to a person."""
        one, messages = self.recurrence, []
        if self.missed:
            messages.append(f"repeat {one.id}: {self.missed} missed because no publisher ran; not sent late")
        if self.empty:
            why = f'every post tagged "{one.pool}" was used too recently' if one.pool else "its accounts were removed"
            messages.append(f"repeat {one.id}: {self.empty} skipped, {why}")
        return messages


class Occurrences:
    def __init__(self, database: Database, clock: Clock, config: Config, platforms: Registry) -> None:
        self._database = database
        self._clock = clock
        self._links = PostLinks(database, config, platforms)
        self._ahead = timedelta(seconds=config.seconds("repeat.ahead_s"))
        self._lateness = timedelta(seconds=config.seconds("publish.max_lateness_s"))

    def make_due(self) -> list[str]:
        """Create the posts of repeats that are due; return the sentences to report. Skips repeats with corrupt rows."""
        now, done = self._clock.now(), list[str]()
        with self._database.reading() as db:
            waiting = store.due_recurrences(db, now=now, horizon=now + self._ahead) if db else []
        for recurrence_id in waiting:
            try:
                done += self.make(recurrence_id).messages()
            except CorruptRow:
                continue  # `ttp doctor` reports it
        return done

    def make(self, recurrence_id: int, db: Connection | None = None) -> OccurrenceReport:
        """Create the due posts of one repeat, at most MOST. `db`: the transaction that this is a part of."""
        now = self._clock.now()
        with self._database.writing(db) as db:
            one = store.recurrence(db, recurrence_id)
            pattern = queries.post(db, one.post_id) if one is not None and one.post_id is not None else None
            if one is None or one.state != "active" or one.next_at is None:
                return OccurrenceReport(one or Recurrence("", ""))
            if one.pool is None and pattern is None:  # the repeated post was deleted
                ended = replace(one, ended_at=now, next_at=None)
                store.update(db, ended)
                return OccurrenceReport(ended)
            instants, next_at = self._due_instants(db, one, now)
            made, missed, empty = list[Post](), 0, 0
            for at, in_time in instants_to_create(instants, now, self._max_lateness(pattern)):
                if at == next_at:  # read only to know whether more follow
                    continue
                source = pattern if one.pool is None else self._choose_from_pool(db, one, at)
                post = self._create_post(db, one, source, at) if in_time and source is not None else None
                state = _MISSED if not in_time else _EMPTY if post is None else _MADE
                copied = source.id if post is not None and source is not None and post.id != source.id else None
                store.add_occurrence(db, recurrence_id, Occurrence(at, state, post.id if post else None), copied)
                made += [post] if post else []
                missed, empty = missed + (state is _MISSED), empty + (state is _EMPTY)
            last = max([at for at in instants if at != next_at], default=one.made_until)
            after = replace(one, next_at=next_at, made_until=last)
            store.update(db, after)
        return OccurrenceReport(after, tuple(made), missed, empty)

    def _due_instants(self, db: Connection, one: Recurrence, now: datetime) -> tuple[list[datetime], datetime | None]:
        """Return the times to process now, and the first one after them or None."""
        assert one.next_at is not None
        gone, instants = store.count_occurrences(db, one.id or 0), list[datetime]()
        for at in repeat_instants(one, one.next_at - _INSTANT):
            exists = store.has_occurrence(db, one.id or 0, at)
            if (one.until is not None and at >= one.until) or (
                one.count is not None and not exists and gone + len(instants) >= one.count
            ):
                return instants, None
            ahead = any(earlier > now for earlier in instants[-1:])
            if at > now + self._ahead and (ahead or (one.made_until or now) > now):
                return instants, at
            if not exists:
                instants.append(at)
            if len(instants) > INSTANTS_PER_TRANSACTION:
                return instants, at
        return instants, None

    def _create_post(self, db: Connection, one: Recurrence, source: Post, at: datetime) -> Post | None:
        """Return the post for a time: a copy of its source, or the source itself. None if no account is left."""
        if source.scheduled_at == at and source.id == one.post_id:
            return source
        ids = [d.account_id or 0 for d in source.active]
        kept = [account for account in stored_accounts.accounts(db) if account.id in ids]
        if not kept:
            return None
        texts = one.texts
        turn = store.count_occurrences(db, one.id or 0, made=True)
        post = occurrence_post(source, kept, at, texts[turn % len(texts)] if texts else None)
        post = self._links.plan(post, kept)
        if source.cards:
            from ttp.domain.parts.cards import choose_cards

            post = choose_cards(post, kept, self._links.platforms, by_default=True)
        now = self._clock.now()
        return post_store.insert(db, with_derived_status(replace(post, created_at=now), now), None)

    def _choose_from_pool(self, db: Connection, one: Recurrence, at: datetime) -> Post | None:
        rested = at - timedelta(seconds=one.cool_down_s or 0)
        post_id = store.least_used_post(db, one.pool or "", rested=rested)
        return None if post_id is None else queries.post(db, post_id)

    def _max_lateness(self, pattern: Post | None) -> timedelta:
        own = pattern.max_lateness_s if pattern is not None else None
        return self._lateness if own is None else timedelta(seconds=own)


def occurrence_post(source: Post, accounts: Iterable[Account], at: datetime, text: str | None = None) -> Post:
    """Return a copy of a post for these accounts, due `at`, with `text` if given."""
    copy = copy_of(source, [new_delivery(account, at) for account in accounts])
    return replace(copy, content=source.content if text is None else text, scheduled_at=at)
