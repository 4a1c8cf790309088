"""Rows of ttp's own format: reading by columns gives the same as reading one by one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.domain.metrics.ingest.own_format import FEW, REMEMBERED, PlainReader
from ttp.domain.metrics.sample import COLUMNS, Row

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
ROW = ["x/me", "17", "2026-11-01T09:00:00Z", "1", "2", "3", "40", "2026-11-02T09:00:00+01:00", "5", "6", "video", "hi"]
AT = {name: place for place, name in enumerate(COLUMNS)}
Told = list[tuple[str, bool, Row]]


def row(**cells: str) -> list[str]:
    changed = list(ROW)
    for name, cell in cells.items():
        changed[AT[name]] = cell
    return changed


def read(reader: PlainReader, rows: list[list[str]]) -> tuple[Told, list[tuple[int, str]]]:
    refused: list[tuple[int, str]] = []
    groups = reader.read(rows, lambda place, reason: refused.append((place, reason)))
    return [(name, dated, one) for name, dated, group in groups for one in group], refused


def one_by_one(reader: PlainReader, rows: list[list[str]]) -> tuple[Told, list[tuple[int, str]]]:
    told, refused = [], []
    for place, cells in enumerate(rows):
        found, why = read(reader, [cells])
        told += found
        refused += [(place, reason) for _, reason in why]
    return told, refused


def test_a_block_of_plain_rows_is_read_with_every_field() -> None:
    told, refused = read(PlainReader(COLUMNS, PLATFORMS, now=NOW), [row(remoteId=str(n)) for n in range(9)])
    assert refused == []
    assert told[3] == ("x/me", True, ("3", 1793606400000, 1793523600000, 1, 2, 3, 40, 5, 6, "video", "hi"))
    assert [one[0] for _, _, one in told] == [str(n) for n in range(9)]


def test_accounts_of_a_block_keep_their_rows_in_order() -> None:
    rows = [row(account=("x/me", "ig/shop")[n % 2], remoteId=str(n)) for n in range(8)]
    told, _ = read(PlainReader(COLUMNS, PLATFORMS, now=NOW), rows)
    assert [one[0] for name, _, one in told if name == "x/me"] == ["0", "2", "4", "6"]
    assert [one[0] for name, _, one in told if name == "instagram/shop"] == ["1", "3", "5", "7"]


def test_without_a_time_of_reading_it_is_now() -> None:
    told, _ = read(PlainReader(COLUMNS, PLATFORMS, now=NOW), [row(observedAt="")] * 8)
    assert {(dated, one[1]) for _, dated, one in told} == {(False, 1795521600000)}


def test_bad_rows_are_refused_at_their_place_and_blank_ones_passed_over() -> None:
    rows = [ROW] * 20
    rows[3], rows[11], rows[12], rows[19] = row(likes="many"), [], ["", ""], row(account="me")
    told, refused = read(PlainReader(COLUMNS, PLATFORMS, now=NOW), rows)
    assert len(told) == 16
    assert [place for place, _ in refused] == [3, 19]
    assert all(named in refused[0][1] for named in ("likes", '"many"'))


def test_a_row_with_another_number_of_cells_is_refused() -> None:
    _, refused = read(PlainReader(COLUMNS, PLATFORMS, now=NOW), [[*ROW, "more"], ROW[:-1], *([ROW] * FEW)])
    assert [(place, re.findall(r"\d+", why)) for place, why in refused] == [(0, ["13", "12"]), (1, ["11", "12"])]
    _, refused = read(PlainReader(COLUMNS, PLATFORMS, now=NOW), [ROW[:-1]] * 5)
    assert len(refused) == 5


def test_columns_that_are_not_there_are_unknown_and_those_that_nobody_reads_are_left_out() -> None:
    header = ["account", None, "remoteId", "publishedAt", "likes"]
    told, refused = read(
        PlainReader(header, PLATFORMS, now=NOW), [["x/me", "what", "1", "2026-11-01T09:00:00Z", "7"]] * 8
    )
    assert refused == []
    assert told[0] == (
        "x/me",
        False,
        ("1", 1795521600000, 1793523600000, 7, None, None, None, None, None, None, None),
    )


@pytest.mark.parametrize("many", [1, 8])
def test_the_account_of_the_file_is_that_of_rows_without_one_and_no_other(many: int) -> None:
    reader = PlainReader(COLUMNS, PLATFORMS, now=NOW, account="x/me")
    told, refused = read(reader, [row(account="")] * many)
    assert ([name for name, _, _ in told], refused) == (["x/me"] * many, [])
    _, refused = read(reader, [row(account="x/you")] * many)
    assert [(place, re.findall(r"x/\w+", why)) for place, why in refused] == [
        (n, ["x/you", "x/me"]) for n in range(many)
    ]
    without = PlainReader([name for name in COLUMNS if name != "account"], PLATFORMS, now=NOW, account="x/me")
    assert [name for name, _, _ in read(without, [ROW[1:]] * many)[0]] == ["x/me"] * many


@each(
    ("cells", "named"),
    [
        ({"likes": "", "comments": "", "shares": "", "views": ""}, "views"),
        ({"publishedAt": "20261101T090000Z"}, "20261101T090000Z"),
        ({"publishedAt": "2026-02-30T09:00:00Z"}, "2026-02-30"),
        ({"publishedAt": "2026-11-01T09:00:61Z"}, "09:00:61"),
        ({"observedAt": "2026-10-01T09:00:00Z"}, "observedAt"),
        ({"remoteId": ""}, "remoteId"),
        ({"remoteId": "1.79E+16"}, "1.79E+16"),
        ({"views": "9" * 17}, "9" * 17),
        ({"kind": "reel"}, "reel"),
    ],
)
def test_what_no_column_can_be_read_with_has_the_reason_of_the_strict_reading(
    cells: dict[str, str], named: str
) -> None:
    told, refused = read(PlainReader(COLUMNS, PLATFORMS, now=NOW), [row(**cells)] * 8)
    assert told == []
    assert len(refused) == 8
    assert all(named in reason for _, reason in refused), refused


def test_what_is_remembered_has_an_end() -> None:
    rows = [row(account=f"x/a{n}", remoteId=str(n)) for n in range(REMEMBERED + 10)]
    assert len(read(PlainReader(COLUMNS, PLATFORMS, now=NOW), rows)[0]) == len(rows)


_TIMES = st.sampled_from(
    [
        *("2026-11-01T09:00:00Z", "2026-11-01 09:00Z", "2026-11-01T09:00:00.5+0130", "2026-11-01T09:00:00-23:59"),
        *(
            "",
            "2026-11-01",
            "2026-02-30T09:00:00Z",
            "2026-11-01T24:00:00Z",
            "2026-11-01T25:61:00Z",
            "2026-W05-3T10:00Z",
        ),
        *("2005-12-31T23:00:00-05:00", "2006-01-01T01:00:00+02:00", "2006-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        *("2026-11-24T12:00:00Z", "2026-11-24T12:00:01Z", "2026-11-01T09:00:00", "2026-10-30T09:00:00Z", " 1 "),
    ]
)
_COUNTS = st.sampled_from(
    ["", "0", "12", "007", "+3", "-1", "-0", " 5", "1.0", "1.5", "1,2", "x", "٣", "9" * 15, "9" * 17]
)
_CELLS = {
    "account": st.sampled_from(["x/me", "X/Me", "ig/shop", " x/me", "", "me", "x/a b", "twitter/@me"]),
    "remoteId": st.sampled_from(
        ["1", "a_b", "v~2-1.7", "", " ", "1.79E+16", "a b", "\x1b", "1" * 255, "1" * 256, "é", "1e5"]
    ),
    "publishedAt": _TIMES,
    "observedAt": _TIMES,
    **dict.fromkeys(("likes", "comments", "shares", "views", "saves", "reach"), _COUNTS),
    "kind": st.sampled_from(["", "video", "Video", " text", "reel"]),
    "text": st.sampled_from(["", "hi", " "]),
}


@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS), st.none(), max_size=2), min_size=1, max_size=12), st.data())
def test_by_columns_and_one_by_one_are_the_same(changes: list[dict[str, None]], data: st.DataObject) -> None:
    rows = [row(**{name: data.draw(_CELLS[name]) for name in change}) for change in changes]
    reader = PlainReader(COLUMNS, PLATFORMS, now=NOW)
    told, refused = read(reader, rows)
    wanted, reasons = one_by_one(reader, rows)
    assert sorted(map(repr, told)) == sorted(map(repr, wanted))
    assert refused == reasons
    for name, _, _ in told:
        assert [one for one in told if one[0] == name] == [one for one in wanted if one[0] == name]
