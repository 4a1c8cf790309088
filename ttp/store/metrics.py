"""Samples: stored in batches, and an account's newest read by index. Plain statements: a file has a million."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from ttp.domain.clock import from_ms, to_ms
from ttp.domain.sample import Sample
from ttp.store.rows import instant

_COUNTS = ("likes", "comments", "shares", "views", "saves", "reach", "kind", "text")
_PLACES = ", ".join("?" * (4 + len(_COUNTS)))
_INSERT = (
    f"INSERT INTO sample (account_id, remote_id, published_at, observed_at, {', '.join(_COUNTS)}) VALUES ({_PLACES})"
)
_SAMPLE = "SELECT s.*, a.platform || '/' || a.handle AS account FROM sample s JOIN account a ON a.id = s.account_id"


def put(db: sqlite3.Connection, samples: Iterable[Sample], accounts: Mapping[str, int]) -> Counter[str]:
    """Store samples of accounts that exist (`accounts`: lower-case name to id); counts `inserted`, `updated` and
    `unchanged`.

    A sample that was not dated by its source is unchanged where the newest one stored of its post says the same.
    """
    done: Counter[str] = Counter()
    for sample in samples:
        done[_put(db, sample, accounts[sample.account.lower()])] += 1
    return done


def _put(db: sqlite3.Connection, sample: Sample, account_id: int) -> str:
    values = (to_ms(sample.published_at), *(getattr(sample, name) for name in _COUNTS))
    known, observed = (account_id, sample.remote_id), to_ms(sample.observed_at)
    stored = f"SELECT id, published_at, {', '.join(_COUNTS)} FROM sample WHERE account_id = ? AND remote_id = ?"
    if not sample.dated:
        newest = db.execute(f"{stored} ORDER BY observed_at DESC LIMIT 1", known).fetchone()
        if newest is not None and tuple(newest)[1:] == values:
            return "unchanged"
    row = db.execute(f"{stored} AND observed_at = ?", (*known, observed)).fetchone()
    if row is None:
        db.execute(_INSERT, (*known, values[0], observed, *values[1:]))
        return "inserted"
    if tuple(row)[1:] == values:
        return "unchanged"
    assignments = ", ".join(f"{name} = ?" for name in ("published_at", *_COUNTS))
    db.execute(f"UPDATE sample SET {assignments} WHERE id = ?", (*values, row["id"]))
    return "updated"


def last_observed(db: sqlite3.Connection, account_id: int, remote_id: str) -> datetime | None:
    """When the newest sample of a post was observed; None where there is none."""
    sql = "SELECT max(observed_at) FROM sample WHERE account_id = ? AND remote_id = ?"
    return instant(db.execute(sql, (account_id, remote_id)).fetchone()[0])


def newest(db: sqlite3.Connection, account_id: int, posts: int) -> list[Sample]:
    """Every sample of the account's `posts` newest posts, by the index sample_newest."""
    # Several samples of a post share its time of publication, so whole posts are cut by that time.
    edge = (
        "SELECT min(published_at) FROM (SELECT DISTINCT published_at, remote_id FROM sample WHERE account_id = ?"
        " ORDER BY published_at DESC LIMIT ?)"
    )
    since = db.execute(edge, (account_id, posts)).fetchone()[0]
    sql = f"{_SAMPLE} WHERE s.account_id = ? AND s.published_at >= ? ORDER BY s.published_at DESC"
    return [_sample(row) for row in db.execute(sql, (account_id, since))]


def every(db: sqlite3.Connection, account_ids: Iterable[int], limit: int | None) -> Iterator[Sample]:
    """The samples of some accounts, each account's newest post first, read as they are consumed."""
    for account_id in account_ids:
        sql = f"{_SAMPLE} WHERE s.account_id = ? ORDER BY s.published_at DESC LIMIT ?"
        yield from (_sample(row) for row in db.execute(sql, (account_id, -1 if limit is None else limit)))


def _sample(row: sqlite3.Row) -> Sample:
    return Sample(
        account=row["account"],
        remote_id=row["remote_id"],
        published_at=from_ms(row["published_at"]),
        observed_at=from_ms(row["observed_at"]),
        **{name: row[name] for name in _COUNTS},
    )
