"""The filter of posts with its conditions as SQL, and what pages need besides a list: an order, and how many pass."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from ttp.domain.post import PostStatus
from ttp.store import dialect, row_mapper
from ttp.store.dialect import Connection, Row, contains
from ttp.store.row_mapper import marks, ms

SORTS: Mapping[str, str] = {
    "id": "id",
    "time": "coalesce(scheduled_at, published_at)",
    "created": "created_at",
    "updated": "updated_at",
}
"""The orders that a filter can name, also reversed (`-time`), with the SQL of each."""


class PostFilter(NamedTuple):
    """Which posts to list. Empty fields do not filter; times bound `scheduled_at`, excluding `until`."""

    statuses: tuple[PostStatus, ...] = ()
    platforms: tuple[str, ...] = ()
    accounts: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    search: str | None = None
    key: str | None = None
    needs_you: bool = False
    approval: bool = False
    """With `needs_you`: include posts that wait for approval."""
    no_alt: bool = False
    untimed: bool = False
    """Only posts published without a scheduled time; the bounds are for `published_at`."""
    limit: int | None = None
    skip: int = 0
    """How many of the first posts to leave out."""
    after: int | None = None
    sort: str = ""
    """One of `SORTS` instead of the usual order; `-time`: reversed. Not with `after`."""
    within: frozenset[int] | None = None
    """Only posts that go to none but these accounts."""


def conditions(criteria: PostFilter) -> tuple[str, list[row_mapper.Column]]:
    """Return the filters other than status as SQL with its values."""
    parts = [f" AND {dialect.LACKS_ALT}"] if criteria.no_alt else []
    values: list[row_mapper.Column] = []

    def add(sql: str, *arguments: row_mapper.Column) -> None:
        parts.append(f" AND {sql}")
        values.extend(arguments)

    reach = "EXISTS (SELECT 1 FROM delivery d JOIN account a ON a.id = d.account_id WHERE d.post_id = post.id AND {})"
    if criteria.accounts:
        add(reach.format(f"d.state <> 'cancelled' AND a.id IN ({marks(criteria.accounts)})"), *criteria.accounts)
    if criteria.platforms:
        names = criteria.platforms
        add(reach.format(f"d.state <> 'cancelled' AND a.platform IN ({marks(names)})"), *names)
    if criteria.needs_you:
        waits = f" OR {dialect.WAITS_FOR_APPROVAL}" if criteria.approval else ""
        add(f"({dialect.NEEDS_A_PERSON}{waits})")
    for tag in criteria.tags:
        add("id IN (SELECT post_id FROM post_tag WHERE tag = ?)", tag)
    if criteria.untimed:
        add("scheduled_at IS NULL AND published_at IS NOT NULL")
    bounded = "published_at" if criteria.untimed else "scheduled_at"
    for sign, bound in ((">=", criteria.since), ("<", criteria.until)):
        if bound is not None:
            add(f"{bounded} {sign} ?", ms(bound))
    if criteria.search:
        add(f"({contains('content', '?')} OR {contains('comment', '?')})", criteria.search, criteria.search)
    if criteria.key is not None:
        add("key = ?", criteria.key)
    if criteria.within is not None:
        ids = sorted(criteria.within) or [0]
        outside = f"d.post_id = post.id AND d.state <> 'cancelled' AND d.account_id NOT IN ({marks(ids)})"
        add(f"NOT EXISTS (SELECT 1 FROM delivery d WHERE {outside})", *ids)
    return "".join(parts), values


def _where(criteria: PostFilter) -> tuple[str, list[row_mapper.Column]]:
    where, values = conditions(criteria)
    if not criteria.statuses:
        return f"deleted_at IS NULL{where}", values
    statuses = [status.value for status in criteria.statuses]
    return f"deleted_at IS NULL AND status IN ({marks(statuses)}){where}", [*statuses, *values]


def sorted_rows(db: Connection, criteria: PostFilter) -> list[Row]:
    """Return the rows of a page in the order that the filter names. What has no value for it comes last."""
    where, values = _where(criteria)
    way = "DESC" if criteria.sort.startswith("-") else "ASC"
    order = f"{SORTS[criteria.sort.removeprefix('-')]} {way} NULLS LAST, id {way}"
    limit = "" if criteria.limit is None else f" LIMIT {criteria.limit} OFFSET {criteria.skip}"
    return db.execute(f"{row_mapper.POSTS} WHERE {where} ORDER BY {order}{limit}", values).fetchall()


def count(db: Connection, criteria: PostFilter, most: int) -> int:
    """Return how many posts pass the filter, at most `most`: more are not counted."""
    where, values = _where(criteria)
    sql = f"SELECT count(*) FROM (SELECT 1 FROM post WHERE {where} LIMIT {most}) few"
    return int(db.execute(sql, values).fetchone()[0])
