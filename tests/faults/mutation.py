"""Try a mutant: run the sample of a sweep with it until a run fails."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from tests.faults.bench import Bench
from tests.faults.workers import NOT_MADE, Choice, on_benches


@dataclass(frozen=True, slots=True)
class Tried:
    """A mistake in one sweep's sample. `after`: runs made until it was caught; `by`: the run that caught it, empty
    where none did; `because`: what was wrong with that run."""

    mutant: str
    sweep: str
    after: int
    of: int
    by: str = ""
    because: str = ""

    def line(self) -> str:
        """A line of the table."""
        by = self.by or "**not caught**"
        return f"| {self.mutant} | {self.sweep} | {self.after} | {self.of} | {by} | {self.because} |"


def try_mutant(mutant: str, sweep: str, benches: list[Bench]) -> Tried:
    """Make the sample of a sweep with a mistake, until one of its runs is wrong."""
    runs, after = Choice().of(sweep), 0
    for bench in benches:
        bench.mutant = mutant
    try:
        with closing(on_benches(runs, benches)) as verdicts:
            for run, verdict in verdicts:
                after += 1
                breaches = run.breaches(verdict)
                if breaches and verdict.state != NOT_MADE:
                    place = f"{run.row}, {run.place}"
                    because = breaches[0].removeprefix(f"{place}: ").replace("\n", " ")[:120]
                    return Tried(mutant, sweep, after, len(runs), place, because)
        return Tried(mutant, sweep, after, len(runs))
    finally:
        for bench in benches:
            bench.mutant = None
