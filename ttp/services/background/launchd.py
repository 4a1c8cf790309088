"""The publisher as a launch agent of macOS: launchd.plist(5), launchctl(1)."""

from __future__ import annotations

import plistlib
import shlex
from dataclasses import dataclass
from pathlib import Path

from ttp.services.background import Job, Run, State, refused, write

LABEL = "ttp.publisher"
_SPARE_S = 30
_PAUSE_S = 60


@dataclass(frozen=True, slots=True)
class Launchd:
    """`library`: the user's Library folder; `uid`: whose session it is."""

    library: Path
    uid: int
    run: Run

    @property
    def file(self) -> Path:
        return self.library / "LaunchAgents" / f"{LABEL}.plist"

    @property
    def log(self) -> Path:
        return self.library / "Logs" / "ttp.log"

    def text(self, job: Job) -> str:
        """The property list."""
        plist = {
            "Label": LABEL,
            "ProgramArguments": list(job.argv),
            "EnvironmentVariables": dict(job.environ),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": _PAUSE_S,
            "ExitTimeOut": round(job.drain_s) + _SPARE_S,
            "StandardOutPath": str(self.log),
            "StandardErrorPath": str(self.log),
        }
        return plistlib.dumps(plist, sort_keys=False).decode()

    def install(self, job: Job) -> State:
        write(self.file, self.text(job))
        self.run(("launchctl", "bootout", self._target))  # an older one; that there is none is no matter
        argv = ("launchctl", "bootstrap", self._domain, str(self.file))
        ran = self.run(argv)
        if ran.code != 0:
            raise refused(argv, ran)
        return self.state()

    def uninstall(self) -> State:
        if self.file.exists():
            self.run(("launchctl", "bootout", self._target))  # that it is not loaded is no matter
            self.file.unlink(missing_ok=True)
        return self.state()

    def state(self) -> State:
        ran = self.run(("launchctl", "print", self._target))
        told = dict(line.strip().split(" = ", 1) for line in ran.out.splitlines() if " = " in line)
        says = told.get("state", "unknown") if ran.code == 0 else "not loaded"
        return State(
            "launchd",
            self.file,
            self.file.exists(),
            says == "running",
            says,
            None,
            f"tail -f {shlex.quote(str(self.log))}",
        )

    @property
    def _domain(self) -> str:
        return f"gui/{self.uid}"

    @property
    def _target(self) -> str:
        return f"{self._domain}/{LABEL}"
