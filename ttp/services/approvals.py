"""Approve and reject posts, all or none."""

from __future__ import annotations

from collections.abc import Sequence

from ttp.domain import permissions
from ttp.domain.errors import NotAllowed, Problem
from ttp.domain.post import Post
from ttp.domain.post_edit import as_draft, no_accounts_error, nothing_to_publish
from ttp.services.posts import Posts
from ttp.services.queries import PostView
from ttp.store import change_log
from ttp.store.dialect import Connection


class Approvals:
    def __init__(self, posts: Posts) -> None:
        self._posts = posts

    def of_author(self, ids: Sequence[int], name: str) -> set[int]:
        """Return those of the posts that this person wrote or changed, and cannot approve."""
        with self._posts.database.reading() as db:
            return {one for one in ids if db is not None and change_log.has_changed(db, one, name)}

    def approve(self, ids: Sequence[int], *, by: str | None = None) -> list[PostView]:
        """Approve posts in their present form. Raise StateRefused if nothing of one is left to publish.

        `by`: who approves; NotAllowed for a post that they wrote or changed.
        """
        now, accounts = self._posts.clock.now(), self._posts.accounts()

        def change(db: Connection, post: Post) -> tuple[Post, tuple[Problem, ...]]:
            if by is not None and change_log.has_changed(db, post.id or 0, by):
                raise NotAllowed(f"post {post.id} was written by {by}, who cannot approve it")
            if not post.active:
                raise no_accounts_error(post, accounts, self._posts.platforms)
            if not any(d.state in permissions.OPEN for d in post.active):
                raise nothing_to_publish(post)
            return permissions.approve(post, now), ()

        return [
            saved.post
            for saved in self._posts.change(ids, change, self._posts.recorder("approve"), keeps_approval=True)
        ]

    def reject(self, ids: Sequence[int], why: str | None) -> list[PostView]:
        """Reject posts: they become drafts with the reason. Raise StateRefused once publishing has begun."""
        now = self._posts.clock.now()

        def change(db: Connection, post: Post) -> tuple[Post, tuple[Problem, ...]]:
            return permissions.reject(as_draft(post, "be rejected"), now, why), ()

        return [
            saved.post for saved in self._posts.change(ids, change, self._posts.recorder("reject"), keeps_approval=True)
        ]
