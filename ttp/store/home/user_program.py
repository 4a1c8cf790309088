"""Run a user's program: no shell, a time limit, capped output, at most one line of it shown. It runs in a new session:
Ctrl-C in ttp must not interrupt the storing of a token."""

from __future__ import annotations

import os
import selectors
import shlex
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from ttp.domain.errors import Busy, Hint, NotFound
from ttp.domain.text import clean_text

CAP = 64_000
"""Maximum bytes of output."""
LAST_WORDS_S = 1.0
"""Seconds to read output after the program ended: a child may still hold the end of its answer."""
_PIECE = 16_384
_TURN_S = 0.05


class ProgramTimeout(Busy):
    """The program ran too long or printed too much. A later try may work."""


@dataclass(frozen=True, slots=True)
class ProgramResult:
    """Exit code (negative: the signal), output, and the first line of stderr, cleaned."""

    code: int
    out: bytes = field(repr=False)
    said: str

    @property
    def failure(self) -> str:
        """How a program ended that gave no answer, for messages."""
        by = f"ended with {self.code}" if self.code > 0 else f"was ended by signal {-self.code}"
        return (by if self.code else "printed nothing") + (f": {self.said}" if self.said else "")


def run(
    argv: Sequence[str], given: str | None, *, setting: str, home: Path, limit_s: float, secrets: tuple[str, ...] = ()
) -> ProgramResult:
    """Run the program of `setting` with `given` on stdin and `TTP_HOME` in its environment.

    Children that it leaves running are neither awaited nor ended. Raises NotFound if it cannot be started,
    ProgramTimeout if it takes longer than `limit_s` or prints more than CAP.
    """
    name = Path(argv[0]).name
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "TTP_HOME": str(home)},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no program can have that name"
        raise NotFound(
            f"the program of {setting} cannot be started: {clean_text(argv[0])}: {why}",
            Hint("see", f"ls -l {shlex.quote(argv[0])}"),
        ) from None
    with process:
        try:
            out, err = _talk(process, b"" if given is None else given.encode(), time.monotonic() + limit_s)
        except TimeoutError:
            _end(process)
            raise ProgramTimeout(f"{name} did not end within {limit_s:g} seconds") from None
        except OverflowError:
            _end(process)
            raise ProgramTimeout(f"{name} printed more than {CAP} bytes") from None
    lines = err.decode("utf-8", "replace").strip().splitlines()
    return ProgramResult(process.returncode, bytes(out), clean_text(lines[0], secrets) if lines else "")


def _talk(process: subprocess.Popen[bytes], given: bytes, until: float) -> tuple[bytearray, bytearray]:
    """Read and write at once, so that neither side blocks, and return the outputs once the program has ended. Raises
    TimeoutError after `until` (monotonic), OverflowError past CAP."""
    assert process.stdout is not None
    assert process.stderr is not None
    out, err = bytearray(), bytearray()
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ, out)
        waiting.register(process.stderr, selectors.EVENT_READ, err)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            waiting.register(process.stdin, selectors.EVENT_WRITE, bytearray(given))
        ended_at: float | None = None
        while waiting.get_map():
            ready = waiting.select(_TURN_S)
            now = time.monotonic()
            if ended_at is None and process.poll() is not None:
                ended_at = now
            if ended_at is not None and now > min(ended_at + LAST_WORDS_S, until):
                return out, err
            if ended_at is None and now > until:
                raise TimeoutError
            for key, events in ready:
                stream = cast("IO[bytes]", key.fileobj)
                if not (_write if events & selectors.EVENT_WRITE else _read)(stream, key.data):
                    waiting.unregister(stream)
                    stream.close()
    try:
        process.wait(max(until - time.monotonic(), 0.0))
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    return out, err


def _write(stream: IO[bytes], left: bytearray) -> bool:
    """Write a piece; return False when all is written or the program stopped reading."""
    try:
        del left[: os.write(stream.fileno(), left[:_PIECE])]
    except BrokenPipeError:
        return False
    return bool(left)


def _read(stream: IO[bytes], heard: bytearray) -> bool:
    """Read a piece; return False at the end. Raises OverflowError past CAP."""
    piece = os.read(stream.fileno(), _PIECE)
    heard += piece
    if len(heard) > CAP:
        raise OverflowError
    return bool(piece)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the program and its children: it leads a session, whose number is reserved until its exit is read."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
