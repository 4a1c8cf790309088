"""Seal a store: it can be read, but publishes and changes nothing any more.

`ttp store copy` seals both stores, so that at most one of them publishes whenever it is interrupted: first the target
(`moved_from` says from where it is being filled), then the source (`moved_to` says where it went). The last commit
unseals the target. Both rows have the same `copy_id`, by which the same command finds out what is left to do.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from ttp.domain.action import Action, action
from ttp.domain.errors import Busy, Hint
from ttp.store.dialect import Connection, Row


class Seal(NamedTuple):
    """What a store's row says of its copies. `moved_to`, `moved_from`: addresses without passwords."""

    store_id: str
    copy_id: str | None
    moved_to: str | None
    moved_from: str | None

    @property
    def is_closed(self) -> bool:
        """Whether the store refuses changes."""
        return self.moved_to is not None or self.moved_from is not None


class StoreSealed(Busy):
    """The store publishes and changes nothing."""


def read(db: Connection) -> Seal:
    row = store_row(db)
    return Seal(row["store_id"], row["copy_id"], row["moved_to"], row["moved_from"])


def store_row(db: Connection) -> Row:
    """Return the row of the table `store`. Raises Busy while it is missing: the database is being restored."""
    row: Row | None = db.execute("SELECT * FROM store").fetchone()
    if row is None:
        raise Busy("the store is not complete: it is being restored, or that failed", Hint("see", action("doctor")))
    return row


def refuse_if_sealed(db: Connection, name: str) -> None:
    """Raise StoreSealed if the store is sealed. `name`: its address."""
    found = read(db)
    if found.is_closed:
        raise _error(name, found.moved_to, found.moved_from)


def refused_change(text: str) -> StoreSealed:
    """Return the error for a change that a sealed store refused with `text`."""
    return _error(*json.loads(text))


def close_source(db: Connection, tables: Sequence[str], copy_id: str, name: str, moved_to: str) -> None:
    """Seal the store that is copied; inside a transaction. Changes in progress are finished first."""
    db.refuse_changes(tables, json.dumps([name, moved_to, None]))
    db.execute("UPDATE store SET copy_id = ?, moved_to = ?", (copy_id, moved_to))


def close_target(db: Connection, tables: Sequence[str], seal: Seal, name: str) -> None:
    """Seal a store that is about to be filled, as the copy with the id and origin in `seal`; inside a transaction."""
    db.refuse_changes(tables, json.dumps([name, None, seal.moved_from]))
    db.execute(
        "UPDATE store SET store_id = ?, copy_id = ?, moved_from = ?", (seal.store_id, seal.copy_id, seal.moved_from)
    )


def open_store(db: Connection, tables: Sequence[str]) -> None:
    """Unseal a store; inside a transaction."""
    db.allow_changes(tables)
    db.execute("UPDATE store SET moved_to = NULL, moved_from = NULL")


def unseal(name: str, *, without_copy: bool = False) -> Action:
    """Return the action that unseals the store with this address."""
    return action("store unseal", name, without_copy=without_copy)


def _error(name: str, moved_to: str | None, moved_from: str | None) -> StoreSealed:
    if moved_to is not None:
        return StoreSealed(
            f"this store was moved to {moved_to}: it can be read, but changes and publishes nothing any more; if the"
            " copy is given up, unseal it",
            Hint("fix", unseal(name)),
        )
    return StoreSealed(
        f"this store is an incomplete copy of {moved_from}: it changes and publishes nothing before it is complete",
        Hint("fix", action("store copy", from_=moved_from, to=name)),
    )
