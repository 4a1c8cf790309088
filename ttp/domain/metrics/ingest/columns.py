"""Identify the columns of a file: ttp's own, those of a known export, or mapped ones. Knows the column names of exports
in the languages seen so far (sources: docs/reference/metrics-files.md), and refuses files by their header."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ttp.domain.action import action
from ttp.domain.errors import Hint, UsageError
from ttp.domain.metrics.sample import COLUMNS, COUNTS, MAIN_COUNTS, REQUIRED_COLUMNS
from ttp.domain.platform import PlatformFacts

LINK, HANDLE, DAY, TYPE = "link", "handle", "day", "type"
"""What exports have besides ttp's own columns: the post's link, the account's handle, the day of the numbers, and the
kind in the export's words."""


@dataclass(frozen=True, slots=True)
class ExportColumns:
    """One export of a platform: how it may name the column of each field (as `folded` makes them).

    `needed`: one of each group must be there for a header to be this export's. `aliases`: other names of the source.
    `always_english`: its columns are. `id_tells_time`: the time in an id completes a date without a time of day; else
    it only tells days apart. `foreign`: columns of a similar export that is not supported, and its title.
    """

    title: str
    names: Mapping[str, tuple[str, ...]]
    needed: tuple[tuple[str, ...], ...]
    aliases: tuple[str, ...] = ()
    always_english: bool = True
    id_tells_time: bool = True
    foreign: frozenset[str] = frozenset()
    foreign_title: str = ""


class ExportTables(PlatformFacts, Protocol):
    """The enabled platforms, with the exports that can be read."""

    def exports(self, name: str) -> tuple[ExportColumns, ...]:
        """Return a platform's exports."""


OWN, MAPPED = "own", "mapped"
FIELDS = COLUMNS
"""What a column may be mapped to."""

_DAYS = frozenset(("date", "datum", "tag", "fecha", "data", "day"))
_BLANKS = re.compile(r"[\s\u200b-\u200d\ufeff]+")
_QUOTES = str.maketrans({"\u2019": "'", "\u201e": '"', "\u201c": '"', "\u201d": '"', "\u00ab": '"', "\u00bb": '"'})
_FORMAT = (
    f"columns of ttp's own format: {','.join(REQUIRED_COLUMNS)}",
    f"may be added: {','.join(name for name in COLUMNS if name not in REQUIRED_COLUMNS)}",
)
_MAP = Hint("try", action("metrics import", "FILE", map="COLUMN=FIELD"))


@dataclass(frozen=True, slots=True)
class Columns:
    """What a header says. `fields` has the field of each column, None where it is not read."""

    source: str
    header: tuple[str, ...]
    fields: tuple[str | None, ...]
    export: ExportColumns | None = None

    @property
    def ignored_columns(self) -> tuple[str, ...]:
        """Columns that are not read, in the file's order."""
        return tuple(name for name, field in zip(self.header, self.fields, strict=True) if name and field is None)


def sources(tables: ExportTables) -> tuple[str, ...]:
    """Return what a file may be: ttp's own format, or a platform's export."""
    return (OWN, *(name for name in tables.names() if tables.exports(name)))


def find_source(text: str, tables: ExportTables) -> str:
    """Return the source that `text` names: own, or a platform by any of its names. Raises UsageError with the names."""
    name = text.strip().lower()
    named = {alias: one for one in sources(tables)[1:] for export in tables.exports(one) for alias in export.aliases}
    if name == OWN or name in named:
        return named.get(name, OWN)
    try:
        name_of_source = tables.find(name).name
    except UsageError:
        name_of_source = ""
    if name_of_source not in sources(tables):
        also = {one: f"{one} ({alias})" for alias, one in named.items()}
        listed = ", ".join(also.get(one, one) for one in sources(tables))
        raise UsageError(f'no source "{text}"', Hint("see", listed), flaw="source")
    return name_of_source


def read_header(
    header: Sequence[str],
    tables: ExportTables,
    *,
    source: str | None = None,
    mapped: Mapping[str, str] | None = None,
    account: str | None = None,
) -> Columns:
    """Return the meaning of a header's columns. Raises UsageError if it is unknown, or not a file of posts."""
    try:
        return _columns_of(header, tables, source=source, mapped=mapped, account=account)
    except _UnknownFormat as error:
        titles = "; ".join(export.title for name in tables.names() for export in tables.exports(name))
        details = (*_FORMAT, f"exports that are known: {titles}")
        raise UsageError(error.message, *error.hints, details=details, flaw=error.flaw) from None


def _columns_of(
    header: Sequence[str],
    tables: ExportTables,
    *,
    source: str | None,
    mapped: Mapping[str, str] | None,
    account: str | None,
) -> Columns:
    header = tuple(name.strip() for name in header)
    renamed = _mapped(header, mapped or {})
    match = None if source == OWN else _export(header, source, tables)
    if match is not None:
        name, export = match
        fields = _fields_of(export, header, renamed)
        _check_export(export, header, fields, tables)
        return Columns(name, header, fields, export)
    own = [re.sub(r"_([a-z])", lambda mark: mark[1].upper(), name) for name in header]  # published_at
    fields = tuple(renamed.get(name, one if one in COLUMNS else None) for name, one in zip(header, own, strict=True))
    _check_own(header, fields, account, tables, is_mapped=bool(mapped))
    return Columns(MAPPED if mapped else OWN, header, fields)


class _UnknownFormat(UsageError):
    """The header is not that of a format that ttp reads."""


def _mapped(header: Sequence[str], mapped: Mapping[str, str]) -> Mapping[str, str]:
    """Return the mapping by the header's spelling."""
    by_folded = {fold_name(name): name for name in header}
    mapping = {}
    for column, field in mapped.items():
        name = column if column in header else by_folded.get(fold_name(column))
        if name is None:
            raise UsageError(
                f'--map: the file has no column "{column}"', details=[_listed("columns", header)], flaw="column"
            )
        if field not in FIELDS:
            raise UsageError(f'--map: no field "{field}"', details=[_listed("fields", FIELDS)], flaw="field")
        mapping[name] = field
    return mapping


def _export(header: Sequence[str], source: str | None, tables: ExportTables) -> tuple[str, ExportColumns] | None:
    """Return the export that a header belongs to, and its platform; None for ttp's own format. `source`: only this
    platform."""
    names = {fold_name(name) for name in header}
    if source is None and set(REQUIRED_COLUMNS) <= set(header):
        return None
    exports = [(name, export) for name in ([source] if source else tables.names()) for export in tables.exports(name)]
    for name, export in exports:
        if all(any(not names.isdisjoint(export.names[one]) for one in group) for group in export.needed):
            return name, export
    return exports[0] if source and exports else None


def _fields_of(export: ExportColumns, header: Sequence[str], renamed: Mapping[str, str]) -> tuple[str | None, ...]:
    """Return the field of each column: as mapped, else by its name, preferring the first of several names."""
    renamed_fields = dict.fromkeys(renamed.values())
    by_name = {name: (one, rank) for one, names in export.names.items() for rank, name in enumerate(names)}
    best: dict[str, tuple[int, str]] = {}
    for name in header:
        one, rank = by_name.get(fold_name(name), (None, 0))
        if (
            one is not None
            and one not in renamed_fields
            and name not in renamed
            and (one not in best or rank < best[one][0])
        ):
            best[one] = (rank, name)
    fields = {name: one for one, (_, name) in best.items()} | dict(renamed)
    return tuple(fields.get(name) for name in header)


def _check_export(
    export: ExportColumns, header: Sequence[str], fields: Sequence[str | None], tables: ExportTables
) -> None:
    _refuse_twice(header, fields)
    _refuse_foreign(header, tables)
    if (LINK not in fields and "remoteId" not in fields) or "publishedAt" not in fields:
        raise _UnknownFormat(f"the header is not that of {export.title}", flaw="other_export")
    if not any(one in fields for one in COUNTS):
        raise _UnknownFormat(f"{export.title}: no column of likes, comments, shares or views", flaw="no_count")


def _check_own(
    header: Sequence[str],
    fields: Sequence[str | None],
    account: str | None,
    tables: ExportTables,
    *,
    is_mapped: bool,
) -> None:
    _refuse_twice(header, fields)
    needed = [name for name in REQUIRED_COLUMNS if name != "account" or account is None]
    missing = [name for name in needed if name not in fields]
    if is_mapped:  # whoever names columns has what they have; one count is enough
        missing = [name for name in missing if name not in COUNTS]
        if not any(name in fields for name in MAIN_COUNTS):
            missing.append(f"one of {', '.join(MAIN_COUNTS)}")
    if len(missing) == len(needed) and not is_mapped:
        _refuse_foreign(header, tables)
        raise _unknown(header)
    if missing == ["account"]:
        way_out = Hint("try", action("metrics import", "FILE", account="PLATFORM/HANDLE"))
        raise _UnknownFormat("the header lacks account", way_out, flaw="no_account")
    if missing:
        raise _UnknownFormat(f"the header lacks {', '.join(missing)}", flaw="lacks")


def _refuse_foreign(header: Sequence[str], tables: ExportTables) -> None:
    names = set(map(fold_name, header))
    for export in (export for name in tables.names() for export in tables.exports(name)):
        if names & export.foreign:
            raise UsageError(f"this is {export.foreign_title}, which ttp does not support", flaw="foreign")


def _unknown(header: Sequence[str]) -> UsageError:
    names = [fold_name(name) for name in header]
    if not _DAYS.isdisjoint(names[:2]) and len(names) > 1:
        return _UnknownFormat(
            "this file has a row for each day, not for each post; what ttp needs is the export of content or posts",
            _MAP,
            flaw="days",
        )
    return _UnknownFormat("the columns are neither ttp's own nor those of a known export", _MAP, flaw="unknown")


def _refuse_twice(header: Sequence[str], fields: Sequence[str | None]) -> None:
    read = {fold_name(name): one for name, one in zip(header, fields, strict=True) if one is not None}
    meant = [read.get(fold_name(name)) for name in header]
    twice = [one for one in read.values() if meant.count(one) > 1 or fields.count(one) > 1]
    if not twice:
        return
    names = [name for name, one, also in zip(header, fields, meant, strict=True) if twice[0] in (one, also)]
    if len(set(map(fold_name, names))) == 1:
        raise UsageError(f"the header has {', '.join(twice)} more than once", flaw="twice")
    raise UsageError(f"{' and '.join(names)} would both be {twice[0]}", flaw="twice")


def fold_name(name: str) -> str:
    """Return a column's name without differences in case, spaces, marks and quotes."""
    return _BLANKS.sub(" ", name).strip().translate(_QUOTES).casefold()


def _listed(what: str, names: Sequence[str]) -> str:
    shown = ", ".join(name[:40] for name in names[:20] if name)
    return f"{what}: {shown}" + (f" and {len(names) - 20} more" if len(names) > 20 else "")
