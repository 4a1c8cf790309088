"""The workflows of the forge: which Pythons they use, and what they may do."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml

from tests.drift.write_docs import ROOT

FOLDER = ROOT / ".github/workflows"
WORKFLOWS: dict[str, Any] = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yml"))}
OLDEST = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=")


def pythons(workflow: str) -> set[str]:
    return set(re.findall(r"\b3\.\d+\b", (FOLDER / f"{workflow}.yml").read_text()))


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_may_only_read_and_keeps_no_token(workflow: str) -> None:
    assert WORKFLOWS[workflow]["permissions"] in ({}, {"contents": "read"})
    checkouts = [
        step.get("with", {})
        for job in WORKFLOWS[workflow]["jobs"].values()
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/checkout@")
    ]
    assert all(options.get("persist-credentials") is False for options in checkouts)


def test_pushes_and_releases_are_tried_on_the_same_pythons_from_the_oldest_on() -> None:
    assert pythons("ci") == pythons("release")
    assert min(pythons("ci"), key=lambda name: int(name.partition(".")[2])) == OLDEST
