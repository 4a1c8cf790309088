"""Drafts that programs submit, alone or in batches: a person approves them, which schedules them, or rejects them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from ttp.domain import permissions
from ttp.domain.account import Account
from ttp.domain.action import action, other_options
from ttp.domain.errors import Conflict, Hint, NotAllowed, Problem, StateRefused, UsageError
from ttp.domain.parts.frozen_parts import keep_frozen_parts
from ttp.domain.permissions import Capability
from ttp.domain.post import Post, PostFields, PostStatus
from ttp.domain.post_edit import (
    PostInput,
    content_refusal,
    no_accounts_error,
    refuse_in_flight,
    refuse_long_texts,
    refuse_missing_parts,
    with_accounts,
    with_time,
)
from ttp.domain.time.clock import utc_text
from ttp.domain.time.grammar import AfterDuration, ChosenTime, parse_time
from ttp.domain.time.resolve import ResolvedTime
from ttp.services.approvals import Approvals, with_link
from ttp.services.post_changes import SavedPost
from ttp.services.posts import Posts
from ttp.services.preview import preview_post
from ttp.services.queries import PostView, Queries, accounts_of, is_within
from ttp.services.time_resolver import TimeResolver
from ttp.store import authors, queries
from ttp.store.dialect import Connection
from ttp.store.queries import DRAFTS, PostFilter
from ttp.store.server import submitted_drafts
from ttp.store.server.submitted_drafts import OPTIMAL, SubmittedDraft

MOST_LISTED = 1000


@dataclass(frozen=True, slots=True)
class Variant:
    """One draft of a batch. `wanted`: its post, without accounts and key; `platform`: where it goes."""

    platform: str
    wanted: PostInput
    link: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class DraftView:
    post: PostView
    submitted: SubmittedDraft | None


class SubmittedDrafts:
    def __init__(self, posts: Posts, queries: Queries, times: TimeResolver, approvals: Approvals) -> None:
        self._posts = posts
        self._approvals = approvals
        self._queries = queries
        self._times = times

    def submit(self, external_ref: str, variants: Sequence[Variant]) -> list[DraftView]:
        """Store a batch: a draft for each variant, keyed by the reference and the platform. A pending draft with the
        same key is updated; an approved or rejected one stays. Raise what storing a post raises; the next try
        finds what was stored by then."""
        platforms: list[str] = []
        accounts = [self._only_account(one.platform) for one in variants]
        hints = [self.checked_time(one.hint, to) for one, to in zip(variants, accounts, strict=True)]
        stored = []
        for one, to, hint in zip(variants, accounts, hints, strict=True):
            platforms.append(one.platform)
            number = platforms.count(one.platform)
            key = f"{external_ref}/{one.platform}" + (f"/{number}" if number > 1 else "")
            post_input = replace(one.wanted, to=tuple(account.name for account in to), key=key)
            post_id = self._store(post_input)
            with self._posts.database.writing() as db:
                after = queries.post(db, post_id)
                if after is not None and is_pending(after):
                    submitted_drafts.save(db, SubmittedDraft(post_id, external_ref, one.platform, one.link, hint))
            stored.append(post_id)
        return self._views(stored)

    def submit_post(self, post_input: PostInput) -> SavedPost:
        """Store a post under its key: with its time where the caller may give one, else as a draft that asks for it.
        A post that has the key is not changed. Raise what storing a post with a time raises."""
        if not (post_input.key or "").strip():
            raise UsageError("a post that is submitted needs a key", Hint("try", other_options(key="KEY")))
        if (stored := self._by_key(post_input)) is not None:
            return stored
        if self._posts.caller.capability is Capability.PUBLISH:
            try:
                return self._posts.create_once(post_input, self._times)
            except Conflict:  # another job was faster, with another text
                if (stored := self._by_key(post_input)) is not None:
                    return stored
                raise
        filled = self._posts.templates.fill_in(post_input)
        accounts = self._posts.find_accounts(filled.to or ())
        hint = self.checked_time(filled.at or "now", accounts, filled.tz)
        draft = replace(filled, at=None, tz=None)
        preview = preview_post(self._posts, replace(draft, key=None), None, with_cards=False)
        if (refused := preview.refused or content_refusal(preview.warnings)) is not None:
            raise refused
        try:
            saved = self._posts.create(draft, None)
        except Conflict:
            if (stored := self._by_key(post_input)) is not None:
                return stored
            raise
        self._save_time(saved.post, post_input.key or "", hint)
        return saved._replace(post=self._queries.post(saved.post.id or 0))

    def all(self) -> list[DraftView]:
        """Return the drafts, the posts that wait for approval, and what came of the newest submitted drafts; newest
        first."""
        with self._posts.database.reading() as db:
            ids = set(submitted_drafts.newest(db, MOST_LISTED)) if db else set[int]()
            if db is not None and self._needed:
                ids.update(queries.posts_waiting_for_approval(db))
        ids.update(one.id or 0 for one in self._queries.posts(PostFilter(statuses=DRAFTS)))
        return self._views(sorted(ids, reverse=True)[:MOST_LISTED])

    def approve(self, post_id: int, texts: Sequence[str] | None = None, at: str | None = None, *, by: str) -> DraftView:
        """Schedule a draft, and approve it where that is required, in one transaction. `texts`: replace its text and
        thread. `at`: its time, else the one that was submitted, else the best hour, else in two hours.

        Raise StateRefused for what was decided, Ambiguous for a platform with several accounts, NotAllowed where
        approval is required and `by` wrote the draft or would change it.
        """
        if texts:
            refuse_long_texts(texts[0], texts[1:])
        first, all_accounts = self._posts.post(post_id), self._posts.accounts()
        submitted = self._submitted([post_id]).get(post_id)
        self._refuse_decided(first)
        accounts = accounts_of(first, all_accounts) or self._accounts_of_platform(first, submitted)
        if at and at != OPTIMAL:
            time: ResolvedTime | None = self._times.resolve(at, accounts, post=post_id)
        else:
            text = at or (None if first.scheduled_at else submitted.time if submitted else OPTIMAL)
            time = None if text is None else self._approvals.time_for(text, accounts, post_id)
        now = self._posts.clock.now()
        self._posts.convert_media([post_id])

        def change(db: Connection, before: Post) -> tuple[Post, tuple[Problem, ...]]:
            self._refuse_decided(before)
            after = before if before.active else with_accounts(before, accounts, now)
            if texts:
                after = replace(after, content=texts[0], thread=tuple(texts[1:]))
                refuse_missing_parts(after.media, after.thread)
            is_changed = (after.content, after.thread) != (before.content, before.thread)
            if self._needed and (is_changed or authors.has_changed(db, post_id, by)):
                raise NotAllowed(f"{by} wrote or changed post {post_id}, and cannot approve it")
            after = with_link(after, submitted.link if submitted else None)
            frozen = keep_frozen_parts(before, after)
            after = self._posts.plan_parts(after, all_accounts)
            if time is not None:
                after = with_time(after, self._posts.confirm_time(db, time, accounts, post_id).at)
            if self._needed:
                after = permissions.approve(after, now)
            return after, (*self._posts.check_post(after, all_accounts, timed=True, db=db), *frozen)

        self._posts.change([post_id], change, self._posts.recorder("approve"), keeps_approval=self._needed)
        return self.view(post_id)

    def reject(self, post_id: int, why: str | None) -> DraftView:
        """Reject a draft, or one that is scheduled. Raise StateRefused once publishing has begun."""
        self._approvals.reject([post_id], why)
        return self.view(post_id)

    def view(self, post_id: int) -> DraftView:
        """Return a draft. Raise NotFound."""
        self._queries.post(post_id)
        return self._views([post_id])[0]

    @property
    def _needed(self) -> bool:
        return self._posts.config.requires_approval

    def _store(self, post_input: PostInput) -> int:
        """Store a draft, or change the one that has its key and waits for a person. Return its id."""
        with self._posts.database.reading() as db:
            post = queries.post_by_key(db, post_input.key or "") if db else None
        if post is None:
            return self._posts.create(post_input, None).post.id or 0
        if not is_within(post, self._posts.caller.accounts):
            raise Conflict(f'the key "{post_input.key}" is in use')
        if post.deleted_at is None and is_pending(post):
            self._posts.edit(post.id or 0, replace(post_input, key=None, edited=True), None)
        return post.id or 0

    def checked_time(self, text: str | None, accounts: Sequence[Account], tz: str | None = None) -> str | None:
        """Return the TIME of a draft in a form that means the same later. Raise TimeRefused, PastTime."""
        if not text:
            return None
        typed = parse_time(text)
        if isinstance(typed, ChosenTime) or typed == AfterDuration(timedelta(0)):  # now: when it is approved
            return text
        return utc_text(self._times.resolve(text, accounts, tz).at)

    def _by_key(self, post_input: PostInput) -> SavedPost | None:
        """Return the post that has the key. A draft without a time for its approval gets one: whoever submitted it
        was stopped before. Raise Conflict for a post that the caller may not see."""
        with self._posts.database.reading() as db:
            post = queries.post_by_key(db, post_input.key or "") if db else None
            if post is None:
                return None
            if not is_within(post, self._posts.caller.accounts):
                raise Conflict(f'the key "{post_input.key}" is in use')
            view = self._posts.view(db, post)
        if view.deleted_at is None and is_pending(post) and view.asks_for is None:
            self._save_time(view, post_input.key or "", self.checked_time(post_input.at or "now", (), post_input.tz))
            view = self._queries.post(view.id or 0)
        gone = Problem("key", "deleted", f"post {view.id} was deleted", warning=True)
        return SavedPost(view, () if view.deleted_at is None else (gone,), replayed=True)

    def _save_time(self, post: PostFields, key: str, hint: str | None) -> None:
        with self._posts.database.writing() as db:
            submitted_drafts.save(db, SubmittedDraft(post.id or 0, key, "", None, hint))

    def _views(self, ids: Sequence[int]) -> list[DraftView]:
        submitted = self._submitted(ids)
        return [DraftView(post, submitted.get(post.id or 0)) for post in self._queries.posts_by_id(ids)]

    def _submitted(self, ids: Sequence[int]) -> dict[int, SubmittedDraft]:
        with self._posts.database.reading() as db:
            return submitted_drafts.by_post(db, ids) if db else {}

    def _only_account(self, platform: str) -> tuple[Account, ...]:
        """Return the account of a platform if it has one; an approval chooses or refuses otherwise."""
        accounts = tuple(one for one in self._posts.accounts() if one.platform == platform and one.enabled)
        return accounts if len(accounts) == 1 else ()

    def _accounts_of_platform(self, post: Post, submitted: SubmittedDraft | None) -> tuple[Account, ...]:
        if submitted is None:
            raise no_accounts_error(post, self._posts.accounts(), self._posts.platforms)
        return self._posts.find_accounts([submitted.platform])

    def _refuse_decided(self, post: Post) -> None:
        refuse_in_flight(post, "be approved", reviewing=False)
        see = Hint("see", action("show", post.id))
        if post.rejection is not None:
            raise StateRefused(f"post {post.id} was rejected", see)
        if not is_pending(post, needed=self._needed):
            raise StateRefused(f"post {post.id} is {post.status}", see)


def is_pending(post: PostFields, *, needed: bool = False) -> bool:
    """Return whether a post waits for a person: a draft that was not rejected, or (`needed`) a scheduled post
    without approval."""
    if post.rejection is not None:
        return False
    return post.status is PostStatus.DRAFT or (
        needed and post.status is PostStatus.SCHEDULED and post.approved_at is None
    )
