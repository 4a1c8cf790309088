"""`ttp metrics import`: the file, how it is to be read, how far it is, and what became of it."""

from __future__ import annotations

import gc
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ttp.cli import views
from ttp.cli.clean import safe
from ttp.cli.context import context
from ttp.cli.exit_codes import DONE, PARTIAL
from ttp.cli.output import Output
from ttp.cli.progress import progress
from ttp.cli.shapes import Json, sample
from ttp.domain.account import parse_account_name
from ttp.domain.errors import Hint, NotFound, UsageError
from ttp.domain.ingest.columns import source_named
from ttp.domain.ingest.dates import ORDERS
from ttp.services.metrics import Imported
from ttp.services.metrics_feed import How
from ttp.services.metrics_text import as_text

COUNTS = ("read", "inserted", "updated", "unchanged")
FIELDS = (*COUNTS, "rejected", "source", "columns", "rows")
SHOWN = 10
"""Rejected rows and unknown columns that are named."""


def how_to_read(
    *, source: str | None, account: str | None, mapped: Sequence[str] | None, tz: str | None, dates: str | None
) -> How:
    """What the options say of the file. UsageError."""
    from ttp.domain.time.zones import parse_zone

    if dates is not None and dates not in ORDERS:
        ways = (Hint("the month first", "--dates mdy"), Hint("the day first", "--dates dmy"))
        raise UsageError(f'--dates is mdy or dmy, not "{dates}"', *ways)
    return How(
        source=None if source is None else source_named(source),
        mapped=_pairs(mapped or ()),
        account=None if account is None else "/".join(parse_account_name(account)),
        zone=None if tz is None else parse_zone(tz),
        order=dates,
    )


def import_metrics(out: Output, file: str, how: How, *, dry_run: bool) -> int:
    """Read the file, and tell what became of it; the exit code that this deserves."""
    out.expect(views.facts_view(FIELDS))
    done = Imported()
    with _opened(file) as binary, _no_garbage():
        text = as_text(binary)
        with progress(out, safe(Path(file).name), _size(binary), counted=False) as tell:
            try:
                context().metrics.import_file(
                    text, how, dry_run=dry_run, done=done, tell=lambda rows: tell(_place(binary))
                )
            except KeyboardInterrupt:
                out.note(_stopped(done, dry_run))
                raise
    return _tell(out, done, dry_run)


def _tell(out: Output, done: Imported, dry_run: bool) -> int:
    for note in _notes(done, dry_run):
        out.note(note)
    counts: Json = {name: getattr(done, name) for name in COUNTS}
    shape: Json = {**counts, "rejected": [{"row": row, "reason": reason} for row, reason in done.rejected]}
    if dry_run:
        columns = [{"column": column, "field": taken} for column, taken in done.columns]
        shape |= {"source": done.source, "columns": columns, "rows": [sample(one) for one in done.first]}
    said = f"{done.read} rows: {done.inserted} new, {done.updated} updated, {done.unchanged} unchanged"
    said += f", {len(done.rejected)} rejected." + (" Nothing was stored." if dry_run else "")
    shown = shape if out.in_json else {**counts, "rejected": len(done.rejected)}
    out.record(views.facts_view(FIELDS), shown, say=[*(_preview(done) if dry_run else ()), said])
    return PARTIAL if done.rejected else DONE


def _notes(done: Imported, dry_run: bool) -> Iterable[str]:
    if done.ignored and not dry_run and done.source in ("own", "mapped"):
        yield f"columns that are not known, and not read: {_listed(done.ignored)}"
    for number, reason in done.rejected[:SHOWN]:
        yield f"row {number} {reason}"
    if len(done.rejected) > SHOWN:
        yield f"{len(done.rejected) - SHOWN} more rows were rejected; see them all with --json"


def _preview(done: Imported) -> Iterable[str]:
    """What the file is, its columns, and its first rows as they were read."""
    yield f"{done.title}: {done.written}"
    width = max((len(column[:40]) for column, taken in done.columns if taken), default=0)
    for column, taken in done.columns:
        if taken:
            yield f"  {column[:40]:<{width}}  ->  {taken}"
    if done.ignored:
        yield f"  not read: {_listed(done.ignored)}"
    for one in done.first:
        counts = {name: getattr(one, name) for name in ("likes", "comments", "shares", "views", "saves", "reach")}
        told = "  ".join(f"{name} {count}" for name, count in counts.items() if count is not None)
        yield f"  {one.account}  {one.remote_id}  {one.published_at:%Y-%m-%d %H:%M:%S} UTC  {told}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(name[:40] for name in names[:SHOWN]) + more


def _stopped(done: Imported, dry_run: bool) -> str:
    if dry_run or not done.stored:
        return "stopped: nothing was stored"
    return (
        f"stopped: what the first {done.stored} rows say is stored, and nothing of the rest\nthe same command goes on"
    )


def _pairs(texts: Sequence[str]) -> Mapping[str, str] | None:
    """`--map COLUMN=FIELD`; a column's name may have a "=" itself, a field's has none."""
    found = {}
    for text in texts:
        column, equals, name = text.rpartition("=")
        if not equals or not column.strip() or not name.strip():
            raise UsageError(f'--map "{text}" has no "="', Hint("write it as", "--map COLUMN=FIELD"))
        found[column.strip()] = name.strip()
    return found or None


def _opened(file: str) -> BinaryIO:
    if file == "-":
        if sys.stdin is None:
            raise UsageError("there is no stdin to read from", Hint("usage", "ttp metrics import --help"))
        return sys.stdin.buffer
    from ttp.store.regular_file import open_input

    try:
        return open_input(Path(file))
    except FileNotFoundError:
        raise NotFound(f"no file {file}", Hint("usage", "ttp metrics import --help")) from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Rows hold no cycles, and looking through millions of them for some takes a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _size(binary: BinaryIO) -> int | None:
    """The bytes of a regular file; None for anything else."""
    with suppress(OSError):
        status = os.fstat(binary.fileno())
        if stat.S_ISREG(status.st_mode):
            return status.st_size
    return None


def _place(binary: BinaryIO) -> int:
    with suppress(OSError):
        return binary.tell()
    return 0
