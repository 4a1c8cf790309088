"""Metrics in and out: importing samples from a file, listing them, adding them up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TextIO

from ttp.domain.account import Account, parse_account_name
from ttp.domain.clock import Clock
from ttp.domain.errors import UsageError
from ttp.domain.ingest.plain import ReadRow
from ttp.domain.sample import Row, Sample
from ttp.services.metrics_feed import Feed, How, open_feed, title
from ttp.store import accounts as account_store
from ttp.store import metrics as store
from ttp.store import posts, reads
from ttp.store.database import Database

BATCH = 10_000
"""Rows of a transaction: so many are lost at most where the import is cut."""
SHOWN = 3


@dataclass
class Imported:
    """What became of a file's rows, up to now. `stored` is the number of the last row whose batch is stored. `source`,
    `title` and `written` are what the file is, `columns` its columns and the field of each (None: not read), `first`
    its first samples."""

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

    @property
    def ignored(self) -> tuple[str, ...]:
        return tuple(name for name, taken in self.columns if taken is None and name)


class Metrics:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def import_file(
        self,
        stream: TextIO,
        how: How,
        *,
        dry_run: bool = False,
        done: Imported | None = None,
        tell: Callable[[int], object] = lambda rows: None,
    ) -> Imported:
        """Store the samples of a file, a batch a transaction. A bad row rejects itself. `done` is filled on the way,
        `tell` called with the number of rows that were read.

        Accounts that do not exist are made, not connected. UsageError where nothing of the file can be read.
        """
        done = done or Imported()
        feed = open_feed(stream, how, self._clock.now())
        columns = feed.columns
        done.source, done.title, done.written = columns.source, title(columns), feed.written
        done.columns = tuple(zip(columns.header, columns.fields, strict=True))
        rows = _read(feed, done)
        while batch := list(islice(rows, BATCH)):
            if not dry_run:
                self._store(batch, done)
            tell(done.read)
        return done

    def _store(self, batch: Sequence[ReadRow], done: Imported) -> None:
        stored, through = Counter[str](), done.read
        with self._database.writing() as session:
            db = posts.raw(session)
            known = {account.name.lower(): account.id or 0 for account in reads.accounts(db)}
            for name in dict.fromkeys(row[0] for row in batch):
                if name.lower() not in known:
                    platform, handle = parse_account_name(name)
                    there = reads.account(db, platform, handle, removed=True) or Account(platform, handle)
                    known[name.lower()] = account_store.save(session, there, now=self._clock.now())
            for (name, dated), rows in _by_account(batch):
                stored += store.put_rows(db, known[name], rows, dated=dated)
        done.inserted += stored["inserted"]
        done.updated += stored["updated"]
        done.unchanged += stored["unchanged"]
        done.stored = through

    def samples(self, accounts: Sequence[Account], limit: int | None) -> Iterator[Sample]:
        """The samples of some accounts (all where none is named), newest post first, read as they are consumed."""
        with self._database.reading() as db:
            if db is not None:
                wanted = accounts or reads.accounts(db)
                yield from islice(store.every(db, [a.id or 0 for a in wanted], limit), limit)


def _read(feed: Feed, done: Imported) -> Iterator[ReadRow]:
    """The rows that can be read; those that cannot are noted."""
    read = feed.reader.read
    for number, cells in feed.rows:
        try:
            if isinstance(cells, str):
                raise UsageError(cells)
            row = read(cells)
        except UsageError as error:
            done.read += 1
            done.rejected.append((number, error.message))
            continue
        if row is None:
            continue
        done.read += 1
        if len(done.first) < SHOWN:
            done.first.append(feed.reader.sample(cells))
        yield row


def _by_account(batch: Sequence[ReadRow]) -> Iterator[tuple[tuple[str, bool], list[Row]]]:
    """The rows of each account. Where some have a time of reading and some have none, those that came first come
    first: the one without is compared with what was stored before it."""
    groups: dict[tuple[str, bool], list[Row]] = {}
    for name, dated, row in batch:
        key = name.lower(), dated
        if key not in groups:
            other = groups.pop((key[0], not dated), None)
            if other is not None:
                yield (key[0], not dated), other
            groups[key] = []
        groups[key].append(row)
    yield from groups.items()
