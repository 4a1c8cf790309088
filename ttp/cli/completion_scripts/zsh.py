"""The completion script of zsh."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ttp.cli.completion import Node, Source, Word
from ttp.cli.completion_scripts.parts import cases, filled, parents, quoted, valued

_ZSH = r"""#compdef ttp
# zsh completion for ttp, printed by `ttp completion zsh`.
# Names and options are known here. Ids, accounts and tags are asked of ttp: its answer is text, and never evaluated.
_ttp() {
    local path_='' option='' files='' many='' word
    local -a names options values ask found shown
    local -i place=0
    for word in "${(@)words[2,CURRENT-1]}"; do
        if [[ -n $option ]]; then option=''; continue; fi
        case $word in
            (--) return 1 ;;
            (@VALUED@) option=$word ;;
            (-*) ;;
            (*) case $path_ in
                (''|@PARENTS@) path_="${path_:+$path_ }$word" ;;
                (*) (( ++place )) ;;
            esac ;;
        esac
    done
    if [[ -z $option && $words[CURRENT] == --*=* ]]; then
        option=${words[CURRENT]%%=*}
        compset -P 1 '*='
    fi
    case $path_ in
@PATHS@
    esac
    if [[ -n $option ]]; then
        names=() options=() values=() ask=() files='' many=''
        case "$path_ $option" in
@VALUES@
        esac
    fi
    if [[ $PREFIX == -* || -z $names$values$ask$files ]]; then
        _describe -t words word options
        return
    elif [[ -n $files ]]; then
        _files
        return
    elif (( $#names )); then
        _describe -t words word names
        return
    fi
    [[ -n $many ]] && compset -P '*,'
    if (( $#values )); then
        compadd -V words -a values
        return
    fi
    for word in "${(@f)$(command ttp __complete $ask[1] "${(Q)PREFIX}" $ask[2,-1] 2>/dev/null)}"; do
        [[ -n $word ]] || continue
        found+=("${word%%$'\t'*}")
        shown+=("${(r:12:)found[-1]}${found[-1][13,-1]}  ${word#*$'\t'}")
    done
    compadd -l -V words -d shown -a found
}
if [[ $funcstack[1] == _ttp ]]; then _ttp "$@"; else compdef _ttp ttp; fi
"""


def zsh(nodes: Sequence[Node]) -> str:
    def listed(words: Iterable[Word]) -> str:
        return " ".join(quoted(f"{word}:{help}" if help else word) for word, help in words)

    def takes(source: Source) -> str:
        parts = [f"ask=({' '.join(source.ask)})"] if source.ask else []
        parts += [f"values=({' '.join(map(quoted, source.words))})"] if source.words else []
        parts += ["files=1"] if source.files else []
        parts += ["many=1"] if source.many else []
        return " ".join(parts)

    def path(node: Node) -> str:
        parts = [f"        ({quoted(node.path)})"]
        taken = f"names=({listed(node.words)})" if node.words else takes(node.place)
        if taken:
            first = "" if node.words or node.again else "(( place )) || "
            parts.append(f"            {first}{taken}")
        return "\n".join([*parts, f"            options=({listed(node.options)}) ;;"])

    return filled(
        _ZSH,
        VALUED="|".join(valued(nodes)),
        PARENTS="|".join(quoted(parent) for parent in parents(nodes)),
        PATHS="\n".join(map(path, nodes)),
        VALUES=cases(nodes, "            ({}) {} ;;", takes),
    )
