"""Approve and reject posts, all or none. The approval of a submitted draft schedules it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ttp.domain import permissions
from ttp.domain.account import Account
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import NotAllowed, PastTime, Problem, UsageError
from ttp.domain.post import Post, PostStatus
from ttp.domain.post_edit import as_draft, no_accounts_error, nothing_to_publish, refuse_in_flight, with_time
from ttp.services.posts import Posts
from ttp.services.queries import PostView, accounts_of
from ttp.store import authors
from ttp.store.dialect import Connection
from ttp.store.server import submitted_drafts
from ttp.store.server.submitted_drafts import OPTIMAL, SubmittedDraft

if TYPE_CHECKING:
    from ttp.domain.time.resolve import ResolvedTime
    from ttp.services.time_resolver import TimeResolver

WITHOUT_DATA = "in 2h"
"""The time of a draft that asks for the best hour, where nothing is known of its account."""


class Approvals:
    def __init__(self, posts: Posts, times: TimeResolver) -> None:
        self._posts = posts
        self._times = times

    def of_author(self, ids: Sequence[int], name: str) -> set[int]:
        """Return those of the posts that this person wrote or changed, and cannot approve."""
        with self._posts.database.reading() as db:
            return {one for one in ids if db is not None and authors.has_changed(db, one, name)}

    def approved_before(self, ids: Sequence[int]) -> set[int]:
        """Return those of the posts that have been approved, whether or not the approval still holds."""
        with self._posts.database.reading() as db:
            return authors.approved_before(db, ids) if db is not None else set()

    def approve(self, ids: Sequence[int], *, by: str | None = None) -> list[PostView]:
        """Approve posts in their present form. Raise StateRefused if nothing of one is left to publish, and what
        `schedule` raises for a submitted draft.

        `by`: who approves; NotAllowed for a post that they wrote or changed.
        """
        now, accounts = self._posts.clock.now(), self._posts.accounts()
        submitted = self._waiting(ids)
        times = {post.id: self.time_for(one.time, accounts_of(post, accounts), post.id or 0) for post, one in submitted}
        links = {post.id: one.link for post, one in submitted}
        self._posts.convert_media(list(ids) if times else [])

        def change(db: Connection, post: Post) -> tuple[Post, tuple[Problem, ...]]:
            if by is not None and authors.has_changed(db, post.id or 0, by):
                raise NotAllowed(f"post {post.id} was written by {by}, who cannot approve it")
            if not post.active:
                raise no_accounts_error(post, accounts, self._posts.platforms)
            if not any(d.state in permissions.OPEN for d in (*post.active, *post.comments)):
                raise nothing_to_publish(post)
            problems: tuple[Problem, ...] = ()
            if post.id in times and post.status is PostStatus.DRAFT:
                time = self._posts.confirm_time(db, times[post.id], accounts_of(post, accounts), post.id)
                post = self._posts.plan_parts(with_link(post, links[post.id]), accounts)
                post = with_time(post, time.at)
                problems = self._posts.check_post(post, accounts, timed=True, db=db)
            return permissions.approve(post, now), problems

        return [
            saved.post
            for saved in self._posts.change(ids, change, self._posts.recorder("approve"), keeps_approval=True)
        ]

    def time_for(self, text: str, accounts: Sequence[Account], post_id: int) -> ResolvedTime:
        """Return the time that a submitted draft gets of the TIME it asks for; now, if that has passed. Raise
        TimeRefused, UsageError."""
        try:
            return self._times.resolve(text, accounts, post=post_id)
        except PastTime:
            return self._times.resolve("now", accounts, post=post_id)
        except UsageError:
            if text != OPTIMAL:
                raise
            return self._times.resolve(WITHOUT_DATA, accounts, post=post_id)

    def reject(self, ids: Sequence[int], why: str | None) -> list[PostView]:
        """Reject posts: they become drafts with the reason. Of a published post its comment is rejected. Raise
        StateRefused for others once publishing has begun."""
        now = self._posts.clock.now()

        def change(db: Connection, post: Post) -> tuple[Post, tuple[Problem, ...]]:
            return _sent_back(permissions.reject(post, now, why)), ()

        return [
            saved.post for saved in self._posts.change(ids, change, self._posts.recorder("reject"), keeps_approval=True)
        ]

    def _waiting(self, ids: Sequence[int]) -> list[tuple[Post, SubmittedDraft]]:
        """Return those of the posts that are submitted drafts with accounts, and what was submitted."""
        with self._posts.database.reading() as db:
            rows = submitted_drafts.by_post(db, ids) if db else {}
        posts = [self._posts.post(post_id) for post_id in rows]
        return [(one, rows[one.id or 0]) for one in posts if one.status is PostStatus.DRAFT and one.active]


def with_link(post: Post, link: str | None) -> Post:
    """Return the post with a link at the end of its last text, unless that has it."""
    last = post.thread[-1] if post.thread else post.content
    if not link or link in last:
        return post
    linked = f"{last}\n\n{link}" if last.strip() else link
    return replace(post, thread=(*post.thread[:-1], linked)) if post.thread else replace(post, content=linked)


def _sent_back(post: Post) -> Post:
    """Return a rejected post: a draft, or a published one without its comment, which the next edit brings back. Raises
    StateRefused for what cannot be stopped any more."""
    rests = any(d.state in (DeliveryState.PENDING, DeliveryState.FAILED) for d in post.comments)
    if not rests or post.status not in (PostStatus.PUBLISHED, PostStatus.PARTIAL):
        return as_draft(post, "be rejected")
    refuse_in_flight(post, "be rejected", reviewing=False)
    return replace(post, deliveries=tuple(replace(d, comment=d.cancelled_comment) for d in post.deliveries))
