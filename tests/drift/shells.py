"""Real shells with the completion files: what they offer, and what a command gets that was typed with TABs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.drift.terminal import Terminal, on_a_terminal
from tests.drift.write_docs import ROOT

FOLDER = ROOT / "completions"
NO_PROGRAM: Mapping[str, str] = {"PATH": "/nowhere"}
"""What is known is offered without any process."""
needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
needs_zsh = pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh here")
needs_fish = pytest.mark.skipif(shutil.which("fish") is None, reason="no fish here")


def bash(folder: Path, *words: str, env: Mapping[str, str] = NO_PROGRAM) -> list[str]:
    """What the function of bash offers for words as bash splits them; `FILES` where files are offered."""
    program = (
        'source "$1"; shift; compopt() { [[ "$*" == "-o default" ]] && echo FILES; }\n'
        'COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _ttp; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    run = subprocess.run(
        [str(shutil.which("bash")), "--norc", "-c", program, "bash", str(FOLDER / "ttp.bash"), *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env=dict(env),
    )
    assert run.stderr == ""
    return [line for line in run.stdout.splitlines() if line]


def fish(
    folder: Path, line: str, *, script: Path = FOLDER / "ttp.fish", env: Mapping[str, str] = NO_PROGRAM
) -> list[str]:
    """What fish offers for a line: words, each with its help behind a tab."""
    run = subprocess.run(
        [str(shutil.which("fish")), "--no-config", "-c", 'source $argv[1]; complete -C "$argv[2]"', str(script), line],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={**env, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "LANG": "C.UTF-8"},
    )
    assert run.stderr == ""
    return run.stdout.split("\n")[:-1]


def bare(offered: list[str]) -> set[str]:
    """Words of fish without their help."""
    return {line.partition("\t")[0] for line in offered}


@contextmanager
def typing(shell: str, folder: Path, env: Mapping[str, str]) -> Iterator[Terminal]:
    """An interactive shell that has never completed anything, and a `ttp` that shows the words it was given."""
    start = {
        "bash": (["bash", "--norc", "--noprofile", "-i"], "bind 'set bell-style none'; source $FOLDER/ttp.bash"),
        "zsh": (["zsh", "-f", "-i"], "fpath=($FOLDER $fpath); autoload -Uz compinit; compinit -u -D"),
    }
    argv, setting_up = start[shell]
    known = {"TERM": "dumb", "HOME": str(folder), "PS1": "> ", "FOLDER": str(FOLDER)}
    with on_a_terminal(argv, cwd=folder, env={**env, **known}) as terminal:
        terminal.type(f"{setting_up}\n")
        terminal.type("ttp() { printf '%s\\n' GOT \"$@\" END; }; printf '%s\\n' REA''DY\n")
        terminal.until("READY\r\n")
        yield terminal


def typed_in(terminal: Terminal, line: str) -> list[str]:
    """The words that a command got whose line was typed with TABs in it."""
    terminal.type(f"{line}\n")
    terminal.until("GOT\r\n")
    return terminal.until("END\r\n").splitlines()[:-1]
