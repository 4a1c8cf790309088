"""The formats of each kind of answer: JSON, TSV and lines for a terminal. Data for `ttp.cli.output`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from ttp.views import Json

if TYPE_CHECKING:
    from ttp.cli.render.page import Page

T = TypeVar("T")
Renderer: TypeAlias = "Callable[[Sequence[T], Page], Iterable[str]]"


@dataclass(frozen=True, slots=True)
class OutputSpec(Generic[T]):
    """How one kind of result is written.

    `fields`: every key of `to_json`, which `--fields` can pick. `columns`: the TSV columns. `rows`: the TSV rows of one
    item, if they are not its JSON object. `to_document`: the JSON document of a list, if it is not an array. `render`:
    the lines for a terminal; without it the TSV columns are drawn as a table.
    """

    fields: tuple[str, ...]
    columns: tuple[str, ...]
    to_json: Callable[[T], Json]
    render: Renderer[T] | None = None
    rows: Callable[[T], Iterable[Json]] | None = None
    to_document: Callable[[list[Json]], Json] | None = None


def name_value_spec(fields: tuple[str, ...]) -> OutputSpec[Json]:
    """Return the spec of a JSON object with these keys; TSV has a row of name and value for each."""
    return OutputSpec(fields, ("name", "value"), dict, rows=name_value_rows)


def name_value_rows(values: Json, prefix: str = "") -> Iterable[Json]:
    """Yield a row for each key; keys of nested objects are joined by dots."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from name_value_rows(value, f"{prefix}{name}.")
        else:
            yield {"name": f"{prefix}{name}", "value": value}


def separate(blocks: Iterable[Iterable[str]]) -> Iterable[str]:
    """Yield the lines of all blocks, with an empty line between them."""
    for place, lines in enumerate(blocks):
        if place:
            yield ""
        yield from lines
