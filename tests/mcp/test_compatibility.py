"""No change of the tools breaks an agent that was set up for the last release."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.mcp.compatibility import RELEASED, breaking_changes, schemas


def test_no_client_of_the_last_release_breaks() -> None:
    assert list(breaking_changes(json.loads(RELEASED.read_text()), schemas())) == []


BREAKING: list[Callable[[Any], object]] = [
    lambda found: found.pop("undo"),
    lambda found: found["get_post"].update(needs="draft"),
    lambda found: found["status"].update(reads=False),
    lambda found: found["create_post"]["input"]["properties"].pop("key"),
    lambda found: found["create_post"]["input"].update(required=["text"]),
    lambda found: found["create_post"]["input"]["properties"]["split"].update(type="string"),
    lambda found: found["list_posts"]["input"]["properties"]["statuses"]["items"]["enum"].remove("draft"),
]


@pytest.mark.parametrize("change", BREAKING, ids=map(str, range(len(BREAKING))))
def test_a_breaking_change_is_noticed(change: Callable[[Any], object]) -> None:
    changed = copy.deepcopy(schemas())
    change(changed)
    assert list(breaking_changes(schemas(), changed))


def test_additions_break_nothing() -> None:
    changed = copy.deepcopy(schemas())
    changed["new_tool"] = changed["undo"]
    changed["create_post"]["input"]["properties"]["new"] = {"type": "string"}
    changed["list_posts"]["input"]["properties"]["statuses"]["items"]["enum"].append("new")
    assert list(breaking_changes(schemas(), changed)) == []
