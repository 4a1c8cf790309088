"""The completion script of bash."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ttp.cli.completion import Node, Source
from ttp.cli.completion_scripts.parts import cases, filled, parents, valued

_BASH = r"""# bash completion for ttp, printed by `ttp completion bash`.
# Names and options are known here. Ids, accounts and tags are asked of ttp: its answer is text, and never evaluated.
_ttp() {
    local IFS=$' \t\n' cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    local path='' option='' words='' options='' files='' many='' quote='' place=0 word help i
    local -a ask=() helps=()
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
                *) (( ++place )) ;;
            esac ;;
        esac
    done
    [[ $cur == = ]] && cur=''
    case $path in
@PATHS@
    esac
    if [[ -n $option ]]; then
        words='' options='' ask=() files='' many=''
        case "$path $option" in
@VALUES@
        esac
    fi
    if [[ $cur == -* || -z $words$files${ask[*]} ]]; then
        words=$options ask=() files=''
    elif [[ -n $files ]]; then
        compopt -o default 2>/dev/null
        return
    fi
    # What is typed, without its quotes: words are compared with that, and quoted again.
    case $cur in
        \'*|\"*) quote=${cur:0:1} cur=${cur:1} ;;
        *) cur=${cur//\\/} ;;
    esac
    before=''
    [[ -n $many && $cur == *,* ]] && before=${cur%,*},
    cur=${cur#"$before"}
    while IFS=$'\t' read -r word help; do
        [[ -n $word && $word == "$cur"* ]] || continue
        word=$before$word
        case $quote in
            '') [[ $word == *[!A-Za-z0-9_./:=@%+,-]* ]] && printf -v word %q "$word" ;;
            \') [[ $word == *\'* ]] && continue ;;
            \") [[ $word == *[\"\$\`\\!]* ]] && continue ;;
        esac
        COMPREPLY+=("$word")
        helps+=("$help")
    done < <(
        if (( ${#ask[@]} )); then
            command ttp __complete "${ask[0]}" "$cur" "${ask[@]:1}" 2>/dev/null
        else
            printf '%s\n' "$words"
        fi
    )
    # Several: what they are is shown behind them, unless they are to be put into the line one after the other (37, 42).
    if (( ${#COMPREPLY[@]} > 1 )) && [[ $COMP_TYPE != 37 && $COMP_TYPE != 42 ]]; then
        for i in "${!COMPREPLY[@]}"; do
            [[ -n ${helps[i]} ]] && COMPREPLY[i]+="  (${helps[i]})"
        done
    fi
}
complete -F _ttp ttp
"""


def bash(nodes: Sequence[Node]) -> str:
    def takes(source: Source) -> str:
        parts = [f"ask=({' '.join(source.ask)})"] if source.ask else []
        parts += [f"words={_lines(source.words)}"] if source.words else []
        parts += ["files=1"] if source.files else []
        parts += ["many=1"] if source.many else []
        return " ".join(parts)

    def path(node: Node) -> str:
        taken = f"words={_lines(word for word, _ in node.words)}" if node.words else takes(node.place)
        first = f"(( place )) || {{ {taken}; }}; " if taken and not node.words and not node.again else ""
        options = f"options={_lines(name for name, _ in node.options)}"
        return f"        '{node.path}') {first or (f'{taken} ' if taken else '')}{options} ;;"

    return filled(
        _BASH,
        VALUED="|".join(valued(nodes)),
        PARENTS="|".join(f"'{parent}'" for parent in parents(nodes)),
        PATHS="\n".join(map(path, nodes)),
        VALUES=cases(nodes, "            {}) {} ;;", takes),
    )


def _lines(words: Iterable[str]) -> str:
    return "$'" + r"\n".join(word.replace("\\", r"\\").replace("'", r"\'") for word in words) + "'"
