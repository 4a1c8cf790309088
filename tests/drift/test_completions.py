"""What each shell offers from its completion file. (That the files are what the program prints: test_written.)"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.drift.shells import bare, bash, fish, needs_bash, needs_fish, needs_zsh, typed_in, typing
from tests.drift.terminal import Terminal
from tests.settings import KEYS
from ttp.cli.completion import SHELLS, Node, tree
from ttp.cli.completion_scripts import script
from ttp.platforms import BUILT_IN

NASTY = [
    Node("", (("word", 'it\'s `touch bad` $(touch bad) \\$(touch bad) "q" \\'), ("world", "fine"))),
    *list(tree())[1:],
]
"""A tree whose help would be dangerous to evaluate."""


WITHOUT_FIELDS = {"config edit", "config path", "template edit", "template remove"}
"""Commands that have the output options and write a sentence or a path."""


def test_the_fields_of_every_command_are_offered() -> None:
    fields = {node.path: source.words for node in tree() for name, source in node.values if name == "--fields"}
    assert {path for path, words in fields.items() if not words} == WITHOUT_FIELDS


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_runs_no_program_but_ttp_and_evaluates_nothing(shell: str) -> None:
    code = [line for line in script(shell, tuple(tree())).splitlines() if not line.startswith(("#", "complete -c"))]
    without_texts = "\n".join(line for line in code if "names=('" not in line and "options=('" not in line)

    assert "eval" not in without_texts
    assert "`" not in without_texts.replace("\\`", "")
    started = {"bash": set(), "zsh": {"command ttp"}, "fish": {"__ttp_typed", "commandline -ct", "string match"}}
    assert set(re.findall(r"\$\((\w+ ?[\w-]*)", without_texts)) == started[shell]


BASH_CASES: dict[tuple[str, ...], Sequence[str]] = {
    ("ttp", "crea"): ["create"],
    ("ttp", "account", ""): ["add", "connect", "list", "show", "check", "enable", "disable", "set", "remove"],
    ("ttp", "account", "add", "x/me", "--cre"): ["--credentials"],
    ("ttp", "create", "account", "--al"): ["--alt"],
    ("ttp", "optimal", "--account", "x/me", ""): ["next", "week", "heatmap", "explain", "backtest"],
    ("ttp", "list", "--status", "p"): ["publishing", "published", "partial"],
    ("ttp", "list", "--status", "="): ["draft", "scheduled", "publishing", "published", "failed", "partial"],
    ("ttp", "list", "--status", "=", "dr"): ["draft"],
    ("ttp", "list", "--status", "draft,f"): ["draft,failed"],
    ("ttp", "list", "--format", "=", "json", "--header", "--co"): ["--color"],
    ("ttp", "list", "--platform", ""): sorted(BUILT_IN),
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
    ("ttp", "create", "--at", "to"): ["today\\ 18:00", "tomorrow\\ 9am"],
    ("ttp", "create", "--at", "'to"): ["today 18:00", "tomorrow 9am"],
    ("ttp", "list", "--since", ""): ["7d", "24h", "today", "yesterday", "tomorrow"],
    ("ttp", "list", "--fields", "id,sch"): ["id,scheduledAt"],
    ("ttp", "log", "--fields", "http"): ["httpStatus"],
    ("ttp", "config", "get", "guard.s"): [name for name in KEYS if name.startswith("guard.s")],
    ("ttp", "config", "get", "timezone", "guard.s"): [],
    ("ttp", "account", "set", "x/me", "--set", "x.made"): ["x.made_with_ai=true", "x.made_with_ai=false"],
    ("ttp", "export", "--format", "j"): ["json", "jsonl"],
    ("ttp", "create", "--tz", ""): [],
    ("ttp", "show", ""): [],
    ("ttp", "create", "--at", "9", ":"): [],
    ("ttp", "create", "--at", "9", ":", "0"): [],
    ("ttp", "create", "--", "--al"): [],
    ("ttp", "no-such-command", ""): [],
    ("ttp", "completion", "z"): ["zsh"],
    ("ttp", "help", "exit"): ["exit-codes"],
    ("ttp", "help", "account", "ch"): ["check"],
}


@needs_bash
@pytest.mark.parametrize(("words", "offered"), BASH_CASES.items(), ids=" ".join)
def test_bash_offers(tmp_path: Path, words: tuple[str, ...], offered: Sequence[str]) -> None:
    assert bash(tmp_path, *words) == offered


@pytest.fixture
def zsh(tmp_path: Path) -> Iterator[Terminal]:
    with typing("zsh", tmp_path, {"PATH": "/usr/bin:/bin"}) as terminal:
        yield terminal


@needs_zsh
def test_zsh_answers_the_first_tab(zsh: Terminal) -> None:
    assert typed_in(zsh, "ttp crea\t") == ["create"]


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


FISH_CASES = {
    "ttp crea": {"create"},
    "ttp account ": {"add", "connect", "list", "show", "check", "enable", "disable", "set", "remove"},
    "ttp account add x/me --cre": {"--credentials"},
    "ttp optimal --account x/me ": {"next", "week", "heatmap", "explain", "backtest"},
    "ttp list --status p": {"publishing", "published", "partial"},
    "ttp list --status=dr": {"--status=draft"},
    "ttp export --format ": {"csv", "json", "jsonl", "md", "ics"},
    "ttp list --sort st": {"status"},
    "ttp import --spread=s": {"--spread=slots"},
    "ttp create --media cl": {"clip.mp4"},
    "ttp metrics import cl": {"clip.mp4"},
    "ttp create cl": set(),
    "ttp create --at to": {"today 18:00", "tomorrow 9am"},
    "ttp list --status draft,f": {"draft,failed"},
    "ttp list --fields id,sch": {"id,scheduledAt"},
    "ttp config get guard.st": {"guard.strict"},
    "ttp config get timezone guard.st": set(),
    "ttp create --tz ": set(),
    "ttp show ": set(),
    "ttp no-such-command ": set(),
    "ttp completion z": {"zsh"},
}


@needs_fish
@pytest.mark.parametrize(("line", "offered"), FISH_CASES.items())
def test_fish_offers(tmp_path: Path, line: str, offered: set[str]) -> None:
    (tmp_path / "clip.mp4").touch()

    assert bare(fish(tmp_path, line)) == offered


@needs_fish
def test_fish_takes_an_options_value_for_no_command(tmp_path: Path) -> None:
    assert "--alt" in bare(fish(tmp_path, "ttp create --at account --al"))
    assert "--credentials" not in bare(fish(tmp_path, "ttp create account add --cre"))


@needs_fish
def test_fish_shows_the_help_of_words_as_it_is(tmp_path: Path) -> None:
    nasty = tmp_path / "nasty.fish"
    nasty.write_text(script("fish", NASTY))

    assert bare(fish(tmp_path, "ttp ", script=nasty)) == {"word", "world"}
    assert not (tmp_path / "bad").exists()


@needs_fish
@pytest.mark.parametrize("line", ["ttp list --status p", "ttp list --sort i", "ttp create --at to"])
def test_fish_does_not_repeat_the_help_of_an_option_beside_its_values(tmp_path: Path, line: str) -> None:
    assert all(word.partition("\t")[2].strip() == "" for word in fish(tmp_path, line))
