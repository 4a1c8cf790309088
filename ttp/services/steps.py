"""Changes of many posts, thought out one by one and then done together: all in one transaction, or none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from ttp.domain.errors import Conflict, Hint, Problem
from ttp.domain.post import Post
from ttp.services.agenda import Agenda
from ttp.services.book import Book
from ttp.services.files.fields import Fault
from ttp.store import keyed, posts, reads

BATCH = 200


class What(StrEnum):
    """What becomes of a row's post. `LEFT`: nothing, for the reason that the step gives."""

    ADD = "add"
    CHANGE = "change"
    MOVE = "move"
    CANCEL = "cancel"
    SAME = "same"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Step:
    """What one row does. `post` is as it would be stored, `before` as it is; `faults`: why the row is refused."""

    where: str
    what: What
    post: Post | None = None
    before: Post | None = None
    warnings: tuple[Problem, ...] = ()
    why: str | None = None
    faults: tuple[Fault, ...] = ()
    waits: bool = False
    """A plan is to give it a time."""
    differs: bool = False
    """The row has another text than the post, which is left alone."""


def apply(book: Book, steps: Iterable[Step], command: str, agenda: Agenda | None = None) -> list[int]:
    """Store what steps change, in the name of a command: all of it or nothing; the ids of the posts. Conflict where
    one of them was changed by somebody else meanwhile, StateRefused where others took the times that were chosen for
    them (`agenda`), NotAllowed where that is not to be done here."""
    ids: list[int] = []
    rows, recorder = iter(steps), book.recorder(command)
    with book.database.writing() as db:
        if agenda is not None:
            agenda.refuse_changed(db)
        while batch := list(islice(rows, BATCH)):
            _refuse_changed(db, batch)
            _permit(book, db, batch)
            ids += posts.save(db, [step.post for step in batch if step.post is not None], recorder)
    return ids


def refuse_forbidden(book: Book, steps: Iterable[Step]) -> None:
    """NotAllowed where the steps are not to be done here: what `apply` would say, before anything is shown."""
    with book.database.reading() as db:
        if db is not None:
            _permit(book, db, steps)


def _permit(book: Book, db: sqlite3.Connection, steps: Iterable[Step]) -> None:
    for step in steps:
        if step.post is not None:
            book.permit(db, step.before, step.post)


def _refuse_changed(db: sqlite3.Connection, batch: Sequence[Step]) -> None:
    """Refuse steps whose post is not what it was when they were thought out."""
    now = reads.posts_even_deleted(db, [step.before.id or 0 for step in batch if step.before is not None])
    for step in batch:
        if step.before is not None and now[step.before.id or 0] != step.before:
            raise Conflict(f"post {step.before.id} was changed meanwhile", Hint("look again", "ttp list"))
    new = [step.post.key for step in batch if step.before is None and step.post is not None and step.post.key]
    for key, post in keyed.posts_by_key(db, new).items():
        raise Conflict(f'post {post.id} got the key "{key}" meanwhile', Hint("look again", f"ttp show {post.id}"))


def changes(step: Step) -> Sequence[str]:
    """The fields that a step changes, by their names in a file."""
    if step.before is None or step.post is None or step.what not in (What.CHANGE, What.MOVE):
        return ()
    before, after = step.before, step.post
    pairs = {
        "at": (before.scheduled_at, after.scheduled_at),
        "to": (sorted(before.accounts), sorted(after.accounts)),
        "text": (before.content, after.content),
        "media": (before.media, after.media),
        "thread": (before.thread, after.thread),
        "tags": (before.tags, after.tags),
        "variants": (dict(before.variants), dict(after.variants)),
        "set": (dict(before.options), dict(after.options)),
        "file": (before.key, after.key),
        "max-late": (before.max_lateness_s, after.max_lateness_s),
    }
    return [name for name, (one, other) in pairs.items() if one != other]
