"""/openapi.json of the last release, in short: `python -m tests.compat.openapi` stores it.

Run it for a release: what is stored is what the next version is compared with.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.clock import FakeClock
from tests.compat.json_forms import Schema, breaks_readers, breaks_writers
from tests.conftest import program
from ttp.cli.context import Context
from ttp.server.app import build_app

STORED = Path(__file__).with_name("openapi.json")
_LADDER = ("read", "draft", "publish")
_UNREAD = ("description", "title", "default", "examples", "example")
"""Keys of schemas that no client depends on."""


def document() -> Mapping[str, Any]:
    """Return this version's document, in short."""
    with tempfile.TemporaryDirectory() as folder, program(Path(folder), FakeClock()) as ttp:
        return in_short(build_app(Context(ttp.clock).installation).openapi())


def in_short(whole: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the operations by method and path, and the schemas that they refer to."""
    operations = {
        f"{method.upper()} {path}": _operation(one)
        for path, methods in whole["paths"].items()
        for method, one in methods.items()
    }
    return {"operations": operations, "$defs": _tidy(whole["components"]["schemas"])}


def _operation(one: Mapping[str, Any]) -> Mapping[str, Any]:
    body = one.get("requestBody", {})
    return {
        "capability": one.get("x-capability"),
        "limited": one.get("x-limited"),
        "parameters": {
            f"{given['name']} ({given['in']})": {"schema": _tidy(given["schema"]), "required": given["required"]}
            for given in one.get("parameters", [])
        },
        "body": {kind: _tidy(content["schema"]) for kind, content in body.get("content", {}).items()},
        "needsBody": body.get("required", False),
        "answers": {
            status: {kind: _tidy(content.get("schema", {})) for kind, content in answer.get("content", {}).items()}
            for status, answer in one["responses"].items()
        },
    }


def _tidy(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_tidy(one) for one in schema]
    if not isinstance(schema, dict):
        return schema.replace("#/components/schemas/", "#/$defs/") if isinstance(schema, str) else schema
    return {
        name: {key: _tidy(one) for key, one in value.items()} if name == "properties" else _tidy(value)
        for name, value in schema.items()
        if not (name in _UNREAD and not isinstance(value, dict))
    }


def breaking_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a client of the `old` document stumbles over in the `new` one."""
    for name, before in old["operations"].items():
        after = new["operations"].get(name)
        if after is None:
            yield f"{name} is gone"
            continue
        yield from _of_access(name, before, after)
        yield from _of_input(name, before, after, old["$defs"], new["$defs"])
        for status, kinds in before["answers"].items():
            if status not in after["answers"]:
                yield f"{name} no longer answers {status}"
            elif int(status) < 400:
                yield from _each(name + f" {status} ", kinds, after["answers"][status], old, new, breaks_readers)


def _of_access(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    was, now = before["capability"], after["capability"]
    weaker = was in _LADDER and now in _LADDER and _LADDER.index(now) <= _LADDER.index(was)
    if was != now and not weaker:
        yield f"{name} now needs {now}"
    if before["limited"] and not after["limited"]:
        yield f"{name} is no longer for limited tokens"


def _of_input(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any], old: Schema, new: Schema
) -> Iterator[str]:
    for given, was in before["parameters"].items():
        now = after["parameters"].get(given)
        if now is None:
            yield f"{name} no longer takes {given}"
            continue
        yield from breaks_writers(f"{name} {given}", _with(was["schema"], old), _with(now["schema"], new))
    for given, now in after["parameters"].items():
        if now["required"] and not before["parameters"].get(given, {}).get("required"):
            yield f"{name} now needs {given}"
    if after["needsBody"] and not before["needsBody"]:
        yield f"{name} now needs a body"
    yield from _each(f"{name} ", before["body"], after["body"], {"$defs": old}, {"$defs": new}, breaks_writers)


def _each(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any], old: Schema, new: Schema, compare: Any
) -> Iterator[str]:
    for kind, schema in before.items():
        if kind not in after:
            yield f"{name}{kind} is gone"
        else:
            yield from compare(name, _with(schema, old["$defs"]), _with(after[kind], new["$defs"]))


def _with(schema: Schema, definitions: Schema) -> Schema:
    return {**schema, "$defs": definitions}


def stored() -> Mapping[str, Any]:
    """Return the document of the last release."""
    found: Mapping[str, Any] = json.loads(STORED.read_text(encoding="utf-8"))
    return found


def main() -> None:
    found = document()
    parts = []
    for part, ones in found.items():
        lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(ones[name], sort_keys=True)}" for name in sorted(ones))
        parts.append(f"{json.dumps(part)}: {{\n{lines}\n}}")
    STORED.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
