"""The form of JSON answers, learned from examples as a JSON Schema, and the changes that break its users."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_BOUNDS = {"minimum": 1, "minLength": 1, "minItems": 1, "maximum": -1, "maxLength": -1, "maxItems": -1}
"""Limits of what may be sent: 1 where a higher one is narrower."""
_NAMES = {bool: "boolean", int: "number", float: "number", str: "string", type(None): "null"}


def form_of(values: Iterable[object]) -> Schema:
    """Return the form that all the values have. A key that some objects lack is not required."""
    values = list(values)
    types = sorted({_type_of(value) for value in values})
    form: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
    objects = [value for value in values if isinstance(value, Mapping)]
    if objects:
        keys = sorted({key for one in objects for key in one})
        form["properties"] = {key: form_of([one[key] for one in objects if key in one]) for key in keys}
        form["required"] = [key for key in keys if all(key in one for one in objects)]
    items = [item for value in values if isinstance(value, list) for item in value]
    if items:
        form["items"] = form_of(items)
    return form


def _type_of(value: object) -> str:
    return "object" if isinstance(value, Mapping) else "array" if isinstance(value, list) else _NAMES[type(value)]


def breaks_readers(place: str, old: Schema, new: Schema) -> Iterator[str]:
    """Yield what a reader of answers of the `old` schema stumbles over in those of the `new` one."""
    return _of_answer(place, _Place(old), _Place(new))


def breaks_writers(place: str, old: Schema, new: Schema) -> Iterator[str]:
    """Yield what a writer of requests of the `old` schema may no longer send, or must send in addition."""
    return _of_request(place, _Place(old), _Place(new))


class _Place:
    """A part of a schema, with the definitions that it refers to."""

    def __init__(self, schema: Schema, definitions: Schema | None = None) -> None:
        self.definitions = schema.get("$defs", {}) if definitions is None else definitions
        self.choices = [self._resolved(one) for one in schema.get("anyOf", [schema])]
        self.one: Schema = next((one for one in self.choices if one.get("type") != "null"), {})

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self.definitions[schema["$ref"].removeprefix("#/$defs/")]
        return schema

    @property
    def types(self) -> set[str]:
        found = set[str]()
        for one in self.choices:
            kind = one.get("type", [])
            found |= {kind} if isinstance(kind, str) else {*kind}
        return found | ({"integer"} if "number" in found else set())

    @property
    def properties(self) -> dict[str, _Place]:
        return {name: _Place(one, self.definitions) for name, one in self.one.get("properties", {}).items()}

    @property
    def required(self) -> set[str]:
        return set(self.one.get("required", ()))

    def inside(self, name: str) -> _Place | None:
        found = self.one.get(name)
        return _Place(found, self.definitions) if isinstance(found, Mapping) else None


def _of_request(where: str, old: _Place, new: _Place) -> Iterator[str]:
    if lost := old.types - new.types:
        yield f"{where} no longer takes {sorted(lost)}"
    if "enum" in new.one and (lost := set(old.one.get("enum", ["any"])) - set(new.one["enum"])):
        yield f"{where} no longer takes {sorted(lost)}"
    for bound, sign in _BOUNDS.items():
        if bound in new.one and (bound not in old.one or sign * (new.one[bound] - old.one[bound]) > 0):
            yield f"{where} has a narrower {bound}"
    if "pattern" in new.one and new.one["pattern"] != old.one.get("pattern"):
        yield f"{where} has another pattern"
    if added := new.required - old.required:
        yield f"{where} now needs {sorted(added)}"
    for name, before in old.properties.items():
        after = new.properties.get(name)
        if after is None:
            yield f"{where}{name} is gone"
        else:
            yield from _of_request(f"{where}{name}", before, after)
    yield from _within(where, old, new, _of_request)


def _of_answer(where: str, old: _Place, new: _Place) -> Iterator[str]:
    if old.types != {"null"} and (added := new.types - old.types):  # null alone says nothing of the type
        yield f"{where} can now be {sorted(added)}"
    if lost := old.required - new.required:
        yield f"{where} can now lack {sorted(lost)}"
    for name, before in old.properties.items():
        after = new.properties.get(name)
        if after is None:
            yield f"{where}{name} is gone"
        else:
            yield from _of_answer(f"{where}{name}.", before, after)
    yield from _within(where, old, new, _of_answer)


def _within(where: str, old: _Place, new: _Place, compare: Any) -> Iterator[str]:
    for name in ("items", "additionalProperties"):
        before, after = old.inside(name), new.inside(name)
        if before is not None and after is not None:
            yield from compare(f"{where}[].", before, after)
        elif before is not None:
            yield f"{where} {name} are gone"
