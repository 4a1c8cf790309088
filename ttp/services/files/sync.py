"""A folder of content files as the truth of its posts: what differs from the store, and bringing the store to it.

Its posts are those whose keys begin with the folder's name. What has begun to go out is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from ttp.domain.post import Post, PostStatus
from ttp.domain.post_input import FieldError
from ttp.services.bulk_edit import Step, What, apply
from ttp.services.files import markdown
from ttp.services.files.import_plan import ImportPlanner, Rules
from ttp.services.files.import_source import Source
from ttp.services.files.importer import writes
from ttp.services.files.markdown import Folder
from ttp.services.media import RowMedia
from ttp.services.posts import Posts
from ttp.services.slots import Availability
from ttp.services.time_resolver import TimeResolver
from ttp.store import queries
from ttp.store.home import output_file
from ttp.store.home.media import MediaStore
from ttp.store.home.own_files import OwnFiles
from ttp.store.home.regular_file import read_bytes

DRIFT = (What.ADD, What.CHANGE, What.MOVE, What.CANCEL)
_OPEN = (PostStatus.DRAFT, PostStatus.SCHEDULED)


@dataclass
class Plan:
    """What would bring the store to the folder. `steps`: all files in order, then the posts that have none any more.
    `orphans`: those posts, where they are not to be cancelled. `faults`: files that cannot be taken, and why."""

    steps: list[Step]
    agenda: Availability
    """What the times rest on that were chosen for its rows."""
    orphans: list[Post] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def drift(self) -> list[Step]:
        return [step for step in self.steps if step.what in DRIFT]

    @property
    def other(self) -> list[Step]:
        """Files with another text than their post, which has begun to go out and stays as it is."""
        return [step for step in self.steps if step.differs]

    @property
    def faults(self) -> list[tuple[str, FieldError]]:
        return [(step.where, fault) for step in self.steps for fault in step.faults]


class Sync:
    def __init__(self, posts: Posts, media: MediaStore, own: OwnFiles, resolver: TimeResolver) -> None:
        """`own`: where nothing is written to."""
        self._posts = posts
        self._media = media
        self._own = own
        self._resolver = resolver

    def plan(self, source: Source, *, prune: bool) -> Plan:
        """What differs. `prune`: posts whose file is gone are cancelled. Writes no post. NotFound, UsageError."""
        rules = Rules(scope=source.scope, revive=True)
        allocator = self._resolver.allocator()
        media = RowMedia(self._posts.database, self._media, self._posts.config, self._posts.platforms, source.folder)
        intake = ImportPlanner(self._posts, media, self._resolver, allocator, rules)
        plan = Plan(list(intake.steps(source.entries())), allocator.agenda)
        plan.notes = [*source.notes, *allocator.notes]
        without = _renamed(plan.steps, list(self._without_file(source.scope, rules.named)), intake.renamed)
        if not prune:
            return replace(plan, orphans=without)
        now = self._posts.clock.now()
        for post in without:
            still = tuple(replace(delivery, next_at=None) for delivery in post.deliveries)
            gone = replace(post, deliveries=still, deleted_at=now, updated_at=now)
            plan.steps.append(Step((post.key or "").removeprefix(source.scope), What.CANCEL, gone, post))
        return plan

    def apply(self, plan: Plan) -> list[int]:
        """Do what the plan says, all of it in one transaction; the ids. As `steps.apply`."""
        with self._media.holding():
            todo = [step for step in plan.steps if step.what in DRIFT or writes(step)]
            return apply(self._posts, todo, "sync", plan.agenda) if todo else []

    def write_results(self, source: Source) -> int:
        """Write into each file what became of its post: id, status, and where it is to be seen; how many changed."""
        folder, changed = Folder(source.folder, self._posts.platforms), 0
        for file in folder.files():
            if file.fields is None:
                continue
            with self._posts.database.reading() as db:
                found = queries.posts_by_key(db, [folder.key(file)]) if db else {}
            for post in found.values():
                changed += self._write(folder.path / file.name, post)
        return changed

    def _write(self, path: Path, post: Post) -> bool:
        told: dict[str, object] = {"id": post.id, "status": post.status.value}
        results = {d.account: d.url or d.state.value for d in post.active if d.url or d.error}
        try:
            before = read_bytes(path).decode("utf-8")
        except OSError as error:
            raise output_file.output_error(path, error) from error
        after = markdown.with_results(before, {**told, **({"results": results} if results else {})})
        if after != before:
            output_file.write(path, [after], self._own, over=True)
        return after != before

    def _without_file(self, scope: str, named: set[str]) -> Iterator[Post]:
        """The folder's posts that no file is about and that have not begun to go out."""
        with self._posts.database.reading() as db:
            if db is not None:
                ids = [i for i, key in queries.keys_from(db, scope) if key.removeprefix(scope) not in named]
                yield from (post for post in queries.posts_by_id(db, ids) if post.status in _OPEN)


def _renamed(steps: list[Step], without: list[Post], renamed: Callable[[Step, Post], Step]) -> list[Post]:
    """Give new files that say what a post without a file says to that post: they were renamed. The posts that are
    left."""
    lost: dict[tuple[object, ...], list[Post]] = {}
    for post in without:
        lost.setdefault(_said(post), []).append(post)
    for any_time in (False, True):  # who keeps the time goes first
        for number, step in enumerate(steps):
            if step.what is What.ADD and step.before is None and step.post is not None:
                same, at = lost.get(_said(step.post), []), step.post.scheduled_at
                before = next((post for post in same if any_time or post.scheduled_at == at), None)
                if before is not None:
                    same.remove(before)
                    steps[number] = renamed(step, before)
    return [post for post in without if post in lost[_said(post)]]


def _said(post: Post) -> tuple[object, ...]:
    return (post.content, frozenset(post.accounts), tuple(item.sha256 for item in post.media))
