"""Import posts: check every row first, then store all in one transaction, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from pathlib import Path

from ttp.domain.errors import Problem, UsageError
from ttp.domain.plan.planner import Assignment
from ttp.domain.post import ChosenBy, Post, PostStatus
from ttp.domain.post_edit import with_derived_status, with_time
from ttp.domain.row_reader import FieldError, field_errors
from ttp.services.attachments.media import RowMedia
from ttp.services.bulk_edit import ChangeKind, PlannedChange, apply_changes
from ttp.services.files.import_plan import ImportPlanner, ImportRules
from ttp.services.files.import_source import ImportSource
from ttp.services.planning import Planning, PlanRequest, Proposal
from ttp.services.posts import Posts
from ttp.services.slots import Availability
from ttp.services.time_resolver import TimeResolver
from ttp.store import queries
from ttp.store.dialect import Connection
from ttp.store.home.media import MediaStore

REPORT_EVERY = 200
"""Rows between two progress reports."""
CHECK_SHARE = 0.7
"""Part of the progress for checking all rows."""
WRITING_KINDS = (ChangeKind.ADD, ChangeKind.CHANGE, ChangeKind.MOVE)


class TooManyRows(UsageError):
    """The source has more rows than may be imported at once. Nothing was stored."""


@dataclass
class ImportResult:
    """Result of an import. `left`: skipped rows and why. `warnings`: by message, with the first row and the number of
    rows. `stored`: whether anything was stored."""

    read: int = 0
    counts: Counter[ChangeKind] = field(default_factory=Counter)
    faults: list[tuple[str, FieldError]] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    warnings: dict[str, tuple[Problem, str, int]] = field(default_factory=dict)
    refused: int = 0
    timed: bool = False
    stored: bool = False
    ids: list[int] = field(default_factory=list)
    time_notes: dict[str, None] = field(default_factory=dict)
    """Notes about the times that rows got."""
    spread: RowPlan | None = None
    """The plan of rows without a time, if requested."""

    def count(self, step: PlannedChange) -> None:
        if step.faults:
            self.refused += 1
            self.faults += [(step.where, fault) for fault in step.faults]
            return
        self.counts[step.what] += 1
        if step.why is not None:
            self.left.append((step.where, step.why))
        if step.what in WRITING_KINDS:
            self.timed = self.timed or (step.post is not None and step.post.scheduled_at is not None)
        for problem in step.warnings:
            warning = self.warnings.get(problem.message)
            where, many = (warning[1], warning[2] + 1) if warning else (step.where, 1)
            self.warnings[problem.message] = problem, where, many


class Importer:
    def __init__(self, posts: Posts, media: MediaStore, resolver: TimeResolver, most_rows: int = 0) -> None:
        """`most_rows`: that an import may have; 0: any number."""
        self._posts = posts
        self._most_rows = most_rows
        self._resolver = resolver
        self._media = media

    def run(
        self,
        source: ImportSource,
        rules: ImportRules,
        *,
        dry_run: bool,
        partial: bool,
        report: Callable[[float], object],
        spreading: ImportScheduler | None = None,
        done: ImportResult | None = None,
    ) -> ImportResult:
        """Store the posts of a source: all, or with `partial` the valid ones. `spreading` plans times for rows without
        one. `report` gets the progress from 0 to 1, and may end the import by an error; `done` is updated on the way.

        Raise UsageError if the source cannot be read further or has too many rows, Conflict or StateRefused if posts
        were changed meanwhile.
        """
        done = done or ImportResult()
        rules.scope, rules.origin, rules.spread = source.scope, source.origin, spreading is not None
        rules.lost = self._unmatched_posts(source)
        allocator = self._resolver.allocator()
        done.time_notes = allocator.notes
        intake = ImportPlanner(self._posts, self._row_media(source.folder), self._resolver, allocator, rules)
        kept: list[PlannedChange] = []
        with self._media.holding():
            for step in intake.plan(source.entries()):
                done.read += 1
                if 0 < self._most_rows < done.read:
                    raise _too_many_rows(self._most_rows)
                if done.read % REPORT_EVERY == 0:
                    report(CHECK_SHARE * source.share)
                if step.waits and spreading:
                    spreading.wait(step)
                else:
                    done.count(step)
                if step.waits or (changes_store(step) and not dry_run):
                    kept.append(step if step.waits else replace(step, warnings=()))
            if spreading and (partial or not done.refused) and (spread := spreading.plan(allocator.agenda)):
                done.spread = spread
                kept, numbers = self._place(spreading, spread, kept, done)
                whole = not spread.left_out
            else:
                numbers, whole = [], True
            if not dry_run and (partial or (whole and not done.refused)) and kept:
                done.ids = apply_changes(self._posts, _report(kept, done.read, report), "import", allocator.agenda)
                done.stored = True
        if done.spread and done.stored:
            done.spread.ids.update((n, i) for n, i in zip(numbers, done.ids, strict=True) if n is not None)
        return done

    def _place(
        self, spreading: ImportScheduler, spread: RowPlan, waiting: list[PlannedChange], done: ImportResult
    ) -> tuple[list[PlannedChange], list[int | None]]:
        """Return the changes with their planned times, and the number of each in the plan."""
        placed, numbers = [], []
        with self._posts.database.reading() as db:
            for step, number in spreading.place_changes(db, waiting, spread):
                if number is not None:
                    done.count(step)
                    spread.refused.update([number] if step.faults else [])
                if changes_store(step):
                    placed.append(replace(step, warnings=()))
                    numbers.append(number)
        return placed, numbers

    def _row_media(self, folder: Path) -> RowMedia:
        return RowMedia(self._posts.database, self._media, self._posts.config, self._posts.platforms, folder)

    def _unmatched_posts(self, source: ImportSource) -> dict[tuple[datetime, frozenset[str]], Post]:
        """Return the posts of earlier rows without a key that no row matches now."""
        with self._posts.database.reading() as db:
            before = {key: i for i, key in queries.keys_from(db, source.origin)} if db else {}
            if db is None or not before:
                return {}
            for one in source.entries():
                before.pop(one.typed.key or "", None)
            posts = queries.posts_by_id(db, before.values())
            return {
                (post.scheduled_at, frozenset(post.accounts)): post
                for post in posts
                if post.status is PostStatus.SCHEDULED and post.scheduled_at is not None
            }


def _too_many_rows(most: int) -> TooManyRows:
    return TooManyRows(
        f"the file has more than {most} rows, which is the most that this server imports at once (server.import_rows);"
        " split the file"
    )


def changes_store(step: PlannedChange) -> bool:
    if step.what in WRITING_KINDS and not step.faults:
        return True
    return (
        step.what is ChangeKind.SAME
        and step.post is not None
        and step.before is not None
        and step.post.key != step.before.key
    )


def _report(steps: Iterable[PlannedChange], most: int, report: Callable[[float], object]) -> Iterator[PlannedChange]:
    """Yield the changes and report progress."""
    for number, step in enumerate(steps, 1):
        if number % REPORT_EVERY == 0:
            report(CHECK_SHARE + (1 - CHECK_SHARE) * number / most)
        yield step


SHOWN = 200
"""Most characters of a text that a plan can show."""


@dataclass(frozen=True, slots=True)
class RowPlan:
    """A plan of rows. Its posts have numbers instead of ids; `rows` maps them to rows."""

    proposal: Proposal
    rows: Mapping[int, str]
    ids: dict[int, int] = field(default_factory=dict)
    """Ids of the stored posts, by number."""
    refused: set[int] = field(default_factory=set)
    """Numbers of rows refused at their planned time."""

    @property
    def assignments(self) -> list[Assignment]:
        """The assigned times, in order."""
        return [one for one in self.proposal.plan.assignments if one.id not in self.refused]

    @property
    def left_out(self) -> list[str]:
        """The rows without a free time."""
        return [self.rows[number] for number in self.proposal.plan.left_out]


class ImportScheduler:
    """Plans times for the rows of one import."""

    def __init__(self, posts: Posts, planning: Planning, request: PlanRequest) -> None:
        self._posts = posts
        self._planning = planning
        self.request = request
        self._waiting: dict[int, Post] = {}
        self._rows: dict[int, str] = {}

    def wait(self, step: PlannedChange) -> None:
        """Add a row that waits for a time. Keeps only what a plan shows."""
        assert step.post is not None
        number = len(self._waiting)
        self._waiting[number] = Post(step.post.content[:SHOWN], step.post.deliveries)
        self._rows[number] = step.where

    def plan(self, agenda: Availability) -> RowPlan | None:
        """Plan times for the waiting rows around the taken ones; None if no row waits."""
        if not self._waiting:
            return None
        return RowPlan(self._planning.place(self._waiting, self.request, agenda), self._rows)

    def place_changes(
        self, db: Connection | None, steps: Iterable[PlannedChange], spread: RowPlan
    ) -> Iterator[tuple[PlannedChange, int | None]]:
        """Yield all changes in order, waiting ones with their planned time and number."""
        times = {one.id: one for one in spread.proposal.plan.assignments}
        numbers = count()
        for step in steps:
            number = next(numbers) if step.waits else None
            yield (step, None) if number is None else (self._with_time(db, step, times.get(number)), number)

    def _with_time(self, db: Connection | None, step: PlannedChange, one: Assignment | None) -> PlannedChange:
        """Return the change with its planned time, checked for duplicates at that time."""
        if one is None:
            return replace(step, waits=False)
        assert step.post is not None
        post = with_derived_status(with_time(step.post, one.at, ChosenBy.PLAN), self._posts.clock.now(), step.before)
        problems = tuple(self._posts.duplicates.problems(post, db))
        faults = field_errors(problems)
        if not faults:
            self._posts.duplicates.add_pending(post)
        what = ChangeKind.MOVE if step.what is ChangeKind.SAME else step.what
        return replace(step, what=what, post=post, warnings=(*step.warnings, *problems), faults=faults, waits=False)
