"""Read a dump of a store in PostgreSQL, as `pg_dump` wrote it, to its end: whether it is whole, and what it has."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ttp.domain.action import action
from ttp.domain.errors import Damaged, Hint, NotFound, UsageError
from ttp.store.home.files import open_regular

_CUSTOM, _TEXT = b"PGDMP", b"--\n-- PostgreSQL database dump"
_COPY = re.compile(r'COPY (?:\w+\.|"\w+"\.)?"?(\w+)"? \((.*)\) FROM stdin;')
_END = "-- PostgreSQL database dump complete"
_NEEDED = {"store", "alembic_version", "post", "delivery", "attempt", "account"}


def is_dump(file: Path) -> bool:
    """Return whether a file is a dump of PostgreSQL. Raises OSError."""
    with os.fdopen(open_regular(file), "rb") as opened:
        return opened.read(len(_TEXT)).startswith((_CUSTOM, _TEXT))


def read_dump(file: Path) -> tuple[int, int]:
    """Read a whole dump. Return how many posts that are not deleted, and how many media files, it names. Raises Damaged
    if it is cut off or not of a store, NotFound without pg_restore."""
    with _lines(file) as lines:
        return _count(file, lines)


def _count(file: Path, lines: Iterable[str]) -> tuple[int, int]:
    tables, posts, media, ended = set[str](), 0, set[str](), False
    table, columns = "", list[str]()
    for line in lines:
        text = line.rstrip("\n")
        if table:
            if text == "\\.":
                table = ""
            elif table == "post":
                posts += text.split("\t")[columns.index("deleted_at")] == "\\N"
            elif table == "post_media":
                media.add(text.split("\t")[columns.index("sha256")])
        elif found := _COPY.fullmatch(text):
            table, columns = found[1], found[2].replace('"', "").split(", ")
            tables.add(table)
        ended = ended or text == _END
    if not ended:
        raise _damaged(file, "its end is missing")
    if lacking := sorted(_NEEDED - tables):
        raise _damaged(file, f"it has no table {lacking[0]}, so it is not of a store")
    return posts, len(media)


@contextmanager
def _lines(file: Path) -> Iterator[Iterable[str]]:
    """Yield the lines of a dump as SQL."""
    with os.fdopen(open_regular(file), "rb") as opened:
        is_text = not opened.read(len(_CUSTOM)).startswith(_CUSTOM)
    if is_text:
        with os.fdopen(open_regular(file), encoding="utf-8", errors="replace") as text:
            yield text
        return
    command = ["pg_restore", "--file=-", "--no-owner", str(file)]
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
    except FileNotFoundError:
        raise NotFound(
            "a dump in this format is read by pg_restore, which is not installed here",
            Hint("fix", "apt install postgresql-client"),
        ) from None
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        yield process.stdout
        said = process.stderr.read().strip().splitlines()
        if process.wait() != 0:
            raise _damaged(file, said[0] if said else f"pg_restore ended with {process.returncode}")


def _damaged(file: Path, why: str) -> Damaged:
    return Damaged(
        f"{file} is not a whole backup of a store: {why}", Hint("try", action("backup", "FILE", verify=True))
    )


def refuse_own_backup(name: str, file: str) -> UsageError:
    """Return the error for a backup that the server's own program makes."""
    return UsageError(
        f"the store {name} is in PostgreSQL, whose own program backs it up",
        Hint("fix", f"pg_dump --format=custom --file={file} {name}"),
        Hint("see", action("backup", file, verify=True)),
    )
