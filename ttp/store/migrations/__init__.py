"""Upgrade the schema of a store in one transaction. Imports alembic (0.3 s), so only if needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ttp.store.dialect import Conflicting
from ttp.store.sqlite import SqliteConnection

if TYPE_CHECKING:
    from alembic.config import Config


def configuration() -> Config:
    """Return what alembic needs to find the migrations."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: SqliteConnection, target: str) -> None:
    """Run every migration up to `target` on `connection` (in autocommit mode; foreign keys are switched off). All or
    nothing. Raises Conflicting, and changes nothing, if a reference would be broken."""
    from alembic import command
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import StaticPool

    # Inside a transaction this pragma does nothing, and rebuilding a table would delete its children.
    connection.execute("PRAGMA foreign_keys=OFF")
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
    config = configuration()
    with engine.connect() as c, c.begin():
        config.attributes["connection"] = c
        # A table that is rebuilt loses the triggers by which a sealed store refuses changes.
        triggers = c.exec_driver_sql("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            c.exec_driver_sql(f"DROP TRIGGER {name}")
        command.upgrade(config, target)
        for _, sql in triggers:
            c.exec_driver_sql(sql)
        broken = c.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise Conflicting(f"migration to {target} would break {len(broken)} references")
