"""Links by which a person without a login approves or rejects the present version of a post, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ttp.domain.action import action
from ttp.domain.errors import Hint, NotAllowed, Stale
from ttp.domain.time.clock import Clock
from ttp.services.server.api_tokens import check_name, digest
from ttp.services.server.people import SECRET, new_secret
from ttp.store import authors, queries
from ttp.store.database import Database
from ttp.store.server import approval_links as store
from ttp.store.server.approval_links import ApprovalLink

WORKS_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class NewApprovalLink:
    """A link that was just created. Its secret is not shown again."""

    name: str
    secret: str
    expires_at: datetime


class ApprovalLinks:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(self, post_id: int, revision: int | None, name: str, created_by: str) -> NewApprovalLink:
        """Store a link for one revision of a post. `created_by` lends the right to approve it, so neither they nor who
        decides must have written it. Raise UsageError, Stale, NotAllowed."""
        check_name(name, "a name")
        now, secret = self._clock.now(), new_secret()
        with self._database.writing() as db:
            post = queries.post(db, post_id)
            if post is None or post.revision != revision:
                raise Stale(f"post {post_id} was changed since you read it")
            if authors.has_changed(db, post_id, created_by):
                raise NotAllowed(
                    f"post {post_id} was written by {created_by}, who cannot let others approve it",
                    Hint("try", action("login-link", "NAME", capability="approve")),
                )
            if authors.has_changed(db, post_id, name):
                raise NotAllowed(f"post {post_id} was written by {name}, who cannot approve it")
            store.delete_expired(db, now)
            store.insert(db, digest(secret), ApprovalLink(0, post_id, post.revision, name, created_by, now + WORKS_FOR))
        return NewApprovalLink(name, secret, now + WORKS_FOR)

    def find(self, secret: str) -> ApprovalLink | None:
        """Return a link that works: it is not used or old, and its post has not changed."""
        if not SECRET.fullmatch(secret):
            return None
        with self._database.reading() as db:
            link = store.link_of_digest(db, digest(secret)) if db else None
            post = queries.post(db, link.post_id) if db and link else None
        works = link is not None and self._clock.now() < link.expires_at
        return link if works and link and post is not None and post.revision == link.revision else None

    def take(self, link: ApprovalLink) -> bool:
        """Use a link up. Return False if another request has."""
        with self._database.writing() as db:
            return store.take(db, link.id)
