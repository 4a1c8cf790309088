"""ttp's own format, for files of a million rows.

Rows are read by columns: if every cell of a block is plain (digits, `2026-11-01T09:00:00Z`), a column is read at once.
Other blocks are halved; the rest goes to `sample.parse_row`, which knows every form and error. A test checks that both
read the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from operator import gt
from typing import Protocol, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from ttp.domain.account import parse_account_name
from ttp.domain.errors import UsageError
from ttp.domain.metrics.sample import (
    COLUMNS,
    COUNTS,
    KINDS,
    LARGEST_COUNT,
    LONGEST_ID,
    Count,
    Row,
    Sample,
    parse_row,
    row_of,
)
from ttp.domain.platform import PlatformFacts
from ttp.domain.time.clock import EPOCH, to_ms

V = TypeVar("V")
Refuse: TypeAlias = Callable[[int, str], object]
"""Called with the index of a refused row in its block, and the reason."""
Group: TypeAlias = tuple[str, bool, Sequence[Row]]
"""An account's canonical name, whether the source has dates of observation, and rows in file order."""

REMEMBERED = 4096
"""Distinct texts of a column that are cached."""
FEW = 4
"""Blocks smaller than this are read row by row."""
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})")
_2006_01_02 = 1136160000000
"""Before this, whether a time is too old depends on its offset."""


class Reader(Protocol):
    """Reads the rows of one header."""

    def read(self, rows: Sequence[list[str]], refuse: Refuse) -> Iterator[Group]:
        """Yield the samples of some rows; skip blank ones, refuse bad ones."""

    def sample(self, cells: Sequence[str]) -> Sample:
        """Return the sample of a row that is not blank. Raises UsageError."""


def read_each(
    reader: Reader, rows: Sequence[list[str]], width: int, refuse: Refuse, *, start: int = 0
) -> Iterator[Group]:
    """Yield the samples of some rows, one by one. `start`: index of the first."""
    for place, cells in enumerate(rows, start):
        if not any(cells):
            continue  # a blank line, or the row of commas that spreadsheets leave behind
        try:
            if len(cells) != width:
                raise UsageError(f"has {len(cells)} cells where the header has {width}")
            sample = reader.sample(cells)
        except UsageError as error:
            refuse(place, error.message)
        else:
            yield sample.account, sample.dated, (row_of(sample),)


class PlainReader:
    """Reads ttp's own columns. `header`: the field of each cell (None: ignored); `account`: that of the whole file."""

    def __init__(
        self,
        header: Sequence[str | None],
        platforms: PlatformFacts,
        *,
        now: datetime,
        zone: ZoneInfo | None = None,
        account: str | None = None,
    ) -> None:
        self._platforms = platforms
        self._header, self._now, self._zone, self._account = header, now, zone, account
        self._places = [header.index(name) if name in header else None for name in _ORDER]
        self._accounts, self._days, self._clocks = _Accounts(account, platforms), _Days(), _Clocks()
        self._now_ms = to_ms(now)

    def read(self, rows: Sequence[list[str]], refuse: Refuse) -> Iterator[Group]:
        yield from self._read(rows, refuse, 0)

    def _read(self, rows: Sequence[list[str]], refuse: Refuse, start: int) -> Iterator[Group]:
        if len(rows) < FEW:
            yield from read_each(self, rows, len(self._header), refuse, start=start)
            return
        try:
            groups = self._columns(rows)
        except (KeyError, ValueError):
            middle = len(rows) // 2
            yield from self._read(rows[:middle], refuse, start)
            yield from self._read(rows[middle:], refuse, start + middle)
        else:
            yield from groups

    def sample(self, cells: Sequence[str]) -> Sample:
        row = {name: cell for name, cell in zip(self._header, cells, strict=True) if name is not None}
        if self._account is not None and not row.get("account", "").strip():
            row["account"] = self._account
        sample = parse_row(row, self._platforms, now=self._now, zone=self._zone)
        refuse_another(sample.account, self._account)
        return sample

    def _columns(self, rows: Sequence[list[str]]) -> list[Group]:
        """Return the rows by account. Raises KeyError or ValueError if a cell is not plain or is refused."""
        columns = list(zip(*rows, strict=True))  # ValueError where they are not of one length
        if len(columns) != len(self._header):
            raise ValueError(len(columns))
        empty = ("",) * len(rows)
        cells = [empty if place is None else columns[place] for place in self._places]
        account, remote_id, published, observed, likes, comments, shares, views, saves, reach, kind, text = cells
        _check_ids(remote_id)
        at = self._times(published)
        dated = any(observed)
        times = self._times(observed) if dated else [self._now_ms] * len(rows)
        if min(at) < _2006_01_02 or max(times) > self._now_ms or any(map(gt, at, times)):
            raise ValueError("time")
        counts = [_counts(column) for column in (likes, comments, shares, views, saves, reach)]
        if all(None in column for column in counts[:4]) and (None, None, None, None) in zip(*counts[:4], strict=True):
            raise ValueError("no count")
        kinds = map(_PLAIN_KINDS.__getitem__, kind)
        texts = text if all(text) else [one or None for one in text]
        read: list[Row] = list(zip(remote_id, times, at, *counts, kinds, texts, strict=True))
        names = list(map(self._accounts.__getitem__, account))
        if names.count(names[0]) == len(names):
            return [(names[0], dated, read)]
        groups: dict[str, list[Row]] = {name: [] for name in names}
        for name, row in zip(names, read, strict=True):
            groups[name].append(row)
        return [(name, dated, group) for name, group in groups.items()]

    def _times(self, texts: Sequence[str]) -> list[int]:
        days, clocks = self._days, self._clocks
        return [days[text[:10]] + clocks[text[10:]] for text in texts]


def refuse_another(name: str, account: str | None) -> None:
    """Raise UsageError for a row of another account than the one named for the file."""
    if account is not None and name.lower() != account.lower():
        raise UsageError(f"is of {name}, not of {account}", flaw="other_account")


_ORDER = ("account", "remoteId", "publishedAt", "observedAt", *COUNTS, "kind", "text")
assert set(_ORDER) == set(COLUMNS)
_PLAIN_KINDS: Mapping[str, str | None] = {"": None, **{kind: kind for kind in KINDS}}


def _check_ids(texts: Sequence[str]) -> None:
    """Raise ValueError for an empty, too long or invalid id."""
    together = "".join(texts)
    if "" in texts or max(map(len, texts)) > LONGEST_ID or not together.isprintable():
        raise ValueError("id")
    if " " in together or "+" in together or not together.isascii():  # 1.79E+16
        raise ValueError("id")


def _counts(texts: Sequence[str]) -> list[Count]:
    """Return plain counts. Raises ValueError for others."""
    together = "".join(texts)
    if not together:
        return [None] * len(texts)
    if not (together.isdigit() and together.isascii()):
        raise ValueError("count")
    counts: list[Count] = [int(text) if text else None for text in texts] if "" in texts else list(map(int, texts))
    if max(filter(None, counts), default=0) > LARGEST_COUNT:
        raise ValueError("count")
    return counts


def _remember(meanings: dict[str, V], text: str, meaning: V) -> V:
    if len(meanings) < REMEMBERED:
        meanings[text] = meaning
    return meaning


class _Days(dict[str, int]):
    """Milliseconds from 1970 to days such as `2026-11-01`. Raises KeyError or ValueError for other texts."""

    def __missing__(self, text: str) -> int:
        if not _DAY.fullmatch(text):
            raise KeyError(text)
        return _remember(self, text, (date.fromisoformat(text) - EPOCH.date()).days * 86_400_000)


class _Clocks(dict[str, int]):
    """Milliseconds from midnight UTC to times such as `T09:00:00Z`. Raises KeyError or ValueError for other texts."""

    def __missing__(self, text: str) -> int:
        if not _CLOCK.fullmatch(text):
            raise KeyError(text)
        return _remember(self, text, to_ms(datetime.fromisoformat(f"1970-01-01{text}")))


class _Accounts(dict[str, str]):
    """Canonical names by cell text. Raises KeyError for invalid names and other accounts."""

    def __init__(self, account: str | None, platforms: PlatformFacts) -> None:
        super().__init__({} if account is None else {"": account})
        self._wanted = account
        self._platforms = platforms

    def __missing__(self, text: str) -> str:
        try:
            name = "/".join(parse_account_name(text, self._platforms))
            refuse_another(name, self._wanted)
        except UsageError:
            raise KeyError(text) from None
        return _remember(self, text, name)
