"""Run a program of the user's: no shell, a time limit that outlives ttp, capped output."""

from __future__ import annotations

import errno
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

GRACE_S = 5
"""Seconds after its limit in which a program ends by its own alarm if ttp is gone."""
_PIECE, _LAST_WORDS = 65_536, 2_000
_START = """
import os, signal, sys
seconds, report, *argv = sys.argv[1:]
for name in ("SIGPIPE", "SIGXFSZ"):
    signal.signal(getattr(signal, name), signal.SIG_DFL)
signal.alarm(int(seconds))
os.set_inheritable(int(report), False)
try:
    os.execvp(argv[0], argv)
except OSError as error:
    os.write(int(report), str(error.errno).encode())
    os._exit(127)
"""
"""Sets an alarm and becomes the program: an alarm stays when a process becomes another program."""


class NotStarted(Exception):
    """The program did not run at all. `number`: the system's error number."""

    def __init__(self, number: int) -> None:
        super().__init__(os.strerror(number))
        self.number = number


class ProgramEnded(Exception):
    """The program was ended: it took too long, or printed too much."""


@dataclass(frozen=True, slots=True)
class ProgramOutput:
    """Exit code (negative: the signal), output, and the end of stderr."""

    code: int
    out: bytes = field(repr=False)
    err: bytes = field(repr=False)


def run(argv: Sequence[str], *, given: bytes = b"", limit_s: float, cap: int, cwd: Path | None = None) -> ProgramOutput:
    """Run a program with `given` on stdin, in its own session. Raises NotStarted, ProgramEnded.

    `cap`: most bytes that it may print. After `limit_s` it is killed, with the processes that it started and that are
    still in its session. If ttp dies first, an alarm ends the program GRACE_S later.
    """
    report, reported = os.pipe()
    try:
        start = [sys.executable, "-I", "-S", "-c", _START, str(int(limit_s) + GRACE_S), str(reported), *argv]
        try:
            process = subprocess.Popen(
                start,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                pass_fds=(reported,),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise NotStarted(getattr(error, "errno", None) or errno.EINVAL) from None
        finally:
            os.close(reported)
        with process:
            try:
                out, err = _talk(process, given, time.monotonic() + limit_s, cap, limit_s)
            finally:
                _end(process)
            if failed := os.read(report, 16):
                raise NotStarted(int(failed))
            return ProgramOutput(process.returncode, out, err)
    finally:
        os.close(report)


def _talk(
    process: subprocess.Popen[bytes], content: bytes, until: float, cap: int, limit_s: float
) -> tuple[bytes, bytes]:
    """Write and read at once, so that neither side blocks, until the program has ended or closed its output."""
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None  # noqa: PT018
    heard: Mapping[int, bytearray] = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    unsent = memoryview(content)
    with selectors.DefaultSelector() as waiting:
        for number in heard:
            waiting.register(number, selectors.EVENT_READ)
        os.set_blocking(process.stdin.fileno(), False)
        waiting.register(process.stdin.fileno(), selectors.EVENT_WRITE)
        has_ended = False
        while set(heard) & set(waiting.get_map()):
            ready = waiting.select(0.05)
            if time.monotonic() > until:
                raise ProgramEnded(f"took longer than {limit_s:g} s")
            if not ready and has_ended:
                break  # a process that it started may hold its output open
            has_ended = process.poll() is not None  # what it said last is there at the next look
            for key, _ in ready:
                number = key.fd
                if number not in heard:
                    with suppress(BrokenPipeError):
                        unsent = unsent[os.write(number, unsent[:_PIECE]) :]
                        if unsent:
                            continue
                    waiting.unregister(number)
                    process.stdin.close()
                elif piece := os.read(number, _PIECE):
                    heard[number] += piece
                    if number == process.stderr.fileno():
                        del heard[number][:-_LAST_WORDS]
                    elif len(heard[number]) > cap:
                        raise ProgramEnded(f"printed more than {cap // 1000} kB")
                else:
                    waiting.unregister(number)
    out, err = (bytes(each) for each in heard.values())
    try:
        process.wait(max(until - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired:
        raise ProgramEnded(f"took longer than {limit_s:g} s") from None
    return out, err


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the program, if it still runs, and what it started."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
