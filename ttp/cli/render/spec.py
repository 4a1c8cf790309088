"""The formats of each kind of answer: JSON, TSV and lines for a terminal. Data for `ttp.cli.output`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from ttp.views import Json, answer_keys

if TYPE_CHECKING:
    from ttp.cli.render.page import Page

T = TypeVar("T")
Renderer: TypeAlias = "Callable[[Sequence[T], Page], Iterable[str]]"


@dataclass(frozen=True, slots=True)
class OutputSpec(Generic[T]):
    """How one kind of result is written.

    `keys`: every key of `to_json`, or the view whose answer has them. `columns`: the TSV columns. `rows`: the TSV rows
    of one item, if they are not its JSON object. `to_document`: the JSON document of a list, if it is not an array.
    `render`: the lines for a terminal; without it the TSV columns are drawn as a table.
    """

    keys: tuple[str, ...] | Callable[..., Json]
    columns: tuple[str, ...]
    to_json: Callable[[T], Json]
    render: Renderer[T] | None = None
    rows: Callable[[T], Iterable[Json]] | None = None
    to_document: Callable[[list[Any]], Json] | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Every key that `--fields` can pick."""
        return self.keys if isinstance(self.keys, tuple) else answer_keys(self.keys)


def view_spec(
    view: Callable[[T], Json],
    columns: tuple[str, ...],
    render: Renderer[T] | None = None,
    rows: Callable[[T], Iterable[Json]] | None = None,
    to_document: Callable[[list[Any]], Json] | None = None,
) -> OutputSpec[T]:
    """Return the spec of results whose JSON objects a view makes."""
    return OutputSpec(view, columns, view, render, rows, to_document)


REMOVED_SPEC: OutputSpec[int] = OutputSpec(("id", "removed"), ("id",), lambda removed: {"id": removed, "removed": True})
"""Commands that remove something, by its id."""


def name_value_spec(keys: tuple[str, ...] | Callable[..., Json]) -> OutputSpec[Json]:
    """Return the spec of a JSON object with these keys; TSV has a row of name and value for each."""
    return OutputSpec(keys, ("name", "value"), dict, rows=name_value_rows)


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
