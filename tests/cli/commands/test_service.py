"""`ttp service`: what it prints, with a service manager and without one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import Program
from ttp.services.installation import background_service
from ttp.services.installation.background_service import CommandOutput

on_linux = pytest.mark.skipif(sys.platform == "darwin", reason="launchd has another file")


@pytest.fixture
def units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "systemd" / "user"


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, units: Path) -> list[str]:
    """A system whose service manager answers, for a user who does not linger; lists what it was asked."""
    asked: list[str] = []

    def run(argv: Sequence[str]) -> CommandOutput:
        asked.append(" ".join(argv))
        return CommandOutput(0, "no" if argv[0] == "loginctl" else "ActiveState=active\nSubState=running")

    monkeypatch.setattr(background_service, "run_command", run)
    from ttp.services.installation.background_service import Systemd

    monkeypatch.setattr(Systemd.__init__, "__defaults__", (tmp_path,))
    return asked


@on_linux
def test_the_file_can_be_looked_at_before_anything_is_done(
    ttp: Program, units: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_PUBLISH__DRAIN_S", "5")
    monkeypatch.chdir(ttp.home.parent)
    monkeypatch.setenv("TTP_HOME", "home")
    said = ttp.ok("service", "--print").out
    assert f'ExecStart="{sys.executable}" "-P" "-m" "ttp" "run" "--quiet"\n' in said
    assert f'Environment="TTP_HOME={ttp.home}"\nEnvironment="TTP_TZ=UTC"\n' in said
    assert 'Environment="TTP_PUBLISH__DRAIN_S=5"\n' in said
    assert "TimeoutStopSec=35\n" in said
    assert not units.exists()


@on_linux
def test_a_service_is_installed_looked_at_and_removed(ttp: Program, units: Path, answering: list[str]) -> None:
    made = ttp.ok("service", "install", "--json")
    assert made.json == {
        "kind": "systemd",
        "file": str(units / "ttp.service"),
        "installed": True,
        "running": True,
        "says": "active (running)",
        "lingers": False,
        "log": "journalctl --user -u ttp.service",
    }
    assert "loginctl enable-linger" in made.err
    assert (units / "ttp.service").read_text() == ttp.ok("service", "--print").out
    assert ["running", "true"] in ttp.ok("service", "status").rows
    said = ttp.ok("service", "uninstall", "--format", "table").out
    assert said == f"{units / 'ttp.service'} is removed.\n"
    assert list(units.iterdir()) == []


@on_linux
def test_where_systemd_does_not_run_cron_is_named(ttp: Program, units: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ttp.services.installation.background_service import Systemd

    monkeypatch.setattr(Systemd.__init__, "__defaults__", (units / "nowhere",))
    monkeypatch.setattr(background_service, "run_command", lambda argv: CommandOutput(1, "no bus"))
    ran = ttp("service", "install", "--json")
    assert (ran.code, ran.error["code"], ran.error["hint"]) == (7, "not_allowed", "ttp help cron")
    assert ttp("service", "status").code == 1
    assert not units.exists()


def test_the_command_alone_says_what_can_be_typed(ttp: Program) -> None:
    ran = ttp("service")
    assert (ran.code, ran.out) == (2, "")
    assert all(word in ran.err for word in ("install", "uninstall", "status", "--print"))


def test_an_option_of_the_command_alone_does_not_go_with_a_subcommand(ttp: Program) -> None:
    ran = ttp("service", "--print", "status")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("\n  see: ttp service status --help\n")
