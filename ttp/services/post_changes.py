"""What every service that changes posts shares: their accounts, checks, and the transaction of a change.

A change is one transaction: all of it happens, or nothing. It reads the posts inside the transaction, so that it either
wins before the publisher's claim or is refused. It never touches a delivery that is in flight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from ttp.domain import comments, permissions, post_edit
from ttp.domain.account import Account, resolve_accounts
from ttp.domain.action import action, other_options
from ttp.domain.config import Config
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Conflict, ContentRefused, Hint, NotAllowed, Problem, Stale
from ttp.domain.login_end import account_notes
from ttp.domain.permissions import Caller, Capability
from ttp.domain.post import Post
from ttp.domain.pricing import price_notes
from ttp.domain.rules import check, forms_for, may_have_cards, offer_split
from ttp.domain.time.clock import Clock
from ttp.domain.time.formatting import first_valid_zone
from ttp.platforms.registry import Registry
from ttp.services.links import PostLinks
from ttp.services.queries import PostView, accounts_of, accounts_within, is_within, missing_post_error, view_posts
from ttp.services.templates.filling import Templates
from ttp.store import accounts as stored_accounts
from ttp.store import attempts, queries
from ttp.store import posts as store
from ttp.store.change_log import ChangeRecorder
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.home.media import MediaStore

if TYPE_CHECKING:
    from ttp.domain.media.image_fit import ImageFits
    from ttp.domain.publishing.attempt import Attempt
    from ttp.domain.time.resolve import ResolvedTime
    from ttp.services.attachments.cards import PostCards
    from ttp.services.attachments.media import MediaConversion
    from ttp.services.duplicate_check import DuplicateCheck

Change = Callable[[Connection, Post], tuple[Post, tuple[Problem, ...]]]
"""Returns the changed post and its warnings. Raises to refuse the change."""


class SavedPost(NamedTuple):
    """A stored post and its warnings. `replayed`: an earlier request with its key stored it; `moved`: posts that made
    room for it; `time`: the time it was given."""

    post: PostView
    warnings: tuple[Problem, ...] = ()
    replayed: bool = False
    moved: tuple[Post, ...] = ()
    time: ResolvedTime | None = None


@dataclass
class PostChanges:
    """Posts to other accounts than the caller's do not exist. `strict`: the duplicate check refuses instead of warning.
    `expected`: the revision of the post that the user has seen; a change of another one is refused. `shortens`: the
    program in `links.shorten` may be run."""

    database: Database
    media: MediaStore
    clock: Clock
    config: Config
    platforms: Registry
    caller: Caller
    templates: Templates
    strict: bool = field(default=False)
    expected: int | None = None
    shortens: bool = True

    @cached_property
    def media_conversion(self) -> MediaConversion:
        from ttp.services.attachments.media import MediaConversion

        return MediaConversion(self.media, self.config)

    @cached_property
    def cards(self) -> PostCards:
        from ttp.services.attachments.cards import PostCards  # here: most posts have no link

        return PostCards(self.media, self.clock, self.config, self.platforms, self.caller, self.database)

    @cached_property
    def duplicates(self) -> DuplicateCheck:
        """The duplicate check of this command, with the budgets; remembers posts that will be stored."""
        from ttp.services.duplicate_check import DuplicateCheck

        return DuplicateCheck(self.database, self.config, self.platforms, self.clock, strict=self.strict)

    @cached_property
    def links(self) -> PostLinks:
        return PostLinks(self.database, self.config, self.platforms, self.shortens)

    def post(self, post_id: int) -> Post:
        """Return a post. Raise NotFound if it does not exist. Never creates a store."""
        with self.database.reading() as db:
            post = queries.post(db, post_id) if db else None
            if post is None or not is_within(post, self.caller.accounts):
                raise missing_post_error(db, post_id, self.caller, self.clock.now())
            return post

    def accounts(self) -> tuple[Account, ...]:
        with self.database.reading() as db:
            return tuple(accounts_within(stored_accounts.accounts(db), self.caller.accounts)) if db else ()

    def find_accounts(self, names: Iterable[str]) -> tuple[Account, ...]:
        """Return the accounts of these names; empty names are left out. Raise NotFound, Ambiguous, UsageError."""
        return resolve_accounts([name for name in names if name.strip()], self.accounts(), self.platforms)

    def check_post(
        self,
        post: Post,
        accounts: Iterable[Account],
        *,
        timed: bool,
        db: Connection | None = None,
        may_add: bool = False,
    ) -> tuple[Problem, ...]:
        """Return the warnings. Raise ContentRefused if the post has a time and a platform would refuse it. `db`: the
        transaction that changes the post, if one has begun. `may_add`: the request takes the options of a post."""
        chosen = accounts_of(post, accounts)
        problems = (*self._find_problems(post, chosen), *comments.check(post, chosen, self.platforms, self.config))
        may_add = post.id is None or (may_add and timed)  # the text of a draft is stored unchanged
        way = other_options(split=True) if may_add else action("edit", post.id, split=True)
        if offer := offer_split(post, chosen, self.platforms, problems, way, self.links.rules(post, chosen)):
            problems = (*problems, offer)
        if timed:
            problems = (*self.duplicates.problems(post, db), *problems)
            if (refused := post_edit.content_refusal(problems)) is not None:
                raise refused
            now = self.clock.now().astimezone(first_valid_zone(self.config.text("timezone")))
            notes = account_notes(post, chosen, self.platforms, now)
            problems = (*problems, *notes, *price_notes(post, self.platforms))
        return problems

    def plan_parts(self, post: Post, accounts: Iterable[Account]) -> Post:
        """Return the post with its parts planned and cards chosen again: after a change of text, options, accounts."""
        accounts = tuple(accounts)
        post = self.links.plan(post, accounts)
        return self.cards.choose(post, accounts) if post.cards or may_have_cards(post, accounts) else post

    def plan_new(self, post: Post, accounts: Sequence[Account]) -> Post:
        """Like `plan_parts`, with new links shortened first: slow, and outside a transaction. Raises UsageError."""
        self.links.shorten(post, accounts)
        return self.plan_parts(post, accounts)

    def _find_problems(self, post: Post, accounts: Iterable[Account]) -> tuple[Problem, ...]:
        by_name = {one.name: one for one in accounts}
        links = self.links.problems(post, by_name.values())
        if not post.media:
            return (*check(post, by_name, self.platforms, no_host=None, config=self.config), *links)
        from ttp.platforms.media_host.availability import media_host_problem
        from ttp.services.attachments.media import loopback_platforms, missing_media_problems

        to_come = {d.platform for d in post.active if d.state is not DeliveryState.PUBLISHED}
        problems = check(
            post,
            by_name,
            self.platforms,
            no_host=media_host_problem(self.config),
            config=self.config,
            fits=self.convert(post, by_name.values()),
            rehearsed=loopback_platforms(self.config, self.platforms, by_name.values()),
        )
        return (
            *(missing_media_problems(post, self.media_conversion.find_missing(post)) if to_come else ()),
            *problems,
            *links,
        )

    def convert(self, post: Post, accounts: Iterable[Account], *, only_made: bool = False) -> ImageFits:
        """Return how those of the accounts that a post goes to get its images. Converts them, unless `only_made`."""
        forms = forms_for(post, accounts, self.platforms)
        return self.media_conversion.fits(post.media, forms, only_made=only_made)

    def convert_media(self, ids: Sequence[int]) -> None:
        """Convert images as the posts' platforms need. Call it before a transaction: it is slow."""
        with self.database.reading() as db:
            posts = list(queries.posts_by_id(db, ids)) if db else []
        for post in posts:
            if post.media:
                self.convert(post, self.accounts())

    def refuse_forbidden_change(self, db: Connection, before: Post | None, after: Post) -> None:
        """Raise NotAllowed for a change that this environment may not make."""
        if not all(post is None or is_within(post, self.caller.accounts) for post in (before, after)):
            raise NotAllowed(f"post {after.id} goes to an account that you may not use")
        if self.caller.capability is not Capability.PUBLISH:
            from ttp.store import repeats

            going = [one for one in repeats.recurrences(db) if one.state != "ended"]
            permissions.refuse_forbidden_change(self.caller, before, after, going)

    def refuse_time(self) -> None:
        """Raise NotAllowed if no post may get a time. Called before the time is parsed."""
        permissions.refuse_time(self.caller)

    def recorder(self, command: str, continues: int | None = None) -> ChangeRecorder:
        """Return the recorder that makes a command's changes undoable."""
        return ChangeRecorder(command, self.clock.now(), self.caller.name, self.database.request, continues)

    def change(
        self,
        ids: Sequence[int],
        change: Change,
        recorder: ChangeRecorder | None,
        *,
        make_room: bool = False,
        steps: Sequence[Attempt] = (),
        keeps_approval: bool = False,
        db: Connection | None = None,
    ) -> list[SavedPost]:
        """Change some posts: all, or none. For several posts a content error names the post.

        `recorder` None: the change cannot be undone. `make_room`: posts in the slot of a changed one move back. `steps`
        are recorded as attempts; the change may add to them. `keeps_approval`: the approval does not change. `db`: the
        transaction that the change is a part of.
        """
        post_ids = dict.fromkeys(ids)
        saved = []
        with self.database.writing(db) as db:
            db.lock_posts(post_ids)
            for post_id in post_ids:
                post = queries.post(db, post_id)
                if post is None or not is_within(post, self.caller.accounts):
                    raise missing_post_error(db, post_id, self.caller, self.clock.now())
                if self.expected is not None and post.revision != self.expected:
                    raise Stale(
                        f"post {post_id} was changed since you read it; that change was kept",
                        Hint("see", action("show", post_id)),
                    )
                try:
                    changed, warnings = change(db, post)
                except ContentRefused as refused:
                    raise post_edit.with_post_id(refused, post_id) if len(post_ids) > 1 else refused from None
                if changed.scheduled_at is not None or post.scheduled_at is not None:
                    self.duplicates.add_pending(changed)
                after = post_edit.with_derived_status(changed, self.clock.now(), None if keeps_approval else post)
                self.refuse_forbidden_change(db, post, after)
                stored = store.update(db, after, recorder)
                moved = self.make_room(db, stored, recorder) if make_room and recorder else ()
                saved.append(SavedPost(self.view(db, stored), warnings, moved=moved))
            for step in steps:
                attempts.add_attempt(db, step)
        return saved

    def view(self, db: Connection | None, post: Post, *, is_new: bool = False) -> PostView:
        """Return a post as shown now. `db` None: no store exists. `is_new`: no repeat has created it."""
        posts, now = [self.caller.view(post)], self.clock.now()
        return view_posts(db, posts, self.caller, now=now, config=self.config, are_new=is_new)[0]

    def confirm_time(
        self, db: Connection, time: ResolvedTime, accounts: Sequence[Account], post_id: int | None
    ) -> ResolvedTime:
        """Return the post's time; if another post now has its slot or hour, the next free one."""
        if {account.id for account in accounts} != set(time.account_ids):
            raise Conflict("the accounts of the post were changed by another command", Hint("see", action("list")))
        if time.choice is None:
            return time
        from ttp.services.time_resolver import TimeChooser

        return TimeChooser(self.database, self.clock, self.config).confirm(db, time, accounts, post=post_id)

    def make_room(self, db: Connection, post: Post, recorder: ChangeRecorder) -> tuple[Post, ...]:
        """Move posts in the slot of a stored one back, and return them."""
        from ttp.services.slots import Slots

        return tuple(Slots(self.database, self.clock, self.config).make_room(db, post, recorder))
