"""A server process: started, waited for, and ended by its pid."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.real.install import Missing

START_S, END_S = 60.0, 10.0


@contextmanager
def running(
    command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[dict[str, Any]]:
    """Run a server until the block ends, and give the JSON of its first line. It ends by itself where its standard
    input does, so none outlives the tests. `log`: where what it says goes. Raises Missing if it does not start."""
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=dict(environment or os.environ),
            start_new_session=True,
        )
        try:
            yield _first_line(process, log)
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process, and wait until it has."""
    for ask in (signal.SIGTERM, signal.SIGKILL):
        process.send_signal(ask)
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            continue
        break
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def _first_line(process: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    assert process.stdout is not None
    there, _, _ = select.select([process.stdout], [], [], START_S)
    line = process.stdout.readline() if there else b""
    try:
        said = json.loads(line)
    except ValueError:
        tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise Missing(f"it did not start: {''.join(tail) or 'it said nothing'}") from None
    assert isinstance(said, dict)
    return said
