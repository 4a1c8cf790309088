"""Upgrade the schema of a store in PostgreSQL in one transaction. Imports alembic, so only if needed.

Publishers of the version before go on meanwhile, and afterwards: a migration only adds, and what nothing uses any more
is removed one release later. `USABLE_FROM` says since which revision that holds; the store has it as a comment. What a
publisher must know, as a column that says what is sent where, raises it: older publishers must end before the upgrade.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import psycopg
from psycopg import errors

from ttp.store.dialect import Connection, TryAgain
from ttp.store.migrations import configuration
from ttp.store.postgresql.connection import STORE_KEY

USABLE_FROM = "0023"
"""The oldest revision whose program may use a store of this program's schema."""
_COMMENT = "usable from "
_ATTEMPTS = 10
_PAUSE_S = 0.5


def note_usable_from(db: Connection) -> None:
    """Write USABLE_FROM into the store, in the caller's transaction."""
    db.execute(f"COMMENT ON TABLE alembic_version IS '{_COMMENT}{USABLE_FROM}'")


def is_usable_from(db: Connection, revision: str) -> bool:
    """Return whether a newer store says that programs of this revision may use it."""
    text = db.execute("SELECT obj_description('alembic_version'::regclass)").fetchone()[0] or ""
    return str(text).startswith(_COMMENT) and str(text).removeprefix(_COMMENT) <= revision


def upgrade(parameters: Mapping[str, str], target: str) -> None:
    """Run every migration up to `target`, all or nothing; one process at a time. `parameters`: of libpq. Raises
    psycopg.Error; TryAgain if others were in the way each time."""
    from alembic import command
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import NullPool

    def connect() -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(**parameters)  # type: ignore[arg-type]  # texts

    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
    for left in reversed(range(_ATTEMPTS)):
        try:
            with engine.begin() as c:
                # A table that others keep in use is not waited for for ever: they would wait behind this.
                c.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
                c.exec_driver_sql(f"SELECT pg_advisory_xact_lock({STORE_KEY})")
                config = configuration()
                config.attributes["connection"] = c
                command.upgrade(config, target)  # nothing to do if another process was first
                c.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS '{_COMMENT}{USABLE_FROM}'")
            return
        except DBAPIError as error:
            # Publishers go on meanwhile, and lock rows and tables in another order.
            if left and isinstance(error.orig, errors.DeadlockDetected):
                time.sleep(_PAUSE_S)
            elif isinstance(error.orig, errors.DeadlockDetected | errors.LockNotAvailable):
                raise TryAgain(str(error.orig)) from error.orig
            elif isinstance(error.orig, psycopg.Error):
                raise error.orig from error
            else:
                raise
