"""ttp's own format: the reader of a million rows.

A row whose cells are all written in the plain way (ASCII digits, `2026-11-01T09:00:00Z`) is read at once; any other is
given to `sample.parse_row`, which knows every way and every reason. Both read the same, which a test holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Protocol, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from ttp.domain.account import parse_account_name
from ttp.domain.clock import EPOCH, to_ms
from ttp.domain.errors import UsageError
from ttp.domain.sample import COLUMNS, KINDS, LONGEST_ID, Count, Row, Sample, parse_row, row_of

ReadRow: TypeAlias = tuple[str, bool, Row]
"""The account's canonical name, whether the source says when the numbers were read, and the row."""

V = TypeVar("V")
REMEMBERED = 4096
"""Different texts of a column that are kept with their meaning."""
LONGEST_PLAIN = 15
"""Digits: always less than the largest count."""
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})")
_2006_01_02 = 1136160000000
"""Before it, whether a time is too old depends on its offset."""


class Reader(Protocol):
    """Reads the rows of one header."""

    def read(self, cells: list[str]) -> ReadRow | None:
        """The sample of a row; None for a blank one. UsageError with the reason why it is refused."""
        ...

    def sample(self, cells: list[str]) -> Sample:
        """The same as a `Sample`."""
        ...


def blank(cells: Sequence[str], width: int) -> bool:
    """Whether a row has nothing in it. UsageError where it has another number of cells than its header."""
    if not any(cells):
        return True  # a blank line, or the row of commas that spreadsheets leave behind
    if len(cells) != width:
        raise UsageError(f"has {len(cells)} cells where the header has {width}")
    return False


class PlainReader:
    """Rows of ttp's own columns. `header` has the column of each cell, None where it is not read; `account` is that of
    the whole file, where one was named."""

    def __init__(
        self, header: Sequence[str | None], *, now: datetime, zone: ZoneInfo | None = None, account: str | None = None
    ) -> None:
        self._header, self._now, self._zone, self._account = header, now, zone, account
        self._width = len(header)
        # The cell after the last one is empty, and that of every column which is not there.
        places = [header.index(name) if name in header else self._width for name in _ORDER]
        if account is not None and "account" not in header:
            places[0] = self._width + 1
        self._pick = itemgetter(*places)
        self._more = ["", account or ""]
        self._accounts = _Accounts(account)
        self._days, self._clocks = _Days(), _Clocks()
        self._counts = _Counts()
        self._now_ms = to_ms(now)

    def read(self, cells: list[str]) -> ReadRow | None:
        if len(cells) != self._width and blank(cells, self._width):
            return None
        account, remote_id, published, observed, likes, comments, shares, views, saves, reach, kind, text = self._pick(
            cells + self._more
        )
        counts, days, clocks = self._counts, self._days, self._clocks
        try:
            at = days[published[:10]] + clocks[published[10:]]
            seen = days[observed[:10]] + clocks[observed[10:]] if observed else self._now_ms
            row = (
                remote_id,
                seen,
                at,
                counts[likes],
                counts[comments],
                counts[shares],
                counts[views],
                counts[saves],
                counts[reach],
                _PLAIN_KINDS[kind],
                text or None,
            )
            name = self._accounts[account]
        except KeyError:
            return self._carefully(cells)
        is_plain = remote_id.isalnum() and remote_id.isascii() and len(remote_id) <= LONGEST_ID
        if (
            not is_plain
            or not _2006_01_02 <= at <= seen <= self._now_ms
            or (likes == comments == shares == views == "")
        ):
            return self._carefully(cells)
        return name, observed != "", row

    def sample(self, cells: list[str]) -> Sample:
        row = {name: cell for name, cell in zip(self._header, cells, strict=True) if name is not None}
        if self._account is not None:
            row.setdefault("account", self._account)
        sample = parse_row(row, now=self._now, zone=self._zone)
        refuse_another(sample.account, self._account)
        return sample

    def _carefully(self, cells: list[str]) -> ReadRow | None:
        if blank(cells, self._width):
            return None
        sample = self.sample(cells)
        return sample.account, sample.dated, row_of(sample)


def refuse_another(name: str, wanted: str | None) -> None:
    """UsageError for a row of another account than the one that was named for the file."""
    if wanted is not None and name.lower() != wanted.lower():
        raise UsageError(f"is of {name}, not of {wanted}")


_ORDER = (
    *("account", "remoteId", "publishedAt", "observedAt"),
    *("likes", "comments", "shares", "views", "saves", "reach", "kind", "text"),
)
assert set(_ORDER) == set(COLUMNS)
_PLAIN_KINDS: Mapping[str, str | None] = {"": None, **{kind: kind for kind in KINDS}}


def _remember(known: dict[str, V], text: str, meaning: V) -> V:
    if len(known) < REMEMBERED:
        known[text] = meaning
    return meaning


class _Counts(dict[str, Count]):
    """Plain counts by their text. KeyError for one that is not plain."""

    def __init__(self) -> None:
        super().__init__({"": None})

    def __missing__(self, text: str) -> Count:
        if not (text.isdigit() and text.isascii() and len(text) <= LONGEST_PLAIN):
            raise KeyError(text)
        return _remember(self, text, int(text))


class _Days(dict[str, int]):
    """Milliseconds from 1970 to the days of a calendar, by `2026-11-01`. KeyError for what is none."""

    def __missing__(self, text: str) -> int:
        try:
            day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
        except ValueError:
            day = None
        if day is None:
            raise KeyError(text)
        return _remember(self, text, (day - EPOCH.date()).days * 86_400_000)


class _Clocks(dict[str, int]):
    """Milliseconds from midnight UTC to times of day by `T09:00:00Z`. KeyError for what is none, or has no offset."""

    def __missing__(self, text: str) -> int:
        try:
            at = datetime.fromisoformat(f"1970-01-01{text}") if _CLOCK.fullmatch(text) else None
        except ValueError:
            at = None
        if at is None:
            raise KeyError(text)
        return _remember(self, text, to_ms(at))


class _Accounts(dict[str, str]):
    """Canonical names by the text of the cell. KeyError for what is none, or another than `wanted`."""

    def __init__(self, wanted: str | None) -> None:
        super().__init__()
        self._wanted = wanted

    def __missing__(self, text: str) -> str:
        try:
            name = "/".join(parse_account_name(text))
            refuse_another(name, self._wanted)
        except UsageError:
            raise KeyError(text) from None
        return _remember(self, text, name)
