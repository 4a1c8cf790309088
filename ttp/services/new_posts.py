"""Create several posts at once, and copies of posts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial

from ttp.domain import post_edit
from ttp.domain.action import OtherOptions
from ttp.domain.errors import Ambiguous, ContentRefused, NotFound, Problem, TimeRefused, TtpError, UsageError
from ttp.domain.post_edit import PostInput
from ttp.domain.time.clock import utc_text
from ttp.domain.time.resolve import ResolvedTime
from ttp.services.post_changes import SavedPost
from ttp.services.posts import Posts
from ttp.services.queries import accounts_of
from ttp.services.request_keys import fingerprint, same_request
from ttp.services.time_resolver import TimeResolver
from ttp.store import posts as store
from ttp.store import queries
from ttp.store.change_log import ChangeRecorder
from ttp.store.dialect import Connection


class Refusals:
    """The refusals of several new posts, by their numbers from 1 on."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._by_number: dict[int, TtpError] = {}

    @contextmanager
    def of_post(self, number: int) -> Iterator[None]:
        """Keep what refuses a post in the block."""
        try:
            yield
        except (UsageError, NotFound, Ambiguous, ContentRefused, TimeRefused) as refused:
            self._by_number[number] = refused

    def raise_any(self) -> None:
        """Raise the refusals as one error. One that all posts share is itself: it is about what they have in common."""
        if not self._by_number:
            return
        refusals = list(self._by_number.values())
        if len({refused.message for refused in refusals}) == 1 and len(refusals) == self._count:
            raise refusals[0]
        messages = [f"post {number}: {refused.message}" for number, refused in self._by_number.items()]
        problems = (
            Problem(f"posts.{number}.{one.field}".rstrip("."), one.code, f"post {number}: {one.message}", one.account)
            for number, refused in self._by_number.items()
            for one in refused.problems or [Problem("", refused.code, refused.message)]
            if not one.warning
        )
        hints = [hint for refused in refusals for hint in refused.hints if not isinstance(hint.way, OtherOptions)]
        raise type(refusals[0])(
            messages[0] if len(messages) == 1 else f"{len(messages)} of {self._count} posts are refused",
            *dict.fromkeys(hints),
            problems=problems,
            details=refusals[0].details if len(messages) == 1 else (),
        )


def create_all(
    posts: Posts,
    new_posts: Sequence[tuple[PostInput, TimeResolver]],
    key: str | None = None,
    *,
    asking: bool = False,
) -> list[SavedPost]:
    """Create several posts, each with what reads its time, or none; one undo takes all back. `key`: of the request as a
    whole; the same request again returns the posts that the first one stored.

    Raise the refusals of all posts as one error. Its problems name each post by its number: `posts.2.content`.
    """
    post_edit.refuse_empty_key(PostInput(key=key))
    if asking and key is None:  # a draft that asks has a key
        import uuid

        key = uuid.uuid4().hex
    keys, digest = [], None
    if key is not None:
        import hashlib  # slow to import

        keys = [f"{key}#{number}" for number in range(1, len(new_posts) + 1)]
        parts = [fingerprint(replace(one, key=key), posts.platforms) or "" for one, _ in new_posts]
        digest = hashlib.sha256(" ".join([*parts, *(["asking"] if asking else [])]).encode()).hexdigest()
        with posts.database.reading() as stored:
            if stored is not None and (earlier := _find_earlier(posts, stored, keys, digest, key)):
                return earlier
    recorder, stores = posts.recorder("create"), list[Callable[[Connection, ChangeRecorder], SavedPost]]()
    refusals, taken = Refusals(len(new_posts)), dict[int, list[datetime]]()
    with posts.media.holding():
        for number, (post_input, times) in enumerate(new_posts, 1):
            with refusals.of_post(number):
                filled = posts.templates.fill_in(post_input, spare=())
                filled = replace(filled, key=f"{key}#{number}") if key else filled
                accounts = partial(posts.accounts_of_new, filled, asking=asking)
                time = times.resolve_any(filled.at, accounts, filled.tz, taken=taken)
                if asking and time is not None:
                    filled = replace(filled, at=None, tz=None)
                post, store_new = posts.prepare_new(filled, None if asking else time, key_digest=digest)
                stores.append(partial(_store_asking, store_new, time) if asking and time else store_new)
                if time is not None:
                    posts.duplicates.add_pending(post)
                    for account_id in time.account_ids:
                        taken.setdefault(account_id or 0, []).append(time.at)
        refusals.raise_any()
        with posts.database.writing() as db:
            earlier = _find_earlier(posts, db, keys, digest, key) if keys else []
            return earlier or [store_new(db, recorder) for store_new in stores]


def _store_asking(
    store_new: Callable[[Connection, ChangeRecorder], SavedPost],
    time: ResolvedTime,
    db: Connection,
    recorder: ChangeRecorder,
) -> SavedPost:
    """Store a draft with the time that it asks for."""
    from ttp.store.server import submitted_drafts

    saved = store_new(db, recorder)
    draft = submitted_drafts.SubmittedDraft(saved.post.id or 0, saved.post.key or "", "", None, utc_text(time.at))
    submitted_drafts.save(db, draft)
    return saved._replace(post=replace(saved.post, asks_for=draft.time))


def _find_earlier(
    posts: Posts, db: Connection, keys: Sequence[str], digest: str | None, whole: str | None = None
) -> list[SavedPost]:
    """Return the posts that the same request stored before under these keys. Raise Conflict for another request.
    `whole`: the key of the request that theirs are made of."""
    by_key = queries.posts_by_key(db, keys)
    stored = [same_request(by_key[key], digest, posts.caller, whole) for key in keys if key in by_key]
    return [SavedPost(posts.view(db, post), replayed=True) for post in stored]


def copy_post(posts: Posts, post_id: int, key: str | None = None) -> SavedPost:
    """Store a new draft with the content, accounts and options of a post. `key`: a copy that has it already is returned
    instead. Raise NotFound, or Conflict if another request has the key."""
    post, digest = posts.post(post_id), None if key is None else f"copy of post {post_id}"
    accounts = accounts_of(post, posts.accounts())
    new = post_edit.copy_of(post, [post_edit.new_delivery(account, None) for account in accounts])
    new = posts.plan_parts(new, accounts)
    with posts.database.writing() as db:
        if key and (earlier := _find_earlier(posts, db, [key], digest)):
            return earlier[0]
        new = replace(new, key=key, key_digest=digest)
        posts.refuse_forbidden_change(db, None, new)
        stored = store.insert(db, posts.as_new(new), posts.recorder("copy"))
        return SavedPost(posts.view(db, stored, is_new=True))
