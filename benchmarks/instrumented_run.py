"""Run `ttp run` and record when each delivery was claimed and finished, and the peak memory.

`python -m benchmarks.instrumented_run REPORT run …` writes the JSON file REPORT at the end.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

from ttp.cli.main import main
from ttp.platforms.client import Wait
from ttp.publisher import delivery_worker
from ttp.publisher.delivery_context import DeliveryContext, DeliveryTask
from ttp.publisher.delivery_worker import DeliveryWorker

claimed: list[tuple[int, float]] = []
ended: list[tuple[int, float]] = []


class Watched(DeliveryWorker):
    """Created right after the claim is committed. `run` returns once the outcome is committed."""

    def __init__(self, context: DeliveryContext, task: DeliveryTask, is_stopping: Callable[[], bool]) -> None:
        super().__init__(context, task, is_stopping)
        claimed.append((task.delivery.id or 0, time.time()))

    def run(self) -> Generator[Wait, None, None]:
        yield from super().run()
        ended.append((self.task.delivery.id or 0, time.time()))


if __name__ == "__main__":
    delivery_worker.DeliveryWorker = Watched  # type: ignore[misc]  # the only place that creates them
    code = main(sys.argv[2:])
    # Of this process alone (Linux): what getrusage says includes the parent's.
    (peak,) = (line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    report = {"claimed": claimed, "ended": ended, "peak_mb": int(peak) / 1000, "cpu_s": time.process_time()}
    Path(sys.argv[1]).write_text(json.dumps(report))
    sys.exit(code)
