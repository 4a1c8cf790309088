"""Compare the schemas of the tools with those of the last release.

    python -m tests.mcp.compatibility

writes the present schemas: once for each release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.compat.json_forms import Schema, breaks_writers
from ttp.mcp.tools import TOOLS

RELEASED = Path(__file__).with_name("released.json")


def schemas() -> dict[str, Any]:
    """Return the schemas of every tool."""
    found = {}
    for name, tool in TOOLS.items():
        listed = tool.as_listed()
        assert listed.annotations is not None
        found[name] = {
            "needs": tool.needs,
            "reads": bool(listed.annotations.read_only_hint),
            "input": listed.input_schema,
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
        yield from breaks_writers(f"{name}(", before["input"], after["input"])


def write() -> None:
    """Write a line for each tool."""
    lines = (f"{json.dumps(name)}: {json.dumps(one, sort_keys=True)}" for name, one in schemas().items())
    RELEASED.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    write()
