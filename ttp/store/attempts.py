"""The write-ahead table: one row for each step of each attempt, kept forever. A `publish` row without an outcome is an
open intent: the call may or may not have happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ttp.domain.delivery import parts_of
from ttp.domain.publishing.attempt import Attempt, Kind, Phase
from ttp.domain.time.clock import to_ms
from ttp.store import row_mapper
from ttp.store.dialect import Connection, Row, insert_into
from ttp.store.row_mapper import as_corrupt_row, parse_object

_INSERT = insert_into("attempt", row_mapper.ATTEMPT_COLUMNS)


def start_attempt(db: Connection, attempt: Attempt) -> Callable[[], int]:
    """Insert a step that starts. Return what reads the row's id, in the same transaction."""
    asked = db.execute(f"{_INSERT} RETURNING id", row_mapper.attempt_columns(attempt))
    # SQLite ends no savepoint and no transaction while the answer to an insert waits to be read.
    row = None if db.is_remote else asked.fetchone()
    return lambda: int((row or asked.fetchone())["id"])


def add_attempt(db: Connection, attempt: Attempt) -> None:
    """Insert a step that is complete."""
    db.send(_INSERT, row_mapper.attempt_columns(attempt))


def finish_attempt(
    db: Connection,
    started: Attempt,
    *,
    at: datetime,
    outcome: str,
    kind: Kind | None = None,
    code: str | None = None,
    http_status: int | None = None,
    message: str | None = None,
) -> None:
    """Store the outcome of a step. Another step that has its id stays unchanged: a database that lost its last commits
    at a failover gives ids again."""
    db.send(
        "UPDATE attempt SET ended_at = ?, outcome = ?, kind = ?, code = ?, http_status = ?, message = ?"
        " WHERE id = ? AND delivery_id = ? AND at = ? AND coalesce(fingerprint, '') = ?",
        (
            to_ms(at),
            outcome,
            kind and kind.value,
            code,
            http_status,
            message,
            started.id,
            started.delivery_id,
            to_ms(started.at),
            started.fingerprint or "",
        ),
    )


def last_intent(db: Connection, delivery_id: int) -> Attempt | None:
    """Return the newest publishing intent of a delivery, open or not."""
    sql = f"{row_mapper.ATTEMPTS} WHERE t.delivery_id = ? AND t.phase = 'publish' ORDER BY t.id DESC LIMIT 1"
    row = db.execute(sql, (delivery_id,)).fetchone()
    return None if row is None else row_mapper.attempt(row)


def intent(db: Connection, delivery_id: int, attempt_id: int, fingerprint: str | None) -> Attempt | None:
    """Return the publishing intent of the delivery that has this id and fingerprint."""
    sql = f"{row_mapper.ATTEMPTS} WHERE t.id = ? AND t.delivery_id = ? AND t.phase = 'publish'"
    row = db.execute(sql, (attempt_id, delivery_id)).fetchone()
    return None if row is None or row["fingerprint"] != fingerprint else row_mapper.attempt(row)


def lookups_after(db: Connection, delivery_id: int, attempt_id: int) -> list[Attempt]:
    """Return the look-ups of a delivery after one of its steps, oldest first."""
    sql = f"{row_mapper.ATTEMPTS} WHERE t.delivery_id = ? AND t.phase = ? AND t.id > ? ORDER BY t.id"
    return [row_mapper.attempt(row) for row in db.execute(sql, (delivery_id, Phase.LOOK_UP.value, attempt_id))]


def has_unknown(db: Connection, delivery_id: int, *, in_thread: bool = False) -> bool:
    """Return whether an earlier publishing call of the delivery ended with an unknown outcome. `in_thread`: count only
    calls since its last published part; earlier ones were about other parts."""
    sql = (
        "SELECT count(*) FROM attempt WHERE delivery_id = :d AND phase = 'publish' AND outcome = 'unknown'"
        " AND id < (SELECT max(id) FROM attempt WHERE delivery_id = :d AND phase = 'publish')"
    )
    if in_thread:
        sql += (
            " AND id > (SELECT coalesce(max(id), 0) FROM attempt WHERE delivery_id = :d"
            " AND (phase, outcome) IN (VALUES ('publish', 'done'), ('look_up', 'found')))"
        )
    return bool(db.execute(sql, {"d": delivery_id}).fetchone()[0])


def bound_remote_ids(db: Connection, account_id: int, delivery_id: int, since: datetime) -> frozenset[str]:
    """Return the remote ids of the account's other deliveries published after `since`, and of all parts of their
    threads, half-published ones included."""
    sql = (
        "SELECT id, post_id, remote_id, handle FROM delivery WHERE account_id = ? AND remote_id IS NOT NULL AND id <> ?"
        " AND (published_at IS NULL OR published_at >= ?)"
    )
    found: set[str] = set()
    for row in db.execute(sql, (account_id, delivery_id, to_ms(since))):
        found.add(row["remote_id"])
        found.update(_parts(row))
    return frozenset(found)


@as_corrupt_row("delivery")
def _parts(row: Row) -> tuple[str, ...]:
    return parts_of(parse_object(row["handle"]))
