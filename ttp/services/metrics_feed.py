"""A file of metrics, opened: what it is, and its rows one after the other.

Owns the way from bytes to a reader of rows: the encoding, JSON or CSV, what the columns are, how the file writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import TextIO
from zoneinfo import ZoneInfo

from ttp.domain.errors import UsageError
from ttp.domain.ingest.columns import MAPPED, OWN, Columns, columns_of
from ttp.domain.ingest.export import LOOKED_AT, ExportReader, manner_of, refuse_for_all, with_order
from ttp.domain.ingest.plain import PlainReader, Reader
from ttp.domain.sample import COLUMNS
from ttp.services.metrics_file import Block, Record, Records
from ttp.services.metrics_json import Object, cells_of, is_json, read_objects
from ttp.services.metrics_text import Buffer

TOGETHER = 200
"""Rows of a block."""
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True)
class How:
    """How a file is to be read, as far as that was said: `source` is one of `columns.SOURCES`, `mapped` has columns and
    their fields, `account` the account of all rows, `order` which of day and month comes first."""

    source: str | None = None
    mapped: Mapping[str, str] | None = None
    account: str | None = None
    zone: ZoneInfo | None = None
    order: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """An open file: its columns, how it is written ("CSV with commas"), the reader of its rows, and these."""

    columns: Columns
    written: str
    reader: Reader
    blocks: Iterator[Block]


def open_feed(stream: TextIO, how: How, now: datetime) -> Feed:
    """The feed of a text. UsageError where nothing of it can be read."""
    text = Buffer(stream)
    if is_json(text):
        return _json(text, how, now)
    rows = Records(text)
    columns = columns_of(rows.header, source=how.source, mapped=how.mapped, account=how.account)
    return _feed(columns, f"CSV with {_DELIMITERS.get(rows.delimiter, rows.delimiter)}", rows, how, now, rows.delimiter)


def _json(text: Buffer, how: How, now: datetime) -> Feed:
    objects = read_objects(text)
    first = next(objects, None)
    if first is None:
        raise UsageError("the file is empty")
    if isinstance(first[1], str):
        raise UsageError(f"the first object {first[1]}")
    keys = tuple(first[1])
    columns = columns_of(keys, source=how.source, mapped=how.mapped, account=how.account)
    # A key that the first object lacks may come later.
    more = tuple(name for name in COLUMNS if name not in columns.fields and (name != "account" or how.account is None))
    if columns.export is None:
        columns = Columns(columns.source, (*keys, *more), (*columns.fields, *more))
    return _feed(columns, "JSON", _cells(chain([first], objects), columns), how, now, ",")


def _cells(objects: Iterator[Object], columns: Columns) -> Iterator[Record]:
    keys = [key if taken is not None else None for key, taken in zip(columns.header, columns.fields, strict=True)]
    for number, item in objects:
        yield number, item if isinstance(item, str) else cells_of(item, keys)


def _feed(columns: Columns, written: str, rows: Iterator[Record], how: How, now: datetime, delimiter: str) -> Feed:
    if columns.source == OWN:
        reader: Reader = PlainReader(columns.fields, now=now, zone=how.zone, account=how.account)
        return Feed(columns, written, reader, rows.blocks() if isinstance(rows, Records) else _blocks(rows))
    first = list(islice(rows, LOOKED_AT))
    width = len(columns.header)
    known = [cells for _, cells in first if not isinstance(cells, str) and len(cells) == width and any(cells)]
    manner = with_order(manner_of(columns, known, delimiter=delimiter, now=now), how.order)
    refuse_for_all(columns, known, how.zone)
    reader = ExportReader(columns, manner, now=now, zone=how.zone, account=how.account)
    return Feed(columns, written, reader, _blocks(chain(first, rows)))


def _blocks(rows: Iterator[Record]) -> Iterator[Block]:
    """Rows that follow each other, together."""
    first, held = 0, list[list[str]]()
    for number, cells in rows:
        if held and (isinstance(cells, str) or number != first + len(held) or len(held) == TOGETHER):
            yield first, held
            held = []
        if isinstance(cells, str):
            yield number, cells
            continue
        if not held:
            first = number
        held.append(cells)
    if held:
        yield first, held


def title(columns: Columns) -> str:
    """What a file is, in words."""
    if columns.export is not None:
        return columns.export.title
    return "columns as mapped" if columns.source == MAPPED else "ttp's own format"
