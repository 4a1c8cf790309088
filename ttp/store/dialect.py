"""Connections, rows and errors for statements on both databases, and the few fragments that differ.

Statements are plain SQL that SQLite and PostgreSQL both accept, with `:name` or `?` for values. Where the two differ a
function below writes the fragment for SQLite and registers the one for PostgreSQL, which `translate` puts in its place:
SQLite, the default, pays nothing for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache, lru_cache
from typing import Any, Protocol

from ttp.domain.errors import Hint, OlderStore

Values = Sequence[Any] | Mapping[str, Any]


def insert_into(table: str, columns: Collection[str]) -> str:
    """Return the statement that inserts a row, with a value by the name of each column."""
    return f"INSERT INTO {table} ({column_list(columns)}) VALUES ({', '.join(f':{name}' for name in columns)})"


def insert_row(db: Connection, table: str, columns: Mapping[str, Any]) -> Any:
    """Insert a row, and return it as it is stored."""
    return db.execute(f"{insert_into(table, columns)} RETURNING *", columns).fetchone()


def column_list(columns: Iterable[str]) -> str:
    """Return a list of columns for a statement: some have names that are words of SQL."""
    return ", ".join(f'"{name}"' for name in columns)


class StoreError(Exception):
    """The database refused a statement or a commit. `__cause__` is the error of its driver."""


class Conflicting(StoreError):
    """A row would break a unique key or a reference."""


class TryAgain(StoreError):
    """Another transaction was in the way: the same work may succeed now."""


class Superseded(StoreError):
    """Another publisher has the delivery now."""


class NotDurable(StoreError):
    """The transaction is committed on the server, and may be missing after a failover: nothing may rely on it."""


class SessionLost(StoreError):
    """The session ended, and its locks with it: nothing that began on it may go on."""


class CommitUnknown(SessionLost):
    """The session ended during a commit: everything is saved, or nothing."""


class Sealed(StoreError):
    """The store refuses changes: it was copied to another place, or is such a copy and not complete. The text says
    which, as `seal` wrote it."""


def unlike_schema(name: object, why: object) -> OlderStore:
    """Return the error for a store whose tables are not those of the revision that it names: the build that wrote it
    had others. Nothing is damaged. `name`: of the store; `why`: the statement's error."""
    return OlderStore(
        f"the store {name} needs an upgrade that this ttp cannot make: another build of ttp wrote it ({why}); export"
        " its posts with that build, and import them into a new store",
        Hint("fix", "pip install --upgrade ttp-cli"),
    )


class Row(Protocol):
    """A row, by position or by the name of a column."""

    def __getitem__(self, key: Any, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...
    def keys(self) -> Any: ...


class Cursor(Protocol):
    """The rows that a statement answers, and how many rows it changed."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """One session of a database. Usable from any thread, by one at a time."""

    memory: dict[str, Any] | None
    """What the present transaction has read once and needs again, by a name; None outside `transaction`."""

    is_remote: bool
    """Whether each answer takes a round trip to a server."""

    @property
    def is_change(self) -> bool:
        """Whether the transaction is a change of a person, which locks the posts that it reads. Never on SQLite, where
        no other transaction writes."""

    @property
    def in_transaction(self) -> bool:
        """False after an error that ended the whole transaction: no room, an I/O error."""

    def execute(self, sql: str, values: Values = (), /) -> Cursor: ...
    def executemany(self, sql: str, values: Iterable[Values], /) -> Cursor: ...

    def send(self, sql: str, values: Values = (), /) -> None:
        """Run a statement without an answer, at the latest before the next one that has an answer or the end of
        the transaction. It costs no extra round trip to a server. Its errors are raised there."""

    def send_many(self, sql: str, values: Iterable[Values], /) -> None:
        """`send` for each of `values`."""

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]], more: str = "", /) -> None:
        """`send` an INSERT of each of `rows`, which have the same columns. `more`: what follows VALUES."""

    def together(self) -> AbstractContextManager[None]:
        """Run the statements of the block with one round trip to a server, except in a change of a person. Their rows
        are read after it, and no statement depends on the rows of another."""

    def transaction(self) -> AbstractContextManager[None]:
        """Commit the block at its end, or undo it where it raises. Errors of the driver leave as StoreError. On SQLite
        the block holds the right to write from its beginning."""

    def lock_posts(self, post_ids: Iterable[int], *, at_once: bool = True) -> None:
        """Lock the rows of these posts and their deliveries until the transaction ends (`SELECT … FOR UPDATE`). Call it
        before reading what is changed. `at_once`: now, not with the next statement. Does nothing on SQLite, whose
        transaction locks the store."""

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo the block alone, inside a transaction, where it raises. Errors of the driver leave as StoreError."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Read everything in the block as the store was at the first read. Errors leave as StoreError."""

    def highest_id(self, table: str) -> int:
        """Return the highest id that a table ever had; 0 for none."""

    def settled_id(self, table: str) -> int:
        """Return the highest id that a table ever had, after all rows up to it are stored or never will be. A server
        gives ids in another order than it commits. Raises Busy if a change goes on too long; outside a transaction."""

    def reserve_ids(self, table: str, count: int) -> Sequence[int]:
        """Return ids for new rows, which no other session takes; inside a transaction."""

    def data_version(self) -> int:
        """Return a number that changes when another session has changed the store; at the latest after a second."""

    def continue_ids(self, table: str, highest: int) -> None:
        """Give new rows of a table ids above `highest`; inside a transaction."""

    def refuse_changes(self, tables: Sequence[str], why: str) -> None:
        """Let every change of these tables raise Sealed with the text `why`, in every session, while `store.moved_to`
        or `store.moved_from` is set; inside a transaction. Waits for transactions that have changed them."""

    def allow_changes(self, tables: Sequence[str]) -> None:
        """Undo `refuse_changes`; inside a transaction."""

    def close(self) -> None: ...


class List(list[Any]):
    """A list as one value of a statement: for `in_list`, `not_in_list` and `rows_of`."""


_POSTGRESQL: dict[str, str] = {}
"""The fragments for SQLite, each with its form for PostgreSQL."""


def _fragment(sqlite: str, postgresql: str) -> str:
    _POSTGRESQL[sqlite] = postgresql
    return sqlite


def in_list(column: str, name: str) -> str:
    """`column` is one of the List `:name`."""
    return _fragment(f"{column} IN (SELECT value FROM json_each(:{name}))", f"{column} = ANY(:{name})")


def not_in_list(column: str, name: str) -> str:
    return _fragment(f"{column} NOT IN (SELECT value FROM json_each(:{name}))", f"{column} <> ALL(:{name})")


def rows_of(name: str) -> str:
    """Return the List of integers `:name` as rows with one column, `value`."""
    return _fragment(f"json_each(:{name}) listed", f"unnest(:{name}::bigint[]) listed (value)")


def json_items(column: str, alias: str, key: str | None = None) -> str:
    """Return the texts of a JSON list (of the list under `key` of a JSON object) as rows with one column, `value`."""
    path = "" if key is None else f", '$.{key}'"
    found = f"{column}::jsonb" if key is None else f"coalesce({column}::jsonb -> '{key}', '[]'::jsonb)"
    return _fragment(f"json_each({column}{path}) {alias}", f"jsonb_array_elements_text({found}) {alias} (value)")


def greatest(*values: str) -> str:
    """Return the greatest of some values. None of them may be NULL: the two databases treat that differently."""
    return _fragment(f"max({', '.join(values)})", f"greatest({', '.join(values)})")


def least(*values: str) -> str:
    """Return the least of some values, of which none may be NULL."""
    return _fragment(f"min({', '.join(values)})", f"least({', '.join(values)})")


def without_index(column: str) -> str:
    """Return the column in a form for which SQLite uses no index, because another index has the right order."""
    return _fragment(f"+{column}", column)


def bytewise(column: str) -> str:
    """Return the column for comparing and sorting by bytes."""
    return _fragment(f"{column} COLLATE BINARY", f'{column} COLLATE "C"')


def contains(column: str, name: str) -> str:
    """Return a condition: `column` contains the value `name` (`:search` or `?`), in any case."""
    return _fragment(f"instr(lower({column}), lower({name})) > 0", f"strpos(lower({column}), lower({name})) > 0")


def same_handle(name: str) -> str:
    """Return a condition: the account's handle is the value `name`, in any case (on SQLite by its collation)."""
    return _fragment(f"account.handle = {name}", f"lower(account.handle) = lower({name})")


BY_ACCOUNT = _fragment("ORDER BY a.platform, a.handle", "ORDER BY a.platform, lower(a.handle)")
"""The order of accounts `a`: by name, in any case (on SQLite by its collation)."""

HANDLE_KEY = _fragment("(platform, handle)", "(platform, lower(handle))")
"""The unique key of an account's name."""


def newest_rows(columns: Sequence[str], where: str) -> str:
    """Return a statement for the newest sample of each post, with the number of its samples as `samples`. SQLite takes
    the other columns of a group from the row that has its max()."""
    named = ", ".join(columns)
    return _fragment(
        f"SELECT remote_id, max(observed_at) AS observed_at, {named}, count(*) AS samples FROM sample"
        f" WHERE {where} GROUP BY remote_id",
        f"SELECT DISTINCT ON (remote_id) remote_id, observed_at, {named},"
        f" count(*) OVER (PARTITION BY remote_id) AS samples FROM sample"
        f" WHERE {where} ORDER BY remote_id, observed_at DESC",
    )


_TOKEN = re.compile(r"'[^']*'|::|:(?P<name>[a-z_]\w*)|(?P<mark>\?)|%")


@lru_cache(maxsize=1024)
def translate(sql: str) -> str:
    """Return a statement for psycopg: with the fragments of PostgreSQL and its placeholders."""
    for sqlite in sorted(_POSTGRESQL, key=len, reverse=True):
        sql = sql.replace(sqlite, _POSTGRESQL[sqlite])
    return _TOKEN.sub(_placeholder, sql)


def _placeholder(token: re.Match[str]) -> str:
    if token["name"]:
        return f"%({token['name']})s"
    return "%s" if token["mark"] else token[0].replace("%", "%%")


_READY = "state IN ('pending', 'retrying') AND {}next_at IS NOT NULL"
_RETRYING = "p.deleted_at IS NULL AND d.state = 'retrying'"
_FORMS = (
    *((_READY.format(of), f"{_READY.format(of)} AND {of}approved_at IS NOT NULL") for of in ("", "d.")),
    (_RETRYING, f"{_RETRYING} AND d.approved_at IS NOT NULL"),
)
"""Conditions for ready deliveries as the statements have them, and the same narrowed to approved ones. Both must repeat
the words of their partial index."""
WAITS_FOR_APPROVAL = (
    f"EXISTS (SELECT 1 FROM delivery d WHERE d.post_id = post.id AND {_READY.format('d.')} AND d.approved_at IS NULL)"
)
UNAPPROVED = f"SELECT post_id FROM delivery WHERE {_READY.format('')} AND approved_at IS NULL"
SUBMITTED = "(status = 'draft' AND rejected_at IS NULL AND id IN (SELECT post_id FROM submitted_draft))"
"""Whether a post is a draft whose approval schedules it."""
NEEDS_A_PERSON = f"id IN (SELECT post_id FROM delivery WHERE state IN ('failed', 'needs_review')) OR {SUBMITTED}"
LACKS_ALT = (
    "id IN (SELECT post_id FROM post_media WHERE alt IS NULL OR lower(trim(alt)) IN (lower(name), 'text')"
    " OR (alt <> '' AND lower(substr(name, 1, length(trim(alt)) + 1)) = lower(trim(alt)) || '.'))"
)
"""Posts with media that lack an alt text, as `MediaItem.lacks_alt` says."""

RAISE_REVISION = ", revision = revision + 1"
"""For each statement that changes a post's row."""


@cache
def only_approved(sql: str) -> str:
    """Narrow a statement about ready or retrying deliveries to approved ones."""
    narrow = sql
    for wide, narrower in _FORMS:
        narrow = narrow.replace(wide, narrower)
    assert narrow != sql, "it does not say what is ready in the words of the index"
    return narrow


NOT_QUARANTINED = (
    f"{not_in_list('d.post_id', 'quarantined_posts')} AND {not_in_list('d.account_id', 'quarantined_accounts')}"
)
"""Skips quarantined rows: for a delivery `d`, with the values of `Quarantine.values`."""
