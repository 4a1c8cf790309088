"""Import metrics samples from a file, list them, and add them up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from io import BufferedReader
from itertools import chain, islice
from typing import BinaryIO, TextIO, TypeAlias
from zoneinfo import ZoneInfo

from ttp.domain.account import Account
from ttp.domain.action import action
from ttp.domain.errors import Hint, UsageError
from ttp.domain.metrics.ingest.columns import MAPPED, OWN, Columns, ExportTables, read_header
from ttp.domain.metrics.ingest.export_rows import (
    LOOKED_AT,
    ExportReader,
    find_export_format,
    refuse_for_all,
    with_date_order,
)
from ttp.domain.metrics.ingest.own_format import PlainReader, Reader, Refuse
from ttp.domain.metrics.sample import COLUMNS, Row, Sample, Total
from ttp.domain.time.clock import Clock
from ttp.platforms.registry import Registry
from ttp.services.files.metrics_rows import Block, Buffer, CsvRecords, Object, as_text, cells_of, is_json, read_objects
from ttp.services.metrics.post_archive import MAGIC, archive_rows
from ttp.store import accounts as stored_accounts
from ttp.store import queries
from ttp.store.database import Database, Writing
from ttp.store.metrics import samples as store

BATCH = 10_000
"""Rows per transaction."""
Batch: TypeAlias = list[tuple[str, bool, list[Row]]]
"""Accounts, whether their source dates its samples, and their rows, in the order in which they are stored."""
SAMPLES_SHOWN = 3


@dataclass
class MetricsImport:
    """Progress of an import. `stored` is the number of the last row that is stored. `source`, `title` and `written`
    describe the file, `columns` has its columns with the field of each (None: not read), `first` its first samples."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)
    stored: int = 0
    source: str = ""
    title: str = ""
    written: str = ""
    columns: tuple[tuple[str, str | None], ...] = ()
    first: list[Sample] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    """Accounts that the file added."""

    @property
    def ignored_columns(self) -> tuple[str, ...]:
        return tuple(name for name, field in self.columns if field is None and name)


class StoredMetrics:
    def __init__(self, database: Database, clock: Clock, platforms: Registry) -> None:
        self._platforms = platforms
        self._database = database
        self._clock = clock

    @contextmanager
    def open_rows(self, binary: BinaryIO, how: ImportOptions) -> Iterator[tuple[TextIO, ImportOptions]]:
        """Yield the text of a file, and the options that fit it. A zip is the archive that a platform sends its user.
        Raise UsageError."""
        if not isinstance(binary, BufferedReader) or binary.peek(len(MAGIC))[: len(MAGIC)] != MAGIC:
            yield as_text(binary), how
            return
        if not binary.seekable():
            raise UsageError("a zip cannot be read from a pipe", Hint("try", action("metrics import", "FILE")))
        with self._database.reading() as db:
            stored = list(stored_accounts.accounts(db)) if db else []
        with archive_rows(binary, self._platforms, stored, how.account) as rows:
            yield rows, ImportOptions(OWN)

    def import_file(
        self,
        stream: TextIO,
        how: ImportOptions,
        *,
        dry_run: bool = False,
        done: MetricsImport | None = None,
        report: Callable[[int], object] = lambda rows: None,
    ) -> MetricsImport:
        """Store the samples of a file, one transaction a batch. Bad rows are rejected alone.

        `done` is updated during the import, and `report` called with the number of rows read.
        Accounts that do not exist are added, not connected. `dry_run`: each batch is rolled back, so the counts are
        what it would change by itself. UsageError if the file cannot be read.
        """
        done = done or MetricsImport()
        file = open_export(stream, how, self._clock.now(), self._platforms)
        columns = file.columns
        done.source, done.title, done.written = columns.source, format_title(columns), file.written
        done.columns = tuple(zip(columns.header, columns.fields, strict=True))
        more = True
        database = self._database.rehearsal() if dry_run else self._database
        with database.writing_batches() as writing:
            while more:
                batch: Batch = []
                more = _read(file, batch, done)
                if batch and dry_run and not database.exists():  # nor does it create one
                    done.inserted += sum(len(rows) for _, _, rows in batch)
                elif batch:
                    self._store(writing, batch, done)
                    done.stored = 0 if dry_run else done.read
                if more:
                    report(done.read)
        return done

    def _store(self, writing: Writing, batch: Batch, done: MetricsImport) -> None:
        stored = Counter[str]()
        with writing() as db:
            account_ids = {account.name.lower(): account.id or 0 for account in stored_accounts.accounts(db)}
            for name in dict.fromkeys(name for name, _, _ in batch):
                if name.lower() not in account_ids:
                    platform, _, handle = name.partition("/")
                    there = stored_accounts.account(db, platform, handle, removed=True) or Account(platform, handle)
                    account_ids[name.lower()] = stored_accounts.save(db, there, now=self._clock.now())
                    if there.name not in done.added:
                        done.added.append(there.name)
            for name, dated, rows in batch:
                stored += store.save_rows(db, account_ids[name.lower()], rows, dated=dated)
        done.inserted += stored["inserted"]
        done.updated += stored["updated"]
        done.unchanged += stored["unchanged"]

    def samples(self, accounts: Sequence[Account], limit: int | None) -> Iterator[Sample]:
        """Yield the samples of some accounts (without any: of all), newest post first, reading as needed."""
        with self._database.reading() as db:
            if db is not None:
                scope = accounts or stored_accounts.accounts(db)
                yield from islice(store.read_samples(db, [a.id or 0 for a in scope], limit), limit)

    def of_post(self, post_id: int) -> list[Sample]:
        """Return the newest sample of each account that a post was published to."""
        with self._database.reading() as db:
            return store.newest_of_posts(db, [post_id]) if db else []

    def of_tag(self, tag: str) -> tuple[int, list[Sample]]:
        """Return how many posts have a tag, and the newest samples of those that are published."""
        with self._database.reading() as db:
            ids = queries.ids_of_tag(db, tag) if db else []
            return len(ids), store.newest_of_posts(db, ids) if db else []

    def totals(self, accounts: Sequence[Account]) -> list[Total]:
        """Return the totals of each account with samples, or of each of these accounts."""
        with self._database.reading() as db:
            if db is None:
                return []
            scope = accounts or stored_accounts.accounts(db)
            return [total for one in scope if (total := store.account_total(db, one)).samples or accounts]


def _read(file: ExportFile, batch: Batch, done: MetricsImport) -> bool:
    """Fill `batch` with the next valid rows, and note rejected ones. Return whether there may be more."""
    groups = dict[str, tuple[bool, list[Row]]]()
    count = 0
    for first, block in file.blocks:
        rejected = len(done.rejected)
        if isinstance(block, str):
            done.rejected.append((first, block))
        else:
            for name, dated, rows in file.reader.read(block, _reject_into(done, first)):
                group = groups.get(name)
                if group is None or group[0] != dated:
                    # Undated samples are compared with stored ones, so the order is kept.
                    group = groups[name] = dated, []
                    batch.append((name, dated, group[1]))
                group[1].extend(rows)
                count += len(rows)
            if len(done.first) < SAMPLES_SHOWN:
                done.first += _first_samples(file.reader, block, SAMPLES_SHOWN - len(done.first))
        done.read += len(done.rejected) - rejected
        if count >= BATCH:
            break
    done.read += count
    return count >= BATCH


def _reject_into(done: MetricsImport, first: int) -> Refuse:
    return lambda place, reason: done.rejected.append((first + place, reason))


def _first_samples(reader: Reader, block: Sequence[list[str]], most: int) -> list[Sample]:
    samples = []
    for cells in block[: 2 * SAMPLES_SHOWN]:
        with suppress(UsageError, ValueError):
            samples.append(reader.sample(cells))
    return samples[:most]


BLOCK_ROWS = 200
"""Rows per block."""
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Options of an import: `source` is one of `columns.sources`, `mapped` maps columns to fields, `account` is the
    account of all rows, `order` says whether day or month comes first."""

    source: str | None = None
    mapped: Mapping[str, str] | None = None
    account: str | None = None
    zone: ZoneInfo | None = None
    order: str | None = None


@dataclass(frozen=True, slots=True)
class ExportFile:
    """An open file: its columns, its format ("CSV with commas"), the reader of its rows, and the rows in blocks."""

    columns: Columns
    written: str
    reader: Reader
    blocks: Iterator[Block]


def open_export(stream: TextIO, how: ImportOptions, now: datetime, platforms: ExportTables) -> ExportFile:
    """Open the text of an export. UsageError if it cannot be read."""
    text = Buffer(stream)
    if is_json(text):
        return _json(text, how, now, platforms)
    rows = CsvRecords(text)
    columns = read_header(rows.header, platforms, source=how.source, mapped=how.mapped, account=how.account)
    written = f"CSV with {_DELIMITERS.get(rows.delimiter, rows.delimiter)}"
    return _feed(columns, written, rows.blocks(), how, now, rows.delimiter, platforms)


def _json(text: Buffer, how: ImportOptions, now: datetime, platforms: ExportTables) -> ExportFile:
    objects = read_objects(text)
    first = next(objects, None)
    if first is None:
        raise UsageError("the file is empty")
    if isinstance(first[1], str):
        raise UsageError(f"the first object {first[1]}")
    keys = tuple(first[1])
    columns = read_header(keys, platforms, source=how.source, mapped=how.mapped, account=how.account)
    # Later objects may have keys that the first one lacks.
    more = tuple(name for name in COLUMNS if name not in columns.fields and (name != "account" or how.account is None))
    if columns.export is None:
        columns = Columns(columns.source, (*keys, *more), (*columns.fields, *more))
    return _feed(columns, "JSON", _blocks(chain([first], objects), columns), how, now, ",", platforms)


def _feed(
    columns: Columns,
    written: str,
    blocks: Iterator[Block],
    how: ImportOptions,
    now: datetime,
    delimiter: str,
    platforms: ExportTables,
) -> ExportFile:
    if columns.source == OWN:
        reader: Reader = PlainReader(columns.fields, platforms, now=now, zone=how.zone, account=how.account)
        return ExportFile(columns, written, reader, blocks)
    first, looked_at = list[Block](), list[list[str]]()
    while len(looked_at) < LOOKED_AT and (block := next(blocks, None)) is not None:
        first.append(block)
        looked_at += [] if isinstance(block[1], str) else block[1]
    width = len(columns.header)
    rows = [cells for cells in looked_at[:LOOKED_AT] if len(cells) == width and any(cells)]
    manner = with_date_order(find_export_format(columns, rows, platforms, delimiter=delimiter, now=now), how.order)
    refuse_for_all(columns, rows, how.zone)
    reader = ExportReader(columns, manner, platforms, now=now, zone=how.zone, account=how.account)
    return ExportFile(columns, written, reader, chain(first, blocks))


def _blocks(objects: Iterator[Object], columns: Columns) -> Iterator[Block]:
    """Group the cells of consecutive objects into blocks."""
    keys = [key if field is not None else None for key, field in zip(columns.header, columns.fields, strict=True)]
    first, rows = 0, list[list[str]]()
    for number, item in objects:
        cells = item if isinstance(item, str) else cells_of(item, keys)
        if rows and (isinstance(cells, str) or number != first + len(rows) or len(rows) == BLOCK_ROWS):
            yield first, rows
            rows = []
        if isinstance(cells, str):
            yield number, cells
            continue
        if not rows:
            first = number
        rows.append(cells)
    if rows:
        yield first, rows


def format_title(columns: Columns) -> str:
    """Describe the format of a file."""
    if columns.export is not None:
        return columns.export.title
    return "columns as mapped" if columns.source == MAPPED else "ttp's own format"
