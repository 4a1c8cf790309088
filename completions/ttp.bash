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
            --account|--accounts|--add-media|--add-tag|--after|--allow-host|--alt|--at|--blackout|--by|--capability|--captions|--client-secret|--color|--comment|--comment-after|--cool-down|--count|--credentials|--cron|--dates|--days|--events|--every|--exclude|--expires|--explore|--fields|--file|--focus|--for|--format|--from|--history|--host|--html|--include-category|--key|--langs|--limit|--map|--max-age|--max-late|--max-new|--max-time|--media|--min-gap|--name|--only|--overlap|--password-file|--per-day|--platform|--pool|--port|--post|--print-config|--program|--project|--published|--quiet-hours|--reason|--remove-media|--remove-tag|--replace-link|--report|--rule|--scopes|--search|--seed|--server|--set|--shift|--since|--snippet|--socket|--sort|--split|--spread|--state|--status|--svg|--tag|--template|--text|--thread|--thumbnail|--to|--trusted-proxy|--tz|--until|--var|--vary|--where|--with|--within|-n) option=$word ;;
            -*) ;;
            *) case $path in
                ''|'account'|'approve-link'|'config'|'credentials'|'help'|'metrics'|'notify'|'optimal'|'repeat'|'service'|'slots'|'source'|'store'|'template'|'token'|'webhook') path="${path:+$path }$word" ;;
                *) (( ++place )) ;;
            esac ;;
        esac
    done
    [[ $cur == = ]] && cur=''
    case $path in
        '') words=$'create\nedit\ncopy\ndelete\nimport\nsync\nannounce\nlint\ntemplate\nsource\nundo\nredo\nschedule\nunschedule\nslots\nrepeat\nplan\noptimal\ncalendar\nrun\nserve\npublish\nretry\nresolve\napprove\nreject\napprove-link\npause\nresume\nstatus\nservice\nlist\nshow\nlog\nhistory\nreport\naudit\nmetrics\nexport\ninit\naccount\nconfig\nlogin-link\ncredentials\ntoken\nwebhook\nnotify\nbackup\nrestore\nstore\ndoctor\nuninstall\nmcp\ncertify\ndemo\nsandbox\ncompletion\nhelp' options=$'--help\n--version' ;;
        'create') options=$'--to\n--at\n--within\n--media\n--alt\n--dry-run\n--edit\n-e\n--thread\n--text\n--tag\n--first\n--tz\n--set\n--no-card\n--key\n--template\n--var\n--snippet\n--focus\n--captions\n--thumbnail\n--max-late\n--split\n--no-split\n--number-parts\n--no-number-parts\n--utm\n--no-utm\n--comment\n--comment-after\n--file\n--strict\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'edit') (( place )) || { ask=(post); }; options=$'--to\n--at\n--within\n--tz\n--media\n--add-media\n--remove-media\n--alt\n--thread\n--text\n--tag\n--add-tag\n--remove-tag\n--set\n--no-card\n--template\n--var\n--snippet\n--focus\n--captions\n--thumbnail\n--max-late\n--split\n--no-split\n--number-parts\n--no-number-parts\n--utm\n--no-utm\n--comment\n--comment-after\n--where\n--replace-link\n--shift\n--account\n--delete\n--edit\n-e\n--strict\n--dry-run\n--yes\n--no-input\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'copy') (( place )) || { ask=(post); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'delete') ask=(post) options=$'--remote\n--yes\n--no-input\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--verbose\n-v\n--help' ;;
        'import') (( place )) || { files=1; }; options=$'--to\n--tz\n--map\n--template\n--var\n--dates\n--spread\n--from\n--days\n--per-day\n--dry-run\n--partial\n--strict\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'sync') (( place )) || { files=1; }; options=$'--check\n--prune\n--write-status\n--strict\n--yes\n--no-input\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'announce') options=$'--project\n--dry-run\n--init\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'lint') files=1 options=$'--for\n--format\n--json\n--help' ;;
        'template') words=$'list\nshow\nedit\npreview\nremove' options=$'--help' ;;
        'template list') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'template show') (( place )) || { ask=(template); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'template edit') (( place )) || { ask=(template); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'template preview') (( place )) || { ask=(template); }; options=$'--var\n--to\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'template remove') (( place )) || { ask=(template); }; options=$'--yes\n--no-input\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'source') words=$'add\nlist\nshow\npreview\npoll\npause\nresume\nedit\nremove\npost\nskip' options=$'--help' ;;
        'source add') options=$'--to\n--template\n--at\n--max-new\n--every\n--max-age\n--include-category\n--exclude\n--prereleases\n--media\n--key\n--allow-private\n--allow-loop\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'source list') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'source show') (( place )) || { ask=(post); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'source preview') options=$'--to\n--template\n--allow-private\n--prereleases\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'source poll') (( place )) || { ask=(post); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'source pause') (( place )) || { ask=(post); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'source resume') (( place )) || { ask=(post); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'source edit') (( place )) || { ask=(post); }; options=$'--to\n--template\n--at\n--max-new\n--every\n--max-age\n--include-category\n--exclude\n--allow-loop\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'source remove') (( place )) || { ask=(post); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'source post') (( place )) || { ask=(post); }; options=$'--latest\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'source skip') (( place )) || { ask=(post); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'undo') options=$'--post\n--list\n--limit\n--partial\n--dry-run\n--yes\n--no-input\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'redo') options=$'--post\n--partial\n--dry-run\n--yes\n--no-input\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'schedule') ask=(post draft scheduled failed partial) options=$'--at\n--within\n--tz\n--first\n--strict\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'unschedule') ask=(post scheduled) options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'slots') words=$'add\nlist\npreview\nremove' options=$'--help' ;;
        'slots add') options=$'--account\n--cron\n--tz\n--name\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'slots list') options=$'--account\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'slots preview') options=$'--account\n--count\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'slots remove') ask=(slot) options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'repeat') words=$'add\nlist\nskip\npause\nresume\nstop' options=$'--help' ;;
        'repeat add') (( place )) || { ask=(post); }; options=$'--cron\n--rule\n--tz\n--until\n--count\n--vary\n--pool\n--template\n--var\n--to\n--cool-down\n--strict\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'repeat list') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'repeat skip') (( place )) || { ask=(repeat); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'repeat pause') (( place )) || { ask=(repeat); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'repeat resume') (( place )) || { ask=(repeat); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'repeat stop') (( place )) || { ask=(repeat); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'plan') ask=(post draft) options=$'--drafts\n--tag\n--from\n--days\n--week\n--per-day\n--min-gap\n--quiet-hours\n--blackout\n--explore\n--seed\n--tz\n--partly\n--dry-run\n--yes\n--no-input\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'optimal') words=$'next\nweek\nheatmap\nexplain\nbacktest' options=$'--account\n--platform\n--tz\n--all\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'optimal next') options=$'--account\n--platform\n--tz\n--count\n--within\n--explore\n--seed\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'optimal week') options=$'--account\n--platform\n--tz\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'optimal heatmap') options=$'--account\n--platform\n--tz\n--svg\n--html\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'optimal explain') options=$'--account\n--platform\n--tz\n--limit\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'optimal backtest') options=$'--account\n--platform\n--tz\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'calendar') (( place )) || { words=$'prev\nnext'; }; options=$'--month\n--week\n--ics\n--status\n--platform\n--account\n--tag\n--tz\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'run') options=$'--once\n--until-idle\n--max-time\n--fail-if-locked\n--take-over\n--trust-clock\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--verbose\n-v\n--help' ;;
        'serve') options=$'--host\n--port\n--socket\n--publish\n--no-publish\n--allow-host\n--trusted-proxy\n--open\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--verbose\n-v\n--help' ;;
        'publish') ask=(post draft scheduled) options=$'--no-wait\n--yes\n--no-input\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--verbose\n-v\n--help' ;;
        'retry') ask=(post failed partial) options=$'--account\n--failed\n--platform\n--since\n--no-wait\n--yes\n--no-input\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--verbose\n-v\n--help' ;;
        'resolve') (( place )) || { ask=(post partial publishing); }; options=$'--account\n--published\n--not-published\n--comment\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'approve') ask=(post scheduled draft failed partial) options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'reject') ask=(post scheduled draft) options=$'--reason\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'approve-link') words=$'create\nlist\nrevoke' options=$'--help' ;;
        'approve-link create') options=$'--tag\n--account\n--week\n--until\n--name\n--expires\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'approve-link list') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'approve-link revoke') (( place )) || { ask=(post); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'pause') options=$'--account\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'resume') options=$'--account\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'status') options=$'--notify\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'service') words=$'install\nuninstall\nstatus' options=$'--print\n--help' ;;
        'service install') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'service uninstall') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'service status') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'list') options=$'--status\n--platform\n--account\n--tag\n--since\n--until\n--search\n--key\n--needs-you\n--no-alt\n--today\n--week\n--sort\n--limit\n--after\n--ids\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'show') (( place )) || { ask=(post); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'log') (( place )) || { ask=(post); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'history') (( place )) || { ask=(post); }; options=$'--limit\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'report') (( place )) || { words=$'prev\nnext'; }; options=$'--month\n--week\n--since\n--until\n--by\n--account\n--platform\n--tz\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'audit') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'metrics') words=$'import\npull\nlist\nsummary' options=$'--help' ;;
        'metrics import') (( place )) || { files=1; }; options=$'--account\n--map\n--tz\n--dates\n--dry-run\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'metrics pull') options=$'--account\n--history\n--yes\n--no-input\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--verbose\n-v\n--help' ;;
        'metrics list') options=$'--account\n--limit\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'metrics summary') options=$'--account\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'export') (( place )) || { files=1; }; options=$'--format\n--with\n--force\n--status\n--platform\n--account\n--tag\n--since\n--until\n--search\n--key\n--needs-you\n--no-alt\n--limit\n--quiet\n-q\n--help' ;;
        'init') options=$'--no-input\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'account') words=$'add\nconnect\nlist\nshow\ncheck\nenable\ndisable\nset\nremove' options=$'--help' ;;
        'account add') (( place )) || { ask=(account); }; options=$'--credentials\n--server\n--program\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'account connect') (( place )) || { ask=(account bluesky instagram linkedin mastodon threads tiktok x); }; options=$'--paste\n--no-browser\n--client-secret\n--scopes\n--server\n--password-file\n--langs\n--yes\n--no-input\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--verbose\n-v\n--help' ;;
        'account list') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'account show') (( place )) || { ask=(account); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'account check') (( place )) || { ask=(account); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--verbose\n-v\n--help' ;;
        'account enable') (( place )) || { ask=(account); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'account disable') (( place )) || { ask=(account); }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'account set') (( place )) || { ask=(account); }; options=$'--tz\n--langs\n--set\n--split\n--utm\n--no-utm\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'account remove') (( place )) || { ask=(account); }; options=$'--yes\n--no-input\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--verbose\n-v\n--help' ;;
        'config') words=$'show\nget\nset\nunset\nedit\npath' options=$'--help' ;;
        'config show') words=$'timezone\ncalendar.week_start\nplatforms.enabled\nplatforms.bluesky.base_url\nplatforms.bluesky.plc_url\nplatforms.bluesky.appview_url\nplatforms.bluesky.video_url\nplatforms.bluesky.settle_s\nplatforms.instagram.base_url\nplatforms.instagram.upload_url\nplatforms.instagram.version\nplatforms.instagram.login\nplatforms.instagram.authorize_url\nplatforms.instagram.token_url\nplatforms.instagram.client_id\nplatforms.instagram.redirect_uri\nplatforms.instagram.settle_s\nplatforms.linkedin.base_url\nplatforms.linkedin.login_url\nplatforms.linkedin.client_id\nplatforms.linkedin.redirect_uri\nplatforms.linkedin.version\nplatforms.linkedin.settle_by_duplicate\nplatforms.mastodon.base_url\nplatforms.mastodon.redirect_uri\nplatforms.mastodon.client_id\nplatforms.mastodon.settle_s\nplatforms.mastodon.strict\nplatforms.threads.base_url\nplatforms.threads.authorize_url\nplatforms.threads.client_id\nplatforms.threads.redirect_uri\nplatforms.threads.ready_s\nplatforms.threads.answer_s\nplatforms.threads.settle_s\nplatforms.tiktok.base_url\nplatforms.tiktok.authorize_url\nplatforms.tiktok.client_id\nplatforms.tiktok.redirect_uri\nplatforms.x.base_url\nplatforms.x.authorize_url\nplatforms.x.client_id\nplatforms.x.redirect_uri\nplatforms.x.app_owner\nplatforms.x.budget_usd\nplatforms.x.settle_s\nstore.url\nstore.password_command\ninput.max_bytes\nlinks.own\nlinks.shorten\npublish.lookup_gap_s\npublish.retry_base_s\npublish.retry_cap_s\npublish.retry_max\npublish.max_lateness_s\npublish.catch_up_gap_s\npublish.min_gap_s\npublish.per_day\npublish.require_approval\npublish.expect_every_s\npublish.concurrency\npublish.poll_s\npublish.status_poll_s\npublish.evict_after_s\npublish.drain_s\npublish.any_machine\nhttp.connect_timeout_s\nhttp.read_timeout_s\nhttp.upload_timeout_s\nplan.min_gap_s\nplan.horizon_s\nbest.within\nplan.quiet_hours\nplan.blackout\nguard.same_text_s\nguard.gap_s\nguard.strict\nguard.alt\nwrite.cards\nrepeat.ahead_s\nslots.horizon_s\ncredentials.backend\ncredentials.command\ncredentials.key_command\nmedia.keep_s\nmedia.convert\nmedia.backend\nmedia.cache_mb\nmedia.s3.url\nmedia.s3.endpoint\nmedia.s3.region\nmedia_host.kind\nmedia_host.path\nmedia_host.base_url\nmedia_host.command\nmedia_host.s3.url\nmedia_host.s3.endpoint\nmedia_host.s3.region\nserver.url\nserver.token_file\nserver.allow_http\nserver.base_url\nserver.import_rows\nhooks.on_published\nhooks.on_failed\nhooks.on_needs_review\nhooks.on_account\nhooks.timeout_s\nnotify.to\nnotify.stalled_after_s\nnotify.timeout_s\nnotify.program\nnotify.ntfy.url\nnotify.ntfy.click\nmetrics.pull\nmetrics.after' options=$'--origin\n--changed\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'config get') (( place )) || { words=$'timezone\ncalendar.week_start\nplatforms.enabled\nplatforms.bluesky.base_url\nplatforms.bluesky.plc_url\nplatforms.bluesky.appview_url\nplatforms.bluesky.video_url\nplatforms.bluesky.settle_s\nplatforms.instagram.base_url\nplatforms.instagram.upload_url\nplatforms.instagram.version\nplatforms.instagram.login\nplatforms.instagram.authorize_url\nplatforms.instagram.token_url\nplatforms.instagram.client_id\nplatforms.instagram.redirect_uri\nplatforms.instagram.settle_s\nplatforms.linkedin.base_url\nplatforms.linkedin.login_url\nplatforms.linkedin.client_id\nplatforms.linkedin.redirect_uri\nplatforms.linkedin.version\nplatforms.linkedin.settle_by_duplicate\nplatforms.mastodon.base_url\nplatforms.mastodon.redirect_uri\nplatforms.mastodon.client_id\nplatforms.mastodon.settle_s\nplatforms.mastodon.strict\nplatforms.threads.base_url\nplatforms.threads.authorize_url\nplatforms.threads.client_id\nplatforms.threads.redirect_uri\nplatforms.threads.ready_s\nplatforms.threads.answer_s\nplatforms.threads.settle_s\nplatforms.tiktok.base_url\nplatforms.tiktok.authorize_url\nplatforms.tiktok.client_id\nplatforms.tiktok.redirect_uri\nplatforms.x.base_url\nplatforms.x.authorize_url\nplatforms.x.client_id\nplatforms.x.redirect_uri\nplatforms.x.app_owner\nplatforms.x.budget_usd\nplatforms.x.settle_s\nstore.url\nstore.password_command\ninput.max_bytes\nlinks.own\nlinks.shorten\npublish.lookup_gap_s\npublish.retry_base_s\npublish.retry_cap_s\npublish.retry_max\npublish.max_lateness_s\npublish.catch_up_gap_s\npublish.min_gap_s\npublish.per_day\npublish.require_approval\npublish.expect_every_s\npublish.concurrency\npublish.poll_s\npublish.status_poll_s\npublish.evict_after_s\npublish.drain_s\npublish.any_machine\nhttp.connect_timeout_s\nhttp.read_timeout_s\nhttp.upload_timeout_s\nplan.min_gap_s\nplan.horizon_s\nbest.within\nplan.quiet_hours\nplan.blackout\nguard.same_text_s\nguard.gap_s\nguard.strict\nguard.alt\nwrite.cards\nrepeat.ahead_s\nslots.horizon_s\ncredentials.backend\ncredentials.command\ncredentials.key_command\nmedia.keep_s\nmedia.convert\nmedia.backend\nmedia.cache_mb\nmedia.s3.url\nmedia.s3.endpoint\nmedia.s3.region\nmedia_host.kind\nmedia_host.path\nmedia_host.base_url\nmedia_host.command\nmedia_host.s3.url\nmedia_host.s3.endpoint\nmedia_host.s3.region\nserver.url\nserver.token_file\nserver.allow_http\nserver.base_url\nserver.import_rows\nhooks.on_published\nhooks.on_failed\nhooks.on_needs_review\nhooks.on_account\nhooks.timeout_s\nnotify.to\nnotify.stalled_after_s\nnotify.timeout_s\nnotify.program\nnotify.ntfy.url\nnotify.ntfy.click\nmetrics.pull\nmetrics.after'; }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'config set') (( place )) || { words=$'timezone\ncalendar.week_start\nplatforms.enabled\nplatforms.bluesky.base_url\nplatforms.bluesky.plc_url\nplatforms.bluesky.appview_url\nplatforms.bluesky.video_url\nplatforms.bluesky.settle_s\nplatforms.instagram.base_url\nplatforms.instagram.upload_url\nplatforms.instagram.version\nplatforms.instagram.login\nplatforms.instagram.authorize_url\nplatforms.instagram.token_url\nplatforms.instagram.client_id\nplatforms.instagram.redirect_uri\nplatforms.instagram.settle_s\nplatforms.linkedin.base_url\nplatforms.linkedin.login_url\nplatforms.linkedin.client_id\nplatforms.linkedin.redirect_uri\nplatforms.linkedin.version\nplatforms.linkedin.settle_by_duplicate\nplatforms.mastodon.base_url\nplatforms.mastodon.redirect_uri\nplatforms.mastodon.client_id\nplatforms.mastodon.settle_s\nplatforms.mastodon.strict\nplatforms.threads.base_url\nplatforms.threads.authorize_url\nplatforms.threads.client_id\nplatforms.threads.redirect_uri\nplatforms.threads.ready_s\nplatforms.threads.answer_s\nplatforms.threads.settle_s\nplatforms.tiktok.base_url\nplatforms.tiktok.authorize_url\nplatforms.tiktok.client_id\nplatforms.tiktok.redirect_uri\nplatforms.x.base_url\nplatforms.x.authorize_url\nplatforms.x.client_id\nplatforms.x.redirect_uri\nplatforms.x.app_owner\nplatforms.x.budget_usd\nplatforms.x.settle_s\nstore.url\nstore.password_command\ninput.max_bytes\nlinks.own\nlinks.shorten\npublish.lookup_gap_s\npublish.retry_base_s\npublish.retry_cap_s\npublish.retry_max\npublish.max_lateness_s\npublish.catch_up_gap_s\npublish.min_gap_s\npublish.per_day\npublish.require_approval\npublish.expect_every_s\npublish.concurrency\npublish.poll_s\npublish.status_poll_s\npublish.evict_after_s\npublish.drain_s\npublish.any_machine\nhttp.connect_timeout_s\nhttp.read_timeout_s\nhttp.upload_timeout_s\nplan.min_gap_s\nplan.horizon_s\nbest.within\nplan.quiet_hours\nplan.blackout\nguard.same_text_s\nguard.gap_s\nguard.strict\nguard.alt\nwrite.cards\nrepeat.ahead_s\nslots.horizon_s\ncredentials.backend\ncredentials.command\ncredentials.key_command\nmedia.keep_s\nmedia.convert\nmedia.backend\nmedia.cache_mb\nmedia.s3.url\nmedia.s3.endpoint\nmedia.s3.region\nmedia_host.kind\nmedia_host.path\nmedia_host.base_url\nmedia_host.command\nmedia_host.s3.url\nmedia_host.s3.endpoint\nmedia_host.s3.region\nserver.url\nserver.token_file\nserver.allow_http\nserver.base_url\nserver.import_rows\nhooks.on_published\nhooks.on_failed\nhooks.on_needs_review\nhooks.on_account\nhooks.timeout_s\nnotify.to\nnotify.stalled_after_s\nnotify.timeout_s\nnotify.program\nnotify.ntfy.url\nnotify.ntfy.click\nmetrics.pull\nmetrics.after'; }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'config unset') (( place )) || { words=$'timezone\ncalendar.week_start\nplatforms.enabled\nplatforms.bluesky.base_url\nplatforms.bluesky.plc_url\nplatforms.bluesky.appview_url\nplatforms.bluesky.video_url\nplatforms.bluesky.settle_s\nplatforms.instagram.base_url\nplatforms.instagram.upload_url\nplatforms.instagram.version\nplatforms.instagram.login\nplatforms.instagram.authorize_url\nplatforms.instagram.token_url\nplatforms.instagram.client_id\nplatforms.instagram.redirect_uri\nplatforms.instagram.settle_s\nplatforms.linkedin.base_url\nplatforms.linkedin.login_url\nplatforms.linkedin.client_id\nplatforms.linkedin.redirect_uri\nplatforms.linkedin.version\nplatforms.linkedin.settle_by_duplicate\nplatforms.mastodon.base_url\nplatforms.mastodon.redirect_uri\nplatforms.mastodon.client_id\nplatforms.mastodon.settle_s\nplatforms.mastodon.strict\nplatforms.threads.base_url\nplatforms.threads.authorize_url\nplatforms.threads.client_id\nplatforms.threads.redirect_uri\nplatforms.threads.ready_s\nplatforms.threads.answer_s\nplatforms.threads.settle_s\nplatforms.tiktok.base_url\nplatforms.tiktok.authorize_url\nplatforms.tiktok.client_id\nplatforms.tiktok.redirect_uri\nplatforms.x.base_url\nplatforms.x.authorize_url\nplatforms.x.client_id\nplatforms.x.redirect_uri\nplatforms.x.app_owner\nplatforms.x.budget_usd\nplatforms.x.settle_s\nstore.url\nstore.password_command\ninput.max_bytes\nlinks.own\nlinks.shorten\npublish.lookup_gap_s\npublish.retry_base_s\npublish.retry_cap_s\npublish.retry_max\npublish.max_lateness_s\npublish.catch_up_gap_s\npublish.min_gap_s\npublish.per_day\npublish.require_approval\npublish.expect_every_s\npublish.concurrency\npublish.poll_s\npublish.status_poll_s\npublish.evict_after_s\npublish.drain_s\npublish.any_machine\nhttp.connect_timeout_s\nhttp.read_timeout_s\nhttp.upload_timeout_s\nplan.min_gap_s\nplan.horizon_s\nbest.within\nplan.quiet_hours\nplan.blackout\nguard.same_text_s\nguard.gap_s\nguard.strict\nguard.alt\nwrite.cards\nrepeat.ahead_s\nslots.horizon_s\ncredentials.backend\ncredentials.command\ncredentials.key_command\nmedia.keep_s\nmedia.convert\nmedia.backend\nmedia.cache_mb\nmedia.s3.url\nmedia.s3.endpoint\nmedia.s3.region\nmedia_host.kind\nmedia_host.path\nmedia_host.base_url\nmedia_host.command\nmedia_host.s3.url\nmedia_host.s3.endpoint\nmedia_host.s3.region\nserver.url\nserver.token_file\nserver.allow_http\nserver.base_url\nserver.import_rows\nhooks.on_published\nhooks.on_failed\nhooks.on_needs_review\nhooks.on_account\nhooks.timeout_s\nnotify.to\nnotify.stalled_after_s\nnotify.timeout_s\nnotify.program\nnotify.ntfy.url\nnotify.ntfy.click\nmetrics.pull\nmetrics.after'; }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'config edit') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'config path') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'login-link') options=$'--capability\n--account\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'credentials') words=$'new-key\nrekey' options=$'--help' ;;
        'credentials new-key') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'credentials rekey') options=$'--discard-unreadable\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'token') words=$'create\nlist\nrevoke\nrelease' options=$'--help' ;;
        'token create') options=$'--capability\n--account\n--expires\n--tz\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'token list') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'token revoke') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'token release') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'webhook') words=$'add\nlist\nrotate\nremove\ntest\nreplay\nlog' options=$'--help' ;;
        'webhook add') options=$'--events\n--accounts\n--allow-private\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'webhook list') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'webhook rotate') options=$'--overlap\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'webhook remove') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'webhook test') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'webhook replay') options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'webhook log') options=$'--limit\n-n\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'notify') words=$'test\nlist\nadd\nremove' options=$'--help' ;;
        'notify test') (( place )) || { words=$'desktop\nprogram\nntfy'; }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'notify list') options=$'--limit\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'notify add') (( place )) || { words=$'desktop\nprogram\nntfy'; }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'notify remove') (( place )) || { words=$'desktop\nprogram\nntfy'; }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'backup') (( place )) || { files=1; }; options=$'--verify\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'restore') (( place )) || { files=1; }; options=$'--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'store') words=$'copy\nunseal' options=$'--help' ;;
        'store copy') options=$'--from\n--to\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'store unseal') options=$'--without-copy\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--help' ;;
        'doctor') options=$'--online\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--verbose\n-v\n--help' ;;
        'uninstall') options=$'--keep\n--purge\n--dry-run\n--yes\n--no-input\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--verbose\n-v\n--help' ;;
        'mcp') options=$'--capability\n--print-config\n--quiet\n-q\n--help' ;;
        'certify') (( place )) || { ask=(account); }; options=$'--only\n--keep\n--report\n--yes\n--no-input\n--format\n--json\n--jsonl\n--fields\n--header\n--color\n--ascii\n--quiet\n-q\n--verbose\n-v\n--help' ;;
        'demo') options=$'--help' ;;
        'sandbox') options=$'--port\n--state\n--media\n--set\n--env\n--stop\n--help' ;;
        'completion') words=$'bash\nzsh\nfish' options=$'--help' ;;
        'help') words=$'time\noutput\njson\nexit-codes\nenvironment\nstatuses\ncron\nmedia-host\ncapability\npostgresql\nbluesky\ncommand\ninstagram\nlinkedin\nmastodon\nthreads\ntiktok\nx\ncreate\nedit\ncopy\ndelete\nimport\nsync\nannounce\nlint\ntemplate\nsource\nundo\nredo\nschedule\nunschedule\nslots\nrepeat\nplan\noptimal\ncalendar\nrun\nserve\npublish\nretry\nresolve\napprove\nreject\napprove-link\npause\nresume\nstatus\nservice\nlist\nshow\nlog\nhistory\nreport\naudit\nmetrics\nexport\ninit\naccount\nconfig\nlogin-link\ncredentials\ntoken\nwebhook\nnotify\nbackup\nrestore\nstore\ndoctor\nuninstall\nmcp\ncertify\ndemo\nsandbox\ncompletion\nhelp' options=$'--all\n--help' ;;
        'help template') words=$'list\nshow\nedit\npreview\nremove' options=$'--help' ;;
        'help source') words=$'add\nlist\nshow\npreview\npoll\npause\nresume\nedit\nremove\npost\nskip' options=$'--help' ;;
        'help slots') words=$'add\nlist\npreview\nremove' options=$'--help' ;;
        'help repeat') words=$'add\nlist\nskip\npause\nresume\nstop' options=$'--help' ;;
        'help optimal') words=$'next\nweek\nheatmap\nexplain\nbacktest' options=$'--help' ;;
        'help approve-link') words=$'create\nlist\nrevoke' options=$'--help' ;;
        'help service') words=$'install\nuninstall\nstatus' options=$'--help' ;;
        'help metrics') words=$'import\npull\nlist\nsummary' options=$'--help' ;;
        'help account') words=$'add\nconnect\nlist\nshow\ncheck\nenable\ndisable\nset\nremove' options=$'--help' ;;
        'help config') words=$'show\nget\nset\nunset\nedit\npath' options=$'--help' ;;
        'help credentials') words=$'new-key\nrekey' options=$'--help' ;;
        'help token') words=$'create\nlist\nrevoke\nrelease' options=$'--help' ;;
        'help webhook') words=$'add\nlist\nrotate\nremove\ntest\nreplay\nlog' options=$'--help' ;;
        'help notify') words=$'test\nlist\nadd\nremove' options=$'--help' ;;
        'help store') words=$'copy\nunseal' options=$'--help' ;;
    esac
    if [[ -n $option ]]; then
        words='' options='' ask=() files='' many=''
        case "$path $option" in
            'edit --account')  ;;
            'delete --fields') words=$'id\ndeleted' many=1 ;;
            'import --fields') words=$'read\nadded\nchanged\nmoved\nunchanged\nleft\nrejected\nstored\nids\nplanned\nplan\nwarnings' many=1 ;;
            'sync --fields') words=$'action\nid\nfile\nchanges\nscheduledAt\naccounts\ncontent' many=1 ;;
            'announce --fields') words=$'key\nid\nstatus\naccounts\nscheduledAt\nasksFor\nneeds\nurl\nreplayed' many=1 ;;
            'template list --fields'|'template show --fields') words=$'name\nisSnippet\nversion\nvariables\naccounts\ntext\nproblem' many=1 ;;
            'template edit --fields'|'template remove --fields'|'config edit --fields'|'config path --fields')  ;;
            'template preview --fields') words=$'sample\nvars\ncontent\nthread\nversions' many=1 ;;
            'source add --fields'|'source poll --fields') words=$'as\nid\nname\nurl\nformat\nto\ntemplate\nintervalS\nstate\nitems\nlastOkAt\nnextCheckAt\nproblem\nwarnings\nnew\nupdated' many=1 ;;
            'source list --fields'|'source pause --fields'|'source resume --fields'|'source edit --fields'|'source skip --fields') words=$'as\nid\nname\nurl\nformat\nto\ntemplate\nintervalS\nstate\nitems\nlastOkAt\nnextCheckAt\nproblem\nwarnings' many=1 ;;
            'source show --fields') words=$'as\nid\nname\nurl\nformat\nto\ntemplate\nintervalS\nstate\nitems\nlastOkAt\nnextCheckAt\nproblem\nwarnings\nnewest' many=1 ;;
            'source preview --fields') words=$'title\nlink\nproblem\ncontent\nversions' many=1 ;;
            'source remove --fields'|'slots remove --fields') words=$'id\nremoved' many=1 ;;
            'source post --fields') words=$'key\ntitle\nlink\npost\naction\nproblem' many=1 ;;
            'undo --fields'|'redo --fields') words=$'id\ncommand\nat\nby\ndeleted\nstatus\nscheduledAt\nlostTime\ncontent\nwarnings' many=1 ;;
            'slots add --fields'|'slots list --fields') words=$'id\naccount\ncron\ntimezone\nname\nnextAt' many=1 ;;
            'slots preview --fields') words=$'at\naccount\nslot\nname\ntimezone\npost\nposts\ncontent' many=1 ;;
            'repeat add --fields') words=$'id\npost\npool\ncron\nrule\nanchor\ntimes\ntimezone\nuntil\ncount\ntexts\ncoolDownS\nstate\nnextAt\nnextTimes\nmade\nskipped\nmissed\nposts\nwarnings' many=1 ;;
            'repeat list --fields'|'repeat skip --fields'|'repeat pause --fields'|'repeat resume --fields'|'repeat stop --fields') words=$'id\npost\npool\ncron\nrule\nanchor\ntimes\ntimezone\nuntil\ncount\ntexts\ncoolDownS\nstate\nnextAt\nnextTimes\nmade\nskipped\nmissed' many=1 ;;
            'plan --fields') words=$'id\nat\nscore\naccounts\nexplored' many=1 ;;
            'optimal --fields') words=$'account\nplatform\ntimezone\nfrom\nto\nbestHours\nbestDays\ndataPoints\nsignal\nevidence\ndaysFirst\nleftOut\nonlineFollowers\nfactors\nnoFactors\nhours\ndays\nslots' many=1 ;;
            'optimal next --fields') words=$'at\nday\nhour\nscore\nuplift\nwhy\nexplored\nlater' many=1 ;;
            'optimal week --fields') words=$'day\nslots' many=1 ;;
            'optimal heatmap --fields') words=$'account\nplatform\ntimezone\nfrom\nto\ndataPoints\nsignal\nslots' many=1 ;;
            'optimal explain --fields') words=$'account\nplatform\ntimezone\nday\nhour\nscore\nuplift\nlow\nhigh\ndataPoints\nrank\nraw\nadjusted\nnearby\nposts\nfactors' many=1 ;;
            'optimal backtest --fields') words=$'account\nplatform\ntimezone\nfrom\nto\ndataPoints\nheldOut\ninBestHours\nrecommended\nmeanPerHour\ndifference\nfactors' many=1 ;;
            'calendar --fields') words=$'date\ntime\nid\nstatus\naccounts\ncontent\nscheduledAt\npublishedAt\ntags\nrepeat' many=1 ;;
            'run --fields'|'serve --fields') words=$'at\nevent\npost\naccount\nremoteId\nurl\nkind\nmessage\nnextAt\nattempt\nms' many=1 ;;
            'approve-link create --fields') words=$'id\nname\ncreatedBy\nposts\nexpiresAt\nleftOut\nurl' many=1 ;;
            'approve-link list --fields'|'approve-link revoke --fields') words=$'id\nname\ncreatedBy\nposts\nexpiresAt' many=1 ;;
            'pause --fields'|'resume --fields'|'account add --fields'|'account connect --fields'|'account list --fields'|'account show --fields'|'account enable --fields'|'account disable --fields'|'account set --fields'|'account remove --fields') words=$'account\nplatform\nhandle\nconnected\nneedsReconnect\nenabled\ntimezone\nexpiresAt\nscopes\nholdUntil\nholdReason\noptions\nserver\nsplit\nutm' many=1 ;;
            'status --fields') words=$'publisher\nnextDueAt\noverdue\nwaiting\nneeds\nholds\nlimits\ncosts\nmedia\nblocked\nwebhooks\nsources\npublishers\nnotify\nlogins' many=1 ;;
            'service install --fields'|'service uninstall --fields'|'service status --fields') words=$'kind\nfile\ninstalled\nrunning\nsays\nlingers\nlog' many=1 ;;
            'list --fields'|'show --fields') words=$'id\nstatus\ncontent\naccounts\nplatforms\nscheduledAt\npublishedAt\ncreatedAt\nupdatedAt\nmaxLatenessS\nsplit\nnumberParts\nutm\ncomment\ncommentAfterS\nmedia\ncards\nvariants\nthread\ntags\noptions\nkey\norigin\nchosenBy\napprovedAt\nrejection\nrepeat\nneeds\nasksFor\nwarnings\ndeliveries\nlikes\ncomments\nshares\nviews' many=1 ;;
            'log --fields') words=$'at\naccount\ncomment\nnumber\nstep\nphase\noutcome\nkind\nhttpStatus\nmessage\nendedAt' many=1 ;;
            'history --fields') words=$'at\nactor\ncommand\ncount\nposts\ncontent' many=1 ;;
            'report --fields') words=$'from\nto\nfactors\nbefore\ntotals\nchange\ngroups\nbest\nworst\nposts\nspentUsd' many=1 ;;
            'audit --fields') words=$'checks\nok' many=1 ;;
            'metrics import --fields') words=$'read\ninserted\nupdated\nunchanged\nrejected\nsource\ncolumns\nrows' many=1 ;;
            'metrics pull --fields') words=$'account\nread\ninserted\nupdated\nunchanged\nrejected' many=1 ;;
            'metrics list --fields') words=$'account\nremoteId\npublishedAt\nobservedAt\nlikes\ncomments\nshares\nviews\nsaves\nreach\nkind\ntext' many=1 ;;
            'metrics summary --fields') words=$'account\nposts\nsamples\nfrom\nto\nobservedAt\nlikes\ncomments\nshares\nviews\nsaves\nreach' many=1 ;;
            'init --fields') words=$'step\ndone\nvalue\ncommand' many=1 ;;
            'account check --fields'|'doctor --fields') words=$'name\nstatus\nmessage\nhint' many=1 ;;
            'config show --fields'|'config get --fields'|'config set --fields'|'config unset --fields') words=$'key\nvalue\norigin\ndefault\nhelp' many=1 ;;
            'login-link --fields') words=$'name\ncapabilities\naccounts\nurl' many=1 ;;
            'credentials new-key --fields') words=$'key\nkeyId' many=1 ;;
            'credentials rekey --fields') words=$'keyId\nchanged\nentries' many=1 ;;
            'token create --fields') words=$'id\nname\ncapability\naccounts\ncreatedAt\nexpiresAt\nrevokedAt\nlastUsedAt\ntimezone\ntoken' many=1 ;;
            'token list --fields'|'token revoke --fields'|'token release --fields') words=$'id\nname\ncapability\naccounts\ncreatedAt\nexpiresAt\nrevokedAt\nlastUsedAt\ntimezone' many=1 ;;
            'webhook add --fields'|'webhook rotate --fields') words=$'id\nurl\nevents\naccounts\nallowPrivate\ncreatedAt\nrotatedUntil\nwaiting\ngivenUp\nsecret' many=1 ;;
            'webhook list --fields'|'webhook remove --fields') words=$'id\nurl\nevents\naccounts\nallowPrivate\ncreatedAt\nrotatedUntil\nwaiting\ngivenUp' many=1 ;;
            'webhook test --fields') words=$'webhook\nok\nhttpStatus\nmessage' many=1 ;;
            'webhook replay --fields') words=$'webhook\nevents' many=1 ;;
            'webhook log --fields') words=$'id\nat\nevent\npost\nstate\ntries\nnextAt\nendedAt\nhttpStatus\nmessage' many=1 ;;
            'notify test --fields') words=$'kind\nsent\nerror\nhint' many=1 ;;
            'notify list --fields') words=$'id\nkind\nevent\nstate\npost\naccount\nmessage\ncreatedAt\ntries\nnextTryAt\nsentAt\nerror\nendedAt' many=1 ;;
            'notify add --fields'|'notify remove --fields') words=$'name\nto' many=1 ;;
            'backup --fields') words=$'file\nbytes\nposts\nmedia' many=1 ;;
            'restore --fields') words=$'file\nposts\nkept\nmissingMedia' many=1 ;;
            'store copy --fields') words=$'from\nto\ntables\nrows' many=1 ;;
            'store unseal --fields') words=$'store\ncopy' many=1 ;;
            'uninstall --fields') words=$'kind\nname\naction\ndone\nnote' many=1 ;;
            'certify --fields') words=$'kind\noutcome\npost\nremoteIds\nurl\nlookUp\ndeleted\ntookS\nmessage' many=1 ;;
            'lint --format') words=$'text\njson\ngithub' ;;
            'metrics import --format') words=$'own\ninstagram\ntiktok\nx\ntable\ntsv\njson\njsonl' ;;
            'export --format') words=$'csv\njson\njsonl\nmd\nics' ;;
            'sandbox --set')  ;;
            'retry --since') words=$'7d\n24h' ;;
            'repeat add --until')  ;;
            *' --account') ask=(account) many=1 ;;
            *' --accounts') ask=(account) many=1 ;;
            *' --add-media') files=1 ;;
            *' --after') ask=(post) ;;
            *' --at') words=$'9am\nmidnight\ntoday 18:00\ntomorrow 9am\nday after tomorrow 9am\nfri 18:00\nthis fri 9am\nnext mon 9:00\nthe 1st at 9am\nfriday week 9am\nend of the month 9am\nin 45m\nin 3 days 9am\n31 Dec 9am\n9am London\n@1796032800\nnow\noptimal\noptimal within 24h\nnext-slot' ;;
            *' --captions') files=1 ;;
            *' --client-secret') files=1 ;;
            *' --color') words=$'auto\nalways\nnever' ;;
            *' --credentials') files=1 ;;
            *' --dates') words=$'mdy\ndmy' ;;
            *' --events') words=$'post.due\ndelivery.sending\ndelivery.processing\ndelivery.published\ndelivery.failed\ndelivery.retrying\ndelivery.reconciling\ndelivery.needs_review\ncomment.sending\ncomment.processing\ncomment.published\ncomment.failed\ncomment.retrying\ncomment.reconciling\ncomment.needs_review\npost.finished\nsource.created' many=1 ;;
            *' --fields') words=$'id\nstatus\ncontent\naccounts\nplatforms\nscheduledAt\npublishedAt\ncreatedAt\nupdatedAt\nmaxLatenessS\nsplit\nnumberParts\nutm\ncomment\ncommentAfterS\nmedia\ncards\nvariants\nthread\ntags\noptions\nkey\norigin\nchosenBy\napprovedAt\nrejection\nrepeat\nneeds\nasksFor\nwarnings\ndeliveries\nlikes\ncomments\nshares\nviews\nreplayed' many=1 ;;
            *' --file') files=1 ;;
            *' --for') words=$'bluesky\ncommand\ninstagram\nlinkedin\nmastodon\nthreads\ntiktok\nx' many=1 ;;
            *' --format') words=$'table\ntsv\njson\njsonl' ;;
            *' --from') words=$'9am\nmidnight\ntoday 18:00\ntomorrow 9am\nday after tomorrow 9am\nfri 18:00\nthis fri 9am\nnext mon 9:00\nthe 1st at 9am\nfriday week 9am\nend of the month 9am\nin 45m\nin 3 days 9am\n31 Dec 9am\n9am London\n@1796032800\nnow\noptimal\noptimal within 24h\nnext-slot' ;;
            *' --html') files=1 ;;
            *' --media') files=1 ;;
            *' --platform') words=$'bluesky\ncommand\ninstagram\nlinkedin\nmastodon\nthreads\ntiktok\nx' many=1 ;;
            *' --pool') ask=(tag) ;;
            *' --remove-media') files=1 ;;
            *' --set') words=$'bluesky.langs=\nbluesky.labels=\nbluesky.who_replies=\nbluesky.quotes_off=true\nbluesky.quotes_off=false\nbluesky.card=auto\nbluesky.card=none\nbluesky.quote=\nbluesky.reply_to=\nbluesky.shorten_links=true\nbluesky.shorten_links=false\ncommand.title=\ncommand.target=\ncommand.data=\ninstagram.kind=post\ninstagram.kind=reel\ninstagram.kind=story\ninstagram.share_to_feed=true\ninstagram.share_to_feed=false\ninstagram.thumb_offset_ms=\ninstagram.cover_url=\ninstagram.audio_name=\ninstagram.trial_reel=MANUAL\ninstagram.trial_reel=SS_PERFORMANCE\ninstagram.collaborators=\ninstagram.user_tags=\ninstagram.location_id=\ninstagram.is_ai_generated=true\ninstagram.is_ai_generated=false\nlinkedin.visibility=PUBLIC\nlinkedin.visibility=CONNECTIONS\nlinkedin.visibility=LOGGED_IN\nlinkedin.card=auto\nlinkedin.card=none\nlinkedin.no_reshare=true\nlinkedin.no_reshare=false\nmastodon.visibility=public\nmastodon.visibility=unlisted\nmastodon.visibility=private\nmastodon.visibility=direct\nmastodon.spoiler_text=\nmastodon.sensitive=true\nmastodon.sensitive=false\nmastodon.language=\nmastodon.reply_to=\nmastodon.quote=\nmastodon.quote_policy=public\nmastodon.quote_policy=followers\nmastodon.quote_policy=nobody\nmastodon.poll=\nmastodon.poll_expires=\nmastodon.poll_multiple=true\nmastodon.poll_multiple=false\nmastodon.poll_hide=true\nmastodon.poll_hide=false\nmastodon.focus=\nthreads.reply_control=everyone\nthreads.reply_control=accounts_you_follow\nthreads.reply_control=mentioned_only\nthreads.reply_control=parent_post_author_only\nthreads.reply_control=followers_only\nthreads.topic_tag=\nthreads.link=\nthreads.poll=\nthreads.spoiler=true\nthreads.spoiler=false\nthreads.quote_post_id=\nthreads.reply_to_id=\ntiktok.mode=direct\ntiktok.mode=inbox\ntiktok.source=file\ntiktok.source=pull\ntiktok.privacy_level=PUBLIC_TO_EVERYONE\ntiktok.privacy_level=MUTUAL_FOLLOW_FRIENDS\ntiktok.privacy_level=FOLLOWER_OF_CREATOR\ntiktok.privacy_level=SELF_ONLY\ntiktok.disable_comment=true\ntiktok.disable_comment=false\ntiktok.disable_duet=true\ntiktok.disable_duet=false\ntiktok.disable_stitch=true\ntiktok.disable_stitch=false\ntiktok.brand_content_toggle=true\ntiktok.brand_content_toggle=false\ntiktok.brand_organic_toggle=true\ntiktok.brand_organic_toggle=false\ntiktok.is_aigc=true\ntiktok.is_aigc=false\ntiktok.auto_add_music=true\ntiktok.auto_add_music=false\ntiktok.photo_cover_index=\ntiktok.video_cover_timestamp_ms=\ntiktok.title=\nx.reply_settings=following\nx.reply_settings=mentionedUsers\nx.reply_settings=subscribers\nx.reply_settings=verified\nx.made_with_ai=true\nx.made_with_ai=false\nx.paid_partnership=true\nx.paid_partnership=false\nx.links=keep\nx.links=last-part\nx.links=refuse' ;;
            *' --since') words=$'7d\n24h\ntoday\nyesterday\ntomorrow' ;;
            *' --snippet') ask=(template) ;;
            *' --sort') words=$'id\ntime\ncreated\nupdated\nstatus\n-id\n-time\n-created\n-updated\n-status' ;;
            *' --spread') words=$'optimal\nslots\neven' ;;
            *' --state') files=1 ;;
            *' --status') words=$'draft\nscheduled\npublishing\npublished\nfailed\npartial' many=1 ;;
            *' --svg') files=1 ;;
            *' --tag') ask=(tag) ;;
            *' --template') ask=(template) ;;
            *' --thumbnail') files=1 ;;
            *' --to') ask=(account) many=1 ;;
            *' --tz') ask=(zone) ;;
            *' --until') words=$'7d\n24h\ntoday\nyesterday\ntomorrow' ;;
            *' --vary') files=1 ;;
            *' --with') words=$'metrics\nmedia' many=1 ;;
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
