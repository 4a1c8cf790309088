"""The completion script of fish."""

from __future__ import annotations

from collections.abc import Sequence

from ttp.cli.completion import Node, Source
from ttp.cli.completion_scripts.parts import filled, parents, valued

_FISH = r"""# fish completion for ttp, printed by `ttp completion fish`.
# Names and options are known here. Ids, accounts and tags are asked of ttp: its answer is text, and never evaluated.
function __ttp_at --description 'Whether the command typed so far is this one, with at most so many words behind it'
    set -l path
    set -l option ''
    set -l place 0
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
                if contains -- "$path" '' @PARENTS@
                    set -a path $word
                else
                    set place (math $place + 1)
                end
        end
    end
    test "$path" = "$argv[1]"
    and begin
        not set -q argv[2]
        or test $place -le $argv[2]
    end
end
function __ttp_typed --description 'The word at the cursor, without the name of its option and without quotes'
    string replace -r -- '^--[^=]*=' '' "$(commandline -ct)" | string unescape
end
function __ttp_ask --description 'What ttp knows of a kind'
    command -q ttp
    and command ttp __complete $argv[1] "$(__ttp_typed)" $argv[2..] 2>/dev/null
end
function __ttp_many --description 'Words, or what ttp knows of a kind, behind the last comma'
    set -l typed "$(__ttp_typed)"
    set -l before "$(string match -r -- '^.*,' "$typed")"
    set -l last (string replace -r -- '^.*,' '' "$typed")
    if test $argv[1] = ask
        command -q ttp
        and printf '%s\n' $before(command ttp __complete $argv[2] "$last" $argv[3..] 2>/dev/null)
    else
        printf '%s\n' $before$argv[2..]
    end
end
complete -c ttp -f
@LINES@
"""


def fish(nodes: Sequence[Node]) -> str:
    def line(node: Node, offer: str, help: str, most: str = "") -> str:
        at = f'-n "__ttp_at {_quoted(node.path)}{most}"'
        return f"complete -c ttp {at} {offer}" + (f" -d {_quoted(help)}" if help else "")

    def takes(source: Source) -> str:
        if source.files:
            return "-F"
        words = " ".join(map(_quoted, source.words))
        asked = " ".join(source.ask)
        match source:
            case Source(many=True):
                words = f"(__ttp_many {f'ask {asked}' if asked else f'words {words}'})"
            case Source(ask=(_, *_)):
                words = f"(__ttp_ask {asked})"
        return f"-k -a {_quoted(words)}" if words else ""

    def option(name: str, node: Node) -> str:
        offer = f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"
        source = dict(node.values).get(name)
        if source is None:
            return offer
        return f"{offer} -r -F" if source.files else f"{offer} -x {takes(source)}".rstrip()

    lines = []
    for node in nodes:
        lines += [line(node, f"-a {word}", help) for word, help in node.words]
        lines += [] if node.words else [line(node, o, "", "" if node.again else " 0") for o in [takes(node.place)] if o]
        lines += [line(node, option(name, node), help) for name, help in node.options]
    return filled(
        _FISH,
        VALUED=" ".join(valued(nodes)),
        PARENTS=" ".join(map(_quoted, parents(nodes))),
        LINES="\n".join(lines),
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
