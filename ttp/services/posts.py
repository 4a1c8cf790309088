"""Writing posts and giving them times: create, edit, schedule, unschedule, delete.

Every method is one transaction: all of it happens, or nothing. A method that changes a post either wins before the
publisher's claim or is refused; it never touches a delivery that is in flight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Conflict, Hint, Problem, StateRefused, UsageError
from ttp.domain.post import Post, PostStatus
from ttp.domain.post_edit import (
    as_draft,
    half_out,
    merged,
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
from ttp.domain.post_input import Typed, check_variants
from ttp.services.drafts import When, Writing, in_front, once
from ttp.services.post_changes import Book, Room, Saved, nobody, of
from ttp.store import repeats
from ttp.store.home.media import MediaStore


class Posts:
    def __init__(self, book: Book, media: MediaStore, make_room: Room = nobody) -> None:
        self._book = book
        self._media = media
        self._make_room = make_room
        self.writing = Writing(book, media, make_room)

    # Writing.

    def create(self, typed: Typed, when: When) -> Saved:
        """Store a new post, as `Writing.create`."""
        return self.writing.create(typed, when)

    def editable(self, post_id: int) -> Post:
        """A post that can be edited now. NotFound, StateRefused, NotAllowed."""
        post = self._book.post(post_id)
        _refuse_to_edit(post)
        with self._book.database.reading() as db:
            if db is not None:
                self._book.permit(db, post, post)
        return post

    def edit(self, post_id: int, typed: Typed, when: When, since: Post | None = None) -> Saved:
        """Change what is given. Lists are replaced whole; variants and options by their key (an empty value removes).

        Touches only what is not published yet; an account left out of `to` is cancelled for this post. `since`: the
        post that this is an edit of. Conflict where it is another one by now.
        """
        with self._media.holding():
            return self._edit(post_id, typed, when, since)

    def _edit(self, post_id: int, typed: Typed, when: When, since: Post | None) -> Saved:
        book, now = self._book, self._book.clock.now()
        if typed.at is not None:
            book.permit_time()
        first = book.post(post_id)
        _refuse_to_edit(first)
        known = book.accounts()
        variants = check_variants(typed.variants, known, book.platforms)
        goes_to = set(first.platforms) if typed.to is None else {account.platform for account in book.named(typed.to)}
        shown = first if typed.edited else None
        items = None if typed.media is None else self.writing.media_items(typed.media, typed.alts, goes_to, shown)
        book.fitting.fits(first.media if items is None else items, goes_to)

        def change(before: Post) -> tuple[Post, tuple[Problem, ...]]:
            _refuse_to_edit(before)
            if since is not None and before != since:
                raise Conflict(
                    f"post {post_id} was changed meanwhile, and is as that left it",
                    Hint("see what it is now", f"ttp show {post_id}"),
                )
            after = replace(
                before,
                content=before.content if typed.text is None else typed.text,
                media=with_alts(before.media, typed.alts) if items is None else items,
                variants=merged(before.variants, variants),
                options=merged(before.options, typed.options),
                thread=before.thread if typed.thread is None else typed.thread,
                tags=before.tags if typed.tags is None else once(typed.tags),
                max_lateness_s=None if "max_lateness_s" in typed.dropped else _later(before, typed),
            )
            refuse_other_parts(before, after)
            if typed.to is not None:
                after = redirected(after, book.named(typed.to), now)
            if "at" in typed.dropped:
                after = as_draft(after, "go back to draft")
            if typed.at is not None:
                if not after.active:
                    raise no_accounts(after, known, self._book.platforms)
                after = timed(after, when(typed.at, of(after, known), post=post_id))
            after = settled(after, now)
            if not after.content.strip() and not after.media:
                raise UsageError(
                    f"post {post_id} would have no text and no media", Hint("delete it", f"ttp delete {post_id}")
                )
            has_time = after.scheduled_at is not None
            return after, (*book.judge(after, known, timed=has_time), *untimed(after), *half_out(before, after))

        return book.change([post_id], change, book.recorder("edit"))[0]

    def delete(self, ids: Sequence[int]) -> list[Post]:
        """Take posts off the lists, before they fire or after they have ended. They are marked, not removed. Answers
        them as they were when that was done."""
        now = self._book.clock.now()

        def change(post: Post) -> tuple[Post, tuple[Problem, ...]]:
            refuse_in_flight(post, "be deleted")
            still = tuple(replace(d, next_at=None) for d in post.deliveries)
            return replace(post, deliveries=still, deleted_at=now), ()

        return [saved.post for saved in self._book.change(ids, change, self._book.recorder("delete"))]

    def repeats_of(self, ids: Sequence[int]) -> list[tuple[int, int]]:
        """The repeats that go on and are of one of these posts, and which it is."""
        with self._book.database.reading() as db:
            known = repeats.recurrences(db) if db else []
        return [(one.id or 0, one.post_id or 0) for one in known if one.state != "ended" and one.post_id in ids]

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
                raise no_accounts(post, known, self._book.platforms)
            if not any(d.state in (DeliveryState.PENDING, DeliveryState.FAILED) for d in post.deliveries):
                raise nothing_left(post)
            moved = timed(post, instant)
            return moved, in_front(self._book.judge(moved, known, timed=True), first=first)

        return self._book.change(ids, change, self._book.recorder("schedule"), self._make_room if first else nobody)

    def unschedule(self, ids: Sequence[int]) -> list[Saved]:
        """Back to draft: no time."""

        def change(post: Post) -> tuple[Post, tuple[Problem, ...]]:
            return as_draft(post, "go back to draft"), ()

        return self._book.change(ids, change, self._book.recorder("unschedule"))


def _refuse_to_edit(post: Post) -> None:
    refuse_in_flight(post, "be edited")
    if post.status is PostStatus.PUBLISHED:
        raise StateRefused(
            f"post {post.id} is published", Hint("write another", "ttp create TEXT --to PLATFORM/HANDLE")
        )


def _later(before: Post, typed: Typed) -> float | None:
    return before.max_lateness_s if typed.max_lateness_s is None else typed.max_lateness_s
