# bash completion for ttp, printed by `ttp completion bash`.
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
