"""`ttp doctor` on completion: whether it is where the user's shell looks, and the command that puts it there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Program
from ttp.cli.commands.setup import doctor
from ttp.cli.completion import tree
from ttp.cli.completion_scripts import script

PLACES = {
    "bash": ".local/share/bash-completion/completions/ttp",
    "zsh": ".zfunc/_ttp",
    "fish": ".config/fish/completions/ttp.fish",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home of a user at a terminal, on a machine where nothing is installed for all."""
    monkeypatch.setattr(doctor, "at_terminal", lambda: True)
    monkeypatch.setattr(doctor, "_ZSH_FOLDERS", doctor._ZSH_FOLDERS[:6])
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "BASH_COMPLETION_USER_DIR", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "share"))
    folder = tmp_path / "a user"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


def told(shell: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str, str]:
    monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
    (check,) = doctor.shell_checks()
    assert check.name == "shell"
    return check.status.value, check.message, str(check.hint or "")


def install(place: Path, shell: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(script(shell, tuple(tree())), "utf-8")


@pytest.mark.parametrize("shell", PLACES)
def test_the_command_that_it_names_is_what_makes_it_well(
    home: Path, shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".zshrc").write_text("fpath=(~/.zfunc $fpath)\nautoload -Uz compinit && compinit\n")
    status, message, hint = told(shell, monkeypatch)
    assert (status, shell in message) == ("warn", True)
    assert hint.endswith(f" && ttp completion {shell} > ~/{PLACES[shell]}")
    here = f"ttp() {{ '{sys.executable}' -m ttp \"$@\"; }}; {hint}"
    subprocess.run(["bash", "-c", here], check=True, env={"HOME": str(home), "PATH": "/usr/bin:/bin"}, timeout=60)
    status, message, hint = told(shell, monkeypatch)
    assert (status, message.endswith(f": {home / PLACES[shell]}"), hint) == ("ok", True, "")


@pytest.mark.parametrize("shell", PLACES)
def test_a_script_of_another_version_is_written_again_where_it_is(
    home: Path, shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = home / PLACES[shell]
    install(place, shell)
    place.write_text(place.read_text("utf-8").replace("schedule", "sched"), "utf-8")
    again = (f"{place} is from another version of ttp", f"ttp completion {shell} > ~/{PLACES[shell]}")
    assert told(shell, monkeypatch) == ("warn", *again)


@pytest.mark.parametrize(
    ("shell", "place"),
    [
        ("bash", "share/bash-completion/completions/ttp"),
        ("fish", "share/fish/vendor_completions.d/ttp.fish"),
        ("zsh", "a user/functions/_ttp"),
    ],
)
def test_what_is_installed_for_all_or_named_in_a_start_file_is_found(
    home: Path, tmp_path: Path, shell: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".zshrc").write_text("fpath+=($HOME/functions)\n")
    install(tmp_path / place, shell)
    assert told(shell, monkeypatch)[0] == "ok"


def test_a_file_that_bash_reads_at_its_start_is_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(home / "ttp.bash", "bash")
    (home / ".bashrc").write_text('  source "$HOME/ttp.bash"\n'.replace('"', ""))
    status, message, fix = told("bash", monkeypatch)
    assert (status, str(home / "ttp.bash") in message, fix) == ("ok", True, "")


@pytest.mark.parametrize(("shell", "start"), [("bash", ".bashrc"), ("fish", ".config/fish/config.fish")])
def test_a_script_that_is_made_at_each_start_is_well(
    home: Path, shell: str, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / start).parent.mkdir(parents=True, exist_ok=True)
    (home / start).write_text(f"ttp completion {shell} | source\n")
    status, _, fix = told(shell, monkeypatch)
    assert (status, fix) == ("ok", "")


def test_zsh_is_told_of_a_folder_that_no_start_file_names(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(home / ".zfunc/_ttp", "zsh")
    status, message, hint = told("zsh", monkeypatch)
    assert (status, message) == ("warn", f"{home / '.zfunc/_ttp'} is not found by zsh: its folder is not in fpath")
    subprocess.run(["bash", "-c", hint], check=True, env={"HOME": str(home), "PATH": "/usr/bin:/bin"}, timeout=60)
    assert (home / ".zshrc").read_text() == "fpath=(~/.zfunc $fpath)\nautoload -Uz compinit && compinit\n"
    assert told("zsh", monkeypatch)[0] == "ok"


def test_a_new_bash_completion_looks_beside_the_program(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_BASH_COMPLETION", (str(tmp_path / "usr"),))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    install(tmp_path / "venv/share/bash-completion/completions/ttp", "bash")
    package = tmp_path / "usr/bash-completion/bash_completion"
    package.parent.mkdir(parents=True)
    package.write_text("BASH_COMPLETION_VERSINFO=(2 11)\n")
    assert told("bash", monkeypatch)[0] == "warn"
    package.write_text("BASH_COMPLETION_VERSINFO=(2 14)\n")
    assert told("bash", monkeypatch)[0] == "ok"


def test_a_file_for_all_that_is_old_and_not_ones_own_is_passed_over_by_ones_own(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "share/bash-completion/completions/ttp"
    old.parent.mkdir(parents=True)
    old.write_text("old")
    monkeypatch.setattr("os.access", lambda *_: False)
    assert told("bash", monkeypatch)[2].endswith(f"ttp completion bash > ~/{PLACES['bash']}")


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/ksh", ""])
def test_of_another_shell_nothing_is_said(home: Path, shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", shell)
    assert list(doctor.shell_checks()) == []


def test_without_a_terminal_nothing_is_said(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/bash")
    assert "shell" not in [row[1] for row in ttp("doctor").rows]
