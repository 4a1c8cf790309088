"""The rows of a file that have no time, and the plan that gives them one: `ttp import --spread`.

They are planned once all rows were looked at, so that the times which the file does give are kept clear of. What is
chosen is stored with the rest of the file, in one transaction, which looks again at what the plan rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from zoneinfo import ZoneInfo

from ttp.domain.account import Account
from ttp.domain.plan import Assignment
from ttp.domain.post import ChosenBy, Post
from ttp.services.agenda import Agenda
from ttp.services.book import Book
from ttp.services.changes import settled, timed
from ttp.services.files.fields import Fault
from ttp.services.planning import Asked, Planning, Proposal
from ttp.services.steps import Step, What

SHOWN = 200
"""Characters of a text that a plan can show."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A plan of rows. The posts of the proposal have no ids: they are numbered, and `rows` says where they stand."""

    proposal: Proposal
    rows: Mapping[int, str]
    ids: dict[int, int] = field(default_factory=dict)
    """The posts that became of them, once they are stored."""
    refused: set[int] = field(default_factory=set)
    """Those that cannot be taken at their times."""

    @property
    def assignments(self) -> list[Assignment]:
        """The times that were given, in order."""
        return [one for one in self.proposal.plan.assignments if one.id not in self.refused]

    @property
    def left_out(self) -> list[str]:
        """The rows for which there was no room."""
        return [self.rows[number] for number in self.proposal.plan.left_out]


class Spreading:
    """One import's. `zone`: that of an account's hours."""

    def __init__(self, book: Book, planning: Planning, asked: Asked, zone: Callable[[Account], ZoneInfo]) -> None:
        self._book = book
        self._planning = planning
        self._asked = asked
        self._zone = zone
        self._posts: dict[int, Post] = {}
        self._rows: dict[int, str] = {}

    def wait(self, step: Step) -> None:
        """Take up a row that waits for a time: as much of it as a plan shows."""
        assert step.post is not None
        number = len(self._posts)
        self._posts[number] = Post(step.post.content[:SHOWN], step.post.deliveries)
        self._rows[number] = step.where

    def plan(self, agenda: Agenda) -> Spread | None:
        """Times for the rows that wait, beside what is on the agenda; None where none waits."""
        if not self._posts:
            return None
        return Spread(self._planning.place(self._posts, self._asked, self._zone, agenda), self._rows)

    def placed(self, steps: Iterable[Step], spread: Spread) -> Iterator[tuple[Step, int | None]]:
        """All steps in order, those that wait with their times; and the number that such a one has."""
        times = {one.id: one for one in spread.proposal.plan.assignments}
        numbers = count()
        for step in steps:
            number = next(numbers) if step.waits else None
            yield (step, None) if number is None else (self._timed(step, times.get(number)), number)

    def _timed(self, step: Step, one: Assignment | None) -> Step:
        """The step with its time. Only now can be told what stands too near to it."""
        if one is None:
            return replace(step, waits=False)
        assert step.post is not None
        post = settled(timed(step.post, one.at, ChosenBy.PLAN), self._book.clock.now(), step.before)
        problems = tuple(self._book.guard.problems(post))
        refused = tuple(Fault(p.field, p.message, p.hint) for p in problems if not p.warning)
        self._book.guard.pending(post)
        what = What.MOVE if step.what is What.SAME else step.what
        return replace(step, what=what, post=post, warnings=(*step.warnings, *problems), faults=refused, waits=False)
