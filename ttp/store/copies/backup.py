"""Copy the database while it is in use, and restore a copy. A copy is one verified file that only its owner can read.
Nothing is overwritten except an older copy of the same store; a replaced store is kept under another name."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp

from ttp.domain.action import action
from ttp.domain.errors import Busy, Damaged, Hint, NotFound, TtpError, UsageError
from ttp.store.database import Database, read_revision
from ttp.store.dialect import Connection, StoreError
from ttp.store.home import output_file
from ttp.store.home.files import NotRegular, kind_of, make_home, nearest_folder, open_regular, quote_path, sync
from ttp.store.machine.ownership import RESTORED, store_id
from ttp.store.sqlite import connect_unchecked, is_locked, lock_alone, quick_check, translate_errors
from ttp.store.sqlite import copy as copy_database

_LOG_FILES = ("-wal", "-shm", "-journal")
_ANOTHER = Hint("try", action("backup", "FILE"))


def back_up(database: Database, target: Path) -> None:
    """Copy the store to `target` while others may write to it. Replaces an older copy of the same store. Raises
    NotFound without a store, UsageError if the target is another file, Damaged, Busy."""
    with database.reading() as source:
        if source is None:
            raise NotFound(f"there is no store {database.path} yet", Hint("fix", action("create", "TEXT")))
        _refuse_to_overwrite(target, database.path, store_id(source))
        with _writing(target):
            fresh = _fresh(target)
            try:
                _copy(source, fresh, database.path)
                fresh.replace(target)
                sync(target.parent)
            finally:
                fresh.unlink(missing_ok=True)


def restore(database: Database, copy: Path) -> Path | None:
    """Replace the store with `copy`, which no machine owns until `--take-over`. Return where the old store is kept.

    Raises LockHeld while a publisher runs, and NotFound, Damaged or NewerStore for an unusable copy. On any error the
    present store is unchanged.
    """
    if _is_same(copy, database.path):
        raise UsageError(f"{copy} is the store itself", Hint("try", action("restore", "FILE")))
    with ExitStack() as stack:
        source = stack.enter_context(closing(_opened(copy)))
        make_home(database.home)
        stack.enter_context(database.publisher_lock(doing="it must stop before another store takes its place"))
        descriptor, name = mkstemp(prefix="ttp.db.new-", dir=database.home)
        os.close(descriptor)
        fresh = Path(name)
        stack.callback(fresh.unlink, missing_ok=True)
        with translate_errors(database.path):
            _copy(source, fresh, copy)
            with closing(connect_unchecked(fresh)) as db:
                db.execute("UPDATE store SET host = ?", (RESTORED,))
                if database.exists():
                    _keep_credentials(db, database.path)
                db.execute("PRAGMA journal_mode=WAL")
            sync(fresh)
            kept = _put_aside(database.path, stack) if database.exists() else None
            fresh.replace(database.path)
            sync(database.home)
        return kept


def is_dump(file: Path) -> bool:
    """Return whether a file is a dump of PostgreSQL, and not a file of SQLite. Raises NotFound, UsageError."""
    _refuse_unreadable(file)
    return _starts_as_dump(file)


def verify(copy: Path) -> tuple[int, int]:
    """Read a whole copy. Return how many posts it has, and how many media files it names. Raises Damaged, NotFound,
    NewerStore for an unusable one."""
    with closing(_opened(copy)) as db:
        quick_check(db, copy)
        return count_posts(db), len(media_named(db))


def _keep_credentials(fresh: Connection, present: Path) -> None:
    """Put the credentials of the present store into an older copy of it: a refresh token works once, and those of the
    copy may be spent. Does nothing if the present store cannot be read."""
    with suppress(StoreError, TtpError, OSError), closing(connect_unchecked(present, read_only=True)) as now:
        with now.snapshot():  # turns errors into StoreError
            if store_id(now) != store_id(fresh):
                return
            key_id = now.execute("SELECT credentials_key FROM store").fetchone()[0]
            rows = now.execute("SELECT name, key_id, fields FROM credential").fetchall()
        with fresh.transaction():
            fresh.execute("DELETE FROM credential")
            fresh.executemany("INSERT INTO credential (name, key_id, fields) VALUES (?, ?, ?)", map(tuple, rows))
            fresh.execute("UPDATE store SET credentials_key = ?", (key_id,))


def _is_same(path: Path, store: Path) -> bool:
    try:
        return path.samefile(store)
    except (OSError, ValueError):
        return False


def count_posts(db: Connection) -> int:
    return int(db.execute("SELECT count(*) FROM post WHERE deleted_at IS NULL").fetchone()[0])


def media_named(db: Connection, *, unpublished: bool = False) -> list[str]:
    """Return the digests of the media, thumbnails and card pictures of all posts, or of those that may still be
    published."""
    which = "p.deleted_at IS NULL" + (" AND p.status <> 'published'" if unpublished else "")
    files = (("sha256", "post_media"), ("thumbnail", "post_media"), ("sha256", "card_picture"))
    each = (
        f"SELECT m.{name} FROM {table} m JOIN post p ON p.id = m.post_id WHERE m.{name} IS NOT NULL AND {which}"
        for name, table in files
    )
    return [row[0] for row in db.execute(" UNION ".join(each))]


def _refuse_to_overwrite(target: Path, store: Path, own_id: str) -> None:
    if os.path.isdir(target):  # noqa: PTH112 (never raises)
        raise UsageError(f"{target} is a folder", Hint("try", action("backup", target / "ttp.db")))
    if _is_same(target, store):
        raise UsageError(f"{target} is the store itself", _ANOTHER)
    if os.path.lexists(target):
        try:
            with closing(_opened(target)) as older:
                same = store_id(older) == own_id
        except TtpError:
            same = False
        if not same:
            raise UsageError(f"{target} exists and is not a backup of this store", _ANOTHER)


def _fresh(target: Path) -> Path:
    """Create an empty file next to the target, readable only by its owner."""
    fresh = target.with_name(f".ttp.db.new-{os.getpid()}")  # short: a long name has no room for more
    os.close(os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    return fresh


def _copy(source: Connection, fresh: Path, original: Path) -> None:
    """Copy all of `source` into one verified and synced file. Raises Damaged, which names `original`."""
    copy_database(source, fresh)
    with closing(connect_unchecked(fresh)) as target:
        quick_check(target, original)
    sync(fresh)


def _opened(copy: Path) -> Connection:
    """Open a copy for reading. Raises NotFound, Damaged, NewerStore."""
    _refuse_unreadable(copy)
    connection = connect_unchecked(copy, read_only=True)
    try:
        with connection.snapshot():
            store_id(connection)
            read_revision(connection, copy)
    except (TtpError, StoreError, TypeError) as error:  # TypeError: no row
        connection.close()
        if isinstance(error, TtpError):
            raise
        raise Damaged(f"{copy} is not a backup of a store: {error}", Hint("try", action("restore", "FILE"))) from error
    return connection


def _refuse_unreadable(copy: Path) -> None:
    """Raise NotFound or UsageError for anything but a file."""
    try:
        # Looked at and not opened: closing a file of SQLite's gives up the locks that this process has on it.
        status = copy.stat()
        if not stat.S_ISREG(status.st_mode):  # SQLite would wait for a named pipe
            raise NotRegular(copy, kind_of(status))
    except FileNotFoundError:
        raise NotFound(f"no file {copy}", Hint("see", f"ls -la {nearest_folder(copy)}")) from None
    except OSError as error:
        raise UsageError(f"{copy} cannot be read: {error.strerror}", Hint("try", action("restore", "FILE"))) from None


def _put_aside(path: Path, stack: ExitStack) -> Path:
    """Give the present store a second name, with an empty log, and return it. Raises Busy if another program uses it. A
    program that opened it earlier and writes later is refused by SQLite, because the file was replaced."""
    kept = _free(path.with_name(f"{path.name}.before-restore"))
    try:
        # Open until all is done: closing it would delete the log of the file that replaces it.
        lock_alone(stack.enter_context(closing(connect_unchecked(path))))
    except StoreError as error:
        # A damaged store, which is what backups are for, is kept with its log files.
        if is_locked(error):
            raise Busy(f"another program has {path} open", Hint("see", action("status"))) from error
        for part in _LOG_FILES:
            with suppress(FileNotFoundError):
                path.with_name(path.name + part).rename(kept.with_name(kept.name + part))
    os.link(path, kept)
    return kept


def _free(path: Path) -> Path:
    """Return the path, or the same with the first free number appended."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Turn what the disk under the target refuses into Busy."""
    try:
        yield
    except TtpError:
        raise
    except OSError as error:
        raise output_file.output_error(target, error) from error
    except StoreError as error:
        raise Busy(f"{target} cannot be written: {error}", Hint("see", f"df -h {quote_path(target.parent)}")) from error


_CUSTOM, _TEXT = b"PGDMP", b"--\n-- PostgreSQL database dump"
_COPY = re.compile(r'COPY (?:\w+\.|"\w+"\.)?"?(\w+)"? \((.*)\) FROM stdin;')
_END = "-- PostgreSQL database dump complete"
_NEEDED = {"store", "alembic_version", "post", "delivery", "attempt", "account"}


def _starts_as_dump(file: Path) -> bool:
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
            elif table in ("post_media", "card_picture"):
                row = dict(zip(columns, text.split("\t"), strict=False))
                media |= {row.get(name, "\\N") for name in ("sha256", "thumbnail")} - {"\\N"}
        elif match := _COPY.fullmatch(text):
            table, columns = match[1], match[2].replace('"', "").split(", ")
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
