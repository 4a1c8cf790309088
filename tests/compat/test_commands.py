"""The JSON of commands: a reader of the last release can read what this version answers."""

from __future__ import annotations

from itertools import chain

from tests.compat.commands import answers, stored
from tests.compat.json_forms import breaks_readers, form_of
from tests.conftest import Program
from tests.rows import each


def test_no_command_answers_what_a_reader_of_the_last_release_cannot_read(ttp: Program) -> None:
    before, now = stored(), answers(ttp)
    assert sorted(before.keys() - now.keys()) == []
    assert list(chain.from_iterable(breaks_readers(name, before[name], now[name]) for name in before)) == []


@each(
    ("new", "breaks"),
    [
        ([{"id": 1, "at": None}], False),
        ([{"id": 1, "at": None, "more": 1}], False),
        ([{"id": "1", "at": None}], True),
        ([{"id": None, "at": "now"}], True),
        ([{"id": 1}], True),
        ([{"id": 1}, {"id": 1, "at": None}], True),
        ({"id": 1, "at": None}, True),
    ],
)
def test_what_breaks_a_reader_of_a_list_of_objects(new: object, breaks: bool) -> None:
    old = form_of([[{"id": 1, "at": None}, {"id": 2, "at": "2026-12-01T09:00:00Z"}]])
    assert bool(list(breaks_readers("list", old, form_of([new])))) is breaks
