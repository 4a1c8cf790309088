"""Writing new posts, so that no text is lost on the way: what came from stdin or an editor is a draft before it is
looked at, and the same draft becomes the post.

Each post is stored in one transaction: all of it, or nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ttp.domain.account import Account
from ttp.domain.errors import Conflict, ContentRefused, Hint, Problem, TimeRefused, TtpError, UsageError
from ttp.domain.media import MediaItem, is_web_address
from ttp.domain.platform import PlatformFacts
from ttp.domain.post import Post
from ttp.domain.post_edit import merged, naming, new_delivery, one_for, timed, with_alts
from ttp.domain.post_input import Typed, check_variants
from ttp.services.media import RowMedia
from ttp.services.post_changes import Book, Room, Saved, nobody
from ttp.store import posts as store
from ttp.store import queries
from ttp.store.change_log import ChangeRecorder
from ttp.store.home.media import MediaStore
from ttp.store.home.regular_file import open_regular


class When(Protocol):
    """Reads a TIME for some accounts; given by the command line, which owns the grammar.

    `draft`: where the text is kept already, for the command that it gives to type. `post`: the stored post that it is
    for, whose own time is free to it. It may be asked again inside the change: what other posts hold counts then.
    """

    def __call__(
        self, text: str, accounts: Sequence[Account], draft: int | None = None, post: int | None = None
    ) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Made:
    """A post that was typed, and the accounts that it goes to; it is not stored yet."""

    post: Post
    accounts: tuple[Account, ...]


class Writing:
    def __init__(self, book: Book, media: MediaStore, make_room: Room = nobody) -> None:
        self._book = book
        self._media = media
        self._make_room = make_room

    def create(self, typed: Typed, when: When) -> Saved:
        """Store a new post: a draft without a time, scheduled with one.

        A text from stdin is stored as a draft before anything is checked, and an error then names it; where only the
        time is refused it has the accounts, media and options that were typed.
        """
        mark = request_fingerprint(typed, self._book.platforms) if typed.key else None
        first = self.made_before(typed, mark)
        if first is not None:
            return first
        if not typed.kept or not (typed.text or "").strip():
            return self._create(typed, when, mark, None)
        kept = self.keep(typed.text or "")
        try:
            return self._create(typed, when, mark, kept)
        except (ContentRefused, TimeRefused) as error:
            raise self._without_time(error, kept, typed, when) from error
        except TtpError as error:
            raise naming(error, kept) from error

    def create_from(self, source: str, typed: Typed, when: When) -> Saved:
        """Store the new post of a content file that came by stdin. All of it is a draft before it is checked.

        Where a time cannot be had, the draft is the post without one; where that cannot be either, it has the file as
        its text. An error names it.
        """
        kept = self.keep(source)
        try:
            return self.finish(kept, typed, when)
        except TtpError as error:
            raise self._without_time(error, kept, typed, when) from error

    def _without_time(self, error: TtpError, kept: Post, typed: Typed, when: When) -> TtpError:
        """The error, naming the draft, which gets all that was typed but the time where it may."""
        with suppress(TtpError):
            self.finish(kept, replace(typed, at=None, tz=None, key=None, first=False), when)
        return naming(error, kept)

    def finish(self, kept: Post, typed: Typed, when: When) -> Saved:
        """Make a post of a draft that its text was kept as. Conflict where that was changed meanwhile."""
        mark = request_fingerprint(typed, self._book.platforms) if typed.key else None
        first = self.made_before(typed, mark)
        if first is None:
            return self._create(typed, when, mark, kept)
        self.drop(kept.id or 0, mark_of(kept))
        return first

    def keep(self, text: str, post_id: int | None = None, mark: str | None = None) -> Post:
        """Store a text as a draft, whatever it is: in the place of what a draft held, while that is still as `mark`
        says, else as a new one."""
        with self._book.database.writing() as db:
            before = queries.post(db, post_id) if post_id is not None else None
            if before is not None and mark_of(before) == mark:
                recorder = self._going_on(db, before)
                return store.update(db, replace(before, content=text, updated_at=self._book.clock.now()), recorder)
        return self._book.keep(text)

    def drop(self, post_id: int, mark: str | None) -> None:
        """Take away a draft that held a text, while it is still as `mark` says."""
        with self._book.database.writing() as db:
            kept = queries.post(db, post_id)
            if kept is not None and mark_of(kept) == mark:
                self._drop(db, kept)

    @contextmanager
    def rescuing(self, text: str | None) -> Iterator[None]:
        """Keep a text (if there is any) as a draft when the block fails, and say so in the error."""
        try:
            yield
        except TtpError as error:
            if not (text or "").strip():
                raise
            raise naming(error, self._book.keep(text or "")) from error

    def made_before(self, typed: Typed, mark: str | None) -> Saved | None:
        """The post that a key made before; `mark`: its digest. Conflict if it was not the same post."""
        with self._book.database.reading() as db:
            first = _same(queries.post_by_key(db, typed.key), mark) if db and typed.key else None
        return None if first is None else Saved(self._book.told(first), replayed=True)

    def made(self, typed: Typed, when: When, mark: str | None = None, kept: Post | None = None) -> Made:
        """The post that was typed, with its time; only its media are taken in. Every refusal but that of content."""
        if typed.key is not None and not typed.key.strip():
            raise UsageError("the key is empty", Hint("leave it out, or write", "--key KEY"))
        book, draft = self._book, kept.id if kept else None
        if typed.at is not None:
            book.permit_time()
        accounts = book.named(typed.to or ())
        if typed.at is not None and not accounts:
            name = one_for(book.accounts(), book.platforms, text_alone=not typed.media)
            raise UsageError("a post with a time needs accounts to go to", Hint("name them", f"--to {name}"))
        variants = check_variants(typed.variants, book.accounts(), book.platforms)
        at = None if typed.at is None else when(typed.at, accounts, draft)
        post = Post(
            content=typed.text or "",
            deliveries=tuple(new_delivery(account, at) for account in accounts),
            scheduled_at=at,
            max_lateness_s=typed.max_lateness_s,
            media=self.media_items(typed.media or (), typed.alts, {account.platform for account in accounts}),
            variants=merged({}, variants),
            thread=typed.thread or (),
            tags=once(typed.tags or ()),
            options=dict(typed.options),
            key=typed.key,
            key_digest=mark,
            id=draft,
        )
        if not post.content.strip() and not post.media:
            raise UsageError("there is no text and no media", Hint("write it as", "ttp create 'Hello' --to x/me"))
        return Made(book.stamped(post), accounts)

    def judge(self, made: Made, *, first: bool) -> tuple[Problem, ...]:
        """What to warn of. ContentRefused where it has a time and a platform would refuse it."""
        try:
            has_time = made.post.scheduled_at is not None
            return in_front(self._book.judge(made.post, made.accounts, timed=has_time), first=first)
        except ContentRefused as refused:
            raise _draftable(refused) from None

    def _create(self, typed: Typed, when: When, mark: str | None, kept: Post | None) -> Saved:
        book = self._book
        with self._media.holding():
            made = self.made(typed, when, mark, kept)
            warnings, post = self.judge(made, first=typed.first), made.post
            with book.database.writing() as db:
                taken = queries.post_by_key(db, typed.key) if typed.key else None
                if taken is not None:  # by another process, a moment ago
                    if kept is not None:
                        self._drop(db, kept)
                    return Saved(book.told(_same(taken, mark) or taken), replayed=True)
                if typed.at is not None:  # once more: another post may have taken the slot meanwhile
                    post = timed(post, when(typed.at, made.accounts, kept.id if kept else None))
                book.permit(db, kept, post)
                recorder = self._going_on(db, kept)
                if kept is None:
                    stored = store.insert(db, post, recorder)
                elif queries.post(db, kept.id or 0) != kept:
                    raise Conflict(
                        f"draft {kept.id} was changed meanwhile, and is as that left it",
                        Hint("see what it is now", f"ttp show {kept.id}"),
                    )
                else:
                    stored = store.update(db, replace(post, created_at=kept.created_at), recorder)
                moved = tuple(self._make_room(stored, recorder) if typed.first else ())
                return Saved(book.told(stored), warnings, moved=moved)

    def _going_on(self, db: sqlite3.Connection, kept: Post | None) -> ChangeRecorder:
        """What writes down a new post. That its text was kept before is a part of the same change."""
        recorder = self._book.recorder("create")
        if kept is not None:
            recorder.go_on(db, kept.id or 0)
        return recorder

    def _drop(self, db: sqlite3.Connection, kept: Post) -> None:
        """Take away a draft, and that it was made: both came to nothing."""
        store.update(db, replace(kept, deleted_at=self._book.clock.now()), None)
        self._going_on(db, kept).forget(db)

    def media_items(
        self,
        names: Sequence[str],
        alts: Sequence[str] | None,
        platforms: Collection[str],
        before: Post | None = None,
    ) -> tuple[MediaItem, ...]:
        """The media that were named, with their alt texts; empty names are left out. `before`: a post whose media are
        not fetched again. NotFound, UsageError, Busy."""
        media = RowMedia(self._book.database, self._media, self._book.config, self._book.platforms, None)
        return with_alts(media.items([name for name in names if name], before, platforms), alts)


def mark_of(post: Post) -> str:
    """What a post is, so that a change of anything of it shows."""
    return hashlib.sha256(repr(post).encode("utf-8", "surrogatepass")).hexdigest()


def in_front(warnings: tuple[Problem, ...], *, first: bool) -> tuple[Problem, ...]:
    """The warnings without those of the posts that make room."""
    return tuple(one for one in warnings if not (first and one.code == "crowded"))


def once(words: Sequence[str]) -> tuple[str, ...]:
    """Each word once, in their order."""
    return tuple(dict.fromkeys(words))


def _same(first: Post | None, mark: str | None) -> Post | None:
    """The post that a key made before. Conflict if it was not the same post."""
    if first is not None and first.key_digest != mark:
        raise Conflict(
            f'the key "{first.key}" belongs to post {first.id}, which is another text, account, option, file or time',
            Hint("look at it", f"ttp show {first.id}"),
            Hint("or take another", "--key KEY"),
        )
    return first


def _draftable(refused: ContentRefused) -> ContentRefused:
    """The same, saying that the rules refuse a time and never a draft."""
    keep = Hint("keep it as a draft", "leave out --at")
    return ContentRefused(refused.message, *refused.hints, keep, problems=refused.problems, details=refused.details)


def request_fingerprint(typed: Typed, platforms: PlatformFacts) -> str:
    """What makes two posts of one key the same: text, accounts, options, media bytes, and the time as typed."""
    parts = {
        "text": typed.text,
        "to": sorted({_spelled(name, platforms) for name in typed.to or ()}),
        "at": typed.at,
        "tz": typed.tz,
        "media": [_file_digest(path) for path in typed.media or ()],
        "alts": list(typed.alts or ()),
        "tags": list(typed.tags or ()),
        "variants": dict(typed.variants),
        "options": dict(typed.options),
        "max_late": typed.max_lateness_s,
    }
    if typed.thread:
        parts["thread"] = list(typed.thread)  # only where there is one: keys that are in use stay what they are
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _spelled(name: str, platforms: PlatformFacts) -> str:
    head, slash, handle = name.strip().partition("/")
    try:
        platform = platforms.find(head).name
    except UsageError:
        platform = head.lower()
    return f"{platform}{slash}{handle.removeprefix('@').lower()}"


def _file_digest(path: str) -> str:
    if is_web_address(path):
        return path  # fetched once, when the post is made: what is there later is no matter
    try:
        with os.fdopen(open_regular(Path(path)), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "unreadable"
