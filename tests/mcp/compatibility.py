"""The schemas of the tools in the last release, and what a change of them would break.

    python -m tests.mcp.compatibility

writes the present schemas: once for each release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ttp.mcp.tools import TOOLS

RELEASED = Path(__file__).with_name("released.json")
Schema = Mapping[str, Any]


def schemas() -> dict[str, Any]:
    """Return the schemas of every tool."""
    found = {}
    for name, tool in TOOLS.items():
        listed = tool.listed()
        assert listed.annotations is not None
        found[name] = {
            "needs": tool.needs.value,
            "reads": listed.annotations.read_only_hint,
            "input": listed.input_schema,
            "output": listed.output_schema,
        }
    return found


def breaking_changes(old: Schema, new: Schema) -> Iterator[str]:
    """Yield what a client of the old tools would notice. Additions are no such change."""
    for name, before in old.items():
        after = new.get(name)
        if after is None:
            yield f"{name} is gone"
            continue
        if (before["needs"], before["reads"]) != (after["needs"], after["reads"]):
            yield f"{name} needs another capability, or writes"
        yield from _of_input(f"{name}(", _Place(before["input"]), _Place(after["input"]))
        yield from _of_output(f"{name} -> ", _Place(before["output"]), _Place(after["output"]))


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


def _of_input(where: str, old: _Place, new: _Place) -> Iterator[str]:
    if lost := old.types - new.types:
        yield f"{where} no longer takes {sorted(lost)}"
    if "enum" in new.one and (lost := set(old.one.get("enum", ["any"])) - set(new.one["enum"])):
        yield f"{where} no longer takes {sorted(lost)}"
    for bound, sign in (("minimum", 1), ("maximum", -1)):
        if bound in new.one and (bound not in old.one or sign * (new.one[bound] - old.one[bound]) > 0):
            yield f"{where} has a narrower {bound}"
    if added := new.required - old.required:
        yield f"{where} now needs {sorted(added)}"
    for name, before in old.properties.items():
        after = new.properties.get(name)
        if after is None:
            yield f"{where}{name} is gone"
        else:
            yield from _of_input(f"{where}{name}", before, after)
    yield from _within(where, old, new, _of_input)


def _of_output(where: str, old: _Place, new: _Place) -> Iterator[str]:
    if added := new.types - old.types:
        yield f"{where} can now be {sorted(added)}"
    if lost := old.required - new.required:
        yield f"{where} can now lack {sorted(lost)}"
    for name, before in old.properties.items():
        after = new.properties.get(name)
        if after is None:
            yield f"{where}{name} is gone"
        else:
            yield from _of_output(f"{where}{name}.", before, after)
    yield from _within(where, old, new, _of_output)


def _within(where: str, old: _Place, new: _Place, compare: Any) -> Iterator[str]:
    for name in ("items", "additionalProperties"):
        before, after = old.inside(name), new.inside(name)
        if before is not None and after is not None:
            yield from compare(f"{where}[].", before, after)
        elif before is not None:
            yield f"{where} {name} are gone"


def write() -> None:
    """Write a line for each tool."""
    lines = (f"{json.dumps(name)}: {json.dumps(one, sort_keys=True)}" for name, one in schemas().items())
    RELEASED.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    write()
