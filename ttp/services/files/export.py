"""Export posts to CSV, Markdown folders and iCalendar. Reads only.

A file identifies a post by its key. A post without a key is `12@3f2a9c1b`, its id and its store: an import into the
same store finds it again, and an import into another store creates it once.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from ttp.domain.account import Account, resolve_accounts
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Busy, Hint, TtpError, UsageError
from ttp.domain.media.item import KEPT, MediaItem
from ttp.domain.media.place import part_order, split_name
from ttp.domain.metrics.sample import MAIN_COUNTS, Sample, sum_known
from ttp.domain.options import OptionTables
from ttp.domain.permissions import Caller
from ttp.domain.post import Post, PostFields
from ttp.domain.post_edit import PostInput, apply_input, check_variant_key, check_variants, with_media_texts
from ttp.domain.post_fields import content_of
from ttp.domain.row_reader import Value
from ttp.domain.time.clock import utc_text
from ttp.services.attachments.media import read_texts, resolve_in_folder
from ttp.services.files import csv_file, ics, markdown
from ttp.services.files.fields import STORE_ID_DIGITS, Entry, NameOf, fields_of, media_name, own_key
from ttp.services.files.import_source import entry_of_file
from ttp.services.files.markdown import MarkdownFile, MarkdownFolder
from ttp.services.time_resolver import TimeResolver
from ttp.store import accounts, queries
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.home import output_file
from ttp.store.home.files import OwnFiles, make_folder
from ttp.store.home.media import MediaStore
from ttp.store.machine import ownership
from ttp.store.metrics import samples as stored_samples
from ttp.store.queries import PostFilter

RESULTS = ("publishedAt", "url")


@dataclass(frozen=True, slots=True)
class ExportedPost:
    """A post with a key, and its newest metrics by account if requested."""

    post: Post
    samples: Mapping[str, Sample] = field(default_factory=dict)


@dataclass
class FolderResult:
    """Number of files of a folder written, and unchanged."""

    written: int = 0
    unchanged: int = 0


@dataclass
class Export:
    database: Database
    media: MediaStore
    own: OwnFiles
    tables: OptionTables
    caller: Caller

    def posts(self, post_filter: PostFilter, *, numbers: bool = False) -> Iterator[ExportedPost]:
        """Yield the posts that pass the filter from one snapshot."""
        with self.database.snapshot() as db:
            if db is None:
                return
            store = ownership.store_id(db)
            for post in queries.posts(db, post_filter, own_key=lambda post_id: own_key(post_id, store)):
                yield ExportedPost(self.caller.view(post), _newest_samples(db, post) if numbers else {})

    def media_folder(self, folder: Path) -> ExportedMedia:
        return ExportedMedia(folder, self.media, self.own)

    def csv(self, posts: Iterable[ExportedPost], name: NameOf = media_name, *, numbers: bool = False) -> Iterator[str]:
        """Yield the rows of a CSV file. `name`: returns the name of a media item."""
        more = (*RESULTS, *MAIN_COUNTS) if numbers else ()
        return csv_file.csv_lines((_row(one, name, numbers=numbers) for one in posts), more)

    def calendar(self, posts: Iterable[PostFields]) -> Iterator[str]:
        """Yield an iCalendar file."""
        with self.database.reading() as db:
            store = ownership.store_id(db) if db else ""
        return ics.calendar_lines(posts, store[:STORE_ID_DIGITS])

    def folder(
        self, posts: Iterable[ExportedPost], path: Path, resolver: TimeResolver
    ) -> tuple[FolderResult, ExportedMedia]:
        """Write a folder of Markdown files, one per post. A post goes to the file with its key, which is left unchanged
        if it already matches. Other files stay. Raise Busy, UsageError."""
        self.own.refuse(path)
        done, media = FolderResult(), self.media_folder(path)
        _make_folder(path)
        folder = MarkdownFolder(path, self.tables)
        with self.database.reading() as db:
            diff = FileDiff(path, accounts.accounts(db) if db else [], resolver, self.tables)
        for one in posts:
            key, begun = folder.without_prefix(one.post.key or ""), one.post.status.has_begun
            there = folder.file_of(key)
            if there and diff.matches(folder.file(there), one.post, begun=begun):
                done.unchanged += 1
                continue
            file = there or folder.new_file(key, _slug(one.post))
            file_key = None if folder.usual_key(file) == key else key
            fields = fields_of(replace(one.post, key=file_key), media.name)
            if not begun:
                fields.pop("status")  # an import derives it: scheduled with a time, else a draft
            self.own.refuse(file)
            _make_folder(file.parent)
            output_file.write(file, [markdown.format_file(fields)], self.own, over=True)
            done.written += 1
        return done, media


def _make_folder(path: Path) -> None:
    try:
        make_folder(path)
    except OSError as error:
        raise output_file.output_error(path, error) from error


def _newest_samples(db: Connection, post: Post) -> dict[str, Sample]:
    samples: dict[str, Sample] = {}
    for delivery in post.active:
        if delivery.state is DeliveryState.PUBLISHED and delivery.remote_id is not None:
            sample = stored_samples.newest_sample(db, delivery.account_id or 0, delivery.remote_id)
            if sample is not None:
                samples[delivery.account] = sample
    return samples


def _row(exported: ExportedPost, name: NameOf, *, numbers: bool) -> dict[str, Value]:
    row = fields_of(exported.post, name)
    if numbers:
        row["publishedAt"] = utc_text(exported.post.published_at) if exported.post.published_at else None
        row["url"] = [d.url for d in exported.post.active if d.url]
        for number in MAIN_COUNTS:  # of all accounts
            row[number] = sum_known(*(getattr(sample, number) for sample in exported.samples.values()))
    return row


def _slug(post: Post) -> str:
    words = re.findall(r"\w+", post.content.lower())[:6]
    return "-".join(words)[:40].strip("-") or "post"


MEDIA = "media"
"""Folder next to an export for its media."""


class ExportedMedia:
    """Copies media to the folder `media` next to an export. `missing`: names of media missing from the store."""

    def __init__(self, folder: Path, store: MediaStore, own: OwnFiles) -> None:
        self._folder = folder / MEDIA
        self._store = store
        self._own = own
        self._copied: dict[tuple[str, str], str] = {}
        self.missing: list[str] = []

    @property
    def count(self) -> int:
        """Number of different media files."""
        return len(self._copied)

    def name(self, item: MediaItem) -> str:
        """Copy the item if needed, and return its URL or its path next to the export. Raise UsageError, Busy."""
        if item.url is not None:
            return item.url
        if not item.bytes:  # a thumbnail
            item = self._store.find_stored(item.sha256, item.name) or item
        if not self._store.has(item):
            self.missing.append(item.name)
            return media_name(item)
        key = (item.sha256, item.name)
        if key not in self._copied:
            try:
                self._copied[key] = f"{MEDIA}/{self._copy(item)}"
            except OSError as error:
                raise Busy(f"{self._folder} cannot be written: {error.strerror}") from error
        return self._copied[key]

    def _copy(self, item: MediaItem) -> str:
        """Copy the item unless it exists, and return its name. Never overwrites another file."""
        plain = PurePosixPath(item.name.replace("\\", "_")).name.lstrip(".") or "media"
        named = PurePosixPath(plain)
        self._own.refuse(self._folder)
        for name in (plain, f"{named.stem}-{item.sha256[:12]}{named.suffix}"):
            path = self._folder / name
            if path.is_file() and _digest(path) == item.sha256:
                return name
            if not path.exists():
                self._folder.mkdir(exist_ok=True)
                fresh = self._folder / f".{item.sha256}"
                self._store.has(item)
                shutil.copyfile(self._store.path(item.sha256), fresh)
                fresh.replace(path)
                return name
        elsewhere = Hint("try", "FOLDER", (str(self._folder.parent), "FOLDER"))
        raise UsageError(f"{self._folder} already has another file named {item.name}", elsewhere)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class FileDiff:
    """Compares files of a folder with their posts."""

    def __init__(self, folder: Path, accounts: Sequence[Account], resolver: TimeResolver, tables: OptionTables) -> None:
        self._tables = tables
        self._folder = folder
        self._known = accounts
        self._resolver = resolver

    def matches(self, file: MarkdownFile, post: Post, *, begun: bool) -> bool:
        """Return whether a file matches a post. `begun`: publishing has begun, so the status must match too."""
        entry = entry_of_file(file, self._tables)
        if entry is None or entry.faults or entry.ended != begun:
            return False
        if begun and (file.fields or {}).get("status") != post.status.value:
            return False
        typed = entry.typed
        try:
            accounts = resolve_accounts(typed.to or (), self._known, self._tables)
            variants = check_variants(typed.variants, self._known, self._tables)
            return (
                content_of(apply_input(Post(""), typed, variants, post.media)) == content_of(post)
                and {account.name for account in accounts} == set(post.accounts)
                and self._same_time(entry, post, accounts)
                and self._same_media(typed, post.media)
            )
        except TtpError:
            return False

    def _same_time(self, entry: Entry, post: Post, accounts: Sequence[Account]) -> bool:
        text = entry.typed.at
        if text is None or not text.strip():
            return post.scheduled_at is None
        if post.scheduled_at is None:
            return False
        return self._resolver.resolve_row(text, entry.typed.tz, accounts).at in (None, post.scheduled_at)

    def _same_media(self, typed: PostInput, items: Sequence[MediaItem]) -> bool:
        names = [split_name(name, self._tables) for name in typed.media or ()]
        if len(names) != len(items):
            return False
        bare = [replace(item.without_said(), part=name.part) for name, item in zip(names, items, strict=True)]
        said = with_media_texts(bare, read_texts(typed, self._folder))
        placed = sorted(zip(names, said, strict=True), key=lambda one: part_order(one[0].part))
        return all(
            {**one.said, "thumbnail": item.thumbnail, "only": item.only} == item.said
            and item.only == (name.only and check_variant_key(name.only, self._known, self._tables))
            and (name.name == item.url if item.url else self._is_file(name.name, item.sha256))
            and (self._is_file(one.thumbnail, item.thumbnail) if one.thumbnail else not item.thumbnail)
            for (name, one), item in zip(placed, items, strict=True)
        )

    def _is_file(self, name: str, sha256: str | None) -> bool:
        if name.startswith(KEPT):
            return name.removeprefix(KEPT).partition("/")[0] == sha256
        path = resolve_in_folder(self._folder, name)
        return path.is_file() and _digest(path) == sha256
