"""CSV: one post a row, in the columns of `fields`.

A spreadsheet runs a cell that begins like a formula, so such a cell is written with an apostrophe before it, as people
write texts into sheets; reading takes it off again. Other programs' sheets have no such apostrophes: `foreign`.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO

from ttp.services.files.fields import FIELDS, Value, in_one

COLUMNS = tuple(field for field in FIELDS if field not in ("timezone", "maxLate"))
"""What an export writes, in this order; what it tells beside follows."""
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_GUARDED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
_WITH_COMMAS = ("accounts", "tags")


def written(rows: Iterable[Mapping[str, Value]], more: Sequence[str] = ()) -> Iterator[str]:
    """The lines of a CSV file (RFC 4180) with a header, a piece for each row. `more`: columns beside the fields."""
    columns = (*COLUMNS, *more)
    yield _line(columns)
    for row in rows:
        yield _line([guarded(_cell(name, row.get(name))) for name in columns])


def guarded(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """The text that `guarded` made a cell of."""
    return text[1:] if _GUARDED.match(text) else text


def _cell(name: str, value: Value) -> str:
    match value:
        case None:
            return ""
        case list() | tuple() if name in _WITH_COMMAS and not any("," in one for one in value):
            return ",".join(value)
        case list() | tuple():
            return in_one(value)
        case dict():
            return json.dumps(value, ensure_ascii=False)
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def _line(cells: Sequence[str]) -> str:
    line = StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
