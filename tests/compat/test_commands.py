"""The JSON of commands: a reader of the last release can read what this version answers."""

from __future__ import annotations

from itertools import chain

import pytest

from tests.compat.commands import answers, stored
from tests.compat.json_forms import breaks_readers, breaks_writers, form_of
from tests.conftest import Program


def test_no_command_answers_what_a_reader_of_the_last_release_cannot_read(ttp: Program) -> None:
    before, now = stored(), answers(ttp)
    assert sorted(before.keys() - now.keys()) == []
    assert list(chain.from_iterable(breaks_readers(before[name], now[name], name) for name in before)) == []


@pytest.mark.parametrize(
    ("new", "breaks"),
    [
        ([{"id": 1, "at": None}], []),
        ([{"id": 1, "at": None, "more": 1}], []),
        ([{"id": "1", "at": None}], ["$[].id can be string"]),
        ([{"id": None, "at": "now"}], ["$[].id can be null"]),
        ([{"id": 1}], ["$[].at is gone", "$[].at may be missing"]),
        ([{"id": 1}, {"id": 1, "at": None}], ["$[].at may be missing"]),
        ({"id": 1, "at": None}, ["$ can be object"]),
    ],
)
def test_what_breaks_a_reader_of_a_list_of_objects(new: object, breaks: list[str]) -> None:
    old = form_of([[{"id": 1, "at": None}, {"id": 2, "at": "2026-12-01T09:00:00Z"}]])
    assert sorted(breaks_readers(old, form_of([new]))) == breaks


@pytest.mark.parametrize(
    ("new", "breaks"),
    [
        ({"properties": {"text": {"type": "string"}, "more": {}}, "required": ["text"]}, []),
        ({"properties": {"text": {"type": ["string", "null"]}}}, []),
        ({"properties": {"text": {"type": "null"}}}, ["$.text cannot be string"]),
        ({"properties": {"at": {}}, "required": ["at"]}, ["$.at must be sent", "$.text is not accepted"]),
        ({"properties": {"text": {"type": "string", "enum": ["a"]}}}, []),
    ],
)
def test_what_breaks_a_writer(new: dict[str, object], breaks: list[str]) -> None:
    old = {"properties": {"text": {"type": "string"}}, "required": ["text"]}
    assert sorted(breaks_writers(old, new)) == breaks


def test_a_new_value_of_a_closed_list_breaks_its_readers_and_a_lost_one_its_writers() -> None:
    old, new = {"enum": ["draft", "failed"]}, {"enum": ["draft", "lost"]}
    assert list(breaks_readers(old, new)) == ["$ can be 'lost'"]
    assert list(breaks_writers(old, new)) == ["$ cannot be 'failed'"]
    assert list(breaks_readers(old, {})) == ["$ can be any value"]
