"""The form of JSON answers, learned from examples as a JSON Schema, and the changes of a form that break its readers.

The comparison reads any JSON Schema made of `type`, `properties`, `required`, `items`, `enum`, `anyOf`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Form = Mapping[str, Any]

_NAMES = {bool: "boolean", int: "number", float: "number", str: "string", type(None): "null"}


def form_of(values: Iterable[object]) -> Form:
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


def breaks_readers(old: Form, new: Form, place: str = "$") -> Iterator[str]:
    """Yield what a reader of answers in the `old` form stumbles over in the `new` one."""
    before, after = types_of(old), types_of(new)
    if before and (added := after - before or (before if not after else set())):
        yield f"{place} can be {', '.join(sorted(added or {'anything'}))}"
    if "enum" in old and "enum" not in new:
        yield f"{place} can be any value"
    for value in [value for value in new.get("enum", ()) if "enum" in old and value not in old["enum"]]:
        yield f"{place} can be {value!r}"
    kept = new.get("required", ())
    for key in [key for key in old.get("required", ()) if key not in kept]:
        yield f"{place}.{key} may be missing"
    yield from _compare_parts(old, new, place, breaks_readers, "is gone")


def breaks_writers(old: Form, new: Form, place: str = "$") -> Iterator[str]:
    """Yield what a writer of requests in the `old` form may no longer send, or must send in addition."""
    before, after = types_of(old), types_of(new)
    if after and (lost := before - after if before else set()):
        yield f"{place} cannot be {', '.join(sorted(lost))}"
    for value in [value for value in old.get("enum", ()) if "enum" in new and value not in new["enum"]]:
        yield f"{place} cannot be {value!r}"
    for key in [key for key in new.get("required", ()) if key not in old.get("required", ())]:
        yield f"{place}.{key} must be sent"
    yield from _compare_parts(old, new, place, breaks_writers, "is not accepted")


def _compare_parts(old: Form, new: Form, place: str, compare: Any, gone: str) -> Iterator[str]:
    now = new.get("properties", {})
    for key, form in old.get("properties", {}).items():
        if key in now:
            yield from compare(form, now[key], f"{place}.{key}")
        else:
            yield f"{place}.{key} {gone}"
    if "items" in old and "items" in new:
        yield from compare(old["items"], new["items"], f"{place}[]")


def types_of(form: Form) -> set[str]:
    """Return the types that a form allows; an empty set for any."""
    if "anyOf" in form:
        return {name for one in form["anyOf"] for name in types_of(one)}
    named = form.get("type", ())
    return {"number" if name == "integer" else name for name in ([named] if isinstance(named, str) else named)}
