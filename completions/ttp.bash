# bash completion for ttp: static words, printed by `ttp completion bash`. It runs no program.
_ttp() {
    local IFS=$' \t\n' cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
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
            --account|--after|--alt|--at|--blackout|--client-secret|--color|--cool-down|--count|--credentials|--cron|--dates|--days|--explore|--fields|--file|--format|--from|--history|--html|--key|--limit|--map|--max-late|--max-time|--media|--min-gap|--name|--per-day|--platform|--pool|--port|--published|--quiet-hours|--replace-link|--scopes|--search|--seed|--set|--shift|--since|--spread|--state|--status|--svg|--tag|--text|--thread|--to|--tz|--until|--vary|--where|--with) option=$word ;;
            -*) ;;
            *) case $path in
                ''|'account'|'config'|'metrics'|'optimal'|'repeat'|'service'|'slots') path="${path:+$path }$word" ;;
            esac ;;
        esac
    done
    [[ $cur == = ]] && cur=''
    case $option in
        '') case $path in
            '') words='create edit delete import sync schedule unschedule slots repeat plan optimal run publish retry resolve pause resume status service list show log audit metrics export account config backup restore doctor demo sandbox completion help' options='--help --version' ;;
            'create') options='--to --at --first --tz --media --alt --thread --text --tag --set --key --max-late --file --strict --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'edit') options='--to --at --tz --media --alt --thread --text --tag --set --max-late --where --replace-link --shift --account --strict --dry-run --yes --no-input --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'delete') options='--remote --yes --no-input --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'import') options='--to --tz --map --dates --spread --from --days --per-day --dry-run --partial --strict --format --json --jsonl --fields --header --color --quiet -q --help' files=1 ;;
            'sync') options='--check --prune --write-status --strict --yes --no-input --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'schedule') options='--at --tz --first --strict --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'unschedule') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'slots') words='add list preview remove' options='--help' ;;
            'slots add') options='--account --cron --tz --name --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'slots list') options='--account --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'slots preview') options='--account --count --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'slots remove') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'repeat') words='add list skip pause resume stop' options='--help' ;;
            'repeat add') options='--cron --tz --until --count --vary --pool --cool-down --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'repeat list') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'repeat skip') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'repeat pause') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'repeat resume') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'repeat stop') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'plan') options='--drafts --tag --from --days --week --per-day --min-gap --quiet-hours --blackout --explore --seed --tz --partly --dry-run --yes --no-input --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'optimal') words='next week heatmap explain backtest' options='--account --platform --tz --all --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'optimal next') options='--account --platform --tz --count --explore --seed --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'optimal week') options='--account --platform --tz --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'optimal heatmap') options='--account --platform --tz --svg --html --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'optimal explain') options='--account --platform --tz --limit --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'optimal backtest') options='--account --platform --tz --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'run') options='--once --until-idle --max-time --fail-if-locked --take-over --trust-clock --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'publish') options='--no-wait --yes --no-input --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'retry') options='--account --failed --platform --since --no-wait --yes --no-input --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'resolve') options='--account --published --not-published --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'pause') options='--account --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'resume') options='--account --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'status') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'service') words='install uninstall status' options='--print --help' ;;
            'service install') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'service uninstall') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'service status') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'list') options='--status --platform --account --tag --since --until --search --key --needs-you --limit --after --ids --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'show') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'log') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'audit') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'metrics') words='import pull list summary' options='--help' ;;
            'metrics import') options='--account --map --tz --dates --dry-run --format --json --jsonl --fields --header --color --quiet -q --help' files=1 ;;
            'metrics pull') options='--account --history --yes --no-input --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'metrics list') options='--account --limit --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'metrics summary') options='--account --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'export') options='--format --with --force --status --platform --account --tag --since --until --search --key --needs-you --limit --quiet -q --help' files=1 ;;
            'account') words='add connect list show check enable disable set remove' options='--help' ;;
            'account add') options='--credentials --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'account connect') options='--paste --no-browser --client-secret --scopes --no-input --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'account list') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'account show') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'account check') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'account enable') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'account disable') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'account set') options='--tz --set --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'account remove') options='--yes --no-input --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'config') words='show get set unset edit path' options='--help' ;;
            'config show') options='--origin --changed --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'config get') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'config set') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'config unset') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'config edit') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'config path') options='--format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'backup') options='--format --json --jsonl --fields --header --color --quiet -q --help' files=1 ;;
            'restore') options='--format --json --jsonl --fields --header --color --quiet -q --help' files=1 ;;
            'doctor') options='--online --format --json --jsonl --fields --header --color --quiet -q --help' ;;
            'demo') options='--help' ;;
            'sandbox') options='--port --state --media --set --help' ;;
            'completion') words='bash zsh fish' options='--help' ;;
            'help') words='time json exit-codes cron x instagram tiktok create edit delete import sync schedule unschedule slots repeat plan optimal run publish retry resolve pause resume status service list show log audit metrics export account config backup restore doctor demo sandbox completion help' options='--help' ;;
        esac ;;
        --format) words='table tsv json jsonl' ;;
        --color) words='auto always never' ;;
        --status) words='draft scheduled publishing published failed partial' ;;
        --platform) words='instagram tiktok x' ;;
        --credentials|--file|--media|--state|--svg|--html|--vary) files=1 ;;
    esac
    case "$path $option" in
        'export --format') words='csv json jsonl md ics' ;;
        'export --with') words='metrics media' ;;
        'metrics import --format') words='own instagram tiktok x table tsv json jsonl' ;;
        'import --spread') words='optimal slots even' ;;
        'import --dates') words='dmy mdy' ;;
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
