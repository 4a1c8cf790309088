"""The sweep of a network that a program of the user's publishes to: its calls are cut, it is killed, and so is ttp.

The network is the sandbox's Mastodon, as a stranger's program sees it: posts, and a list of them. It ignores keys.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import suppress

from tests.faults.bench import Bench
from tests.faults.judge import Verdict
from tests.faults.proxy import Fault
from tests.faults.sweeps import Run, Where, calls_of, most_calls, spoiling
from tests.faults.troubles import TROUBLES, Trouble
from tests.faults.user_program import program_pid
from tests.platforms.case import PARTS, Kind

_CALL = re.compile(r"POST /api/v1/statuses$")
KINDS = (Kind("command text", "command", _CALL), Kind("command thread", "command", _CALL, texts=PARTS))


def user_programs() -> Iterator[Run]:
    """Every publishing call of the program, with every trouble of a request and with the end of the program."""
    troubles: dict[str, Trouble] = {
        **TROUBLES,
        "the program is killed before": lambda bench, kind: _killed(bench, kind, forward=False),
        "the program is killed after": lambda bench, kind: _killed(bench, kind, forward=True),
    }
    for name, trouble in troubles.items():
        done = "cut after" if name.endswith("killed after") else name
        for kind in KINDS:
            for where in calls_of(kind):

                def go(bench: Bench, kind: Kind = kind, trouble: Trouble = trouble, where: Where = where) -> Verdict:
                    return bench.case(kind, spoiling(kind, where, trouble(bench, kind)))

                yield Run(
                    f"a user's program: {name}",
                    f"{kind.name}, {where}",
                    go,
                    calls_most=most_calls(kind, done),
                    covers=(kind.name, name),
                    at_call=True,
                )


def _killed(bench: Bench, kind: Kind, *, forward: bool) -> Fault:
    def kill() -> None:
        with suppress(ProcessLookupError):
            os.kill(program_pid(bench.program(kind)), signal.SIGKILL)

    return Fault("the program is killed", forward, answer=lambda real: None, act=kill)
