"""CSV: one post per row, in the columns of `fields` or of another program's sheet.

Spreadsheets execute cells that begin like a formula, so an apostrophe is put before such a cell and removed when read.
Other programs' sheets have no such apostrophes.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from ttp.domain import post_fields
from ttp.domain.action import as_fields
from ttp.domain.errors import Hint, UsageError
from ttp.domain.options import OptionTables
from ttp.domain.row_reader import FieldError, Value
from ttp.services.files.fields import (
    EXPORT_ONLY,
    FIELDS,
    Entry,
    find_field,
    invalid_entry,
    join_list,
    normalize_name,
    parse_entry,
)

_ELSEWHERE = ("timezone", "template", "vars", *(one.duration for one in post_fields.PLAIN))
COLUMNS = tuple(field for field in FIELDS if field not in _ELSEWHERE)
"""Columns of an export, in this order; informational ones follow."""
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_ESCAPED_FORMULA = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
_WITH_COMMAS = ("accounts", "tags")
_COLUMN_PREFIXES = {"variants": ("text.", "variants."), "options": ("set.", "options."), "vars": ("vars.", "var.")}
"""Prefixes of columns for one variant, option or variable: `text.x`, `set.tiktok.privacy_level`, `vars.version`."""
LONGEST_ROW = 1 << 20
"""In characters. X's longest text has 25,000."""
LONGEST_CELL = csv.field_size_limit()
"""131,072: the csv module refuses longer cells."""


def csv_lines(rows: Iterable[Mapping[str, Value]], more: Sequence[str] = ()) -> Iterator[str]:
    """Yield a CSV file (RFC 4180) with a header, row by row. `more`: columns after the fields."""
    columns = (*COLUMNS, *more)
    line = csv.writer(_Line()).writerow
    yield line(columns)
    for row in rows:
        yield line([escape_formula(_cell(name, row[name])) if name in row else "" for name in columns])


class _Line:
    """The file object of csv.writer: returns each line."""

    def write(self, line: str) -> str:
        return line


def escape_formula(text: str) -> str:
    """Return the text as a cell that no spreadsheet executes."""
    return f"'{text}" if _FORMULA.match(text) else text


def unescape_formula(text: str) -> str:
    """Reverse `escape_formula`."""
    return text[1:] if _ESCAPED_FORMULA.match(text) else text


def _cell(name: str, value: Value) -> str:
    match value:
        case str():
            return value
        case None:
            return ""
        case list() | tuple() if name in _WITH_COMMAS and not any("," in one for one in value):
            return ",".join(value)
        case list() | tuple():
            return join_list(value)
        case dict():
            return json.dumps(value, ensure_ascii=False)
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


class Sheet:
    """An open CSV file. `unknown`: columns that are not fields of a post; `program`: the program whose sheet it is.
    `columns`: fields by column names (or numbers). `has_template`: columns that are not fields are variables; so they
    are where a column names the template. Raise UsageError if the first row cannot be a header."""

    def __init__(
        self,
        stream: TextIO,
        columns: Mapping[str, str],
        dates: str | None,
        tables: OptionTables,
        *,
        has_template: bool = False,
    ) -> None:
        self._tables = tables
        first = stream.readline(LONGEST_ROW)
        numbered = bool(columns) and all(name.isdecimal() for name in columns)
        self._delimiter = _delimiter(first)
        self._rows = csv.reader(_lines(first, stream), strict=True, delimiter=self._delimiter)
        self._number = 0
        self._dates = dates
        self._given: list[str] | None = None
        header = self._header()
        if numbered:
            self._given = header
            header = [str(number) for number in range(1, len(header) + 1)]
        if missing := [name for name in columns if name not in header]:
            raise UsageError(f'no column is called "{missing[0]}"', Hint("see", ", ".join(header)))
        self.program = None if columns else find_program(header)
        self._fields = [_field(name, columns, self.program) for name in header]
        if has_template or "template" in self._fields:
            named = zip(header, self._fields, strict=True)
            self._fields = [field or (f"vars.{_variable(name)}" if name else None) for name, field in named]
        self._refuse_twice(header)
        self.unknown = tuple(
            name
            for name, field in zip(header, self._fields, strict=True)
            if field is None
            and name
            and name not in EXPORT_ONLY
            and not (self.program and name in self.program.ignored)
        )
        if not {"content", "media", "vars"} & {(field or "").partition(".")[0] for field in self._fields}:
            raise UsageError(
                "no column has the text or the media of a post",
                Hint("see", ",".join(COLUMNS)),
                Hint("try", "--map 'COLUMN=content'"),
                Hint("try", "--map 1=at --map 2=content"),
            )

    def _refuse_twice(self, header: Sequence[str]) -> None:
        """Raise UsageError for two read columns with the same name."""
        names: dict[str, str] = {}
        for name, field in zip(header, self._fields, strict=True):
            before = None if field is None else names.setdefault(normalize_name(name), name)
            if before is not None and before is not name:
                both = f'"{name}"' if before == name else f'"{before}" and "{name}"'
                raise UsageError(f"the header has {both} more than once, so the column to read is unclear")

    def _header(self) -> list[str]:
        try:
            cells = self._next()
            while not any(cells):
                cells = self._next()
        except StopIteration:
            raise UsageError("the file is empty", Hint("see", ",".join(COLUMNS))) from None
        return [cell.strip() for cell in cells]

    def _next(self) -> list[str]:
        self._number += 1
        try:
            return next(self._rows)
        except csv.Error as error:
            raise UsageError(f"row {self._number} cannot be read: it {explain_csv_error(error)}") from None

    def entries(self) -> Iterator[Entry]:
        """Yield each row as a post. Raise UsageError if no further row can be found."""
        if self._given is not None:
            yield self._entry(self._given)
        while True:
            try:
                cells = self._next()
            except StopIteration:
                return
            if any(cell.strip() for cell in cells):
                yield self._entry(cells)

    def _entry(self, cells: Sequence[str]) -> Entry:
        where = str(self._number)
        if len(cells) > len(self._fields) and any(cells[len(self._fields) :]):
            return invalid_entry(
                where, FieldError("", f"the row has {len(cells)} cells, the header {len(self._fields)}")
            )
        row: dict[str, Value] = {}
        parts: dict[str, dict[str, str]] = {}
        for field, cell in zip(self._fields, cells, strict=False):
            name, dot, part = (field or "").partition(".")
            text = cell if self.program else unescape_formula(cell)
            if dot and text:
                parts.setdefault(name, {})[part] = text
            elif field and text and not row.get(field):
                row[field] = text
        try:
            return parse_entry(where, {**translate_row(row, self.program, self._dates), **parts}, self._tables)
        except UsageError as error:
            return invalid_entry(
                where,
                FieldError("scheduledAt", error.message, as_fields(error.way)),
            )


def _field(name: str, columns: Mapping[str, str], program: Program | None) -> str | None:
    if name in columns:
        return columns[name]
    if program is not None:
        return program.field(name)
    for field, beginnings in _COLUMN_PREFIXES.items():
        for beginning in beginnings:
            if name.lower().startswith(beginning):
                return f"{field}.{name[len(beginning) :]}"
    return find_field(name)


def _variable(name: str) -> str:
    """Return the name of the variable that a column has: `Release date` is `release_date`."""
    return re.sub(r"\W+", "_", name.casefold()).strip("_")


def _delimiter(header: str) -> str:
    """Return the cell separator: spreadsheets in many countries write semicolons."""
    return max((",", ";", "\t"), key=header.count)


def _lines(first: str, stream: TextIO) -> Iterator[str]:
    line = first
    while line:
        if "\0" in line:
            raise UsageError(
                "the file contains NUL characters, so it is not CSV text", Hint("fix", "save it as CSV UTF-8")
            )
        if len(line) >= LONGEST_ROW:
            raise UsageError(f"a row has more than {LONGEST_ROW} characters")
        yield line
        line = stream.readline(LONGEST_ROW)


def explain_csv_error(error: csv.Error) -> str:
    """Return what is wrong with a row, after "it" or "row 3"."""
    text = str(error)
    if "field limit" in text:
        return f"has a cell of more than {LONGEST_CELL} characters, or a quote that is not closed"
    if "end of data" in text:
        return "has a quote that is not closed"
    if "too long" in text:
        return f"has more than {LONGEST_ROW} characters, or a quote that is not closed"
    return "has a quote in the wrong place"


def find_encoding(head: bytes) -> str:
    """Return the encoding of a text by its first bytes: UTF-16 by its byte order mark or zero bytes, else UTF-8."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head.startswith(b"PK\x03\x04"):
        raise UsageError("this is a spreadsheet or an archive, not a text file", Hint("fix", "save it as CSV UTF-8"))
    pairs = len(head) // 2
    if pairs > 1:
        # Latin letters have a zero in each pair of bytes; a header has few other characters.
        if head[1::2].count(0) > pairs * 0.7 and head[0::2].count(0) < pairs * 0.3:
            return "utf-16-le"
        if head[0::2].count(0) > pairs * 0.7 and head[1::2].count(0) < pairs * 0.3:
            return "utf-16-be"
    return "utf-8-sig"


LINK = "link"
"""A field of foreign sheets: a URL appended to the text unless the text contains it."""


@dataclass(frozen=True, slots=True)
class Program:
    """Another program's sheet: fields by normalized column names, and the columns that identify it."""

    name: str
    columns: Mapping[str, str]
    marks: frozenset[str]
    ignored: tuple[str, ...] = ()

    def field(self, column: str) -> str | None:
        return self.columns.get(normalize_name(column))


PROGRAMS = (
    Program(
        "Publer",
        {
            "date": "scheduledAt",
            "date-intl.formatorprompt": "scheduledAt",
            "dateintl.formatorprompt": "scheduledAt",
            "text": "content",
            "message": "content",
            "link": LINK,
            "link(s)": LINK,
            "mediaurl": "media",
            "mediaurl(s)": "media",
            "media(s)": "media",
            "label": "tags",
            "label(s)": "tags",
            "labels": "tags",
            "alttext": "alt",
            "alttext(s)": "alt",
        },
        frozenset({"mediaurl(s)", "link(s)"}),
    ),
    Program(
        "Buffer",
        {"text": "content", "imageurl": "media", "tags": "tags", "postingtime": "scheduledAt"},
        frozenset({"text", "postingtime"}),
    ),
    Program(
        "Hootsuite",
        {
            "date": "scheduledAt",
            "dateandtime": "scheduledAt",
            "datetime": "scheduledAt",
            "message": "content",
            "link": LINK,
            "url": LINK,
            "imageurl": "media",
        },
        frozenset({"message", "link"}),
    ),
)

_DAY_FIRST_OR_MONTH = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d\d(?!\d))(.*)", re.DOTALL)
_YEAR_FIRST = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(.*)", re.DOTALL)
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::\d\d)?\s*([ap]m)?", re.IGNORECASE)


def find_program(header: list[str]) -> Program | None:
    """Return the program whose sheet has this header; None for ttp's own and unknown sheets."""
    names = {normalize_name(name) for name in header}
    return next((program for program in PROGRAMS if program.marks <= names), None)


def translate_row(row: Mapping[str, Value], program: Program | None, dates: str | None) -> dict[str, Value]:
    """Return a row's fields: link appended to the text, date in ttp's form, media split. Raise UsageError."""
    fields = dict(row)
    link, text = str(fields.pop(LINK, "") or "").strip(), str(fields.get("content") or "")
    if link and link not in text:
        fields["content"] = f"{text}\n\n{link}" if text.strip() else link
    if program is not None and isinstance(media := fields.get("media"), str):
        fields["media"] = [part.strip() for part in re.split(r"[\n,|]+\s*(?=https?:|$)", media) if part.strip()]
    if isinstance(at := fields.get("scheduledAt"), str) and at.strip():
        fields["scheduledAt"] = date_text(at.strip(), dates)
    return fields


def date_text(text: str, dates: str | None) -> str:
    """Return a date with slashes as `2026-12-01 09:00`, else the text. `dates`: dmy or mdy. Raise UsageError."""
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day, rest = match.groups()
    elif match := _DAY_FIRST_OR_MONTH.fullmatch(text):
        first, second, year, rest = match.groups()
        if dates is None:
            other = "mdy" if int(second) > 12 else "dmy"
            sure = int(first) > 12 or int(second) > 12
            problem = "is a date whose day and month order is not known" if sure else "could mean two dates"
            raise UsageError(f'"{text}" {problem}', Hint("try", f"--dates {other}"))
        day, month = (first, second) if dates == "dmy" else (second, first)
        year = year if len(year) > 2 else f"20{year}"  # spreadsheets shorten the year
    else:
        return text
    return f"{year}-{int(month):02}-{int(day):02}{_clock(rest)}"


def _clock(rest: str) -> str:
    """Return ` 9:00 AM` as ` 09:00`; other text unchanged, and refused later."""
    match = _CLOCK.fullmatch(rest.strip())
    if match is None:
        return rest
    hour, minute, half = int(match[1]), match[2], (match[3] or "").lower()
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return f" {hour:02}:{minute}"
