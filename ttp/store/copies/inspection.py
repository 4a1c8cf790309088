"""Read the whole store row by row, for audit and doctor."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path

from ttp.domain.account import Account
from ttp.domain.delivery import Delivery, DeliveryState, parts_of
from ttp.domain.post import Post, PostStatus
from ttp.domain.publishing.attempt import Phase
from ttp.domain.publishing.protocol_audit import AuditRecord
from ttp.domain.time.clock import from_ms
from ttp.store import accounts as stored_accounts
from ttp.store import queries, repeats, row_mapper
from ttp.store.columns import REVISIONS
from ttp.store.database import Database, read_revision
from ttp.store.dialect import Connection, Row, json_items
from ttp.store.machine import clock_check
from ttp.store.row_mapper import CorruptRow

# Some platforms' answer says that they took the post and under which handle: that it is published, a look-up finds.
_DELIVERIES = """
SELECT d.id, d.post_id, a.platform || '/' || a.handle AS account, d.state, d.handle, t.phase, t.step, t.outcome,
    t.message IS NOT NULL AS told, a.platform
FROM delivery d JOIN account a ON a.id = d.account_id
LEFT JOIN attempt t ON t.delivery_id = d.id AND t.phase <> 'prepare'
ORDER BY d.id, t.id
"""
_POSTS = """
SELECT p.id AS number, p.status, p.published_at AS ended_at, d.*, a.platform, a.handle AS account_handle
FROM post p LEFT JOIN delivery d ON d.post_id = p.id AND d.parent_id IS NULL LEFT JOIN account a ON a.id = d.account_id
ORDER BY p.id
"""

# What was ever said to be a delivery's: bound to it, an id that a publishing call answered, a part of its thread.
_BOUND = f"""
WITH bound AS (
    SELECT account_id, remote_id, id FROM delivery WHERE remote_id IS NOT NULL
    UNION SELECT d.account_id, t.message, d.id FROM attempt t JOIN delivery d ON d.id = t.delivery_id
        WHERE t.phase = 'publish' AND t.outcome = 'done' AND t.message IS NOT NULL
    UNION SELECT d.account_id, part.value, d.id FROM delivery d CROSS JOIN {json_items("d.handle", "part", "parts")}
        WHERE d.handle LIKE '%"parts"%'
)
SELECT a.platform || '/' || a.handle AS account, remote_id, bound.id
FROM bound JOIN account a ON a.id = bound.account_id ORDER BY bound.account_id, remote_id, bound.id
"""


@dataclass(frozen=True, slots=True)
class RecordedDelivery:
    """One delivery with its publishing calls and look-ups, oldest first."""

    delivery_id: int
    post_id: int
    account: str
    state: DeliveryState
    in_thread: bool
    records: tuple[AuditRecord, ...]


def read_deliveries(db: Connection, done_is_accepted: Collection[str]) -> Iterator[RecordedDelivery]:
    """Yield every delivery. `done_is_accepted`: platforms whose success a later look-up confirms."""
    accepted = frozenset(done_is_accepted)
    for delivery_id, group in groupby(db.execute(_DELIVERIES), key=lambda row: int(row["id"])):
        rows = list(group)
        first = rows[0]
        records = tuple(
            AuditRecord(
                Phase(row["phase"]), row["step"], row["outcome"], bool(row["told"]) and row["platform"] not in accepted
            )
            for row in rows
            if row["phase"] is not None
        )
        in_thread = bool(parts_of(json.loads(first["handle"])))
        state = DeliveryState(first["state"])
        yield RecordedDelivery(delivery_id, first["post_id"], first["account"], state, in_thread, records)


def read_posts(db: Connection) -> Iterator[Post]:
    for number, group in groupby(db.execute(_POSTS), key=lambda row: int(row["number"])):
        rows = list(group)
        deliveries: list[Delivery] = [row_mapper.delivery(row) for row in rows if row["state"] is not None]
        ended_at = rows[0]["ended_at"]
        yield Post(
            "",
            tuple(deliveries),
            PostStatus(rows[0]["status"]),
            published_at=None if ended_at is None else from_ms(ended_at),
            id=number,
        )


def read_remote_ids(db: Connection) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Yield every account and remote id with the deliveries that it was recorded for."""
    for (account, remote_id), group in groupby(db.execute(_BOUND), key=itemgetter("account", "remote_id")):
        yield account, str(remote_id), tuple(row["id"] for row in group)


MOST = 20
_LOOSE = stat.S_IRWXG | stat.S_IRWXO
_OURS = ("config.toml",)
"""Files that people edit, which hold no secret."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a readable store contains. `newest`: the latest recorded event."""

    bytes: int
    revision: str
    accounts: tuple[Account, ...]
    newest: datetime | None
    overdue: int
    waiting: int
    next_due_at: datetime | None
    unreadable: tuple[str, ...] = ()
    """The first MOST rows that cannot be read."""

    @property
    def is_current(self) -> bool:
        """Return whether the schema is this program's. An older one was only checked as a file."""
        return self.revision == REVISIONS[-1]


def survey(database: Database, now: datetime, *, approved: bool = False) -> Survey | None:
    """Check the whole file and its contents; None without a store. Raises Damaged, Busy, NewerStore. `approved`: only
    approved posts are published."""
    with database.as_it_is() as db:
        if db is None:
            return None
        database.check(db)
        revision = read_revision(db, database.name)
        size = database.size()
        if revision != REVISIONS[-1]:
            return Survey(size, revision, (), None, 0, 0, None)
        unreadable = tuple(islice(_unreadable(db), MOST))
        accounts: tuple[Account, ...] = ()
        following = None
        with suppress(CorruptRow):
            accounts = tuple(stored_accounts.accounts(db))
            following = queries.next_due(db, now, approved=approved)
        return Survey(
            size,
            revision,
            accounts,
            clock_check.last_recorded_instant(db),
            *queries.count_waiting(db, now, approved=approved),
            following.next_at if following else None,
            unreadable,
        )


def _unreadable(db: Connection) -> Iterator[str]:
    """Yield why rows that publishing needs cannot be read."""
    queries: tuple[tuple[str, Callable[[Row], object]], ...] = (
        ("SELECT * FROM account", row_mapper.account),
        ("SELECT * FROM post", lambda row: row_mapper.post(row, [], [], [])),
        (row_mapper.DELIVERIES, row_mapper.delivery),
        ("SELECT * FROM post_media", row_mapper.media),
        (row_mapper.ATTEMPTS, row_mapper.attempt),
        ("SELECT * FROM recurrence", repeats.read_recurrence),
    )
    for sql, read in queries:
        for row in db.execute(sql):
            try:
                read(row)
            except CorruptRow as why:
                yield why.message


def paths_open_to_others(home: Path, *, but: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Yield the folder and files that others than the owner can access. `but`: folders meant for others."""
    with suppress(FileNotFoundError):
        if stat.S_IMODE(home.stat().st_mode) & _LOOSE:
            yield home
        for folder, folders, files in os.walk(home):
            here = Path(folder)
            folders[:] = sorted(name for name in folders if here / name not in but)
            for name in [*folders, *sorted(files)]:
                status = (here / name).lstat()
                ours = here == home and name in _OURS
                if not ours and not stat.S_ISLNK(status.st_mode) and stat.S_IMODE(status.st_mode) & _LOOSE:
                    yield here / name
