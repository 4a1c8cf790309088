"""/openapi.json: a client of the last release works with this version."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from tests.compat.openapi import breaking_changes, document, stored

NOW = cache(document)


def test_no_client_of_the_last_release_breaks() -> None:
    assert list(breaking_changes(stored(), NOW())) == []


def operation(found: Any, name: str) -> Any:
    return found["operations"][name]


def schema(found: Any, name: str) -> Any:
    return found["$defs"][name]


LIST, NEW, TIMED = "GET /v1/posts", "POST /v1/posts", "POST /v1/posts/{post_id}/schedule"
BREAKING: Mapping[str, Callable[[Any], object]] = {
    "a path": lambda found: found["operations"].pop(LIST),
    "a parameter": lambda found: operation(found, LIST)["parameters"].pop("status (query)"),
    "a narrower parameter": lambda found: operation(found, LIST)["parameters"]["limit (query)"]["schema"].update(
        maximum=10
    ),
    "another type": lambda found: operation(found, LIST)["parameters"]["limit (query)"]["schema"].update(type="string"),
    "a parameter that is needed": lambda found: operation(found, LIST)["parameters"]["limit (query)"].update(
        required=True
    ),
    "a new parameter that is needed": lambda found: operation(found, LIST)["parameters"].update(
        new={"schema": {"type": "string"}, "required": True}
    ),
    "a shorter text": lambda found: schema(found, "TimeInput")["properties"]["at"].update(maxLength=5),
    "a stricter pattern": lambda found: schema(found, "TimeInput")["properties"]["at"].update(pattern="^x"),
    "a body": lambda found: operation(found, NEW)["body"].clear(),
    "a body that is needed": lambda found: operation(found, "POST /v1/plan").update(needsBody=True),
    "a field of a body": lambda found: schema(found, "NewPostInput")["properties"].pop("tags"),
    "a new field that is needed": lambda found: schema(found, "NewPostInput").update(required=["content"]),
    "a status": lambda found: operation(found, NEW)["answers"].pop("201"),
    "a refusal": lambda found: operation(found, NEW)["answers"].pop("409"),
    "a media type": lambda found: operation(found, LIST)["answers"]["200"].clear(),
    "a field of an answer": lambda found: schema(found, "PostAnswer")["properties"].pop("content"),
    "a field that may be missing": lambda found: schema(found, "PostAnswer")["required"].remove("content"),
    "a field that may be null": lambda found: schema(found, "PostAnswer")["properties"].update(
        content={"anyOf": [{"type": "string"}, {"type": "null"}]}
    ),
    "a capability": lambda found: operation(found, LIST).update(capability="draft"),
    "another capability": lambda found: operation(found, LIST).update(capability="approve"),
    "limited tokens": lambda found: operation(found, LIST).update(limited=False),
}


def test_a_breaking_change_is_noticed() -> None:
    few = {**NOW(), "operations": {name: operation(NOW(), name) for name in (LIST, NEW, TIMED, "POST /v1/plan")}}
    for name, change in BREAKING.items():
        changed = copy.deepcopy(few)
        change(changed)
        assert list(breaking_changes(few, changed)), name


def test_additions_break_nothing() -> None:
    changed: Any = copy.deepcopy(NOW())
    changed["operations"]["GET /v1/new"] = operation(changed, LIST)
    operation(changed, NEW)["answers"]["418"] = {}
    operation(changed, NEW)["parameters"]["new (query)"] = {"schema": {"type": "string"}, "required": False}
    operation(changed, NEW).update(capability="read")
    schema(changed, "NewPostInput")["properties"]["new"] = {"type": "string"}
    schema(changed, "PostAnswer")["properties"]["new"] = {"type": "string"}
    schema(changed, "PostAnswer")["required"].append("new")
    assert list(breaking_changes(NOW(), changed)) == []
