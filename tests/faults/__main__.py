"""`python -m tests.faults`: the sample of CI; with `--full` every run. Prints what is wrong, and one table.

python -m tests.faults --full --jobs 4 --sweep kills
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.faults.table import SAMPLES, Row, lines
from tests.faults.workers import chosen, made, requests_of_all


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--full", action="store_true", help="every run, not the sample")
    parser.add_argument("--jobs", type=int, default=4, help="runs beside each other")
    parser.add_argument("--sweep", action="append", choices=list(SAMPLES), help="only this one (repeatable)")
    parser.add_argument("--part", default="1/1", help="one part of all runs, evenly spread: 1/20 to 20/20")
    parser.add_argument("--story", action="store_true", help="show what happened in each run that is wrong")
    said = parser.parse_args()
    part, parts = (int(word) for word in said.part.split("/"))
    asks = requests_of_all()
    wanted = {
        name: chosen(asks, name, full=said.full, part=part - 1, parts=parts) for name in said.sweep or list(SAMPLES)
    }
    jobs = [(name, index) for name, runs in wanted.items() for index in range(len(runs))]
    rows: dict[str, Row] = {}
    began, wrong = time.monotonic(), 0
    for count, (name, index, verdict) in enumerate(
        made(asks, jobs, full=said.full, part=part - 1, parts=parts, beside=said.jobs), 1
    ):
        if count % 200 == 0:
            print(f"{count} of {len(jobs)}", file=sys.stderr, flush=True)
        run = wanted[name][index]
        rows.setdefault(run.row, Row()).add(run, verdict)
        for breach in run.breaches(verdict):
            wrong += 1
            print(f"wrong: {breach}", *(verdict.story if said.story else ()), sep="\n    ", flush=True)
    print(*lines(dict(sorted(rows.items()))), sep="\n")
    print(f"\n{len(jobs)} runs in {time.monotonic() - began:.0f} s, {said.jobs} at a time")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
