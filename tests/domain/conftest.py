"""What the tests of the domain share; tests that need the libraries of the extra `dev` are left out without them."""

from __future__ import annotations

import re
from importlib.util import find_spec

from ttp.domain.errors import Problem

collect_ignore = [] if find_spec("numpy") and find_spec("scipy") else ["optimal/test_optimal_model.py"]


def assert_names(problem: Problem, *facts: str) -> None:
    """Assert that the message names these values; its wording is in tests/drift/messages.txt."""
    missing = [fact for fact in facts if not re.search(rf"(?<![\d.]){re.escape(fact)}(?!\d)", problem.message)]
    assert missing == [], problem.message
