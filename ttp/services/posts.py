"""Writing posts and giving them times: create, edit, schedule, unschedule, delete.

Every method is one transaction: all of it happens, or nothing. A method that changes a post either wins before the
publisher's claim or is refused; it never touches a delivery that is in flight.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from ttp.domain.account import Account, Platform
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Conflict, ContentRefused, Hint, Problem, StateRefused, TtpError, UsageError
from ttp.domain.media import MediaItem
from ttp.domain.post import Post, PostStatus
from ttp.services.book import Book, Room, Saved, nobody, of
from ttp.services.changes import (
    as_draft,
    half_out,
    merged,
    naming,
    new_delivery,
    no_accounts,
    nothing_left,
    redirected,
    refuse_in_flight,
    refuse_other_parts,
    settled,
    timed,
    untimed,
    with_alts,
)
from ttp.services.drafting import Typed, check_variants, digest
from ttp.services.media_taking import taken
from ttp.store import posts as store
from ttp.store import reads
from ttp.store.media import MediaStore


class When(Protocol):
    """Reads a TIME for some accounts; given by the command line, which owns the grammar.

    `draft`: where the text is kept already, for the command that it gives to type. `post`: the stored post that it is
    for, whose own time is free to it. It may be asked again inside the change: what other posts hold counts then.
    """

    def __call__(
        self, text: str, accounts: Sequence[Account], draft: int | None = None, post: int | None = None
    ) -> datetime: ...


class Posts:
    def __init__(self, book: Book, media: MediaStore, make_room: Room = nobody) -> None:
        self._book = book
        self._media = media
        self._make_room = make_room

    # Writing.

    def create(self, typed: Typed, when: When) -> Saved:
        """Store a new post: a draft without a time, scheduled with one.

        A text from stdin is stored as a draft before anything is checked, and an error then names it.
        """
        mark = digest(typed) if typed.key else None
        with self._book.database.reading() as db:
            first = _replayed(reads.post_by_key(db, typed.key), mark) if db and typed.key else None
        if first is not None:
            return Saved(self._book.told(first), replayed=True)
        with self._media.holding():
            if not typed.kept or not (typed.text or "").strip():
                return self._create(typed, when, mark, None)
            kept = self._book.keep(typed.text or "")
            try:
                return self._create(typed, when, mark, kept)
            except TtpError as error:
                raise naming(error, kept) from error

    def _create(self, typed: Typed, when: When, mark: str | None, kept: Post | None) -> Saved:
        if typed.key is not None and not typed.key.strip():
            raise UsageError("the key is empty", Hint("leave it out, or write", "--key KEY"))
        book, draft = self._book, kept.id if kept else None
        if typed.at is not None:
            book.permit_time()
        accounts = book.named(typed.to or ())
        if typed.at is not None and not accounts:
            raise UsageError(
                "a post with a time needs accounts to go to",
                Hint("name them", "--to PLATFORM/HANDLE, for example --to x/me"),
            )
        variants = check_variants(typed.variants, book.accounts())
        at = None if typed.at is None else when(typed.at, accounts, draft)
        post = Post(
            content=typed.text or "",
            deliveries=tuple(new_delivery(account, at) for account in accounts),
            scheduled_at=at,
            max_lateness_s=typed.max_lateness_s,
            media=self._media_items(typed.media or (), typed.alts, {account.platform for account in accounts}),
            variants=merged({}, variants),
            thread=typed.thread or (),
            tags=_once(typed.tags or ()),
            options=dict(typed.options),
            key=typed.key,
            key_digest=mark,
            id=draft,
        )
        if not post.content.strip() and not post.media:
            raise UsageError("there is no text and no media", Hint("write it as", "ttp create 'Hello' --to x/me"))
        try:
            warnings = _in_front(book.judge(post, accounts, timed=at is not None), first=typed.first)
        except ContentRefused as refused:
            raise _draftable(refused) from None
        post = book.stamped(post)
        with book.database.writing() as db:
            taken = reads.post_by_key(db, typed.key) if typed.key else None
            if taken is not None:  # by another process, a moment ago
                if kept is not None:
                    store.update(db, replace(kept, deleted_at=book.clock.now()))
                return Saved(book.told(_replayed(taken, mark) or taken), replayed=True)
            if typed.at is not None:  # once more: another post may have taken the slot meanwhile
                post = timed(post, when(typed.at, accounts, draft))
            book.permit(db, kept, post)
            if kept is not None:
                stored = store.update(db, replace(post, created_at=kept.created_at))
            else:
                stored = store.insert(db, post)
            moved = tuple(self._make_room(stored) if typed.first else ())
            return Saved(book.told(stored), warnings, moved=moved)

    @contextmanager
    def rescuing(self, text: str | None) -> Iterator[None]:
        """Keep a text (if there is any) as a draft when the block fails, and say so in the error."""
        try:
            yield
        except TtpError as error:
            if not (text or "").strip():
                raise
            raise naming(error, self._book.keep(text or "")) from error

    def edit(self, post_id: int, typed: Typed, when: When) -> Saved:
        """Change what is given. Lists are replaced whole; variants and options by their key (an empty value removes).

        Touches only what is not published yet; an account left out of `to` is cancelled for this post.
        """
        with self._media.holding():
            return self._edit(post_id, typed, when)

    def _edit(self, post_id: int, typed: Typed, when: When) -> Saved:
        book, now = self._book, self._book.clock.now()
        if typed.at is not None:
            book.permit_time()
        first = book.post(post_id)
        _refuse_to_edit(first)
        known = book.accounts()
        variants = check_variants(typed.variants, known)
        goes_to = set(first.platforms) if typed.to is None else {account.platform for account in book.named(typed.to)}
        items = None if typed.media is None else self._media_items(typed.media, typed.alts, goes_to)
        book.fitting.fits(first.media if items is None else items, goes_to)

        def change(before: Post) -> tuple[Post, tuple[Problem, ...]]:
            _refuse_to_edit(before)
            after = replace(
                before,
                content=before.content if typed.text is None else typed.text,
                media=with_alts(before.media, typed.alts) if items is None else items,
                variants=merged(before.variants, variants),
                options=merged(before.options, typed.options),
                thread=before.thread if typed.thread is None else typed.thread,
                tags=before.tags if typed.tags is None else _once(typed.tags),
                max_lateness_s=before.max_lateness_s if typed.max_lateness_s is None else typed.max_lateness_s,
            )
            refuse_other_parts(before, after)
            if typed.to is not None:
                after = redirected(after, book.named(typed.to), now)
            if typed.at is not None:
                if not after.active:
                    raise no_accounts(after, known)
                after = timed(after, when(typed.at, of(after, known), post=post_id))
            after = settled(after, now)
            if not after.content.strip() and not after.media:
                raise UsageError(
                    f"post {post_id} would have no text and no media", Hint("delete it", f"ttp delete {post_id}")
                )
            has_time = after.scheduled_at is not None
            return after, (*book.judge(after, known, timed=has_time), *untimed(after), *half_out(before, after))

        return book.change([post_id], change)[0]

    def delete(self, ids: Sequence[int]) -> list[Post]:
        """Take posts off the lists, before they fire or after they have ended. They are marked, not removed. Answers
        them as they were when that was done."""
        now = self._book.clock.now()

        def change(post: Post) -> tuple[Post, tuple[Problem, ...]]:
            refuse_in_flight(post, "be deleted")
            still = tuple(replace(d, next_at=None) for d in post.deliveries)
            return replace(post, deliveries=still, deleted_at=now), ()

        return [saved.post for saved in self._book.change(ids, change)]

    # Planning.

    def schedule(self, ids: Sequence[int], at: str, when: When, *, first: bool = False) -> list[Saved]:
        """Give posts a time, or a new one; of failed and partial posts it moves the failed deliveries.

        `first`: the one post goes in front of those that stand in its slot.
        """
        if first and len(set(ids)) > 1:
            last = f"ttp schedule {ids[-1]} --at next-slot --first"
            raise UsageError("only one post can be the first", Hint("one after the other, the last one first", last))
        self._book.fit(ids)
        known = self._book.accounts()

        def change(post: Post) -> tuple[Post, tuple[Problem, ...]]:
            refuse_in_flight(post, "be given a time", reviewing=False)
            accounts = of(post, known)
            instant = when(
                at, accounts, post=post.id
            )  # first of all: what was typed is looked at before what it is typed for
            if not accounts:
                raise no_accounts(post, known)
            if not any(d.state in (DeliveryState.PENDING, DeliveryState.FAILED) for d in post.deliveries):
                raise nothing_left(post)
            moved = timed(post, instant)
            return moved, _in_front(self._book.judge(moved, known, timed=True), first=first)

        return self._book.change(ids, change, self._make_room if first else nobody)

    def unschedule(self, ids: Sequence[int]) -> list[Saved]:
        """Back to draft: no time."""

        def change(post: Post) -> tuple[Post, tuple[Problem, ...]]:
            return as_draft(post, "go back to draft"), ()

        return self._book.change(ids, change)

    def _media_items(
        self, paths: Sequence[str], alts: Sequence[str] | None, platforms: Collection[Platform]
    ) -> tuple[MediaItem, ...]:
        return with_alts(taken(paths, platforms, self._media, self._book.config), alts)


def _replayed(first: Post | None, mark: str | None) -> Post | None:
    """The post that a key made before. Conflict if it was not the same post."""
    if first is not None and first.key_digest != mark:
        raise Conflict(
            f'the key "{first.key}" belongs to post {first.id}, which is another text, account, option, file or time',
            Hint("look at it", f"ttp show {first.id}"),
            Hint("or take", "another --key"),
        )
    return first


def _refuse_to_edit(post: Post) -> None:
    refuse_in_flight(post, "be edited")
    if post.status is PostStatus.PUBLISHED:
        raise StateRefused(
            f"post {post.id} is published", Hint("write another", "ttp create TEXT --to PLATFORM/HANDLE")
        )


def _in_front(warnings: tuple[Problem, ...], *, first: bool) -> tuple[Problem, ...]:
    """The warnings without those of the posts that make room."""
    return tuple(one for one in warnings if not (first and one.code == "crowded"))


def _draftable(refused: ContentRefused) -> ContentRefused:
    """The same, saying that the rules refuse a time and never a draft."""
    keep = Hint("keep it as a draft", "leave out --at")
    return ContentRefused(refused.message, *refused.hints, keep, problems=refused.problems, details=refused.details)


def _once(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
