"""Record the requests of each kind of post when nothing goes wrong, for the case of its platform."""

from __future__ import annotations

import json
import re
from itertools import groupby

from tests.faults.bench import Bench
from tests.platforms.case import Kind, PlatformCase


def requests_of(kind: Kind, bench: Bench) -> list[str]:
    """Publish a post of a kind. Return its requests, as method and path; ids are `ID`."""
    verdict = bench.case(kind, lambda asked: None)
    assert (verdict.state, verdict.wrong) == ("published", []), verdict.story
    return [re.sub(r"\d{6,}", "ID", one.line) for one in bench.proxy.asked]


def is_same(requests: list[str], others: list[str]) -> bool:
    """Whether they differ at most in how often a status was asked for, which depends on the machine."""
    return [line for line, _ in groupby(requests)] == [line for line, _ in groupby(others)]


def record(case: PlatformCase, bench: Bench) -> list[str]:
    """Write the requests of a platform's kinds. Return the names of the kinds that changed."""
    before, after = case.requests(), {}
    for kind in case.kinds:
        requests = requests_of(kind, bench)
        recorded = before.get(kind.name, [])
        after[kind.name] = recorded if is_same(requests, recorded) else requests
    case.record.write_text(json.dumps(after, indent=1) + "\n")
    return [name for name in {**before, **after} if before.get(name) != after.get(name)]
