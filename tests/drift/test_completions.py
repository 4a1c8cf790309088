"""What each shell offers from its completion file. (That the files are what the program prints: test_written.)"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.drift.terminal import Terminal, on_a_terminal
from tests.drift.write_docs import ROOT
from ttp.cli.completion import SHELLS, Node, script, tree

FOLDER = ROOT / "completions"
NASTY = [
    Node("", (("word", 'it\'s `touch bad` $(touch bad) \\$(touch bad) "q" \\'), ("world", "fine"))),
    *list(tree())[1:],
]
"""A tree whose help would be dangerous to evaluate."""

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
needs_zsh = pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh here")
needs_fish = pytest.mark.skipif(shutil.which("fish") is None, reason="no fish here")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_runs_no_program_and_evaluates_nothing(shell: str) -> None:
    code = [line for line in script(shell, tuple(tree())).splitlines() if not line.startswith(("#", "complete -c"))]
    without_texts = "\n".join(line for line in code if "names=('" not in line and "options=('" not in line)

    assert "eval" not in without_texts
    assert "`" not in without_texts
    assert "$(" not in without_texts.replace("$(compgen -P", "")


@pytest.fixture
def bash(tmp_path: Path) -> Callable[..., list[str]]:
    """Calls the function as bash does, with the words as bash splits them; `FILES` where files are offered."""

    def complete(*words: str, script: Path = FOLDER / "ttp.bash") -> list[str]:
        program = (
            'source "$1"; shift; compopt() { [[ "$*" == "-o default" ]] && echo FILES; }\n'
            'COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _ttp; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        run = subprocess.run(
            [str(shutil.which("bash")), "--norc", "-c", program, "bash", str(script), *words],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
            env={"PATH": "/nowhere"},
        )
        assert run.stderr == ""
        return [line for line in run.stdout.splitlines() if line]

    return complete


BASH_CASES: dict[tuple[str, ...], Sequence[str]] = {
    ("ttp", "cre"): ["create"],
    ("ttp", "account", ""): ["add", "connect", "list", "show", "check", "enable", "disable", "set", "remove"],
    ("ttp", "account", "add", "x/me", "--cre"): ["--credentials"],
    ("ttp", "create", "account", "--al"): ["--alt"],
    ("ttp", "optimal", "--account", "x/me", ""): ["next", "week", "heatmap", "explain", "backtest"],
    ("ttp", "list", "--status", "p"): ["publishing", "published", "partial"],
    ("ttp", "list", "--status", "="): ["draft", "scheduled", "publishing", "published", "failed", "partial"],
    ("ttp", "list", "--status", "=", "dr"): ["draft"],
    ("ttp", "list", "--status", "draft,f"): ["draft,failed"],
    ("ttp", "list", "--format", "=", "json", "--header", "--co"): ["--color"],
    ("ttp", "list", "--platform", ""): ["instagram", "tiktok", "x"],
    ("ttp", "export", "--format", ""): ["csv", "json", "jsonl", "md", "ics"],
    ("ttp", "export", "--format", "=", "j"): ["json", "jsonl"],
    ("ttp", "export", "--with", "metrics,m"): ["metrics,metrics", "metrics,media"],
    ("ttp", "metrics", "import", "--format", "i"): ["instagram"],
    ("ttp", "import", "--spread", ""): ["optimal", "slots", "even"],
    ("ttp", "export", "--format", "csv", "--st"): ["--status"],
    ("ttp", "create", "--media", "cl"): ["FILES"],
    ("ttp", "account", "add", "x/me", "--credentials", ""): ["FILES"],
    ("ttp", "metrics", "import", ""): ["FILES"],
    ("ttp", "metrics", "import", "--dr"): ["--dry-run"],
    ("ttp", "create", "--at", ""): [],
    ("ttp", "create", "--at", "9", ":"): [],
    ("ttp", "create", "--at", "9", ":", "0"): [],
    ("ttp", "create", "--", "--al"): [],
    ("ttp", "no-such-command", ""): [],
    ("ttp", "completion", "z"): ["zsh"],
    ("ttp", "help", "exit"): ["exit-codes"],
}


@needs_bash
@pytest.mark.parametrize(("words", "offered"), BASH_CASES.items(), ids=" ".join)
def test_bash_offers(bash: Callable[..., list[str]], words: tuple[str, ...], offered: Sequence[str]) -> None:
    assert bash(*words) == offered


@pytest.fixture
def zsh(tmp_path: Path) -> Iterator[Terminal]:
    """An interactive zsh that has never completed anything, and a `ttp` that shows the words it was given."""
    with on_a_terminal(
        ["zsh", "-f", "-i"],
        cwd=tmp_path,
        env={"TERM": "dumb", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PS1": "> ", "FOLDER": str(FOLDER)},
    ) as terminal:
        terminal.type("fpath=($FOLDER $fpath); autoload -Uz compinit; compinit -u -D\n")
        terminal.type("ttp() { print -rl -- GOT $@ END }; print -r -- REA''DY\n")
        terminal.until("READY")
        yield terminal


def typed_in(terminal: Terminal, line: str) -> list[str]:
    """The words that a command got whose line was typed with TABs in it."""
    terminal.type(f"{line}\n")
    terminal.until("GOT\r\n")
    return terminal.until("END\r\n").splitlines()[:-1]


@needs_zsh
def test_zsh_answers_the_first_tab(zsh: Terminal) -> None:
    assert typed_in(zsh, "ttp cre\t") == ["create"]


@needs_zsh
def test_zsh_completes_subcommands_options_and_values(zsh: Terminal, tmp_path: Path) -> None:
    (tmp_path / "a clip.mp4").touch()

    assert typed_in(zsh, "ttp account re\tx/me --no\t") == ["account", "remove", "x/me", "--no-input"]
    assert typed_in(zsh, "ttp list --status=dr\t") == ["list", "--status=draft"]
    assert typed_in(zsh, "ttp list --status draft,fa\t--pl\ttik\t") == [
        *("list", "--status", "draft,failed", "--platform", "tiktok")
    ]
    assert typed_in(zsh, "ttp create account --al\tx") == ["create", "account", "--alt", "x"]
    assert typed_in(zsh, "ttp create --media a\t--quie\t") == ["create", "--media", "a clip.mp4", "--quiet"]
    assert typed_in(zsh, "ttp export --format ic\t--with me\t") == ["export", "--format", "ics", "--with", "me"]
    assert typed_in(zsh, "ttp import --spread=ev\t") == ["import", "--spread=even"]
    assert typed_in(zsh, "ttp metrics import a\t") == ["metrics", "import", "a clip.mp4"]


@needs_zsh
def test_zsh_shows_the_help_of_words_as_it_is(zsh: Terminal, tmp_path: Path) -> None:
    nasty = tmp_path / "_ttp"
    nasty.write_text(script("zsh", NASTY))
    zsh.type(f"source {nasty}\nttp wor\t\t")
    shown = zsh.until('"q"')

    assert "it's `touch bad` $(touch bad)" in shown
    assert not (tmp_path / "bad").exists()


def fish(folder: Path, line: str, script: Path = FOLDER / "ttp.fish") -> list[str]:
    """The words that fish offers for a line, without their help."""
    run = subprocess.run(
        ["fish", "--no-config", "-c", 'source $argv[1]; complete -C "$argv[2]"', str(script), line],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "LANG": "C.UTF-8"},
    )
    assert run.stderr == ""
    return [line.partition("\t")[0] for line in run.stdout.splitlines()]


FISH_CASES = {
    "ttp cre": {"create"},
    "ttp account ": {"add", "connect", "list", "show", "check", "enable", "disable", "set", "remove"},
    "ttp account add x/me --cre": {"--credentials"},
    "ttp optimal --account x/me ": {"next", "week", "heatmap", "explain", "backtest"},
    "ttp list --status p": {"publishing", "published", "partial"},
    "ttp list --status=dr": {"--status=draft"},
    "ttp export --format ": {"csv", "json", "jsonl", "md", "ics"},
    "ttp import --spread=s": {"--spread=slots"},
    "ttp create --media cl": {"clip.mp4"},
    "ttp metrics import cl": {"clip.mp4"},
    "ttp create cl": set(),
    "ttp create --at ": set(),
    "ttp no-such-command ": set(),
    "ttp completion z": {"zsh"},
}


@needs_fish
@pytest.mark.parametrize(("line", "offered"), FISH_CASES.items())
def test_fish_offers(tmp_path: Path, line: str, offered: set[str]) -> None:
    (tmp_path / "clip.mp4").touch()

    assert set(fish(tmp_path, line)) == offered


@needs_fish
def test_fish_takes_an_options_value_for_no_command(tmp_path: Path) -> None:
    assert "--alt" in fish(tmp_path, "ttp create --at account --al")
    assert "--credentials" not in fish(tmp_path, "ttp create account add --cre")


@needs_fish
def test_fish_shows_the_help_of_words_as_it_is(tmp_path: Path) -> None:
    nasty = tmp_path / "nasty.fish"
    nasty.write_text(script("fish", NASTY))

    assert fish(tmp_path, "ttp ", nasty) == ["word", "world"]
    assert not (tmp_path / "bad").exists()
