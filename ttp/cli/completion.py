"""Completion scripts of bash, zsh and fish, made from the command tree: static words that need no process at TAB.

The files in `completions/` are what this prints; a test holds them equal. A script reads words and offers words: it
runs no program and evaluates nothing, so no text of a post can ever reach a shell through it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from ttp.cli.commands import COMMANDS, TOPICS
from ttp.cli.declared import Argument
from ttp.cli.output import COLORS, FORMATS
from ttp.domain.account import Platform
from ttp.domain.errors import Hint, UsageError
from ttp.domain.post import PostStatus

SHELLS = ("bash", "zsh", "fish")
VALUES = {"--format": FORMATS, "--color": COLORS, "--status": tuple(PostStatus), "--platform": tuple(Platform)}
"""Options whose values are few and known."""
FILES = ("--credentials", "--file", "--media", "--state", "--svg", "--html", "--vary")
"""Options whose value is a file or a folder."""

Word = tuple[str, str]
"""What can be typed, and its help."""


@dataclass(frozen=True, slots=True)
class Node:
    """One command and what can follow it. `path` is `account add`; the root's is empty."""

    path: str
    words: tuple[Word, ...] = ()
    options: tuple[Word, ...] = ()
    valued: frozenset[str] = frozenset()
    """The options that take a value."""
    takes_file: bool = False
    """Its argument is a file."""


def completion(shell: Annotated[str, Argument(metavar="SHELL", help="bash, zsh or fish.")]) -> None:
    """The completion script of a shell.

    Example: ttp completion bash > ~/.local/share/bash-completion/completions/ttp
    """
    if shell not in SHELLS:
        raise UsageError(f'no completion for "{shell}"', *(Hint("write", f"ttp completion {name}") for name in SHELLS))
    sys.stdout.write(script(shell, tuple(tree())))
    sys.stdout.flush()


def script(shell: str, nodes: Sequence[Node]) -> str:
    """The whole script, ending in a newline."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](nodes)


def tree() -> Iterator[Node]:
    """The root and every command below it, parents first."""
    from ttp.cli.tree import load

    commands = tuple((command.name, command.help) for command in COMMANDS)
    yield Node("", commands, (("--help", "Show help."), ("--version", "Show the version.")))
    for name, _ in commands:
        for node in _nodes(name, load(name)):
            match node.path:
                case "completion":
                    yield Node(node.path, tuple((shell, "") for shell in SHELLS), node.options)
                case "help":
                    yield Node(node.path, (*((topic, "") for topic in TOPICS), *commands), node.options)
                case _:
                    yield node


def _nodes(path: str, command: Any) -> Iterator[Node]:
    children = getattr(command, "commands", {})
    options = [p for p in command.params if p.param_type_name == "option"]
    yield Node(
        path,
        tuple((name, first_line(child.help)) for name, child in children.items()),
        (*((name, first_line(p.help)) for p in options for name in p.opts), ("--help", "Show help.")),
        frozenset(name for p in options if not p.is_flag for name in p.opts),
        any(p.param_type_name == "argument" and str(p.metavar).startswith("FILE") for p in command.params),
    )
    for name, child in children.items():
        yield from _nodes(f"{path} {name}", child)


def first_line(text: str | None) -> str:
    """The first line of a help text."""
    return (text or "").strip().partition("\n")[0]


def _valued(nodes: Iterable[Node]) -> list[str]:
    return sorted(frozenset().union(*(node.valued for node in nodes)))


def _parents(nodes: Iterable[Node]) -> list[str]:
    """The commands that have subcommands; sorted."""
    return sorted({node.path.rpartition(" ")[0] for node in nodes if " " in node.path})


def _plain(words: Iterable[Word]) -> str:
    return " ".join(word for word, _ in words)


_BASH = """\
# bash completion for ttp: static words, printed by `ttp completion bash`. It runs no program.
_ttp() {
    local IFS=$' \\t\\n' cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    local path='' option='' words='' options='' files='' word i
    COMPREPLY=()
    # bash splits words at : and @ as well: what stands behind those is the rest of a word, not a new one.
    [[ $cur == [:@]* || $before == [:@]* ]] && return
    for (( i = 1; i < COMP_CWORD; i++ )); do
        word=${COMP_WORDS[i]}
        [[ $word == = ]] && continue
        if [[ -n $option ]]; then option=''; continue; fi
        case $word in
            --) return ;;
            @VALUED@) option=$word ;;
            -*) ;;
            *) case $path in
                ''|@PARENTS@) path="${path:+$path }$word" ;;
            esac ;;
        esac
    done
    [[ $cur == = ]] && cur=''
    case $option in
        '') case $path in
@PATHS@
        esac ;;
@VALUES@
        @FILES@) files=1 ;;
    esac
    if [[ $cur == -* || -z $words$files ]]; then
        words=$options
    elif [[ -n $files ]]; then
        compopt -o default 2>/dev/null
    fi
    [[ -n $option && $cur == *,* ]] && before=${cur%,*}, || before=''
    COMPREPLY=( $(compgen -P "$before" -W "$words" -- "${cur#"$before"}") )
}
complete -F _ttp ttp
"""


def _bash(nodes: Sequence[Node]) -> str:
    def path(node: Node) -> str:
        words = f" words='{_plain(node.words)}'" if node.words else ""
        return f"            '{node.path}'){words} options='{_plain(node.options)}'{_files(node)} ;;"

    return _filled(
        _BASH,
        VALUED="|".join(_valued(nodes)),
        PARENTS="|".join(f"'{parent}'" for parent in _parents(nodes)),
        PATHS="\n".join(map(path, nodes)),
        VALUES="\n".join(f"        {option}) words='{' '.join(values)}' ;;" for option, values in VALUES.items()),
        FILES="|".join(FILES),
    )


_ZSH = """\
#compdef ttp
# zsh completion for ttp: static words, printed by `ttp completion zsh`. It runs no program.
_ttp() {
    local path_='' option='' files='' word
    local -a names options
    for word in "${(@)words[2,CURRENT-1]}"; do
        if [[ -n $option ]]; then option=''; continue; fi
        case $word in
            (--) return 1 ;;
            (@VALUED@) option=$word ;;
            (-*) ;;
            (*) case $path_ in
                (''|@PARENTS@) path_="${path_:+$path_ }$word" ;;
            esac ;;
        esac
    done
    if [[ -z $option && $words[CURRENT] == --*=* ]]; then
        option=${words[CURRENT]%%=*}
        compset -P 1 '*='
    fi
    [[ -n $option ]] && compset -P '*,'
    case $option in
        ('') case $path_ in
@PATHS@
        esac ;;
@VALUES@
        (@FILES@) files=1 ;;
    esac
    if [[ $PREFIX == -* || -z $names$files ]]; then
        names=("${(@)options}")
    elif [[ -n $files ]]; then
        _files
        return
    fi
    _describe -t words word names
}
if [[ $funcstack[1] == _ttp ]]; then _ttp "$@"; else compdef _ttp ttp; fi
"""


def _zsh(nodes: Sequence[Node]) -> str:
    def listed(words: Iterable[Word]) -> str:
        return " ".join(_quoted(f"{word}:{help}" if help else word) for word, help in words)

    def path(node: Node) -> str:
        parts = [f"            ({_quoted(node.path)})"]
        parts += [f"                names=({listed(node.words)})"] if node.words else []
        return "\n".join([*parts, f"                options=({listed(node.options)}){_files(node)} ;;"])

    return _filled(
        _ZSH,
        VALUED="|".join(_valued(nodes)),
        PARENTS="|".join(_quoted(parent) for parent in _parents(nodes)),
        PATHS="\n".join(map(path, nodes)),
        VALUES="\n".join(f"        ({option}) names=({' '.join(values)}) ;;" for option, values in VALUES.items()),
        FILES="|".join(FILES),
    )


_FISH = """\
# fish completion for ttp: static words, printed by `ttp completion fish`. It runs no program.
function __ttp_at --description 'Whether the command typed so far is this one'
    set -l path
    set -l option ''
    for word in (commandline -opc)[2..]
        if test -n "$option"
            set option ''
            continue
        end
        switch $word
            case --
                return 1
            case @VALUED@
                set option $word
            case '-*'
            case '*'
                contains -- "$path" '' @PARENTS@
                and set -a path $word
        end
    end
    test "$path" = "$argv[1]"
end
complete -c ttp -f
@LINES@
"""


def _fish(nodes: Sequence[Node]) -> str:
    def line(node: Node, offer: str, help: str) -> str:
        return f'complete -c ttp -n "__ttp_at {_fish_quoted(node.path)}" {offer}' + (
            f" -d {_fish_quoted(help)}" if help else ""
        )

    def option(name: str, node: Node) -> str:
        offer = f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"
        if name in FILES:
            return f"{offer} -r -F"
        if name in VALUES:
            return f"{offer} -x -a '{' '.join(VALUES[name])}'"
        return f"{offer} -x" if name in node.valued else offer

    lines = []
    for node in nodes:
        lines += [line(node, f"-a {word}", help) for word, help in node.words]
        lines += [line(node, "-F", "")] if node.takes_file else []
        lines += [line(node, option(name, node), help) for name, help in node.options]
    parents = " ".join(_fish_quoted(parent) for parent in _parents(nodes))
    return _filled(_FISH, VALUED=" ".join(_valued(nodes)), PARENTS=parents, LINES="\n".join(lines))


def _filled(template: str, **parts: str) -> str:
    for name, text in parts.items():
        template = template.replace(f"@{name}@", text)
    return template


def _files(node: Node) -> str:
    return " files=1" if node.takes_file else ""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
