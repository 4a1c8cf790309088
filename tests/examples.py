"""How many examples a property is tried with: an eighth of them, always the same, or all of them, drawn at random.

The quick suite takes the profile `quick`; `pytest -m 'slow or hypothesis' --hypothesis-profile=thorough` all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

QUICK, THOROUGH = "quick", "thorough"
USUAL = 100
"""Examples of a property that does not ask for another number."""

# How long an example takes, and to make it, is a matter of the machine and of what else runs on it.
SLOW = HealthCheck.too_slow
if not TYPE_CHECKING:
    # Constants of the modules that are imported would be examples, too: others in each process, and read for seconds.
    providers.is_local_module_file = lambda path: False
settings.register_profile(QUICK, max_examples=USUAL // 8, derandomize=True, deadline=None, suppress_health_check=[SLOW])
settings.register_profile(THOROUGH, max_examples=USUAL, deadline=None, suppress_health_check=[SLOW])


def examples(count: int, **more: Any) -> settings:
    """Return the settings of a property that is tried with `count` examples, or with an eighth of them; with a fifth
    where an example has several steps."""
    thorough = settings.get_current_profile_name() == THOROUGH
    few = max(2, count // (5 if "stateful_step_count" in more else 8))
    return settings(max_examples=count if thorough else few, **more)


def every(step: int, values: Iterable[Any]) -> list[Any]:
    """Return values for `parametrize`, all but each `step`-th of them for the long run: each starts a process."""
    return [
        value if number % step == 0 else pytest.param(value, marks=pytest.mark.slow)
        for number, value in enumerate(values)
    ]
