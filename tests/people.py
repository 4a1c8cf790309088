"""What people do with posts, for tests of the services: with times that are given as instants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tests.platforms.factories import PLATFORMS
from tests.settings import Config
from ttp.domain.account import Account
from ttp.domain.permissions import Caller, Capability
from ttp.domain.post import Post
from ttp.domain.post_edit import PostInput
from ttp.domain.time.clock import Clock
from ttp.domain.time.resolve import ResolvedTime
from ttp.services.approvals import Approvals
from ttp.services.drafts import Drafts
from ttp.services.post_changes import SavedPost
from ttp.services.posts import Posts
from ttp.services.templates.filling import Templates
from ttp.services.time_resolver import TimeResolver
from ttp.store.database import Database
from ttp.store.home.media import MediaStore

OWNER = Caller("ann@laptop", Capability.PUBLISH, sees_private=True)


def posts_of(database: Database, clock: Clock, config: Config | None = None) -> Posts:
    """The service of a store's posts."""
    templates = Templates(database.home, PLATFORMS, lambda: clock.now().astimezone(UTC))
    media = MediaStore(database.home / "media")
    return Posts(database, media, clock, config or Config(), PLATFORMS, OWNER, templates)


def times_of(posts: Posts) -> TimeResolver:
    """What reads times for a store's posts; UTC where nothing names a zone."""
    return TimeResolver(posts.database, posts.clock, posts.config, ZoneInfo("UTC"))


def approvals_of(posts: Posts) -> Approvals:
    return Approvals(posts, times_of(posts))


def given(at: datetime, accounts: Sequence[Account]) -> ResolvedTime:
    """A time that a person named."""
    return ResolvedTime(at, UTC, at.isoformat(), account_ids=tuple(account.id for account in accounts))


def create(posts: Posts, wanted: PostInput, at: datetime | None = None) -> SavedPost:
    """Create a post as an interface does: a text from stdin (`kept`) is saved first."""
    first = posts.find_by_key(wanted)
    if first is not None:
        return first
    with Drafts(posts).save_first(wanted.text if wanted.kept else None, wanted) as draft:
        time = None if at is None else given(at, posts.accounts_of_new(wanted))
        return posts.create(wanted, time, draft)


def edit(
    posts: Posts, post_id: int, wanted: PostInput, at: datetime | None = None, since: Post | None = None
) -> SavedPost:
    time = None if at is None else given(at, posts.accounts_after_edit(post_id, wanted))
    return posts.edit(post_id, wanted, time, since)


def schedule(posts: Posts, ids: Sequence[int], at: datetime) -> list[SavedPost]:
    return posts.schedule({post: given(at, accounts) for post, accounts in posts.accounts_by_post(ids).items()})
