"""Graph API field lists: `id,children{media_type}`, as a comma list or as JSON array text. Knows no field's meaning."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from ttp.sandbox.instagram.front import Params, graph_error

_FIELD = re.compile(r"([a-z_0-9]+)((?:\.[a-z_]+\([^)]*\))*)")


def listed(text: str) -> list[str]:
    """The entries of a list parameter. Code 100 for text that is neither a comma list nor a JSON array of texts."""
    if not text.lstrip().startswith("["):
        return [entry.strip() for entry in _split(text)] if text.strip() else []
    try:
        entries = json.loads(text)
    except ValueError:
        raise graph_error(100, "(#100) Param must be an array.") from None
    if not isinstance(entries, list) or not all(isinstance(entry, str | int) for entry in entries):
        raise graph_error(100, "(#100) Param must be an array.")
    return [str(entry).strip() for entry in entries]


def chosen(params: Params, known: Mapping[str, Any], default: Collection[str] = ("id",)) -> dict[str, Any]:
    """The fields a request asks for, of those `known`; None marks a field that is not there. `id` always comes."""
    names = listed(params["fields"]) if params.get("fields") else list(default)
    return _chosen(names, known)


def _chosen(names: list[str], known: Mapping[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for wanted in names:
        match = _FIELD.match(wanted)
        rest = wanted[match.end() :] if match else wanted
        if match is None or match[1] not in known or (rest and not (rest[0] == "{" and rest[-1] == "}")):
            raise graph_error(100, f"(#100) Tried accessing nonexisting field ({wanted})")
        if (value := known[match[1]]) is not None:
            answer[match[1]] = _inside(value, _split(rest[1:-1]) if rest else ["id"])
    if "id" in known:
        answer["id"] = known["id"]
    return answer


def _inside(value: Any, names: list[str]) -> Any:
    """A field that is a node, or an edge of nodes, shows what is asked of it: the id when nothing is."""
    match value:
        case {"id": _}:
            return _chosen(names, value)
        case {"data": [{"id": _}, *_] as nodes}:
            return {"data": [_chosen(names, node) for node in nodes]}
        case _:
            return value


def _split(text: str) -> list[str]:
    """Entries between the commas that stand outside brackets."""
    entries, depth = [""], 0
    for sign in text:
        depth += (sign in "{(") - (sign in "})")
        if sign == "," and depth == 0:
            entries.append("")
        else:
            entries[-1] += sign
    return [entry.strip() for entry in entries]
