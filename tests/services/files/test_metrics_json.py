"""JSON of metrics: objects in an array, one after the other, or one a line; a bad one costs itself."""

from __future__ import annotations

import json
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from ttp.services.files.csv_file import LONGEST_ROW
from ttp.services.files.metrics_rows import Buffer, Object, cells_of, is_json, read_objects


def read(text: str) -> list[Object]:
    buffer = Buffer(StringIO(text, newline=""))
    assert is_json(buffer)
    return list(read_objects(buffer))


def told(text: str) -> list[tuple[int, object]]:
    """As `read`, with None for a reason."""
    return [(number, None if isinstance(item, str) else item) for number, item in read(text)]


@each("text", ["", "a,b", '"a"', " \n\n", "\0"])
def test_what_does_not_begin_as_json_is_none(text: str) -> None:
    assert not is_json(Buffer(StringIO(text)))


@each(
    "text",
    [
        '[{"a": 1}, {"a": 2}]',
        '\ufeff [\n{"a": 1}\n,\n{"a": 2}\n]\n',
        '{"a": 1}\n{"a": 2}\n',
        '{"a": 1}\r\n\r\n{"a": 2}',
        '{\n "a": 1\n}\n{\n "a": 2\n}\n',
    ],
)
def test_an_array_lines_and_objects_one_after_the_other_are_read(text: str) -> None:
    assert [item for _, item in read(text)] == [{"a": "1"}, {"a": "2"}]


def test_numbers_stay_as_they_were_written_and_null_is_empty() -> None:
    text = '[{"a": 1.0, "b": 9007199254740993, "c": null, "d": true, "e": NaN, "f": "x", "g": -0, "h": 1e3}]'
    (item,) = [item for _, item in read(text)]
    assert item == {
        "a": "1.0",
        "b": "9007199254740993",
        "c": "",
        "d": "true",
        "e": "NaN",
        "f": "x",
        "g": "-0",
        "h": "1e3",
    }


def test_a_bad_line_is_refused_by_its_number_and_the_next_is_read() -> None:
    rows = told('{"a": 1}\n{"a": oops}\n[1]\n{"a": 1, "a": 2}\n{"a": 3}\n')
    assert rows == [
        (1, {"a": "1"}),
        (2, None),
        (3, None),
        (4, None),
        (5, {"a": "3"}),
    ]


def test_a_line_that_is_too_long_costs_itself() -> None:
    long = '{"a": "' + "x" * LONGEST_ROW + '"}'
    assert told(f'{{"a": 1}}\n{long}\n{{"a": 2}}') == [
        (1, {"a": "1"}),
        (2, None),
        (3, {"a": "2"}),
    ]


@each(
    "text",
    [
        '[{"a": 1}, oops]',
        '[{"a": 1} {"a": 2}]',
        '[{"a": 1}, {"a": 2',
        '[{"a": 1}] more',
        '[{"a": 1},' + "[" * 100_000,
        '[{"a": 1},{"a": "' + "x" * 2 * LONGEST_ROW,
    ],
)
def test_after_what_is_not_json_in_an_array_nothing_is_read(text: str) -> None:
    assert told(text) == [(1, {"a": "1"}), (2, None)]


def test_an_item_of_an_array_that_is_no_object_costs_itself() -> None:
    assert told('[3, {"a": 1}, "x"]') == [(1, None), (2, {"a": "1"}), (3, None)]


@each(
    ("item", "cells"),
    [
        ('{"a": "1", "b": "2", "c": [1]}', ["1", "2"]),
        ('{"b": "2"}', ["", "2"]),
        ('{"a": [1]}', None),
        ('{"a": {"x": 1}}', None),
        ('{"a": "1\\u0000"}', None),
        ('{"a": "\\ud800"}', None),
    ],
)
def test_the_cells_of_an_object_are_those_of_the_keys_that_are_read(item: str, cells: list[str] | None) -> None:
    ((_, found),) = read(item)
    assert not isinstance(found, str)
    got = cells_of(found, ["a", "b"])
    assert (None if isinstance(got, str) else got) == cells
    assert cells_of({"x": "1"}, [None]) == [""]


_VALUES = st.dictionaries(
    st.sampled_from("abc"), st.one_of(st.integers(), st.text(st.characters(codec="utf-8"), max_size=5))
)


@given(st.lists(_VALUES, max_size=5), st.sampled_from([None, 2]))
def test_every_object_comes_back_in_every_layout(items: list[dict[str, object]], indent: int | None) -> None:
    wanted = [{name: str(value) for name, value in item.items()} for item in items]
    assert [item for _, item in read(json.dumps(items, indent=indent))] == wanted
    if items:
        assert [item for _, item in read("\n".join(map(json.dumps, items)))] == wanted
