"""The completion scripts of shells, made from the tree of commands. Fixed words are in the scripts, which start no
process for them. The scripts evaluate nothing: the lines of `ttp __complete` are split, compared and quoted, so the
text of a post never reaches a shell as code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from ttp.cli.completion import Node, Word, WordSource


def script(shell: str, nodes: Sequence[Node]) -> str:
    return {"bash": bash, "zsh": zsh, "fish": fish}[shell](nodes)


_BASH = r"""# bash completion for ttp, printed by `ttp completion bash`.
# Names and options are listed here. Ids, accounts and tags come from ttp, as text that is never evaluated.
_ttp() {
    local IFS=$' \t\n' cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    local path='' option='' words='' options='' files='' many='' quote='' place=0 word help i
    local -a ask=() helps=()
    COMPREPLY=()
    # bash also splits words at : and @; join the parts again.
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
    # Compare without the quotes that were typed, and quote the result again.
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
    # Several matches are shown with their help, except when they are inserted one after the other (37, 42).
    if (( ${#COMPREPLY[@]} > 1 )) && [[ $COMP_TYPE != 37 && $COMP_TYPE != 42 ]]; then
        for i in "${!COMPREPLY[@]}"; do
            [[ -n ${helps[i]} ]] && COMPREPLY[i]+="  (${helps[i]})"
        done
    fi
}
complete -F _ttp ttp
"""


def bash(nodes: Sequence[Node]) -> str:
    def takes(source: WordSource) -> str:
        parts = [f"ask=({' '.join(source.ask)})"] if source.ask else []
        parts += [f"words={_lines(source.words)}"] if source.words else []
        parts += ["files=1"] if source.files else []
        parts += ["many=1"] if source.many else []
        return " ".join(parts)

    def path(node: Node) -> str:
        argument = f"words={_lines(word for word, _ in node.words)}" if node.words else takes(node.place)
        first = f"(( place )) || {{ {argument}; }}; " if argument and not node.words and not node.again else ""
        options = f"options={_lines(name for name, _ in node.options)}"
        return f"        '{node.path}') {first or (f'{argument} ' if argument else '')}{options} ;;"

    return fill_template(
        _BASH,
        VALUED="|".join(value_options(nodes)),
        PARENTS="|".join(f"'{parent}'" for parent in parents(nodes)),
        PATHS="\n".join(map(path, nodes)),
        VALUES=cases(nodes, "            {}) {} ;;", takes),
    )


def _lines(words: Iterable[str]) -> str:
    return "$'" + r"\n".join(word.replace("\\", r"\\").replace("'", r"\'") for word in words) + "'"


_ZSH = r"""#compdef ttp
# zsh completion for ttp, printed by `ttp completion zsh`.
# Names and options are listed here. Ids, accounts and tags come from ttp, as text that is never evaluated.
_ttp() {
    local path_='' option='' files='' many='' usual='' word
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
    [[ -n $usual ]] && options+=(@USUAL@)
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
        return " ".join(quote_word(f"{word}:{help}" if help else word) for word, help in words)

    def takes(source: WordSource) -> str:
        parts = [f"ask=({' '.join(source.ask)})"] if source.ask else []
        parts += [f"values=({' '.join(map(quote_word, source.words))})"] if source.words else []
        parts += ["files=1"] if source.files else []
        parts += ["many=1"] if source.many else []
        return " ".join(parts)

    def path(node: Node) -> str:
        parts = [f"        ({quote_word(node.path)})"]
        argument = f"names=({listed(node.words)})" if node.words else takes(node.place)
        if argument:
            first = "" if node.words or node.again else "(( place )) || "
            parts.append(f"            {first}{argument}")
        own = [one for one in node.options if one not in usual]
        has_usual = len(own) + len(usual) == len(node.options)
        options = f"options=({listed(own)}) usual=1" if has_usual else f"options=({listed(node.options)})"
        return "\n".join([*parts, f"            {options} ;;"])

    counts = Counter(one for node in nodes for one in node.options)
    usual = [one for one, count in counts.items() if count > len(nodes) / 2]
    return fill_template(
        _ZSH,
        USUAL=listed(usual),
        VALUED="|".join(value_options(nodes)),
        PARENTS="|".join(quote_word(parent) for parent in parents(nodes)),
        PATHS="\n".join(map(path, nodes)),
        VALUES=cases(nodes, "            ({}) {} ;;", takes),
    )


_FISH = r"""# fish completion for ttp, printed by `ttp completion fish`.
# Names and options are listed here. Ids, accounts and tags come from ttp, as text that is never evaluated.
function __ttp_at --description 'Whether the command typed so far is one of these, with at most N words after it'
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
    contains -- "$path" $argv[2..]
    and begin
        test "$argv[1]" = any
        or test $place -le $argv[1]
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
        printf '%s\t\n' $before$argv[2..]
    end
end
complete -c ttp -f
@LINES@
"""


def fish(nodes: Sequence[Node]) -> str:
    def line(paths: Iterable[str], offer: str, help: str, most: str = "any") -> str:
        at = f'-n "__ttp_at {most} {" ".join(map(_quoted, paths))}"'
        return f"complete -c ttp {at} {offer}" + (f" -d {_quoted(help)}" if help else "")

    def takes(source: WordSource) -> str:
        if source.files:
            return "-F"
        words = " ".join(map(_quoted, source.words))
        request = " ".join(source.ask)
        match source:
            case WordSource(many=True):
                words = f"(__ttp_many {f'ask {request}' if request else f'words {words}'})"
            case WordSource(ask=(_, *_)):
                words = f"(__ttp_ask {request})"
            case _:  # each word with its own, empty help: else fish repeats that of the option
                words = " ".join(f"{_quoted(word)}\\t" for word in source.words)
        return f"-k -a {_quoted(words)}" if words else ""

    def option(name: str, node: Node) -> str:
        offer = f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"
        source = dict(node.values).get(name)
        if source is None:
            return offer
        return f"{offer} -r -F" if source.files else f"{offer} -x {takes(source)}".rstrip()

    lines = []
    words: dict[Word, list[str]] = {}  # `help` offers them again
    options: dict[tuple[str, str], list[str]] = {}  # most commands share them
    for node in nodes:
        for word in node.words:
            words.setdefault(word, []).append(node.path)
        if not node.words and (offer := takes(node.place)):
            lines.append(line([node.path], offer, "", "any" if node.again else "0"))
        for name, help in node.options:
            options.setdefault((option(name, node), help), []).append(node.path)
    lines += [line(paths, f"-a {word}", help) for (word, help), paths in words.items()]
    lines += [line(paths, offer, help) for (offer, help), paths in options.items()]
    return fill_template(
        _FISH,
        VALUED=" ".join(value_options(nodes)),
        PARENTS=" ".join(map(_quoted, parents(nodes))),
        LINES="\n".join(lines),
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def value_options(nodes: Iterable[Node]) -> list[str]:
    return sorted({name for node in nodes for name, _ in node.values})


def parents(nodes: Iterable[Node]) -> list[str]:
    """Return the commands with subcommands, sorted."""
    return sorted({node.path.rpartition(" ")[0] for node in nodes if " " in node.path})


def values(nodes: Sequence[Node]) -> Iterator[tuple[list[str], WordSource]]:
    """Return the values of options as patterns of `COMMAND OPTION`; the pattern for most commands comes last."""
    usual: list[tuple[list[str], WordSource]] = []
    for option in value_options(nodes):
        takes = {node.path: source for node in nodes for name, source in node.values if name == option}
        most = max(takes.values(), key=list(takes.values()).count)
        for source in dict.fromkeys(takes.values()):
            if source == most:
                usual.append(([f"* {option}"], source))
            else:
                yield [f"{path} {option}" for path, one in takes.items() if one == source], source
    yield from ((patterns, source) for patterns, source in usual if source != WordSource())


def cases(nodes: Sequence[Node], line: str, takes: Callable[[WordSource], str]) -> str:
    """Return the values of options as the cases of a `case`."""
    return "\n".join(
        line.format(
            "|".join(f"*{quote_word(p[1:])}" if p[0] == "*" else quote_word(p) for p in patterns), takes(source)
        )
        for patterns, source in values(nodes)
    )


def fill_template(template: str, **parts: str) -> str:
    """Fill in each `@NAME@` of a template."""
    for name, text in parts.items():
        template = template.replace(f"@{name}@", text)
    return template


def quote_word(text: str) -> str:
    """Quote a word for bash and zsh."""
    return "'" + text.replace("'", "'\\''") + "'"
