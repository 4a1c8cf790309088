"""The publisher as a service of the user's own session: systemd on Linux, launchd on macOS.

Writes one file for the system and asks the system's own programs to read it. Nothing runs as root, and no secret is in
that file.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ttp.domain.errors import Hint, NotAllowed

LONGEST_S = 60.0
"""How long the system's programs may take for an answer."""
CRON = Hint("let cron call it", "ttp help cron")


@dataclass(frozen=True, slots=True)
class Job:
    """What is to run: the program with its arguments, the variables that it gets, and the seconds that it may take to
    end (`publish.drain_s`)."""

    argv: tuple[str, ...]
    environ: Mapping[str, str]
    drain_s: float


@dataclass(frozen=True, slots=True)
class State:
    """What the system knows of the service. `lingers`: it also runs while nobody is logged in (None: no such thing
    here); `says`: the system's own word for its state; `log`: the command that shows what it printed."""

    kind: str
    file: Path
    installed: bool
    running: bool
    says: str
    lingers: bool | None
    log: str


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program of the system ended."""

    code: int
    out: str


Run = Callable[[Sequence[str]], Ran]


class Background(Protocol):
    """One system's way."""

    def text(self, job: Job) -> str:
        """The file for the system."""
        ...

    def install(self, job: Job) -> State:
        """Write the file and start the service, or start it anew. NotAllowed where the system refuses."""
        ...

    def uninstall(self) -> State:
        """Stop the service and remove the file. The store stays."""
        ...

    def state(self) -> State: ...


def run(argv: Sequence[str]) -> Ran:
    """Run a program of the system, without a shell; what it says on either stream."""
    try:
        ran = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONGEST_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Ran(-1, str(error))
    return Ran(ran.returncode, (ran.stdout + ran.stderr).strip())


def refused(argv: Sequence[str], ran: Ran) -> NotAllowed:
    """What a program of the system would not do."""
    said = ran.out.splitlines()[0] if ran.out else f"exit code {ran.code}"
    return NotAllowed(f"{' '.join(argv[:2])} would not: {said}", CRON)


def write(path: Path, text: str) -> None:
    """Write a file of the system's, at once. NotAllowed."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text)
        fresh.replace(path)
    except OSError as error:
        raise NotAllowed(f"{path} cannot be written: {error.strerror}", CRON) from error
