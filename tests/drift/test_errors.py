"""The drawing of the errors is the tree of classes, and every code has an exit code."""

from __future__ import annotations

import re
from collections.abc import Iterator

import ttp.domain.errors as module
from ttp.domain.errors import TtpError
from ttp.views.errors import CODES


def drawn() -> Iterator[tuple[str, str, str | None]]:
    """(class, its parent, its code or None) of every line of the drawing."""
    above = {0: "TtpError"}
    for line in (module.__doc__ or "").splitlines():
        if found := re.match(r" {4}([│ ]*)[├└]── (\w+)(?: +(\w+))?", line):
            depth = len(found[1]) // 4 + 1
            above[depth] = found[2]
            yield found[2], above[depth - 1], found[3]


def classes(of: type[TtpError] = TtpError) -> Iterator[type[TtpError]]:
    for child in of.__subclasses__():
        if child.__module__ == module.__name__:
            yield child
            yield from classes(child)


def test_the_drawing_is_the_tree_of_classes() -> None:
    real = {(one.__name__, one.__bases__[0].__name__) for one in classes()}

    assert {(name, parent) for name, parent, _ in drawn()} == real


def test_the_drawing_has_the_code_of_every_class_that_has_its_own() -> None:
    own = {one.__name__: vars(one).get("code") for one in classes()}

    assert {name: code for name, _, code in drawn()} == own


def test_the_table_has_every_code() -> None:
    assert {one.code for one in classes()} == set(CODES), "CODES of ttp/views/errors.py"
