"""Rows of the platforms' exports, and of files whose columns were mapped.

Each cell is put into the words of ttp's own format, and the row is then read as one of those (`sample.parse_row`): what
a count, a time or an id may be is decided in one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain, repeat
from zoneinfo import ZoneInfo

from ttp.domain.action import action
from ttp.domain.errors import Hint, UsageError
from ttp.domain.metrics.ingest.columns import DAY, HANDLE, LINK, TYPE, Columns, fold_name
from ttp.domain.metrics.ingest.dates import find_date_order, parse_written_time, resolve_date
from ttp.domain.metrics.ingest.own_format import Group, Refuse, read_each, refuse_another
from ttp.domain.metrics.sample import COUNTS, Sample, parse_row
from ttp.domain.platform import Facts, PlatformFacts, created_at, parse_post_url
from ttp.domain.time.clock import utc_text

LOOKED_AT = 1000
"""Rows examined to find how a file writes numbers and dates."""
_NOBODY = "i"
"""x.com/i/status/1: X's link to a post without its account."""
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+")
_KINDS = (
    ("carousel", re.compile(r"carr?ou?s|karuss?ell|carosello|carrossel")),
    ("video", re.compile(r"reel|v[ií]d[eé]o|film")),
    ("image", re.compile(r"image|imagem|imagen|bild|immagine|photo|foto")),
)


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """How a file writes numbers, and whether the day or the month comes first (None: unknown)."""

    numbers: NumberFormat
    order: str | None


class ExportReader:
    """Reads rows of one export, or of a file with mapped columns (without `columns.export`)."""

    def __init__(
        self,
        columns: Columns,
        manner: ExportFormat,
        platforms: PlatformFacts,
        *,
        now: datetime,
        zone: ZoneInfo | None,
        account: str | None,
    ) -> None:
        self._columns, self._manner = columns, manner
        self._now, self._zone, self._account = now, zone, account
        self._platforms = platforms
        self._facts = None if columns.export is None else platforms.facts(columns.source)

    def read(self, rows: Sequence[list[str]], refuse: Refuse) -> Iterator[Group]:
        yield from read_each(self, rows, len(self._columns.header), refuse)

    def sample(self, cells: Sequence[str]) -> Sample:
        row = row_of_cells(self._columns, cells)
        if self._facts is not None:
            self._put_into_our_words(self._facts, row)
        elif self._account is not None and not row.get("account"):
            row["account"] = self._account
        near = _near(self._facts, row)
        for name in ("publishedAt", "observedAt"):
            if row.get(name):
                row[name] = self._instant(name, row[name], near)
        for name in COUNTS:
            if name in row:
                row[name] = self._manner.numbers.plain(name, row[name])
        sample = parse_row(row, self._platforms, now=self._now, zone=self._zone)
        refuse_another(sample.account, self._account)
        return sample

    def _put_into_our_words(self, facts: Facts, row: dict[str, str]) -> None:
        if any(sign.isdigit() for sign in row.get(DAY, "")):
            raise UsageError(f'is of one day ("{row[DAY][:20]}"), not of the whole life of the post', flaw="one_day")
        parts = parse_post_url(facts, row.get(LINK, ""))
        if not row.get("account"):
            row["account"] = self._name(facts.name, row.get(HANDLE, "") or parts.get("handle") or "")
        remote_id = row.get("remoteId", "").strip()
        by_link = parts.get("id")
        if by_link is not None and (not remote_id or _ROUNDED.fullmatch(remote_id)):
            row["remoteId"] = by_link
        elif by_link is not None and by_link != remote_id:
            raise UsageError(f"the id {remote_id[:40]} is not that of the link, {by_link[:40]}", flaw="two_ids")
        elif by_link is None and not remote_id and "remoteId" not in self._columns.fields:
            raise UsageError(f'the link "{row.get(LINK, "")[:60]}" names no video', flaw="no_video")
        if "kind" not in row:
            row["kind"] = _kind(row.get(TYPE, "") or parts.get("kind") or "")

    def _name(self, platform: str, handle: str) -> str:
        handle = handle.strip().removeprefix("@")
        if handle and handle != _NOBODY:
            return f"{platform}/{handle}"
        if self._account is None:
            why = f"does not say which account it is of; name it with --account {platform}/HANDLE"
            raise UsageError(why, flaw="no_account")
        return self._account

    def _instant(self, name: str, text: str, near: datetime | None) -> str:
        """Return a time in ttp's own format. Other texts stay unchanged, for `parse_row` to refuse."""
        time = parse_written_time(text)
        if time is None:
            return text
        year, month, day = resolve_date(name, time, self._manner.order, near.date() if near else None)
        if time.clock and year is not None:
            return f"{year:04}-{month:02}-{day:02}T{time.clock}{time.offset}"
        export = self._columns.export
        if export is None or not export.id_tells_time or near is None:
            raise UsageError(f'{name} "{text[:40]}" has no time of day', flaw="no_clock")
        if not _same_day(near.date(), year, month, day):
            why = f'{name} "{text[:40]}" is not the day that the id tells, {near:%Y-%m-%d}'
            raise UsageError(why, flaw="other_day")
        return utc_text(near)


def row_of_cells(columns: Columns, cells: Sequence[str]) -> dict[str, str]:
    return {name: cell for name, cell in zip(columns.fields, cells, strict=True) if name is not None}


def find_export_format(
    columns: Columns, rows: Sequence[Sequence[str]], platforms: PlatformFacts, *, delimiter: str, now: datetime
) -> ExportFormat:
    """Return how a file writes, from its first rows."""
    facts = None if columns.export is None else platforms.facts(columns.source)
    counts = [place for place, one in enumerate(columns.fields) if one in COUNTS]
    others = [place for place, one in enumerate(columns.fields) if one is None]
    cells = [[row[place] for row in rows for place in places] for places in (counts, others)]
    times = [
        (time, near.date() if (near := _near(facts, row)) else None)
        for row in (row_of_cells(columns, row) for row in rows)
        if (time := parse_written_time(row.get("publishedAt", ""))) is not None
    ]
    usual = _usual_group(columns, delimiter)
    return ExportFormat(find_number_format(*cells, usual=usual), find_date_order(times, now.date()))


def refuse_for_all(columns: Columns, rows: Sequence[Sequence[str]], zone: ZoneInfo | None) -> None:
    """Raise UsageError for what would refuse every one of these rows: numbers of single days, times without a zone."""
    records = [row_of_cells(columns, row) for row in rows]
    if records and all(any(sign.isdigit() for sign in row.get(DAY, "")) for row in records):
        raise UsageError(
            "this file has a row for each day of a post; export it with lifetime numbers (its column for the date then"
            " says Lifetime)"
        )
    times = [time for row in records if (time := parse_written_time(row.get("publishedAt", ""))) is not None]
    if zone is None and times and all(time.clock and not time.offset for time in times):
        raise UsageError(
            "the times of this file have no zone",
            Hint("try", action("metrics import", "FILE", tz="Europe/Berlin")),
            flaw="no_zone",
        )


def with_date_order(manner: ExportFormat, order: str | None) -> ExportFormat:
    """Return the manner with the order of day and month that was named, if any."""
    return manner if order is None else replace(manner, order=order)


def _near(facts: Facts | None, row: dict[str, str]) -> datetime | None:
    """Return when the post was made, as its id or the code in its link tells (that only about when)."""
    if facts is None:
        return None
    parts = parse_post_url(facts, row.get(LINK, ""))
    if (code := parts.get("code")) is not None:
        return created_at(facts, code)
    remote_id = row.get("remoteId", "").strip()
    return created_at(facts, remote_id if remote_id.isdigit() else parts.get("id") or "")


def _usual_group(columns: Columns, delimiter: str) -> str | None:
    """Return the digit separator of the file's language: a comma in English, else a point (also if cells are separated
    by semicolons); None if unknown because the columns were mapped."""
    if columns.export is None:
        return "." if delimiter == ";" else None
    english = {columns.export.names[one][0] for one in COUNTS if one in columns.export.names}
    named = {fold_name(name) for name, one in zip(columns.header, columns.fields, strict=True) if one in COUNTS}
    is_english = columns.export.always_english or bool(named & english)
    return "," if is_english and delimiter != ";" else "."


def _same_day(near: date, year: int | None, month: int, day: int) -> bool:
    """Return whether a day is that of an instant in some zone."""
    days = []
    for one in [year] if year else range(near.year - 1, near.year + 2):
        with suppress(ValueError):  # 29 February is in one year of four
            days.append(date(one, month, day))
    return any(abs((one - near).days) <= 1 for one in days)


def _kind(words: str) -> str:
    words = fold_name(words)
    return next((kind for kind, form in _KINDS if form.search(words)), "")


_BLANKS = " \u00a0\u2009\u202f'\u2019\u02bc"
"""Characters that only ever group digits: spaces, also narrow and no-break ones, and apostrophes."""
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}([.,])[0-9]{3}")
_MANY = re.compile(
    r"[+-]?[1-9][0-9]{0,2}(?:([.,])[0-9]{3}(?:\1[0-9]{3})+(?:[.,][0-9]+)?|([.,])[0-9]{3}(?!\2)[.,][0-9]+)"
)
_DECIMAL = re.compile(r"[+-]?(?:0([.,])[0-9]+|[0-9]+([.,])(?:[0-9]{1,2}|[0-9]{4,})|[0-9]{4,}([.,])[0-9]+)%?")
_ZEROS = re.compile(r"(.*[0-9])([.,])0*")
_SPACED = re.compile(rf"[+-]?[0-9]{{1,3}}(?:[{re.escape(_BLANKS)}][0-9]{{3}})+")
UNKNOWN = frozenset(("-", "--", "\u2013", "\u2014", "n/a", "N/A"))
"""How exports write an unknown number."""
ENOUGH = 2
"""Number of cells like 1.234 after which a point counts as a separator: one may be a mistake; several with exactly
three digits each are not."""


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """The digit separator of a file: "," or ".", or None if ambiguous."""

    group: str | None

    def plain(self, name: str, text: str) -> str:
        """Return a count's digits without separators, for `sample.parse_row`; other texts unchanged. Raises UsageError
        for an ambiguous number."""
        text = text.strip()
        if text.isdigit() or not text:
            return text
        if text in UNKNOWN:
            return ""
        if _SPACED.fullmatch(text):
            return re.sub(rf"[{re.escape(_BLANKS)}]", "", text)
        if (match := _GROUPED.fullmatch(text)) is not None:
            if self.group is None:
                whole, part = text.replace(match[1], ""), text.replace(",", ".")
                raise UsageError(
                    f'{name} "{text}" may be {whole} or {part}: the file does not show which', flaw="two_numbers"
                )
            return text.replace(match[1], "") if match[1] == self.group else text
        if _MANY.fullmatch(text):
            group = next(sign for sign in text if sign in ",.")
            text = text.replace(group, "").replace(",", ".")
        elif (decimals := _ZEROS.fullmatch(text)) is not None:
            text = f"{decimals[1]}."
        return text


def find_number_format(counts: Iterable[str], others: Iterable[str] = (), *, usual: str | None) -> NumberFormat:
    """Return a file's separator, from its cells of counts and others. `usual`: the separator of its language, if known.

    Several groups (1.234.567) and clear decimals (0.31, 12.5) decide. So do several cells like 1.234 and none like
    1,234.
    """
    groups: dict[str, int] = {",": 0, ".": 0}
    certain: set[str] = set()
    for cell, is_count in chain(zip(counts, repeat(True), strict=False), zip(others, repeat(False), strict=False)):
        text = cell.strip()
        if (match := _GROUPED.fullmatch(text)) is not None:
            groups[match[1]] += is_count  # of seconds, 12.345 may well be a fraction
        elif (match := _MANY.fullmatch(text)) is not None:
            certain.add(match[1] or match[2])
        elif (match := _DECIMAL.fullmatch(text)) is not None:
            certain.add("." if "," in (match[1], match[2], match[3]) else ",")
    if certain:
        return NumberFormat(certain.pop() if len(certain) == 1 else None)
    used = [sign for sign, times in groups.items() if times]
    if not used:
        return NumberFormat(usual)
    if len(used) == 1 and (used[0] == usual or groups[used[0]] >= ENOUGH):
        return NumberFormat(used[0])
    return NumberFormat(None)
