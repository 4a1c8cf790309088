"""Settings that all hosts of a store share (see `domain.config.is_shared`), as a store in a server has them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ttp.domain.config import Config, Value
from ttp.store.dialect import Connection


def read(db: Connection) -> dict[str, Value]:
    """Return the settings in the store by name."""
    found = {row["name"]: json.loads(row["value"]) for row in db.execute("SELECT name, value FROM setting")}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


def write(db: Connection, values: Mapping[str, Value]) -> None:
    """Store settings; None removes one. Inside a transaction."""
    for name, value in values.items():
        db.execute("DELETE FROM setting WHERE name = ?", (name,))
        if value is not None:
            db.execute("INSERT INTO setting (name, value) VALUES (?, ?)", (name, json.dumps(value)))


def differing_settings(db: Connection, config: Config) -> dict[str, Value]:
    """Return the settings in the store that have another value in `config`."""
    return {name: value for name, value in read(db).items() if config[name] != value}
