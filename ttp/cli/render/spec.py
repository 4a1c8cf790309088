"""How each kind of answer looks: its JSON object, its TSV columns, its picture. Data for `ttp.cli.output`, no I/O.

Pictures are imported when one is drawn: a pipe never pays for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from ttp.views import Json

if TYPE_CHECKING:
    from ttp.cli.render.page import Page

T = TypeVar("T")


Picture: TypeAlias = "Callable[[Sequence[T], Page], Iterable[str]]"


@dataclass(frozen=True, slots=True)
class OutputSpec(Generic[T]):
    """How one kind of thing is written.

    `fields` are all keys that `shape` can have (what `--fields` may pick), `columns` the TSV's own. `rows` are the TSV
    rows of one item where it is not one row of its shape's keys. `wrap` puts the objects of a list into the one object
    that JSON has for it. Without `picture` a terminal gets the columns as a plain table.
    """

    fields: tuple[str, ...]
    columns: tuple[str, ...]
    shape: Callable[[T], Json]
    picture: Picture[T] | None = None
    rows: Callable[[T], Iterable[Json]] | None = None
    wrap: Callable[[list[Json]], Json] | None = None


def name_value_spec(fields: tuple[str, ...]) -> OutputSpec[Json]:
    """A plain object of these keys: name and value a row."""
    return OutputSpec(fields, ("name", "value"), dict, rows=_facts)


def events() -> OutputSpec[Json]:
    """What a publisher tells while it works, with `--jsonl`."""
    from ttp.publisher.events import FIELDS

    return OutputSpec(FIELDS, FIELDS, dict)


def _facts(shape: Json, prefix: str = "") -> Iterable[Json]:
    """Name and value of every key; keys of objects inside are joined by dots."""
    for name, value in shape.items():
        if isinstance(value, dict):
            yield from _facts(value, f"{prefix}{name}.")
        else:
            yield {"name": f"{prefix}{name}", "value": value}


def separate(pictures: Iterable[Iterable[str]]) -> Iterable[str]:
    """Pictures with an empty line between them."""
    for place, lines in enumerate(pictures):
        if place:
            yield ""
        yield from lines
