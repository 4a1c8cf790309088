"""Results as JSON objects for --json, the HTTP API and MCP. Pure; keys are only ever added."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import TypeAlias

from ttp.domain.time.clock import format_json_instant

Json: TypeAlias = Mapping[str, object]


def answer_keys(view: Callable[..., Json]) -> tuple[str, ...]:
    """Return every key that the answer of a view can have: those of the TypedDict that it is annotated to return."""
    from ttp.views import answers, file_answers, number_answers, source_answers, status_answers

    name = view.__annotations__["return"].rpartition(".")[2]
    shapes = (answers, file_answers, number_answers, source_answers, status_answers)
    return tuple({key: shape for module in shapes for key, shape in vars(module).items()}[name].__annotations__)


def attributes_json(item: object, keys: Iterable[str], **others: object) -> dict[str, object]:
    """Return an object with these keys: each the value in `others`, else the attribute of the item that is named alike
    (`remoteId` is `remote_id`). Instants become text, tuples lists."""
    return {key: _form(others[key] if key in others else getattr(item, _attribute(key))) for key in keys}


@cache
def _attribute(key: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)


def _form(value: object) -> object:
    if isinstance(value, datetime):
        return format_json_instant(value)
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, MappingProxyType) else value
