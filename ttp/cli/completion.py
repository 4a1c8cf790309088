"""The completion scripts of shells, and the tree of commands, options and words that they are made from. Fixed words
are in the scripts, which start no process for them; ids, accounts and tags come from `ttp __complete` (`complete`). The
scripts evaluate nothing: its lines are split, compared and quoted, so the text of a post never reaches a shell as code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ttp.cli.app import load_command
from ttp.cli.command_table import COMMANDS, TOPICS
from ttp.cli.commands import export_posts
from ttp.cli.commands.backup import BACKUP, RESTORE
from ttp.cli.commands.config import VIEW as SETTING
from ttp.cli.commands.list import SORT_KEYS
from ttp.cli.commands.service import SERVICE
from ttp.cli.output import COLORS, FORMATS
from ttp.cli.render.optimal import WEEK_FIELDS
from ttp.cli.render.posts import DELETED_SPEC
from ttp.cli.render.slots import BEGUN_FIELDS, REMOVED_SLOTS_SPEC
from ttp.cli.render.spec import events
from ttp.domain.config import KeyTable
from ttp.domain.event import POST_EVENTS
from ttp.domain.ingest.columns import sources
from ttp.domain.notification import KINDS, SECRETS
from ttp.domain.options import all_options
from ttp.domain.plan import PlanMethod
from ttp.domain.post import PostStatus
from ttp.domain.time import calendar_range
from ttp.domain.time.grammar import EXAMPLES
from ttp.platforms.platform import Platform
from ttp.platforms.registry import Registry
from ttp.services.files.csv_file import DATES
from ttp.views import accounts, certification, files, posts, status, tokens, webhooks
from ttp.views import calendar as views_calendar
from ttp.views import metrics as views_metrics
from ttp.views import notifications as views_notifications
from ttp.views import optimal as views_optimal
from ttp.views import plan as views_plan
from ttp.views import slots as views_slots
from ttp.views.report import REPORT_FIELDS

SHELLS = ("bash", "zsh", "fish")
Word = tuple[str, str]
"""A word and its help."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the words of an option or argument come from: fixed words, ttp itself, or files. `many`: can be joined by
    commas."""

    words: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    """`post`, `account`, `tag`, `slot` or `repeat`, and of posts which statuses."""
    files: bool = False
    many: bool = False


NOTHING = Source()


@dataclass(frozen=True, slots=True)
class Node:
    """A command and what can follow it. `path` is `account add`; empty for the root."""

    path: str
    words: tuple[Word, ...] = ()
    options: tuple[Word, ...] = ()
    values: tuple[tuple[str, Source], ...] = ()
    """The options that take a value."""
    place: Source = NOTHING
    """Its argument."""
    again: bool = False
    """Whether the argument can be repeated."""


def tree() -> Iterator[Node]:
    """Yield the root and all commands, parents first."""
    commands = tuple((command.name, command.help) for command in COMMANDS)
    yield Node("", commands, (("--help", "Show help."), ("--version", "Show the version.")))
    groups: list[Node] = []
    for command in COMMANDS:
        for node in _nodes(command.name, load_command(command.name)):
            match node.path:
                case "completion":
                    yield Node(node.path, tuple((shell, "") for shell in SHELLS), node.options)
                case "help":
                    yield Node(node.path, (*((topic, "") for topic in TOPICS), *commands), node.options)
                    yield from groups  # help is last, so all groups are known
                case _:
                    yield node
                    if node.words:
                        groups.append(Node(f"help {node.path}", node.words, node.options[-1:]))


def _nodes(path: str, command: Any) -> Iterator[Node]:
    children = getattr(command, "commands", {})
    yield _node(path, command, tuple((name, first_line(child.help)) for name, child in children.items()))
    for name, child in children.items():
        yield from _nodes(f"{path} {name}", child)


def _node(path: str, command: Any, words: tuple[Word, ...]) -> Node:
    options = [one for one in command.params if one.param_type_name == "option"]
    place = next((one for one in command.params if one.param_type_name == "argument"), None)
    return Node(
        path,
        words,
        (*((name, first_line(one.help)) for one in options for name in one.opts), ("--help", "Show help.")),
        tuple((name, source_of_option(path, name)) for one in options if not one.is_flag for name in one.opts),
        NOTHING if place is None else source_of_argument(path, str(place.metavar)),
        place is not None and place.nargs == -1,
    )


def first_line(text: str | None) -> str:
    """Return the first line of a help text."""
    return (text or "").strip().partition("\n")[0]


_ACCOUNT = Source(ask=("account",))
_ACCOUNTS = Source(ask=("account",), many=True)
_TAG = Source(ask=("tag",))
_POST = Source(ask=("post",))
_FILE = Source(files=True)
_KEY = Source(tuple(KeyTable(Registry())))
_TIME = Source(tuple(forms[0] for forms, _ in EXAMPLES if not forms[0][:4].isdecimal()))
_BOUND = Source(("7d", "24h", "today", "yesterday", "tomorrow"))
_SET = Source(
    tuple(
        f"{name}={value}"
        for name, option in all_options(Registry()).items()
        for value in (option.values if len(option.values) < 9 else ()) or ("",)
    )
)
OPTIONS = {
    "--format": Source(FORMATS),
    "--color": Source(COLORS),
    "--status": Source(tuple(PostStatus), many=True),
    "--platform": Source(Registry().names(), many=True),
    "--account": _ACCOUNTS,
    "--accounts": _ACCOUNTS,
    "--to": _ACCOUNTS,
    "--events": Source(POST_EVENTS, many=True),
    "--tag": _TAG,
    "--pool": _TAG,
    "--at": _TIME,
    "--from": _TIME,
    "--since": _BOUND,
    "--until": _BOUND,
    "--after": _POST,
    "--set": _SET,
    "--tz": Source(ask=("zone",)),
    "--with": Source(export_posts.MORE, many=True),
    **dict.fromkeys(
        ("--credentials", "--client-secret", "--file", "--media", "--state", "--svg", "--html", "--vary"), _FILE
    ),
}
"""The values of options in most commands."""
AT = {
    "edit --account": NOTHING,  # OLD=NEW
    "retry --since": Source(("7d", "24h")),
    "repeat add --until": NOTHING,
    "sandbox --set": NOTHING,
    "export --format": Source(export_posts.FORMATS),
    "metrics import --format": Source((*sources(Registry()), *FORMATS)),
    "metrics import --dates": Source(("mdy", "dmy")),
    "import --dates": Source(DATES),
    "list --sort": Source((*SORT_KEYS, *(f"-{key}" for key in SORT_KEYS))),
    "import --spread": Source(tuple(PlanMethod)),
}
"""The values of options that differ in one command."""
FIELDS: dict[tuple[str, ...], tuple[str, ...]] = {
    posts.POST_FIELDS: ("list", "show"),
    (*posts.POST_FIELDS, "replayed"): (
        *("create", "edit", "copy", "schedule", "unschedule", "approve", "reject", "publish", "retry", "resolve"),
    ),
    DELETED_SPEC.fields: ("delete",),
    posts.UNDONE_FIELDS: ("undo", "redo"),
    posts.ATTEMPT_FIELDS: ("log",),
    posts.CHANGE_FIELDS: ("history",),
    status.STATUS_FIELDS: ("status",),
    accounts.ACCOUNT_FIELDS: (
        *(f"account {name}" for name in ("add", "connect", "list", "show", "enable", "disable", "set", "remove")),
        *("pause", "resume"),
    ),
    status.CHECK_FIELDS: ("doctor", "account check"),
    status.AUDIT_FIELDS: ("audit",),
    views_metrics.SAMPLE_FIELDS: ("metrics list",),
    views_metrics.IMPORT_FIELDS: ("metrics import",),
    views_metrics.PULL_FIELDS: ("metrics pull",),
    views_metrics.TOTAL_FIELDS: ("metrics summary",),
    views_optimal.RECOMMENDATION_FIELDS: ("optimal",),
    views_optimal.FREE_SLOT_FIELDS: ("optimal next",),
    WEEK_FIELDS: ("optimal week",),
    views_optimal.HEATMAP_FIELDS: ("optimal heatmap",),
    views_optimal.EXPLANATION_FIELDS: ("optimal explain",),
    views_optimal.BACKTEST_FIELDS: ("optimal backtest",),
    views_plan.ASSIGNMENT_FIELDS: ("plan",),
    views_calendar.CALENDAR_FIELDS: ("calendar",),
    views_slots.SLOT_FIELDS: ("slots add", "slots list"),
    views_slots.SLOT_INSTANT_FIELDS: ("slots preview",),
    REMOVED_SLOTS_SPEC.fields: ("slots remove",),
    BEGUN_FIELDS: ("repeat add",),
    views_slots.REPEAT_FIELDS: tuple(f"repeat {name}" for name in ("list", "skip", "pause", "resume", "stop")),
    files.CHANGE_FIELDS: ("sync",),
    files.IMPORT_FIELDS: ("import",),
    tokens.TOKEN_FIELDS: ("token list", "token revoke"),
    tokens.NEW_TOKEN_FIELDS: ("token create",),
    views_notifications.NOTIFICATION_FIELDS: ("notify list",),
    views_notifications.SENT_FIELDS: ("notify test",),
    tokens.LOGIN_LINK_FIELDS: ("login-link",),
    webhooks.WEBHOOK_FIELDS: ("webhook list", "webhook remove"),
    webhooks.NEW_WEBHOOK_FIELDS: ("webhook add", "webhook rotate"),
    webhooks.CALL_FIELDS: ("webhook log",),
    webhooks.TEST_FIELDS: ("webhook test",),
    webhooks.REPLAY_FIELDS: ("webhook replay",),
    certification.CERTIFIED_FIELDS: ("certify",),
    events().fields: ("run", "serve"),
    REPORT_FIELDS: ("report",),
    SERVICE.fields: ("service install", "service uninstall", "service status"),
    BACKUP.fields: ("backup",),
    RESTORE.fields: ("restore",),
    SETTING.fields: ("config show", "config get", "config set", "config unset"),
}
"""The fields of `--fields`, and their commands."""


AT |= {f"{path} --fields": Source(fields, many=True) for fields, paths in FIELDS.items() for path in paths}


_WITH_LOGIN = [name for name in Registry().names() if type(Registry().facts(name)).login is not Platform.login]
_ARGUMENTS = {
    "[KIND]": Source(KINDS),
    "KIND": Source(tuple(SECRETS)),
    "ID": _POST,
    "ID...": _POST,
    "[ID]": _POST,
    "PLATFORM/HANDLE": _ACCOUNT,
    "[PLATFORM/HANDLE]": _ACCOUNT,
    "PLATFORM[/HANDLE]": Source(ask=("account", *_WITH_LOGIN)),
    "ID|NAME...": Source(ask=("slot",)),
    "[WHEN]": Source(tuple(calendar_range.STEPS)),
    "KEY": _KEY,
    "[KEY...]": _KEY,
    "FILE": _FILE,
    "FILE|-": _FILE,
    "FILE|DIR|-": _FILE,
    "DIR": _FILE,
}
_OF = {
    "schedule": ("draft", "scheduled", "failed", "partial"),
    "unschedule": ("scheduled",),
    "approve": ("scheduled", "draft", "failed", "partial"),
    "reject": ("scheduled", "draft"),
    "publish": ("draft", "scheduled"),
    "retry": ("failed", "partial"),
    "resolve": ("partial", "publishing"),
    "plan": ("draft",),
}
"""The statuses of the posts that a command accepts."""
_REPEATS = ("repeat skip", "repeat pause", "repeat resume", "repeat stop")


def source_of_option(path: str, option: str) -> Source:
    """Return the values of an option of a command."""
    return AT.get(f"{path} {option}") or OPTIONS.get(option, NOTHING)


def source_of_argument(path: str, metavar: str) -> Source:
    """Return the values of an argument of a command, by its metavar."""
    if path in _REPEATS:
        return Source(ask=("repeat",))
    if path in _OF:
        return Source(ask=("post", *_OF[path]))
    return _ARGUMENTS.get(metavar, NOTHING)


def script(shell: str, nodes: Sequence[Node]) -> str:
    """Return the completion script of a shell."""
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


_ZSH = r"""#compdef ttp
# zsh completion for ttp, printed by `ttp completion zsh`.
# Names and options are listed here. Ids, accounts and tags come from ttp, as text that is never evaluated.
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


_FISH = r"""# fish completion for ttp, printed by `ttp completion fish`.
# Names and options are listed here. Ids, accounts and tags come from ttp, as text that is never evaluated.
function __ttp_at --description 'Whether the command typed so far is this one, with at most this many words after it'
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
        printf '%s\t\n' $before$argv[2..]
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


def valued(nodes: Iterable[Node]) -> list[str]:
    """Return the options that take a value."""
    return sorted({name for node in nodes for name, _ in node.values})


def parents(nodes: Iterable[Node]) -> list[str]:
    """Return the commands with subcommands, sorted."""
    return sorted({node.path.rpartition(" ")[0] for node in nodes if " " in node.path})


def values(nodes: Sequence[Node]) -> Iterator[tuple[list[str], Source]]:
    """Return the values of options as patterns of `COMMAND OPTION`; the pattern for most commands comes last."""
    usual: list[tuple[list[str], Source]] = []
    for option in valued(nodes):
        takes = {node.path: source for node in nodes for name, source in node.values if name == option}
        most = max(takes.values(), key=list(takes.values()).count)
        for source in dict.fromkeys(takes.values()):
            if source == most:
                usual.append(([f"* {option}"], source))
            else:
                yield [f"{path} {option}" for path, taken in takes.items() if taken == source], source
    yield from ((patterns, source) for patterns, source in usual if source != Source())


def cases(nodes: Sequence[Node], line: str, takes: Callable[[Source], str]) -> str:
    """Return the values of options as the cases of a `case`."""
    return "\n".join(
        line.format("|".join(f"*{quoted(p[1:])}" if p[0] == "*" else quoted(p) for p in patterns), takes(source))
        for patterns, source in values(nodes)
    )


def filled(template: str, **parts: str) -> str:
    """Fill in each `@NAME@` of a template."""
    for name, text in parts.items():
        template = template.replace(f"@{name}@", text)
    return template


def quoted(text: str) -> str:
    """Quote a word for bash and zsh."""
    return "'" + text.replace("'", "'\\''") + "'"
