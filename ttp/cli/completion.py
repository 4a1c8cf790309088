"""The tree of commands, options and words that the completion scripts are made from. Ids, accounts and tags are not in
it: they come from `ttp __complete` (`complete`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ttp.cli.app import load_command
from ttp.cli.command_table import COMMANDS, TOPICS
from ttp.cli.commands import export_posts, lint
from ttp.cli.commands.list import SORT_KEYS
from ttp.cli.help_pages import first_line
from ttp.cli.output import COLORS, FORMATS
from ttp.cli.render.spec import OutputSpec
from ttp.domain.config import KeyTable
from ttp.domain.event import POST_EVENTS
from ttp.domain.metrics.ingest.columns import sources
from ttp.domain.metrics.ingest.dates import ORDERS
from ttp.domain.notification import OWN_WAYS
from ttp.domain.options import all_options
from ttp.domain.plan.scoring import PlanMethod
from ttp.domain.post import PostStatus
from ttp.domain.time import calendar_range
from ttp.domain.time.grammar import EXAMPLES
from ttp.platforms.registry import Registry

SHELLS = ("bash", "zsh", "fish")
Word = tuple[str, str]
"""A word and its help."""


@dataclass(frozen=True, slots=True)
class WordSource:
    """Where the words of an option or argument come from: fixed words, ttp itself, or files. `many`: can be joined by
    commas."""

    words: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    """`post`, `account`, `tag`, `slot`, `repeat`, `zone` or `template`, and of posts which statuses."""
    files: bool = False
    many: bool = False


NOTHING = WordSource()


@dataclass(frozen=True, slots=True)
class Node:
    """A command and what can follow it. `path` is `account add`; empty for the root."""

    path: str
    words: tuple[Word, ...] = ()
    options: tuple[Word, ...] = ()
    values: tuple[tuple[str, WordSource], ...] = ()
    """The options that take a value."""
    place: WordSource = NOTHING
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
    spec = getattr(command.callback, "output_spec", None)
    return Node(
        path,
        words,
        (
            *((name, first_line(one.help)) for one in options for name in (*one.opts, *one.secondary_opts)),
            ("--help", "Show help."),
        ),
        tuple((name, source_of_option(path, name, spec)) for one in options if not one.is_flag for name in one.opts),
        NOTHING if place is None else source_of_argument(path, str(place.metavar)),
        place is not None and place.nargs == -1,
    )


_ACCOUNT = WordSource(ask=("account",))
_ACCOUNTS = WordSource(ask=("account",), many=True)
_TAG = WordSource(ask=("tag",))
_POST = WordSource(ask=("post",))
_TEMPLATE = WordSource(ask=("template",))
_FILE = WordSource(files=True)
_KEY = WordSource(tuple(KeyTable(Registry())))
_TIME = WordSource(tuple(forms[0] for forms, _ in EXAMPLES if not forms[0][:4].isdecimal()))
_BOUND = WordSource(("7d", "24h", "today", "yesterday", "tomorrow"))
_SET = WordSource(
    tuple(
        f"{name}={value}"
        for name, option in all_options(Registry()).items()
        for value in (option.values if len(option.values) < 9 else ()) or ("",)
    )
)
OPTIONS = {
    "--format": WordSource(FORMATS),
    "--color": WordSource(COLORS),
    "--status": WordSource(tuple(PostStatus), many=True),
    "--platform": WordSource(Registry().names(), many=True),
    "--for": WordSource(Registry().names(), many=True),
    "--account": _ACCOUNTS,
    "--accounts": _ACCOUNTS,
    "--to": _ACCOUNTS,
    "--events": WordSource(POST_EVENTS, many=True),
    "--tag": _TAG,
    "--pool": _TAG,
    "--at": _TIME,
    "--from": _TIME,
    "--since": _BOUND,
    "--until": _BOUND,
    "--after": _POST,
    "--set": _SET,
    "--tz": WordSource(ask=("zone",)),
    "--template": _TEMPLATE,
    "--snippet": _TEMPLATE,
    "--dates": WordSource(ORDERS),
    "--with": WordSource(export_posts.MORE, many=True),
    **dict.fromkeys(
        (
            *("--credentials", "--client-secret", "--file", "--media", "--add-media", "--remove-media"),
            *("--captions", "--thumbnail", "--state"),
            *("--svg", "--html", "--vary"),
        ),
        _FILE,
    ),
}
"""The values of options in most commands."""
AT = {
    "edit --account": NOTHING,  # OLD=NEW
    "retry --since": WordSource(("7d", "24h")),
    "repeat add --until": NOTHING,
    "sandbox --set": NOTHING,
    "export --format": WordSource(export_posts.FORMATS),
    "lint --format": WordSource(lint.FORMATS),
    "metrics import --format": WordSource((*sources(Registry()), *FORMATS)),
    "list --sort": WordSource((*SORT_KEYS, *(f"-{key}" for key in SORT_KEYS))),
    "import --spread": WordSource(tuple(PlanMethod)),
}
"""The values of options that differ in one command."""
_WITH_LOGIN = [name for name in Registry().names() if Registry().facts(name).has_login]
_ARGUMENTS = {
    "ID": _POST,
    "ID...": _POST,
    "[ID]": _POST,
    "PLATFORM/HANDLE": _ACCOUNT,
    "[PLATFORM/HANDLE]": _ACCOUNT,
    "PLATFORM[/HANDLE]": WordSource(ask=("account", *_WITH_LOGIN)),
    "ID|NAME...": WordSource(ask=("slot",)),
    "[WHEN]": WordSource(tuple(calendar_range.STEPS)),
    "[TIMES...]": WordSource(("daily", "every", "monthly", "weekdays", "weekends")),
    "KEY": _KEY,
    "[KEY...]": _KEY,
    "NAME|FILE": _TEMPLATE,
    "FILE": _FILE,
    "FILE|-": _FILE,
    "FILE|DIR|-": _FILE,
    "DIR": _FILE,
    "PATH...": _FILE,
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


def source_of_option(path: str, option: str, spec: OutputSpec[Any] | None) -> WordSource:
    """Return the values of an option of a command. `spec`: what the command answers."""
    if option == "--fields" and spec is not None:
        return WordSource(spec.fields, many=True)
    return AT.get(f"{path} {option}") or OPTIONS.get(option, NOTHING)


def source_of_argument(path: str, metavar: str) -> WordSource:
    """Return the values of an argument of a command, by its metavar."""
    if path.startswith("notify "):
        return WordSource(OWN_WAYS)
    if path in _REPEATS:
        return WordSource(ask=("repeat",))
    if path in _OF:
        return WordSource(ask=("post", *_OF[path]))
    return _ARGUMENTS.get(metavar, NOTHING)
