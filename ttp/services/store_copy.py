"""Copy a store to another place, as between SQLite and PostgreSQL, and let it publish from there.

The commits, in this order: the target is sealed; the source is sealed; batches of rows; the target is unsealed. So at
most one of the two can publish wherever the process dies, and the same call continues where it stopped. Rows are
copied only while the source is sealed: what the target has is always a beginning of what the source has.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import KW_ONLY, dataclass, field

from ttp.domain.action import action
from ttp.domain.config import Value
from ttp.domain.errors import Busy, Conflict, Damaged, Hint, NotFound, StateRefused
from ttp.store import shared_settings
from ttp.store.copies import table_copy
from ttp.store.copies.table_copy import Table
from ttp.store.database import Database
from ttp.store.dialect import Connection, StoreError
from ttp.store.machine import ownership, seal
from ttp.store.machine.ownership import this_machine
from ttp.store.machine.seal import Seal

_UNSETTLED = """
SELECT DISTINCT post_id FROM delivery
WHERE state IN ('claimed', 'sending', 'processing', 'reconciling') ORDER BY post_id
"""
_NAMED = 5
_STOP = "it must stop before the store is copied"


@dataclass(frozen=True, slots=True)
class CopyStep:
    """Rows of a table that were copied just now, or all rows of a table that are equal in both stores."""

    table: str
    rows: int
    is_compared: bool


@dataclass
class StoreCopy:
    """`settings`: what a target in a server gets of the settings that its hosts share. `any_machine`: the source may
    belong to another machine."""

    source: Database
    target: Database
    settings: Mapping[str, Value] = field(default_factory=dict)
    _: KW_ONLY
    any_machine: bool = False

    def run(self) -> Iterator[CopyStep]:
        """Copy the store, and yield each step once it is done. The copy is live when the iterator ends; it is
        continued by the same call if it ends earlier, and nothing happens where it is complete already.

        Raise NotFound without a source, LockHeld while a publisher runs on one of the two, StateRefused while
        deliveries are in flight, OwnedElsewhere for a source that may not publish, StoreSealed for one that was moved
        to another place, Conflict for a target with other contents, Damaged for rows that the target cannot hold.
        """
        if not self.source.exists():
            raise NotFound(f"there is no store {self.source.name}", Hint("see", action("doctor")))
        with ExitStack() as stack:
            for database in (self.source, self.target):
                stack.enter_context(database.translating_errors())
            self.target.create()
            source = stack.enter_context(closing(self.source.connect()))
            target = stack.enter_context(closing(self.target.connect()))
            source_seal, target_seal = seal.read(source), seal.read(target)
            if (
                source_seal.moved_to is not None
                and source_seal.copy_id == target_seal.copy_id
                and target_seal.moved_from is None
            ):
                return  # the last commit was reached
            self._refuse(source, source_seal, target, target_seal)
            for database in (self.source, self.target):
                stack.enter_context(database.without_publishers(doing=_STOP))
            source_seal, target_seal = seal.read(source), seal.read(target)  # again: no other copy runs now
            self._refuse(source, source_seal, target, target_seal)
            if source_seal.moved_to is None:
                target_seal = self._close(source, source_seal, target, target_seal)
            yield from self._copy(source, target, target_seal)
            yield from self._compare(source, target)
            self._open_target(source, target, target_seal)

    def give_up(self) -> None:
        """Unseal the source of a copy that is not complete; the copy never goes live. Nothing happens to a source that
        is not sealed. Raise Conflict if the target is live, or is not this copy."""
        with closing(self.source.connect()) as source, closing(self.target.connect()) as target:
            source_seal, target_seal = seal.read(source), seal.read(target)
            if source_seal.moved_to is None:
                seal.refuse_if_sealed(source, self.source.name)
                return
            if target_seal.copy_id != source_seal.copy_id:
                raise Conflict(
                    f"{self.target.name} is not the copy of this store",
                    Hint("try", seal.unseal(self.source.name, without_copy=True)),
                )
            with target.transaction():
                sql = "UPDATE store SET copy_id = NULL WHERE copy_id = ? AND moved_from IS NOT NULL"
                if target.execute(sql, (source_seal.copy_id,)).rowcount != 1:
                    raise Conflict(
                        f"the copy {self.target.name} is complete, and publishes in place of this store",
                        Hint("try", action("store copy", from_=self.target.name, to="URL")),
                    )
            with source.transaction():
                seal.open_store(source, table_copy.names())

    def _refuse(self, source: Connection, source_seal: Seal, target: Connection, target_seal: Seal) -> None:
        """Raise for a source that may not be copied there, and a target that may not be filled from it."""
        if source_seal.moved_from is not None or (
            source_seal.moved_to is not None and source_seal.copy_id != target_seal.copy_id
        ):
            seal.refuse_if_sealed(source, self.source.name)
        if target_seal.moved_to is not None:
            seal.refuse_if_sealed(target, self.target.name)
        if target_seal.moved_from is not None and target_seal.store_id != source_seal.store_id:
            seal.refuse_if_sealed(target, self.target.name)
        if source_seal.store_id == target_seal.store_id and target_seal.moved_from is None:
            raise Conflict(f"{self.target.name} is the same store, or a copy of it")
        if target_seal.moved_from is None and not table_copy.is_empty(target):
            raise Conflict(f"the store {self.target.name} is not empty, and nothing is overwritten")
        if source_seal.moved_to is None:
            self._refuse_elsewhere(source)
            _refuse_unsettled(source)

    def _refuse_elsewhere(self, source: Connection) -> None:
        """Raise OwnedElsewhere for a copied or restored store: another one may publish the same posts."""
        doubt = self.source.owner(this_machine(), any_machine=self.any_machine).refusal(source)
        if doubt is not None:
            raise doubt

    def _close(self, source: Connection, source_seal: Seal, target: Connection, target_seal: Seal) -> Seal:
        """Seal the target, then the source. Return the target's seal."""
        kept = target_seal.copy_id if target_seal.moved_from is not None else None
        target_seal = Seal(source_seal.store_id, kept or secrets.token_hex(16), None, self.source.name)
        with target.transaction():
            seal.open_store(target, table_copy.names())
            table_copy.clear(target)  # rows of a copy that was given up
            seal.close_target(target, table_copy.names(), target_seal, self.target.name)
        with source.transaction():
            seal.close_source(source, table_copy.names(), str(target_seal.copy_id), self.source.name, self.target.name)
            _refuse_unsettled(source)  # again: nothing changes any more
        return target_seal

    def _copy(self, source: Connection, target: Connection, target_seal: Seal) -> Iterator[CopyStep]:
        for table in table_copy.tables():
            for rows in table_copy.batches(source, table, table_copy.last_key(target, table)):
                with target.transaction(), _changing(target, target_seal):
                    self._insert(target, table, rows)
                yield CopyStep(table.name, len(rows), is_compared=False)

    def _compare(self, source: Connection, target: Connection) -> Iterator[CopyStep]:
        for table in table_copy.tables():
            here, copied = table_copy.sum_of(source, table), table_copy.sum_of(target, table)
            if here != copied:
                raise Damaged(
                    f"{table.name} has {copied.rows} rows in {self.target.name} that are not the {here.rows} of"
                    f" {self.source.name}: the copy is incomplete and publishes nothing",
                    Hint("fix", seal.unseal(self.source.name)),
                )
            yield CopyStep(table.name, here.rows, is_compared=True)

    def _insert(self, target: Connection, table: Table, rows: list[tuple[object, ...]]) -> None:
        try:
            with target.savepoint():
                table_copy.insert(target, table, rows)
        except StoreError as error:
            if not target.in_transaction:
                raise
            for row in rows:
                try:
                    table_copy.insert(target, table, [row])
                except StoreError as refused:
                    key = ", ".join(map(str, table.key_of(row)))
                    raise Damaged(
                        f"row {key} of {table.name} cannot be stored in {self.target.name}: {refused}",
                        Hint("fix", seal.unseal(self.source.name)),
                    ) from error
            raise

    def _open_target(self, source: Connection, target: Connection, target_seal: Seal) -> None:
        """Unseal the target: the last commit. The source's row stays locked until then, so that it stays sealed."""
        with source.transaction():
            source.execute("UPDATE store SET copy_id = copy_id")
            source_seal = seal.read(source)
            if source_seal.copy_id != target_seal.copy_id or source_seal.moved_to is None:
                raise _given_up()
            with target.transaction():
                if not _unlock(target, target_seal):
                    raise _given_up()
                for table in table_copy.tables():
                    if table.counts:
                        target.continue_ids(table.name, source.highest_id(table.name))
                carried = source.execute("SELECT created_at, credentials_key FROM store").fetchone()
                target.execute("UPDATE store SET created_at = ?, credentials_key = ?", tuple(carried))
                seal.open_store(target, table_copy.names())
                if not self.target.has_files:
                    shared_settings.write(target, self.settings)
                    ownership.renew_mark(target)  # two schemas of a database are one server to a host
                else:
                    ownership.remember_files(self.target.home, target)


@contextmanager
def _changing(target: Connection, target_seal: Seal) -> Iterator[None]:
    """Let the block change the target inside its transaction, which no other session sees unsealed."""
    if not _unlock(target, target_seal):
        raise _given_up()
    yield
    target.execute("UPDATE store SET moved_from = ?", (target_seal.moved_from,))


def _unlock(target: Connection, target_seal: Seal) -> bool:
    """Take the target's row, if it still waits for this copy."""
    sql = "UPDATE store SET moved_from = NULL WHERE copy_id = ? AND moved_from IS NOT NULL"
    return target.execute(sql, (target_seal.copy_id,)).rowcount == 1


def _given_up() -> Busy:
    return Busy("the copy was given up meanwhile, and publishes nothing")


def _refuse_unsettled(source: Connection) -> None:
    """Raise StateRefused while the outcome of a delivery is open."""
    rows = source.execute(_UNSETTLED).fetchall()
    if rows:
        posts = ", ".join(str(row["post_id"]) for row in rows[:_NAMED]) + (" …" if len(rows) > _NAMED else "")
        raise StateRefused(
            f"deliveries are in flight, and a store is copied only without them (posts {posts})",
            Hint("fix", action("run", until_idle=True)),
        )


def copy_of(database: Database) -> str | None:
    """Return where a store was moved to, or is being copied to; None if it is not sealed."""
    with database.reading() as db:
        return None if db is None else seal.read(db).moved_to


def unseal_without_copy(database: Database) -> None:
    """Unseal a store whose copy is lost. What is due may be published already by the copy, so a publisher first asks
    for a take-over. Raise StoreSealed for an incomplete copy."""
    with closing(database.connect()) as db, db.transaction():
        if seal.read(db).moved_to is None:
            seal.refuse_if_sealed(db, database.name)
            return
        seal.open_store(db, table_copy.names())
        db.execute("UPDATE store SET copy_id = NULL, host = ?", (ownership.RESTORED,))
