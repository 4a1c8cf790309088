"""`ttp help` and its topics, and `ttp completion`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from textwrap import wrap
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

from ttp.cli.command_table import BY_NAME, COMMANDS, TOPICS, help_page, terminal_width
from ttp.cli.context import Context
from ttp.cli.parameters import argument, flag
from ttp.cli.terminal import print_out
from ttp.cli.texts import load_text
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Hint, UsageError
from ttp.domain.operations import DRAFT, OPERATIONS, READ, capability_here
from ttp.domain.post import PostStatus
from ttp.domain.publishing.attempt import Kind
from ttp.domain.time.grammar import EXAMPLES
from ttp.platforms import BUILT_IN

_INDENT = 44

if TYPE_CHECKING:
    from ttp.domain.options import Option
    from ttp.platforms.platform import Platform
    from ttp.platforms.registry import Registry

VARIABLES = (
    (
        "TTP_HOME",
        "the folder of posts, media, credentials and settings; by default your system's folder for data"
        " (~/.local/share/ttp on Linux)",
    ),
    ("TTP_CONFIG", "the config file; by default config.toml in TTP_HOME, else in your system's folder for settings"),
    ("TTP_TZ", "the zone of times without an offset; the same as the setting timezone"),
    ("TTP_CAPABILITY", "read, draft or publish: what may be done here (ttp help capability)"),
    (
        "TTP_SERVER",
        "the address of the ttp serve that runs the commands of this machine; empty: none, also no server.url",
    ),
    ("TTP_TOKEN, TTP_TOKEN_FILE", "the token for it, or the file that has it, which only you may be able to read"),
    (
        "TTP_NETWORK_PASSWORD",
        "an app password for ttp announce without a store; NETWORK is the name of the network in capitals",
    ),
    ("TTP_NO_INPUT", "any value: never ask; fail if a question would be needed"),
    ("TTP_NTFY_TOKEN", "the access token for notifications by ntfy; replaces the one of ttp notify add ntfy"),
    (
        "TTP_CREDENTIALS_KEY",
        "the key of credentials.backend store; during ttp credentials rekey the new one, a space, and the old one",
    ),
    ("TTP_EDITOR", "the editor for texts and settings; else VISUAL, else EDITOR, else an installed one"),
    ("TTP_PAGER", "the program that shows tables on a terminal, such as less; without it they are printed"),
    (
        "TTP_DEBUG",
        "http: print each request to a platform and its answer on stderr, without secrets; any value: print the whole"
        " traceback of a bug",
    ),
    (
        "NO_COLOR, CLICOLOR, CLICOLOR_FORCE, FORCE_COLOR",
        "colour or not, as in other programs; TERM=dumb means none; --color overrides all",
    ),
    ("COLUMNS", "how wide tables are; else as wide as the terminal"),
)


def environment_help() -> str:
    """The topic `environment`."""
    lines = ["A flag overrides a variable, a variable the config file.", ""]
    for name, meaning in VARIABLES:
        lines += [name, *wrap(meaning, 80, initial_indent="    ", subsequent_indent="    ")]
    lines += [
        "",
        "Every setting has a variable too: TTP_ and its name in capitals, __ for each",
        "dot, so that publish.poll_s is TTP_PUBLISH__POLL_S. `ttp config show --origin`",
        "lists the settings, and where each comes from.",
        "",
        "The address of a platform may come from the environment only where it is the",
        "usual one or this machine's.",
    ]
    return "\n".join(lines) + "\n"


STATUSES: Mapping[PostStatus, str] = MappingProxyType(
    {
        PostStatus.DRAFT: "has no time yet: ttp schedule ID --at TIME",
        PostStatus.SCHEDULED: "waits for its time",
        PostStatus.PUBLISHING: "is being published, or will be tried again",
        PostStatus.PUBLISHED: "is live on all its accounts",
        PostStatus.PARTIAL: "is live on some accounts, or one needs review: ttp show ID",
        PostStatus.FAILED: "is live nowhere: ttp show ID says why, ttp retry ID tries again",
    }
)
STATES: Mapping[DeliveryState, tuple[str, str]] = MappingProxyType(
    {
        DeliveryState.PENDING: (
            "waits for its time, and for approval if that is required",
            "the publisher, when it is due",
        ),
        DeliveryState.CLAIMED: (
            "the publisher checks the token and uploads media; followers see nothing yet",
            "the publisher",
        ),
        DeliveryState.SENDING: (
            "the intent is on disk; the publishing call is in progress",
            "the publisher, or the next one after a crash",
        ),
        DeliveryState.PROCESSING: ("the platform accepted it and is still processing it", "the publisher, by asking"),
        DeliveryState.RETRYING: ("failed for a temporary reason; waits for the next try", "the publisher"),
        DeliveryState.RECONCILING: ("may or may not be live; the publisher looks it up", "the publisher"),
        DeliveryState.PUBLISHED: ("is live", "-"),
        DeliveryState.FAILED: ("is not live", "you: ttp retry, a new time, or an edit that drops the account"),
        DeliveryState.NEEDS_REVIEW: ("may or may not be live, and the platform cannot say", "you: ttp resolve"),
        DeliveryState.CANCELLED: ("the account was dropped from the post, or removed", "-"),
    }
)
"""The meaning of each state, and who changes it."""
KINDS: Mapping[Kind, tuple[str, str]] = MappingProxyType(
    {
        Kind.AUTH: ("the platform refuses the token", "ttp account connect ACCOUNT, then ttp retry ID"),
        Kind.RATE_LIMIT: ("too many calls for now", "wait: it continues when the platform allows"),
        Kind.NETWORK: ("no connection, or a cut one", "wait: it tries again; check with ttp doctor --online"),
        Kind.SERVER: ("the platform has an error", "wait: it tries again"),
        Kind.CONTENT: ("the platform refuses this post", "ttp edit ID, then ttp retry ID"),
        Kind.DUPLICATE: ("the platform has seen this text recently", "ttp edit ID TEXT, then ttp retry ID"),
        Kind.MEDIA: (
            "the platform refuses this file, or cannot download it",
            "ttp edit ID --remove-media FILE --add-media FILE",
        ),
        Kind.QUOTA: ("the quota of the account or the app is used up", "wait, or buy more"),
        Kind.BUDGET: (
            "it would pass the budget of the month",
            "raise platforms.x.budget_usd, restart the publisher, then ttp retry ID; or wait for the next month",
        ),
        Kind.MISSED: ("too late: nothing was running when it was due", "ttp schedule ID --at TIME, or ttp publish ID"),
        Kind.ACCOUNT: ("the account or the app may not do this", "see the message, or ttp account check"),
        Kind.UNKNOWN: ("an answer that ttp does not know", "ttp log ID shows the answer; then ttp retry ID"),
    }
)
"""What an error's kind means, and what to do."""


def status_help() -> str:
    """The topic `statuses`."""
    lines = [
        "A post has one status, which follows from its deliveries; each account of it is",
        "a delivery.",
        "",
        "Post",
    ]
    lines += _rows((status, meaning) for status, meaning in STATUSES.items())
    lines += ["", "Delivery"]
    lines += _rows(
        (state, f"{meaning} ({who})" if who.startswith("you") else meaning) for state, (meaning, who) in STATES.items()
    )
    lines += ["", 'Why a delivery failed, or waits ("kind" in JSON), and what to do']
    lines += _rows((kind, f"{cause}; {cure}") for kind, (cause, cure) in KINDS.items())
    return "\n".join(lines) + "\n"


def _rows(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, meaning in rows:
        yield from wrap(meaning, 80, initial_indent=f"  {name:<13} ", subsequent_indent=" " * 16)


def time_help() -> str:
    forms = (f"  {'   '.join(forms):<{_INDENT - 2}}{meaning}" for forms, meaning in EXAMPLES)
    return load_text("time.txt", FORMS="\n".join(forms))


def output_help() -> str:
    from ttp.cli.app import output_params
    from ttp.cli.help_pages import list_lines, option_rows

    return load_text("output.txt", OPTIONS="\n".join(list_lines(option_rows(output_params()), 78)))


def capability_help() -> str:
    """Return what each level allows, and the commands that need no more."""

    def listed(level: str) -> str:
        names = ", ".join(path.replace(" ", "\xa0") for path in _paths_of(level))
        lines = wrap(names, 80, initial_indent="           ", subsequent_indent="           ")
        return "\n".join(lines).replace("\xa0", " ")

    return load_text("capability.txt", READ=listed(READ), DRAFT=listed(DRAFT))


def _paths_of(level: str) -> Iterator[str]:
    """Yield the commands that need this level: a group, or those of its subcommands that do."""
    for one in COMMANDS:
        needs = {
            path: capability_here(operation)
            for path, operation in OPERATIONS.items()
            if path.partition(" ")[0] == one.name and path.islower() and "--" not in path
        }
        if set(needs.values()) == {level}:
            yield one.name
        else:
            yield from (path for path, needed in needs.items() if needed == level)


def help_(
    context: Context,
    what: Annotated[
        list[str] | None, argument("[COMMAND or TOPIC]", "A command, or a topic that ttp help --all lists.")
    ] = None,
    all: Annotated[bool, flag("--all", "Show every command, or every option of one.")] = False,
) -> int | None:
    """Show help on a command or a topic.

    Examples:
      ttp help --all
      ttp help create --all
      ttp help time
    """
    match what or []:
        case []:
            print_out(help_page(terminal_width(), all=all))
        case [topic] if topic in TOPICS or (topic not in BY_NAME and topic in context.platforms.names()):
            print_out(topic_text(topic, context.platforms).rstrip("\n") + "\n")
        case [command, *rest] if command in BY_NAME:
            from ttp.cli.app import print_help

            print_help([command, *rest], all=all)
        case words:
            raise _unknown(" ".join(words))
    return None


def _unknown(word: str) -> UsageError:
    from difflib import get_close_matches

    from ttp.cli.other_words import COMMANDS, HELP

    forms = [form for one in (word, word.removesuffix("s")) for form in COMMANDS.get(one, ()) if len(one) > 2]
    named = [
        *(HELP[one] for one in (word, word.removesuffix("s")) if one in HELP),
        *(form.split()[0] for form in forms),
    ]
    near = [one for one in named if one in TOPICS or one in BY_NAME]
    near = near or get_close_matches(word, [*TOPICS, *BY_NAME], 1, 0.7)  # below it words happen to share letters
    hint = Hint("try", f"ttp help {near[0]}") if near else Hint("see", "ttp help")
    return UsageError(f'no help on "{word}"', hint)


def platform_help(platform: Platform, options: Mapping[str, Option]) -> str:
    """Return the topic of a platform: how to begin, its options and its settings."""
    from ttp.domain.account import Account
    from ttp.domain.options import options_help
    from ttp.domain.platform import LOST_ANSWER

    lost = LOST_ANSWER[platform.proof_for(Account(platform.name, "_"))]
    parts = [platform.help(), f"A lost answer: {lost} (for each account: ttp account list).\n"]
    if options:
        parts.append(options_help(platform, options))
    if platform.keys:
        lines = ["Settings (ttp config set):", ""]
        for key in platform.keys:
            lines.append(f"  platforms.{platform.name}.{key.name}")
            lines += wrap(key.help, 80, initial_indent=6 * " ", subsequent_indent=6 * " ")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


_MADE: Mapping[str, Callable[[], str]] = {
    "time": time_help,
    "output": output_help,
    "environment": environment_help,
    "statuses": status_help,
    "capability": capability_help,
}
"""Topics with parts from the program. The other texts are whole."""


def topic_text(topic: str, platforms: Registry) -> str:
    if topic in _MADE:
        return _MADE[topic]()
    if topic in BUILT_IN or topic not in TOPICS:
        return platform_help(platforms.facts(topic), platforms.options(topic))
    return load_text(f"{topic}.txt")


def completion(context: Context, shell: Annotated[str, argument("SHELL", "bash, zsh or fish.")]) -> None:
    """Print the completion script of a shell.

    Examples:
      ttp completion bash > ~/.local/share/bash-completion/completions/ttp
      ttp completion zsh > ~/.zfunc/_ttp
      ttp completion fish > ~/.config/fish/completions/ttp.fish
    """
    from ttp.cli.completion import SHELLS, tree
    from ttp.cli.completion_scripts import script

    if shell not in SHELLS:
        raise UsageError(f'no completion for "{shell}"', *(Hint("try", f"ttp completion {name}") for name in SHELLS))
    print_out(script(shell, tuple(tree())))
