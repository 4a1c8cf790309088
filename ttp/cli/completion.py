"""Completion scripts of bash, zsh and fish, made from the command tree: static words that need no process at TAB.

The scripts in `completions/` are what this prints; a test holds them equal. They never evaluate anything that a
program printed, and no text of a post ever reaches them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from ttp.cli.commands import COMMANDS, TOPICS
from ttp.domain.errors import Hint, UsageError

SHELLS = ("bash", "zsh", "fish")
_WORDS = {
    "--format": "table tsv json jsonl",
    "--color": "auto always never",
    "--status": "draft scheduled publishing published failed partial",
    "--platform": "instagram tiktok x",
}
"""Options whose values are few and known."""
_FILES = frozenset({"--media", "--credentials", "--state"})
"""Options whose value is a file or a folder."""


@dataclass(frozen=True, slots=True)
class Node:
    """One command with the words that can follow it: `path` is `account add`; `words` name and help, in order."""

    path: str
    help: str
    words: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]
    takes_value: frozenset[str]


def completion(shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]) -> None:
    """The completion script of a shell.

    Example: ttp completion bash > ~/.local/share/bash-completion/completions/ttp
    """
    if shell not in SHELLS:
        raise UsageError(f'no completion for "{shell}"', *(Hint("write", f"ttp completion {name}") for name in SHELLS))
    sys.stdout.write(script(shell))
    sys.stdout.flush()


def script(shell: str) -> str:
    """The whole script, ending in a newline."""
    nodes = list(tree())
    lines = {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](nodes)
    return "\n".join(lines) + "\n"


def tree() -> Iterator[Node]:
    """The root and every command below it, parents first."""
    from ttp.cli.tree import load

    yield Node(
        "", "", tuple((c.name, c.help) for c in COMMANDS), (("--help", "Show help."), ("--version", "")), frozenset()
    )
    for command in COMMANDS:
        yield from _nodes(command.name, load(command.name), command.help)


def _nodes(path: str, command: Any, help: str) -> Iterator[Node]:
    children = getattr(command, "commands", {})
    options, valued = [], set()
    for parameter in command.params:
        for name in parameter.opts if parameter.param_type_name == "option" else ():
            options.append((name, _one_line(parameter.help)))
            if not parameter.is_flag:
                valued.add(name)
    options.append(("--help", "Show help."))
    words = [(name, _one_line(child.help)) for name, child in children.items()]
    if path == "completion":
        words = [(name, "") for name in SHELLS]
    if path == "help":
        words = [*((topic, "") for topic in TOPICS), *((c.name, c.help) for c in COMMANDS)]
    yield Node(path, help, tuple(words), tuple(options), frozenset(valued))
    for name, child in children.items():
        yield from _nodes(f"{path} {name}", child, _one_line(child.help))


def _one_line(text: str | None) -> str:
    first = (text or "").strip().splitlines()
    return first[0] if first else ""


# bash: one case over the command path; values of options before words.


def _bash(nodes: list[Node]) -> Iterator[str]:
    parents = [node.path for node in nodes if node.path and any(n.path.startswith(f"{node.path} ") for n in nodes)]
    valued = sorted(set().union(*(node.takes_value for node in nodes)))
    yield "# bash completion for ttp: static words. Made by `ttp completion bash`."
    yield "_ttp() {"
    yield '    local cur="${COMP_WORDS[COMP_CWORD]}" prev="" path="" words="" i word skip=""'
    yield "    COMPREPLY=()"
    yield '    (( COMP_CWORD > 0 )) && prev="${COMP_WORDS[COMP_CWORD-1]}"'
    yield "    for (( i = 1; i < COMP_CWORD; i++ )); do"
    yield '        word="${COMP_WORDS[i]}"'
    yield '        if [[ -n $skip ]]; then skip=""; continue; fi'
    yield '        case "$word" in'
    yield f"            {'|'.join(valued)}) skip=1 ;;"
    yield "            -*) ;;"
    yield '            *) case "$path" in'
    yield '                "") path="$word" ;;'
    yield f'                {"|".join(parents)}) path="$path $word" ;;'
    yield "               esac ;;"
    yield "        esac"
    yield "    done"
    yield '    case "$prev" in'
    for option, values in _WORDS.items():
        yield f'        {option}) COMPREPLY=( $(compgen -W "{values}" -- "$cur") ); return ;;'
    yield f"        {'|'.join(sorted(_FILES))}) compopt -o filenames 2>/dev/null"
    yield '            COMPREPLY=( $(compgen -f -- "$cur") ); return ;;'
    others = [name for name in valued if name not in _WORDS and name not in _FILES]
    yield f"        {'|'.join(others)}) return ;;"
    yield "    esac"
    yield '    case "$path" in'
    for node in nodes:
        yield f'        "{node.path}") words="{" ".join(w for w, _ in (*node.words, *node.options))}" ;;'
    yield "    esac"
    yield '    COMPREPLY=( $(compgen -W "$words" -- "$cur") )'
    yield "}"
    yield "complete -F _ttp ttp"


# zsh: our own script, which reads words and never evaluates any; answers the first TAB when autoloaded.


def _zsh(nodes: list[Node]) -> Iterator[str]:
    parents = [node.path for node in nodes if node.path and any(n.path.startswith(f"{node.path} ") for n in nodes)]
    valued = sorted(set().union(*(node.takes_value for node in nodes)))
    yield "#compdef ttp"
    yield "# zsh completion for ttp: static words. Made by `ttp completion zsh`."
    yield "_ttp() {"
    yield '    local path_="" word skip="" prev="" i'
    yield "    local -a names"
    yield "    for (( i = 2; i < CURRENT; i++ )); do"
    yield '        word="${words[i]}"'
    yield '        prev="$word"'
    yield '        if [[ -n $skip ]]; then skip=""; prev=""; continue; fi'
    yield '        case "$word" in'
    yield f"            ({'|'.join(valued)}) skip=1 ;;"
    yield "            (-*) ;;"
    yield '            (*) case "$path_" in'
    yield '                ("") path_="$word" ;;'
    yield f'                ({"|".join(_quoted(p) for p in parents)}) path_="$path_ $word" ;;'
    yield "               esac ;;"
    yield "        esac"
    yield "    done"
    yield '    case "$prev" in'
    for option, values in _WORDS.items():
        yield f"        ({option}) compadd -- {values}; return ;;"
    yield f"        ({'|'.join(sorted(_FILES))}) _files; return ;;"
    others = [name for name in valued if name not in _WORDS and name not in _FILES]
    yield f"        ({'|'.join(others)}) return ;;"
    yield "    esac"
    yield '    case "$path_" in'
    for node in nodes:
        shown = [*node.words] if node.words else []
        yield f"        ({_quoted(node.path)})"
        yield "            names=("
        for word, help in (*shown, *node.options):
            yield f"                {_quoted(f'{word}:{help}')}"
        yield "            ) ;;"
    yield "        (*) names=() ;;"
    yield "    esac"
    yield "    _describe -t words word names"
    yield "}"
    yield 'if [[ $funcstack[1] == _ttp ]]; then _ttp "$@"; else compdef _ttp ttp; fi'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


# fish: one line for each word, with the condition under which it can follow.


def _fish(nodes: list[Node]) -> Iterator[str]:
    yield "# fish completion for ttp: static words. Made by `ttp completion fish`."
    yield "complete -c ttp -f"
    for node in nodes:
        condition = _fish_condition(node, nodes)
        for word, help in node.words:
            yield f"complete -c ttp -n {condition} -a {word}" + (f" -d {_fish_quoted(help)}" if help else "")
        for option, help in node.options:
            dashes = "-l" if option.startswith("--") else "-s"
            line = f"complete -c ttp -n {condition} {dashes} {option.lstrip('-')}"
            if option in node.takes_value:
                line += " -r -F" if option in _FILES else " -x"
                if option in _WORDS:
                    line += f" -a '{_WORDS[option]}'"
            yield line + (f" -d {_fish_quoted(help)}" if help else "")


def _fish_condition(node: Node, nodes: list[Node]) -> str:
    if not node.path:
        return "__fish_use_subcommand"
    parts = node.path.split(" ")
    seen = " && ".join(f"__fish_seen_subcommand_from {part}" for part in parts)
    children = [n.path.removeprefix(f"{node.path} ") for n in nodes if n.path.startswith(f"{node.path} ")]
    if children:
        seen += f" && not __fish_seen_subcommand_from {' '.join(children)}"
    return f'"{seen}"'


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
