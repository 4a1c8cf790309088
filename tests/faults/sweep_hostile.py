"""The sweep of hostile answers: every odd answer to every request, with and without its effect."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.bench import FINAL, Bench
from tests.faults.hostile import answers, finished
from tests.faults.judge import Verdict
from tests.faults.posts import KINDS
from tests.faults.proxy import Fault
from tests.faults.sweeps import Run, Where, requests_of, spoiling
from tests.platforms.case import Kind

BRIEF = {"HTTP__READ_TIMEOUT_S": "2", "HTTP__UPLOAD_TIMEOUT_S": "2"}
RESETS_S = (3700.0, 86_400.0)
"""An answer can ask for a wait: an hour where it does not say for how long, a day at most."""


def _patient(bench: Bench) -> None:
    # It waits for a reset, and so would the next run.
    bench.settle("--max-time", f"{4 + bench.waits_s:.0f}s", runs=1, env=BRIEF)
    for seconds in RESETS_S:
        if bench.state() not in FINAL:
            bench.pass_time(seconds)
            bench.settle(env=BRIEF)


def hostile() -> Iterator[Run]:
    """One hostile answer to one request. If it looks like a refusal, the post is not lost: the failure is reported."""
    for name, answer in answers():
        for kind in KINDS.values():
            for where, _ in requests_of(kind):
                for forward in (False, True):

                    def go(
                        bench: Bench,
                        kind: Kind = kind,
                        where: Where = where,
                        answer: bytes = answer,
                        done: bool = forward,
                    ) -> Verdict:
                        given = finished(bench, answer)
                        # It may promise more than comes: the connection does not stay open for that.
                        fault = Fault("hostile", done, answer=lambda real: given, cut=True)
                        return bench.case(kind, spoiling(kind, where, fault), _patient)

                    place = f"{name}: {kind.name}, {where}{', done' if forward else ''}"
                    yield Run(
                        "a hostile answer",
                        place,
                        go,
                        ("published", "needs_review", "failed"),
                        covers=(kind.name, str(forward)),
                        at_call=where.is_call,
                    )
