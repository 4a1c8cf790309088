"""Every command as data: its name, its module and its line of help."""

from __future__ import annotations

import os
import sys

from ttp.platforms import BUILT_IN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

READ, DRAFT, PUBLISH = "read", "draft", "publish"
"""What a command needs of `TTP_CAPABILITY`. (Plain words: the enum would take as long to import as the start page.)"""


class Command:
    """One command. `module` in `ttp.cli.commands` has a function or a Typer app called `name`, with a final `_` for
    words that Python reserves.

    `exceptions`: the capability of a subcommand (`""`: none), or of the command with one of these options or arguments,
    if it differs from `capability`.
    `first_implied`: the name of its first subcommand can be left out.
    """

    __slots__ = ("capability", "exceptions", "first_implied", "help", "module", "name", "section")

    def __init__(
        self,
        name: str,
        module: str,
        section: str,
        capability: str,
        help: str,
        exceptions: Mapping[str, str] | None = None,
        first_implied: bool = False,
    ) -> None:
        self.name = name
        self.module = module
        self.section = section
        self.capability = capability
        self.help = help
        self.exceptions = exceptions or {}
        self.first_implied = first_implied


SECTIONS = ("Write", "Plan", "Publish", "Look", "Set up")
COMMANDS = (
    Command("create", "posts", "Write", DRAFT, "Create a post: a draft without a time, scheduled with one."),
    Command("edit", "posts", "Write", DRAFT, "Change a post that is not published yet, or many at once."),
    Command("copy", "posts", "Write", DRAFT, "Copy a post to a new draft."),
    Command("delete", "posts", "Write", DRAFT, "Delete posts.", {"--remote": PUBLISH}),
    Command(
        "import",
        "import_posts",
        "Write",
        DRAFT,
        "Import posts from a sheet, a JSON file or a folder of Markdown files.",
    ),
    Command("sync", "sync", "Write", DRAFT, "Sync posts with a folder of Markdown files."),
    Command("undo", "undo", "Write", DRAFT, "Undo the last changes of posts.", {"--list": READ}),
    Command("redo", "undo", "Write", DRAFT, "Redo the last changes that were undone."),
    Command("schedule", "schedule", "Plan", PUBLISH, "Give posts a publish time, or a new one."),
    Command("unschedule", "schedule", "Plan", PUBLISH, "Unschedule posts: they become drafts again."),
    Command(
        "slots",
        "slots",
        "Plan",
        PUBLISH,
        "Manage the weekly times at which accounts post.",
        {"list": READ, "preview": READ},
    ),
    Command("repeat", "repeat", "Plan", PUBLISH, "Repeat posts on a schedule.", {"list": READ}, first_implied=True),
    Command(
        "plan",
        "plan",
        "Plan",
        PUBLISH,
        "Spread drafts over the coming days, at the best free hours of their accounts.",
        {"--dry-run": DRAFT},
    ),
    Command(
        "optimal",
        "optimal",
        "Plan",
        READ,
        "Show which hours and days bring an account more engagement.",
        {"heatmap --svg": DRAFT, "heatmap --html": DRAFT},
    ),
    Command("calendar", "calendar", "Plan", READ, "Show what is published when, in a month or a week."),
    Command("run", "run", "Publish", PUBLISH, "Run the publisher, which publishes due posts."),
    Command("serve", "server.serve", "Publish", PUBLISH, "Serve the pages and the HTTP API, and publish due posts."),
    Command("publish", "publish", "Publish", PUBLISH, "Publish posts now, and wait for the result."),
    Command("retry", "publish", "Publish", PUBLISH, "Retry failed deliveries, and only those."),
    Command("resolve", "publish", "Publish", PUBLISH, "Say whether a delivery that needs review was published."),
    Command("approve", "approve", "Publish", PUBLISH, "Approve the present version of posts."),
    Command("reject", "approve", "Publish", PUBLISH, "Reject posts: they become drafts again, with your reason."),
    Command("pause", "account", "Publish", PUBLISH, "Pause publishing for all accounts, or for some; due posts wait."),
    Command(
        "resume", "account", "Publish", PUBLISH, "Resume publishing; posts that waited are published a minute apart."
    ),
    Command(
        "status",
        "status",
        "Publish",
        READ,
        "Show the publisher, the next post, and what needs your action.",
        {"--notify": DRAFT},
    ),
    Command(
        "service",
        "service",
        "Publish",
        PUBLISH,
        "Run the publisher as a service: systemd on Linux, launchd on macOS.",
        {"": READ, "status": READ},
    ),
    Command("list", "list", "Look", READ, "List posts."),
    Command("show", "list", "Look", READ, "Show everything about one post, and the next command."),
    Command("log", "list", "Look", READ, "Show every attempt to publish a post, step by step."),
    Command("history", "undo", "Look", READ, "Show who changed posts, newest first."),
    Command("report", "report", "Look", READ, "Show how posts did, compared with the previous period."),
    Command("audit", "doctor", "Look", READ, "Check from the records that nothing was published twice."),
    Command(
        "metrics",
        "metrics",
        "Look",
        PUBLISH,
        "Import, pull and show likes, comments, shares and views.",
        {"list": READ, "summary": READ},
    ),
    Command(
        "export",
        "export_posts",
        "Look",
        READ,
        "Export posts to a file, a folder of Markdown files or stdout.",
        {"TARGET": DRAFT},
    ),
    Command("init", "init", "Set up", PUBLISH, "Set up ttp, in at most six questions."),
    Command("account", "account", "Set up", PUBLISH, "Manage the accounts you post to.", {"list": READ, "show": READ}),
    Command(
        "config",
        "config",
        "Set up",
        PUBLISH,
        "Show and change settings.",
        {"show": READ, "get": READ, "path": READ},
    ),
    Command(
        "login-link", "server.serve", "Set up", PUBLISH, "Print a link that logs a person in to the pages of ttp serve."
    ),
    Command("credentials", "store", "Set up", PUBLISH, "Make and change the key of credentials in the store."),
    Command(
        "token",
        "server.token",
        "Set up",
        PUBLISH,
        "Create, list and revoke the tokens of the HTTP API.",
        {"list": READ},
    ),
    Command(
        "webhook",
        "server.webhook",
        "Set up",
        PUBLISH,
        "Send what happens to posts to web addresses.",
        {"list": READ, "log": READ},
    ),
    Command(
        "notify",
        "notify",
        "Set up",
        PUBLISH,
        "Be notified of what needs you: test it, and see what was sent.",
        {"list": READ},
    ),
    Command("backup", "store", "Set up", DRAFT, "Back up the store to a file, also while the publisher runs."),
    Command("restore", "store", "Set up", PUBLISH, "Restore a backup; the store it replaces is kept next to it."),
    Command("store", "store", "Set up", PUBLISH, "Move the store to another place, such as PostgreSQL."),
    Command(
        "doctor", "doctor", "Set up", READ, "Check that everything publishing needs is set up.", {"--online": PUBLISH}
    ),
    Command(
        "uninstall",
        "uninstall",
        "Set up",
        PUBLISH,
        "Remove the service and completions, and with --purge the store and its tokens.",
        {"--dry-run": READ},
    ),
    Command(
        "mcp", "server.mcp", "Set up", READ, "Serve an agent on stdin and stdout, with the Model Context Protocol."
    ),
    Command(
        "certify",
        "certify",
        "Set up",
        PUBLISH,
        "Publish a post of each kind to a throw-away account, and report how it went.",
    ),
    Command("demo", "sandbox", "Set up", DRAFT, "Take a tour of ttp against the built-in sandbox."),
    Command(
        "sandbox", "sandbox", "Set up", DRAFT, "Run stand-ins of the platforms on this machine, to try things out."
    ),
    Command("completion", "help", "Set up", READ, "Print the completion script of a shell."),
    Command("help", "help", "Set up", READ, "Show help on a command or a topic."),
)
BY_NAME = {command.name: command for command in COMMANDS}
TOPICS = (
    *("time", "json", "exit-codes", "environment", "statuses", "cron", "media-host", "capability", "postgresql"),
    *BUILT_IN,
)


def capability_of(path: str, names: Collection[str] = ()) -> str:
    """Return the capability that a command such as `slots add` needs with these options and arguments."""
    name, _, below = path.partition(" ")
    entry = BY_NAME[name]
    needs = [
        entry.exceptions[one] for one in (f"{below} {option}".strip() for option in names) if one in entry.exceptions
    ]
    levels = (READ, DRAFT, PUBLISH)
    return max(needs, key=levels.index) if needs else entry.exceptions.get(below, entry.capability)


_SHOWN = [title for title in BUILT_IN.values() if title]
WHAT = f"Schedule posts for {', '.join(_SHOWN[:-1])} and {_SHOWN[-1]} from the terminal."
USUAL, NARROWEST = 80, 40
"""Columns: the widest start page, and the narrowest."""


def _flow(words: list[str], width: int, head: str = "", gap: str = " ") -> list[str]:
    """Wrap words after a heading; further lines are indented to the first word."""
    lines = [head + words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(gap) + len(word) > width:
            lines.append(" " * len(head) + word)
        else:
            lines[-1] += gap + word
    return lines


def terminal_width() -> int:
    """Return the width of the terminal on stdout, else 80. (`streams` would import more.)"""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or USUAL
    except (AttributeError, OSError, ValueError):
        return USUAL


def start_page(width: int = USUAL) -> str:
    """Return what bare `ttp` prints; the same on every terminal of 80 columns or more."""
    width = max(min(width, USUAL), NARROWEST)
    at = 36 if width >= 56 else 13
    lines = _flow(WHAT.split(), width)
    lines += ["", "  ttp create \"Hello\" --to ig/roastery --at 'tomorrow 9am'"]
    if len(lines[-1]) > width:
        lines[-1:] = ['  ttp create "Hello" --to ig/roastery \\', "    --at 'tomorrow 9am'"]
    for command, what in (("init", "set up ttp"), ("list", "your posts"), ("run", "publish due posts")):
        lines.append(f"{f'  ttp {command}':<{at}}{what}")
    lines.append("")
    for section in SECTIONS:
        names = [one.name for one in COMMANDS if one.section == section and one.name != "help"]
        lines += _flow(names, width, f"{section:<10}", "  ")
    lines.append("")
    lines += _flow(["ttp help", "ttp help COMMAND", *(f"ttp help {topic}" for topic in TOPICS[:3])], width, gap=" · ")
    lines += _flow([*TOPICS[3:]], width, "more topics: ")
    return "\n".join(lines) + "\n"


EDGE = (
    "Never twice: where a network cannot be asked, ttp asks you. The edge is several hosts on PostgreSQL, one of which"
    " stops between its last check and its first byte for longer than the settle window."
)
"""Where the promise ends."""


def help_page(width: int = USUAL) -> str:
    """Return what `ttp help` and `ttp --help` print: a line about every command."""
    width = max(width, NARROWEST)
    lines = [*_flow(WHAT.split(), width), "", *_flow(["Usage: ttp COMMAND [OPTIONS]"], width)]
    for section in SECTIONS:
        lines += ["", section]
        for one in COMMANDS:
            if one.section == section:
                lines += _flow(one.help.split(), width, f"  {one.name:<12}")
    lines += [
        "",
        *_flow([*TOPICS], width, "Topics: "),
        "",
        *_flow(EDGE.split(), width),
        "",
        "ttp help COMMAND or TOPIC has more.  ttp --version prints the version.",
    ]
    return "\n".join(lines) + "\n"
