"""Links by which a person without a login approves or rejects posts: the present version of one, once, or a set until
the link expires or is revoked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ttp.domain.action import action
from ttp.domain.config import APPROVAL_SETTING
from ttp.domain.errors import Hint, NotAllowed, NotFound, Stale, UsageError
from ttp.domain.permissions import Caller
from ttp.domain.time.clock import Clock
from ttp.services.server.api_tokens import check_name, digest
from ttp.services.server.people import SECRET, new_secret
from ttp.store import authors, queries
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.server import approval_links as store
from ttp.store.server.approval_links import ApprovalLink

if TYPE_CHECKING:
    from ttp.services.queries import PostView

WORKS_FOR = timedelta(days=7)
MOST_POSTS = 100
"""Posts of a set: one page shows them all."""


@dataclass(frozen=True, slots=True)
class NewApprovalLink:
    """A link that was just created. Its secret is not shown again. `left_out`: ids of posts that its maker or whoever
    gets it has written."""

    link: ApprovalLink
    secret: str = field(repr=False)
    left_out: tuple[int, ...] = ()


class ApprovalLinks:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(self, post_id: int, revision: int | None, name: str, caller: Caller) -> NewApprovalLink:
        """Store a link for one revision of a post. The caller lends the right to approve it, so neither they nor who
        decides must have written it. Raise UsageError, Stale, NotAllowed."""
        check_name(name, "a name")
        with self._database.reading() as db:
            post = queries.post(db, post_id) if db else None
            if db is None or post is None or post.revision != revision:
                raise Stale(f"post {post_id} was changed since you read it")
            if (writer := _writer(db, post_id, name, caller)) is not None:
                raise _own_post(post_id, writer, name)
        return self._insert(_link(name, caller, self._clock.now() + WORKS_FOR, post_id, post.revision))

    def create_set(
        self, posts: Sequence[PostView], name: str, caller: Caller, works_for: timedelta | None = None
    ) -> NewApprovalLink:
        """Store a link for those of the posts that wait for approval. Posts that the caller or who decides wrote are
        left out; the owner of the store may lend the right to approve theirs. Raise UsageError, NotFound, NotAllowed.
        """
        check_name(name, "a name")
        waiting = [post.id or 0 for post in posts if "approve" in post.needs()]
        if not waiting:
            raise NotFound(
                "none of these posts waits for approval", Hint("see", action("config get", APPROVAL_SETTING))
            )
        if len(waiting) > MOST_POSTS:
            raise UsageError(f"{len(waiting)} posts are more than one link can have: {MOST_POSTS}")
        with self._database.reading() as db:
            writers = {one: _writer(db, one, name, caller) for one in waiting} if db else {}
        ids = [one for one in waiting if writers.get(one) is None]
        if not ids:
            raise _own_post(waiting[0], writers[waiting[0]] or name, name)
        link = _link(name, caller, self._clock.now() + (works_for or WORKS_FOR), ids[0], 0)
        left_out = tuple(one for one in waiting if one not in ids)
        return replace(self._insert(replace(link, posts=frozenset(ids))), left_out=left_out)

    def _insert(self, link: ApprovalLink) -> NewApprovalLink:
        secret = new_secret()
        with self._database.writing() as db:
            store.delete_expired(db, self._clock.now())
            return NewApprovalLink(store.insert(db, digest(secret), link), secret)

    def all(self) -> list[ApprovalLink]:
        """Return the links that have not expired, newest first."""
        with self._database.reading() as db:
            return store.links(db, self._clock.now()) if db else []

    def find(self, secret: str) -> ApprovalLink | None:
        """Return a link that works: it is not used, revoked or old, and the post of a link to one has not changed."""
        link = self.find_old(secret)
        if link is None or self._clock.now() >= link.expires_at:
            return None
        if link.posts is not None:
            return link
        with self._database.reading() as db:
            post = queries.post(db, link.post_id) if db else None
        return link if post is not None and post.revision == link.revision else None

    def find_old(self, secret: str) -> ApprovalLink | None:
        """Return a link that may have expired, or whose post may have changed."""
        if not SECRET.fullmatch(secret):
            return None
        with self._database.reading() as db:
            return store.link_of_digest(db, digest(secret)) if db else None

    def take(self, link: ApprovalLink) -> bool:
        """Use up a link to one post; one to a set stays. Return False if another request has used it."""
        if link.posts is not None:
            return True
        with self._database.writing() as db:
            return store.take(db, link.id)

    def revoke(self, link_id: int) -> ApprovalLink:
        """End a link. Raise NotFound if there is none with this id."""
        link = next((one for one in self.all() if one.id == link_id), None)
        with self._database.writing() as db:
            if link is None or not store.take(db, link_id):
                raise NotFound(f"no approval link {link_id}", Hint("see", action("approve-link list")))
        return link


def _link(name: str, caller: Caller, expires_at: datetime, post_id: int, revision: int) -> ApprovalLink:
    by = caller.approver or caller.name
    return ApprovalLink(
        0, post_id, revision, name, by, expires_at, accounts=caller.accounts, by_owner=caller.is_owner or None
    )


def _writer(db: Connection, post_id: int, name: str, caller: Caller) -> str | None:
    """Return which of the maker and the reader of a link wrote a post. The owner of the store may have."""
    people = [name] if caller.approver is None else [caller.approver, name]
    return next((one for one in people if authors.has_changed(db, post_id, one)), None)


def _own_post(post_id: int, writer: str, name: str) -> NotAllowed:
    if writer == name:
        return NotAllowed(f"post {post_id} was written by {name}, who cannot approve it")
    return NotAllowed(
        f"post {post_id} was written by {writer}, who cannot let others approve it",
        Hint("try", action("login-link", "NAME", capability="approve")),
    )
