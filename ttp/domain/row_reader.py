"""Read the fields of one row of a file, and collect what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeAlias, TypeVar

from ttp.domain.action import WayOut, as_fields
from ttp.domain.errors import Problem, TtpError

T = TypeVar("T")
Value: TypeAlias = object
"""A text, number, list or mapping, as the format has it."""


class FieldError(NamedTuple):
    """Why a row is refused: the field, the problem, and what to write instead, if known."""

    field: str
    problem: str
    fix: WayOut | None = None


class RowReader:
    """Reads the fields of one row and collects errors."""

    def __init__(self, row: Mapping[str, Value]) -> None:
        self._row = row
        self.faults: list[FieldError] = []

    def read(self, field: str, how: Callable[[Value], T], otherwise: T) -> T:
        value = self._row.get(field)
        if value is None or value == "":
            return otherwise
        try:
            return how(value)
        except TtpError as error:
            self.faults.append(to_field_error(field, error))
            return otherwise


def field_errors(problems: Iterable[Problem]) -> tuple[FieldError, ...]:
    """Return the problems that are not warnings, for a file."""
    return tuple(FieldError(one.field, one.message, as_fields(one.hint)) for one in problems if not one.warning)


def to_field_error(field: str, error: TtpError) -> FieldError:
    message = "; ".join((error.message, *error.details))
    return FieldError(field, message, as_fields(error.way))
