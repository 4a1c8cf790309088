"""Sync posts with a folder of Markdown files: find the differences and apply them to the store. The folder's posts have
keys that begin with its name. A post whose publishing has begun is never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from ttp.domain.post import Post
from ttp.domain.post_edit import as_deleted
from ttp.domain.row_reader import FieldError
from ttp.services.attachments.media import RowMedia
from ttp.services.bulk_edit import ChangeKind, PlannedChange, apply_changes
from ttp.services.files import markdown
from ttp.services.files.import_plan import ImportPlanner, ImportRules
from ttp.services.files.import_source import ImportSource
from ttp.services.files.importer import changes_store
from ttp.services.files.markdown import MarkdownFolder
from ttp.services.posts import Posts
from ttp.services.slots import Availability
from ttp.services.time_resolver import TimeResolver
from ttp.store import queries
from ttp.store.home import output_file
from ttp.store.home.files import OwnFiles, read_bytes
from ttp.store.home.media import MediaStore

DRIFT = (ChangeKind.ADD, ChangeKind.CHANGE, ChangeKind.MOVE, ChangeKind.CANCEL)


@dataclass
class SyncPlan:
    """The changes that sync the store with the folder. `steps`: all files in order, then posts without a file.
    `orphans`: such posts that are kept."""

    steps: list[PlannedChange]
    agenda: Availability
    """The taken times that the chosen ones depend on."""
    orphans: list[Post] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def drift(self) -> list[PlannedChange]:
        return [step for step in self.steps if step.what in DRIFT]

    @property
    def other(self) -> list[PlannedChange]:
        """Files whose text differs from their post, which is being or has been published and is not changed."""
        return [step for step in self.steps if step.differs]

    @property
    def faults(self) -> list[tuple[str, FieldError]]:
        return [(step.where, fault) for step in self.steps for fault in step.faults]


class Sync:
    def __init__(self, posts: Posts, media: MediaStore, own: OwnFiles, resolver: TimeResolver) -> None:
        """`own`: folders of ttp, where nothing may be written."""
        self._posts = posts
        self._media = media
        self._own = own
        self._resolver = resolver

    def plan(self, source: ImportSource, *, prune: bool) -> SyncPlan:
        """Return the differences. `prune`: cancel posts without a file. Writes no post. Raise NotFound, UsageError."""
        rules = ImportRules(scope=source.scope, revive=True)
        allocator = self._resolver.allocator()
        media = RowMedia(self._posts.database, self._media, self._posts.config, self._posts.platforms, source.folder)
        intake = ImportPlanner(self._posts, media, self._resolver, allocator, rules)
        plan = SyncPlan(list(intake.plan(source.entries())), allocator.agenda)
        plan.notes = [*source.notes, *allocator.notes]
        without = _match_renamed(plan.steps, list(self._without_file(source.scope, rules.named)), intake.as_rename)
        if not prune:
            return replace(plan, orphans=without)
        now = self._posts.clock.now()
        for post in without:
            cancelled = replace(as_deleted(post, now), updated_at=now)
            plan.steps.append(
                PlannedChange((post.key or "").removeprefix(source.scope), ChangeKind.CANCEL, cancelled, post)
            )
        return plan

    def apply(self, plan: SyncPlan) -> list[int]:
        """Apply the plan in one transaction and return the ids. Raises like `apply_changes`."""
        with self._media.holding():
            todo = [step for step in plan.steps if step.what in DRIFT or changes_store(step)]
            return apply_changes(self._posts, todo, "sync", plan.agenda) if todo else []

    def write_results(self, source: ImportSource) -> int:
        """Write id, status and URLs of each post into its file. Return the number of changed files."""
        folder, changed = MarkdownFolder(source.folder, self._posts.platforms), 0
        for file in folder.files():
            if file.fields is None:
                continue
            with self._posts.database.reading() as db:
                posts = queries.posts_by_key(db, [folder.key(file)]) if db else {}
            for post in posts.values():
                changed += self._write(folder.path / file.name, post)
        return changed

    def _write(self, path: Path, post: Post) -> bool:
        fields: dict[str, object] = {"id": post.id, "status": post.status.value}
        results = {d.account: d.url or d.state.value for d in post.active if d.url or d.error}
        try:
            before = read_bytes(path).decode("utf-8")
        except OSError as error:
            raise output_file.output_error(path, error) from error
        after = markdown.with_results(before, {**fields, **({"results": results} if results else {})})
        if after != before:
            output_file.write(path, [after], self._own, over=True)
        return after != before

    def _without_file(self, scope: str, named: set[str]) -> Iterator[Post]:
        """Yield the folder's drafts and scheduled posts that no file describes."""
        with self._posts.database.reading() as db:
            if db is not None:
                ids = [i for i, key in queries.keys_from(db, scope) if key.removeprefix(scope) not in named]
                yield from (post for post in queries.posts_by_id(db, ids) if not post.status.has_begun)


def _match_renamed(
    steps: list[PlannedChange], without: list[Post], renamed: Callable[[PlannedChange, Post], PlannedChange]
) -> list[Post]:
    """Match new files with posts of the same content whose file is gone (renamed). Return the other posts."""
    lost: dict[tuple[object, ...], list[Post]] = {}
    for post in without:
        lost.setdefault(_content_key(post), []).append(post)
    for any_time in (False, True):  # first those with the same time
        for number, step in enumerate(steps):
            if step.what is ChangeKind.ADD and step.before is None and step.post is not None:
                same, at = lost.get(_content_key(step.post), []), step.post.scheduled_at
                before = next((post for post in same if any_time or post.scheduled_at == at), None)
                if before is not None:
                    same.remove(before)
                    steps[number] = renamed(step, before)
    return [post for post in without if post in lost[_content_key(post)]]


def _content_key(post: Post) -> tuple[object, ...]:
    return (post.content, frozenset(post.accounts), tuple(item.sha256 for item in post.media))
