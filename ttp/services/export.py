"""Posts out of the store, as files. Reads only.

A file knows a post by its key. One without a key goes by its number and its store, `12@3f2a9c1b`, so that an import
into the same store finds it again, and one into another store makes it once.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ttp.domain.delivery import DeliveryState
from ttp.domain.media import MediaItem
from ttp.domain.post import Post, PostStatus
from ttp.domain.sample import Sample
from ttp.domain.time.clock import utc_text
from ttp.services.files import calendar, content, place, sheet
from ttp.services.files.fields import Value, fields_of, name_of
from ttp.services.files.folder import Folder
from ttp.services.likeness import Instant, Likeness
from ttp.store import copies, metrics, output_file, reads
from ttp.store.database import Database
from ttp.store.media import MediaStore
from ttp.store.own_files import OwnFiles
from ttp.store.reads import PostFilter

RESULTS = ("publishedAt", "url")
NUMBERS = ("likes", "comments", "shares", "views")
_BEGUN = frozenset({PostStatus.PUBLISHING, PostStatus.PUBLISHED, PostStatus.PARTIAL, PostStatus.FAILED})
SHORT = 8
"""Digits of a store's id in the keys of its posts."""
NameOf = Callable[[MediaItem], str]


@dataclass(frozen=True, slots=True)
class Told:
    """A post as a file tells it: always with a key; by account the newest numbers of it, where they were asked for."""

    post: Post
    samples: Mapping[str, Sample] = field(default_factory=dict)


@dataclass
class Written:
    """What became of a folder: files `written`, and those `unchanged`."""

    written: int = 0
    unchanged: int = 0


class Export:
    def __init__(self, database: Database, media: MediaStore, own: OwnFiles) -> None:
        """`own`: where nothing is exported to."""
        self._database = database
        self._media = media
        self._own = own

    def posts(self, wanted: PostFilter, *, numbers: bool = False) -> Iterator[Told]:
        """The posts that pass the filter, read as they are consumed, all as they are at the first read."""
        with self._database.snapshot() as db:
            if db is None:
                return
            store = copies.store_id(db)
            for post in reads.posts(db, wanted, own_key=lambda post_id: own_key(post_id, store)):
                yield Told(post, _newest(db, post) if numbers else {})

    def beside(self, folder: Path) -> place.MediaBeside:
        """Where the media of an export into `folder` are copied."""
        return place.MediaBeside(folder, self._media, self._own)

    def csv(self, told: Iterable[Told], name: NameOf = name_of, *, numbers: bool = False) -> Iterator[str]:
        """The rows of a CSV file; `name`: what it calls a media item."""
        more = (*RESULTS, *NUMBERS) if numbers else ()
        return sheet.written((_row(one, name, numbers=numbers) for one in told), more)

    def calendar(self, told: Iterable[Told]) -> Iterator[str]:
        """An iCalendar file."""
        with self._database.reading() as db:
            store = copies.store_id(db) if db else ""
        return calendar.written((one.post for one in told), store[:SHORT])

    def folder(self, told: Iterable[Told], path: Path, instant: Instant) -> tuple[Written, place.MediaBeside]:
        """Write a folder of Markdown files, one for each post. A post whose key a file has already goes into that
        file, unless that says the same already; files of other posts stay. Busy, UsageError."""
        self._own.refuse(path)
        done, beside = Written(), self.beside(path)
        _make_folder(path)
        folder = Folder(path)
        with self._database.reading() as db:
            like = Likeness(path, reads.accounts(db) if db else [], instant)
        for one in told:
            key, begun = folder.inside(one.post.key or ""), one.post.status in _BEGUN
            there = folder.file_of(key)
            if there and like.same(folder.file(there), one.post, begun=begun):
                done.unchanged += 1
                continue
            file = there or folder.new_file(key, _slug(one.post))
            told_key = None if folder.usual_key(file) == key else key
            fields = fields_of(replace(one.post, key=told_key), [beside.name(item) for item in one.post.media])
            if not begun:
                fields.pop("status")  # what has a time is scheduled, and what has none is a draft
            self._own.refuse(file)
            _make_folder(file.parent)
            output_file.write(file, [content.written(fields)], self._own, over=True)
            done.written += 1
        return done, beside


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(exist_ok=True, parents=True)
    except OSError as error:
        raise output_file.fault(path, error) from error


def own_key(post_id: int, store: str) -> str:
    """What a post without a key is known by in files."""
    return f"{post_id}@{store[:SHORT]}"


def of_own_key(key: str, store: str) -> int | None:
    """The number in such a key, where it is of this store."""
    found = re.fullmatch(r"([1-9][0-9]{0,17})@([0-9a-f]+)", key)
    return int(found[1]) if found and found[2] == store[:SHORT] else None


def _newest(db: sqlite3.Connection, post: Post) -> dict[str, Sample]:
    found: dict[str, Sample] = {}
    for delivery in post.active:
        if delivery.state is DeliveryState.PUBLISHED and delivery.remote_id is not None:
            sample = metrics.newest_of(db, delivery.account_id or 0, delivery.remote_id)
            if sample is not None:
                found[delivery.account] = sample
    return found


def _row(told: Told, name: NameOf, *, numbers: bool) -> dict[str, Value]:
    row = fields_of(told.post, [name(item) for item in told.post.media])
    if numbers:
        row["publishedAt"] = utc_text(told.post.published_at) if told.post.published_at else None
        row["url"] = [d.url for d in told.post.active if d.url]
        row |= {number: _sum(told, number) for number in NUMBERS}
    return row


def _sum(told: Told, number: str) -> int | None:
    """A number over all accounts; None where none of them tells it."""
    known = [value for sample in told.samples.values() if (value := getattr(sample, number)) is not None]
    return sum(known) if known else None


def _slug(post: Post) -> str:
    words = re.findall(r"\w+", post.content.lower())[:6]
    return "-".join(words)[:40].strip("-") or "post"
