"""Words that people type from habit, of this tool or of another, and what each is called here.

A value has the forms that may be meant, best first: the first that can be read is suggested, and all of a form with
" or ". `{}` takes the value that was typed. Nothing is suggested unread: `ttp.cli.readings` reads every command first.
"""

from __future__ import annotations

from collections.abc import Mapping

_SCHEDULED, _DRAFTS, _FAILED = "list --status scheduled", "list --status draft", "list --status failed,partial"


def _alike(forms: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the forms of each of several words between spaces; `_` stands for a space within one."""
    return {word.replace("_", " "): meant for words, meant in forms.items() for word in words.split()}


COMMANDS = _alike(
    {
        "post send-post": ("create", "publish"),
        "new new-post save tweet toot skeet write compose draft say note commit": ("create",),
        "add": ("create", "account connect"),
        "close": ("delete",),
        "enable": ("account enable",),
        "disable": ("account disable",),
        "at": ("create {1} --at {0}",),
        "atq at_-l": (_SCHEDULED,),
        "atrm at_-d": ("unschedule",),
        "crontab": ("repeat list",),
        "cron_add": ("repeat {1} {0}",),
        "cron_remove cron_rm cron_delete": ("repeat stop",),
        "browse open": ("show", "serve --open"),
        "reopen": ("undo --post {}",),
        "activate": ("account enable", "resume --account {}"),
        "deactivate": ("account disable", "pause --account {}"),
        "rm remove del trash destroy erase": ("delete",),
        "get_posts show_posts list_all": ("list",),
        "ls posts timeline": ("list",),
        "list_last list_latest": ("list --sort -id --limit {}",),
        "list_by": ("list --sort {}",),
        "show_schedule show_queue": (_SCHEDULED,),
        "list_next show_next": ("calendar next --{}",),
        "login signin sign-in sign_in connect auth auth_login": ("account connect",),
        "logout disconnect auth_logout": ("account remove",),
        "whoami me auth_status users profile profiles accounts": ("account list",),
        "stats analytics insights": ("metrics summary", "show"),
        "settings set": ("config set", "config show"),
        "configure setup": ("init",),
        "view cat describe inspect print display details read": ("show",),
        "get info": ("show", "config get"),
        "preview render": ("show", "create {} --dry-run"),
        "duplicate clone cp": ("copy",),
        "start publisher worker": ("run", "serve"),
        "daemon daemon_start start_daemon daemonize publisher_start worker_start": ("run or service install",),
        "best best_time besttime best-time best-times besttimes when suggest optimal_times": ("optimal",),
        "what's_next whats_next upcoming_posts": ("status",),
        "next": ("status or optimal next",),
        "health queue_status publisher_status daemon_status": ("status",),
        "queue": (_SCHEDULED, "schedule {} --at next-slot"),
        "queue_pause": ("pause",),
        "queue_resume": ("resume",),
        "queue_add": ("create {} --at next-slot",),
        "enqueue": ("schedule {} --at next-slot",),
        "dequeue": ("unschedule",),
        "schedule_delete schedule_cancel schedule_remove": ("unschedule",),
        "schedule_create schedule_new schedule_add": ("schedule",),
        "cancel": ("unschedule or delete",),
        "reschedule move mv postpone delay snooze bump shift push": ("schedule",),
        "send post_now": ("publish",),
        "stop kill shutdown halt daemon_stop publisher_stop": ("service uninstall or pause",),
        "unpause": ("resume",),
        "update amend modify change rename": ("edit",),
        "version about": ("--version",),
        "man docs commands usage": ("help",),
        "examples example tutorial": ("help create or demo",),
        "notify_email": ("notify add email",),
        "drafts draft_list draft_ls draft_show": (_DRAFTS,),
        "failed errors": (_FAILED,),
        "scheduled upcoming": (_SCHEDULED,),
        "published sent posted": ("list --status published",),
        "today": ("list --today",),
        "week": ("calendar --week",),
        "cal agenda month": ("calendar",),
        "review todo": ("list --needs-you",),
        "search find grep": ("list --search {}",),
        "tag": ("edit {} --add-tag {}", "edit {1} --add-tag {0}"),
        "untag": ("edit {} --remove-tag {}", "edit {1} --remove-tag {0}"),
        "heatmap": ("optimal heatmap",),
        "resend": ("retry",),
        "recover": ("undo --post {}",),
        "revert rollback undelete": ("undo --post {}", "undo"),
        "unpublish takedown": ("delete --remote",),
        "thread thread_create thread_new": ("create {} --thread {}",),
        "web ui gui dashboard server api": ("serve",),
        "check diagnose verify": ("doctor",),
        "install": ("service install",),
        "logs tail events": ("log", "history"),
        "cron": ("repeat {1} {0}", "repeat list"),
        "jobs": ("repeat list",),
        "recur recurring": ("repeat", "repeat list"),
        "load bulk": ("import",),
        "validate": ("lint",),
        "dump": ("export",),
        "dryrun dry-run": ("create --dry-run",),
        "notification notifications": ("notify list",),
        "slot slots_show": ("slots list",),
        "templates": ("template list",),
        "sources feeds feed rss": ("source list",),
        "tokens": ("token list",),
        "webhooks": ("webhook list",),
        "upload media_add media_upload": ("create --media {}",),
        "hold": ("unschedule {}", "pause"),
        "autocomplete completions": ("completion",),
        "timezone tz": ("config set timezone {}", "config get timezone"),
        "account_login account_refresh account_reconnect": ("account connect",),
        "account_logout account_disconnect": ("account remove",),
        "account_edit": ("account set",),
        "account_test account_status account_verify": ("account check",),
        "config_list config_ls": ("config show",),
        "config_reset": ("config unset",),
        "repeat_show": ("repeat list",),
        "metrics_show metrics_get": ("metrics list",),
        "service_start service_enable": ("service install",),
        "service_disable service_remove": ("service uninstall",),
        "slots_set": ("slots add",),
        "template_new template_add template_create": ("template edit",),
        "template_use": ("create --template {}",),
        "notify_send": ("notify test",),
        "notify_secret": ("notify add",),
    }
)
"""Commands, the longest words first: `auth status` before `auth`. The words that follow come behind what is meant."""

PUBLISHING = ("post", "send-post", "publish", "send")
"""Words for `create` that publish at once elsewhere; those of one platform are in its facts."""

ADD_ACCOUNT = ("--add-to", "--add-account", "--add-accounts", "--add-channel", "--add-platform", "--also-to")
REMOVE_ACCOUNT = ("--remove-to", "--remove-account", "--remove-channel", "--remove-platform", "--not-to")
REPLACE = ("--replace", "--replace-text", "--substitute", "--find-replace", "--sub")

REPLIES = ("reply", "comment", "respond")

_PARTS = "a post that is not published can get a further part"
WHY = {
    **dict.fromkeys(
        ("stop", "kill", "shutdown", "halt", "daemon stop"),
        "Ctrl-C stops a publisher in its terminal; ttp pause holds posts",
    ),
    **dict.fromkeys(("reply", "respond"), f"ttp replies to no post; {_PARTS}"),
    "comment": "ttp comments on its own posts alone, with --comment",
    "template add": "it opens your editor; {{ vars.NAME }} is a value of --var",
    "account rename": "an account has the name that it has on its platform",
    "account alias": "an account has the name that it has on its platform; a platform with one account is enough",
    **dict.fromkeys(
        ("account default", "account set-default", "account use", "account switch"),
        "there is no default account: name it with --to",
    ),
}
"""What ttp does not do, or in another way than a command says."""

PROGRAMS = ("ttp", "buffer", "gh", "tut", "hootsuite", "npx", "sudo")
"""Programs whose name people type before a command."""

ALIKE = (
    ("list", "ls", "all", "index"),
    ("remove", "rm", "del", "delete", "stop", "revoke", "cancel"),
    ("add", "new", "create", "make"),
    ("show", "get", "info", "view"),
)
"""Subcommands of one meaning: the one that a command has is meant."""

NO_COMMAND = ("how", "what", "repo", "repost", "restart", "reorder", "exit", "quit", "clear")
"""Words that are near to a command and mean another thing."""

MOVES = ("push", "move", "mv", "postpone", "delay", "bump", "shift", "reschedule")
"""Words for `schedule` behind which a length of time counts from the post's own time: `edit --shift`."""

NO_POST = ("bookmarks", "favourites", "followers", "following", "instance", "lists", "block", "mute", "reblog", "env")
"""Words behind `toot` and the like that are commands of those programs, and not the text of a post."""

UPGRADE = ("upgrade", "self-update", "self-upgrade")
"""Words for a newer version of ttp itself, which its installer fetches."""

NO_OPTION = ("--test", "--no-headers", "--public")
"""Options that are near to another and mean another thing."""

NOUNS = {
    **dict.fromkeys(("post", "posts", "draft", "drafts", "toot", "tweet", "skeet"), ""),
    **dict.fromkeys(("account", "accounts", "profile", "profiles"), "account"),
    **dict.fromkeys(("template", "templates"), "template"),
    **dict.fromkeys(("slot", "slots"), "slots"),
    **dict.fromkeys(("token", "tokens"), "token"),
    **dict.fromkeys(("webhook", "webhooks"), "webhook"),
    **dict.fromkeys(("setting", "settings", "config"), "config"),
    **dict.fromkeys(("notification", "notifications"), "notify"),
    **dict.fromkeys(("repeat", "repeats"), "repeat"),
    **dict.fromkeys(("source", "sources", "feed", "feeds", "rss"), "source"),
}
"""What a command is about, before or behind it: `post list`, `list posts`, `accounts add`, `add account`."""

LISTED = ("list", "ls", "show", "all", "view", "status", "posts")
"""What people type behind the name of a list."""

OPTIONS = _alike(
    {
        "-m -b -am": ("{}", "--add-media", "--media"),
        "-d": ("--alt",),
        "create_-v": ("--set=*.visibility={}",),
        "--image --images --img --photo --picture --pic --video -i -a": ("--add-media", "--media"),
        "--attach --attachment --attach-media --media-file": ("--add-media", "--media"),
        "--accounts --account --platform --platforms --profile --channel --network --target --social --service -p": (
            "--to",
            "--account",
            "--platform",
            "{}",
        ),
        "--schedule --scheduled --sched --when --time --date --datetime --due": ("--at",),
        "--for": ("--at", "--to"),
        "--pretty calendar_--today": ("",),
        "--on": ("--at", "--to"),
        "create_--from": ("--file",),
        "export_--as": ("--format",),
        "export_--to": ("--format", "--until", "--account", "--platform"),
        "--scheduled-in --schedule-in --after": ("--at=in {}",),
        "--share-now --post-now --send-now --publish-now": ("--at=now",),
        "--share-next --add-to-queue": ("--at=next-slot",),
        "--add-label": ("--add-tag",),
        "--remove-label": ("--remove-tag",),
        "--interval --schedule-expression": ("TIMES={}",),
        "--scheduled-time --schedule-time --scheduled-at --schedule-at --publish-at --post-at --send-at": ("--at",),
        "--in --delay": ("--at=in {}",),
        "--timezone --zone": ("--tz",),
        "--tags --label --labels": ("--tag",),
        "import_--validate import_--check": ("--dry-run",),
        "run_--watch run_--loop status_--verbose list_--verbose show_--verbose": ("",),
        "--dryrun --dry --preview --simulate": ("--dry-run", "--check"),
        "--dry-run": ("--check",),
        "--max --top --last -l -L": ("--limit", "--count"),
        "-n": ("--dry-run", "--limit", "--count"),
        "-y --force -f": ("--yes",),
        "--headless --no-browser": ("--paste",),
        "--now --publish": ("--at=now",),
        "--queue --next-slot": ("--at=next-slot",),
        "--best --optimal": ("--at=optimal",),
        "--order --order-by --sort-by --by": ("--sort",),
        "--message --body --content --caption --set-text": ("{}",),
        "create_--first-comment edit_--first-comment": ("--comment",),
        "create_--reply create_--replies create_--part": ("--thread",),
        "--id --post --post-id": ("{}",),
        "--from-file --input": ("--file", "{}"),
        "--editor": ("--edit",),
        "--description --alt-text": ("--alt",),
        "--filter": ("--where",),
        "--query --grep --contains": ("--search",),
        "-o --output --output-format": ("--format", "{}"),
        "-j --raw": ("--json",),
        "--columns": ("--fields",),
        "--headers": ("--header",),
        "--no-color --no-colour": ("--color=never",),
        "--skip-errors --skip-invalid --ignore-errors": ("--partial",),
        "--background --daemon --detach run_-d": ("ttp service install",),
        "--every": ("TIMES={}",),
        "--comment": ("--reason",),
        "create_-f create_-F": ("--file", "--media"),
        "--remove-image --remove-photo --remove-video": ("--remove-media",),
        "calendar_--next": ("ttp calendar next",),
        "optimal_--next": ("ttp optimal next",),
        "publish_--at": ("ttp schedule {} --at {}",),
        "publish_--now retry_--now run_--now run_--foreground create_--yes": ("",),
        "serve_-p sandbox_-p": ("--port",),
        "init_--yes init_-y": ("--no-input",),
        "undo_-n": ("{}",),
        "undo_--last import_-y import_--yes": ("",),
        "export_-f": ("--format",),
        "schedule_-a": ("--at",),
        "serve_--open-browser serve_--browser": ("--open",),
        "--image-alt --media-alt": ("--alt",),
        "--schedule-for": ("--at",),
        "list_-f": ("--status", "--format"),
        "--instance": ("--server",),
        "config_--list config_-l": ("ttp config show",),
        "config_--get": ("ttp config get {}",),
        "config_--set": ("ttp config set {} {}",),
        "pause_--all resume_--all": ("",),
        "list_-t": ("--tag", "--platform"),
        "list_--from export_--from report_--from": ("--since", "--account", "--platform"),
        "list_--to report_--to": ("--until", "--account", "--platform"),
        "--to": ("--account", "--platform"),
        "repeat_list_-l log_--oneline log_-p status_-s status_--short list_--oneline": ("",),
        "history_--oneline show_--full show_-v list_-v status_-v account_list_-v": ("",),
        "list_-l": ("--limit", ""),
        "log_-n log_--limit": ("ttp history --limit {}",),
        "log_--since": ("ttp history --since {}",),
        "repeat_add_--schedule repeat_add_--expression": ("TIMES={}",),
        "config_--global config_get_--global config_set_--global log_--graph": ("",),
        "account_list_--all account_list_-a": ("",),
        "publish_--dry-run retry_--dry-run schedule_--dry-run": ("ttp show {}",),
        "list_--all list_-a list_-la list_--everything": ("",),
        "list_--id": ("ttp show {}",),
        "list_--scheduled calendar_--scheduled export_--scheduled": ("--status=scheduled",),
        "mcp_--install mcp_--client mcp_--add": ("--print-config",),
        "create_--draft create_--save-draft create_--later": ("",),
        "edit_--delay edit_--postpone edit_--move edit_--later": ("--shift=+{}",),
        "edit_--draft": ("ttp unschedule {}",),
        "schedule_--to": ("--at",),
        "schedule_--list schedule_-l": (f"ttp {_SCHEDULED}",),
        "import_--file import_-f import_-i": ("{}",),
        "export_--all": ("",),
        "retry_--all": ("--failed",),
        "delete_--hard": ("--remote",),
        "delete_-rf": ("--yes",),
        "--cw --spoiler --spoiler-text --content-warning": ("--set=*.spoiler_text={}",),
        "--unlisted": ("--set=*.visibility=unlisted",),
        "--private": ("--set=*.visibility=private",),
        "--sensitive --nsfw": ("--set=*.sensitive=true",),
        "--language --lang": ("--langs", "--set=*.language={}", "--set=*.langs={}"),
        "--reply-to --in-reply-to": ("--set=*.reply_to={}",),
        "--privacy": ("--set=*.privacy_level={}",),
        "--add": ("--add-media", "--add-tag"),
        "--remove": ("--remove-media", "--remove-tag"),
        "config_set_--key config_set_--value": ("{}",),
    }
)
"""Options, those of one command first. Without a name, `{}` is an argument; a form that is empty leaves it out. `*` is
the platform that has the option, of those to which the post goes."""

STATUSES = _alike(
    {
        "draft drafts": ("draft",),
        "scheduled queued queue pending upcoming": ("scheduled",),
        "published sent posted": ("published",),
        "failed errors": ("failed",),
        "partial": ("partial",),
        "missed": ("missed",),
        "publishing": ("publishing",),
    }
)

EVERY = ("every", "each", "daily", "weekly", "monthly", "hourly")
"""Words for `repeat` that say when."""

SETTINGS = {
    **dict.fromkeys(
        ("--needs-approval", "--require-approval", "--requires-approval", "--approval", "--approve"),
        ("config set publish.require_approval true",),
    ),
    "notify --ntfy": ("config set notify.ntfy.url {}", "config set notify.to ntfy"),
    **{f"notify --{name}": (f"notify add {name}",) for name in ("email", "webhook")},
}
"""Options that are a setting here: what sets it, `{}` for their value."""

BARE = {
    "log": ("history",),
    "slots": ("slots list",),
    "config": ("config show",),
    "completion": ("completion bash", "completion zsh", "completion fish"),
}
"""Commands without what they need: what shows the same of all, or each value."""

HELP = {
    **dict.fromkeys(("jq", "tsv", "csv", "format", "formats", "fields"), "output"),
    **dict.fromkeys(("dates", "when", "zones", "timezones", "timezone", "tz", "at", "scheduling"), "time"),
    **dict.fromkeys(("approval", "approvals", "review"), "approve"),
    **dict.fromkeys(("replies", "reply", "comment", "comments", "media", "alt", "images", "options"), "create"),
    **dict.fromkeys(("errors", "exit", "codes"), "exit-codes"),
    **dict.fromkeys(("env", "variables", "settings"), "environment"),
    **dict.fromkeys(("email", "alerts"), "notify"),
    **dict.fromkeys(("recurring", "recurrence", "rrule"), "repeat"),
}
"""Words that people ask for help on, and the command or topic with it."""

FIELDS = _alike(
    {
        "text body message caption post": ("content",),
        "time when at date due datetime schedule schedule_at due_at scheduled": ("scheduledAt", "dueAt", "at"),
        "account to channel channels profile": ("accounts", "account"),
        "platform network networks": ("platforms", "platform"),
        "state": ("status",),
        "status": ("state",),
        "link links permalink": ("url",),
        "tag labels label": ("tags",),
        "name": ("account", "key"),
    }
)
"""Fields that people try, and those that may be meant."""

KEYS = {
    **dict.fromkeys(("tz", "zone", "time-zone"), "timezone"),
    **dict.fromkeys(("approval", "require_approval"), "publish.require_approval"),
}
"""Settings that people try."""

WORDS: dict[str, tuple[tuple[str, str], ...]] = {
    "list": (
        ("STATUS", "--status={}"),
        ("all|everything|posts|this|my", ""),
        ("today|week", "--{}"),
        ("recent|latest|newest", "--sort=-id"),
        ("to|for|on|from|in", ""),
        (r"\d+", "ttp show {}"),
        (r"#?\w.*", "--search={}"),
    ),
    "schedule": (("list|ls|show|all", f"ttp {_SCHEDULED}"),),
    "calendar": (("week|month", "--{}"), ("today|this|now", ""), ("weekly", "--week"), ("last|previous", "prev")),
    "report": (("week|month", "--{}"), ("weekly", "--week"), ("monthly", "--month"), ("last|previous", "prev")),
    "account add": (("PLATFORM", "ttp account connect {}"),),
    "init": (("PLATFORM", "ttp account connect {}"), (r"\.", "")),
    "pause": ((r"\d+", "ttp unschedule {}"), ("all|accounts?|publisher|publishing|posting|posts|everything", "")),
    "resume": (("all|accounts?|publisher|publishing|posting|posts|everything", ""),),
    "retry": (("all|failed", "--failed"),),
    "help": (("commands|all", ""),),
    "run": (("start|watch|dev|now|all|forever|publisher|publishing|posting", ""),),
    "serve": (("start", ""),),
    "sandbox": (("start", ""),),
    "demo": (("start", ""),),
    "undo": (("the|last|latest|change", ""), ("delete|deletion|edit|create|schedule|unschedule|post|of", "--post")),
    "redo": (("last", ""),),
    "publish": (("now", ""),),
    "mcp": (("install|add|setup|config|configure|for|init", "--print-config"),),
    "plan": (
        ("next", "--from=next monday"),
        ("week|drafts", "--{}"),
        ("this|my|all|everything|for|posts", ""),
        ("weekly", "--week"),
    ),
    "status": ((r"\d+", "ttp show {}"), ("PLATFORM", "ttp account check {}")),
    "doctor": (("PLATFORM", "ttp account check {}"),),
    "export": (("csv|jsonl?|ics|md", "--format={}"), ("all|posts|everything|to|as", "")),
    "reject": (("ANY", "--reason={}"),),
}
"""What is not an argument of a command: a class or a pattern of the word, and what is meant."""

FORMATS = ("table", "tsv", "json", "jsonl", "csv", "md", "ics", "html")

FILLERS = (
    *("a", "and", "do", "i", "is", "me", "my", "of", "please", "should", "the", "to", "post", "with", "id"),
    "details",
)
"""Words of a sentence that say nothing to a command; no text loses them."""

TAKE_TEXT = ("create", "edit", "list", "publish", "schedule")
"""Commands behind which each word may be one of a text, or is searched for."""

CHANGE_TEXT = ("sed", "replace", "substitute")

NO_TEXT = ("all", "drafts", "draft", "everything", "last", "latest", "next")
"""Words behind `schedule` and `publish` that name posts, and are not a text."""
