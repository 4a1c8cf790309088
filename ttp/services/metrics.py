"""Metrics in and out: importing samples from a file, listing them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TextIO
from zoneinfo import ZoneInfo

from ttp.domain.account import Account, parse_account_name
from ttp.domain.clock import Clock
from ttp.domain.errors import UsageError
from ttp.domain.sample import Sample, parse_row
from ttp.services.metrics_file import read_rows
from ttp.store import accounts as account_store
from ttp.store import metrics as store
from ttp.store import posts, reads
from ttp.store.database import Database

BATCH = 1000


@dataclass
class Imported:
    """What became of a file's rows. `ignored`: columns that nobody knows."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)
    ignored: tuple[str, ...] = ()


class Metrics:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def import_file(self, stream: TextIO, *, zone: ZoneInfo | None, dry_run: bool) -> Imported:
        """Store the samples of a CSV in ttp's own format, a batch a transaction. A bad row rejects itself.

        Accounts that do not exist are made, not connected. UsageError where nothing of the file can be read.
        """
        result = Imported()
        rows = read_rows(stream)
        result.ignored = tuple(rows.unknown)
        samples = self._samples(rows, result, zone)
        while batch := list(islice(samples, BATCH)):
            if not dry_run:
                done = self._store(batch)
                result.inserted += done["inserted"]
                result.updated += done["updated"]
                result.unchanged += done["unchanged"]
        return result

    def _samples(self, rows: Iterator[tuple[int, object]], result: Imported, zone: ZoneInfo | None) -> Iterator[Sample]:
        now = self._clock.now()
        for number, row in rows:
            result.read += 1
            if isinstance(row, str):
                result.rejected.append((number, row))
                continue
            try:
                sample = parse_row(row, now=now, zone=zone)  # type: ignore[arg-type]  # a reason was taken above
            except UsageError as error:
                result.rejected.append((number, error.message))
            else:
                yield sample

    def _store(self, batch: Sequence[Sample]) -> Counter[str]:
        with self._database.writing() as session:
            db = posts.raw(session)
            known = {account.name.lower(): account.id or 0 for account in reads.accounts(db)}
            for name in dict.fromkeys(sample.account for sample in batch):
                if name.lower() not in known:
                    platform, handle = parse_account_name(name)
                    there = reads.account(db, platform, handle, removed=True) or Account(platform, handle)
                    known[name.lower()] = account_store.save(session, there, now=self._clock.now())
            return store.put(db, batch, known)

    def samples(self, accounts: Sequence[Account], limit: int | None) -> Iterator[Sample]:
        """The samples of some accounts (all where none is named), newest post first, read as they are consumed."""
        with self._database.reading() as db:
            if db is not None:
                wanted = accounts or reads.accounts(db)
                yield from islice(store.every(db, [a.id or 0 for a in wanted], limit), limit)
