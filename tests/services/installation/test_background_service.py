"""The publisher as a service: the files for systemd and launchd, and what is asked of the system's programs."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ttp.domain.action import action
from ttp.domain.errors import NotAllowed
from ttp.services.installation import background_service
from ttp.services.installation.background_service import (
    CommandOutput,
    Launchd,
    ServiceDefinition,
    ServiceState,
    Systemd,
    run_command,
)

JOB = ServiceDefinition((sys.executable, "-P", "-m", "ttp", "run", "--quiet"), {"TTP_HOME": "/srv/my ttp"}, 20.0)
ODD = ServiceDefinition(("/bin/echo", 'a "b" 100% $HOME \\'), {"TTP_TZ": 'a "b" 100% $HOME'}, 0.4)
SHOWN = "ActiveState=active\nSubState=running\nExecMainStatus=0"


class System:
    """The system's programs: what they were asked, and what they answer."""

    def __init__(self, **answers: CommandOutput) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, argv: Sequence[str]) -> CommandOutput:
        line = " ".join(argv)
        self.asked.append(line)
        return next(
            (ran for word, ran in self.answers.items() if f" {word.replace('_', '-')}" in line), CommandOutput(0, "")
        )


def systemd(tmp_path: Path, **answers: CommandOutput) -> tuple[Systemd, System]:
    system = System(**answers)
    (tmp_path / "booted").mkdir(exist_ok=True)
    return Systemd(tmp_path / "units", "me", system, tmp_path / "booted"), system


# The files.


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("job", [JOB, ODD], ids=["usual", "odd words"])
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path, job: ServiceDefinition) -> None:
    unit = tmp_path / "ttp.service"
    unit.write_text(systemd(tmp_path)[0].text(job))
    ran = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", "--recursive-errors=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert [line for line in ran.stderr.splitlines() if "ttp.service" in line] == []
    assert ran.returncode == 0, ran.stderr


def test_the_unit_says_how_it_is_watched_and_ended(tmp_path: Path) -> None:
    lines = systemd(tmp_path)[0].text(JOB).splitlines()
    for line in (
        f'ExecStart="{sys.executable}" "-P" "-m" "ttp" "run" "--quiet"',
        'Environment="TTP_HOME=/srv/my ttp"',
        "Type=notify",
        "WatchdogSec=3min",
        "Restart=on-failure",
        "TimeoutStopSec=50",
        "After=time-sync.target network-online.target",
        "NoNewPrivileges=yes",
        "WantedBy=default.target",
    ):
        assert line in lines


def test_words_reach_the_program_as_they_are(tmp_path: Path) -> None:
    lines = systemd(tmp_path)[0].text(ODD).splitlines()
    assert r'ExecStart="/bin/echo" "a \"b\" 100%% $$HOME \\"' in lines
    assert r'Environment="TTP_TZ=a \"b\" 100%% $HOME"' in lines


def test_the_property_list_says_the_same_to_launchd(tmp_path: Path) -> None:
    plist = plistlib.loads(Launchd(tmp_path, 501, System()).text(JOB).encode())
    assert plist == {
        "Label": "ttp.publisher",
        "ProgramArguments": list(JOB.argv),
        "EnvironmentVariables": {"TTP_HOME": "/srv/my ttp"},
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 60,
        "ExitTimeOut": 50,
        "StandardOutPath": str(tmp_path / "Logs" / "ttp.log"),
        "StandardErrorPath": str(tmp_path / "Logs" / "ttp.log"),
    }


# systemd.


def test_installing_writes_the_unit_and_starts_it(tmp_path: Path) -> None:
    there, system = systemd(tmp_path, show_user=CommandOutput(0, "no"), show=CommandOutput(0, SHOWN))
    log = "journalctl --user -u ttp.service"
    file = tmp_path / "units" / "ttp.service"
    assert there.install(JOB) == ServiceState("systemd", file, True, True, "active (running)", False, log)
    assert file.read_text() == there.text(JOB)
    assert system.asked == [
        "systemctl --user show-environment",
        "systemctl --user daemon-reload",
        "systemctl --user enable ttp.service",
        "systemctl --user restart --no-block ttp.service",
        "systemctl --user show ttp.service --property=ActiveState,SubState,ExecMainStatus",
        "loginctl show-user me --property=Linger --value",
    ]


def test_where_no_manager_answers_nothing_is_written(tmp_path: Path) -> None:
    there, _ = systemd(tmp_path, show_environment=CommandOutput(1, "Failed to connect to bus: No medium found\nmore"))
    with pytest.raises(NotAllowed, match=r"systemctl --user .*: Failed to connect to bus: No medium found$"):
        there.install(JOB)
    (tmp_path / "booted").rmdir()
    with pytest.raises(NotAllowed, match="systemd") as caught:
        there.install(JOB)
    assert [hint.way for hint in caught.value.hints] == [action("help", "cron")]
    assert not (tmp_path / "units").exists()


def test_a_start_that_is_refused_is_told(tmp_path: Path) -> None:
    there, _ = systemd(tmp_path, enable=CommandOutput(1, ""))
    with pytest.raises(NotAllowed, match=r"systemctl --user .*\b1$"):
        there.install(JOB)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    there, _ = systemd(tmp_path)
    (tmp_path / "units").write_text("a file")
    with pytest.raises(NotAllowed, match="units"):
        there.install(JOB)


def test_uninstalling_stops_it_and_removes_the_unit(tmp_path: Path) -> None:
    there, system = systemd(
        tmp_path, show_user=CommandOutput(0, "yes"), show=CommandOutput(0, "ActiveState=inactive\nSubState=dead")
    )
    there.install(JOB)
    system.asked.clear()
    state = there.uninstall()
    assert (state.installed, state.running, state.says, state.lingers) == (False, False, "inactive (dead)", True)
    assert system.asked[1:3] == ["systemctl --user disable --now ttp.service", "systemctl --user daemon-reload"]
    system.asked.clear()
    there.uninstall()
    assert not any("disable" in line for line in system.asked), "there is nothing to stop"


def test_a_service_that_failed_says_with_what(tmp_path: Path) -> None:
    shown = "ActiveState=activating\nSubState=auto-restart\nExecMainStatus=5"
    state = systemd(tmp_path, show=CommandOutput(0, shown))[0].state()
    assert (state.running, state.says) == (False, "activating (auto-restart), ended with 5")


def test_a_manager_that_does_not_answer_is_said_to(tmp_path: Path) -> None:
    state = systemd(tmp_path, show=CommandOutput(1, "no bus"))[0].state()
    assert (state.running, state.says.partition(" ")[0]) == (False, "unknown")


# launchd.


def test_launchd_is_given_the_property_list(tmp_path: Path) -> None:
    system = System(
        print=CommandOutput(0, "gui/501/ttp.publisher = {\n\tstate = running\n\tpid = 12\n}"),
        bootout=CommandOutput(3, "none"),
    )
    there = Launchd(tmp_path, 501, system)
    file = tmp_path / "LaunchAgents" / "ttp.publisher.plist"
    log = f"tail -f {tmp_path}/Logs/ttp.log"
    assert there.install(JOB) == ServiceState("launchd", file, True, True, "running", None, log)
    assert system.asked == [
        "launchctl bootout gui/501/ttp.publisher",
        f"launchctl bootstrap gui/501 {file}",
        "launchctl print gui/501/ttp.publisher",
    ]
    system.answers["print"] = CommandOutput(113, "Could not find service")
    gone = there.uninstall()
    assert (gone.installed, gone.running, gone.says) == (False, False, "not loaded")
    system.asked.clear()
    there.uninstall()
    assert system.asked == ["launchctl print gui/501/ttp.publisher"]


def test_launchd_that_refuses_is_told(tmp_path: Path) -> None:
    there = Launchd(tmp_path, 501, System(bootstrap=CommandOutput(5, "Bootstrap failed: 5: Input/output error")))
    with pytest.raises(NotAllowed, match=r"launchctl bootstrap .*: Bootstrap failed"):
        there.install(JOB)


# Programs.


def test_a_program_is_run_and_what_it_says_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    told = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    assert run_command([sys.executable, "-c", told]) == CommandOutput(3, "out\nerr")
    assert run_command(["/no/such/program"]).code == -1
    monkeypatch.setattr(background_service, "COMMAND_TIMEOUT_S", 0.01)
    assert run_command([sys.executable, "-c", "import time; time.sleep(600)"]).code == -1
