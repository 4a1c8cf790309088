"""Run the publisher as a background service of the user: systemd on Linux, launchd on macOS. Writes one service file
and asks the system to load it. Nothing runs as root; the file has no secrets."""

from __future__ import annotations

import plistlib
import re
import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from xml.parsers.expat import ExpatError

from ttp.domain.action import action
from ttp.domain.errors import Hint, NotAllowed

COMMAND_TIMEOUT_S = 60.0
"""Seconds to wait for a system program."""
CRON_HINT = Hint("see", action("help", "cron"))


@dataclass(frozen=True, slots=True)
class ServiceDefinition:
    """The command, its environment variables, and the seconds it may take to stop (`publish.drain_s`)."""

    argv: tuple[str, ...]
    environ: Mapping[str, str]
    drain_s: float


@dataclass(frozen=True, slots=True)
class ServiceState:
    """State of the service. `lingers`: it also runs while the user is logged out (None: does not apply here); `says`:
    the system's word for its state; `log`: the command that shows its output."""

    kind: str
    file: Path
    installed: bool
    running: bool
    says: str
    lingers: bool | None
    log: str


@dataclass(frozen=True, slots=True)
class CommandOutput:
    """Exit code and output of a system program."""

    code: int
    out: str


CommandRunner = Callable[[Sequence[str]], CommandOutput]


class BackgroundService(Protocol):
    """A system's service manager."""

    def text(self, job: ServiceDefinition) -> str:
        """Return the content of the service file."""

    def install(self, job: ServiceDefinition) -> ServiceState:
        """Write the file and start or restart the service. Raise NotAllowed if the system refuses."""

    def uninstall(self) -> ServiceState: ...

    def home(self) -> str | None:
        """Return the TTP_HOME in the installed file; None if it sets none."""

    def state(self) -> ServiceState: ...


def run_command(argv: Sequence[str]) -> CommandOutput:
    """Run a system program without a shell. Return both of its streams."""
    try:
        ran = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return CommandOutput(-1, str(error))
    return CommandOutput(ran.returncode, (ran.stdout + ran.stderr).strip())


def command_error(argv: Sequence[str], ran: CommandOutput) -> NotAllowed:
    reason = ran.out.splitlines()[0] if ran.out else f"exit code {ran.code}"
    return NotAllowed(f"{' '.join(argv[:2])} failed: {reason}", CRON_HINT)


def write_service_file(path: Path, text: str) -> None:
    """Write a service file atomically. Raise NotAllowed."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text)
        fresh.replace(path)
    except OSError as error:
        raise NotAllowed(f"{path} cannot be written: {error.strerror}", CRON_HINT) from error


LABEL = "ttp.publisher"
_SPARE_S = 30
_PAUSE_S = 60


@dataclass(frozen=True, slots=True)
class Launchd:
    """`library`: the user's Library folder; `uid`: the user's id."""

    library: Path
    uid: int
    run: CommandRunner

    @property
    def file(self) -> Path:
        return self.library / "LaunchAgents" / f"{LABEL}.plist"

    @property
    def log(self) -> Path:
        return self.library / "Logs" / "ttp.log"

    def text(self, job: ServiceDefinition) -> str:
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

    def install(self, job: ServiceDefinition) -> ServiceState:
        write_service_file(self.file, self.text(job))
        self.run(("launchctl", "bootout", self._target))  # an older one, if there is any
        argv = ("launchctl", "bootstrap", self._domain, str(self.file))
        ran = self.run(argv)
        if ran.code != 0:
            raise command_error(argv, ran)
        return self.state()

    def uninstall(self) -> ServiceState:
        if self.file.exists():
            self.run(("launchctl", "bootout", self._target))  # fails if it is not loaded, which is fine
            self.file.unlink(missing_ok=True)
        return self.state()

    def home(self) -> str | None:
        try:
            value = plistlib.loads(self.file.read_bytes())["EnvironmentVariables"]["TTP_HOME"]
        except (OSError, plistlib.InvalidFileException, ExpatError, KeyError, TypeError, ValueError):
            return None
        return str(value)

    def state(self) -> ServiceState:
        ran = self.run(("launchctl", "print", self._target))
        values = dict(line.strip().split(" = ", 1) for line in ran.out.splitlines() if " = " in line)
        says = values.get("state", "unknown") if ran.code == 0 else "not loaded"
        return ServiceState(
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


UNIT = "ttp.service"
LOG = f"journalctl --user -u {UNIT}"
_SYSTEMCTL = ("systemctl", "--user")
_BOOTED = Path("/run/systemd/system")
"""Exists if systemd runs the system: sd_booted(3)."""

_TEXT = """\
[Unit]
Description=ttp: publishes scheduled posts
# Posts are published by the clock, so it must be set first.
After=time-sync.target network-online.target
# Always restart: a late post is better than a forgotten one.
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
{environment}TimeoutStartSec=15min
TimeoutStopSec={stop}
# It reports every ten seconds; a slow disk can delay it by half a minute.
WatchdogSec=3min
Restart=on-failure
RestartSec=1min
# 2: a setting is wrong, and a restart does not fix it.
RestartPreventExitStatus=2

# Restrictions that a user manager can apply without root.
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=default.target
"""


@dataclass(frozen=True, slots=True)
class Systemd:
    """`folder`: where the user's units are; `user`: the user's name or number."""

    folder: Path
    user: str
    run: CommandRunner
    booted: Path = _BOOTED

    @property
    def file(self) -> Path:
        return self.folder / UNIT

    def text(self, job: ServiceDefinition) -> str:
        environment = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in job.environ.items())
        # A dollar sign means a variable in a command, and nothing in an assignment.
        command = " ".join(_quoted(word).replace("$", "$$") for word in job.argv)
        return _TEXT.format(command=command, environment=environment, stop=round(job.drain_s) + _SPARE_S)

    def install(self, job: ServiceDefinition) -> ServiceState:
        self._refuse_elsewhere()
        write_service_file(self.file, self.text(job))
        for words in (("daemon-reload",), ("enable", UNIT), ("restart", "--no-block", UNIT)):
            self._do(*words)
        return self.state()

    def uninstall(self) -> ServiceState:
        if self.file.exists():
            self._refuse_elsewhere()
            self._do("disable", "--now", UNIT)
            self.file.unlink(missing_ok=True)
            self._do("daemon-reload")
        return self.state()

    def home(self) -> str | None:
        try:
            text = self.file.read_text()
        except (OSError, ValueError):
            return None
        match = re.search(r'^Environment="TTP_HOME=(.*)"$', text, re.MULTILINE)
        return None if match is None else _unquoted(match[1])

    def state(self) -> ServiceState:
        values = self._ask("show", UNIT, "--property=ActiveState,SubState,ExecMainStatus")
        says = f"{values.get('ActiveState', 'unknown')} ({values.get('SubState', 'the user manager does not answer')})"
        if values.get("ExecMainStatus", "0") != "0":
            says += f", ended with {values['ExecMainStatus']}"
        running = values.get("ActiveState") == "active"
        return ServiceState("systemd", self.file, self.file.exists(), running, says, self._lingers(), LOG)

    def _lingers(self) -> bool:
        """Return whether the user's services run while the user is logged out: loginctl(1)."""
        return self.run(("loginctl", "show-user", self.user, "--property=Linger", "--value")).out == "yes"

    def _ask(self, *words: str) -> dict[str, str]:
        ran = self.run((*_SYSTEMCTL, *words))
        return dict(line.split("=", 1) for line in ran.out.splitlines() if "=" in line) if ran.code == 0 else {}

    def _do(self, *words: str) -> None:
        ran = self.run((*_SYSTEMCTL, *words))
        if ran.code != 0:
            raise command_error((*_SYSTEMCTL, *words), ran)

    def _refuse_elsewhere(self) -> None:
        """Raise NotAllowed without a systemd user manager. Called before anything is written."""
        if not self.booted.is_dir():
            raise NotAllowed("systemd does not run this system", CRON_HINT)
        self._do("show-environment")


def _quoted(word: str) -> str:
    """Quote a word for a unit file: systemd.syntax(7), without specifiers."""
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    return f'"{plain}"'


def _unquoted(text: str) -> str:
    """Undo `_quoted`, for a text between its quotes."""
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], text.replace("%%", "%"))
