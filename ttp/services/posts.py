"""Posts: create, edit, schedule, unschedule, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ttp.domain import post_edit
from ttp.domain.account import Account, resolve_accounts
from ttp.domain.action import action, other_options
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import NO_TEXT, Conflict, ContentRefused, Hint, Problem, UsageError
from ttp.domain.parts import frozen_parts
from ttp.domain.post import Post, PostStatus, with_cards_of
from ttp.domain.post_edit import PostInput, check_variants
from ttp.domain.rules import add_alt
from ttp.services.post_changes import PostChanges, SavedPost
from ttp.services.queries import PostView, accounts_of
from ttp.services.request_keys import fingerprint, same_request
from ttp.services.templates.filling import fill_texts
from ttp.store import accounts as stored_accounts
from ttp.store import posts as store
from ttp.store import queries
from ttp.store.change_log import ChangeRecorder
from ttp.store.dialect import Connection

if TYPE_CHECKING:
    from ttp.domain.time.resolve import ResolvedTime
    from ttp.services.attachments.media import RowMedia
    from ttp.services.time_resolver import TimeResolver


class Posts(PostChanges):
    def editable(self, post_id: int) -> Post:
        """Return a post that can be edited now. Raise NotFound, StateRefused, NotAllowed."""
        post = self.post(post_id)
        post_edit.refuse_to_edit(post)
        with self.database.reading() as db:
            if db is not None:
                self.refuse_forbidden_change(db, post, post)
        return post

    def accounts_of_new(self, post_input: PostInput, *, asking: bool = False) -> tuple[Account, ...]:
        """Return the accounts of a new post with a time or (`asking`) a wish of one. Raise NotAllowed, UsageError."""
        post_edit.refuse_empty_key(post_input)
        if not asking:
            self.refuse_time()
        accounts = self.find_accounts(post_input.to or ())
        if not accounts:
            name = post_edit.example_account(self.accounts(), self.platforms, text_alone=not post_input.media)
            raise UsageError("a post with a time needs an account", Hint("try", other_options(to=name)))
        return accounts

    def accounts_after_edit(self, post_id: int, post_input: PostInput) -> tuple[Account, ...]:
        """Return the accounts of a post after an edit. Raise NotFound, StateRefused, NotAllowed."""
        self.refuse_time()
        post, all_accounts = self.post(post_id), self.accounts()
        post_edit.refuse_to_edit(post)
        if post_input.to is not None:
            post = post_edit.with_accounts(post, self.find_accounts(post_input.to), self.clock.now())
        if not post.active:
            raise post_edit.no_accounts_error(post, all_accounts, self.platforms)
        return accounts_of(post, all_accounts)

    def time_of_new(self, times: TimeResolver, post_input: PostInput, draft: int | None = None) -> ResolvedTime | None:
        """Return the time of a new post; None if none is given. `draft`: the post that has its text already."""
        accounts = partial(self.accounts_of_new, post_input)
        return times.resolve_any(post_input.at, accounts, post_input.tz, first=post_input.first, post=draft)

    def time_of_edit(self, times: TimeResolver, post_id: int, post_input: PostInput) -> ResolvedTime | None:
        """Return the new time of a post; None if none is given."""
        accounts = partial(self.accounts_after_edit, post_id, post_input)
        return times.resolve_any(post_input.at, accounts, post_input.tz, post=post_id)

    def accounts_by_post(self, ids: Sequence[int]) -> dict[int, tuple[Account, ...]]:
        """Return the accounts of each post that will get a time. Raise NotFound, StateRefused."""
        all_accounts = self.accounts()
        by_post = {}
        for post_id in dict.fromkeys(ids):
            post = self.post(post_id)
            post_edit.refuse_in_flight(post, "be given a time", reviewing=False)
            by_post[post_id] = accounts_of(post, all_accounts)
        return by_post

    def as_new(self, post: Post) -> Post:
        """Return a new post, as created now."""
        now = self.clock.now()
        return post_edit.with_derived_status(replace(post, created_at=now), now)

    def find_by_key(self, post_input: PostInput) -> SavedPost | None:
        """Return the post that the same request stored before under its key. Raise Conflict for another request."""
        if not post_input.key:
            return None
        with self.database.reading() as db:
            first = queries.post_by_key(db, post_input.key) if db else None
            if db is None or first is None:
                return None
            return SavedPost(
                self.view(db, same_request(first, fingerprint(post_input, self.platforms), self.caller)), replayed=True
            )

    def build_post(
        self, post_input: PostInput, time: ResolvedTime | None, draft: Post | None = None
    ) -> tuple[Post, tuple[Account, ...]]:
        """Return a new post, not stored, and its accounts; its media are copied into the store's folder. `draft`: the
        draft that holds its text. Raises every refusal except ContentRefused."""
        post_edit.refuse_empty_key(post_input)
        all_accounts = self.accounts()
        accounts = resolve_accounts(
            [name for name in post_input.to or () if name.strip()], all_accounts, self.platforms
        )
        at = None if time is None else time.at
        empty = Post(
            "",
            tuple(post_edit.new_delivery(account, at) for account in accounts),
            scheduled_at=at,
            key=post_input.key,
            key_digest=fingerprint(post_input, self.platforms) if post_input.key else None,
            id=None if draft is None else draft.id,
            cards={} if draft is None else draft.cards,  # those that it still shows are not fetched again
        )
        from ttp.services.attachments.post_media import with_media

        names = {account.platform for account in accounts}
        post_input, media = with_media(self._row_media, post_input, post_input.media, names, all_accounts)
        variants = check_variants(post_input.variants, all_accounts, self.platforms)
        post = post_edit.apply_input(empty, post_input, variants, media)
        post = fill_texts(post, post_input, variants, all_accounts, self.platforms, self.links.plain_rules)
        if not post.content.strip() and not post.media:
            ways = (action("create", "Hello", to="x/me"), action("create", "-"))  # the second: a text from a pipe
            raise UsageError("the post has neither text nor media", *(Hint("try", way) for way in ways), flaw=NO_TEXT)
        return self.as_new(self.plan_new(post, accounts)), accounts

    def check_new(self, post: Post, accounts: Sequence[Account], *, first: bool) -> tuple[Problem, ...]:
        """Return the warnings. Raise ContentRefused if the post has a time and a platform would refuse it."""
        try:
            timed = post.scheduled_at is not None
            return post_edit.without_crowded(self.check_post(post, accounts, timed=timed, may_add=True), first=first)
        except ContentRefused as refused:
            refused.hints = post_edit.hints_of_new(refused.hints)
            raise

    def create(self, post_input: PostInput, time: ResolvedTime | None, draft: Post | None = None) -> SavedPost:
        """Store a new post: a draft without a time, scheduled with one.

        `draft`: the draft that holds its text and becomes the post; Conflict if it was changed meanwhile. If another
        process stored the same key first, return that post.
        """
        with self.media.holding():
            _, store_new = self.prepare_new(post_input, time, draft)
            with self.database.writing() as db:
                return store_new(db, None)

    def prepare_new(
        self, post_input: PostInput, time: ResolvedTime | None, draft: Post | None = None, key_digest: str | None = None
    ) -> tuple[Post, Callable[[Connection, ChangeRecorder | None], SavedPost]]:
        """Build and check a new post, outside of a transaction. Return it, and what stores it in one, as `create`, with
        the recorder of several. `key_digest`: of the request that has its key, if that has several posts."""
        chosen, accounts = self.build_post(post_input, time, draft)
        chosen = replace(chosen, key_digest=key_digest or chosen.key_digest)
        warnings = self.check_new(chosen, accounts, first=post_input.first)
        fetched = self.cards.fetch(chosen, accounts) if chosen.cards else chosen

        def store_new(db: Connection, recorder: ChangeRecorder | None) -> SavedPost:
            post, confirmed = fetched, time
            db.lock_posts([] if draft is None else [draft.id or 0])
            earlier = queries.post_by_key(db, post.key) if post.key else None
            if earlier is not None:
                if draft is not None:
                    self._discard_draft(db, draft)
                return SavedPost(self.view(db, same_request(earlier, post.key_digest, self.caller)), replayed=True)
            if time is not None:
                confirmed = self.confirm_time(db, time, accounts, post.id)
                post = post_edit.with_time(post, confirmed.at)
            self.refuse_forbidden_change(db, draft, post)
            recorder = recorder or self._recorder_of_new(db, draft)
            if draft is None:
                stored = store.insert(db, post, recorder)
            elif queries.post(db, draft.id or 0) != draft:
                raise Conflict(
                    f"draft {draft.id} was changed by another command; that change was kept",
                    Hint("see", action("show", draft.id)),
                )
            else:
                stored = store.update(db, replace(post, created_at=draft.created_at), recorder)
            moved = self.make_room(db, stored, recorder) if post_input.first else ()
            more = self.cards.warnings(stored, chosen) if chosen.cards else ()
            own = (replace(w, hint=add_alt(stored)) if w.code == "alt_missing" else w for w in warnings)
            return SavedPost(self.view(db, stored, is_new=True), (*own, *more), moved=moved, time=confirmed)

        return fetched, store_new

    def create_once(self, post_input: PostInput, times: TimeResolver) -> SavedPost:
        """Create a post, or return the one that the same request stored before under its key."""
        if (first := self.find_by_key(post_input)) is not None:
            return first
        filled = self.templates.fill_in(post_input, spare=())
        return self.create(filled, self.time_of_new(times, filled))

    def edit(
        self,
        post_id: int,
        post_input: PostInput,
        time: ResolvedTime | None,
        since: Post | None = None,
        *,
        recorder: ChangeRecorder | None = None,
    ) -> SavedPost:
        """Change the given fields. Lists are replaced; variants and options merge by key, an empty value removes one.

        Published deliveries stay. An account left out of `to` is cancelled for this post. `since`: the post that was
        edited; Conflict if it was changed meanwhile. `recorder`: of another command than `edit`.
        """
        with self.media.holding():
            now, first, all_accounts = self.clock.now(), self.post(post_id), self.accounts()
            post_edit.refuse_to_edit(first, post_input)
            post_input = self.templates.fill_in(post_input, first, spare=())
            variants = check_variants(post_input.variants, all_accounts, self.platforms)
            to = None if post_input.to is None else self.find_accounts(post_input.to)
            platforms = set(first.platforms) if to is None else {account.platform for account in to}
            names, known_media = post_input.add_media or post_input.media, first if post_input.edited else None
            from ttp.services.attachments.post_media import with_media

            post_input, items = with_media(self._row_media, post_input, names, platforms, all_accounts, known_media)

            def changed(before: Post) -> Post:
                after = post_edit.apply_input(before, post_input, variants, items)
                after = after if to is None else post_edit.with_accounts(after, to, now)
                return fill_texts(after, post_input, variants, all_accounts, self.platforms, self.links.plain_rules)

            if first.media or items:
                self.convert(changed(first), all_accounts)
            confirmed, recorder = time, recorder or self.recorder("edit")
            fetched = self.plan_new(changed(first), all_accounts)
            if fetched.cards:
                fetched = self.cards.fetch(fetched, accounts_of(fetched, all_accounts))

            def change(db: Connection, before: Post) -> tuple[Post, tuple[Problem, ...]]:
                nonlocal confirmed
                post_edit.refuse_to_edit(before, post_input)
                if since is not None and before != since:
                    raise Conflict(
                        f"post {post_id} was changed by another command; that change was kept",
                        Hint("see", action("show", post_id)),
                    )
                after = changed(before)
                frozen = frozen_parts.keep_frozen_parts(before, after)
                after = self.plan_parts(after, all_accounts)
                after = with_cards_of(after, fetched)
                if "at" in post_input.dropped:
                    after = post_edit.as_draft(after, "go back to draft")
                if time is not None:
                    if not after.active:
                        raise post_edit.no_accounts_error(after, all_accounts, self.platforms)
                    confirmed = self.confirm_time(db, time, accounts_of(after, all_accounts), post_id)
                    after = post_edit.with_time(after, confirmed.at)
                after = post_edit.with_derived_status(after, now)
                if not after.content.strip() and not after.media:
                    raise UsageError(
                        f"post {post_id} would have no text and no media", Hint("fix", action("delete", post_id))
                    )
                timed = after.scheduled_at is not None or after.status is PostStatus.PUBLISHED  # its comment is due
                warnings = self.check_post(after, all_accounts, timed=timed, db=db, may_add=True)
                return after, (
                    *warnings,
                    *frozen,
                    *(self.cards.warnings(after, before) if after.cards else ()),
                    *post_edit.warn_missing_times(after),
                    *frozen_parts.warn_published_parts(before, after),
                )

            (saved,) = self.change([post_id], change, recorder)
            return saved._replace(time=confirmed)

    def schedule(self, times: Mapping[int, ResolvedTime], *, first: bool = False) -> list[SavedPost]:
        """Schedule posts (by id) or move them; of failed and partial posts the failed deliveries move. `first`:
        scheduled posts in the slot of the one post move back."""
        if first and len(times) > 1:
            last = action("schedule", list(times)[-1], at="next-slot", first=True)
            raise UsageError("only one post can be the first", Hint("try", last, sure=False))
        self.convert_media(list(times))
        all_accounts, confirmed = self.accounts(), dict(times)

        def change(db: Connection, post: Post) -> tuple[Post, tuple[Problem, ...]]:
            post_edit.refuse_in_flight(post, "be given a time", reviewing=False)
            accounts = accounts_of(post, all_accounts)
            if not accounts:
                raise post_edit.no_accounts_error(post, all_accounts, self.platforms)
            if not any(d.state in (DeliveryState.PENDING, DeliveryState.FAILED) for d in post.deliveries):
                raise post_edit.nothing_to_publish(post)
            post_id = post.id or 0
            confirmed[post_id] = self.confirm_time(db, times[post_id], accounts, post_id)
            moved = post_edit.with_time(post, confirmed[post_id].at)
            return moved, post_edit.without_crowded(
                self.check_post(moved, all_accounts, timed=True, db=db), first=first
            )

        self.duplicates.leave_out(times)
        saved = self.change(list(times), change, self.recorder("schedule"), make_room=first)
        return [one._replace(time=confirmed[one.post.id or 0]) for one in saved]

    def unschedule(self, ids: Sequence[int]) -> list[SavedPost]:
        def change(db: Connection, post: Post) -> tuple[Post, tuple[Problem, ...]]:
            return post_edit.as_draft(post, "go back to draft"), ()

        return self.change(ids, change, self.recorder("unschedule"))

    def delete(self, ids: Sequence[int], *, unless_live: bool = False) -> list[PostView]:
        """Mark posts as deleted, before they are published or after they have ended, and return them. `unless_live`:
        Conflict for one of which something is on a platform."""
        now = self.clock.now()

        def change(db: Connection, post: Post) -> tuple[Post, tuple[Problem, ...]]:
            post_edit.refuse_in_flight(post, "be deleted")
            if unless_live and any(d.is_live for d in (*post.deliveries, *post.comments)):
                raise Conflict(
                    f"more of post {post.id} was published meanwhile, and stays there",
                    Hint("fix", action("delete", post.id, remote=True)),
                )
            return post_edit.as_deleted(post, now), ()

        return [saved.post for saved in self.change(ids, change, self.recorder("delete"))]

    def save_draft_text(self, text: str, draft: Post | None = None) -> Post:
        """Save a text in `draft` if that is unchanged, else in a new draft."""
        with self.database.writing() as db:
            db.lock_posts([] if draft is None else [draft.id or 0])
            recorder = replace(self.recorder("create"), request=None)  # the request is not done with that
            if draft is not None and queries.post(db, draft.id or 0) == draft:
                recorder.go_on(db, draft.id)
                draft = self.plan_parts(replace(draft, content=text), stored_accounts.accounts(db))
                return store.update(db, replace(draft, updated_at=self.clock.now()), recorder)
            return store.insert(db, self.as_new(Post(text)), recorder)

    def discard_draft(self, draft: Post) -> None:
        """Delete a draft if it is unchanged."""
        with self.database.writing() as db:
            db.lock_posts([draft.id or 0])
            if queries.post(db, draft.id or 0) == draft:
                self._discard_draft(db, draft)

    def _discard_draft(self, db: Connection, draft: Post) -> None:
        store.update(db, replace(draft, deleted_at=self.clock.now()), None)
        self._recorder_of_new(db, draft).forget(db)

    def _recorder_of_new(self, db: Connection, draft: Post | None) -> ChangeRecorder:
        """Return the recorder of a new post. Saving its draft is part of the same change."""
        recorder = self.recorder("create")
        recorder.go_on(db, draft.id if draft else None)
        return recorder

    def _row_media(self) -> RowMedia:
        from ttp.services.attachments.media import RowMedia

        return RowMedia(self.database, self.media, self.config, self.platforms, None)
