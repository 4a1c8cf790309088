"""Undo and redo changes of posts, newest first, in one transaction. A post whose publishing has begun is not changed.
Passed times and old approvals are not restored, so nothing is published by surprise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ttp.domain.action import action, other_options
from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.errors import Conflict, ContentRefused, Hint, NotFound, Problem, StateRefused, TtpError
from ttp.domain.post import Post, with_cards_of
from ttp.domain.post_edit import as_deleted, refuse_in_flight, with_derived_status, with_post_id
from ttp.domain.publishing.attempt import Kind
from ttp.domain.time.formatting import first_valid_zone, format_instant
from ttp.services.posts import Posts
from ttp.store import accounts, queries, repeats
from ttp.store import change_log as store
from ttp.store import posts as stored_posts
from ttp.store.change_log import Change, ChangedPost, RestoredPost
from ttp.store.dialect import Connection
from ttp.store.posts import PostSnapshot
from ttp.store.row_mapper import split_batches

_LISTED = 10
_SEARCHED = 100
"""Changes that are passed over at most."""
_LIST = Hint("see", action("undo", list=True))


@dataclass(frozen=True, slots=True)
class UndoRequest:
    """What to undo: the last `count` changes, of all posts or of one. `again`: redo instead. `partial`: skip posts that
    cannot be restored. `skip`: pass over changes whose posts have all changed since, such as by publishing. `only`: the
    changes that the user was shown. `actor`: only changes by it, and to redo, only what it undid."""

    count: int = 1
    post: int | None = None
    again: bool = False
    partial: bool = False
    skip: bool = False
    only: tuple[int, ...] | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class UndoneChange:
    """The result for one post. `late`: its passed time, not restored; `unapproved`: its approval was not restored."""

    change: Change
    post: Post
    late: datetime | None = None
    unapproved: bool = False
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class UndoResult:
    """The undone changes, newest first, and why posts of them (`left`, if `partial`) or other changes were not."""

    posts: tuple[UndoneChange, ...]
    left: tuple[TtpError, ...] = ()
    skipped: tuple[TtpError, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(dict.fromkeys(one.change for one in self.posts))


class _Rollback(Exception):
    """Rolls back a rehearsal."""


class Undo:
    def __init__(self, posts: Posts) -> None:
        self._posts = posts

    def revert(self, request: UndoRequest, *, rehearse: bool = False) -> UndoResult:
        """Undo changes, all or none; `rehearse`: only find out the result. Raise NotFound if there are fewer changes,
        StateRefused, ContentRefused, Conflict or NotAllowed if a post cannot be restored."""
        self._convert_media(request)
        done: list[UndoneChange] = []
        refusals: list[TtpError] = []
        skipped: list[TtpError] = []
        try:
            with self._posts.database.writing() as db:
                for change in self._changes(db, request, skipped):
                    # A new check, without the posts restored before.
                    vars(self._posts).pop("duplicates", None)
                    done.extend(self._restore_change(db, change, request, refusals))
                if refusals and not (request.partial and done):
                    raise _combine_refusals(refusals, len(done) + len(refusals))
                if rehearse:
                    raise _Rollback
        except _Rollback:
            pass
        return UndoResult(tuple(done), tuple(refusals), tuple(skipped))

    def _changes(self, db: Connection, request: UndoRequest, skipped: list[TtpError]) -> list[Change]:
        changes = self._next_changes(db, request, skipped)
        if request.only is not None and tuple(one.id for one in changes) != request.only:
            raise Conflict("posts were changed by another command; nothing was undone", _LIST)
        if len(changes) < request.count:
            raise skipped[0] if skipped and not changes else self._too_few_changes(db, len(changes), request)
        return changes

    def _too_few_changes(self, db: Connection, count: int, request: UndoRequest) -> TtpError:
        """Return why there are too few; where only changes of one actor count, also whose the last one is."""
        if count or request.actor is None:
            return _too_few_changes(count, request)
        others = self._next_changes(db, replace(request, actor=None, count=1), [])
        if not others:
            return _too_few_changes(0, request)
        last = others[0]
        what = f"{'undo ' if request.again else ''}{last.command} by {self._doer(db, last, request) or 'somebody else'}"
        return NotFound(f"Nothing of yours to {'redo' if request.again else 'undo'}. The last change is {what}.", _LIST)

    def _doer(self, db: Connection, change: Change, request: UndoRequest) -> str | None:
        """Return who made a change; of an undone one, who undid it."""
        if not request.again:
            return change.actor
        now, post_id = self._posts.clock.now(), store.changed_posts(db, change, request.post)[0].post_id
        undone = store.next_changes(db, now, _SEARCHED, post=post_id, undone=True)
        actors: list[str | None] = []  # of the undos of this post that are not redone, oldest first
        for one in reversed(store.recent_changes(db, now, _SEARCHED, post_id, undos=True)):
            if one.change.command.startswith("undo "):
                actors.append(one.change.actor)
            elif one.change.command.startswith("redo ") and actors:
                actors.pop()
        return dict(zip(undone, reversed(actors), strict=False)).get(change)

    def _next_changes(self, db: Connection, request: UndoRequest, skipped: list[TtpError]) -> list[Change]:
        """Return the next changes to restore. Why others are passed over is added to `skipped`."""
        most = request.count + (_SEARCHED if request.skip else 0)
        now = self._posts.clock.now()
        actor = None if request.again else request.actor
        candidates = store.next_changes(db, now, most, post=request.post, undone=request.again, actor=actor)
        if request.again and request.actor is not None:
            candidates = [one for one in candidates if self._doer(db, one, request) == request.actor]
        changes: list[Change] = []
        ids: set[int] = set()  # the posts of `changes`, which will be as older changes left them
        for change in candidates:
            touched = store.changed_posts(db, change, request.post) if request.skip else []
            there = dict(stored_posts.snapshots(db, (one.post_id for one in touched)))
            outdated = [one for one in touched if one.post_id not in ids and _has_changed(one, there[one.post_id])]
            if touched and len(outdated) == len(touched):
                post = stored_posts.post_of(outdated[0].post_id, there[outdated[0].post_id].text)
                skipped.append(_UndoPlanner(self._posts, db, change).changed_since(post))
                continue
            changes.append(change)
            ids.update(one.post_id for one in touched)
            if len(changes) == request.count:
                break
        return changes

    def _restore_change(
        self, db: Connection, change: Change, request: UndoRequest, refusals: list[TtpError]
    ) -> list[UndoneChange]:
        """Restore the posts of one change. Errors of posts that cannot be restored are added to `refusals`."""
        planner, restored, undone = _UndoPlanner(self._posts, db, change), list[RestoredPost](), list[UndoneChange]()
        touched = store.changed_posts(db, change, request.post)
        db.lock_posts(one.post_id for one in touched)
        for batch in split_batches(touched):
            there = dict(stored_posts.snapshots(db, (one.post_id for one in batch)))
            for one in batch:
                try:
                    done = planner.restore(one, there[one.post_id])
                except (StateRefused, ContentRefused) as why:
                    refusals.append(why)
                    continue
                self._posts.duplicates.add_pending(done.post)
                undone.append(done)
                restored.append(RestoredPost(one, there[one.post_id], done.post))
        _refuse_taken_keys(db, [one.after for one in restored])
        store.restore_posts(db, change, restored)
        command = f"{'redo' if request.again else 'undo'} {change.command}"
        self._posts.recorder(command).note_undo(db, [one.touched.post_id for one in restored])
        return undone

    def _convert_media(self, request: UndoRequest) -> None:
        """Convert images of posts to be restored. Called before the transaction."""
        with self._posts.database.reading() as db:
            if db is None:
                raise _too_few_changes(0, request)
            changes = self._next_changes(db, request, [])
            images = [
                (one.post_id, one.image) for each in changes for one in store.changed_posts(db, each, request.post)
            ]
        for post_id, image in images:
            if image is not None and '"media":[]' not in image:
                post = stored_posts.post_of(post_id, image)
                self._posts.convert(post, self._posts.accounts())


class _UndoPlanner:
    """Decides how the posts of one change are restored, inside the transaction that does it."""

    def __init__(self, posts: Posts, db: Connection, change: Change) -> None:
        self._posts = posts
        self._db = db
        self._change = change
        self._now = posts.clock.now()
        self._known = accounts.accounts(db)
        self._ids = {account.id for account in self._known}
        self._patterns = {
            one.post_id: one.id for one in repeats.recurrences(db) if one.post_id and one.state != "ended"
        }

    def restore(self, touched: ChangedPost, image: PostSnapshot) -> UndoneChange:
        """Return the post to store. Raise StateRefused, ContentRefused, NotAllowed."""
        now = stored_posts.post_of(touched.post_id, image.text)
        if image.digest != touched.digest or image.in_flight:
            raise self.changed_since(now)
        if touched.image is None:
            undone = UndoneChange(self._change, self._delete_created(now))
        else:
            undone = self._as_before(now, stored_posts.post_of(touched.post_id, touched.image))
        self._posts.refuse_forbidden_change(self._db, now, undone.post)
        return undone

    def _delete_created(self, post: Post) -> Post:
        """Return a post created by the change as deleted, with its key free again."""
        if post.id in self._patterns:
            number = self._patterns[post.id]
            raise StateRefused(f"repeat {number} uses post {post.id}", Hint("fix", action("repeat stop", number)))
        return replace(as_deleted(post, self._now), updated_at=self._now, key=None, key_digest=None)

    def _as_before(self, now: Post, before: Post) -> UndoneChange:
        deliveries_now = {d.id: d for d in now.deliveries}
        deliveries = tuple(self._delivery(deliveries_now.get(d.id), d, before) for d in before.deliveries)
        lost = [old.due_at for old, new in zip(before.deliveries, deliveries, strict=True) if old.due_at != new.due_at]
        after = self._posts.plan_parts(replace(before, deliveries=deliveries), self._known)
        after = with_cards_of(replace(after, cards=before.cards), now)
        after = with_derived_status(after, self._now)
        unsent = (d for d in after.active if d.state in (DeliveryState.PENDING, DeliveryState.FAILED))
        gone = next((d for d in unsent if d.account_id not in self._ids), None)
        if gone is not None and after.deleted_at is None:
            raise StateRefused(
                f"post {after.id} would be published to {gone.account}, which was removed",
                Hint("fix", action("account add", gone.account)),
            )
        unapproved = any(
            old.approved_at != new.approved_at for old, new in zip(before.deliveries, deliveries, strict=True)
        )
        warnings = self._check(after) if after.deleted_at is None else ()
        return UndoneChange(self._change, after, lost[0] if lost else None, unapproved, warnings)

    def _delivery(self, now: Delivery | None, before: Delivery, post: Post) -> Delivery:
        """Return a delivery as it was, without a lost approval, and without a passed time unless it still has it. A
        comment without a time would be sent at once: it has failed."""
        approved_at = before.approved_at if now is not None and now.approved_at == before.approved_at else None
        comment = before.comment and self._delivery(now and now.comment, before.comment, post)
        after = replace(before, approved_at=approved_at, comment=comment)
        kept = post.deleted_at is not None or (now is not None and now.next_at == after.next_at)
        passed = after.next_at is not None and after.next_at <= self._now
        if not passed or kept or after.state is not DeliveryState.PENDING:
            return after
        return after.mark_failed(self._missed(after)) if after.is_comment else after.schedule(None)

    def _missed(self, comment: Delivery) -> DeliveryError:
        assert comment.due_at is not None
        zone = first_valid_zone(self._posts.config.text("timezone"))
        message = f"due {format_instant(comment.due_at, zone)}, which passed before it was restored"
        return DeliveryError(Kind.MISSED, message, hint=action("retry", comment.post_id))

    def _check(self, post: Post) -> tuple[Problem, ...]:
        timed = any(d.state is DeliveryState.PENDING and d.due_at is not None for d in post.active)
        if not timed:
            return ()
        try:
            return self._posts.check_post(post, self._known, timed=True, db=self._db)
        except ContentRefused as refused:
            raise with_post_id(refused, post.id) from None

    def changed_since(self, post: Post) -> TtpError:
        """Return why a post differs from what the change left."""
        try:
            refuse_in_flight(post, "be undone")
        except StateRefused as why:
            return why
        show = Hint("see", action("show", post.id))
        sent = next((d for d in post.comments if d.state is DeliveryState.PUBLISHED), None)
        out = next((d for d in post.deliveries if d.state is DeliveryState.PUBLISHED), None)
        failed = next((d for d in post.deliveries if d.state is DeliveryState.FAILED), None)
        gone = next((d for d in post.deliveries if d.account_id not in self._ids), None)
        if post.deleted_at is not None:
            return StateRefused(f"post {post.id} was deleted since", Hint("see", action("list")))
        if sent is not None:
            return StateRefused(f"the comment on post {post.id} is published and cannot be undone", show)
        if out is not None:
            return StateRefused(f"post {post.id} is published on {out.account} and cannot be undone", show)
        if failed is not None:
            return StateRefused(f"post {post.id} has failed on {failed.account} since", show)
        if gone is not None:
            return StateRefused(f"post {post.id} was changed when {gone.account} was removed", show)
        return StateRefused(f"post {post.id} was changed since by another command", show)


def _refuse_taken_keys(db: Connection, after: Sequence[Post]) -> None:
    """Raise Conflict if another post now has the key of one of these."""
    ids = {post.id for post in after}
    for batch in split_batches([post for post in after if post.key is not None]):
        for key, holder in queries.posts_by_key(db, [post.key or "" for post in batch]).items():
            if holder.id not in ids:
                post = next(one for one in batch if one.key == key)
                raise Conflict(
                    f'the key "{key}" of post {post.id} belongs to post {holder.id} now',
                    Hint("see", action("show", holder.id)),
                )


def _has_changed(touched: ChangedPost, image: PostSnapshot) -> bool:
    """Return whether a post is not as a change left it, and is not being published: that may yet fail."""
    return image.digest != touched.digest and not image.in_flight


def _too_few_changes(count: int, request: UndoRequest) -> TtpError:
    what = "redone" if request.again else "undone"
    of = "" if request.post is None else f" of post {request.post}"
    command = "redo" if request.again else "undo"
    days = store.KEPT_FOR.days
    if not count:
        return NotFound(f"nothing to {command}{of}: changes are kept for {days} days", _LIST)
    only = f"only {count} change{'s' if count > 1 else ''}{of} can be {what}"
    return NotFound(only, Hint("try", action(command, count, post=request.post)))


def _combine_refusals(refusals: Sequence[TtpError], posts: int) -> TtpError:
    """Combine the errors of all posts that cannot be restored."""
    first = refusals[0]
    if len(refusals) == 1:
        if posts == 1:
            first.hints = (*first.hints, Hint("see", action("undo", list=True)))
            return first
        return type(first)(first.message, *first.hints, _partial_hint(), problems=first.problems, details=first.details)
    listed = [one.message for one in refusals[:_LISTED]]
    more = len(refusals) - len(listed)
    return StateRefused(
        f"nothing was restored: {len(refusals)} of {posts} posts cannot be",
        *((_partial_hint(),) if len(refusals) < posts else (_LIST,)),
        details=[*listed, *([f"and {more} more"] if more else [])],
    )


def _partial_hint() -> Hint:
    return Hint("try", other_options(partial=True))
