"""Store samples in batches, and read an account's newest by index. Files may have a million rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, groupby
from operator import itemgetter
from typing import cast

from ttp.domain.account import Account
from ttp.domain.delivery import parts_of
from ttp.domain.metrics.sample import COUNTS, OnlineDay, Row, Sample, Total, row_of
from ttp.domain.time.clock import from_ms, to_ms
from ttp.store import dialect
from ttp.store.dialect import Connection, List, in_list, newest_rows
from ttp.store.row_mapper import instant

_FIELDS = ("published_at", *COUNTS, "kind", "text")
_NUMBERS_OF = itemgetter(*_FIELDS[1:])
"""The numbers of a row, in the order in which a `Sample` has them."""
_SAMPLE = "SELECT s.*, a.platform || '/' || a.handle AS account FROM sample s JOIN account a ON a.id = s.account_id"

# Of one account, whose id is in the text: the parameters are a `Row`, whose fields stand in this order.
_KEY = ("remote_id", "observed_at")
_VALUES = ", ".join(f":{name}" for name in _FIELDS)
_UPDATE = (
    f"UPDATE sample SET ({', '.join(_FIELDS)}) = ({_VALUES}) WHERE account_id = %d AND remote_id = :remote_id"
    f" AND observed_at = :observed_at AND ({', '.join(_FIELDS)}) IS DISTINCT FROM ({_VALUES})"
)
_NEWEST = newest_rows(_FIELDS, f"account_id = :account AND {in_list('remote_id', 'posts')}")
_NEWEST_OF_EACH = newest_rows((*COUNTS, "published_at"), "account_id = ?")


def save_samples(db: Connection, samples: Iterable[Sample], accounts: Mapping[str, int]) -> Counter[str]:
    """Store samples; count `inserted`, `updated` and `unchanged`. `accounts`: lower-case name to id. A sample without a
    date from its source is unchanged if the newest stored sample of its post has the same numbers."""
    done: Counter[str] = Counter()
    for (name, dated), group in groupby(samples, lambda one: (one.account.lower(), one.dated)):
        done += save_rows(db, accounts[name], [row_of(one) for one in group], dated=dated)
    return done


def save_rows(db: Connection, account_id: int, rows: Sequence[Row], *, dated: bool) -> Counter[str]:
    """Store rows of one account, like `save_samples` but with few statements."""
    changed = rows if dated else _changed(db, account_id, rows)
    # In the order of the index: rows that come as they please would touch a page of it for each row.
    changed = sorted(changed, key=_BY_KEY)
    inserted = _insert(db, account_id, changed)
    named = (dict(zip((*_KEY, *_FIELDS), row, strict=True)) for row in changed)
    updated = db.executemany(_UPDATE % account_id, named).rowcount if inserted < len(changed) else 0
    return +Counter(inserted=inserted, updated=updated, unchanged=len(rows) - inserted - updated)


_BY_KEY = itemgetter(0)
_TOGETHER = 40
"""Rows per statement: each statement reads and writes the table's largest id."""


def _insert(db: Connection, account_id: int, rows: Sequence[Row]) -> int:
    """Insert rows whose post has no sample of that time. Return how many."""
    inserted, whole = 0, len(rows) - len(rows) % _TOGETHER
    for together, some in ((_TOGETHER, rows[:whole]), (1, rows[whole:])):
        if some:
            marks = ", ".join([f"({account_id:d}, {', '.join('?' * (2 + len(_FIELDS)))})"] * together)
            sql = (
                f"INSERT INTO sample (account_id, remote_id, observed_at, {', '.join(_FIELDS)}) VALUES {marks}"
                " ON CONFLICT (account_id, remote_id, observed_at) DO NOTHING"
            )
            values = list(chain.from_iterable(some))
            size = together * (2 + len(_FIELDS))
            each = [values[start : start + size] for start in range(0, len(values), size)]
            inserted += db.executemany(sql, each).rowcount
    return inserted


def _changed(db: Connection, account_id: int, rows: Sequence[Row]) -> list[Row]:
    """Return the rows that differ from the newest sample of their post, including earlier rows."""
    found = db.execute(_NEWEST, {"account": account_id, "posts": List({row[0] for row in rows})})
    newest: dict[str, tuple[object, ...]] = {one[0]: tuple(one)[1:-1] for one in found}
    changed = []
    for row in rows:
        known = newest.get(row[0])
        if known is None or known[1:] != row[2:]:
            changed.append(row)
            if known is None or cast(int, known[0]) <= row[1]:
                newest[row[0]] = row[1:]
    return changed


def last_observed(db: Connection, account_id: int, remote_id: str) -> datetime | None:
    """Return when the newest sample of a post was observed; None without samples."""
    sql = "SELECT max(observed_at) FROM sample WHERE account_id = ? AND remote_id = ?"
    return instant(db.execute(sql, (account_id, remote_id)).fetchone()[0])


def newest_sample(db: Connection, account_id: int, remote_id: str) -> Sample | None:
    sql = f"{_SAMPLE} WHERE s.account_id = ? AND s.remote_id = ? ORDER BY s.observed_at DESC LIMIT 1"
    row = db.execute(sql, (account_id, remote_id)).fetchone()
    return None if row is None else _sample(row)


def newest_samples(db: Connection, account_id: int, posts: int) -> list[Sample]:
    """Return every sample of the account's `posts` newest posts, by the index sample_newest."""
    # Several samples of a post share its time of publication, so whole posts are cut by that time.
    edge = (
        "SELECT min(published_at) FROM (SELECT DISTINCT published_at, remote_id FROM sample WHERE account_id = ?"
        " ORDER BY published_at DESC LIMIT ?) AS newest"
    )
    since = db.execute(edge, (account_id, posts)).fetchone()[0]
    sql = f"{_SAMPLE} WHERE s.account_id = ? AND s.published_at >= ? ORDER BY s.published_at DESC"
    return [_sample(row) for row in db.execute(sql, (account_id, since))]


def newest_of_posts(db: Connection, post_ids: Iterable[int]) -> list[Sample]:
    """Return the newest sample of each delivery of posts of ttp."""
    sql = (
        "SELECT s.*, a.platform || '/' || a.handle AS account FROM delivery d JOIN account a ON a.id = d.account_id"
        " JOIN sample s ON s.account_id = d.account_id AND s.remote_id = d.remote_id"
        f" WHERE {in_list('d.post_id', 'posts')} AND d.parent_id IS NULL"
        " ORDER BY s.account_id, s.remote_id, s.observed_at DESC"
    )
    rows = db.execute(sql, {"posts": List(post_ids)})
    return [_sample(next(of_one)) for _, of_one in groupby(rows, itemgetter("account_id", "remote_id"))]


def comment_ids(db: Connection, account_id: int, remote_ids: Iterable[str]) -> set[str]:
    """Return which of these posts are comments of ttp, which platforms list among the posts of the account."""
    sql = (
        "SELECT remote_id FROM delivery"
        f" WHERE account_id = :account AND {in_list('remote_id', 'posts')} AND parent_id IS NOT NULL"
    )
    rows = db.execute(sql, {"account": account_id, "posts": List(remote_ids)})
    return {row["remote_id"] for row in rows}


def thread_ids(db: Connection, account_id: int, remote_ids: Iterable[str]) -> set[str]:
    """Return which of these posts ttp published with further parts."""
    sql = (
        "SELECT remote_id, handle FROM delivery"
        f" WHERE account_id = :account AND {in_list('remote_id', 'posts')} AND handle <> '{{}}'"
    )
    rows = db.execute(sql, {"account": account_id, "posts": List(remote_ids)})
    return {row["remote_id"] for row in rows if len(parts_of(json.loads(row["handle"]))) > 1}


def newest_between(db: Connection, account_id: int, start: datetime, end: datetime) -> list[Sample]:
    """Return the newest sample of each post that was published from `start` until before `end`, newest post first."""
    sql = (
        f"{_SAMPLE} WHERE s.account_id = ? AND s.published_at >= ? AND s.published_at < ?"
        " ORDER BY s.published_at DESC, s.remote_id, s.observed_at DESC"
    )
    rows = db.execute(sql, (account_id, to_ms(start), to_ms(end)))
    return [_sample(next(of_one_post)) for _, of_one_post in groupby(rows, itemgetter("remote_id"))]


def read_samples(db: Connection, account_ids: Iterable[int], limit: int | None) -> Iterator[Sample]:
    """Yield the samples of some accounts, each account's newest post first."""
    for account_id in account_ids:
        sql = f"{_SAMPLE} WHERE s.account_id = :account ORDER BY s.published_at DESC"
        if limit is not None:
            sql += " LIMIT :limit"
        yield from (_sample(row) for row in db.execute(sql, {"account": account_id, "limit": limit}))


def account_total(db: Connection, account: Account) -> Total:
    """Return the totals of one account, in one pass over the index of its posts and their samples."""
    # In halves: SQLite's sum() refuses what is longer than its own integers. PostgreSQL's is a decimal.
    halved = ", ".join(f"sum({name} >> 32), sum({name} & 4294967295)" for name in COUNTS)
    sql = (
        "SELECT count(*), coalesce(sum(samples), 0), min(published_at), max(published_at), max(observed_at),"
        f" {halved} FROM ({_NEWEST_OF_EACH}) AS newest"
    )
    posts, samples, first, last, observed, *halves = db.execute(sql, (account.id,)).fetchone()
    pairs = zip(halves[::2], halves[1::2], strict=True)
    sums = [None if high is None else (int(high) << 32) + int(low) for high, low in pairs]
    return Total(account.name, posts, int(samples), instant(first), instant(last), instant(observed), *sums)


def _sample(row: dialect.Row) -> Sample:
    published_at, observed_at = from_ms(row["published_at"]), from_ms(row["observed_at"])
    return Sample(row["account"], row["remote_id"], published_at, observed_at, *_NUMBERS_OF(row))


DAYS = 28
"""The newest days that count: four of each weekday."""


def save_days(db: Connection, account_id: int, days: Sequence[OnlineDay], *, read_at: datetime) -> None:
    """Store days of an account. A day that is stored already is replaced: its numbers may have been incomplete."""
    db.executemany(
        "INSERT INTO online_followers (account_id, ends, hours, read_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (account_id, ends) DO UPDATE SET hours = excluded.hours, read_at = excluded.read_at",
        [(account_id, day.ends, json.dumps(day.hours), to_ms(read_at)) for day in days],
    )


def newest_days(db: Connection, account_id: int) -> list[OnlineDay]:
    """Return the newest days of an account, oldest first."""
    sql = "SELECT ends, hours FROM online_followers WHERE account_id = ? ORDER BY ends DESC LIMIT ?"
    found = [OnlineDay(row["ends"], json.loads(row["hours"])) for row in db.execute(sql, (account_id, DAYS))]
    return found[::-1]
