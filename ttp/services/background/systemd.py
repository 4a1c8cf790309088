"""The publisher as a unit of systemd's user manager: systemd.service(5), systemd.exec(5)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ttp.domain.errors import NotAllowed
from ttp.services.background import CRON, Job, Run, State, refused, write

UNIT = "ttp.service"
LOG = f"journalctl --user -u {UNIT}"
_SYSTEMCTL = ("systemctl", "--user")
_BOOTED = Path("/run/systemd/system")
"""Where this folder is, systemd runs the system: sd_booted(3)."""
_SPARE_S = 30
_TEXT = """\
[Unit]
Description=ttp: publishes scheduled posts
# The clock first, where this manager knows of these: posts go out by it.
After=time-sync.target network-online.target
# However often it ends, it is started again: a post that waits is better than one that is forgotten.
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
{environment}TimeoutStartSec=15min
TimeoutStopSec={stop}
# It reports every ten seconds; a disk may keep it for half a minute.
WatchdogSec=3min
Restart=on-failure
RestartSec=1min
# 2: a setting is wrong, which no start mends.
RestartPreventExitStatus=2

# What a user's own manager can withhold without the help of root.
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
    """`folder`: where the user's units are; `user`: whose manager it is."""

    folder: Path
    user: str
    run: Run
    booted: Path = _BOOTED

    @property
    def file(self) -> Path:
        return self.folder / UNIT

    def text(self, job: Job) -> str:
        """The unit."""
        environment = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in job.environ.items())
        # A dollar sign means a variable in a command, and nothing in an assignment.
        command = " ".join(_quoted(word).replace("$", "$$") for word in job.argv)
        return _TEXT.format(command=command, environment=environment, stop=round(job.drain_s) + _SPARE_S)

    def install(self, job: Job) -> State:
        self._refuse_elsewhere()
        write(self.file, self.text(job))
        for words in (("daemon-reload",), ("enable", UNIT), ("restart", "--no-block", UNIT)):
            self._do(*words)
        return self.state()

    def uninstall(self) -> State:
        if self.file.exists():
            self._refuse_elsewhere()
            self._do("disable", "--now", UNIT)
            self.file.unlink(missing_ok=True)
            self._do("daemon-reload")
        return self.state()

    def state(self) -> State:
        told = self._ask("show", UNIT, "--property=ActiveState,SubState,ExecMainStatus")
        says = f"{told.get('ActiveState', 'unknown')} ({told.get('SubState', 'the user manager does not answer')})"
        if told.get("ExecMainStatus", "0") != "0":
            says += f", ended with {told['ExecMainStatus']}"
        running = told.get("ActiveState") == "active"
        return State("systemd", self.file, self.file.exists(), running, says, self._lingers(), LOG)

    def _lingers(self) -> bool:
        """Whether the user's manager runs while the user is not logged in: loginctl(1)."""
        return self.run(("loginctl", "show-user", self.user, "--property=Linger", "--value")).out == "yes"

    def _ask(self, *words: str) -> dict[str, str]:
        ran = self.run((*_SYSTEMCTL, *words))
        return dict(line.split("=", 1) for line in ran.out.splitlines() if "=" in line) if ran.code == 0 else {}

    def _do(self, *words: str) -> None:
        ran = self.run((*_SYSTEMCTL, *words))
        if ran.code != 0:
            raise refused((*_SYSTEMCTL, *words), ran)

    def _refuse_elsewhere(self) -> None:
        """Before anything is written: whether there is a manager to write for."""
        if not self.booted.is_dir():
            raise NotAllowed("systemd does not run this system", CRON)
        self._do("show-environment")


def _quoted(word: str) -> str:
    """A word as units are read: systemd.syntax(7), with no specifiers in it."""
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    return f'"{plain}"'
